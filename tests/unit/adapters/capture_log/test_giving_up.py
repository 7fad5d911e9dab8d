"""Giving up the oldest segments: predictions go, counts and labels stay."""

import os

import pytest

from keepfit.adapters.capture_log import CaptureReader, CaptureWriter
from keepfit.adapters.capture_log.giving_up import give_up_oldest
from keepfit.adapters.capture_log.reading import mark_reading
from keepfit.errors import CaptureError
from keepfit.predictions.capture_codec import DroppedFrame
from keepfit.predictions.ledger import DrainPosition


@pytest.fixture
def full(tmp_path, answers, frame):
    """Three closed segments of 20 kB, the first with a label among its predictions, and the one that is written."""
    writer = CaptureWriter(tmp_path, log_id="web-0", segment_bytes=20_000)
    writer.append(answers("a", "b", sampled_out=3))
    writer.append(frame(1))
    for number in range(4):
        writer.append(answers(f"n{number}", model="bikes" if number else "taxi", size=20_000))
    yield tmp_path
    writer.close()


def read_all(folder):
    reader, batches = CaptureReader(folder), []
    batches.append(reader.read("web-0"))
    while batches[-1].more:
        batches.append(reader.read("web-0", batches[-1].position))
    return batches


def test_the_oldest_go_first_and_no_more_than_needed(full):
    """Down to what was asked for."""
    (first,) = give_up_oldest(full, until_bytes=65_000)
    assert (first.segment, first.rows) == ("web-0-000001.cap", {"taxi": 3})
    assert sum(path.stat().st_size for path in full.iterdir()) <= 65_000
    assert give_up_oldest(full, until_bytes=65_000) == []


def test_counts_and_labels_are_read_in_the_place_of_the_rows(full, frame):
    """At positions of the segment that was: a drain goes on behind its end."""
    size = (full / "web-0-000001.cap").stat().st_size
    give_up_oldest(full, until_bytes=65_000)
    first, *rest = read_all(full)
    assert first.given_up == DroppedFrame(size=size, counts={"taxi": (6, 3)})
    assert first.frames == (frame(1),)
    assert first.position == DrainPosition(log="web-0", segment="web-0-000001.cap", offset=size)
    assert [batch.given_up for batch in rest] == [None] * len(rest)
    assert [one.prediction_id for batch in rest for one in batch.frames] == [["n1"], ["n2"], ["n3"]]
    reader = CaptureReader(full)
    assert reader.delete_drained(first.position) == ["web-0-000001.cap"]


def test_what_is_written_is_never_given_up(full):
    """Nor what would free nothing; asking for the impossible gives up the rest."""
    assert [one.segment for one in give_up_oldest(full, until_bytes=0)] == [
        f"web-0-00000{number}.cap" for number in (1, 2, 3)
    ]
    assert give_up_oldest(full, until_bytes=0) == []
    assert [one.prediction_id for batch in read_all(full) for one in batch.frames][-1] == ["n3"]


def test_what_is_being_drained_is_left_alone(full):
    """Its rows may be in the lake already."""
    mark_reading(full, "web-0", "web-0-000001.cap")
    assert [one.segment for one in give_up_oldest(full, until_bytes=65_000)] == ["web-0-000002.cap"]


def test_what_a_dead_process_left_half_made_is_cleared_away(full):
    """It never stood for anything."""
    (full / "web-0-000001.cap.part").write_bytes(b"half")
    give_up_oldest(full, until_bytes=1 << 30)
    assert not (full / "web-0-000001.cap.part").exists()


def test_a_segment_of_which_half_was_drained_is_never_guessed_at(full):
    """Counting all of it would count some rows twice: it is said instead."""
    half = DrainPosition(log="web-0", segment="web-0-000001.cap", offset=100)
    give_up_oldest(full, until_bytes=65_000)
    with pytest.raises(CaptureError, match="was given up, though it was drained up to 100 of"):
        CaptureReader(full).read("web-0", half)


def test_age_is_what_counts_over_all_logs(full, answers):
    """A log that nobody writes any more is closed to its end."""
    dead = CaptureWriter(full, log_id="web-1")
    dead.append(answers("z", size=20_000))
    dead.close()
    os.utime(dead.segment, (0, 0))
    assert [one.segment for one in give_up_oldest(full, until_bytes=85_000)] == ["web-1-000001.cap"]
