"""Checks that detectors and metrics of one's own keep what keepfit relies on; for the tests of those who write them.

from keepfit.testing import check_detector, check_metric

def test_my_detector():
    check_detector(my_detector)
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import numpy as np
import polars as pl

from keepfit.evaluation.own_losses import RowLosses
from keepfit.monitoring.detector import Detector, Signal
from keepfit.stats.profile import Profile, cells_of, profile_frame

#: Healthy windows that a detector is shown, and the share of them in which it may alarm.
HEALTHY_WINDOWS: Final = 100
FALSE_ALARMS: Final = 0.1

_ROWS: Final = 500


def check_detector(detector: Detector) -> None:
    """Show a detector simulated data, and see that it keeps to the rules.

    It gives signals with finite numbers or NaN and chances between 0 and 1; the same ones when asked again; none that
    alarms when the window is the reference; it changes nothing that it is given; it copes with a window without rows,
    with a single row and with a column that is all null; the sum of two profiles is to it what the rows of both are; and in
    at most a tenth of a hundred healthy windows it alarms.

    Raises:
        AssertionError: naming every rule that it breaks.

    >>> def tail(reference, window):
    ...     for name, column in window.features.items():
    ...         was, now = reference.features[name].nulls / reference.rows, column.nulls / max(window.rows, 1)
    ...         yield Signal(subject=name, value=now - was, threshold=0.2)
    >>> check_detector(tail)
    """
    world = _World()
    rules: dict[str, Callable[[], bool]] = {
        "gives signals, with numbers and chances": lambda: _well_formed(
            detector(world.total, world.window())
        ),
        "says the same when asked again": lambda: _repeats(detector, world),
        "changes nothing that it is given": lambda: _leaves_alone(detector, world),
        "has nothing to say of the reference itself": lambda: not _alarms(detector(world.total, world.total)),
        "copes with a window without rows": lambda: _well_formed(detector(world.total, world.window(0))),
        "copes with a single row": lambda: _well_formed(detector(world.total, world.window(1))),
        "copes with a column of nulls": lambda: _well_formed(detector(world.total, world.nulls())),
        "takes a sum of profiles for the rows of both": lambda: _adds_up(detector, world),
        f"alarms in at most {FALSE_ALARMS:.0%} of healthy windows": lambda: _calm(detector, world),
    }
    _require("detector", rules)


def check_metric(rows: RowLosses, *, task: str = "regression") -> None:
    """Show a metric simulated labels and predictions, and see that it keeps to the rules.

    One finite loss a row; that of a row does not hang on the other rows, nor on their order; a perfect prediction costs no
    more than any other; it changes nothing that it is given; no rows have no losses.

    Raises:
        AssertionError: naming every rule that it breaks.

    >>> check_metric(lambda labels, predictions: np.abs(labels - predictions))
    """
    rng = np.random.default_rng(0)
    labels = rng.normal(5, 2, _ROWS) if task == "regression" else rng.integers(0, 2, _ROWS).astype(float)
    predictions = labels + rng.normal(0, 1, _ROWS) if task == "regression" else rng.random(_ROWS)
    order, half = rng.permutation(_ROWS), _ROWS // 2
    given = labels.copy(), predictions.copy()

    def same(found: np.ndarray, expected: np.ndarray) -> bool:
        return bool(np.allclose(found, expected, rtol=1e-9, atol=1e-12))

    rules: dict[str, Callable[[], bool]] = {
        "gives one finite loss a row": lambda: (
            rows(labels, predictions).shape == (_ROWS,) and bool(np.isfinite(rows(labels, predictions)).all())
        ),
        "judges a row by itself": lambda: same(
            rows(labels[:half], predictions[:half]), rows(labels, predictions)[:half]
        ),
        "does not hang on the order of rows": lambda: same(
            rows(labels[order], predictions[order]), rows(labels, predictions)[order]
        ),
        "holds no other prediction better than a perfect one": lambda: bool(
            (rows(labels, labels) <= rows(labels, predictions) + 1e-12).all()
        ),
        "changes nothing that it is given": lambda: (
            np.array_equal(given[0], labels) and np.array_equal(given[1], predictions)
        ),
        "copes with no rows": lambda: rows(labels[:0], predictions[:0]).shape == (0,),
    }
    _require("metric", rules)


class _World:
    """A reference of two numbers and a category, and healthy windows of it; simulated."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)
        reference = self.rows(20 * _ROWS)
        self.cells = cells_of(reference, ["amount", "age"], ["kind"])
        self.total = profile_frame(reference, self.cells)

    def rows(self, n: int) -> pl.DataFrame:
        """Rows of the world, a twentieth of the ages null."""
        age = self._rng.normal(40, 12, n)
        return pl.DataFrame(
            {
                "amount": self._rng.lognormal(3, 1, n),
                "age": pl.Series(np.where(self._rng.random(n) < 0.05, np.nan, age)).fill_nan(None),
                "kind": self._rng.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1]),
            }
        )

    def window(self, n: int = _ROWS) -> Profile:
        """The profile of a healthy window."""
        return profile_frame(self.rows(n), self.cells)

    def nulls(self) -> Profile:
        """The profile of a window whose amounts are all null."""
        rows = self.rows(_ROWS).with_columns(amount=pl.lit(None, pl.Float64))
        return profile_frame(rows, self.cells)


def _well_formed(signals: Iterable[Signal]) -> bool:
    return all(
        isinstance(one, Signal) and not np.isinf(one.value) and (one.p is None or 0 <= one.p <= 1)
        for one in signals
    )


def _alarms(signals: Iterable[Signal]) -> bool:
    """As the check of a window would have it, with no other test beside them."""
    found = list(signals)
    return any(one.value > one.threshold and (one.p is None or one.p <= 0.02 / len(found)) for one in found)


def _repeats(detector: Detector, world: _World) -> bool:
    window = world.window()
    first, second = (list(detector(world.total, window)) for _ in range(2))
    return len(first) == len(second) and all(_same(a, b) for a, b in zip(first, second, strict=True))


def _same(one: Signal, other: Signal) -> bool:
    """Equal, NaN being equal to itself."""
    return repr(one) == repr(other)


def _leaves_alone(detector: Detector, world: _World) -> bool:
    rows = world.rows(_ROWS)
    given, kept = (profile_frame(rows, world.cells) for _ in range(2))
    list(detector(world.total, given))
    return given == kept


def _adds_up(detector: Detector, world: _World) -> bool:
    rows = world.rows(2 * _ROWS)
    parts = [profile_frame(rows[:_ROWS], world.cells), profile_frame(rows[_ROWS:], world.cells)]
    whole = profile_frame(rows, world.cells)
    one, other = (list(detector(world.total, profile)) for profile in (whole, parts[0] + parts[1]))
    return len(one) == len(other) and all(
        a.subject == b.subject and bool(np.isclose(a.value, b.value, rtol=1e-6, equal_nan=True))
        for a, b in zip(one, other, strict=True)
    )


def _calm(detector: Detector, world: _World) -> bool:
    alarmed = sum(_alarms(detector(world.total, world.window())) for _ in range(HEALTHY_WINDOWS))
    return alarmed <= FALSE_ALARMS * HEALTHY_WINDOWS


def _require(what: str, rules: Mapping[str, Callable[[], bool]]) -> None:
    broken = [problem for rule, holds in rules.items() if (problem := _problem(rule, holds))]
    if broken:
        raise AssertionError(f"the {what} breaks {len(broken)} of {len(rules)} rules:\n" + "\n".join(broken))


def _problem(rule: str, holds: Callable[[], bool]) -> str:
    try:
        return "" if holds() else f"- it {rule}: it does not"
    except Exception as error:  # noqa: BLE001 - somebody else's code may raise anything
        return f"- it {rule}: {type(error).__name__}: {error}"
