"""New, stored by an earlier attempt, or a repeat."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from keepfit.adapters.lake.dedupe import SLOT, fates

KEYS = st.lists(st.integers(0, 6), max_size=12)


def test_served_rows_share_a_slot_and_shadows_do_not():
    """A caller got one answer, from champion or canary; each shadow answered for itself."""
    rows = pl.DataFrame({"role": ["champion", "canary", "shadow", "shadow"], "version": [1, 2, 3, 4]})
    assert rows.select(SLOT).to_series().to_list() == [-1, -1, 3, 4]


def test_null_keys_are_equal():
    """A row whose key holds a null is found again."""
    there = pl.DataFrame({"id": ["a"], "label": [None], "batch": [1]}, schema_overrides={"label": pl.Float64})
    rows = there.select("id", "label")
    assert fates(rows, there, ["id", "label"], batch=2).to_list() == ["repeat"]


@given(there=st.dictionaries(st.integers(0, 6), st.integers(1, 3)), keys=KEYS, batch=st.integers(1, 3))
def test_every_row_has_the_fate_that_a_plain_loop_gives_it(there, keys, batch):
    """Whatever is in the lake and in the batch, in whatever order."""
    expected, met = [], set()
    for key in keys:
        if key in met or there.get(key, batch) != batch:
            expected.append("repeat")
        else:
            expected.append("stored" if key in there else "new")
        met.add(key)
    lake = pl.DataFrame(
        {"id": list(there), "batch": list(there.values())}, schema={"id": pl.Int64, "batch": pl.Int64}
    )
    rows = pl.DataFrame({"id": keys}, schema={"id": pl.Int64})
    assert fates(rows, lake, ["id"], batch=batch).to_list() == expected


@given(keys=KEYS)
def test_a_second_attempt_counts_what_the_first_did(keys):
    """What was new is stored, what was a repeat is a repeat."""
    rows = pl.DataFrame({"id": keys}, schema={"id": pl.Int64})
    nothing = pl.DataFrame(schema={"id": pl.Int64, "batch": pl.Int64})
    first = fates(rows, nothing, ["id"], batch=1)
    there = rows.filter(first == "new").with_columns(batch=pl.lit(1, dtype=pl.Int64))
    second = fates(rows, there, ["id"], batch=1)
    assert second.replace("stored", "new").to_list() == first.to_list()
