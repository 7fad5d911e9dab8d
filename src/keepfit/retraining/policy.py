"""When a model is retrained, and on which rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from keepfit.clock import parse_duration, say_duration


@dataclass(frozen=True, slots=True, kw_only=True)
class Decay:
    """Retrain when the champion's realised loss is surely above what is tolerated.

    What it should be is an expectation, not the last result: the held-out loss of the model's first released
    version, or `expected`. A release never loosens it, so a bad version cannot make itself the norm.

    Args:
        tolerance: how far above the expectation, relative, is too far.
        over: the stretch of time whose labelled predictions are summed.
        expected: the loss that the model must hold, in the metric's own unit.
        min_rows: fewer labelled rows than this tell nothing.
    """

    tolerance: float = 0.10
    over: timedelta = timedelta(days=7)
    expected: float | None = None
    min_rows: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Retrain when inputs have drifted for this long and no labels can tell whether it does harm.

    Drift without loss is watched, not retrained: with labels, `Decay` decides.
    """

    lasting: timedelta = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """Retrain when the last training is this long ago."""

    period: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """Train on the newest labelled rows.

    How far back is best changes: after a break in the world the few rows since then teach more than the many before,
    in quiet times more rows teach more. With several spans a model is fitted on each, and the one that does
    best on the held-out rows is the candidate.

    Args:
        spans: how far back, one or a few.
        test: how much of it, the newest, is held out to choose and to judge; a fifth of the shortest span when None.
    """

    spans: tuple[timedelta, ...]
    test: timedelta | None = None

    @property
    def test_span(self) -> timedelta:
        """The stretch that is held out."""
        return self.test if self.test is not None else min(self.spans) / 5

    @property
    def says(self) -> str:
        """In words."""
        return f"the last {' or '.join(say_duration(span) for span in self.spans)} of labelled rows"


Trigger = Decay | Drift | Every


def decay(
    *,
    tolerance: float = 0.10,
    over: str | timedelta = "7d",
    expected: float | None = None,
    min_rows: int = 100,
) -> Decay:
    """A trigger: the realised loss is clearly above the expected one. See `Decay`."""
    return Decay(tolerance=tolerance, over=parse_duration(over), expected=expected, min_rows=min_rows)


def drift(lasting: str | timedelta = "3d") -> Drift:
    """A trigger: inputs drifted, and no labels to tell whether it does harm. See `Drift`."""
    return Drift(lasting=parse_duration(lasting))


def every(period: str | timedelta) -> Every:
    """A trigger: the last training is this long ago."""
    return Every(period=parse_duration(period))


def last(*spans: str | timedelta, test: str | timedelta | None = None) -> Last:
    """Which rows to train on: the newest; with several spans, those that prove best. See `Last`.

    Raises:
        ValueError: no span is given, or the held-out stretch is empty, or not shorter than each of them.
    """
    chosen = Last(
        spans=tuple(parse_duration(span) for span in spans),
        test=None if test is None else parse_duration(test),
    )
    if not spans or not timedelta(0) < chosen.test_span < min(chosen.spans):
        raise ValueError(
            "name how far back to train, longer than what is held out: kf.last('21d', test='3d')"
        )
    return chosen


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrain:
    """When a model is retrained, and on which rows.

    Args:
        on: triggers; any one is enough.
        train_on: the rows.
        cooldown: at least this long between two trainings, whatever their outcome.
        patience: how long a broken feed holds a scheduled retrain. Nobody having repaired it by then, its rows are taken
            as the world that the model lives in, without the values that the feed made up.
        timeout: a training that takes longer is killed and counts as failed.
    """

    on: Sequence[Trigger] = ()
    train_on: Last = Last(spans=(timedelta(days=30),))
    cooldown: str | timedelta = "7d"
    patience: str | timedelta = "14d"
    timeout: str | timedelta = "1h"

    def __post_init__(self) -> None:
        object.__setattr__(self, "on", tuple(self.on))
        object.__setattr__(self, "cooldown", parse_duration(self.cooldown))
        object.__setattr__(self, "patience", parse_duration(self.patience))
        object.__setattr__(self, "timeout", parse_duration(self.timeout))

    @property
    def pause(self) -> timedelta:
        """The cooldown."""
        return parse_duration(self.cooldown)

    @property
    def patience_span(self) -> timedelta:
        """How long a broken feed holds a scheduled retrain."""
        return parse_duration(self.patience)

    @property
    def decay(self) -> Decay | None:
        """The decay trigger, when there is one."""
        return next((trigger for trigger in self.on if isinstance(trigger, Decay)), None)
