"""What every metric of k classes is read off: a confusion matrix, and the sums of each class against the rest."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from keepfit.evaluation.binary_sums import BinarySums
from keepfit.evaluation.loss_sums import NO_LOSSES, LossSums
from keepfit.evaluation.losses import clipped_log_loss
from keepfit.evaluation.score_cells import ScoreCells

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MulticlassSums:
    """Labelled rows of a classifier into k classes.

    `+` is commutative and associative (floats up to rounding), with `empty(classes, cells)` as its identity.

    Attributes:
        classes: their names, in the order of the probabilities.
        confusion: rows by actual and by most probable class (the first of equals), shape (k, k).
        against_rest: each class against all others, by its probability.
        log_loss: the sums of the log loss of each row.
        brier: of `Σ over classes (probability - label)²` (Brier 1950, Monthly Weather Review 78, 1-3).
        unsummed: rows whose label is no class, or whose probabilities are no numbers between 0 and 1.

    >>> cells = [ScoreCells.of(np.array([0.5]))] * 2
    >>> sums = MulticlassSums.of(("a", "b"), cells, np.array([0, 1]), np.array([[0.9, 0.1], [0.6, 0.4]]))
    >>> sums.confusion.tolist()
    [[1, 0], [1, 0]]
    """

    classes: tuple[str, ...]
    confusion: Counts
    against_rest: tuple[BinarySums, ...]
    log_loss: LossSums = NO_LOSSES
    brier: LossSums = NO_LOSSES
    unsummed: int = 0

    @classmethod
    def empty(cls, classes: Sequence[str], cells: Sequence[ScoreCells]) -> "MulticlassSums":
        """The sums of no rows; one set of cells a class."""
        k = len(classes)
        return cls(
            classes=tuple(classes),
            confusion=np.zeros((k, k), np.int64),
            against_rest=tuple(BinarySums.empty(one) for one in cells),
        )

    @classmethod
    def of(
        cls, classes: Sequence[str], cells: Sequence[ScoreCells], labels: Counts, probabilities: Floats
    ) -> "MulticlassSums":
        """The sums of rows.

        Args:
            classes: the names of the k classes.
            cells: for each class, the cells of its probability.
            labels: each row's class by its number from 0, shape (n,); any other number is no class.
            probabilities: of each class, shape (n, k).
        """
        k = len(classes)
        kept = (labels >= 0) & (labels < k) & ((probabilities >= 0) & (probabilities <= 1)).all(axis=1)
        actual, p = labels[kept], probabilities[kept]
        pairs = (
            np.bincount(actual * k + p.argmax(axis=1), minlength=k * k) if actual.size else np.zeros(k * k)
        )
        own = (actual[:, None] == np.arange(k)).astype(np.float64)
        given = np.take_along_axis(p, actual[:, None], axis=1)[:, 0]
        return cls(
            classes=tuple(classes),
            confusion=pairs.reshape(k, k).astype(np.int64),
            against_rest=tuple(
                BinarySums.of(one, own[:, number], p[:, number]) for number, one in enumerate(cells)
            ),
            log_loss=LossSums.of(clipped_log_loss(np.ones(given.size), given)),
            brier=LossSums.of(((p - own) ** 2).sum(axis=1)),
            unsummed=int(labels.size - actual.size),
        )

    def __add__(self, other: "MulticlassSums") -> "MulticlassSums":
        if self.classes != other.classes:
            raise ValueError(
                f"sums of different classes cannot be added: {', '.join(self.classes)} and {', '.join(other.classes)}"
            )
        return MulticlassSums(
            classes=self.classes,
            confusion=self.confusion + other.confusion,
            against_rest=tuple(
                one + another for one, another in zip(self.against_rest, other.against_rest, strict=True)
            ),
            log_loss=self.log_loss + other.log_loss,
            brier=self.brier + other.brier,
            unsummed=self.unsummed + other.unsummed,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MulticlassSums) and self._state() == other._state()

    def __hash__(self) -> int:
        return hash(self._state())

    def _state(self) -> tuple[object, ...]:
        counts = self.confusion.tobytes()
        return (self.classes, counts, self.against_rest, self.log_loss, self.brier, self.unsummed)

    @property
    def n(self) -> int:
        """Rows that were summed."""
        return self.log_loss.n
