"""Which version answers which prediction: a pure hash, the same on every server."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from math import isnan
from typing import Final

_SPACE: Final = 2**32
#: Whole numbers below this are the same number as an integer and as a float.
_EXACT: Final = 2.0**53


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
        split_by: the column that rows are dealt out by; None for the prediction id.
    """

    model: str
    generation: int
    champion: int | None
    canary: int | None = None
    percent: float = 0.0
    shadows: tuple[int, ...] = ()
    previous: int | None = None
    constant: float | None = None
    split_by: str | None = None

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


def key_text(value: str | float | None) -> str | None:
    """A value of the column that rows are dealt out by, as it is hashed; None where it is missing.

    What a caller's language makes of a number must not matter: a whole one below 2**53 is written as its digits, whether it
    comes as an integer, a float or a text; any other number as JSON writes it. An empty text is as good as none.

    >>> [key_text(value) for value in (1, 1.0, "1", "1.0", -0.0, 2.5, "A-7", "", float("nan"))]
    ['1', '1', '1', '1', '0', '2.5', 'A-7', None, None]
    """
    if isinstance(value, str):
        whole = value.endswith(".0") and value[:-2].removeprefix("-").isdecimal()
        return (value[:-2] if whole else value) or None
    if value is None or isinstance(value, int):
        return None if value is None else str(int(value))
    if isnan(value):
        return None
    return str(int(value)) if value.is_integer() and abs(value) < _EXACT else repr(value)


def in_canary(key: str, *, canary: int, percent: float) -> bool:
    """Whether a row belongs to the canary's share, by its prediction id or by what `key_text` makes of its key.

    The version salts the hash, so that the same callers are not the guinea pigs of every release. It is the first four bytes,
    as a big-endian number, of the BLAKE2b digest of four bytes of `VERSION/KEY`, in UTF-8.

    >>> shares = [in_canary(str(i), canary=2, percent=10) for i in range(10_000)]
    >>> 900 < sum(shares) < 1100
    True
    """
    digest = blake2b(f"{canary}/{key}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) < percent / 100 * _SPACE


def canary_mask(route: Route, keys: Sequence[str]) -> list[bool]:
    """For each row, whether the canary answers it, by its prediction id or the text of its key."""
    if route.canary is None:
        return [False] * len(keys)
    return [in_canary(one, canary=route.canary, percent=route.percent) for one in keys]
