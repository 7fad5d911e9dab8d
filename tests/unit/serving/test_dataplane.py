"""From a batch to an answer, with everything recorded before it is given."""

import threading
from dataclasses import replace
from datetime import timedelta
from time import perf_counter
from types import SimpleNamespace

import pytest

from keepfit.clock import EPOCH
from keepfit.errors import ArtifactError, CaptureError, NotFoundError, RequestError
from keepfit.predictions.frames import predictions_table
from keepfit.registry.signature import Feature, Kind
from keepfit.serving.readiness import Spool
from keepfit.serving.refusals import NotReadyError, PredictionFailedError
from keepfit.serving.request import of_mapping
from keepfit.serving.surroundings import Surroundings
from keepfit.serving.telemetry import Telemetry
from keepfit.serving.telemetry_snapshot import Count


def fail(_matrix):
    raise RuntimeError("no such zone")


def test_an_answer_was_recorded_before_it_was_given(world, batch):
    """With what was asked, what was answered, by whom and when."""
    result = world.plane().infer("taxi", batch(2, borough=["queens", None]), request_id="r")
    assert result.predictions.tolist() == [100.0, 101.0]
    assert (result.ids, result.versions, result.output, result.champion) == (
        ["r:0", "r:1"],
        [1, 1],
        "minutes",
        1,
    )
    table = predictions_table(world.frames)
    assert table["prediction"].to_list() == [100.0, 101.0]
    assert table["x_miles"].to_list() == [0.0, 1.0]
    assert table["c_borough"].to_list() == ["queens", None]
    assert (
        table["received_at"].dt.to_string("iso:strict").to_list() == ["2020-01-31T12:00:00.000000+00:00"] * 2
    )


def test_a_request_without_an_id_gets_one(world, batch):
    """Each its own."""
    plane = world.plane()
    first, second = (plane.infer("taxi", batch(1)).request_id for _ in range(2))
    assert first.startswith("req-")
    assert first != second


def test_shadows_answer_for_the_record_only(world, batch):
    """Their rows are there, the counts and the reply know nothing of them."""
    world.release(1, shadows=(2,))
    result = world.plane().infer("taxi", batch(2))
    assert result.versions == [1, 1]
    served, shadow = world.frames
    assert (served.role, served.received) == (["champion"] * 2, 2)
    assert (shadow.role, shadow.version, shadow.prediction, shadow.received) == (
        ["shadow"] * 2,
        [2, 2],
        [200.0, 201.0],
        0,
    )


def test_a_shadow_that_fails_hurts_nobody(world, batch):
    """Its failure is recorded."""
    world.version(2, predict=fail)
    world.release(1, shadows=(2,))
    assert world.plane().infer("taxi", batch(1)).predictions.tolist() == [100.0]
    assert world.frames[1].error == ["RuntimeError: no such zone"]


def test_a_slow_shadow_does_not_hold_the_reply(world, batch):
    """The reply is there while the shadow still thinks; its record comes in the end."""
    gate = threading.Event()

    def think(matrix):
        gate.wait(10)
        return matrix[:, 0]

    world.version(2, predict=think)
    world.release(1, shadows=(2,))
    plane = world.plane(shadows_waiting=4)
    plane.infer("taxi", batch(1))
    assert len(world.frames) == 1
    gate.set()
    plane.flush()
    assert world.frames[1].role == ["shadow"]
    plane.close()


def test_a_shadow_with_a_feature_that_nobody_sends_is_recorded_as_failed(world, signature, batch):
    """It says which; once callers send it, the shadow answers."""
    fare = Feature("fare", Kind.NUMBER)
    world.version(2, signature=replace(signature, features=(*signature.features, fare)))
    world.release(1, shadows=(2,))
    plane = world.plane()
    plane.infer("taxi", batch(1))
    assert "no column 'fare'" in world.frames[1].error[0]
    plane.infer("taxi", batch(1, fare=[7.0]))
    assert world.frames[3].prediction == [200.0]


def test_a_champion_that_fails_is_recorded_and_told(world, batch):
    """The rows are there with their error, in the role `failed`, and are no predictions that were received."""
    world.version(1, predict=fail)
    with pytest.raises(PredictionFailedError, match="version 1 of 'taxi' failed"):
        world.plane().infer("taxi", batch(2))
    (frame,) = world.frames
    assert (frame.prediction, frame.error) == ([None] * 2, ["RuntimeError: no such zone"] * 2)
    assert (frame.role, frame.received) == (["failed"] * 2, 0)


def roles(frames, version):
    """What a version did with each prediction, in the order of their ids."""
    pairs = [
        (name, role)
        for frame in frames
        for name, role, number in zip(frame.prediction_id, frame.role, frame.version, strict=True)
        if number == version
    ]
    return sorted(pairs)


def test_shadows_try_only_the_rows_that_they_did_not_serve(world, batch):
    """While a canary runs, each version answers every row once: for the caller, or else for the record."""
    world.release(1, canary=2, percent=40.0, shadows=(1, 2))
    result = world.plane().infer("taxi", batch(40), request_id="r")
    assert set(result.versions) == {1, 2}
    for version, part in ((1, "champion"), (2, "canary")):
        expected = {
            name: part if served == version else "shadow"
            for name, served in zip(result.ids, result.versions, strict=True)
        }
        assert roles(world.frames, version) == sorted(expected.items())
    assert sum(frame.received for frame in world.frames) == 40


def test_a_champion_among_its_shadows_is_not_asked_twice(world, batch):
    """Watched after its promotion, it served every row: only the former champion is left to try."""
    world.release(2, shadows=(1, 2))
    assert world.plane().infer("taxi", batch(2)).versions == [2, 2]
    assert [(frame.version, frame.role) for frame in world.frames] == [
        ([2, 2], ["champion"] * 2),
        ([1, 1], ["shadow"] * 2),
    ]


def test_a_failed_canary_is_recorded_as_failed_and_its_rows_are_the_champions(world, batch):
    """It is not tried again as a shadow on these rows, and the ledger counts what the caller was given."""
    world.version(2, predict=fail)
    world.release(1, canary=2, percent=40.0, shadows=(1, 2))
    result = world.plane().infer("taxi", batch(40), request_id="r")
    assert result.versions == [1] * 40
    assert [role for _, role in roles(world.frames, 1)] == ["champion"] * 40
    assert [role for _, role in roles(world.frames, 2)] == ["failed"] * 40
    assert sum(frame.received for frame in world.frames) == 40


def test_a_failed_champion_is_not_asked_again_as_its_own_shadow(world, batch):
    """The other version still answers for the record; nobody was given anything."""
    world.version(1, predict=fail)
    world.release(1, shadows=(1, 2))
    with pytest.raises(PredictionFailedError):
        world.plane().infer("taxi", batch(1))
    assert [(frame.version, frame.role) for frame in world.frames] == [([1], ["failed"]), ([2], ["shadow"])]
    assert sum(frame.received for frame in world.frames) == 0


def test_a_full_disk_does_not_take_the_model_away(world, batch):
    """Callers are answered; the problem is told, and the loss counted."""
    plane = world.plane()
    world.full = True
    assert plane.infer("taxi", batch(2)).predictions.tolist() == [100.0, 101.0]
    assert [one.reason for one in plane.problems()] == ["not recorded: there is no room"]
    world.full = False
    plane.infer("taxi", batch(1))
    assert (world.frames[0].received, world.frames[0].dropped) == (3, 2)
    assert plane.problems() == ()


def test_a_request_under_way_finishes_on_the_version_it_began_with(world, batch):
    """The routes change while the model thinks; the answer is the old version's, and says so."""
    planes = []

    def swap_meanwhile(matrix):
        world.release(2)
        planes[0].refresh()
        return matrix[:, 0]

    world.version(1, predict=swap_meanwhile)
    planes.append(world.plane())
    assert planes[0].infer("taxi", batch(1)).versions == [1]
    assert planes[0].infer("taxi", batch(1)).versions == [2]


@pytest.mark.parametrize(("version", "role"), [(1, "champion"), (2, "canary"), (3, "shadow")])
def test_a_version_can_be_asked_by_its_number(world, batch, version, role):
    """Whatever its share; it is recorded as the part that it plays."""
    world.version(3)
    world.release(1, canary=2, percent=0.001, shadows=(3,))
    result = world.plane().infer("taxi", batch(1), version=version)
    assert result.versions == [version]
    assert [one.role for one in world.frames] == [[role]]


def test_a_version_that_is_not_served_is_not_found(world, batch):
    """With those that are."""
    with pytest.raises(NotFoundError, match="version 7 of 'taxi' is not being served") as caught:
        world.plane().infer("taxi", batch(1), version=7)
    assert caught.value.hint == "there are: 1"


def test_unknown_and_unreleased_models_are_told_apart(world, batch):
    """One is a mistake, the other wants patience."""
    world.release(None)
    plane = world.plane()
    with pytest.raises(NotFoundError, match="unknown model 'bus'"):
        plane.infer("bus", batch(1))
    with pytest.raises(NotReadyError, match="has no released version yet"):
        plane.infer("taxi", batch(1))


def test_a_wrong_request_is_not_recorded(world, batch):
    """It was no prediction."""
    with pytest.raises(RequestError, match="row 0"):
        world.plane().infer("taxi", batch(1, miles=["far"]))
    assert world.frames == []


def test_labels_are_recorded(world):
    """Known now, where no time is given."""
    plane = world.plane()
    assert plane.label("taxi", ids=["a", 7], values=[12, True], times=["2020-02-02T00:00:00Z", None]) == 2
    (frame,) = world.frames
    assert (frame.prediction_id, frame.label) == (["a", "7"], [12.0, 1.0])
    assert frame.label_time == [1_580_601_600_000_000, 1_580_472_000_000_000]
    assert plane.label("taxi", ids=["b"], values=[1]) == 1


def test_labels_of_a_model_without_a_release_are_taken(world):
    """A label may come before, and for, a version of another server."""
    world.release(None)
    assert world.plane().label("taxi", ids=["a"], values=[1]) == 1


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"ids": ["a"], "values": [1, 2]}, "there are 1 ids and 2 values"),
        ({"ids": ["a"], "values": [1], "times": []}, "give one of each"),
        ({"ids": [], "values": []}, "1 to 100,000 labels, not 0"),
        ({"ids": ["a", "a"], "values": [1, 2]}, "rows 0 and 1 have the same id 'a'"),
        ({"ids": ["a"], "values": ["x"]}, "column 'value', row 0: 'x' is not a number"),
        ({"ids": ["a"], "values": [1], "times": ["soon"]}, "column 'time', row 0"),
    ],
)
def test_wrong_labels_are_named(world, labels, said):
    """As wrong requests are."""
    with pytest.raises(RequestError) as caught:
        world.plane().label("taxi", **labels)
    assert said in str(caught.value)
    assert world.frames == []


def test_labels_that_cannot_be_written_are_given_back(world):
    """Whoever brought them can bring them again, which a caller of predictions cannot."""
    plane = world.plane()
    world.full = True
    with pytest.raises(CaptureError, match="no room"):
        plane.label("taxi", ids=["a"], values=[1])


def test_what_is_served_can_be_asked(world, signature):
    """For metadata."""
    world.release(1, canary=2, percent=5.0)
    plane = world.plane()
    assert plane.models() == ("taxi",)
    assert plane.signature("taxi") == (signature, (1, 2))
    assert plane.is_ready()


def ask(plane, n, *, request_id, **columns):
    """A request of n rows that waits for others."""
    given = {"miles": [float(row) for row in range(n)], "zone": ["bronx"] * n, "hour": [8] * n, **columns}
    return plane.ask("taxi", lambda _accepts: of_mapping(given), request_id=request_id)


def test_requests_that_came_together_are_one_call_and_one_frame(world):
    """Each is given its own rows; the record says with how many others they were answered."""
    calls = []

    def counted(matrix):
        calls.append(len(matrix))
        return 100.0 + matrix[:, 0]

    world.version(1, predict=counted)
    plane = world.plane()
    first, second = plane.answer([ask(plane, 2, request_id="a"), ask(plane, 1, request_id="b")])
    assert (first.predictions.tolist(), first.ids) == ([100.0, 101.0], ["a:0", "a:1"])
    assert (second.predictions.tolist(), second.ids) == ([100.0], ["b"])
    assert calls == [3]
    (frame,) = world.frames
    assert (frame.prediction_id, frame.batch_rows, frame.received) == (["a:0", "a:1", "b"], [3, 3, 3], 3)
    assert all(latency >= 0 for latency in frame.latency_us)


def test_requests_with_other_columns_are_answered_apart_and_in_order(world):
    """Those with context have a frame of their own."""
    plane = world.plane()
    given = [
        ask(plane, 1, request_id="a"),
        ask(plane, 1, request_id="b", borough=["queens"]),
        ask(plane, 1, request_id="c", miles=[5.0]),
    ]
    assert [one.predictions.tolist() for one in plane.answer(given)] == [[100.0], [100.0], [105.0]]
    assert [frame.prediction_id for frame in world.frames] == [["a", "c"], ["b"]]


def test_one_bad_request_fails_alone(world):
    """The others of its batch are answered, and what failed is recorded once."""

    def fails_beyond_eight(matrix):
        if (matrix[:, 0] > 8).any():
            raise RuntimeError("too far")
        return matrix[:, 0]

    world.version(1, predict=fails_beyond_eight)
    plane = world.plane()
    asked = [ask(plane, 1, request_id=str(miles), miles=[miles]) for miles in (1.0, 9.0, 2.0)]
    good, bad, other = plane.answer(asked)
    assert (good.predictions.tolist(), other.predictions.tolist()) == ([1.0], [2.0])
    assert "RuntimeError: too far" in str(bad)
    assert [(frame.prediction_id, frame.role) for frame in world.frames] == [
        (["1.0"], ["champion"]),
        (["9.0"], ["failed"]),
        (["2.0"], ["champion"]),
    ]


def test_a_server_is_ready_when_every_champion_can_answer(world, signature):
    """What a person should see to all the same is a warning: a canary that does not load, a disk that is full."""
    world.artifacts[2] = ArtifactError("altered")
    world.release(1, canary=2, percent=10.0)
    plane = world.plane()
    found = plane.readiness()
    assert found.ready
    assert "altered" in found.warnings[0]
    world.full = True
    plane.infer("taxi", {"miles": [1.0], "zone": ["bronx"], "hour": [8]})
    assert plane.readiness().ready
    assert "answered and not recorded" in plane.readiness().warnings[-1]


def test_a_server_is_not_ready_while_a_champion_cannot_answer(world):
    """It says which, and why."""
    world.artifacts[1] = ArtifactError("altered")
    found = world.plane().readiness()
    assert not found.ready
    assert "altered" in found.reasons[0]


def test_what_is_done_is_counted(world, batch):
    """Rows received and logged, labels, and what a fallback answered."""
    world.version(2, predict=fail)
    world.release(2, previous=1)
    plane = world.plane()
    plane.infer("taxi", batch(3))
    plane.label("taxi", ids=["a", "b"], values=[1, 2])
    found = plane.totals()
    counts = found.counts["taxi"]
    assert (counts[Count.RECEIVED], counts[Count.LOGGED], counts[Count.LABELS]) == (3, 3, 2)
    assert found.fallbacks == {("taxi", 2): (3,)}
    assert [frame.role for frame in world.frames[:1]] == [["failed"] * 3 + ["fallback"] * 3]


def test_what_there_is_beside_it_is_asked(world):
    """The numbers of all workers, and the room that they share."""
    everybody = Telemetry("web-1").snapshot(EPOCH)
    full = Surroundings(totals=lambda: everybody, spool=lambda: Spool(used=10, limit=10, blocks=True))
    plane = world.plane(surroundings=full)
    assert plane.totals() is everybody
    assert not plane.readiness().ready


def test_lanes_that_refuse_make_it_not_ready(world):
    """When they have for longer than that."""
    plane = world.plane(saturated=timedelta(seconds=5))
    plane.lanes.add(SimpleNamespace(waiting_rows=3, is_full=True, full_since=perf_counter() - 6))
    assert "the queue has been full for 6 seconds" in plane.readiness().reasons[0]


def test_events_are_taken_where_there_is_a_place_for_their_halves(world):
    """Elsewhere there is no such path."""
    with pytest.raises(NotFoundError, match="are not taken here"):
        world.plane().observe({}, b"{}", "taxi")


def test_a_drain_that_is_late_is_a_warning(world):
    """Callers are answered all the same."""
    late = Surroundings(drain_lag=lambda: timedelta(minutes=6))
    plane = world.plane(latest_drain=timedelta(minutes=5), surroundings=late)
    found = plane.readiness()
    assert found.ready
    assert "is 6 minutes old: does the drain run?" in found.warnings[0]


def test_what_a_release_is_split_by_may_be_sent_to_any_version(world, batch):
    """Also to one that was trained before anybody named the column; it is recorded."""
    world.release(1, canary=2, percent=50.0, shadows=(1, 2), split_by="customer_id")
    plane = world.plane()
    columns = batch(customer_id=["a", "b", None])
    for version in (None, 1, 2):
        plane.infer("taxi", columns, version=version)
        assert {tuple(frame.context) for frame in world.frames} == {("customer_id",)}
    world.release(1)
    plane.refresh()
    with pytest.raises(RequestError, match="unknown column 'customer_id'"):
        plane.infer("taxi", columns)


def test_both_versions_answer_every_row_of_a_split_canary(world, batch):
    """One for the caller and the other for the record: they are judged on the same rows."""
    world.release(1, canary=2, percent=50.0, shadows=(1, 2), split_by="customer_id")
    ids = [f"t-{row}" for row in range(40)]
    world.plane().infer("taxi", batch(40, trip_id=ids, customer_id=[row % 8 for row in range(40)]))
    answered = {}
    for frame in world.frames:
        for name, version, role in zip(frame.prediction_id, frame.version, frame.role, strict=True):
            answered.setdefault(name, {})[version] = role
    assert all(set(roles) == {1, 2} for roles in answered.values())
    assert {tuple(sorted(roles.items())) for roles in answered.values()} == {
        ((1, "champion"), (2, "shadow")),
        ((1, "shadow"), (2, "canary")),
    }
