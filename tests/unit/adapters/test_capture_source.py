"""A folder of capture logs as the drain reads it."""

import gc

import pytest

from keepfit.adapters.capture_log import CaptureWriter
from keepfit.adapters.capture_log.giving_up import give_up_oldest
from keepfit.adapters.capture_source import CaptureFolder
from keepfit.predictions.capture_codec import PredictionsFrame
from keepfit.predictions.ledger import Ledger


def answers(name, size=0):
    return PredictionsFrame(
        model="taxi",
        prediction_id=[name],
        version=[1],
        role=["champion"],
        event_time=[0],
        received_at=[0],
        prediction=[1.0],
        error=[None],
        features={},
        kinds={},
        context={"note": ["x" * size]},
        received=3,
        sampled_out=2,
    )


@pytest.fixture
def written(tmp_path):
    """Three predictions in three segments."""
    writer = CaptureWriter(tmp_path, log_id="web-0", segment_bytes=1_000)
    for name in "abc":
        writer.append(answers(name, size=1_000))
    writer.close()
    return tmp_path


def names(chunks):
    return [one.prediction_id[0] for chunk in chunks for one in chunk.frames]


def test_a_log_is_read_in_chunks_and_trimmed_behind_them(written):
    """A closed log is gone when it was read."""
    folder = CaptureFolder(written)
    seen = []
    for chunk in folder.read("web-0", None):
        seen.append(chunk)
        folder.discard(chunk.position)
    assert names(seen) == ["a", "b", "c"]
    assert folder.logs() == []


def test_small_chunks_hold_little(written):
    """About as many bytes as were asked for, a frame at least."""
    assert len(list(CaptureFolder(written, chunk_bytes=10).read("web-0", None))) == 3


def test_what_was_given_up_is_lost_and_named(written):
    """Its counts are those of its frames."""
    give_up_oldest(written, until_bytes=3_000)
    first, *rest = CaptureFolder(written).read("web-0", None)
    assert (first.given_up, first.frames) == (("web-0-000001.cap",), ())
    assert first.lost == {"taxi": Ledger(received=3, sampled_out=2, dropped=1)}
    assert names(rest) == ["b", "c"]


def test_what_is_read_is_marked_before(written):
    """So that nobody gives it up meanwhile."""
    chunks = iter(CaptureFolder(written).read("web-0", None))
    next(chunks)
    assert [one.segment for one in give_up_oldest(written, until_bytes=0)] == [
        "web-0-000002.cap",
        "web-0-000003.cap",
    ]


def test_the_last_file_of_a_log_goes_when_its_writer_has_gone(tmp_path):
    """Though nothing new is in it."""
    writer = CaptureWriter(tmp_path, log_id="web-0")
    writer.append(answers("a"))
    folder = CaptureFolder(tmp_path)
    (chunk,) = folder.read("web-0", None)
    folder.discard(chunk.position)
    writer.close()
    assert list(folder.read("web-0", chunk.position)) == []
    assert folder.logs() == []


def test_garbage_is_collected_again_after_a_drain(written):
    """Also one that was broken off."""
    chunks = iter(CaptureFolder(written).read("web-0", None))
    next(chunks)
    assert not gc.isenabled()
    chunks.close()
    assert gc.isenabled()
