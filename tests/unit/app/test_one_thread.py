"""One thread for numeric libraries."""

import os

from keepfit.app.one_thread import ONE_THREAD, use_one_thread


def test_what_the_user_says_stands(monkeypatch):
    """The rest is one thread."""
    for name in ONE_THREAD:
        monkeypatch.setenv(name, "4")  # so that it is put back
        monkeypatch.delenv(name)
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    use_one_thread()
    assert os.environ["OMP_NUM_THREADS"] == "4"
    assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
