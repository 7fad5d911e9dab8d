"""What `keepfit init` writes: files that run as they are, and say only what is so."""

import tomllib
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from keepfit.adapters.definitions import load_definitions
from keepfit.app.scaffold import make_workspace, write_new
from keepfit.config import Config, load_config
from keepfit.errors import WorkspaceError

START = datetime(2026, 3, 1, 0, 30, tzinfo=UTC)


def test_every_setting_is_in_the_file_with_its_default(tmp_path):
    """The commented lines, read as settings, are all the settings there are, and their defaults."""
    make_workspace(tmp_path)
    assert load_config(tmp_path) == Config()
    text = (tmp_path / "keepfit.toml").read_text(encoding="utf-8")
    settings = tomllib.loads(
        "\n".join(line.removeprefix("# ") if " = " in line else line for line in text.splitlines())
    )
    assert settings == Config().model_dump()


def test_the_model_file_declares_one_model_whose_source_gives_its_columns(tmp_path):
    """Rows of exactly the stretch that was asked for, every column that the model needs, an id for each."""
    make_workspace(tmp_path)
    model = load_definitions(tmp_path, ["*.py"])["bikes"]
    end = START + timedelta(days=2)
    rows = model.rows(START, end)
    assert set(model.required_columns) <= set(rows.columns)
    assert rows["at"].is_between(START, end, closed="left").all()
    assert rows.height == rows[model.id].n_unique() == 3 * 48
    assert rows.null_count().sum_horizontal().item() == 0


def test_the_rows_of_an_hour_are_always_the_same(tmp_path):
    """What is simulated does not depend on the stretch that is asked for."""
    make_workspace(tmp_path)
    model = load_definitions(tmp_path, ["*.py"])["bikes"]
    day = model.rows(START, START + timedelta(days=1))
    week = model.rows(START, START + timedelta(days=7))
    assert week.join(day, on=day.columns, how="semi").height == day.height
    assert week["rides"].dtype == pl.Float64


def test_the_model_file_says_that_its_rows_are_simulated(tmp_path):
    """Nobody may take them for a measurement."""
    make_workspace(tmp_path)
    assert (tmp_path / "bikes.py").read_text(encoding="utf-8").count("SIMULATED") == 2


def test_all_files_are_written_or_none(tmp_path):
    """One file in the way keeps the others from being written; it stays as it is."""
    (tmp_path / "b").write_bytes(b"mine")
    with pytest.raises(WorkspaceError, match="b is there already, and nothing was written"):
        write_new(tmp_path, {"a": b"1", "b": b"2"})
    assert not (tmp_path / "a").exists()
    assert (tmp_path / "b").read_bytes() == b"mine"


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    """A file stands where the folder should be."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WorkspaceError, match=f"cannot write into {tmp_path / 'file' / 'shop'}"):
        write_new(tmp_path / "file" / "shop", {"a": b"1"})
