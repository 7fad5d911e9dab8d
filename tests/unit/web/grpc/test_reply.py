"""Replies."""

import numpy as np
import pytest

from keepfit.serving.result import InferenceResult
from keepfit.web.grpc.reply import ModelInferResponse, write


def result(versions):
    """Predictions of these versions."""
    return InferenceResult(
        model="taxi",
        request_id="trip",
        output="minutes",
        predictions=np.arange(len(versions)) / 2,
        ids=[f"trip:{row}" for row in range(len(versions))],
        versions=versions,
        champion=3,
    )


@pytest.mark.parametrize(
    ("versions", "version", "counts"),
    [([3, 3], "3", None), ([4, 4], "4", None), ([3, 4, 4], "3", "3:1,4:2")],
)
def test_who_answered(versions, version, counts):
    """The one version, or the champion with how many rows each answered."""
    reply = ModelInferResponse.FromString(write(result(versions), raw=False))
    assert reply.model_version == version
    assert [one.string_param for one in reply.parameters.values()] == ([] if counts is None else [counts])


@pytest.mark.parametrize("raw", [False, True])
def test_only_what_was_asked_for_is_told(raw):
    """With one raw content for each output, or none."""
    reply = ModelInferResponse.FromString(write(result([3, 3]), ("minutes",), raw=raw))
    assert [(one.name, one.datatype, list(one.shape)) for one in reply.outputs] == [("minutes", "FP64", [2])]
    if raw:
        assert [np.frombuffer(one).tolist() for one in reply.raw_output_contents] == [[0.0, 0.5]]
    else:
        assert list(reply.outputs[0].contents.fp64_contents) == [0.0, 0.5]
