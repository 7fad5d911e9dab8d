"""What a server knows of its models and their versions: which can answer, and why others cannot."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from keepfit.serving.held import HeldModel, Holding

_ASLEEP: Final = "unloaded; it is loaded when somebody asks for it"
_NO_RELEASE: Final = "no released version yet"


class State(StrEnum):
    """Whether a version can answer, in the words of the protocol."""

    READY = "READY"
    LOADING = "LOADING"
    UNAVAILABLE = "UNAVAILABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A version of a model.

    Attributes:
        name: the model's.
        version: None for a model that has no version yet.
        state: whether it can answer.
        reason: why it cannot; empty when it can.
    """

    name: str
    version: int | None
    state: State
    reason: str = ""


def model_index(holding: Holding) -> tuple[Entry, ...]:
    """Every version that the routes name, by model and number: those that cannot be served have the reason with them."""
    return tuple(entry for name in holding.names() for entry in _entries(holding, holding.find(name)))


def _entries(holding: Holding, held: HeldModel) -> Iterator[Entry]:
    name = held.name
    failed = {one.version: one.reason for one in holding.problems() if one.model == name}
    numbers = sorted({*held.route.versions, *(number for number in failed if number is not None)})
    if not numbers:
        yield Entry(name=name, version=None, state=State.UNAVAILABLE, reason=_NO_RELEASE)
    for number in numbers:
        if number in held.versions:
            yield Entry(name=name, version=number, state=State.READY)
        elif number in failed:
            yield Entry(name=name, version=number, state=State.UNAVAILABLE, reason=failed[number])
        elif holding.is_loading(name):
            yield Entry(name=name, version=number, state=State.LOADING)
        else:
            yield Entry(name=name, version=number, state=State.UNAVAILABLE, reason=_ASLEEP)
