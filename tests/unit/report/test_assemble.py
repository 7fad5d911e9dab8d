"""The whole report: what its first sentence says, and in which order columns come."""

import polars as pl
import pytest

from keepfit.clock import EPOCH
from keepfit.monitoring.finding import Check, Finding, Verdict
from keepfit.monitoring.kinds import infer_kinds
from keepfit.report.assemble import Checked, file_report
from keepfit.report.file_report import FileFacts, Outcome, Settings
from keepfit.stats.profile import cells_of, profile_frame

FRAME = pl.DataFrame({name: [1.0, 2.0, 3.0] for name in "abc"})
SETTINGS = Settings(
    time="", id="", target="c", prediction="", score="", categorical=(), numeric=(), ignored=(), min_rows=1,
    false_alarms=0.05, drift=0.03, quality=0.05, tolerance=0.1, block="", blocks=0,
)  # fmt: skip


def finding(subject, verdict, check=Check.DRIFT):
    """A finding."""
    return Finding(
        check=check,
        subject=subject,
        statistic="s",
        value=1.0,
        expected=0.0,
        threshold=0.5,
        n=3,
        verdict=verdict,
        says="",
    )


def made(*findings):
    """A report on two equal files with these findings."""
    features = profile_frame(FRAME, cells_of(FRAME, list("abc"), [])).features
    facts = [FileFacts(name=name, rows=rows, columns=3) for name, rows in (("r", 3), ("c", 1000))]
    checked = Checked(
        kinds=infer_kinds(FRAME),
        profiles=(features, features),
        current_types={},
        findings=[*findings, finding("rows", Verdict.OK, Check.TRAFFIC)],
    )
    return file_report(
        checked, keepfit="1", made_at=EPOCH, reference=facts[0], current=facts[1], settings=SETTINGS
    )


def test_columns_that_alarm_come_first_in_the_order_of_their_findings():
    """The others keep the order of the file."""
    report = made(finding("c", Verdict.ALARM), finding("b", Verdict.ALARM), finding("a", Verdict.OK))
    assert [one.name for one in report.columns] == ["c", "b", "a"]
    assert [one.name for one in made().columns] == ["a", "b", "c"]
    assert report.columns[0].role == "target"
    assert report.findings_on("c")[0].alarms
    assert len(report.alarms) == 2


@pytest.mark.parametrize(
    ("findings", "says"),
    [
        ([], "None of 3 columns has changed, in 1,000 rows against 3 of the reference"),
        (
            [finding("a", Verdict.ALARM)],
            "1 of 3 columns has changed, in 1,000 rows against 3 of the reference",
        ),
        (
            [
                finding("a", Verdict.ALARM),
                finding("b", Verdict.ALARM),
                finding("a ~ b", Verdict.ALARM, Check.CORRELATION),
            ],
            "2 of 3 columns have changed, in 1,000 rows against 3 of the reference; 1 pair of columns goes together differently",
        ),
        (
            [
                finding("mae", Verdict.ALARM, Check.PERFORMANCE),
                finding("id", Verdict.ALARM, Check.DUPLICATES),
            ],
            "None of 3 columns has changed, in 1,000 rows against 3 of the reference; mae is worse and id repeats",
        ),
    ],
)
def test_the_first_sentence_counts_what_changed(findings, says):
    """Columns first, then what else alarms."""
    assert made(*findings).says == says


def test_not_knowing_is_an_outcome_of_its_own():
    """Too few rows are no health; what alarms all the same is a change."""
    few = finding("rows", Verdict.INSUFFICIENT_DATA, Check.TRAFFIC)
    assert made(few).outcome is Outcome.UNKNOWN
    assert (
        made(few).says
        == "Too little data to tell whether anything has changed, in 1,000 rows against 3 of the reference"
    )
    assert made(few, finding("a", Verdict.ALARM, Check.SCHEMA)).outcome is Outcome.CHANGED
    assert made().outcome is Outcome.UNCHANGED
