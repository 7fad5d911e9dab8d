"""The datatypes, as the protocol lists them."""

import numpy as np

from keepfit.serving.oip.datatypes import DATATYPES


def test_all_datatypes_are_read():
    """Whole numbers of four sizes with and without sign, three kinds of floats, truths and texts."""
    whole = {f"{sign}INT{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)}
    assert set(DATATYPES) == whole | {"BOOL", "FP16", "FP32", "FP64", "BYTES"}


def test_bounds_are_those_of_the_stored_type():
    """The least value, and the first beyond the greatest."""
    for one in DATATYPES.values():
        if one.stored is not None and one.stored.kind in "iu":
            info = np.iinfo(one.stored)
            assert one.bounds == (info.min, info.max + 1)
