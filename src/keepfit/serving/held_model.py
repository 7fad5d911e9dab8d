"""A model as it is served: its route, the versions that are in memory, and what requests may bring."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from keepfit.registry.signature import Feature
from keepfit.release.routing import Route
from keepfit.serving.preparing import Prepared, Ready
from keepfit.serving.recency import Use
from keepfit.serving.request import Accepts


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldModel:
    """A model as it is served at present.

    Attributes:
        route: the route that is followed: the source's, without the versions that failed to load.
        versions: every version of the route, by number; none while the model is asleep.
        accepts: the columns that requests may have; None while there is no champion, or it is asleep.
        pinned: likewise of requests that name a version, by version.
        asleep: it was unloaded to make room, and is loaded when somebody asks for it.
        use: counts the requests, to tell which model was used last.
    """

    route: Route
    versions: Mapping[int, Ready] = field(default_factory=dict)
    accepts: Accepts | None = None
    pinned: Mapping[int, Accepts] = field(default_factory=dict)
    asleep: bool = False
    use: Use = field(default_factory=Use, compare=False, repr=False)

    @property
    def name(self) -> str:
        """The model's name."""
        return self.route.model

    @property
    def fallback(self) -> Ready | float | None:
        """What answers when the versions raise: a former champion, a constant, or nothing."""
        if self.route.previous is not None and self.route.previous in self.versions:
            return self.versions[self.route.previous]
        return self.route.constant


def next_held(route: Route, before: HeldModel | None, prepared: Prepared) -> HeldModel:
    """The model as it is served from now on; the very one of before when nothing changed, with all that it has learned."""
    held = before.versions if before is not None else {}
    versions: dict[int, Ready] = {}
    for number in route.versions:
        found = prepared.versions.get((route.model, number)) or held.get(number)
        if found is not None:
            versions[number] = found
    if before is not None and before.route == route and dict(before.versions) == versions:
        return before
    use = before.use if before is not None else Use()
    if len(versions) < len(route.versions):
        return HeldModel(route=route, asleep=True, use=use)
    pinned = {number: _accepts_one(ready, route.split_by) for number, ready in versions.items()}
    return HeldModel(
        route=route, versions=versions, accepts=_accepts(route, versions), pinned=pinned, use=use
    )


def put_to_sleep(held: HeldModel) -> HeldModel:
    """The model without its versions, which are loaded when somebody asks for it."""
    return replace(held, versions={}, accepts=None, pinned={}, asleep=True)


def _accepts(route: Route, versions: Mapping[int, Ready]) -> Accepts | None:
    if route.champion is None:
        return None
    champion = versions[route.champion].loaded.signature
    optional: dict[str, Feature] = {}
    for ready in versions.values():
        for feature in ready.loaded.signature.features:
            if feature.name not in champion.feature_names:
                optional.setdefault(feature.name, feature)
    return Accepts(signature=champion, optional=optional, split_by=route.split_by)


def _accepts_one(ready: Ready, split_by: str | None) -> Accepts:
    """What a request may have that names this very version."""
    known = ready.encoder.accepts
    return known if split_by is None else Accepts(signature=known.signature, split_by=split_by)
