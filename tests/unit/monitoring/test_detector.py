"""Detectors that users bring."""

import math
from importlib.metadata import EntryPoint

import pytest

from keepfit.monitoring import detector as module
from keepfit.monitoring.detector import Signal, detector_tests
from keepfit.monitoring.finding import Check, Verdict
from keepfit.monitoring.inputs import check_inputs
from keepfit.monitoring.measured import judged
from keepfit.monitoring.policy import Monitor
from keepfit.stats.profile import profile_frame


def _found(signals, reference, world):
    window = profile_frame(world.day(31), reference.cells)
    tests = detector_tests({"mine": lambda _r, _w: signals}, reference.total, window)
    return judged(tests, 0.05)


def test_without_a_chance_the_threshold_decides(world, reference):
    """One above it alarms, one at it does not; the sentence is written from the numbers."""
    found = _found(
        [Signal(subject="miles", value=2.0, threshold=1.0), Signal(subject="fare", value=1.0, threshold=1.0)],
        reference,
        world,
    )
    assert [one.verdict for one in found] == [Verdict.ALARM, Verdict.OK]
    assert found[0].check is Check.CUSTOM
    assert found[0].says == "mine of miles is 2, expected 0, in 300 rows; a change from 1"


def test_with_a_chance_all_tests_are_judged_together(world, reference):
    """A p of .01 is little among a hundred tests."""
    one = Signal(subject="miles", value=2.0, threshold=1.0, p=0.01)
    assert _found([one], reference, world)[0].alarms
    others = [Signal(subject=str(i), value=0.0, threshold=1.0, p=0.5) for i in range(99)]
    assert not any(found.alarms for found in _found([one, *others], reference, world))


@pytest.mark.parametrize(
    "signals", [None, ["no signal"], [Signal(subject="x", value=1.0, threshold=0.0, p=7.0)]]
)
def test_a_detector_that_fails_is_told_and_spoils_nothing(world, reference, signals):
    """Its finding says why; every other check goes on."""
    (found,) = _found(signals, reference, world)
    assert found.verdict is Verdict.INSUFFICIENT_DATA
    assert found.says.startswith("the detector mine failed: ")
    assert math.isnan(found.value)


def test_detectors_run_beside_the_other_checks(world, reference):
    """On the same profiles."""
    window = profile_frame(world.day(31), reference.cells)
    seen = []

    def look(one, other):
        seen.append((one.rows, other.rows))
        return [Signal(subject="miles", value=1.0, threshold=0.0)]

    found = check_inputs(reference, window, Monitor(), detectors={"look": look})
    assert seen == [(9000, 300)]
    assert [one.statistic for one in found if one.alarms] == ["look"]


def test_installed_packages_bring_detectors_by_entry_point(monkeypatch):
    """One that cannot be imported says so when it is asked."""
    points = [
        EntryPoint("good", "keepfit.monitoring.detector:detector_tests", module.GROUP),
        EntryPoint("bad", "keepfit.no_such_module:nothing", module.GROUP),
    ]
    monkeypatch.setattr(module, "entry_points", lambda group: points if group == module.GROUP else [])
    module.installed.cache_clear()
    try:
        found = module.installed()
        assert found["good"] is detector_tests
        with pytest.raises(ImportError, match=r"keepfit\.no_such_module:nothing cannot be imported"):
            found["bad"](None, None)
    finally:
        module.installed.cache_clear()
