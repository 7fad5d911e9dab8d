"""Appending: whole frames, new segments, one writer, and what happens when there is no room."""

import os
import resource
import threading

import pytest

from keepfit.adapters.capture_log import CaptureReader, CaptureWriter
from keepfit.errors import CaptureError, SpoolFullError
from keepfit.predictions.capture_codec import encode


def read_all(directory, log="web"):
    reader = CaptureReader(directory)
    batch = reader.read(log)
    frames = list(batch.frames)
    while batch.more:
        batch = reader.read(log, batch.position)
        frames.extend(batch.frames)
    return frames


@pytest.mark.parametrize("durability", ["interval", "fsync"])
def test_a_frame_can_be_read_as_soon_as_append_returns(tmp_path, frame, durability):
    """By another reader, while the writer is open."""
    writer = CaptureWriter(tmp_path, log_id="web", durability=durability)
    writer.append(frame(1))
    assert read_all(tmp_path) == [frame(1)]
    writer.close()


def test_a_segment_that_is_long_enough_is_followed_by_another(tmp_path, frame):
    """And nothing is lost between them."""
    writer = CaptureWriter(tmp_path, log_id="web", segment_bytes=2 * len(encode(frame(0))))
    for number in range(9):
        writer.append(frame(number))
    writer.close()
    assert [path.name for path in sorted(tmp_path.glob("*.cap"))] == [f"web-{n:06d}.cap" for n in range(1, 6)]
    assert read_all(tmp_path) == [frame(number) for number in range(9)]


def test_a_new_writer_opens_a_new_segment_after_a_torn_tail(tmp_path, frame):
    """What a killed process left half written stays the end of its segment."""
    first = CaptureWriter(tmp_path, log_id="web")
    first.append(frame(1))
    first.append(frame(2))
    first.close()
    with first.segment.open("r+b") as file:
        file.truncate(first.segment.stat().st_size - 3)
    second = CaptureWriter(tmp_path, log_id="web")
    second.append(frame(3))
    second.close()
    assert second.segment.name == "web-000002.cap"
    assert read_all(tmp_path) == [frame(1), frame(3)]


def test_a_log_has_one_writer(tmp_path):
    """A second one is told to take another name, and may come when the first has gone."""
    writer = CaptureWriter(tmp_path, log_id="web")
    with pytest.raises(CaptureError, match="another writer holds the capture log 'web'"):
        CaptureWriter(tmp_path, log_id="web")
    CaptureWriter(tmp_path, log_id="web-2").close()
    writer.close()
    CaptureWriter(tmp_path, log_id="web").close()


def test_threads_do_not_mix_their_frames(tmp_path, frame):
    """Four threads, fifty frames each, rotation included: all are there, whole."""
    writer = CaptureWriter(tmp_path, log_id="web", segment_bytes=2_000)

    def write(thread):
        for number in range(50):
            writer.append(frame(1000 * thread + number, size=number))

    threads = [threading.Thread(target=write, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    found = sorted(one.prediction_id[0] for one in read_all(tmp_path))
    assert found == sorted(f"id-{1000 * thread + number}" for thread in range(4) for number in range(50))


def test_no_room_is_said_and_leaves_no_half_frame(tmp_path, frame):
    """A limit on the size of files stands for the full disk: part of the frame fits, and is cut off again."""
    writer = CaptureWriter(tmp_path, log_id="web", durability="fsync")
    writer.append(frame(1))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (writer.segment.stat().st_size + 40, limits[1]))
    try:
        with pytest.raises(CaptureError, match="there is no room to write"):
            writer.append(frame(2, size=5_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    writer.append(frame(3))
    writer.close()
    assert read_all(tmp_path) == [frame(1), frame(3)]
    assert [path.name for path in tmp_path.glob("*.cap")] == ["web-000001.cap"]


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    """A file stands where the folder should be."""
    (tmp_path / "spool").touch()
    with pytest.raises(CaptureError, match=r"the capture log at .*spool"):
        CaptureWriter(tmp_path / "spool" / "deep", log_id="web")


def test_a_closed_writer_takes_nothing(tmp_path, frame):
    """And closing it again is no harm."""
    writer = CaptureWriter(tmp_path, log_id="web")
    writer.close()
    writer.close()
    with pytest.raises(CaptureError, match="is closed"):
        writer.append(frame(1))


def test_a_log_needs_a_name_that_fits_a_file(tmp_path):
    """A path is no name."""
    with pytest.raises(CaptureError, match="cannot name a capture log"):
        CaptureWriter(tmp_path, log_id="../web")


def test_a_quiet_log_closes_its_segment_when_it_is_old(tmp_path, frame):
    """So that it can be drained to its end and deleted; an empty one is left."""
    writer = CaptureWriter(tmp_path, log_id="web", segment_age_s=0)
    writer.append(frame(1))
    writer.look()
    writer.look()
    assert writer.segment.name == "web-000002.cap"
    reader = CaptureReader(tmp_path)
    assert reader.delete_drained(reader.read("web").position) == ["web-000001.cap"]
    writer.close()


def test_a_young_segment_stays_open(tmp_path, frame):
    """However often it is looked at."""
    writer = CaptureWriter(tmp_path, log_id="web")
    writer.append(frame(1))
    writer.look()
    assert writer.segment.name == "web-000001.cap"
    writer.close()


def test_without_room_requests_are_refused_by_block(tmp_path, answers):
    """With a hint, and when to come again; draining makes room."""
    writer = CaptureWriter(tmp_path, log_id="web", limit_bytes=30_000, when_full="block")
    writer.append(answers("a", size=20_000))
    with pytest.raises(SpoolFullError, match="at their limit of 30,000 bytes") as caught:
        writer.append(answers("b", size=20_000))
    assert (caught.value.retry_after_s, writer.share()) == (1, 1.0)
    writer.segment.write_bytes(b"")
    writer.look()
    writer.append(answers("c", size=20_000))
    writer.close()


def test_sampling_begins_before_the_room_is_used_up(tmp_path, answers):
    """What still does not fit is refused, but is nobody's request to lose."""
    writer = CaptureWriter(tmp_path, log_id="web", limit_bytes=100_000, when_full="sample")
    assert writer.share("taxi") == 1.0
    writer.append(answers("a", size=86_000))
    assert (writer.share("taxi"), writer.fullness) == (0.25, pytest.approx(0.86, abs=0.01))
    with pytest.raises(CaptureError, match="at their limit") as caught:
        writer.append(answers("b", size=20_000))
    assert not isinstance(caught.value, SpoolFullError)
    writer.close()


def test_the_oldest_are_dropped_when_that_is_the_policy(tmp_path, answers):
    """From nine tenths of the room on, down to eight; what was dropped is counted in the log."""
    writer = CaptureWriter(
        tmp_path, log_id="web", limit_bytes=100_000, segment_bytes=20_000, when_full="drop-oldest"
    )
    for number in range(4):
        writer.append(answers(str(number), size=22_700))
    writer.look()
    assert (writer.fullness < 0.8, writer.share()) == (True, 1.0)
    batch = CaptureReader(tmp_path).read("web")
    assert batch.given_up.counts == {"taxi": (1, 0)}
    writer.append(answers("5", size=22_700))
    writer.close()


def test_threads_that_wait_for_the_disk_all_get_their_frames_there(tmp_path, frame):
    """With `fsync` and rotation: nothing is stuck, nothing is missing."""
    writer = CaptureWriter(tmp_path, log_id="web", segment_bytes=500, durability="fsync")

    def write(thread):
        for number in range(5):
            writer.append(frame(10 * thread + number))

    threads = [threading.Thread(target=write, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    assert len(read_all(tmp_path)) == 20


def test_a_rotation_keeps_nobody_waiting_for_the_disk(tmp_path, frame, monkeypatch):
    """Only the keeper syncs, unless each frame has to be on disk before its reply."""
    synced_by = []
    real = os.fsync

    def noting(descriptor):
        synced_by.append(threading.current_thread() is threading.main_thread())
        real(descriptor)

    writer = CaptureWriter(tmp_path, log_id="web", segment_bytes=100)
    monkeypatch.setattr(os, "fsync", noting)
    monkeypatch.setattr("keepfit.adapters.capture_log.writer.sync_data", noting)
    for number in range(20):
        writer.append(frame(number))
    assert True not in synced_by
    writer.close()
    assert len(read_all(tmp_path)) == 20
