"""What servers may write down, without running model files at each start."""

import pytest

from keepfit.app.capture_policies import capture_policies
from keepfit.config import Config
from keepfit.errors import DefinitionError
from keepfit.predictions.capture_policy import Capture

MODEL = """
import keepfit as kf
from pathlib import Path

with (Path(__file__).parent / "runs").open("a") as runs:
    runs.write("x")
model = kf.Model(
    "taxi", task=kf.Regression(target="minutes"), id="trip", time="at", features=["miles", "age"],
    capture=kf.Capture({capture}),
)
"""


@pytest.fixture
def declare(tmp_path):
    """Write the model file with some policy."""

    def write(capture):
        (tmp_path / "models.py").write_text(MODEL.replace("{capture}", capture), encoding="utf-8")

    return write


def runs(folder):
    return len((folder / "runs").read_text(encoding="utf-8"))


def test_a_policy_is_that_of_the_model_file(tmp_path, declare):
    """Which is run when it was changed, and only then."""
    declare("redact=['age'], share=0.5")
    for _ in range(3):
        found = capture_policies(tmp_path, Config())["taxi"]
        assert (found.capture, found.id_column) == (Capture(redact=["age"], share=0.5), "trip")
    assert runs(tmp_path) == 1
    declare("hash=['trip']")
    assert capture_policies(tmp_path, Config())["taxi"].capture == Capture(hash=["trip"])
    assert runs(tmp_path) == 2


def test_what_cannot_be_read_is_not_guessed_at(tmp_path, declare):
    """A file that cannot be run stops the server; a spoilt memory of it is made anew."""
    declare("redact=['nobody']")
    with pytest.raises(DefinitionError, match="cannot redact 'nobody'"):
        capture_policies(tmp_path, Config())
    declare("redact=['age']")
    capture_policies(tmp_path, Config())
    (tmp_path / ".keepfit" / "capture.json").write_text("{", encoding="utf-8")
    assert capture_policies(tmp_path, Config())["taxi"].capture.redact == ("age",)
