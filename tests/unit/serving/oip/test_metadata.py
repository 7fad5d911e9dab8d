"""What is announced."""

from keepfit.serving import oip
from keepfit.serving.loaded import LoadedModel


def test_metadata_announces_the_features(signature):
    """With their datatypes, and what comes back."""
    assert oip.metadata("taxi", signature, [3, 4]) == {
        "name": "taxi",
        "versions": ["3", "4"],
        "platform": "keepfit",
        "inputs": [
            {"name": "miles", "datatype": "FP64", "shape": [-1]},
            {"name": "zone", "datatype": "BYTES", "shape": [-1]},
            {"name": "hour", "datatype": "INT64", "shape": [-1]},
        ],
        "outputs": [
            {"name": "minutes", "datatype": "FP64", "shape": [-1]},
            {"name": "prediction_id", "datatype": "BYTES", "shape": [-1]},
        ],
    }


def test_metadata_says_how_a_version_is_called(signature):
    """What there is nothing to say of is left out."""
    told = {"signature": signature, "version": 3, "predict": len}
    assert oip.called(LoadedModel(**told, runtime="LightGBM")) == {"runtime": "LightGBM"}
    compiled = LoadedModel(**told, runtime="treelite", difference=1e-7, note="onnxruntime 64-bit: too slow")
    assert oip.called(compiled) == {
        "runtime": "treelite",
        "largest_difference": 1e-7,
        "runtime_note": "onnxruntime 64-bit: too slow",
    }


def test_the_server_announces_binary_tensors():
    """Clients ask for the extensions before they use one."""
    assert oip.server_metadata("1.0")["extensions"] == ["binary_tensor_data", "model_repository"]
