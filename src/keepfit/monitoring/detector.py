"""Detectors that users and third parties bring: a function of two profiles."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from keepfit.evaluation.wording import chance
from keepfit.monitoring.finding import Check, Finding, Verdict
from keepfit.monitoring.measured import Measured
from keepfit.stats.profile import Profile

#: Where packages announce theirs: `[project.entry-points."keepfit.detectors"]`, `name = "package.module:function"`.
GROUP: Final = "keepfit.detectors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What a detector says of one subject.

    Attributes:
        subject: the column, or whatever it is about.
        value: the statistic.
        threshold: what it must pass to be a change.
        p: the chance of at least `value` when nothing changed, if the detector knows it: it is then judged together with
            all other tests of the window, so that more detectors make no more false alarms. Without, `threshold` decides.
        expected: what the reference lets expect.
        says: one sentence; written from the numbers when empty.
    """

    subject: str
    value: float
    threshold: float
    p: float | None = None
    expected: float = 0.0
    says: str = ""


#: From the profile of the reference and that of a window, in the same cells, to what is to be said.
Detector = Callable[[Profile, Profile], Iterable[Signal]]


@lru_cache(maxsize=1)
def installed() -> Mapping[str, Detector]:
    """The detectors of installed packages, by the name of their entry point.

    One that cannot be imported is there too, and says so whenever it is asked.
    """
    return {one.name: _loaded(one) for one in entry_points(group=GROUP)}


def _loaded(point: EntryPoint) -> Detector:
    try:
        found: Detector = point.load()
    except Exception as error:  # noqa: BLE001 - somebody else's package may raise anything
        why = f"{point.value} cannot be imported: {type(error).__name__}: {error}"
        return lambda _reference, _window: _raise(why)
    return found


def _raise(why: str) -> Iterable[Signal]:
    raise ImportError(why)


def detector_tests(detectors: Mapping[str, Detector], reference: Profile, window: Profile) -> list[Measured]:
    """The tests of every detector. One that raises, or says what is no signal, is told and spoils no other check."""
    return [
        test for name, detector in detectors.items() for test in _tests(name, detector, reference, window)
    ]


def _tests(name: str, detector: Detector, reference: Profile, window: Profile) -> list[Measured]:
    try:
        return [_measured(name, signal, window.rows) for signal in detector(reference, window)]
    except Exception as error:  # noqa: BLE001 - somebody else's code may raise anything
        return [_failed(name, f"{type(error).__name__}: {error}", window.rows)]


def _measured(name: str, signal: Signal, rows: int) -> Measured:
    if signal.p is not None and not 0 <= signal.p <= 1:
        raise ValueError(f"p is {signal.p} for '{signal.subject}', and a chance lies between 0 and 1")
    beyond = signal.value > signal.threshold
    told = "" if signal.p is None else f" ({chance(signal.p)})"
    says = signal.says or (
        f"{name} of {signal.subject} is {signal.value:.4g}{told}, expected {signal.expected:.4g}, in {rows:,} rows; "
        f"a change from {signal.threshold:.4g}"
    )
    alarms = beyond and signal.p is None
    finding = Finding(
        check=Check.CUSTOM,
        subject=signal.subject,
        statistic=name,
        value=float(signal.value),
        expected=float(signal.expected),
        threshold=float(signal.threshold),
        n=rows,
        verdict=Verdict.ALARM if alarms else Verdict.OK,
        says=says,
        p=signal.p,
    )
    return Measured(finding=finding, beyond=beyond, says=says)


def _failed(name: str, why: str, rows: int) -> Measured:
    finding = Finding(
        check=Check.CUSTOM,
        subject=name,
        statistic=name,
        value=math.nan,
        expected=math.nan,
        threshold=math.nan,
        n=rows,
        verdict=Verdict.INSUFFICIENT_DATA,
        says=f"the detector {name} failed: {why}",
    )
    return Measured(finding=finding)
