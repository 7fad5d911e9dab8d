"""Small frames."""

import pytest

from keepfit.predictions.capture_codec import LabelsFrame


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
