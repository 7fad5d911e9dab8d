"""A trained model on disk, and everything that comes back from there."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
import skops.io
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.preprocessing import FunctionTransformer

from keepfit.adapters.artifact import ArtifactFiles, write_artifact
from keepfit.adapters.codec import pack
from keepfit.adapters.runtimes.choice import load_model, load_runtime
from keepfit.adapters.runtimes.folder import DEFAULT_TRUSTED_TYPES
from keepfit.errors import ArtifactError, TrainingFailedError
from keepfit.evaluation.estimation.estimator import fit_estimator
from keepfit.evaluation.task import Classification, Regression
from keepfit.registry.encode import encode_matrix
from keepfit.registry.model_version import ModelVersion
from keepfit.registry.signature import Signature
from keepfit.training.pipeline import Recipe, predictor, train

START = datetime(2020, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def rides(n=400):
    rng = np.random.default_rng(4)
    degrees = rng.uniform(0, 30, n)
    zone = rng.choice(["city", "suburb"], n)
    return pl.DataFrame(
        {
            "ride_id": [str(i) for i in range(n)],
            "at": [START + i * DAY / 40 for i in range(n)],
            "degrees": np.where(rng.random(n) < 0.05, np.nan, degrees),
            "zone": zone,
            "hour": rng.integers(0, 24, n),
            "weekend": rng.random(n) < 0.3,
            "rides": 10 + degrees + 8 * (zone == "city"),
        }
    ).with_columns(pl.col("degrees").fill_nan(None))


@pytest.fixture(scope="module")
def trained():
    """A real gradient boosting model on numbers, a boolean and a category, with nulls."""
    recipe = Recipe(
        model="bikes",
        task=Regression(target="rides"),
        id="ride_id",
        time="at",
        features=("degrees", "zone", "hour", "weekend"),
        categorical=("zone",),
        context=(),
        slices=("zone",),
        window=DAY,
        rows=lambda _start, _end: rides(),
        fit=lambda given: HistGradientBoostingRegressor(
            categorical_features="from_dtype", max_iter=20, random_state=0
        ).fit(given.X, given.y),
    )
    return train(recipe, rides(), starts=(START,), test_from=START + 7 * DAY)


@pytest.fixture(scope="module")
def artifact(trained, tmp_path_factory):
    """The folder that was written of it."""
    folder = tmp_path_factory.mktemp("artifact") / "model"
    write_artifact(trained, folder, trusted_types=DEFAULT_TRUSTED_TYPES)
    return folder


def test_what_is_loaded_predicts_what_was_trained(trained, artifact):
    """To the last bit, in training's way and in serving's, with unseen categories and nulls."""
    rows = (
        rides().head(50).with_columns(zone=pl.when(pl.col("hour") < 3).then(pl.lit("mars")).otherwise("zone"))
    )
    loaded = load_model(artifact)
    before = predictor(trained.estimator, trained.signature)(rows)
    assert np.array_equal(predictor(loaded, trained.signature)(rows), before)
    matrix = encode_matrix(trained.signature, {name: rows[name].to_list() for name in rows.columns})
    runtime = load_runtime(artifact, trained.signature)
    assert runtime.name == "scikit-learn forest"
    assert np.array_equal(runtime(matrix), before)
    assert np.ptp(before) > 10


def test_the_artifact_is_an_mlflow_model_with_its_signature(artifact):
    """Other tools read it too: columns with their types, and the libraries that it was made with."""
    import yaml

    described = yaml.safe_load((artifact / "MLmodel").read_text(encoding="utf-8"))
    inputs = yaml.safe_load(described["signature"]["inputs"])
    assert {one["name"]: one["type"] for one in inputs} == {
        "degrees": "double",
        "zone": "string",
        "hour": "long",
        "weekend": "boolean",
    }
    assert described["flavors"]["sklearn"]["serialization_format"] == "skops"
    requirements = (artifact / "requirements.txt").read_text(encoding="utf-8")
    assert {line.partition("==")[0] for line in requirements.split()} >= {"scikit-learn", "skops", "numpy"}


class Fetching:
    """A registry whose artifacts lie in folders; it counts how often each was asked for."""

    def __init__(self, folder):
        self.folder, self.fetched = folder, []

    def fetch(self, version):
        """The folder, as it is."""
        self.fetched.append(version.digest)
        return self.folder


def version(digest="sha256:1"):
    return ModelVersion(
        model="bikes",
        number=1,
        run_id="run",
        job_id="job",
        artifact_uri="",
        digest=digest,
        dataset="bikes@1",
        dataset_digest="",
        metrics={},
        signature=Signature(features=(), id="ride_id", time="at", context=(), output="rides"),
        trained_at=START,
        why="",
    )


def test_reference_and_trial_come_back_as_they_were(trained, artifact):
    """Every profile, every sum."""
    files = ArtifactFiles(Fetching(artifact))
    found = files.reference(version())
    assert pack(found) == pack(trained.reference)
    assert found.total.rows == 400
    assert found.expected == trained.reference.expected
    assert files.trial(version()) == trained.trial


def test_the_newest_references_are_kept_in_memory(artifact):
    """Eight of them; a check of a fleet reads each once a tick at most."""
    registry = Fetching(artifact)
    files = ArtifactFiles(registry)
    for number in [*range(8), 7, 0]:
        files.reference(version(f"sha256:{number}"))
    assert len(registry.fetched) == 8
    files.reference(version("sha256:8"))
    files.reference(version("sha256:0"))
    assert registry.fetched[8:] == ["sha256:8", "sha256:0"]


def test_a_version_without_a_trial_has_none(tmp_path):
    """It was registered by other means; the gates block."""
    assert ArtifactFiles(Fetching(tmp_path)).trial(version()) is None


def test_the_estimator_comes_back_as_it_was(trained, artifact):
    """It expects the same losses of the same rows, to the last bit; read once, it is kept in memory."""
    registry = Fetching(artifact)
    files = ArtifactFiles(registry)
    found, rows = files.estimator(version()), rides().head(60)
    predictions = predictor(trained.estimator, trained.signature)(rows)
    assert found.spec == trained.performance_estimator.spec
    assert set(found.loss_models) == {"mae", "mse"}
    assert found.estimate(predictions, rows) == trained.performance_estimator.estimate(predictions, rows)
    assert files.estimator(version()) is found
    assert len(registry.fetched) == 1


def test_that_of_a_classification_needs_no_models(trained, tmp_path):
    """Its curves and cells are all of it."""
    rng = np.random.default_rng(5)
    scores = rng.uniform(size=300)
    labels = (rng.uniform(size=300) < scores).astype(float)
    task = Classification(target="busy")
    estimator = fit_estimator(task, labels=labels, predictions=scores, features=rides(), inputs=())
    write_artifact(
        replace(trained, performance_estimator=estimator),
        tmp_path / "model",
        trusted_types=DEFAULT_TRUSTED_TYPES,
    )
    found = ArtifactFiles(Fetching(tmp_path / "model")).estimator(version())
    assert found == estimator
    assert found.estimate(scores) == estimator.estimate(scores)
    assert not (tmp_path / "model/keepfit/loss_models.skops").exists()


def test_a_version_without_an_estimator_has_none(trained, tmp_path):
    """Too few rows were held out, or it was registered by other means."""
    write_artifact(
        replace(trained, performance_estimator=None),
        tmp_path / "model",
        trusted_types=DEFAULT_TRUSTED_TYPES,
    )
    assert ArtifactFiles(Fetching(tmp_path / "model")).estimator(version()) is None
    assert ArtifactFiles(Fetching(tmp_path)).estimator(version()) is None


def test_loss_models_of_other_types_are_not_loaded(artifact, tmp_path):
    """They are keepfit's own trees: what a workspace allows a model to be does not count."""
    copy = tmp_path / "model"
    shutil.copytree(artifact, copy)
    skops.io.dump({"mae": Private()}, copy / "keepfit/loss_models.skops")
    with pytest.raises(ArtifactError, match="holds types that nobody allowed"):
        ArtifactFiles(Fetching(copy)).estimator(version())


class Constant:
    """No scikit-learn estimator."""

    def predict(self, rows):
        """Always one."""
        return np.ones(len(rows))


class Private(HistGradientBoostingRegressor):
    """An estimator of a type that nobody allowed."""


@pytest.mark.parametrize(
    ("estimator", "said"),
    [
        (Constant(), "a Constant cannot be stored: it is no scikit-learn estimator"),
        (Private(), "the model cannot be stored: "),
        (FunctionTransformer(lambda rows: rows), "the model cannot be stored: "),
    ],
)
def test_what_could_not_be_loaded_is_not_stored(trained, tmp_path, estimator, said):
    """The training fails at its step `save`, with what to do; nothing is registered."""
    with pytest.raises(TrainingFailedError) as caught:
        write_artifact(
            replace(trained, estimator=estimator), tmp_path / "model", trusted_types=DEFAULT_TRUSTED_TYPES
        )
    assert str(caught.value).startswith(said)
    assert caught.value.step == "save"
    assert caught.value.hint


def test_a_type_that_was_allowed_is_stored(trained, tmp_path):
    """In keepfit.toml, after a look at what it is; serving must allow it as well."""
    mine = Private(max_iter=2).fit(np.ones((30, 1)), np.arange(30.0))
    allowed = DEFAULT_TRUSTED_TYPES | {f"{Private.__module__}.{Private.__qualname__}"}
    write_artifact(
        replace(trained, estimator=mine, validation=None), tmp_path / "model", trusted_types=allowed
    )
    loaded = load_model(tmp_path / "model", trusted_types=allowed)
    assert np.array_equal(loaded.predict(np.ones((3, 1))), mine.predict(np.ones((3, 1))))


def test_mlflow_finds_a_signature_and_an_example_of_the_input(artifact):
    """As requests carry it: a category by its value."""
    from mlflow.models import Model

    described = Model.load(str(artifact))
    assert described.signature.inputs.input_names() == ["degrees", "zone", "hour", "weekend"]
    example = described.load_input_example(str(artifact))
    assert len(example) == 5
    assert set(example["zone"]) <= {"city", "suburb"}
