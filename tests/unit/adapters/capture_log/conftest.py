"""Small frames."""

import pytest

from keepfit.predictions.capture_codec import LabelsFrame, PredictionsFrame


@pytest.fixture
def frame():
    """A frame named by its number; the second argument pads it to a size."""

    def make(number, size=0):
        return LabelsFrame(
            model="taxi",
            prediction_id=[f"id-{number}", "x" * size],
            label=[1.0, 2.0],
            label_time=[0, 0],
            received_at=[0, 0],
        )

    return make


@pytest.fixture
def answers():
    """A frame of predictions with these ids, of which some were sampled out."""

    def make(*ids, model="taxi", sampled_out=0, size=0):
        rows = len(ids)
        return PredictionsFrame(
            model=model,
            prediction_id=list(ids),
            version=[1] * rows,
            role=["champion"] * rows,
            event_time=[0] * rows,
            received_at=[0] * rows,
            prediction=[1.0] * rows,
            error=[None] * rows,
            features={},
            kinds={},
            context={"note": ["x" * size] * rows},
            received=rows + sampled_out,
            sampled_out=sampled_out,
        )

    return make
