"""Every prediction store keeps what its port promises: each row once, joined to its last label."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from keepfit.adapters.lake.predictions import DeltaPredictions
from keepfit.adapters.memory import MemoryPredictions
from keepfit.clock import Window
from keepfit.predictions.batches import Batches
from keepfit.predictions.record import LABEL_COLUMNS, PREDICTION_COLUMNS
from keepfit.predictions.store import Appended, PredictionStore

DAY = timedelta(days=1)
START = datetime(2020, 1, 31, tzinfo=UTC)


@pytest.fixture(params=["delta", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> PredictionStore:
    """A store without a row in it."""
    return DeltaPredictions(tmp_path / "predictions") if request.param == "delta" else MemoryPredictions()


def predicted(
    *ids: str, day: float = 0, version: int = 1, role: str = "champion", **features: object
) -> pl.DataFrame:
    """Predictions of one moment."""
    at = START + day * DAY
    known = {
        "version": version,
        "role": role,
        "event_time": at,
        "received_at": at,
        "prediction": 10.0,
        "error": None,
    }
    rows = [{"prediction_id": one, **known} for one in ids]
    return pl.DataFrame(rows, schema=PREDICTION_COLUMNS).with_columns(
        pl.lit(value).alias(f"x_{name}") for name, value in features.items()
    )


def labels(*ids: str, label: float = 1.0, day: float = 1, received: float | None = None) -> pl.DataFrame:
    """Labels that became known at one moment."""
    at, came = START + day * DAY, START + (day if received is None else received) * DAY
    rows = [{"prediction_id": one, "label": label, "label_time": at, "received_at": came} for one in ids]
    return pl.DataFrame(rows, schema=LABEL_COLUMNS)


def window(first: float, last: float) -> Window:
    return Window(START + first * DAY, START + last * DAY)


def ids(frame: pl.DataFrame) -> list[str]:
    return frame["prediction_id"].to_list()


def seen(batches: int | Batches) -> Batches:
    return Batches(newest=batches) if isinstance(batches, int) else batches


def gained(
    store: PredictionStore, *, since: int | Batches, until: int | Batches
) -> dict[Window, tuple[tuple[int, ...], int]]:
    """By day: which batches brought something, and how much."""
    found = store.gained("taxi", since=seen(since), until=seen(until), every=DAY)
    return {one.window: (one.batches, one.rows) for one in found}


def news(
    store: PredictionStore,
    *,
    since: int | Batches,
    until: int | Batches,
    span: Window = Window(START, START + DAY),  # noqa: B008 - a value
) -> list[tuple[str, str, float | None]]:
    """Ids, what is new of them, and their labels."""
    rows = store.news("taxi", span, since=seen(since), until=seen(until))
    return rows.select("prediction_id", "news", "label").rows()


def test_an_empty_store_answers_everything(store):
    """No rows, no windows, no last event; the columns of a record are there all the same."""
    assert store.predictions("taxi").schema == pl.Schema({**PREDICTION_COLUMNS, "batch": pl.Int64()})
    assert store.labelled("taxi", window(0, 1)).columns == [
        *PREDICTION_COLUMNS,
        "batch",
        "label",
        "label_time",
    ]
    assert not gained(store, since=4, until=9)
    assert store.news("taxi", window(0, 1), since=Batches(), until=Batches(newest=9)).is_empty()
    assert (store.waiting_labels("taxi"), store.count("taxi"), store.last_event("taxi")) == (0, 0, None)


def test_rows_come_back_with_all_their_columns(store):
    """In the order of their events, with features and the batch that brought them."""
    store.append_predictions("taxi", predicted("b", day=1, miles=2.0), batch=1)
    store.append_predictions("taxi", predicted("a", miles=1.0), batch=2)
    rows = store.predictions("taxi")
    assert ids(rows) == ["a", "b"]
    assert rows["x_miles"].to_list() == [1.0, 2.0]
    assert rows["batch"].to_list() == [2, 1]
    assert_frame_equal(rows.head(1).select(PREDICTION_COLUMNS.keys()), predicted("a"))


def test_models_do_not_meet(store):
    """The same id and batch of another model is another prediction."""
    store.append_predictions("taxi", predicted("a"), batch=1)
    assert store.append_predictions("bikes", predicted("a"), batch=1) == Appended(stored=1, duplicates=0)
    assert (store.count("taxi"), store.count("bikes")) == (1, 1)


def test_no_rows_are_no_batch(store):
    """An empty append stores nothing and touches nothing."""
    assert store.append_predictions("taxi", predicted(), batch=1) == Appended(stored=0, duplicates=0)
    assert store.append_labels("taxi", labels(), batch=1) == Appended(stored=0, duplicates=0)
    assert not gained(store, since=0, until=1)


def test_windows_are_half_open_to_the_microsecond(store):
    """The start belongs to the window, the end does not."""
    tick = timedelta(microseconds=1) / DAY
    store.append_predictions(
        "taxi", pl.concat([predicted("a", day=1 - tick), predicted("b", day=1)]), batch=1
    )
    store.append_predictions(
        "taxi", pl.concat([predicted("c", day=2 - tick), predicted("d", day=2)]), batch=2
    )
    assert ids(store.predictions("taxi", window(1, 2))) == ["b", "c"]
    assert ids(store.labelled("taxi", window(1, 2))) == ["b", "c"]
    assert ids(store.predictions("taxi", window(2, 3))) == ["d"]


def test_one_version_can_be_asked_for(store):
    """Alone, or with a window."""
    store.append_predictions("taxi", pl.concat([predicted("a"), predicted("b", version=2, day=2)]), batch=1)
    assert ids(store.predictions("taxi", version=2)) == ["b"]
    assert ids(store.predictions("taxi", window(0, 1), version=2)) == []


def test_an_append_done_again_adds_nothing(store):
    """A batch whose position was not recorded before a crash is appended again: once only, with the first counts."""
    batch = pl.concat([predicted("a"), predicted("b"), predicted("a")])
    first = store.append_predictions("taxi", batch, batch=1)
    again = store.append_predictions("taxi", batch, batch=1)
    assert first == Appended(stored=2, duplicates=1)
    assert again == Appended(stored=2, duplicates=1, already=True)
    assert store.count("taxi") == 2


def test_a_batch_may_have_grown_since_the_crash(store):
    """Rows that the first attempt did not have are added, and the counts are those of the whole batch."""
    store.append_predictions("taxi", predicted("a"), batch=1)
    assert store.append_predictions("taxi", predicted("a", "b"), batch=1) == Appended(stored=2, duplicates=0)
    assert store.count("taxi") == 2


def test_an_older_batch_may_come_late(store):
    """Two logs are drained side by side: a lower number after a higher one is stored like any other."""
    store.append_predictions("taxi", predicted("b"), batch=2)
    assert store.append_predictions("taxi", predicted("a"), batch=1) == Appended(stored=1, duplicates=0)
    assert store.append_predictions("taxi", predicted("b"), batch=2) == Appended(
        stored=1, duplicates=0, already=True
    )
    assert store.append_predictions("taxi", predicted("a"), batch=1) == Appended(
        stored=1, duplicates=0, already=True
    )


def test_a_retried_request_is_one_prediction(store):
    """The same id answered again, by another version or a moment later, is a duplicate; the first answer stays."""
    store.append_predictions("taxi", predicted("a", "b"), batch=1)
    retried = pl.concat([predicted("a", version=2, role="canary"), predicted("b", day=0.01), predicted("c")])
    assert store.append_predictions("taxi", retried, batch=2) == Appended(stored=1, duplicates=2)
    assert store.predictions("taxi")["version"].to_list() == [1, 1, 1]


def test_shadows_answer_beside_and_are_not_counted(store):
    """A shadow row is unique by id and version, and counts neither as stored nor as a duplicate."""
    rows = pl.concat(
        [predicted("a"), *(predicted("a", version=number, role="shadow") for number in (2, 2, 3))]
    )
    assert store.append_predictions("taxi", rows, batch=1) == Appended(stored=1, duplicates=0)
    again = predicted("a", version=3, role="shadow")
    assert store.append_predictions("taxi", again, batch=2) == Appended(stored=0, duplicates=0)
    assert (store.predictions("taxi").height, store.count("taxi")) == (3, 1)


def test_a_new_feature_is_null_in_older_rows(store):
    """Versions may differ in their features."""
    store.append_predictions("taxi", predicted("a", miles=1.0), batch=1)
    store.append_predictions("taxi", predicted("b", zone="A"), batch=2)
    rows = store.predictions("taxi")
    assert rows.sort("prediction_id").select("x_miles", "x_zone").rows() == [(1.0, None), (None, "A")]


def test_labels_are_joined(store):
    """Each prediction, shadows too, has its label, or null where none has come."""
    rows = pl.concat([predicted("a", "b"), predicted("a", version=2, role="shadow")])
    store.append_predictions("taxi", rows, batch=1)
    assert store.labelled("taxi")["label"].to_list() == [None] * 3
    assert store.append_labels("taxi", labels("a", label=7.0), batch=2) == Appended(stored=1, duplicates=0)
    joined = store.labelled("taxi")
    assert joined.select("prediction_id", "version", "label", "label_time").rows() == [
        ("a", 1, 7.0, START + DAY),
        ("a", 2, 7.0, START + DAY),
        ("b", 1, None, None),
    ]
    assert store.labelled("taxi", version=2)["label"].to_list() == [7.0]


def test_the_last_label_wins(store):
    """Corrections are kept; the last by (label_time, received_at) counts, in whatever order they came."""
    store.append_predictions("taxi", predicted("a"), batch=1)
    corrections = [(3.0, 2, 2.5), (1.0, 1, 9), (4.0, 2, 3), (2.0, 2, 2)]
    for number, (label, day, received) in enumerate(corrections, start=2):
        store.append_labels("taxi", labels("a", label=label, day=day, received=received), batch=number)
    assert store.labelled("taxi")["label"].to_list() == [4.0]


def test_the_same_label_is_stored_once(store):
    """Sent again, in the batch or later, it is a duplicate; another value or time is a correction."""
    sent = pl.concat([labels("a"), labels("a"), labels("a", label=2.0), labels("a", day=2)])
    assert store.append_labels("taxi", sent, batch=1) == Appended(stored=3, duplicates=1)
    assert store.append_labels("taxi", labels("a", received=5), batch=2) == Appended(stored=0, duplicates=1)
    assert store.append_labels("taxi", sent, batch=1) == Appended(stored=3, duplicates=1, already=True)


def test_labels_may_come_before_their_predictions(store):
    """They wait, are counted by prediction, and are joined when it comes."""
    store.append_labels("taxi", pl.concat([labels("a", "b"), labels("a", label=2.0)]), batch=1)
    assert store.waiting_labels("taxi") == 2
    store.append_predictions("taxi", predicted("a"), batch=2)
    assert store.waiting_labels("taxi") == 1
    assert store.labelled("taxi")["label"].to_list() == [2.0]


def test_windows_gain_predictions_and_labels(store):
    """Predictions in the window of their event, labels in that of their prediction; of the batches asked for alone."""
    store.append_predictions("taxi", pl.concat([predicted("a", day=0.5), predicted("b", day=3.5)]), batch=1)
    store.append_predictions("taxi", predicted("c", "d", day=5), batch=2)
    store.append_labels("taxi", labels("c", day=9), batch=2)
    assert gained(store, since=0, until=2) == {
        window(0, 1): ((1,), 1),
        window(3, 4): ((1,), 1),
        window(5, 6): ((2,), 3),
    }
    store.append_labels("taxi", labels("a", "nobody", day=9), batch=3)
    assert gained(store, since=2, until=2) == {}
    assert gained(store, since=2, until=3) == {window(0, 1): ((3,), 1)}
    assert gained(store, since=0, until=3)[window(0, 1)] == ((1, 3), 2)
    assert gained(store, since=3, until=3) == {}


def test_shadows_gain_nothing_by_a_label(store):
    """Evidence is of what callers were given."""
    rows = pl.concat([predicted("a"), predicted("a", version=2, role="shadow")])
    store.append_predictions("taxi", rows, batch=1)
    store.append_labels("taxi", labels("a"), batch=2)
    assert gained(store, since=1, until=2) == {window(0, 1): ((2,), 1)}
    assert news(store, since=1, until=2) == [("a", "matured", 1.0)]


def test_a_prediction_that_was_waited_for_is_gained_with_its_label(store):
    """When the label was there first, the prediction's batch brings both."""
    store.append_labels("taxi", labels("a"), batch=1)
    assert gained(store, since=0, until=1) == {}
    store.append_predictions("taxi", predicted("a", day=-0.25), batch=2)
    found = store.gained("taxi", since=Batches(newest=1), until=Batches(newest=2), every=timedelta(hours=6))
    assert [one.window for one in found] == [window(-0.25, 0)]
    assert news(store, since=1, until=2, span=window(-1, 0)) == [("a", "came", 1.0)]


def test_events_before_1970_have_windows(store):
    """The grid reaches back beyond its origin."""
    store.append_predictions("taxi", predicted("a", day=-30_000.5), batch=1)
    assert list(gained(store, since=0, until=1)) == [window(-30_001, -30_000)]


def test_news_are_what_came_and_what_labels_said(store):
    """New predictions with their labels, those that have one now, and those that have another now; nothing else."""
    store.append_predictions("taxi", predicted("a", "b", "c", "d", miles=1.0), batch=1)
    store.append_labels("taxi", labels("b", "c"), batch=1)
    store.append_predictions("taxi", predicted("e", "f", miles=2.0), batch=2)
    store.append_labels(
        "taxi", pl.concat([labels("a", "e"), labels("b", label=3.0, day=2), labels("c", day=0.5)]), batch=2
    )
    assert news(store, since=1, until=2) == [
        ("a", "matured", 1.0),
        ("b", "corrected", 3.0),
        ("e", "came", 1.0),
        ("f", "came", None),
    ]
    rows = store.news("taxi", window(0, 1), since=Batches(newest=1), until=Batches(newest=2))
    assert rows["x_miles"].to_list() == [1.0, 1.0, 2.0, 2.0]
    assert news(store, since=1, until=2, span=window(1, 2)) == []


def test_what_is_not_closed_is_not_told(store):
    """Neither predictions nor labels of a batch that may still grow; they are news when it is closed."""
    store.append_predictions("taxi", predicted("a", "b"), batch=1)
    store.append_predictions("taxi", predicted("c"), batch=2)
    store.append_labels("taxi", labels("a"), batch=2)
    store.append_labels("taxi", labels("b", label=2.0), batch=3)
    half = Batches(newest=3, open=(2,))
    assert list(gained(store, since=1, until=half).values()) == [((3,), 1)]
    assert news(store, since=1, until=half) == [("b", "matured", 2.0)]
    assert store.labelled("taxi", batches=half).select("prediction_id", "label").rows() == [
        ("a", None),
        ("b", 2.0),
    ]
    assert list(gained(store, since=half, until=4).values()) == [((2,), 2)]
    assert news(store, since=half, until=4) == [("a", "matured", 1.0), ("c", "came", None)]


def test_the_newest_event_is_known(store):
    """To the microsecond, whatever came last."""
    tick = timedelta(microseconds=1) / DAY
    store.append_predictions("taxi", predicted("a", day=2 + tick), batch=1)
    store.append_predictions("taxi", predicted("b", day=1), batch=2)
    assert store.last_event("taxi") == START + 2 * DAY + timedelta(microseconds=1)


BATCHES = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.lists(
            st.tuples(
                st.sampled_from("abcd"), st.integers(1, 2), st.sampled_from(["champion", "canary", "shadow"])
            )
        ),
        st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 1), st.integers(0, 1))),
    ),
    max_size=5,
)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batches=BATCHES)
def test_both_stores_agree_whatever_comes(tmp_path_factory, batches):
    """Any sequence of batches, replays and repeats among them, gives the same answers and the same rows."""
    stores = DeltaPredictions(tmp_path_factory.mktemp("lake")), MemoryPredictions()
    for number, rows, said in batches:
        given = pl.concat(
            [predicted(), *(predicted(one, version=version, role=role) for one, version, role in rows)]
        )
        told = pl.concat([labels(), *(labels(one, label=float(label), day=day) for one, label, day in said)])
        one, two = (store.append_predictions("taxi", given, batch=number) for store in stores)
        assert one == two
        one, two = (store.append_labels("taxi", told, batch=number) for store in stores)
        assert one == two
    delta, memory = stores
    keep = ["prediction_id", "version", "role", "batch", "label", "label_time"]
    assert_frame_equal(
        delta.labelled("taxi").select(keep), memory.labelled("taxi").select(keep), check_row_order=False
    )
    since, until = Batches(newest=1), Batches(newest=4, open=(2,))
    assert gained(delta, since=since, until=until) == gained(memory, since=since, until=until)
    keep = ["prediction_id", "version", "role", "batch", "label", "label_time", "news"]
    one, two = (
        store.news("taxi", window(0, 1), since=since, until=until).select(keep) for store in (delta, memory)
    )
    assert_frame_equal(one, two, check_row_order=False)
    assert (delta.count("taxi"), delta.waiting_labels("taxi")) == (
        memory.count("taxi"),
        memory.waiting_labels("taxi"),
    )
