"""Which version answers which prediction: a pure hash, the same on every server."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

_SPACE = 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How the traffic of a model is split at present.

    Attributes:
        model: whose traffic.
        generation: grows by one with every change, so that servers notice.
        champion: the version that answers; None when there is none yet.
        canary: the version that answers a share of the traffic; None when there is none.
        percent: that share, in percent.
        shadows: versions that answer for the record only.
        previous: the version that answers when the others raise; None when there is none.
        constant: what is answered when they raise, and there is no `previous`; None: an error.
    """

    model: str
    generation: int
    champion: int | None
    canary: int | None = None
    percent: float = 0.0
    shadows: tuple[int, ...] = ()
    previous: int | None = None
    constant: float | None = None

    @property
    def versions(self) -> tuple[int, ...]:
        """Every version that a server must hold."""
        named = (self.champion, self.canary, *self.shadows, self.previous)
        return tuple(dict.fromkeys(number for number in named if number is not None))

    def role(self, version: int) -> str:
        """The part that a version plays: champion, canary, shadow or fallback.

        >>> Route(model="taxi", generation=1, champion=3, canary=4, shadows=(5,)).role(4)
        'canary'
        """
        if version == self.champion:
            return "champion"
        if version == self.canary:
            return "canary"
        return "shadow" if version in self.shadows else "fallback"


def in_canary(prediction_id: str, *, canary: int, percent: float) -> bool:
    """Whether a prediction belongs to the canary's share.

    The version salts the hash, so that the same callers are not the guinea pigs of every release.

    >>> shares = [in_canary(str(i), canary=2, percent=10) for i in range(10_000)]
    >>> 900 < sum(shares) < 1100
    True
    """
    digest = blake2b(f"{canary}/{prediction_id}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) < percent / 100 * _SPACE


def canary_mask(route: Route, prediction_ids: Sequence[str]) -> list[bool]:
    """For each prediction, whether the canary answers it."""
    if route.canary is None:
        return [False] * len(prediction_ids)
    return [in_canary(one, canary=route.canary, percent=route.percent) for one in prediction_ids]
