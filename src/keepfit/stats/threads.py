"""How many threads work is shared among."""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final

#: Columns with fewer values than this in all are not worth a second thread.
_MANY_VALUES: Final = 1_000_000


def processors() -> int:
    """How many processors this process may use.

    >>> processors() > 0
    True
    """
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def column_threads(values: int) -> ThreadPoolExecutor:
    """Threads that columns with so many values in all are shared among, to sort and to count them.

    No more than there are processors: each would take the interpreter from another, and hand it back, all the time.
    """
    return ThreadPoolExecutor(processors() if values >= _MANY_VALUES else 1, "keepfit-columns")
