"""From an empty folder to a model that answers, and what is said when a first step goes wrong."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest


def test_an_empty_folder_becomes_a_workspace_whose_model_is_released(first):
    """`keepfit init` and `keepfit train bikes`, nothing edited, release version 1."""
    assert first.init.code == 0
    assert first.init.out == ""
    assert "wrote keepfit.toml" in first.init.err
    assert "next: keepfit train bikes" in first.init.err
    assert "SIMULATED" in (first.keepfit.root / "bikes.py").read_text(encoding="utf-8")
    assert first.train.code == 0, first.train.err
    assert "trained bikes@1 on bikes@1: mae" in first.train.out
    assert "version 1 of bikes is champion: mae" in first.train.out
    assert first.train.err == ""


def test_a_model_that_nobody_trained_is_not_well(first):
    """Before the first training `status` says what to do, and does not end with 0."""
    assert first.before.code == 3
    assert first.before.out.splitlines()[1].startswith("bikes\tnot released\t")
    assert "keepfit train bikes" in first.before.out


def test_the_first_model_answers_and_is_then_seen_to_be_healthy(trained):
    """`keepfit serve` answers what the model file says to ask, Ctrl-C ends it, a tick drains, and `status` is content."""
    text = (trained.root / "bikes.py").read_text(encoding="utf-8")
    (ask, question), (label, answer) = re.findall(r"curl localhost:8080(\S+) .*? -d '(.+?)'", text, re.DOTALL)
    with trained.running("serve", "--port", "0") as server:
        status, reply = server.post(ask, json.loads(question))
        assert (status, len(reply["predictions"])) == (200, 1)
        assert server.post(label, json.loads(answer)) == (200, {"accepted": 1})
        assert server.end() == 0
        assert "Traceback" not in server.said
    ticked = trained("tick")
    assert (ticked.code, ticked.out.splitlines()[0]) == (0, "drained 1 prediction and 1 label")
    assert "wait" not in ticked.out
    status = trained.process("status")
    assert status.code == 0
    assert status.out.splitlines()[1].startswith("bikes\thealthy\t1\t")
    document = trained("status", "--json")
    assert document.code == 0
    assert document.json["well"]
    assert document.json["models"][0]["ledger"]["stored"] == 1


def test_a_server_without_a_released_model_says_so(fresh):
    """It starts, because a release needs no restart, and says why it refuses everything until then."""
    with fresh.running("serve", "--port", "0") as server:
        server.wait_for("nothing is released yet")


def test_nothing_is_overwritten(fresh):
    """`keepfit init` over a workspace changes no file and names the one in its way."""
    (fresh.root / "keepfit.toml").unlink()
    fresh.edit('"60d"', '"50d"')
    mine = (fresh.root / "bikes.py").read_text(encoding="utf-8")
    done = fresh("init")
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines() == [
        f"error: {fresh.root / 'bikes.py'} is there already, and nothing was written",
        "hint: name another folder, or move the file away",
    ]
    assert (fresh.root / "bikes.py").read_text(encoding="utf-8") == mine
    assert not (fresh.root / "keepfit.toml").exists()


def test_another_folder_is_named_in_what_comes_next(fresh):
    """`keepfit init shop` says how to go there."""
    done = fresh("init", "shop")
    assert done.err.splitlines()[-1] == "next: cd shop && keepfit train bikes && keepfit up"
    assert (fresh.root / "shop" / "keepfit.toml").is_file()


def test_no_workspace_here(compiled, tmp_path):
    """Every command that needs a workspace says where it looked, and how to make one."""
    done = subprocess.run(
        [sys.executable, "-m", "keepfit", "status"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error: no keepfit.toml in {tmp_path} nor in any folder above it\nhint: ")
    assert "keepfit init" in done.stderr


def test_a_folder_above_is_found(trained):
    """Commands work below the workspace too, and from anywhere with --workspace."""
    below = trained.root / "notebooks"
    below.mkdir()
    assert type(trained)(below)("history", "bikes").out == trained("history", "bikes").out
    away = type(trained)(trained.root.parent)
    assert away("history", "bikes", "--workspace", str(trained.root)).out == trained("history", "bikes").out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["stauts"], "No such command 'stauts'. Did you mean 'status'?"),
        (["data", "dif"], "No such command 'dif'. Did you mean 'diff'?"),
        (["status", "--jsn"], "No such option: --jsn (Possible options: --json"),
        (["train"], "Missing argument 'MODEL'"),
        (["tick", "--now", "yesterday"], "'yesterday' is not a date or a time: write 2020-01-31"),
        (["up", "--every", "often"], "'often' is not a duration: write a number and a unit, as in 30s"),
        (["up", "--every", "0s"], "a pause of '0s' is none"),
        (["release", "bikes", "newest"], "'newest' is no version: write its number, as in 2"),
    ],
)
def test_a_mistyped_command_is_a_usage_error(fresh, arguments, says):
    """It ends with code 2, on stderr, with what was probably meant."""
    done = fresh(*arguments)
    assert (done.code, done.out) == (2, "")
    assert says.lower() in done.err.lower()


def test_help_is_plain_in_a_pipe(fresh):
    """`keepfit --help | less` shows text, without boxes and colours."""
    done = fresh.process("--help")
    assert done.code == 0
    assert done.out.isascii()
    assert "rollback" in done.out
    assert fresh.process().out == done.out


def test_help_and_version_load_no_heavy_library(compiled):
    """What answers at once imports no table, database or training library."""
    heavy = {"polars", "numpy", "pandas", "sqlalchemy", "deltalake", "mlflow", "sklearn", "uvicorn"}
    assert not _loaded("--help") & heavy
    assert not _loaded("--version") & heavy


def test_status_loads_no_training_library(first):
    """`keepfit status` of the first model reads records only."""
    loaded = _loaded("status", "--workspace", str(first.keepfit.root))
    assert "sqlalchemy" in loaded
    assert not loaded & {"mlflow", "sklearn", "scipy", "pandas", "uvicorn", "apprise"}


def _loaded(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "keepfit", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}
