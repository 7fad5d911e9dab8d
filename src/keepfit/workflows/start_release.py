"""Judge a candidate's gates and put it on its way to champion."""

from dataclasses import replace
from datetime import datetime

from keepfit.definition import Model
from keepfit.errors import ReleaseError
from keepfit.registry.model_version import ModelVersion
from keepfit.release.gates import judge, passed, summary
from keepfit.release.record import ReleaseRecord, ReleaseState
from keepfit.workflows.ports import Ports
from keepfit.workflows.publish_release import reconcile, save_and_publish
from keepfit.workflows.record_decision import record_decision

#: What an ask that a crash cut short may have come to.
_FORCED = frozenset({ReleaseState.WATCHED, ReleaseState.DONE})
_ASKED = _FORCED | {ReleaseState.ROLLING_OUT, ReleaseState.REFUSED}


def start_release(
    ports: Ports,
    model: Model,
    version: ModelVersion,
    *,
    now: datetime,
    actor: str,
    forced_by: str = "",
    why: str = "",
) -> ReleaseRecord:
    """Judge the gates; refuse the candidate, or begin its rollout (champion at once when no stage is declared).

    Args:
        ports: stores and effects.
        model: the definition, with the release policy.
        version: the candidate.
        now: the moment.
        actor: who asks.
        forced_by: who takes the responsibility of passing by the gates; empty when they decide. The version
            is then champion at once, but watched like any other.
        why: the reason to record when forced.

    Returns:
        The release; that which is under way when the version is on its way already, so that asking again
        after a crash goes on with what was begun.

    Raises:
        ReleaseError: the version is champion already.
    """
    begun = _begun(ports, model, version, now=now, actor=actor, forced=bool(forced_by))
    if begun is not None:
        return begun
    results = judge(model.release.gates, ports.files.trial(version))
    action = "force" if forced_by else ("pass" if passed(results) else "block")
    reason = f"forced by {forced_by}: {why or 'no reason given'}" if forced_by else summary(results)
    detail = {
        "version": version.number,
        "gates": [{"gate": one.gate, "passed": one.passed, "says": one.says} for one in results],
    }
    record_decision(
        ports,
        model.name,
        kind="gates",
        action=action,
        why=reason,
        now=now,
        detail=detail,
        about=f"version {version.number}",
    )
    release = _release(ports, version, now, forced_by, reason)
    if action == "block":
        return save_and_publish(ports, model, replace(release, state=ReleaseState.REFUSED), actor=actor)
    _supersede(ports, model, release, actor)
    if forced_by:
        return promote(ports, model, release, now=now, actor=actor)
    return enter_stage(ports, model, release, now=now, actor=actor)


def enter_stage(
    ports: Ports, model: Model, release: ReleaseRecord, *, now: datetime, actor: str
) -> ReleaseRecord:
    """Begin the release's present stage, or promote the candidate when no stage is left.

    A first release has no champion to stand beside: it is promoted at once.
    """
    if release.incumbent is None or release.stage >= len(model.release.rollout):
        return promote(ports, model, release, now=now, actor=actor)
    return save_and_publish(ports, model, release, actor=actor)


def promote(
    ports: Ports, model: Model, release: ReleaseRecord, *, now: datetime, actor: str
) -> ReleaseRecord:
    """Make the candidate champion; the former one stays in its shadow while it is watched."""
    state = ReleaseState.WATCHED if release.incumbent is not None else ReleaseState.DONE
    return save_and_publish(
        ports, model, replace(release, state=state, stage=-1, stage_since=now), actor=actor
    )


def _begun(
    ports: Ports, model: Model, version: ModelVersion, *, now: datetime, actor: str, forced: bool
) -> ReleaseRecord | None:
    """The version's release that was begun already, published to its end; None when there is none to go on with."""
    goes_on = _FORCED if forced else _ASKED
    finished = reconcile(ports, model, actor=actor)
    known = [one for one in finished if one.candidate == version.number and one.state in goes_on]
    known += [
        one for one in ports.releases.releases(model.name) if one.id == _id(version, now, forced=forced)
    ]
    if known:
        return known[0]
    if ports.releases.route(model.name).champion == version.number:
        raise ReleaseError(f"version {version.number} of '{model.name}' is champion already")
    active = ports.releases.active(model.name)
    return active if active is not None and active.candidate == version.number and not forced else None


def _id(version: ModelVersion, now: datetime, *, forced: bool) -> str:
    return f"{version.ref}/{now:%Y%m%dT%H%M%S.%f}{'/forced' if forced else ''}"


def _release(ports: Ports, version: ModelVersion, now: datetime, forced_by: str, why: str) -> ReleaseRecord:
    return ReleaseRecord(
        id=_id(version, now, forced=bool(forced_by)),
        model=version.model,
        candidate=version.number,
        incumbent=ports.releases.route(version.model).champion,
        state=ReleaseState.ROLLING_OUT,
        stage=0,
        stage_since=now,
        started_at=now,
        forced_by=forced_by,
        why=why,
    )


def _supersede(ports: Ports, model: Model, release: ReleaseRecord, actor: str) -> None:
    before = ports.releases.active(model.name)
    if before is None:
        return
    why = f"superseded by version {release.candidate}"
    watched = before.state is ReleaseState.WATCHED
    ended = replace(
        before,
        state=ReleaseState.DONE if watched else ReleaseState.ABORTED,
        stage_since=release.started_at,
        why=why,
    )
    if watched:
        ports.releases.save(ended)
    else:
        save_and_publish(ports, model, ended, actor=actor)
