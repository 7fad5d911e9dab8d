"""Replies, as JSON and as bytes."""

import json

import numpy as np
import pytest
from msgspec.structs import replace

from keepfit.serving import oip


@pytest.fixture
def reply(ask, tensor):
    """The JSON of a reply, and the bytes after it."""

    def make(result, **more):
        body, length = oip.encode(result, ask(tensor("miles", [1.0]), **more))
        return (json.loads(body), None) if length is None else (json.loads(body[:length]), body[length:])

    return make


def test_a_reply_has_the_target_and_the_ids(result, reply):
    """With the versions that answered, when there were several."""
    assert reply(result) == (
        {
            "model_name": "taxi",
            "model_version": "3",
            "id": "r",
            "parameters": {"versions": "3:2,4:1"},
            "outputs": [
                {"name": "minutes", "shape": [3], "datatype": "FP64", "data": [1.5, 2.0, 3.0]},
                {"name": "prediction_id", "shape": [3], "datatype": "BYTES", "data": ["a", "b", "ç"]},
            ],
        },
        None,
    )


def test_the_outputs_that_were_asked_for(result, reply):
    """In the order asked; an empty list asks for all."""

    def names(asked):
        return [one["name"] for one in reply(result, outputs=asked)[0]["outputs"]]

    assert names([{"name": "prediction_id"}]) == ["prediction_id"]
    assert names([{"name": "prediction_id"}, {"name": "minutes"}]) == ["prediction_id", "minutes"]
    assert names([]) == ["minutes", "prediction_id"]


def test_one_version_that_answered_all_is_the_model_version(result, reply):
    """Also when it was the canary: the reply never names a version that took no part."""
    found, _ = reply(replace(result, versions=[4, 4, 4]))
    assert found["model_version"] == "4"
    assert "parameters" not in found


@pytest.mark.parametrize("name", ["minutes", "100%", '%d "b" \\ %b', "é"])
def test_any_name_and_id_is_written_as_json(result, reply, name):
    """Also what has a meaning in a template."""
    found, _ = reply(
        replace(result, model=name, output=name, request_id=name, ids=["a", name, ""], versions=[4, 4, 4])
    )
    assert (found["model_name"], found["id"]) == (name, name)
    assert [(one["name"], one["shape"], one["data"]) for one in found["outputs"]] == [
        (name, [3], [1.5, 2.0, 3.0]),
        ("prediction_id", [3], ["a", name, ""]),
    ]


def test_all_outputs_as_bytes(result, reply):
    """As clients ask that name no outputs; the sizes are told in the JSON."""
    found, tail = reply(result, parameters={"binary_data_output": True})
    minutes, ids = found["outputs"]
    assert minutes == {
        "name": "minutes",
        "shape": [3],
        "datatype": "FP64",
        "parameters": {"binary_data_size": 24},
    }
    assert ids["parameters"] == {"binary_data_size": len(tail) - 24}
    assert np.frombuffer(tail[:24], "<f8").tolist() == [1.5, 2.0, 3.0]
    assert tail[24:] == b"\x01\x00\x00\x00a\x01\x00\x00\x00b\x02\x00\x00\x00" + "ç".encode()


@pytest.mark.parametrize(("default", "asked"), [(True, False), (False, True)])
def test_an_output_says_itself_how_it_is_wanted(result, reply, default, asked):
    """Whatever the request's default is, which holds for the others."""
    found, _ = reply(
        result,
        parameters={"binary_data_output": default},
        outputs=[{"name": "minutes", "parameters": {"binary_data": asked}}, {"name": "prediction_id"}],
    )
    minutes, ids = found["outputs"]
    assert ("data" in minutes, "data" in ids) == (not asked, not default)


def test_every_other_prediction_is_written_too(result, reply):
    """Predictions may be a part of a batch's, and not lie side by side."""
    strided = replace(result, predictions=np.arange(6.0)[::2])
    assert reply(strided)[0]["outputs"][0]["data"] == [0.0, 2.0, 4.0]
    assert np.frombuffer(reply(strided, parameters={"binary_data_output": True})[1][:24]).tolist() == [
        0.0,
        2.0,
        4.0,
    ]
