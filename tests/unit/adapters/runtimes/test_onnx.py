"""ONNX models with one input or several, for a value or a probability."""

import numpy as np
import pytest
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression

from keepfit.adapters.runtimes.choice import load_model
from keepfit.adapters.runtimes.onnx import runtime
from keepfit.errors import ArtifactError


def write(folder, nodes, inputs, outputs, kind=TensorProto.DOUBLE):
    ends = [
        [helper.make_tensor_value_info(name, kind, [None, width]) for name, width in one]
        for one in (inputs, outputs)
    ]
    model = helper.make_model(
        helper.make_graph(nodes, "g", *ends), opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    )
    (folder / "model.onnx").write_bytes(model.SerializeToString())


@pytest.fixture
def folder(described):
    """A folder of ONNX's flavour."""
    return described("onnx", data="model.onnx")


@pytest.mark.parametrize("kind", [TensorProto.DOUBLE, TensorProto.FLOAT])
def test_one_input_takes_all_features(folder, numbers, kind):
    """In the precision that it asks for."""
    write(folder, [helper.make_node("ReduceMean", ["x"], ["y"], axes=[1])], [("x", 4)], [("y", 1)], kind)
    found = runtime(load_model(folder), numbers.signature, numbers.probe)
    np.testing.assert_allclose(found(numbers.matrix), numbers.matrix.mean(axis=1), atol=1e-6)


def test_several_inputs_take_features_by_name(folder, numbers):
    """In whatever order."""
    names = [(name, 1) for name in ("n2", "n0", "n3", "n1")]
    write(folder, [helper.make_node("Sub", ["n2", "n0"], ["y"])], names, [("y", 1)])
    found = runtime(load_model(folder), numbers.signature, numbers.probe)
    np.testing.assert_array_equal(found(numbers.matrix), numbers.matrix[:, 2] - numbers.matrix[:, 0])


@pytest.mark.parametrize("zipmap", [False, True])
def test_of_a_converted_classifier_the_probability_is_taken(folder, numbers, zipmap):
    """As an array, or as the maps that converters write unless told otherwise."""
    model = LogisticRegression().fit(numbers.matrix, numbers.positive)
    converted = to_onnx(
        model, numbers.matrix[:1].astype(np.float32), target_opset=17, options={"zipmap": zipmap}
    )
    (folder / "model.onnx").write_bytes(converted.SerializeToString())
    found = runtime(load_model(folder), numbers.chance, numbers.probe)
    np.testing.assert_allclose(found(numbers.matrix), model.predict_proba(numbers.matrix)[:, 1], atol=1e-5)


def test_inputs_of_other_names_and_damaged_files_are_refused(folder, numbers):
    """With both sides' names."""
    write(folder, [helper.make_node("Sub", ["a", "b"], ["y"])], [("a", 1), ("b", 1)], [("y", 1)])
    with pytest.raises(ArtifactError, match="takes a, b, and the signature says n0, n1, n2, n3"):
        runtime(load_model(folder), numbers.signature, numbers.probe)
    (folder / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(ArtifactError, match="cannot be loaded"):
        load_model(folder)
