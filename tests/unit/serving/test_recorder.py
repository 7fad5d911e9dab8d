"""Frames of attempts, and counts that balance whatever happens."""

import numpy as np
import pytest

from keepfit.errors import CaptureError, SpoolFullError
from keepfit.predictions.record import Role
from keepfit.serving.attempts import Attempt
from keepfit.serving.recorder import Recorder, Unwritten, frame_of
from keepfit.serving.request import Accepts, of_mapping, read_rows


def request_of(signature, batch, n):
    columns = of_mapping(batch(n, borough=["queens"] * n))
    return read_rows(columns, Accepts(signature=signature), request_id="r", received_at=0)


def tried(rows, *, version=1, role=Role.CHAMPION, failed=None):
    predictions = None if failed else np.array([10.0 * row for row in rows])
    return Attempt(version=version, role=role, rows=rows, predictions=predictions, error=failed)


def test_a_frame_has_the_rows_of_each_attempt(signature, batch):
    """With their own features, in the attempts' order."""
    attempts = [tried([2], version=2, role=Role.CANARY), tried([0, 1])]
    frame = frame_of("taxi", request_of(signature, batch, 3), attempts)
    assert frame.prediction_id == ["r:2", "r:0", "r:1"]
    assert frame.version == [2, 1, 1]
    assert frame.role == ["canary", "champion", "champion"]
    assert frame.prediction == [20.0, 0.0, 10.0]
    assert frame.number_names == ["miles", "hour"]
    assert np.frombuffer(frame.numbers).tolist() == [2.0, 8.0, 0.0, 8.0, 1.0, 8.0]
    assert frame.features == {"zone": ["bronx"] * 3}
    assert frame.context == {"borough": ["queens"] * 3}
    assert (frame.received, frame.sampled_out, frame.dropped) == (3, 0, 0)


def test_a_failure_is_recorded_with_null_predictions(signature, batch):
    """In the role `failed`, and not counted as received: nobody was answered, and a repeat counts as new."""
    frame = frame_of("taxi", request_of(signature, batch, 2), [tried([0, 1], failed="ValueError: no")])
    assert (frame.prediction, frame.error) == ([None, None], ["ValueError: no"] * 2)
    assert (frame.role, frame.received) == (["failed"] * 2, 0)


def test_rows_of_a_failed_canary_are_counted_once(signature, batch):
    """The champion answered them as well: the caller was given three predictions, not five."""
    attempts = [tried([0, 2], version=2, role=Role.CANARY, failed="ValueError: no"), tried([0, 1, 2])]
    frame = frame_of("taxi", request_of(signature, batch, 3), attempts)
    assert frame.role == ["failed", "failed", "champion", "champion", "champion"]
    assert frame.version == [2, 2, 1, 1, 1]
    assert (frame.received, frame.sampled_out, frame.dropped) == (3, 0, 0)


def test_a_failed_attempt_that_could_not_be_written_is_no_loss_of_answers(world, signature, batch):
    """Only predictions that a caller was given are counted as dropped."""
    recorder = Recorder(world)
    world.full = True
    recorder.predictions("taxi", request_of(signature, batch, 2), [tried([0, 1], failed="ValueError: no")])
    world.full = False
    recorder.predictions("taxi", request_of(signature, batch, 1), [tried([0])])
    assert [(one.received, one.dropped) for one in world.frames] == [(1, 0)]


def test_shadows_are_recorded_and_not_counted(signature, batch):
    """Nobody was given their answers."""
    frame = frame_of("taxi", request_of(signature, batch, 2), [tried([0, 1], role=Role.SHADOW)])
    assert (len(frame.prediction_id), frame.received) == (2, 0)


def test_a_sample_keeps_the_same_predictions_of_every_version(signature, batch):
    """Champion and shadow can be compared pair by pair; what was left out is counted."""
    request = request_of(signature, batch, 400)
    served = frame_of("taxi", request, [tried(range(400))], share=0.25)
    shadow = frame_of("taxi", request, [tried(range(400), role=Role.SHADOW)], share=0.25)
    assert served.prediction_id == shadow.prediction_id
    assert 60 < len(served.prediction_id) < 140
    assert served.sampled_out == 400 - len(served.prediction_id)
    assert (served.received, shadow.sampled_out) == (400, 0)


def test_what_could_not_be_written_is_counted_in_the_next_frame(world, signature, batch):
    """A full disk costs records, not answers, and the ledger says how many."""
    recorder = Recorder(world)
    world.full = True
    recorder.predictions("taxi", request_of(signature, batch, 3), [tried([0, 1, 2])])
    recorder.predictions("taxi", request_of(signature, batch, 2), [tried([0, 1])])
    assert recorder.failure == "there is no room"
    world.full = False
    recorder.predictions("taxi", request_of(signature, batch, 1), [tried([0])])
    recorder.predictions("taxi", request_of(signature, batch, 1), [tried([0])])
    assert [(one.received, one.dropped) for one in world.frames] == [(6, 5), (1, 0)]
    assert recorder.failure is None


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_counts_of_a_frame_balance(signature, batch, share):
    """Received = stored + sampled out + dropped."""
    attempts = [tried(range(20), version=2, role=Role.CANARY, failed="no"), tried(range(50))]
    frame = frame_of("taxi", request_of(signature, batch, 50), attempts, share=share, unwritten=Unwritten(7))
    stored = sum(role == "champion" for role in frame.role)
    assert frame.received == stored + frame.sampled_out + frame.dropped == 57


def test_where_nothing_may_go_unrecorded_there_is_no_answer(signature, batch):
    """A full spool under the policy `block` is told to the callers; what was lost before stays counted."""

    class Full:
        frames = ()
        error = CaptureError("the disk is gone")

        def append(self, _frame):
            raise self.error

    log = Full()
    recorder = Recorder(log)
    recorder.predictions("taxi", request_of(signature, batch, 2), [tried([0, 1])])
    log.error = SpoolFullError(1_000)
    with pytest.raises(SpoolFullError):
        recorder.predictions("taxi", request_of(signature, batch, 3), [tried([0, 1, 2])])
    kept = []
    log.append = kept.append
    recorder.predictions("taxi", request_of(signature, batch, 1), [tried([0])])
    assert (kept[0].received, kept[0].dropped) == (3, 2)


def test_a_share_of_a_models_predictions_is_recorded(world, signature, batch):
    """With the chance that each had, which is asked for anew each time: the room may get scarce."""
    recorder = Recorder(world, share=lambda model: {"taxi": 0.5}[model])
    recorder.predictions("taxi", request_of(signature, batch, 200), [tried(range(200))])
    (frame,) = world.frames
    assert frame.share == 0.5
    assert frame.received == 200
    assert 60 < frame.sampled_out < 140
    assert len(frame.prediction_id) == 200 - frame.sampled_out


def test_losses_are_written_down_at_the_end(world, signature, batch):
    """Though no further prediction comes; what was sampled out is no loss."""
    recorder = Recorder(world, share=lambda _model: 0.5)
    world.full = True
    recorder.predictions("taxi", request_of(signature, batch, 100), [tried(range(100))])
    recorder.close()
    world.full = False
    recorder.predictions("taxi", request_of(signature, batch, 1), [tried([0], failed="ValueError: no")])
    recorder.close()
    assert [frame.received for frame in world.frames] == [0]
    world.frames.clear()
    world.full = True
    recorder.predictions("taxi", request_of(signature, batch, 100), [tried(range(100))])
    world.full = False
    recorder.close()
    (frame,) = world.frames
    assert (frame.received, frame.prediction_id) == (100, [])
    assert frame.dropped + frame.sampled_out == 100
    assert 20 < frame.sampled_out < 80


def test_a_strict_server_answers_nothing_that_is_not_recorded(world, signature, batch):
    """Whatever the reason is."""
    recorder = Recorder(world, strict=True)
    world.full = True
    with pytest.raises(CaptureError, match="there is no room"):
        recorder.predictions("taxi", request_of(signature, batch, 1), [tried([0])])
    assert recorder.failure == "there is no room"
