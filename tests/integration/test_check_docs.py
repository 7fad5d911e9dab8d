"""docs/check.md says what is so."""

import re
import shlex
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from typer.main import get_command

from keepfit.cli.application import application
from keepfit.report.file_report import FileReport

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "check.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```console\n\$ keepfit (.*?)\n(.*?)\n```", PAGE)


@pytest.fixture
def keepfit(fresh, tmp_path_factory):
    """Runs `keepfit` in a folder with the files that the page speaks of."""
    folder = tmp_path_factory.mktemp("files")
    trips = pl.read_parquet(ROOT / "src/keepfit/demo/taxi/trips.parquet")
    for month, name in ((1, "january"), (2, "february"), (4, "april")):
        trips.filter(pl.col("pickup_at").dt.month() == month).write_parquet(folder / f"{name}.parquet")
    for name, longer, seed in (("old", 1.0, 1), ("new", 1.4, 2)):
        rng = np.random.default_rng(seed)
        miles = rng.uniform(1, 9, 2000)
        minutes = miles * 4 * longer + rng.normal(0, 2, 2000)
        rows = {
            "miles": miles,
            "zone": rng.choice(["a", "b"], 2000),
            "minutes": minutes,
            "predicted": miles * 4,
        }
        pl.DataFrame(rows).write_csv(folder / f"{name}.csv")
    return type(fresh)(folder)


@pytest.mark.parametrize(("command", "says"), SHOWN)
def test_commands_say_what_the_page_shows(keepfit, command, says):
    """The first line of what each prints; the exit code follows from it."""
    done = keepfit(*shlex.split(command))
    assert done.out.splitlines()[0] == says
    assert done.code == (0 if says.startswith("None") and ";" not in says else 3)


def test_every_option_of_the_page_is_one():
    """And every option of the command that compares files is on the page, but those that every command has."""
    command = get_command(application).commands["check"]
    options = {name for parameter in command.params for name in parameter.opts if name.startswith("--")}
    told = set(re.findall(r"--[a-z][a-z-]+", PAGE))
    assert told <= options
    assert options - told <= {"--now", "--workspace", "--all"}


def test_every_key_of_the_document_is_on_the_page():
    """The report's fields, one by one."""
    keys = re.findall(r"^\| (`[a-z_`, ]+) \|", PAGE, flags=re.MULTILINE)
    told = {key for line in keys for key in re.findall(r"`([a-z_]+)`", line)}
    assert told == set(FileReport.__dataclass_fields__)
