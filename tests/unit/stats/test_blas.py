"""Matrix products on one thread."""

from contextlib import ExitStack

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from keepfit.stats import blas
from keepfit.stats.blas import one_blas_thread


def _threads():
    np.dot(np.ones(2), np.ones(2))
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def test_the_last_to_leave_gives_the_threads_back():
    """However the blocks overlap: the first may leave before the second."""
    blas._controller.cache_clear()  # a test before this one may have loaded SciPy's own library
    with threadpool_limits(2, user_api="blas"):
        first, second = ExitStack(), ExitStack()
        first.enter_context(one_blas_thread())
        second.enter_context(one_blas_thread())
        first.close()
        assert _threads() == {1}
        second.close()
        assert _threads() == {2}
