"""Metrics that users bring."""

from importlib.metadata import EntryPoint

import numpy as np
import pytest

import keepfit as kf
from keepfit.errors import DefinitionError
from keepfit.evaluation import own_losses
from keepfit.evaluation.losses import find_loss, row_losses


@pytest.fixture(autouse=True)
def _forget():
    """What a test declares is forgotten after it."""
    before = dict(own_losses._declared)
    yield
    own_losses._declared.clear()
    own_losses._declared.update(before)
    own_losses._installed.cache_clear()


def _model(task):
    return kf.Model("eta", task=task, id="trip", time="at", features=["miles"])


def test_a_declared_metric_judges_a_model():
    """Its losses are those of the function; a first model has to beat the constant that was given."""

    @kf.metric("lateness", constant=lambda labels: float(labels.max()))
    def lateness(labels, predictions):
        return np.maximum(labels - predictions, 0.0)

    assert _model(kf.Regression(target="minutes", metric="lateness")).task.metric == "lateness"
    assert row_losses("lateness", np.array([5.0]), np.array([3.0])).tolist() == [2.0]
    loss, argument = find_loss("lateness")
    assert loss.constant(np.array([1.0, 9.0]), argument) == 9.0


def test_the_mean_is_what_a_first_model_must_beat_when_nothing_else_is_said():
    """As for every metric that keepfit has no better constant for."""
    kf.metric("odd")(lambda y, p: np.abs(y - p) ** 1.5)
    loss, argument = find_loss("odd")
    assert loss.constant(np.array([1.0, 3.0]), argument) == 2.0


def test_a_metric_is_for_one_task():
    """One for numbers does not judge probabilities; the hint says how to declare one that does."""
    kf.metric("lateness")(lambda y, p: np.maximum(y - p, 0.0))
    with pytest.raises(DefinitionError, match="a classification has no metric 'lateness'") as error:
        _model(kf.Classification(target="late", metric="lateness"))
    assert "@kf.metric('lateness', task='binary')" in error.value.hint


@pytest.mark.parametrize(
    ("name", "says"), [("mae", "has a metric 'mae' already"), ("my loss", "cannot name")]
)
def test_names_that_are_taken_or_none_are_refused(name, says):
    """Whose loss it is must be plain."""
    with pytest.raises(ValueError, match=says):
        kf.metric(name)


def test_installed_packages_bring_metrics_by_entry_point(monkeypatch):
    """The module behind the entry point declares it."""

    class Point(EntryPoint):
        def load(self):
            return kf.metric("packaged")(lambda y, p: np.abs(y - p))

    point = Point("packaged", "somewhere:packaged", own_losses.GROUP)
    monkeypatch.setattr(
        own_losses,
        "entry_points",
        lambda group, name: [point] if (group, name) == (own_losses.GROUP, "packaged") else [],
    )
    own_losses._installed.cache_clear()
    assert row_losses("packaged", np.array([1.0]), np.array([3.0])).tolist() == [2.0]
