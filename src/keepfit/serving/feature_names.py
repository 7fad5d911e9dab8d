"""What a decoder must know of a signature, worked out once for each."""

from dataclasses import dataclass
from typing import Final

from keepfit.registry.signature import Kind, Signature

#: Names by the identity of their signature, which is held on to so that no other one can take its place.
_KNOWN: Final[dict[int, tuple[Signature, "FeatureNames"]]] = {}
#: More signatures than this are hardly served at once; replaced versions leave theirs behind.
_MOST: Final = 256


@dataclass(frozen=True, slots=True)
class FeatureNames:
    """The columns of a signature.

    Attributes:
        names: of all features, in order.
        category: the first feature that is no number; None when all are, so that one block can hold a request.
    """

    names: tuple[str, ...]
    category: str | None


def names_of(signature: Signature) -> FeatureNames:
    """The names in a signature; those of one that was asked for before cost a look-up.

    >>> from keepfit.registry.signature import Feature
    >>> miles = Feature("miles", Kind.NUMBER)
    >>> names_of(Signature(features=(miles,), id="id", time="at", context=(), output="minutes")).names
    ('miles',)
    """
    # By identity: the hash of a signature takes longer than the decoding of a request.
    found = _KNOWN.get(id(signature))
    if found is not None:
        return found[1]
    made = _names(signature)
    if len(_KNOWN) >= _MOST:
        _KNOWN.clear()
    _KNOWN[id(signature)] = (signature, made)
    return made


def _names(signature: Signature) -> FeatureNames:
    names = signature.feature_names
    return FeatureNames(
        names=names,
        category=next((one.name for one in signature.features if one.kind is not Kind.NUMBER), None),
    )
