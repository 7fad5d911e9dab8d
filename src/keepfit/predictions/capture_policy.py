"""What is recorded of a model's predictions: which share of them, and which columns not as they are."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """What is recorded of a model's predictions. The model is given every column as it is, whatever is recorded.

    Args:
        share: of the predictions, which are recorded; the lake keeps the share with each row.
        redact: columns that are recorded as null.
        hash: columns of text that are recorded as a keyed hash: equal values stay equal, so that they can be counted and
            joined, and cannot be read. The id may be hashed too; labels then go on naming the true id.

    Raises:
        ValueError: the share is none, a column is both redacted and hashed, or a list is one name instead.
    """

    share: float = 1.0
    redact: Sequence[str] = ()
    hash: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ValueError("share is the part of the predictions that is recorded: write share=0.1")
        for name in ("redact", "hash"):
            value = getattr(self, name)
            if isinstance(value, str):
                # A string is a sequence of letters: each of them would count as a column.
                raise ValueError(f"{name} is a list of columns: write {name}=['{value}']")  # noqa: TRY004 - as above
            object.__setattr__(self, name, tuple(value))
        both = sorted({*self.redact} & {*self.hash})
        if both:
            raise ValueError(f"'{both[0]}' is redacted and hashed: choose one")

    @property
    def masked(self) -> frozenset[str]:
        """Columns that are not recorded as they are.

        >>> sorted(Capture(redact=["name"], hash=["zone"]).masked)
        ['name', 'zone']
        """
        return frozenset({*self.redact, *self.hash})
