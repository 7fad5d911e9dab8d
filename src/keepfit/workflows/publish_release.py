"""Make a release's state known: aliases and the event first, then the route that servers follow.

The release record is the decision; all that is written here follows from it and can be written again.
The route comes last, so that after a crash a route that differs tells that something is missing.
"""

from keepfit.definition import Model
from keepfit.registry.lineage import ReleaseEvent, ReleaseEventKind
from keepfit.release.policy import Canary, Release
from keepfit.release.record import ReleaseRecord, ReleaseState
from keepfit.release.rollout import route_for
from keepfit.release.routing import Route
from keepfit.workflows.ports import Ports


def save_and_publish(ports: Ports, model: Model, release: ReleaseRecord, *, actor: str) -> ReleaseRecord:
    """Record the release's new state, and publish it."""
    ports.releases.save(release)
    _publish(ports, model.release, release, actor)
    return release


def reconcile(ports: Ports, model: Model) -> None:
    """Publish what a crash kept from being published."""
    governing = [one for one in ports.releases.releases(model.name) if one.state is not ReleaseState.REFUSED]
    if governing and _split(ports, model.release, governing[-1]) != _shape(ports.releases.route(model.name)):
        _publish(ports, model.release, governing[-1], "keepfit")


def _publish(ports: Ports, policy: Release, release: ReleaseRecord, actor: str) -> None:
    if release.state is ReleaseState.REFUSED:
        _append_event(ports, policy, release, actor)
        return
    route = route_for(release, policy.rollout, ports.releases.route(release.model))
    challenger = release.candidate if release.state is ReleaseState.ROLLING_OUT else None
    ports.registry.set_alias(release.model, "champion", route.champion)
    ports.registry.set_alias(release.model, "challenger", challenger)
    _append_event(ports, policy, release, actor)
    ports.releases.set_route(route)


def _split(ports: Ports, policy: Release, release: ReleaseRecord) -> tuple[object, ...]:
    return _shape(route_for(release, policy.rollout, ports.releases.route(release.model)))


def _shape(route: Route) -> tuple[object, ...]:
    return (route.champion, route.canary, route.percent, route.shadows)


def _append_event(ports: Ports, policy: Release, release: ReleaseRecord, actor: str) -> None:
    kind = _kind(policy, release)
    if kind is None:
        return
    kept = release.state in (ReleaseState.WATCHED, ReleaseState.DONE)
    event = ReleaseEvent(
        id=f"{release.id}/{kind.value}/{release.stage}",
        model=release.model,
        at=release.stage_since,
        kind=kind,
        actor=release.forced_by or actor,
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
            stage = policy.rollout[release.stage]
            return ReleaseEventKind.CANARY if isinstance(stage, Canary) else ReleaseEventKind.SHADOW
        case ReleaseState.WATCHED:
            return ReleaseEventKind.PROMOTED
        case ReleaseState.DONE:
            return ReleaseEventKind.PROMOTED if release.incumbent is None else None
        case ReleaseState.REFUSED:
            return ReleaseEventKind.REFUSED
        case ReleaseState.ABORTED:
            return ReleaseEventKind.ABORTED
        case ReleaseState.ROLLED_BACK:
            return ReleaseEventKind.ROLLED_BACK


def _tell(ports: Ports, event: ReleaseEvent) -> None:
    ports.tell(f"{event.model}: version {event.version} {event.kind.value}: {event.why}", event.at)
