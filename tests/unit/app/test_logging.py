"""Files of predictions and labels, as they are read."""

from datetime import UTC, datetime

import polars as pl
import pytest

from keepfit.app.logging import log_labels, log_predictions, read_rows
from keepfit.app.scaffold import make_workspace
from keepfit.app.workspace import open_workspace
from keepfit.errors import DataError, NotFoundError

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LABELS = pl.DataFrame({"hour_id": ["park-1", "park-2"], "rides": [3.0, 4.0]})


def test_each_ending_is_read(tmp_path):
    """Parquet, CSV and JSON lines give the same rows, in any case of letters."""
    LABELS.write_parquet(tmp_path / "a.parquet")
    LABELS.write_csv(tmp_path / "a.CSV")
    LABELS.write_ndjson(tmp_path / "a.jsonl")
    for file in tmp_path.iterdir():
        assert read_rows(file).equals(LABELS)


@pytest.mark.parametrize(
    ("name", "content"), [("a.parquet", b"PAR1"), ("a.csv", b"a,b\n1,2,3\n"), ("a.jsonl", b"\xff\xfe{")]
)
def test_a_broken_file_is_named(tmp_path, name, content):
    """The message has the file, the first line of the reason, and what to look at."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=f"{name} cannot be read: ") as error:
        read_rows(tmp_path / name)
    assert "\n" not in str(error.value)


def test_another_ending_and_no_file_are_said(tmp_path):
    """Both before anything is read."""
    with pytest.raises(DataError, match=r"has the ending '\.xlsx', which is not read here"):
        read_rows(tmp_path / "a.xlsx")
    with pytest.raises(DataError, match="there is no file"):
        read_rows(tmp_path / "a.csv")


def test_labels_go_by_the_models_names_or_the_stores(tmp_path):
    """`hour_id` and `rides`, or `prediction_id` and `label`; they wait for their predictions."""
    make_workspace(tmp_path)
    workspace = open_workspace(tmp_path)
    LABELS.write_csv(tmp_path / "labels.csv")
    counts, waiting = log_labels(workspace, tmp_path / "labels.csv", model=None, now=NOW)
    assert (counts.labels, waiting) == (2, 2)
    LABELS.rename({"hour_id": "prediction_id", "rides": "label"}).write_csv(tmp_path / "more.csv")
    counts, waiting = log_labels(workspace, tmp_path / "more.csv", model="bikes", now=NOW)
    assert (counts.labels, waiting) == (0, 2)


def test_of_several_models_one_must_be_named(tmp_path):
    """The hint lists them."""
    make_workspace(tmp_path)
    text = (tmp_path / "bikes.py").read_text(encoding="utf-8")
    (tmp_path / "trams.py").write_text(text.replace('"bikes"', '"trams"'), encoding="utf-8")
    with pytest.raises(NotFoundError, match="which of the 2 models") as error:
        log_labels(open_workspace(tmp_path), tmp_path / "labels.csv", model=None, now=NOW)
    assert error.value.hint == "name it with --model: bikes, trams"


def test_without_a_model_none_can_be_meant(tmp_path):
    """A workspace that declares nothing says so."""
    (tmp_path / "keepfit.toml").write_bytes(b"")
    with pytest.raises(NotFoundError, match="no model is declared in"):
        log_labels(open_workspace(tmp_path), tmp_path / "labels.csv", model=None, now=NOW)


def test_predictions_need_a_version_that_answered(tmp_path):
    """Without a champion, and for a version that is not there."""
    make_workspace(tmp_path)
    workspace = open_workspace(tmp_path)
    with pytest.raises(NotFoundError, match="'bikes' has no champion"):
        log_predictions(workspace, tmp_path / "a.csv", model=None, version=None, now=NOW)
    with pytest.raises(NotFoundError, match="no version 0"):
        log_predictions(workspace, tmp_path / "a.csv", model=None, version=0, now=NOW)
