"""Matrix products on one thread, while threads of ours are at work: theirs would only be in each other's way."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

_LOCK = threading.Lock()
_HOLDERS: list[Any] = []


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep BLAS on one thread; it gets its threads back when the last of those who asked has left.

    >>> with one_blas_thread():
    ...     pass
    """
    with _LOCK:
        _HOLDERS.append(_controller().limit(limits=1, user_api="blas") if not _HOLDERS else None)
    try:
        yield
    finally:
        with _LOCK:
            limit = _HOLDERS[0]
            _HOLDERS.pop()
            if not _HOLDERS:
                limit.restore_original_limits()


@lru_cache(maxsize=1)
def _controller() -> Any:
    """Looking for the libraries takes milliseconds: they are looked for once."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
