"""Sizes as people write them."""

import pytest

from keepfit.sizes import parse_size, say_size


@pytest.mark.parametrize(
    ("said", "size"), [("1 b", 1), ("10KB", 10_000), ("64MiB", 64 << 20), ("1.5 gib", 3 << 29), (7, 7)]
)
def test_a_size_is_a_number_and_perhaps_a_unit(said, size):
    """Decimal or binary, in capitals or not."""
    assert parse_size(said) == size


@pytest.mark.parametrize("said", ["", "MB", "1 XB", "-1MB", "0", "0.2B", "1e3"])
def test_what_is_no_size_is_refused(said):
    """Also nothing at all."""
    with pytest.raises(ValueError, match=f"'{said}' is"):
        parse_size(said)


@pytest.mark.parametrize("size", [1, 1_000, 1_024, 64 << 20, 4_000_000_000, 1_048_577])
def test_what_is_said_reads_as_the_same(size):
    """Nothing is rounded."""
    assert parse_size(say_size(size)) == size
