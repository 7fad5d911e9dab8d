"""Many trees as one array, walked by a single call of scikit-learn's compiled loop.

scikit-learn asks each tree of an ensemble in a call of its own, and the calls cost more than the walks: for one row
and 200 trees about a millisecond, of which the walks are a hundredth. Here all trees lie in one array. A row is put to
it once for every tree, and nodes on top lead copy t to the root of tree t, by an additional first feature that says t.
Copies are not made: the features of a row lie behind a ramp 0, 1, 2, … that the additional feature is read from, and
rows of the matrix overlap in memory, so that tree t finds the features further to the left than tree t - 1 does.
Leaves are added one after the other, as the libraries do: the sum is the same to the last bit.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from keepfit.registry.output import Vector

#: Larger forests are left as they are: their nodes would be held in memory twice.
MOST_NODES: Final = 5_000_000
#: Rows that are walked together, in forests small enough to be kept a second time for it.
TOGETHER: Final = 16
_MOST_NODES_TOGETHER: Final = 250_000

Nodes = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree in the form of scikit-learn's histogram gradient boosting.

    Attributes:
        nodes: records of `PREDICTOR_RECORD_DTYPE`, the root first.
        bitsets: for each split by a category, the set of those that go left, shape (splits, 8), uint32.
    """

    nodes: Nodes
    bitsets: npt.NDArray[np.uint32]


class Forest:
    """The sum of trees.

    Args:
        trees: at least one.
        features: how many there are; numbers, and categories as whole numbers that the trees know.
        start: what the leaves are added to.

    Raises:
        ValueError: the forest is too large to be kept a second time.
    """

    def __init__(self, trees: Sequence[Tree], features: int, start: float) -> None:
        size = sum(len(tree.nodes) for tree in trees)
        if size > MOST_NODES:
            raise ValueError(f"{size:,} nodes are more than {MOST_NODES:,}")
        self._one = _Walk(trees, features, start, 1)
        self._many = _Walk(trees, features, start, TOGETHER) if size <= _MOST_NODES_TOGETHER else None
        # The arrays that rows are laid into are shared between calls.
        self._lock = threading.Lock()

    def sums(self, matrix: npt.NDArray[np.float64]) -> Vector:
        """For each row of (n, features), the start and its leaves, added in the trees' order."""
        n, done = len(matrix), 0
        sums = np.empty(n)
        with self._lock:
            if self._many is not None:
                while n - done > TOGETHER // 2:
                    part = matrix[done : done + TOGETHER]
                    sums[done : done + len(part)] = self._many.sums(part)
                    done += len(part)
            for row in range(done, n):
                sums[row] = self._one.sums(matrix[row])[0]
        return sums


class _Walk:
    """All trees in one array, for a fixed number of rows at a time; further rows of it hold what was there before."""

    def __init__(self, trees: Sequence[Tree], features: int, start: float, rows: int) -> None:
        from sklearn.ensemble._hist_gradient_boosting._predictor import _predict_from_raw_data

        self._walk = _predict_from_raw_data
        step = features if rows > 1 else 1
        ramp = len(trees) * rows * step
        self._nodes = _joined(trees, rows * step, ramp)
        # Splits by category look at these; with every category known, what does not go left goes right.
        self._bitsets = np.concatenate([tree.bitsets.reshape(-1, 8) for tree in trees])
        self._known = np.full((1, 8), 2**32 - 1, dtype=np.uint32)
        self._places = np.zeros(ramp + features, dtype=np.uint32)
        memory = np.zeros((len(trees) * rows - 1) * step + ramp + features)
        memory[:ramp:step] = np.repeat(np.arange(len(trees)), rows)
        self._rows = memory[ramp : ramp + rows * features].reshape(rows, features)
        size = memory.itemsize
        self._copies = np.lib.stride_tricks.as_strided(
            memory, (len(trees) * rows, ramp + features), (step * size, size), writeable=False
        )
        self._sums = np.full((len(trees) + 1, rows), start)
        self._leaves = self._sums[1:].reshape(-1)

    def sums(self, part: npt.NDArray[np.float64]) -> Vector:
        """The sums of one row (features,), or of up to `rows` (n, features)."""
        n = len(part) if part.ndim == 2 else 1
        self._rows[:n] = part
        self._walk(self._nodes, self._copies, self._bitsets, self._known, self._places, 1, self._leaves)
        # Accumulated and not reduced: numpy reduces in pairs, which rounds otherwise.
        return np.add.accumulate(self._sums, axis=0)[-1, :n]


def _joined(trees: Sequence[Tree], shift: int, ramp: int) -> Nodes:
    """The trees' nodes behind nodes that lead to each root; tree t reads feature f at `ramp - t * shift + f`."""
    top = len(trees) - 1
    roots = top + np.cumsum([0, *(len(tree.nodes) for tree in trees)])
    nodes = np.zeros(int(roots[-1]), dtype=trees[0].nodes.dtype)
    _lead(nodes, roots, 0, len(trees), iter(range(top)))
    bitsets = 0
    for place, tree in enumerate(trees):
        part = nodes[roots[place] : roots[place + 1]]
        part[:] = tree.nodes
        part["left"] += np.uint32(roots[place])
        part["right"] += np.uint32(roots[place])
        part["feature_idx"] += ramp - place * shift
        part["bitset_idx"] += np.uint32(bitsets)
        bitsets += len(tree.bitsets)
    return nodes


def _lead(nodes: Nodes, roots: npt.NDArray[np.int64], first: int, end: int, free: Any) -> int:
    """Build the nodes that lead to trees first, …, end - 1; the place of the topmost."""
    if end - first == 1:
        return int(roots[first])
    middle, place = (first + end) // 2, next(free)
    nodes[place]["num_threshold"] = middle - 0.5
    nodes[place]["left"] = _lead(nodes, roots, first, middle, free)
    nodes[place]["right"] = _lead(nodes, roots, middle, end, free)
    return int(place)
