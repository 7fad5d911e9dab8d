"""What is prepared before two files are compared."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from keepfit.errors import DataError
from keepfit.monitoring.kinds import ColumnKind
from keepfit.stats.profile import profile_frame
from keepfit.workflows.prepare_files import FilesToCheck, prepare_files

FRAME = pl.DataFrame(
    {
        "at": [datetime(2024, 3, 1, tzinfo=UTC) + timedelta(hours=i) for i in range(240)],
        "trip": range(240),
        "x": [float(i % 17) for i in range(240)],
        "zone": ["a", "b", "c"] * 80,
    }
)


@pytest.fixture
def prepare():
    """Prepares two files, with a thread beside."""
    with ThreadPoolExecutor(1) as beside:
        yield lambda **asked: prepare_files(FilesToCheck(**asked), beside)


@pytest.fixture
def prepared(tmp_path, prepare):
    """Writes two frames and prepares them."""

    def run(reference=FRAME, current=FRAME, suffix=".parquet", **asked):
        paths = tmp_path / "reference.parquet", tmp_path / f"current{suffix}"
        reference.write_parquet(paths[0])
        current.write_parquet(paths[1]) if suffix == ".parquet" else current.write_csv(paths[1])
        return prepare(reference=paths[0], current=paths[1], **asked)

    return run


def test_columns_with_a_role_are_not_compared(prepared):
    """The time and the id are left out, and what is left has cells."""
    two = prepared(time="at", id="trip")
    assert list(two.cells) == ["x", "zone"]
    assert two.of_kind(ColumnKind.NUMBER) == ["x"]
    assert two.every == timedelta(days=1)
    assert two.at is None


def test_a_reference_without_times_is_profiled_with_its_cells(prepared):
    """As it would be when it was read again; one with blocks of time is not."""
    two = prepared()
    assert prepared(time="at").profiled is None
    profile = profile_frame(FRAME.select(list(two.cells)), dict(two.cells))
    assert two.profiled.profile().features["zone"] == profile.features["zone"]
    assert two.profiled.profile().features["x"].counts.tolist() == profile.features["x"].counts.tolist()


def test_rows_that_nobody_needs_again_are_let_go(prepared):
    """But the columns with a role, and all of them when predictions are judged: their slices need the others."""
    assert prepared(id="trip").sample.columns == ["trip"]
    assert prepared().sample.width == 1
    assert prepared(target="x", prediction="trip").sample.columns == FRAME.columns


def test_cells_of_a_sample_do_not_claim_to_know_every_category(prepared, monkeypatch):
    """Nor is the sample taken for the reference."""
    monkeypatch.setattr("keepfit.workflows.prepare_files.SAMPLE", 100)
    two = prepared()
    assert two.profiled is None
    assert not two.cells["zone"].complete
    assert two.cells["x"].size > 1


def test_a_current_file_of_one_day_is_that_day(prepared):
    """So that it is held against the same days of the week."""
    two = prepared(current=FRAME[24:48], time="at")
    assert two.at.start == datetime(2024, 3, 2, tzinfo=UTC)


def test_a_format_without_types_follows_the_one_that_has_them(prepared):
    """Codes that look like numbers in CSV are text when the reference says so."""
    codes = FRAME.with_columns(zone=pl.lit("007"))
    two = prepared(codes, codes, ".csv")
    assert two.current.types["zone"] == pl.String
    assert next(two.current.frames(["zone"]))["zone"].unique().to_list() == ["007"]
    assert (two.reference.untyped, two.current.untyped) == (False, True)


def test_what_the_reference_lacks_is_an_error(prepared):
    """A column that is named, and times where a time is due."""
    with pytest.raises(DataError, match="has no column 'when'"):
        prepared(time="when")
    with pytest.raises(DataError, match="holds no time"):
        prepared(time="zone")


@pytest.mark.parametrize("content", [None, b"", b"PAR1 no table"])
def test_what_is_no_table_is_an_error(tmp_path, prepare, content):
    """A file that is missing, is empty, or only looks like one; it is named."""
    FRAME.write_parquet(tmp_path / "reference.parquet")
    wrong = tmp_path / "current.parquet"
    if content is not None:
        wrong.write_bytes(content)
    with pytest.raises(DataError, match=r"current\.parquet"):
        prepare(reference=tmp_path / "reference.parquet", current=wrong)


def test_a_folder_without_a_table_is_an_error(tmp_path, prepare):
    """One with tables in it is a table."""
    (tmp_path / "empty").mkdir()
    FRAME.write_parquet(tmp_path / "reference.parquet")
    with pytest.raises(DataError, match="no table in the folder"):
        prepare(reference=tmp_path / "reference.parquet", current=tmp_path / "empty")
    (tmp_path / "parts").mkdir()
    for i in range(2):
        FRAME.write_parquet(tmp_path / "parts" / f"{i}.parquet")
    two = prepare(reference=tmp_path / "reference.parquet", current=tmp_path / "parts")
    assert sum(frame.height for frame in two.current.frames(["x"])) == 480
