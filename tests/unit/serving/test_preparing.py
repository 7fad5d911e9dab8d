"""Loading and warming up the versions of a route."""

import pytest

from keepfit.clock import EPOCH
from keepfit.errors import ArtifactError
from keepfit.release.routing import Route
from keepfit.serving.preparing import Prepared, Preparer, Warmed
from keepfit.serving.telemetry import Telemetry
from keepfit.serving.telemetry_cells import TIME_EDGES_NS, distribution
from keepfit.serving.telemetry_snapshot import Count

ROUTE = Route(model="taxi", generation=1, champion=1, canary=2, percent=10.0, shadows=(1, 3))


def test_what_is_held_is_not_loaded_again(world):
    """It is the very same value."""
    first = Preparer(world).route(ROUTE, {}, frozenset({("taxi", 3)}))
    held = {number: ready for (_, number), ready in first.versions.items()}
    again = Preparer(world).route(ROUTE, held, frozenset({("taxi", 3)}))
    assert world.loads == [("taxi", 1), ("taxi", 2)]
    assert all(again.versions["taxi", number] is held[number] for number in (1, 2))


def test_nothing_is_loaded_after_a_champion_that_failed(world):
    """The route cannot be followed anyhow."""
    world.artifacts[1] = ArtifactError("altered")
    prepared = Preparer(world).route(ROUTE, {})
    assert world.loads == [("taxi", 1)]
    assert prepared == Prepared(failed={("taxi", 1): "version 1 of 'taxi' cannot be loaded: altered"})


def test_the_others_are_loaded_when_a_candidate_fails(world):
    """Each is told of on its own."""
    world.artifacts[2] = ArtifactError("altered")
    world.version(3)
    prepared = Preparer(world).route(ROUTE, {})
    assert sorted(prepared.versions) == [("taxi", 1), ("taxi", 3)]
    assert list(prepared.failed) == [("taxi", 2)]


def test_a_version_that_fails_to_warm_up_is_not_there(world):
    """It loaded, and would have failed on the first request."""

    def refuse(loaded):
        if loaded.version == 2:
            raise ArtifactError("it cannot predict: no")
        return Warmed(batchable=False, row_us=5.0)

    prepared = Preparer(world, refuse).route(Route(model="taxi", generation=1, champion=1, shadows=(2,)), {})
    assert prepared.failed == {("taxi", 2): "version 2 of 'taxi' cannot be loaded: it cannot predict: no"}
    ready = prepared.versions["taxi", 1]
    assert (ready.batchable, ready.row_us) == (False, 5.0)


def test_loads_and_failures_are_counted(world):
    """With how long the former took, the warm-up included."""
    world.artifacts[2] = ArtifactError("altered")
    telemetry = Telemetry("web-0")

    def slow(_loaded):
        sum(range(20_000))
        return Warmed(batchable=True)

    Preparer(world, slow, telemetry).route(ROUTE, {}, frozenset({("taxi", 3)}))
    taken = telemetry.snapshot(EPOCH)
    loads = distribution(taken.loads["taxi"], TIME_EDGES_NS)
    assert loads.count == taken.counted("taxi", Count.LOAD_FAILURES) == 1
    assert loads.total > 20_000


@pytest.mark.parametrize("error", [ValueError(), KeyError("trees")])
def test_a_failure_is_always_told_in_words(world, error):
    """Also one that says nothing."""
    world.artifacts[1] = error
    (reason,) = Preparer(world).route(ROUTE, {}).failed.values()
    assert reason.startswith("version 1 of 'taxi' cannot be loaded: ")
    assert not reason.endswith(": ")
