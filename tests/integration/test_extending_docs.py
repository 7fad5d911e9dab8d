"""docs/extending.md says what is so: its code runs, block after block, as a reader would type it."""

import re
from pathlib import Path

import pytest

from keepfit.evaluation import own_losses

PAGE = (Path(__file__).parent.parent.parent / "docs" / "extending.md").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _forget():
    """What the page declares is forgotten after it."""
    before = dict(own_losses._declared)
    yield
    own_losses._declared.clear()
    own_losses._declared.update(before)


def test_the_code_of_the_page_runs():
    """Every block, one after the other."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(blocks) == 3
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "extending.md", "exec"), names)  # noqa: S102 - our own page
    assert names["task"].metric == "lateness"
