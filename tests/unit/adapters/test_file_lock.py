"""One holder at a time."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from keepfit.adapters.file_lock import file_lock


def test_holders_take_turns(tmp_path):
    """Eight threads that read, add and write a number lose no addition."""
    number = tmp_path / "number"
    number.write_text("0")

    def add(_: int) -> None:
        for _ in range(25):
            with file_lock(tmp_path / "locks" / "number.lock"):
                number.write_text(str(int(number.read_text()) + 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))
    assert number.read_text() == "200"


def test_a_failed_holder_lets_go(tmp_path):
    """The lock is free again after its block has raised."""
    with pytest.raises(KeyError), file_lock(tmp_path / "lock"):
        raise KeyError
    with file_lock(tmp_path / "lock"):
        assert (tmp_path / "lock").exists()
