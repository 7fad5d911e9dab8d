"""The ledger: every prediction received is stored, sampled out, or dropped, and the sums say so."""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Protocol

from keepfit.predictions.batches import Batches


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Counts of the predictions that callers were given (shadows are not counted), a commutative monoid.

    Attributes:
        received: distinct predictions that the server answered, counted by the server.
        stored: of these, rows that the lake took, counted by the lake.
        sampled_out: left out on purpose, by the sampling that was asked for.
        dropped: lost, with the reason in the log (a damaged record, a full disk).
        duplicates: repeats of a prediction that was counted already; not part of the sum.
        labels: distinct label rows stored.

    >>> Ledger(received=3, stored=2, dropped=1).balances
    True
    """

    received: int = 0
    stored: int = 0
    sampled_out: int = 0
    dropped: int = 0
    duplicates: int = 0
    labels: int = 0

    def __add__(self, other: "Ledger") -> "Ledger":
        return Ledger(
            received=self.received + other.received,
            stored=self.stored + other.stored,
            sampled_out=self.sampled_out + other.sampled_out,
            dropped=self.dropped + other.dropped,
            duplicates=self.duplicates + other.duplicates,
            labels=self.labels + other.labels,
        )

    def __sub__(self, earlier: "Ledger") -> "Ledger":
        """What came in since an earlier sum.

        >>> (Ledger(received=3, stored=3) - Ledger(received=1, stored=1)).stored
        2
        """
        return Ledger(
            **{one.name: getattr(self, one.name) - getattr(earlier, one.name) for one in fields(self)}
        )

    @property
    def balances(self) -> bool:
        """Whether everything that was received is accounted for."""
        return self.received == self.stored + self.sampled_out + self.dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainPosition:
    """How far a capture log was drained: everything before `offset` of `segment` is in the lake."""

    log: str
    segment: str
    offset: int


class LedgerStore(Protocol):
    """Keeps the ledger of each model, and how far each capture log was drained."""

    def ledger(self, model: str | None = None) -> Ledger:
        """The sums of a model, or of all."""
        ...

    def position(self, log: str) -> DrainPosition | None:
        """How far a capture log was drained; None when never."""
        ...

    def next_batch(self, log: str, model: str) -> int:
        """The number of the next drain of a model's rows; the same until `record` is called."""
        ...

    def closed(self, model: str) -> Batches:
        """The batches of this model whose drain is on record: nothing will be added to them, and all of it is in the lake."""
        ...

    def record(self, position: DrainPosition, counts: dict[str, Ledger], *, at: datetime) -> None:
        """Add each model's counts and move the position, in one transaction, or neither."""
        ...
