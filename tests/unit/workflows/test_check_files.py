"""Two files against each other: what changed is found, what did not is not, and nothing makes it fail."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from keepfit.clock import EPOCH
from keepfit.errors import DataError
from keepfit.monitoring.policy import Monitor
from keepfit.report.file_report import Outcome
from keepfit.workflows.check_files import check_files, compare_files
from keepfit.workflows.prepare_files import FilesToCheck

ROWS = 3000


def trips(seed, rows=ROWS):
    """Rows of every kind of column."""
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "miles": rng.lognormal(0, 1, rows),
            "passengers": rng.choice([1, 2, 3, 4], rows, p=[0.6, 0.2, 0.1, 0.1]),
            "zone": rng.choice(["Soho", "JFK", "Harlem"], rows, p=[0.5, 0.3, 0.2]),
            "paid": rng.random(rows) < 0.8,
            "at": [
                datetime(2024, 3, 1, tzinfo=UTC) + timedelta(minutes=int(m))
                for m in np.sort(rng.integers(0, 43_200, rows))
            ],
        }
    )


@pytest.fixture
def check(tmp_path):
    """Writes two frames, and checks the second against the first."""

    def run(reference, current, suffixes=(".parquet", ".parquet"), **asked):
        paths = [
            tmp_path / f"{name}{suffix}"
            for name, suffix in zip(("reference", "current"), suffixes, strict=True)
        ]
        for path, frame in zip(paths, (reference, current), strict=True):
            frame.write_parquet(path) if path.suffix == ".parquet" else frame.write_csv(path)
        return check_files(FilesToCheck(reference=paths[0], current=paths[1], **asked), now=EPOCH)

    return run


def alarms(report):
    """(check, subject) of every finding that alarms."""
    return {(one.check, one.subject) for one in report.alarms}


def test_the_same_world_is_unchanged(check):
    """Other rows of the same distribution alarm nothing, and the summary says what was compared."""
    report = check(trips(1), trips(2))
    assert report.outcome is Outcome.UNCHANGED
    assert not report.alarms
    assert report.says == "None of 5 columns has changed, in 3,000 rows against 3,000 of the reference"
    assert (report.compared, report.changed) == (5, 0)


def test_what_changed_is_found_and_comes_first(check):
    """A shift of a number, nulls, and a new category, each under its own column."""
    current = trips(2).with_columns(
        pl.col("miles") * 1.5,
        zone=pl.when(pl.int_range(pl.len()) % 20 == 0).then(pl.lit("Bronx")).otherwise("zone"),
        paid=pl.when(pl.int_range(pl.len()) % 5 == 0).then(None).otherwise("paid"),
    )
    report = check(trips(1), current)
    assert {("drift", "miles"), ("new value", "zone"), ("nulls", "paid")} <= alarms(report)
    assert {one.name for one in report.columns[:3]} == {"miles", "zone", "paid"}
    assert report.changed == 3
    assert all(one.alarms for one in report.columns[:3])
    assert not any(one.alarms for one in report.columns[3:])


def test_verdicts_are_to_be_had_without_a_report(tmp_path):
    """They are those that the report tells."""
    paths = {name: tmp_path / f"{name}.parquet" for name in ("reference", "current")}
    trips(1).write_parquet(paths["reference"])
    trips(2).with_columns(pl.col("miles") * 1.5).write_parquet(paths["current"])
    found = compare_files(FilesToCheck(**paths), now=EPOCH)
    assert "miles" in {one.subject for one in found.alarms}
    report = found.report()
    assert [(one.check, one.subject, one.says) for one in report.findings] == [
        (one.check.value, one.subject, one.says) for one in found.findings
    ]


def test_missing_new_and_retyped_columns_are_findings(check):
    """Each is told by name; what is missing and what is of another type alarms, what is new does not."""
    current = trips(2).drop("paid").with_columns(passengers=pl.lit("many"), tip=pl.lit(1.0))
    report = check(trips(1), current)
    schema = {one.subject: one for one in report.findings if one.check == "schema"}
    assert {name: one.verdict for name, one in schema.items()} == {
        "paid": "alarm",
        "passengers": "alarm",
        "tip": "ok",
    }
    gone = next(one for one in report.columns if one.name == "paid")
    assert (gone.types, gone.nulls.current, gone.alarms) == (("Boolean", ""), ROWS, True)


def test_csv_and_parquet_of_the_same_rows_are_the_same(check):
    """Formats differ in what they know of types; that changes nothing, either way round."""
    frame = trips(1).with_columns(pl.col("passengers").cast(pl.Int8), none=pl.lit(None, pl.Float64))
    for suffixes in ((".parquet", ".csv"), (".csv", ".parquet"), (".csv", ".csv")):
        report = check(frame, frame, suffixes)
        assert (report.outcome, alarms(report)) == (Outcome.UNCHANGED, set()), suffixes


def test_codes_keep_their_leading_zeros(check):
    """A CSV file does not say that 00501 is text; held against a file that does, it is the same."""
    frame = pl.DataFrame({"zip": [f"{i % 7:05}" for i in range(1000)]})
    for suffixes in ((".parquet", ".csv"), (".csv", ".parquet"), (".csv", ".csv")):
        report = check(frame, frame, suffixes, categorical=("zip",))
        assert alarms(report) == set(), suffixes


@pytest.mark.parametrize("outlier", [1e6, -1e6])
@pytest.mark.parametrize("side", ["reference", "current"])
def test_one_outlier_changes_no_verdict(check, outlier, side):
    """Neither hides a shift nor makes one."""
    far = pl.DataFrame({"miles": [outlier]})
    for factor, expected in ((1.0, set()), (1.5, {"miles"})):
        files = {"reference": trips(1).select("miles"), "current": trips(2).select(pl.col("miles") * factor)}
        files[side] = pl.concat([files[side], far])
        report = check(files["reference"], files["current"])
        assert {subject for check_, subject in alarms(report)} == expected


def test_an_all_null_column_is_told(check):
    """Values that are all gone, or that were never there: an alarm, and no crash; null on both sides is nothing."""
    empty = pl.lit(None, pl.Float64)
    assert ("nulls", "miles") in alarms(check(trips(1), trips(2).with_columns(miles=empty)))
    report = check(trips(1).with_columns(miles=empty), trips(2))
    assert next(one for one in report.columns if one.name == "miles").values.reference == 0
    both = check(trips(1).with_columns(miles=empty), trips(2).with_columns(miles=empty))
    assert both.outcome is Outcome.UNCHANGED


@pytest.mark.parametrize("rows", [0, 1])
def test_too_few_rows_are_no_health(check, rows):
    """An empty file and a single row: it is said that nothing can be told; so with an empty reference."""
    for reference, current in ((trips(1), trips(2).head(rows)), (trips(1).head(0), trips(2))):
        report = check(reference, current)
        assert report.outcome is Outcome.UNKNOWN
        assert report.says.startswith("Too little data to tell")
        assert not report.alarms


def test_infinities_are_counted_and_spoil_nothing(check):
    """Means stay finite, the rows are all there, and many of them are noticed."""
    some = pl.int_range(pl.len())
    current = trips(2).with_columns(miles=pl.when(some % 10 == 0).then(float("inf")).otherwise("miles"))
    report = check(trips(1), current)
    column = next(one for one in report.columns if one.name == "miles")
    assert column.values.current == ROWS
    assert column.alarms
    assert column.summary["mean"].current < 10
    few = trips(2).with_columns(miles=pl.when(some == 0).then(float("-inf")).otherwise("miles"))
    assert alarms(check(trips(1), few)) == set()


def test_the_reference_is_split_into_blocks_of_time(check):
    """Thirty days are thirty blocks, and a day that is as usual is no change; without a time the report says so."""
    rng = np.random.default_rng(5)
    days = [datetime(2024, 3, 1, tzinfo=UTC) + timedelta(days=i) for i in range(30)]
    daily = {day: rng.normal(0, 0.5) for day in days}
    rows = [
        (day + timedelta(minutes=i), daily[day] + x)
        for day in days
        for i, x in enumerate(rng.normal(0, 1, 200))
    ]
    reference = pl.DataFrame(rows, schema=["at", "x"], orient="row")
    noon = datetime(2024, 4, 1, 12, tzinfo=UTC)
    today = pl.DataFrame(
        {"at": [noon + timedelta(minutes=i) for i in range(400)], "x": rng.normal(0.5, 1, 400)}
    )
    aware = check(reference, today, time="at")
    assert (aware.settings.block, aware.settings.blocks) == ("day", 30)
    assert alarms(aware) == set()
    assert [one.name for one in aware.columns] == ["x"]
    blind = check(reference, today, ignored=("at",))
    assert alarms(blind) == {("drift", "x")}
    assert "Natural variation was not taken into account" in blind.notes[0]


def test_mixed_offsets_and_a_daylight_saving_day(check):
    """Local times of a day with 23 hours, written with both offsets, are the moments that they are."""
    start = datetime(2024, 3, 30, tzinfo=UTC)
    moments = pl.Series("at", [start + timedelta(minutes=5 * i) for i in range(600)])
    values = pl.Series("x", np.random.default_rng(6).normal(0, 1, 600))
    utc = pl.DataFrame([moments, values])
    berlin = utc.with_columns(pl.col("at").dt.convert_time_zone("Europe/Berlin"))
    text = berlin.with_columns(pl.col("at").dt.to_string("iso:strict"))
    assert text["at"].str.slice(-6).n_unique() == 2
    for reference, current in ((utc, berlin), (berlin, utc), (text, text)):
        report = check(reference, current, time="at")
        assert (report.outcome, report.settings.block) == (Outcome.UNCHANGED, "hour")
        assert report.settings.blocks == 50


def test_times_are_shown_and_not_judged(check):
    """Next month's times are later: no drift; but their nulls are told."""
    later = trips(2).with_columns(pl.col("at") + timedelta(days=31))
    assert alarms(check(trips(1), later)) == set()
    gone = later.with_columns(at=pl.when(pl.int_range(pl.len()) % 3 > 0).then("at"))
    assert alarms(check(trips(1), gone)) == {("nulls", "at")}


def test_ids_that_repeat_are_told(check):
    """An id is left out of the comparison, and counted."""
    ids = pl.Series("trip", range(ROWS))
    repeated = pl.Series("trip", [*range(ROWS - 60), *range(60)])
    report = check(trips(1).with_columns(ids), trips(2).with_columns(repeated), id="trip")
    assert alarms(report) == {("duplicates", "trip")}
    assert [one.name for one in report.left_out] == ["trip"]


def test_ids_and_ignored_columns_are_left_out_with_the_reason(check):
    """They are in the report by name, so that nobody wonders."""
    frame = trips(1).with_columns(id=pl.int_range(pl.len()))
    report = check(frame, frame, ignored=("zone",))
    assert {one.name: one.why.split(":")[0] for one in report.left_out} == {
        "id": "it names rows",
        "zone": "as you said",
    }


def test_five_hundred_columns(check):
    """One of them shifted: it is the one that is found."""
    rng = np.random.default_rng(7)
    names = [f"f{i}" for i in range(500)]
    reference = pl.DataFrame(rng.normal(0, 1, (400, 500)), schema=names)
    current = pl.DataFrame(rng.normal(0, 1, (400, 500)), schema=names).with_columns(pl.col("f250") + 1.0)
    report = check(reference, current)
    assert {subject for _, subject in alarms(report)} == {"f250"}
    assert report.columns[0].name == "f250"
    assert len(report.columns) == 500


def test_predictions_are_judged_where_both_files_have_targets(check):
    """A regression whose error doubled: the metrics, the change and the finding; the same one is no news."""
    rng = np.random.default_rng(8)

    def predicted(error):
        x = rng.uniform(0, 10, ROWS)
        return pl.DataFrame({"x": x, "y": x, "p": x + rng.normal(0, error, ROWS)})

    named = {"target": "y", "prediction": "p"}
    worse = check(predicted(1.0), predicted(2.0), **named)
    assert ("performance", "mae") in alarms(worse)
    mae = worse.performance.metrics[0]
    assert (mae.name, worse.performance.task) == ("mae", "regression")
    assert mae.change_low < mae.value.current - mae.value.reference < mae.change_high
    assert mae.change_low > 0
    same = check(predicted(1.0), predicted(1.0), **named)
    assert ("performance", "mae") not in alarms(same)
    half = check(predicted(1.0), predicted(1.0).drop("y"), **named)
    assert half.performance is None
    assert any("not judged" in note for note in half.notes)


def test_a_word_that_is_no_column_is_told_with_the_nearest(check):
    """A typing mistake is an error, before anything is read."""
    with pytest.raises(DataError, match="no column 'zon'") as told:
        check(trips(1), trips(2), categorical=("zon",))
    assert told.value.hint == "did you mean 'zone'?"
    with pytest.raises(DataError, match=r"'zone' of reference\.parquet holds no time"):
        check(trips(1), trips(2), time="zone")


def test_fewer_rows_may_be_enough(check):
    """The least number of rows is the user's to say."""
    report = check(trips(1), trips(2, 50), monitor=Monitor(min_rows=50))
    assert report.outcome is Outcome.UNCHANGED


@pytest.mark.parametrize(
    ("fresh", "stale"), [(timedelta(days=2), True), (timedelta(days=60), False), (None, False)]
)
def test_rows_that_are_too_old_are_told(tmp_path, fresh, stale):
    """When somebody says how old they may be; the newest trip is of the end of March."""
    paths = {name: tmp_path / f"{name}.parquet" for name in ("reference", "current")}
    for seed, path in enumerate(paths.values()):
        trips(seed).write_parquet(path)
    asked = FilesToCheck(**paths, time="at", fresh=fresh)
    report = check_files(asked, now=datetime(2024, 4, 20, tzinfo=UTC))
    assert (("freshness", "at") in alarms(report)) is stale


def test_semicolons_separate_too(tmp_path):
    """As spreadsheets in many countries write them; against the same rows with commas nothing has changed."""
    paths = {name: tmp_path / f"{name}.csv" for name in ("reference", "current")}
    trips(1).drop("at").write_csv(paths["reference"])
    trips(2).drop("at").write_csv(paths["current"], separator=";")
    report = check_files(FilesToCheck(**paths), now=EPOCH)
    assert report.compared == 4
    assert alarms(report) == set()


def test_nothing_to_compare_is_no_health(check):
    """Every column is left out."""
    report = check(trips(1), trips(2), ignored=tuple(trips(1).columns))
    assert report.outcome is Outcome.UNKNOWN


def test_a_reference_that_is_too_small_is_no_norm(check):
    """A few rows say nothing of what is usual."""
    report = check(trips(1, rows=99), trips(2))
    assert report.outcome is Outcome.UNKNOWN
    assert "the reference holds 99 rows; a verdict needs 100" in {one.says for one in report.findings}


def test_hundreds_of_equally_frequent_values_are_no_drift(check):
    """Which of them are the most frequent is chance in each file."""
    rng = np.random.default_rng(3)
    values = np.array([f"v{i}" for i in range(500)])

    def one():
        return pl.DataFrame({"code": values[rng.integers(0, 500, 5000)], "x": rng.normal(size=5000)})

    assert sum(bool(alarms(check(one(), one()))) for _ in range(10)) <= 1


def test_numbers_beyond_64_bits_of_sign_do_not_name_rows(check):
    """They are compared like others."""
    rng = np.random.default_rng(4)
    large = pl.DataFrame({"big": pl.Series(rng.integers(2**63, 2**64 - 1, 1500, dtype=np.uint64))})
    report = check(large, pl.DataFrame({"big": pl.Series(np.arange(1500), dtype=pl.UInt64)}))
    assert ("drift", "big") in alarms(report)


def test_predictions_that_cannot_be_judged_are_no_health(check):
    """Asked to judge them, a script must not go on as if they were good."""
    report = check(trips(1), trips(2), target="miles")
    assert report.outcome is Outcome.UNKNOWN
