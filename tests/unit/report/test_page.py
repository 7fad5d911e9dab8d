"""The page: what stands in it, and what cannot get out of it."""

import base64
import hashlib
import json
import re

import pytest

from keepfit.clock import EPOCH
from keepfit.report.file_report import FileFacts, FileReport, Outcome, Settings
from keepfit.report.page import embedded, html_page

REPORT = FileReport(
    keepfit="1.2.3",
    made_at=EPOCH,
    outcome=Outcome.UNKNOWN,
    says="Too little data to tell & nothing more",
    reference=FileFacts(name="<old>.csv", rows=0, columns=0),
    current=FileFacts(name="new.csv", rows=1, columns=2),
    settings=Settings(
        time="at",
        id="",
        target="",
        prediction="",
        score="",
        categorical=(),
        numeric=(),
        ignored=("a", "b"),
        min_rows=100,
        false_alarms=0.05,
        drift=0.03,
        quality=0.05,
        tolerance=0.1,
        block="day",
        blocks=30,
    ),
    compared=0,
    changed=0,
    notes=("Mind the gap.",),
    findings=(),
    columns=(),
)


@pytest.fixture(scope="module")
def page():
    """The page of a report on nothing."""
    return html_page(REPORT, '{"columns": []}')


def test_a_report_on_nothing_is_a_page(page):
    """What there is stands in it: files, settings, notes, the version, and how to read it."""
    for text in (
        "&lt;old&gt;.csv",
        "to tell &amp; nothing",
        "Mind the gap.",
        "keepfit 1.2.3",
        "30 blocks of one day",
        "a, b",
    ):
        assert text in page
    assert "by more than its own days differ" in page
    assert "<old>" not in page


def test_scripts_are_those_that_the_policy_knows(page):
    """Each script that runs has its digest in the policy, so that no other one would run."""
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    assert len(scripts) == 2
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in page


@pytest.mark.parametrize("text", ["</script>", "<!--", "]]>", "\u2028", "&lt;"])
def test_json_in_the_page_cannot_end_its_element(text):
    """It reads back as it was, and holds no character that HTML or JavaScript would take for its own."""
    written = str(embedded(json.dumps({"a": text}, ensure_ascii=False)))
    assert json.loads(written) == {"a": text}
    assert not set("<>&\u2028\u2029") & set(written)
