"""What a new version must pass, and how it takes over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from keepfit.clock import parse_duration, say_duration


@dataclass(frozen=True, slots=True, kw_only=True)
class BeatsChampion:
    """The candidate's loss on the newest labelled rows must be lower than the champion's on the same rows.

    Without a champion it is held against the best constant instead: a model that learned nothing fails.

    Args:
        by: the least relative improvement: 0.02 is two per cent.
        confidence: how sure that must be, by the paired difference of the losses.
        min_rows: with fewer labelled rows than this the gate blocks: nothing can be told.
    """

    by: float = 0.0
    confidence: float = 0.8
    min_rows: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSliceWorse:
    """No slice of at least `min_rows` rows may be worse than the champion's by more than `by`, at this confidence.

    The slices are those of `Monitor(slices=…)`; without any that is large enough the gate blocks: nothing can be told.
    """

    by: float
    confidence: float = 0.95
    min_rows: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """One prediction of one row must take at most `p99_ms` milliseconds of processor time, 99 times of 100."""

    p99_ms: float


Gate = BeatsChampion | NoSliceWorse | Latency


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """The candidate answers beside the champion, for the record only, for this long."""

    duration: timedelta

    @property
    def says(self) -> str:
        """In words."""
        return f"shadow for {say_duration(self.duration)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """The candidate answers this share of the traffic for this long."""

    percent: float
    duration: timedelta

    @property
    def says(self) -> str:
        """In words."""
        return f"canary of {self.percent:g} % for {say_duration(self.duration)}"


Stage = Shadow | Canary


def beats_champion(*, by: float = 0.0, confidence: float = 0.8, min_rows: int = 100) -> BeatsChampion:
    """A gate: better than the champion on the newest labelled rows. See `BeatsChampion`."""
    return BeatsChampion(by=by, confidence=confidence, min_rows=min_rows)


def no_slice_worse(*, by: float, confidence: float = 0.95, min_rows: int = 50) -> NoSliceWorse:
    """A gate: no slice clearly worse than the champion's by more than `by`. See `NoSliceWorse`."""
    return NoSliceWorse(by=by, confidence=confidence, min_rows=min_rows)


def latency(*, p99_ms: float) -> Latency:
    """A gate: fast enough. See `Latency`."""
    return Latency(p99_ms=p99_ms)


def shadow(duration: str | timedelta) -> Shadow:
    """A stage: beside the champion, for the record only."""
    return Shadow(duration=parse_duration(duration))


def canary(percent: float, duration: str | timedelta) -> Canary:
    """A stage: a share of the traffic, chosen by a hash of the prediction's id, or of the column `Release(split_by=…)`.

    Raises:
        ValueError: `percent` is not between 0 and 100.
    """
    if not 0 < percent < 100:
        raise ValueError(
            f"a canary takes more than 0 and less than 100 per cent of the traffic, not {percent:g}"
        )
    return Canary(percent=percent, duration=parse_duration(duration))


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What a new version must pass, and how it takes over.

    Args:
        gates: judged on the newest labelled rows; every one must pass; one that cannot be judged blocks.
        rollout: stages on the way to champion; none promotes at once.
        watch: after promotion the former champion answers in its shadow for this long, on the same requests,
            and takes over again when it is clearly better.
        worse_by: how much worse than the version it is held against, relative, a new one may be before it is
            aborted or rolled back.
        split_by: the column whose hash tells which rows a canary answers, as in `"customer_id"`: rows of one value all see
            one version. A feature, or a context column; the prediction id when None, and for rows without a value.
    """

    gates: Sequence[Gate] = (BeatsChampion(),)
    rollout: Sequence[Stage] = ()
    watch: str | timedelta = "7d"
    worse_by: float = 0.05
    split_by: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "gates", tuple(self.gates))
        object.__setattr__(self, "rollout", tuple(self.rollout))
        object.__setattr__(self, "watch", parse_duration(self.watch))

    @property
    def watch_span(self) -> timedelta:
        """How long a promoted version is watched."""
        return parse_duration(self.watch)
