"""Make a release's state known: aliases and the event first, then the route that servers follow.

The release record is the decision; all that is written here follows from it and can be written again.
It is saved first and the route last, so that after a crash an event that is not there, or a route that differs,
tells that something is missing. Whoever changes a release reconciles first.
"""

from collections.abc import Collection
from dataclasses import replace

from keepfit.definition import Model
from keepfit.registry.lineage import ReleaseEvent, ReleaseEventKind, former_champion
from keepfit.release.fallback import with_fallback
from keepfit.release.policy import Canary, Release
from keepfit.release.record import ReleaseRecord, ReleaseState
from keepfit.release.rollout import route_for
from keepfit.release.routing import Route
from keepfit.workflows.ports import Ports

_KINDS = {
    ReleaseState.WATCHED: ReleaseEventKind.PROMOTED,
    ReleaseState.REFUSED: ReleaseEventKind.REFUSED,
    ReleaseState.ABORTED: ReleaseEventKind.ABORTED,
    ReleaseState.ROLLED_BACK: ReleaseEventKind.ROLLED_BACK,
}


def save_and_publish(ports: Ports, model: Model, release: ReleaseRecord, *, actor: str) -> ReleaseRecord:
    """Record the release's new state, and publish it."""
    ports.releases.save(release)
    _publish(ports, model, release, actor)
    return release


def reconcile(ports: Ports, model: Model, *, actor: str = "keepfit") -> list[ReleaseRecord]:
    """Publish what a crash kept from being published; the releases that it was, oldest first."""
    releases = ports.releases.releases(model.name)
    told = {event.id for event in ports.release_log.events(model.name)}
    # A refusal governs nothing; of the others the newest says how things stand.
    governing = [one for one in releases if one.state is not ReleaseState.REFUSED][-1:]
    missing = [
        one
        for one in releases
        if (one.state is ReleaseState.REFUSED or one in governing)
        and not _is_published(ports, model, one, told)
    ]
    for one in missing:
        _publish(ports, model, one, actor)
    return missing


def _publish(ports: Ports, model: Model, release: ReleaseRecord, actor: str) -> None:
    policy = model.release
    if release.state is ReleaseState.REFUSED:
        _append_event(ports, policy, release, actor)
        return
    route = route_for(release, policy.rollout, ports.releases.route(release.model))
    challenger = release.candidate if release.state is ReleaseState.ROLLING_OUT else None
    ports.registry.set_alias(release.model, "champion", route.champion)
    ports.registry.set_alias(release.model, "challenger", challenger)
    _append_event(ports, policy, release, actor)
    ports.releases.set_route(_as_declared(ports, model, route))


def _as_declared(ports: Ports, model: Model, route: Route) -> Route:
    """With what the model's policies say of the route at any stage."""
    champion, events = route.champion, ports.release_log.events(model.name)
    former = None if champion is None else former_champion(events, champion)
    return replace(with_fallback(route, model.serving, former), split_by=model.release.split_by)


def _is_published(ports: Ports, model: Model, release: ReleaseRecord, told: Collection[str]) -> bool:
    policy = model.release
    kind = _kind(policy, release)
    if kind is not None and _event_id(release, kind) not in told:
        return False
    route = ports.releases.route(release.model)
    wanted = route_for(release, policy.rollout, route)
    return release.state is ReleaseState.REFUSED or _as_declared(ports, model, wanted) == route


def _event_id(release: ReleaseRecord, kind: ReleaseEventKind) -> str:
    return f"{release.id}/{kind.value}/{release.stage}"


def _append_event(ports: Ports, policy: Release, release: ReleaseRecord, actor: str) -> None:
    kind = _kind(policy, release)
    if kind is None:
        return
    kept = release.state in (ReleaseState.WATCHED, ReleaseState.DONE)
    event = ReleaseEvent(
        id=_event_id(release, kind),
        model=release.model,
        at=release.stage_since,
        kind=kind,
        actor=(release.forced_by or actor) if kept else actor,
        version=release.candidate,
        champion_before=release.candidate if kind is ReleaseEventKind.ROLLED_BACK else release.incumbent,
        champion_after=release.candidate if kept else release.incumbent,
        why=release.why,
    )
    ports.release_log.append(event)
    _tell(ports, event)


def _kind(policy: Release, release: ReleaseRecord) -> ReleaseEventKind | None:
    match release.state:
        case ReleaseState.ROLLING_OUT:
            return _stage_kind(policy, release.stage)
        case ReleaseState.DONE:
            return ReleaseEventKind.PROMOTED if release.incumbent is None else None
        case state:
            return _KINDS[state]


def _stage_kind(policy: Release, stage: int) -> ReleaseEventKind | None:
    if stage >= len(policy.rollout):
        return None  # it was taken out of the policy meanwhile: the next decision moves on
    return ReleaseEventKind.CANARY if isinstance(policy.rollout[stage], Canary) else ReleaseEventKind.SHADOW


def _tell(ports: Ports, event: ReleaseEvent) -> None:
    ports.tell(f"{event.model}: version {event.version} {event.kind.value}: {event.why}", event.at)
