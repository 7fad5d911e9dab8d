"""Which values the reference held, and how others spell them."""

import polars as pl
import pytest

from keepfit.stats.categorical_cells import LISTED, TOP, CategoricalCells
from keepfit.stats.category_counts import count_categories

TEXTS = CategoricalCells.of(pl.Series(["1", "2", "2", "x"]))
WHOLE = CategoricalCells.of(pl.Series([1, 2, 2]))
TRUTHS = CategoricalCells.of(pl.Series([True, True, False]))


def _spelt(cells, values):
    names, places = cells.places(count_categories(pl.Series(values)).values)
    return dict(zip(names, places, strict=True))


def test_counts_of_parts_give_the_cells_of_the_whole():
    """A reference too large for memory is counted part by part."""
    values = [f"v{i % 300:03}" for i in range(1000)]
    counts = {value: values.count(value) for value in set(values)}
    assert CategoricalCells.of_counts(counts) == CategoricalCells.of(pl.Series(values))
    assert not CategoricalCells.of_counts(counts, complete=False).complete
    assert not CategoricalCells.of_counts(dict.fromkeys(range(TOP + LISTED + 1), 1)).complete


@pytest.mark.parametrize("values", [[1, 2], ["1", "2"], [1.0, 2.0]])
@pytest.mark.parametrize("cells", [TEXTS, WHOLE])
def test_a_value_is_known_by_what_it_says(cells, values):
    """1, 1.0 and the text 1 are one value, whichever the reference held."""
    assert _spelt(cells, values) == {one: cells.values.index(one) for one in cells.values if str(one) in "12"}


def test_one_fraction_does_not_rename_the_whole_numbers():
    """Each value of a column is spelt by itself, so that it does not matter which rows come together."""
    assert _spelt(WHOLE, [1.0, 2.5]) == {1: 1, "2.5": len(WHOLE.values) + 1}


def test_codes_with_zeros_in_front_are_no_numbers():
    """007 is not 7."""
    assert _spelt(WHOLE, ["01", "-1", "--1", "²"]) == {
        name: len(WHOLE.values) + 1 for name in ("01", -1, "--1", "²")
    }


def test_truth_values_are_known_by_their_words():
    """True, 1 and the text true are one value, both ways round."""
    assert TRUTHS.values == (1, 0)
    assert TRUTHS.boolean
    assert _spelt(TRUTHS, [True, False]) == _spelt(TRUTHS, ["TRUE", "false"]) == {1: 0, 0: 1}
    words = CategoricalCells.of(pl.Series(["true", "true", "false"]))
    assert _spelt(words, [True, False]) == {"true": 0, "false": 1}
    assert [TRUTHS.written(one) for one in (1, 0, "maybe")] == ["true", "false", "maybe"]
    assert WHOLE.written(1) == "1"


def test_without_a_reference_every_value_keeps_its_spelling():
    """Nothing is known, and nothing is lost."""
    empty = CategoricalCells.of(pl.Series([], dtype=pl.String))
    assert not empty.whole
    assert _spelt(empty, ["1"]) == {"1": 1}
    assert _spelt(empty, [1.0, 0.5]) == {1: 1, "0.5": 1}
