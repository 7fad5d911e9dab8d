"""Histograms of whole numbers: every value in one bucket, sums exact."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit.serving.telemetry_cells import (
    ROW_EDGES,
    TIME_EDGES_NS,
    added,
    distribution,
    empty_cells,
    merged,
    put,
)

values = st.lists(st.integers(0, 10**12), max_size=30)


def filled(numbers, edges=TIME_EDGES_NS):
    cells = empty_cells(edges)
    for number in numbers:
        put(cells, edges, number)
    return tuple(cells)


@given(values)
def test_each_value_is_counted_under_every_edge_it_does_not_exceed(numbers):
    """As Prometheus defines its buckets, the count and the sum included."""
    read = distribution(filled(numbers), TIME_EDGES_NS)
    assert read.at_most == tuple((edge, sum(one <= edge for one in numbers)) for edge in TIME_EDGES_NS)
    assert (read.count, read.total) == (len(numbers), sum(numbers))


@given(values, values)
def test_the_sum_is_the_histogram_of_both(one, other):
    """Whatever the order."""
    assert added(filled(one), filled(other)) == filled(one + other) == added(filled(other), filled(one))


def test_edges_rise():
    """A bucket that ends before it begins would count nothing."""
    for edges in (TIME_EDGES_NS, ROW_EDGES):
        assert list(edges) == sorted(set(edges))
    assert (TIME_EDGES_NS[0], TIME_EDGES_NS[-1]) == (10_000, 60_000_000_000)


def test_histograms_of_different_edges_do_not_add():
    """It would be a mistake of keepfit's own."""
    with pytest.raises(ValueError, match="shorter"):
        added((1, 2, 3), (1, 2))


def test_merging_leaves_both_as_they_were():
    """They may be in use elsewhere."""
    one, other = {"a": (1, 1)}, {"a": (2, 2), "b": (3, 3)}
    assert merged(one, other) == {"a": (3, 3), "b": (3, 3)}
    assert (one, other) == ({"a": (1, 1)}, {"a": (2, 2), "b": (3, 3)})
