"""Reading on from a position, setting damage aside, deleting what was drained."""

import pytest

from keepfit.adapters.capture_log import CaptureReader, CaptureWriter
from keepfit.errors import CaptureError
from keepfit.predictions.capture_codec import PredictionsFrame, encode
from keepfit.predictions.ledger import DrainPosition


@pytest.fixture
def written(tmp_path, frame):
    """Six frames in three closed segments of two, and an empty newest one that is being written."""
    writer = CaptureWriter(tmp_path, log_id="web", segment_bytes=2 * len(encode(frame(0))))
    for number in range(6):
        writer.append(frame(number))
    writer.close()
    live = CaptureWriter(tmp_path, log_id="web")
    yield CaptureReader(tmp_path)
    live.close()


def drain(reader, after=None, **kwargs):
    batches = [reader.read("web", after, **kwargs)]
    while batches[-1].more:
        batches.append(reader.read("web", batches[-1].position, **kwargs))
    return batches


@pytest.mark.parametrize("max_bytes", [1, 100, 1 << 20])
def test_every_frame_is_read_once_and_in_order(written, frame, max_bytes):
    """However little is read at a time, over the ends of segments."""
    batches = drain(written, max_bytes=max_bytes)
    assert [one for batch in batches for one in batch.frames] == [frame(number) for number in range(6)]
    assert written.logs() == ["web"]
    assert batches[-1].position == DrainPosition(log="web", segment="web-000004.cap", offset=0)


def test_reading_goes_on_where_it_ended(tmp_path, frame):
    """A live segment gives what has come since."""
    writer = CaptureWriter(tmp_path, log_id="web")
    reader = CaptureReader(tmp_path)
    writer.append(frame(1))
    first = reader.read("web")
    nothing = reader.read("web", first.position)
    writer.append(frame(2))
    second = reader.read("web", nothing.position)
    writer.close()
    assert (first.frames, nothing.frames, second.frames) == ((frame(1),), (), (frame(2),))
    assert not first.more


def test_an_unfinished_frame_is_waited_for_in_the_newest_segment(tmp_path, frame):
    """It may be being written at this moment."""
    data = encode(frame(1)) + encode(frame(2))
    path = tmp_path / "web-000001.cap"
    path.write_bytes(data[:-4])
    reader = CaptureReader(tmp_path)
    first = reader.read("web")
    path.write_bytes(data)
    second = reader.read("web", first.position)
    assert (first.frames, first.damage, second.frames) == ((frame(1),), (), (frame(2),))


def test_an_unfinished_frame_in_a_closed_segment_is_damage_with_its_counts(tmp_path, frame):
    """Nobody will finish it: its rows are known to be lost."""
    torn = PredictionsFrame(
        model="taxi",
        prediction_id=["a", "b"],
        version=[1, 1],
        role=["champion"] * 2,
        event_time=[0, 0],
        received_at=[0, 0],
        prediction=[1.0, 2.0],
        error=[None, None],
        features={},
        kinds={},
        received=2,
    )
    (tmp_path / "web-000001.cap").write_bytes(encode(frame(1)) + encode(torn)[:-4])
    (tmp_path / "web-000002.cap").write_bytes(encode(frame(2)))
    first, second = drain(CaptureReader(tmp_path))
    assert (first.frames, second.frames) == ((frame(1),), (frame(2),))
    assert (first.damage[0].damage.model, first.damage[0].damage.received) == ("taxi", 2)


def test_damage_in_the_middle_is_set_aside_and_good_frames_are_kept(tmp_path, frame):
    """The bytes are there to be looked at, under a name that says where they were."""
    parts = [encode(frame(number)) for number in range(3)]
    broken = parts[1][:30] + b"\0\0\0" + parts[1][33:]
    (tmp_path / "web-000001.cap").write_bytes(parts[0] + broken + parts[2])
    batch = CaptureReader(tmp_path).read("web")
    assert batch.frames == (frame(0), frame(2))
    (damage,) = batch.damage
    assert damage.set_aside == tmp_path / f"web-000001.cap.damaged-{len(parts[0])}"
    assert damage.set_aside.read_bytes() == broken
    assert CaptureReader(tmp_path).segments("web") == ["web-000001.cap"]


def test_damage_that_lies_deep_in_a_segment_is_at_its_offset(tmp_path, frame):
    """Reading in small pieces names the same bytes as reading at once."""
    parts = [encode(frame(number)) for number in range(5)]
    parts[3] = parts[3][:-1] + bytes([parts[3][-1] ^ 1])
    (tmp_path / "web-000001.cap").write_bytes(b"".join(parts))
    batches = drain(CaptureReader(tmp_path), max_bytes=len(parts[0]) + 10)
    (damage,) = [one.damage for batch in batches for one in batch.damage]
    assert (damage.start, damage.stop) == (sum(map(len, parts[:3])), sum(map(len, parts[:4])))
    assert sum(len(batch.frames) for batch in batches) == 4


def test_only_closed_and_drained_segments_are_deleted(written):
    """Never the one that is being written."""
    first = written.read("web")
    half = DrainPosition(log="web", segment="web-000002.cap", offset=first.position.offset - 1)
    assert written.delete_drained(half) == ["web-000001.cap"]
    end = drain(written)[-1].position
    assert written.delete_drained(end) == ["web-000002.cap", "web-000003.cap"]
    assert written.segments("web") == ["web-000004.cap"]


def test_reading_goes_on_after_a_drained_segment_was_deleted(written, frame):
    """A position at the end of a deleted segment is the beginning of the next."""
    first = written.read("web")
    written.delete_drained(first.position)
    assert written.read("web", first.position).frames == (frame(2), frame(3))


def test_a_log_whose_writer_is_gone_is_closed_to_its_end(tmp_path, frame):
    """What it left unfinished is damage, all of it can be deleted, and a later writer goes on with new numbers."""
    writer = CaptureWriter(tmp_path, log_id="web")
    writer.append(frame(1))
    writer.append(frame(2))
    with writer.segment.open("r+b") as file:
        file.truncate(writer.segment.stat().st_size - 4)
    reader = CaptureReader(tmp_path)
    live = reader.read("web")
    assert (live.frames, live.damage, reader.delete_drained(live.position)) == ((frame(1),), (), [])
    writer.close()
    assert reader.delete_drained(live.position) == []
    dead = reader.read("web", live.position)
    assert (dead.frames, len(dead.damage), dead.more) == ((), 1, False)
    assert reader.delete_drained(dead.position) == ["web-000001.cap"]
    assert reader.logs() == []
    again = CaptureWriter(tmp_path, log_id="web")
    again.append(frame(3))
    again.close()
    assert reader.read("web", dead.position).frames == (frame(3),)
    assert reader.segments("web") == ["web-000002.cap"]


def test_a_log_that_is_not_there_is_said(tmp_path):
    """With the folder that was looked in."""
    with pytest.raises(CaptureError, match="no capture log 'web'"):
        CaptureReader(tmp_path).read("web")


def test_a_folder_that_was_emptied_is_noticed(written, tmp_path, frame):
    """Frames of a log that began anew are never skipped in silence."""
    end = DrainPosition(log="web", segment="web-000003.cap", offset=10)
    for path in tmp_path.glob("*.cap"):
        path.unlink()
    (tmp_path / "web-000001.cap").write_bytes(encode(frame(1)))
    with pytest.raises(CaptureError, match="which is gone"):
        written.read("web", end)
    (tmp_path / "web-000001.cap").rename(tmp_path / "web-000003.cap")
    with pytest.raises(CaptureError, match=r"was read up to 100000"):
        written.read("web", DrainPosition(log="web", segment="web-000003.cap", offset=100_000))
