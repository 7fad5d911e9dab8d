"""`keepfit drain`: what is printed, and where."""

import json

import pytest

from keepfit.adapters.capture_log import CaptureWriter
from keepfit.cli import main
from keepfit.cli.drain import drained
from keepfit.predictions.capture_codec import LabelsFrame
from keepfit.predictions.ledger import Ledger


@pytest.fixture
def drain(tmp_path, monkeypatch):
    """Run the command in a workspace whose capture log holds one label."""
    (tmp_path / "keepfit.toml").touch()
    writer = CaptureWriter(tmp_path / ".keepfit" / "spool", log_id="web-0")
    writer.append(
        LabelsFrame(model="taxi", prediction_id=["a"], label=[1.0], label_time=[0], received_at=[0])
    )
    writer.close()

    def run(*arguments):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("sys.argv", ["keepfit", "drain", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code or 0

    return run


def test_once_drains_what_is_there_and_ends(drain, capsys):
    """The second time nothing is left."""
    assert drain("--once") == 0
    assert capsys.readouterr().out == "drained 0 predictions and 1 label\n"
    assert drain("--once", "--json") == 0
    assert json.loads(capsys.readouterr().out)["labels"] == 0


def test_a_pause_that_is_none_is_refused(drain):
    """As a usage error."""
    assert drain("--every", "soon") == 2


def test_what_did_not_reach_the_lake_is_said_too():
    """Counts that are zero are left out."""
    counts = Ledger(received=9, stored=5, sampled_out=3, dropped=1, labels=2)
    assert drained(counts) == "drained 5 predictions, 3 sampled out, 1 dropped and 2 labels"
