"""Stages of a rollout, the watch after it, and the way back: pure decisions over paired evidence."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from keepfit.clock import say_duration
from keepfit.evaluation.comparison import Comparison
from keepfit.release.policy import Canary, Release, Shadow, Stage
from keepfit.release.record import ReleaseRecord, ReleaseState
from keepfit.release.routing import Route

#: How sure it must be that a version is worse before traffic is taken from it. A watch is looked at about
#: seven times, so that three standard errors keep the false rollbacks of a good version near one per cent.
SURE = 0.9987
MIN_ROWS = 100


class Step(StrEnum):
    """What to do with a release under way."""

    WAIT = "wait"
    ADVANCE = "advance"
    ABORT = "abort"
    ROLL_BACK = "roll back"
    FINISH = "finish"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEvidence:
    """What was seen of a candidate since its stage began.

    Attributes:
        answered: predictions that it gave, shadow or served.
        failed: predictions that it could not give.
        comparison: losses beside the version it is held against, on the same labelled rows.
    """

    answered: int = 0
    failed: int = 0
    comparison: Comparison = Comparison()


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutDecision:
    """The step to take, and why."""

    step: Step
    why: str


def decide_stage(
    policy: Release, release: ReleaseRecord, evidence: StageEvidence, *, now: datetime
) -> RolloutDecision:
    """Whether a candidate moves on from its stage: aborted as soon as it is bad, advanced when its time is up."""
    bad = _bad(policy, evidence, f"version {release.candidate}", f"version {release.incumbent}")
    if bad:
        return RolloutDecision(step=Step.ABORT, why=bad)
    if release.stage >= len(policy.rollout):
        return RolloutDecision(step=Step.ADVANCE, why="its stage is no longer part of the rollout")
    stage = policy.rollout[release.stage]
    ends = release.stage_since + stage.duration
    if now < ends:
        return RolloutDecision(step=Step.WAIT, why=f"{stage.says} lasts until {ends:%Y-%m-%d %H:%M} UTC")
    if evidence.answered == 0:
        return RolloutDecision(
            step=Step.WAIT, why=f"{stage.says} is over, but the version was asked nothing yet"
        )
    return RolloutDecision(step=Step.ADVANCE, why=f"{stage.says}: {_seen(evidence)}")


def decide_watch(
    policy: Release, release: ReleaseRecord, evidence: StageEvidence, *, now: datetime
) -> RolloutDecision:
    """Whether a promoted version stays: rolled back as soon as it is clearly worse than the former champion."""
    bad = _bad(policy, evidence, f"version {release.candidate}", f"version {release.incumbent}")
    if bad:
        return RolloutDecision(step=Step.ROLL_BACK, why=bad)
    ends = release.stage_since + policy.watch_span
    if now < ends:
        return RolloutDecision(step=Step.WAIT, why=f"watched until {ends:%Y-%m-%d %H:%M} UTC")
    return RolloutDecision(
        step=Step.FINISH, why=f"kept its place for {say_duration(policy.watch_span)}: {_seen(evidence)}"
    )


def _bad(policy: Release, evidence: StageEvidence, version: str, other: str) -> str | None:
    if evidence.failed:
        return (
            f"{version} failed on {evidence.failed:,} of {evidence.answered + evidence.failed:,} predictions"
        )
    pair = evidence.comparison
    if pair.n < MIN_ROWS or pair.confidence_worse(policy.worse_by) < SURE:
        return None
    by = f" by {pair.relative:.0%}" if pair.incumbent.total else ""
    return (
        f"{version}'s loss {pair.challenger.mean:.3g} is above {other}'s {pair.incumbent.mean:.3g}{by} "
        f"on the same {pair.n:,} labelled rows"
    )


def _seen(evidence: StageEvidence) -> str:
    pair = evidence.comparison
    answered = f"{evidence.answered:,} predictions, none failed"
    if pair.n == 0:
        return f"{answered}; no label has come yet"
    return f"{answered}; loss {pair.challenger.mean:.3g} against {pair.incumbent.mean:.3g} on {pair.n:,} labelled rows"


def route_for(release: ReleaseRecord, stages: Sequence[Stage], route: Route) -> Route:
    """The route that a release under way asks for, from the one in force.

    While both versions are at work each of them answers every request, one for the caller and the other
    for the record, so that they are always compared on the same rows. A stage that was taken out of the
    policy meanwhile leaves the route as it is, until the next decision.
    """
    still = replace(route, canary=None, percent=0.0, shadows=())
    both = tuple(number for number in (release.incumbent, release.candidate) if number is not None)
    match release.state:
        case ReleaseState.ROLLING_OUT if release.stage >= len(stages):
            return route
        case ReleaseState.ROLLING_OUT:
            stage = stages[release.stage]
            match stage:
                case Shadow():
                    return replace(still, champion=release.incumbent, shadows=both)
                case Canary(percent=percent):
                    return replace(
                        still,
                        champion=release.incumbent,
                        canary=release.candidate,
                        percent=percent,
                        shadows=both,
                    )
        case ReleaseState.WATCHED:
            return replace(still, champion=release.candidate, shadows=both)
        case ReleaseState.DONE:
            return replace(still, champion=release.candidate)
        case ReleaseState.ABORTED | ReleaseState.ROLLED_BACK | ReleaseState.REFUSED:
            return replace(still, champion=release.incumbent)
