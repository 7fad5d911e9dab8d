"""From rows to a tried candidate, with real estimators; and every way in which it can fail."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression

from keepfit.errors import DataError, TrainingFailedError
from keepfit.evaluation.metrics import measure
from keepfit.evaluation.task import Classification, Regression
from keepfit.monitoring.finding import Fault
from keepfit.release.gates import judge, summary
from keepfit.release.policy import beats_champion
from keepfit.training.pipeline import Incumbent, learn, predictor, snapshot, train

DAY = timedelta(days=1)
START = datetime(2020, 1, 1, tzinfo=UTC)
END = START + 20 * DAY
TEST_FROM = START + 16 * DAY


def trained(recipe, frame=None, *, starts=(START,), **kwargs):
    rows = snapshot(recipe, START, END) if frame is None else frame
    return train(recipe, rows, starts=starts, test_from=TEST_FROM, **kwargs)


def test_a_model_is_fitted_on_the_past_and_tried_on_what_came_after(recipe):
    """Sixteen days to learn, four to judge by; the loss is that of the noise, about 0.8."""
    steps = []
    found = trained(recipe, report=steps.append)
    assert steps == ["split", "fit", "evaluate"]
    assert (found.train_rows, found.test_rows, found.left_out, found.start) == (480, 120, 0, START)
    assert found.held_out.labelled.mean == pytest.approx(0.8, abs=0.15)
    assert set(found.held_out.slices) == {"zone=city", "zone=suburb", "borough=north", "borough=south"}
    assert found.signature.feature_names == ("degrees", "zone")
    assert found.example.columns == ["degrees", "zone"]
    assert found.trial.latency_p99_ms > 0


def test_the_reference_is_of_all_rows_by_day_and_of_the_held_out_predictions(recipe):
    """What monitoring holds windows against."""
    found = trained(recipe)
    assert len(found.reference.blocks) == 20
    assert found.reference.total.rows == 600
    assert found.reference.prediction_total.rows == 120
    assert replace(found.reference.expected, cells=found.held_out.cells) == found.held_out
    assert found.reference.expected.cells.whole.n == found.held_out.labelled.n == 120
    assert found.reference.expected.cells.whole.mean == pytest.approx(found.held_out.labelled.mean)
    assert set(found.reference.importance) == set(found.signature.feature_names)


def test_a_version_ships_with_an_estimator_of_its_performance(recipe, rides):
    """Learned on the rows held out: of other rows it expects, without labels, about the loss that they show."""
    found = trained(recipe)
    later = rides(5, first=30, seed=8)
    predictions = predictor(found.estimator, found.signature)(later)
    expected = found.performance_estimator.estimate(predictions, later)
    assert found.performance_estimator.spec.held_out.realised == found.held_out.labelled
    assert expected.n == 150
    assert expected.losses["mae"].mean == pytest.approx(
        np.abs(predictions - later["rides"].to_numpy()).mean(), rel=0.25
    )


def test_from_few_held_out_rows_no_estimator_is_made(recipe, rides):
    """Ninety teach too little; the version is trained all the same."""
    found = trained(recipe, rides(19))
    assert found.test_rows == 90
    assert found.performance_estimator is None


def test_without_a_champion_the_best_constant_is_held_against_it(recipe):
    """A model that learned something passes."""
    found = trained(recipe)
    assert (found.trial.against, found.trial.incumbent) == ("the best constant", None)
    assert judge([beats_champion()], found.trial)[0].passed


@pytest.mark.parametrize("metric", ["mape", "pinball@0.9"])
def test_a_model_may_be_judged_by_another_loss(recipe, metric):
    """Also where some labels are 0; the constant to beat is the best by the same loss."""
    frame = snapshot(recipe, START, END).with_row_index()
    frame = frame.with_columns(rides=pl.when(pl.col("index") % 50 == 49).then(0.0).otherwise("rides")).drop(
        "index"
    )
    found = trained(replace(recipe, task=Regression(target="rides", metric=metric)), frame)
    assert found.held_out.labelled.n == found.trial.comparison.n == 120
    assert judge([beats_champion()], found.trial)[0].passed
    assert measure(found.held_out.metrics, metric).n == (117 if metric == "mape" else 120)


def test_a_model_of_shuffled_targets_learned_nothing(tree):
    """The trial has teeth: the same trainer on targets out of order is far worse, and worse than a constant."""
    rng = np.random.default_rng(1)
    shuffled = replace(tree, fit=lambda train: tree.fit(replace(train, y=rng.permutation(train.y))))
    honest, blind = trained(tree), trained(shuffled)
    assert blind.held_out.labelled.mean > 5 * honest.held_out.labelled.mean
    assert judge([beats_champion()], honest.trial)[0].passed
    assert not judge([beats_champion()], blind.trial)[0].passed


def test_the_champion_is_tried_on_the_same_rows(recipe):
    """Its losses are beside the candidate's, row by row."""
    champion = Incumbent(number=3, predict=lambda rows: rows["rides"].to_numpy() + 5.0)
    found = trained(recipe, incumbent=champion)
    assert (found.trial.against, found.trial.incumbent) == ("version 3", 3)
    assert found.trial.comparison.incumbent.mean == pytest.approx(5.0)
    assert found.trial.comparison.n == 120
    assert found.trial.comparison.challenger == found.held_out.labelled


@pytest.mark.parametrize(
    ("predict", "problem"),
    [
        (lambda rows: rows["fare"].to_numpy(), "version 3 raised ColumnNotFoundError on the held-out rows"),
        (lambda rows: np.full(rows.height, np.nan), "version 3 gave no finite number for 120 of the 120"),
        (lambda _rows: np.zeros(7), "version 3 gave 7 predictions for the 120 held-out rows"),
    ],
)
def test_a_champion_that_cannot_predict_blocks_the_gate_not_the_training(recipe, predict, problem):
    """A feature was taken out of the declaration: the successor is trained, and a person decides."""
    found = trained(recipe, incumbent=Incumbent(number=3, predict=predict))
    assert found.trial.comparison is None
    assert problem in found.trial.problem
    results = judge([beats_champion()], found.trial)
    assert not results[0].passed
    assert problem in summary(results)


def test_of_several_starts_the_best_is_chosen(recipe, rides):
    """After a break in the world the few rows since then teach more than the many before."""
    broken = pl.concat([rides(10, slope=2.0), rides(10, slope=-1.0, first=10, seed=6)])
    starts = (START, START + 10 * DAY)
    found = trained(recipe, broken, starts=starts)
    assert (found.start, found.train_rows) == (START + 10 * DAY, 180)
    assert found.reference.total.rows == 300
    assert trained(recipe, broken, starts=starts[::-1]).start == found.start


def test_in_quiet_times_more_rows_teach_more(tree):
    """A model that follows its rows does better on sixteen days than on the last one."""
    assert trained(tree, starts=(START + 15 * DAY, START)).start == START


def test_rows_of_a_broken_feed_are_neither_learned_from_nor_tried_on(recipe, rides):
    """A third of the rows hold a sentinel: with them the model is spoilt, without them it is as good as ever."""
    frame = rides()
    spoilt = frame.with_columns(
        degrees=pl.when(pl.int_range(pl.len()) % 3 == 0).then(0.0).otherwise("degrees")
    )
    fault = Fault(column="degrees", kind="value", value=0.0)
    found = trained(recipe, spoilt, exclude=(fault,))
    assert (found.left_out, found.train_rows, found.test_rows) == (200, 320, 80)
    assert found.held_out.labelled.mean < 1.0
    assert trained(recipe, spoilt).held_out.labelled.mean > 3.0
    assert found.reference.total.rows == 400


def test_when_every_row_is_at_fault_nothing_is_trained(recipe, rides):
    """It says so, and does not blame the split."""
    nulls = rides().with_columns(degrees=pl.lit(None, pl.Float64))
    with pytest.raises(TrainingFailedError, match="every row is marked by a broken feed"):
        trained(recipe, nulls, exclude=(Fault(column="degrees", kind="null"),))


def test_a_classification_predicts_the_chance_of_one(changed, rides):
    """From predict_proba; a boolean target is 0 and 1."""
    frame = rides().with_columns(busy=pl.col("rides") > 45)
    recipe = changed(
        task=Classification(target="busy"),
        features=("degrees",),
        categorical=(),
        fit=lambda train: LogisticRegression().fit(train.X, train.y),
    )
    found = trained(recipe, frame)
    chances = predictor(found.estimator, found.signature)(frame)
    assert found.signature.probability
    assert found.performance_estimator.spec.classes == ("0", "1")
    assert ((chances >= 0) & (chances <= 1)).all()
    assert found.held_out.labelled.mean < 0.4
    assert judge([beats_champion()], found.trial)[0].passed


def test_learning_holds_nothing_out(recipe, rides):
    """What it predicts is what a model fitted on every row predicts."""
    frame = rides()
    predicted = learn(recipe, frame)(frame)
    assert predicted.shape == (600,)
    assert np.abs(predicted - frame["rides"].to_numpy()).mean() == pytest.approx(0.8, abs=0.15)


def test_a_snapshot_has_the_declared_columns_in_the_order_of_time(changed, rides):
    """Whatever else the source gives, and in whatever order."""
    frame = rides(2).with_columns(secret=pl.lit(1)).sample(fraction=1.0, shuffle=True, seed=3)
    found = snapshot(changed(rows=lambda _start, _end: frame.to_pandas()), START, START + 2 * DAY)
    assert found.columns == ["ride_id", "at", "degrees", "zone", "borough", "rides"]
    assert found["at"].is_sorted()
    assert found.height == 60


def test_rows_outside_of_the_stretch_are_left_out(changed, rides):
    """A source that does not look at the bounds cannot show a model what is not to be known yet."""
    careless = changed(rows=lambda _start, _end: rides())
    found = snapshot(careless, START + 2 * DAY, START + 5 * DAY)
    assert found.height == 90
    assert found["at"].min() == START + 2 * DAY
    assert found["at"].max() < START + 5 * DAY
    with pytest.raises(TrainingFailedError, match="returned 600 rows, and none of them lies in that stretch"):
        snapshot(careless, START - 9 * DAY, START)


def source_that_raises(_start, _end):
    raise ValueError("no such table: trips")


def trainer_that_raises(_train):
    raise RuntimeError("did not converge")


def estimator_that_raises(train):
    class Stubborn(DummyRegressor):
        def predict(self, _rows):
            raise KeyError("degrees")

    return Stubborn().fit(train.X, train.y)


def _line_of(function, offset=1):
    return function.__code__.co_firstlineno + offset


def test_a_source_that_raises_is_told_with_its_line(changed):
    """The step, the error and where in the user's file it was."""
    with pytest.raises(TrainingFailedError) as caught:
        snapshot(changed(rows=source_that_raises), START, END)
    assert caught.value.step == "snapshot"
    assert str(caught.value) == (
        f"the source raised ValueError: no such table: trips (test_pipeline.py, line {_line_of(source_that_raises)})"
    )


def test_a_trainer_that_raises_is_told_with_its_line(changed):
    """Likewise."""
    with pytest.raises(TrainingFailedError) as caught:
        trained(changed(fit=trainer_that_raises))
    assert caught.value.step == "fit"
    assert str(caught.value).endswith(f"(test_pipeline.py, line {_line_of(trainer_that_raises)})")
    assert "the trainer raised RuntimeError: did not converge" in str(caught.value)


def test_a_model_that_raises_on_the_held_out_rows_is_told(changed):
    """It was fitted, and cannot be used."""
    with pytest.raises(
        TrainingFailedError, match="raised on the held-out rows KeyError: 'degrees'"
    ) as caught:
        trained(changed(fit=estimator_that_raises))
    assert caught.value.step == "evaluate"


@pytest.mark.parametrize(
    ("fit", "said"),
    [
        (lambda _train: None, "the trainer of 'bikes' returned NoneType, which has no predict()"),
        (lambda train: train.X, "returned DataFrame, which has no predict()"),
    ],
)
def test_a_trainer_must_return_what_predicts(changed, fit, said):
    """A forgotten return is the commonest mistake."""
    with pytest.raises(TrainingFailedError) as caught:
        trained(changed(fit=fit))
    assert said in str(caught.value)
    assert (caught.value.step, caught.value.hint) == ("fit", "return the fitted estimator")


class Constant:
    """Predicts what it was told to."""

    def __init__(self, value, rows=None):
        self.value, self.rows = value, rows

    def predict(self, X):  # noqa: N803
        """The same for every row."""
        return np.full(self.rows or len(X), self.value)


@pytest.mark.parametrize(
    ("estimator", "said"),
    [
        (Constant(np.nan), "the trained model gave no finite number for 120 of the 120 held-out rows"),
        (Constant(np.inf), "the trained model gave no finite number for 120 of the 120 held-out rows"),
        (Constant(1.0, rows=3), "the trained model gave 3 predictions for the 120 held-out rows"),
    ],
)
def test_a_model_whose_answers_are_no_predictions_is_refused(changed, estimator, said):
    """A server would refuse them too; NaN is never the best of several."""
    with pytest.raises(TrainingFailedError) as caught:
        trained(changed(fit=lambda _train: estimator), starts=(START, START + DAY))
    assert str(caught.value) == said
    assert caught.value.step == "evaluate"


def test_a_classifier_without_probabilities_and_targets_that_are_no_classes(changed, rides):
    """Each says what is missing."""
    frame = rides().with_columns(busy=(pl.col("rides") > 45).cast(pl.Int64))
    task = Classification(target="busy")
    with pytest.raises(TrainingFailedError, match=r"returned DummyRegressor, which has no predict_proba\(\)"):
        trained(changed(task=task, fit=lambda train: DummyRegressor().fit(train.X, train.y)), frame)
    classifier = changed(task=task, fit=lambda train: DummyClassifier().fit(train.X, train.y))
    with pytest.raises(TrainingFailedError, match="target 'busy' holds other values than 0 and 1") as caught:
        trained(classifier, frame.with_columns(busy=pl.col("busy") + 1))
    assert caught.value.step == "check"


def test_a_start_without_rows_is_told(recipe):
    """Even when another start has some."""
    with pytest.raises(TrainingFailedError, match="no rows to train on since 2020-01-17 00:00 UTC"):
        trained(recipe, starts=(START, TEST_FROM))


@pytest.mark.parametrize(
    ("rows", "step", "said"),
    [
        (lambda _s, _e: [1, 2], "snapshot", "gave a list, not a frame"),
        (lambda _s, _e: pl.DataFrame({"ride_id": ["a"]}), "check", "has no column 'at'"),
    ],
)
def test_what_a_source_gives_is_checked(changed, rows, step, said):
    """The message names the model and the stretch of time."""
    with pytest.raises(
        TrainingFailedError, match="the source of 'bikes' for 2020-01-01 00:00 to 2020-01-21"
    ) as caught:
        snapshot(changed(rows=rows), START, END)
    assert caught.value.step == step
    assert said in str(caught.value)


def test_an_error_of_keepfits_own_keeps_its_hint(changed):
    """What a source raises with a hint is passed on with it."""

    def source(_start, _end):
        raise DataError("no dataset 'trips'", hint="did you mean 'trip'?")

    with pytest.raises(TrainingFailedError, match="no dataset 'trips'") as caught:
        snapshot(changed(rows=source), START, END)
    assert (caught.value.step, caught.value.hint) == ("snapshot", "did you mean 'trip'?")
