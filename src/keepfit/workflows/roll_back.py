"""Roll back by hand: make an earlier version champion again."""

from dataclasses import replace
from datetime import datetime

from keepfit.definition import Model
from keepfit.errors import ReleaseError
from keepfit.registry.lineage import former_champion
from keepfit.release.record import ReleaseRecord, ReleaseState
from keepfit.workflows.ports import Ports
from keepfit.workflows.publish_release import reconcile, save_and_publish


def roll_back(
    ports: Ports, model: Model, *, now: datetime, actor: str, why: str, to: int | None = None
) -> ReleaseRecord:
    """Make version `to` champion again; when None, the one that the present champion took over from.

    Asked again after a crash, it goes on with the rollback that was begun.

    Raises:
        ReleaseError: there is no champion, or none before it.
        NotFoundError: there is no version `to`.
    """
    for finished in reconcile(ports, model, actor=actor):
        if finished.state is ReleaseState.ROLLED_BACK and to in (None, finished.incumbent):
            return finished
    route = ports.releases.route(model.name)
    if route.champion is None:
        raise ReleaseError(
            f"'{model.name}' has no champion to roll back from", hint=f"run: keepfit train {model.name}"
        )
    target = to if to is not None else _former(ports, model.name, route.champion)
    ports.registry.version(model.name, target)
    if target == route.champion:
        raise ReleaseError(f"version {target} of '{model.name}' is champion already")
    active = ports.releases.active(model.name)
    if active is not None and active.candidate != route.champion:
        aborted = replace(
            active, state=ReleaseState.ABORTED, stage_since=now, why=f"rolled back by hand: {why}"
        )
        save_and_publish(ports, model, aborted, actor=actor)
    watched = active if active is not None and active.candidate == route.champion else None
    release = ReleaseRecord(
        id=watched.id if watched else f"{model.name}@{route.champion}/rollback/{now:%Y%m%dT%H%M%S.%f}",
        model=model.name,
        candidate=route.champion,
        incumbent=target,
        state=ReleaseState.ROLLED_BACK,
        stage=-1,
        stage_since=now,
        started_at=watched.started_at if watched else now,
        forced_by="",
        why=why,
    )
    return save_and_publish(ports, model, release, actor=actor)


def _former(ports: Ports, model: str, champion: int) -> int:
    former = former_champion(ports.release_log.events(model), champion)
    if former is None:
        raise ReleaseError(
            f"'{model}' had no other champion before version {champion}", hint="name one with --to N"
        )
    return former
