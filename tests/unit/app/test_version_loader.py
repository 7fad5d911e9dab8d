"""From a folder to a model that predicts."""

import pickle
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from keepfit.adapters.validation_rows import ValidationRows, write_validation
from keepfit.app.version_loader import example_rows, load_version
from keepfit.config import ServingSection
from keepfit.errors import ArtifactError
from keepfit.registry.signature import Feature, Kind, Signature

SIGNATURE = Signature(
    features=(Feature("miles", Kind.NUMBER), Feature("hours", Kind.NUMBER)),
    id="trip",
    time="at",
    context=(),
    output="minutes",
)


@pytest.fixture
def folder(tmp_path):
    """A pickled model that sums its features."""
    described = "flavors:\n  sklearn:\n    pickled_model: model.pkl\n    serialization_format: pickle\n"
    (tmp_path / "MLmodel").write_text(described, encoding="utf-8")
    model = SimpleNamespace(predict=partial(np.sum, axis=1))
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    (tmp_path / "keepfit").mkdir()
    return tmp_path


def load(folder):
    return load_version(folder, SIGNATURE, 3, ServingSection(allow_pickle=True))


def test_a_version_predicts_from_the_matrix(folder):
    """And says who it is."""
    loaded = load(folder)
    assert (loaded.version, loaded.signature) == (3, SIGNATURE)
    assert loaded.predict(np.array([[1.0, 2.0], [3.0, 4.0]])).tolist() == [3.0, 7.0]


def test_a_version_that_gives_other_numbers_than_in_training_is_refused(folder):
    """Another version of a library, perhaps."""
    rows = np.array([[1.0, 2.0], [3.0, 4.0]])
    write_validation(folder, ValidationRows(rows, np.array([3.0, 7.0])))
    assert load(folder).probe.tolist() == rows.tolist()
    write_validation(folder, ValidationRows(rows, np.array([3.0, 7.5])))
    with pytest.raises(ArtifactError, match=r"gives 7 here for a row for which it gave 7\.5"):
        load(folder)


def test_a_compiled_form_is_told_with_why_others_were_not_taken(folder, caplog):
    """In the log, and to whoever asks for the version."""
    settings = ServingSection(allow_pickle=True, compiled="auto")
    with caplog.at_level("INFO", logger="keepfit"):
        loaded = load_version(folder, SIGNATURE, 3, settings)
    assert "onnxruntime 64-bit: TypeError: a model of types is not converted" in loaded.note
    assert f"is called by {loaded.runtime} ({loaded.note})" in caplog.text


def test_examples_are_encoded_as_requests_are(tmp_path):
    """Codes for categories; rows that lack something are left out."""
    zone = Feature("zone", Kind.CATEGORY, text=True, categories=("bronx", "queens"))
    signature = Signature(
        features=(zone, Feature("miles", Kind.NUMBER)), id="id", time="at", context=(), output="minutes"
    )
    example = '{"columns": ["miles", "zone"], "data": [[1.5, "queens"], [null, "bronx"], [2, "mars"]]}'
    (tmp_path / "input_example.json").write_text(example, encoding="utf-8")
    assert example_rows(tmp_path, signature).tolist() == [[1.0, 1.5]]


@pytest.mark.parametrize("text", [None, "{}", "[1]", '{"columns": ["miles"], "data": [[1.0]]}', "no JSON"])
def test_an_example_of_other_columns_is_none(tmp_path, text):
    """Made-up rows are tried then."""
    if text is not None:
        (tmp_path / "input_example.json").write_text(text, encoding="utf-8")
    assert example_rows(tmp_path, SIGNATURE) is None
