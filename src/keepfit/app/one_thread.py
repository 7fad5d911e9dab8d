"""How many threads a server's numeric libraries may use."""

import os

#: OpenMP threads on a busy machine make a small prediction many times slower: a server uses one a request.
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def use_one_thread() -> None:
    """Tell the libraries so, unless the user did; they read it when they are first imported, which must be later."""
    for name, count in ONE_THREAD.items():
        os.environ.setdefault(name, count)
