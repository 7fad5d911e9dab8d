"""The retrain decision: pure, with its reason, "hold" included."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from keepfit.clock import say_duration
from keepfit.monitoring.finding import Fault
from keepfit.retraining.policy import Decay, Drift, Every, Retrain


class Action(StrEnum):
    """Train, or not now."""

    RETRAIN = "retrain"
    HOLD = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the decision rests on.

    Attributes:
        has_champion: something is released.
        last_training: when the last training ran, whatever came of it.
        busy: why nothing can be started now (a training runs, a version is on its way); empty otherwise.
        decay: what says that there is loss which no broken feed explains; empty otherwise.
        bad_release: what says that the loss began with a release; empty otherwise.
        faults: rows that broken feeds mark.
        broken: what says that a feed is broken; empty otherwise.
        broken_for: how long it has been, since the incident was opened; that of the newest one when there are several.
        drifting_for: how long inputs have drifted without a break.
        blind: no labels tell how good the predictions are.
    """

    has_champion: bool
    last_training: datetime | None
    busy: str = ""
    decay: str = ""
    bad_release: str = ""
    faults: tuple[Fault, ...] = ()
    broken: str = ""
    broken_for: timedelta = timedelta(0)
    drifting_for: timedelta = timedelta(0)
    blind: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainDecision:
    """Retrain or hold, and why.

    Attributes:
        exclude: rows to leave out of the training: a model is never trained on what a broken feed wrote.
    """

    action: Action
    why: str
    exclude: tuple[Fault, ...] = ()


def _hold(why: str) -> RetrainDecision:
    return RetrainDecision(action=Action.HOLD, why=why)


def decide(policy: Retrain, situation: Situation, *, now: datetime) -> RetrainDecision:
    """Whether to retrain now.

    >>> from datetime import UTC
    >>> nothing = Situation(has_champion=False, last_training=None)
    >>> decide(Retrain(), nothing, now=datetime(2020, 2, 1, tzinfo=UTC)).why
    'nothing is released yet'
    """
    if not situation.has_champion:
        return _hold("nothing is released yet")
    reason = _reason(policy, situation, now)
    if reason is None:
        return _hold("nothing calls for it")
    blocked = _blocked(policy, situation, now)
    if blocked:
        return _hold(f"{reason}; held: {blocked}")
    return RetrainDecision(action=Action.RETRAIN, why=reason, exclude=_left_out(policy, situation))


def _left_out(policy: Retrain, situation: Situation) -> tuple[Fault, ...]:
    """Rows not to learn from: values that a feed made up, always; nulls, as long as somebody may repair the feed."""
    repairable = situation.broken_for < policy.patience_span
    return tuple(fault for fault in situation.faults if fault.kind == "value" or repairable)


def _reason(policy: Retrain, situation: Situation, now: datetime) -> str | None:
    for trigger in policy.on:
        match trigger:
            case Decay() if situation.decay:
                return situation.decay
            case Drift(lasting=lasting) if situation.blind and situation.drifting_for >= lasting:
                return f"inputs have drifted for {say_duration(situation.drifting_for)} and no labels tell what it costs"
            case Every(period=period) if _age(situation, now) >= period:
                return f"the last training is {say_duration(period)} old"
    return None


def _age(situation: Situation, now: datetime) -> timedelta:
    return now - situation.last_training if situation.last_training else timedelta(0)


def _blocked(policy: Retrain, situation: Situation, now: datetime) -> str | None:
    if situation.busy:
        return situation.busy
    if situation.bad_release:
        return f"the loss began with a release: {situation.bad_release}"
    if situation.last_training is not None and _age(situation, now) < policy.pause:
        until = situation.last_training + policy.pause
        return f"the cooldown lasts until {until:%Y-%m-%d %H:%M} UTC"
    if situation.broken and not situation.decay and situation.broken_for < policy.patience_span:
        return f"a model is never retrained on a broken feed: {situation.broken}"
    if any(fault.kind == "all" for fault in situation.faults):
        return f"every row is touched by a broken feed: {situation.broken}"
    return None
