"""The ledger adds up."""

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from keepfit.predictions.ledger import Ledger

COUNTS = [one.name for one in fields(Ledger)]
ledgers = st.builds(Ledger, **{name: st.integers(0, 10**12) for name in COUNTS})


@given(ledgers, ledgers, ledgers)
def test_ledgers_are_a_commutative_monoid(a, b, c):
    """Drains and servers may be summed in any order, and nothing is nothing."""
    assert (a + b) + c == a + (b + c)
    assert a + b == b + a
    assert a + Ledger() == a


@given(ledgers, ledgers)
def test_every_count_is_summed(a, b):
    """None is forgotten."""
    assert all(getattr(a + b, name) == getattr(a, name) + getattr(b, name) for name in COUNTS)


balanced = st.builds(
    lambda stored, out, dropped: Ledger(
        received=stored + out + dropped, stored=stored, sampled_out=out, dropped=dropped
    ),
    *[st.integers(0, 1000)] * 3,
)


@given(balanced, balanced, st.integers(1, 5))
def test_balance_is_kept_by_sums_and_broken_by_one_row(a, b, lost):
    """Received = stored + sampled out + dropped, and a row that is nowhere is noticed."""
    assert (a + b).balances
    assert not (a + b + Ledger(received=lost)).balances


def test_duplicates_and_labels_are_not_part_of_the_balance():
    """A repeat was counted when it came first; labels are facts of their own."""
    assert Ledger(received=1, stored=1, duplicates=5, labels=7).balances
