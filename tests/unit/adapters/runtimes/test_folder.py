"""What is loaded, and what is refused however the artifact asks for it."""

import pickle
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import skops.io
import yaml
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from keepfit.adapters.runtimes.choice import load_model
from keepfit.adapters.runtimes.folder import DEFAULT_TRUSTED_TYPES
from keepfit.errors import ArtifactError
from keepfit.registry.encode import encode_features
from keepfit.registry.output import frame_output
from keepfit.registry.signature import Feature, Kind, Signature

N = 80
SIGNATURE = Signature(
    features=(
        Feature("miles", Kind.NUMBER),
        Feature("zone", Kind.CATEGORY, text=True, categories=("bronx", "queens")),
    ),
    id="id",
    time="at",
    context=(),
    output="minutes",
)
PROBABILITY = Signature(
    features=SIGNATURE.features, id="id", time="at", context=(), output="tip", probability=True
)
X = encode_features(SIGNATURE, {"miles": np.arange(N) % 17, "zone": ["bronx", "queens"] * (N // 2)})
Y = np.arange(N) % 17 * 3.0 + np.arange(N) % 2


def columns():
    return ColumnTransformer(
        [
            ("numbers", StandardScaler(), make_column_selector(dtype_include="number")),
            ("categories", OneHotEncoder(handle_unknown="ignore"), ["zone"]),
        ]
    )


def save(directory: Path, model, *, form="skops", **described):
    """As MLflow's scikit-learn flavour lays it out."""
    directory.mkdir(parents=True, exist_ok=True)
    if form == "skops":
        skops.io.dump(model, directory / "model.skops")
    else:
        (directory / "model.pkl").write_bytes(pickle.dumps(model))
    name = "model.skops" if form == "skops" else "model.pkl"
    flavor = {"pickled_model": name, "serialization_format": form, "sklearn_version": "1.9", **described}
    flavors = {"python_function": {"loader_module": "mlflow.sklearn"}, "sklearn": flavor}
    (directory / "MLmodel").write_text(yaml.safe_dump({"flavors": flavors}))
    return directory


def shout(frame):
    return frame


@pytest.mark.parametrize(
    "model",
    [
        HistGradientBoostingRegressor(categorical_features="from_dtype", max_iter=3),
        HistGradientBoostingRegressor(loss="absolute_error", categorical_features="from_dtype", max_iter=3),
        make_pipeline(columns(), LinearRegression()),
        make_pipeline(columns(), RandomForestRegressor(n_estimators=2)),
    ],
    ids=lambda model: type(model[-1]).__name__ if hasattr(model, "steps") else type(model).__name__,
)
def test_common_regressors_load_and_answer_as_before(tmp_path, model):
    """Without anybody allowing anything."""
    model.fit(X, Y)
    loaded = load_model(save(tmp_path, model))
    np.testing.assert_array_equal(frame_output(loaded, SIGNATURE)(X), model.predict(X))


@pytest.mark.parametrize(
    "model",
    [
        HistGradientBoostingClassifier(categorical_features="from_dtype", max_iter=3),
        make_pipeline(columns(), LogisticRegression()),
        CalibratedClassifierCV(make_pipeline(columns(), LogisticRegression()), cv=2),
        CalibratedClassifierCV(make_pipeline(columns(), LogisticRegression()), cv=2, method="isotonic"),
    ],
    ids=["boosting", "logistic", "sigmoid", "isotonic"],
)
def test_common_classifiers_answer_the_probability_of_the_positive_class(tmp_path, model):
    """One number a row."""
    model.fit(X, Y > 20)
    loaded = load_model(save(tmp_path, model))
    np.testing.assert_array_equal(frame_output(loaded, PROBABILITY)(X), model.predict_proba(X)[:, 1])


def test_a_type_that_nobody_allowed_is_named_with_the_way_to_allow_it(tmp_path):
    """And allowing it lets the model load."""
    model = make_pipeline(FunctionTransformer(partial(np.add, 1)), LinearRegression()).fit(X[["miles"]], Y)
    directory = save(tmp_path, model)
    with pytest.raises(ArtifactError, match=r"types that nobody allowed: functools\.partial") as caught:
        load_model(directory, trusted_types=frozenset())
    assert '[serving] trusted_types = ["functools.partial"' in caught.value.hint
    load_model(directory, trusted_types=DEFAULT_TRUSTED_TYPES)


def test_the_list_that_the_artifact_carries_is_not_trusted(tmp_path):
    """Whoever can write an artifact must not be able to allow what is in it."""
    model = make_pipeline(FunctionTransformer(shout), LinearRegression()).fit(X[["miles"]], Y)
    named = [f"{shout.__module__}.shout"]
    assert skops.io.get_untrusted_types(data=skops.io.dumps(model)) == named
    with pytest.raises(ArtifactError, match=r"types that nobody allowed: .*shout"):
        load_model(save(tmp_path, model, skops_trusted_types=named))


def test_a_pickle_needs_permission(tmp_path):
    """It can run any code: it is refused before a byte of it is read."""
    model = LinearRegression().fit(X[["miles"]], Y)
    directory = save(tmp_path, model, form="cloudpickle")
    with pytest.raises(ArtifactError, match="can run any code") as caught:
        load_model(directory)
    assert "allow_pickle" in caught.value.hint
    loaded = load_model(directory, allow_pickle=True)
    np.testing.assert_array_equal(frame_output(loaded, SIGNATURE)(X[["miles"]]), model.predict(X[["miles"]]))


def test_another_flavour_needs_permission(tmp_path):
    """MLflow loads it by code that the artifact names."""
    (tmp_path / "MLmodel").write_text("flavors:\n  python_function:\n    loader_module: evil\n")
    with pytest.raises(ArtifactError, match="has the flavours python_function: loading it can run any code"):
        load_model(tmp_path)


@pytest.mark.parametrize("name", ["../model.skops", "/etc/passwd", ""])
def test_the_model_file_lies_in_its_folder(tmp_path, name):
    """What was digested and verified is what is loaded."""
    skops.io.dump(LinearRegression(), tmp_path / "model.skops")
    directory = save(tmp_path / "artifact", LinearRegression(), pickled_model=name)
    with pytest.raises(ArtifactError, match="outside of its folder"):
        load_model(directory)


@pytest.mark.parametrize(
    ("described", "said"),
    [
        (None, "cannot be read"),
        ("{", "is not valid YAML"),
        ("[]", "names no flavour"),
        ("flavors: {}", "names no flavour"),
        (
            "flavors: {sklearn: {pickled_model: gone.skops, serialization_format: skops}}",
            "lacks its model file 'gone.skops'",
        ),
    ],
)
def test_a_folder_that_is_no_model_is_said(tmp_path, described, said):
    """With what is missing."""
    if described is not None:
        (tmp_path / "MLmodel").write_text(described)
    with pytest.raises(ArtifactError, match=said):
        load_model(tmp_path)


def test_a_damaged_file_is_said(tmp_path):
    """It is an artifact's error, not a stranger's traceback."""
    directory = save(tmp_path, LinearRegression().fit(X[["miles"]], Y))
    (directory / "model.skops").write_bytes(b"PK\x03\x04 damaged")
    with pytest.raises(ArtifactError, match="not a readable skops file"):
        load_model(directory)
