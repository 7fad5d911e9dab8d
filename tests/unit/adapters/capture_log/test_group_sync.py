"""One sync for all that wait."""

import os
import threading

import pytest

from keepfit.adapters.capture_log.group_sync import GroupSync


def test_frames_that_wait_share_one_sync(tmp_path):
    """While one syncs the others queue, and find themselves on disk when it is their turn."""
    synced, written = [], 10

    def newest():
        synced.append(written)
        return written, os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)

    group = GroupSync(newest)
    threads = [threading.Thread(target=group.through, args=(number,)) for number in range(1, 11)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert synced == [10]
    written = 11
    group.through(11)
    assert synced == [10, 11]


def test_a_refusal_is_told_to_every_frame_that_it_hit_and_to_no_other(tmp_path):
    """Also to those that ask after a later sync has gone well."""
    files = iter([(3, -1), (5, None)])

    def newest():
        number, file = next(files)
        if file is None:
            return number, os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
        read_end, write_end = os.pipe()
        os.close(write_end)
        return number, read_end  # a pipe cannot be synced

    group = GroupSync(newest)
    for number in (1, 3):
        with pytest.raises(OSError, match="Invalid argument"):
            group.through(number)
    group.through(4)
    with pytest.raises(OSError, match="Invalid argument"):
        group.through(2)
    group.through(5)
