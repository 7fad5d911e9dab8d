"""The signature beside a model."""

import pytest

from keepfit.adapters.artifact_signature import ArtifactFolder, find_artifact, write_signature
from keepfit.adapters.codec import to_json
from keepfit.errors import ArtifactError
from keepfit.registry.signature import Feature, Kind, Signature

SIGNATURE = Signature(
    features=(Feature("zone", Kind.CATEGORY, text=True, categories=("bronx",)),),
    id="trip",
    time="at",
    context=(),
    output="minutes",
)


@pytest.fixture
def model(tmp_path):
    """A model's folder, without a signature."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "MLmodel").touch()
    return folder


def test_a_signature_comes_back_as_it_was(model):
    """From the model's folder, and from the one that holds it."""
    write_signature(model, SIGNATURE)
    assert find_artifact(model) == ArtifactFolder(directory=model, signature=SIGNATURE)
    assert find_artifact(model.parent) == find_artifact(model)


def test_a_version_that_was_registered_before_is_served_too(model):
    """Its signature lies beside its folder."""
    (model.parent / "keepfit").mkdir()
    (model.parent / "keepfit" / "version.json").write_bytes(to_json({"signature": SIGNATURE}))
    assert find_artifact(model.parent).signature == SIGNATURE


def test_a_model_that_nothing_says_the_columns_of_is_refused(model):
    """With what to do."""
    with pytest.raises(ArtifactError, match=r"has no keepfit/signature\.json") as caught:
        find_artifact(model)
    assert "train it with keepfit" in caught.value.hint


def test_a_folder_without_a_model_is_said(tmp_path):
    """With the file that is missing."""
    with pytest.raises(ArtifactError, match="there is no MLmodel file"):
        find_artifact(tmp_path)


def test_a_signature_that_cannot_be_read_is_said(model):
    """It is no reason for a traceback."""
    write_signature(model, SIGNATURE)
    (model / "keepfit" / "signature.json").write_bytes(b"{}")
    with pytest.raises(ArtifactError, match="cannot be read"):
        find_artifact(model)
