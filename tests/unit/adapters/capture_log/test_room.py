"""The room that writers share."""

from keepfit.adapters.capture_log.room import SpoolRoom, spool_size


def test_room_is_taken_until_there_is_none(tmp_path):
    """Then the folder is looked at again, no more often than it should be."""
    room = SpoolRoom(tmp_path, 100)
    assert (room.take(60), room.take(60), room.take(40), room.take(1)) == (True, False, True, False)
    assert room.fullness == 1.0


def test_what_lies_there_counts(tmp_path):
    """Segments, and whatever else takes room; what was drained is free again."""
    (tmp_path / "web-0-000001.cap").write_bytes(bytes(60))
    (tmp_path / "web-0-000001.cap.damaged-7").write_bytes(bytes(20))
    room = SpoolRoom(tmp_path, 100)
    assert room.fullness == 0.8
    (tmp_path / "web-0-000001.cap").unlink()
    room.measure()
    assert room.fullness == 0.2


def test_writers_share_what_is_left(tmp_path):
    """Each may take its part until it looks again, so that together they stay below the limit."""
    for log in ("web-0", "web-1"):
        (tmp_path / f"{log}-000001.cap").touch()
    assert spool_size(tmp_path) == (0, 2)
    first, second = SpoolRoom(tmp_path, 100), SpoolRoom(tmp_path, 100)
    assert (first.take(50), second.take(50)) == (True, True)
    assert (first.take(1), second.take(1)) == (False, False)
