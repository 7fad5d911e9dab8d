"""What callers are answered when the versions that were to answer raise."""

from dataclasses import dataclass, replace
from math import isfinite
from typing import Literal

from keepfit.errors import DefinitionError
from keepfit.release.routing import Route


@dataclass(frozen=True, slots=True)
class Serving:
    """How a model is served.

    Args:
        fallback: who answers when the champion raises: `"previous"`, the champion before it; a number, which is answered
            as it is; None, and the caller is told of the failure. What a fallback answered is recorded as such.

    Raises:
        DefinitionError: the fallback is none of these.

    >>> Serving(fallback="previous").fallback
    'previous'
    """

    fallback: Literal["previous"] | float | None = None

    def __post_init__(self) -> None:
        good = self.fallback in (None, "previous") or (
            isinstance(self.fallback, int | float)
            and not isinstance(self.fallback, bool)
            and isfinite(self.fallback)
        )
        if not good:
            raise DefinitionError(
                f"{self.fallback!r} is no fallback", hint='write fallback="previous", or a number'
            )


def with_fallback(route: Route, policy: Serving, former: int | None) -> Route:
    """The route with what its fallback policy asks for.

    Args:
        route: how traffic is split.
        policy: the policy.
        former: the champion before the route's; None when there was none: nothing can step in then.

    >>> with_fallback(Route(model="eta", generation=3, champion=2), Serving(fallback="previous"), 1).previous
    1
    """
    if route.champion is None or policy.fallback is None:
        return replace(route, previous=None, constant=None)
    if policy.fallback == "previous":
        return replace(route, previous=former, constant=None)
    return replace(route, previous=None, constant=float(policy.fallback))
