"""The training pipeline, step by step; where rows, models and versions are kept is the caller's."""

import inspect
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from keepfit.data.frames import to_polars
from keepfit.errors import KeepfitError, TrainingFailedError
from keepfit.evaluation.cell_losses import CellLosses
from keepfit.evaluation.estimation.estimator import PerformanceEstimator, fit_estimator
from keepfit.evaluation.evidence import Performance
from keepfit.evaluation.loss import Floats
from keepfit.evaluation.losses import row_losses
from keepfit.evaluation.task import Classification, Task
from keepfit.evaluation.trial import Trial
from keepfit.monitoring.finding import Fault
from keepfit.monitoring.reference import Reference, build_reference
from keepfit.registry.encode import encode_features, encode_matrix
from keepfit.registry.output import MatrixPredict, frame_output, matrix_output, method_of
from keepfit.registry.signature import Signature
from keepfit.training.check import check_snapshot, without_faults
from keepfit.training.importance import feature_importance
from keepfit.training.signature import signature_of
from keepfit.training.split import Split, split_by_time
from keepfit.training.training_set import TrainingSet
from keepfit.training.trial import (
    LATENCY_SAMPLES,
    Predict,
    best_constant,
    held_out_performance,
    latency_p99_ms,
    try_candidate,
)

#: Held-out rows that go with a version, for whoever loads it to try it on.
VALIDATION_ROWS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What the pipeline needs to know of a model: its columns, its task, and the user's two functions."""

    model: str
    task: Task
    id: str
    time: str
    features: tuple[str, ...]
    categorical: tuple[str, ...]
    context: tuple[str, ...]
    slices: tuple[str, ...]
    window: timedelta
    rows: Callable[[datetime, datetime], Any]
    fit: Callable[[Any], Any]
    #: From a fitted model to the call that a server would make, whose time is measured.
    served: Callable[[Any, Signature], MatrixPredict] = matrix_output


@dataclass(frozen=True, slots=True, kw_only=True)
class Incumbent:
    """The champion that a candidate is tried against."""

    number: int
    predict: Predict


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """What the pipeline made.

    Attributes:
        estimator: the fitted model, as the trainer returned it.
        start: the start that was chosen: it learned from the rows since then.
        signature: what it takes and gives.
        reference: the evidence of the rows that it learned from and was tried on.
        trial: the evidence for the gates.
        held_out: its losses on the held-out rows.
        train_rows, test_rows, left_out: how many.
        example: a few rows of its input.
        validation: up to 64 of the held-out rows, encoded, shape (n, features); None when they are not known.
        performance_estimator: learned on the held-out rows, tells its performance before the labels have come; None
            when these were too few.
    """

    estimator: Any
    start: datetime
    signature: Signature
    reference: Reference
    trial: Trial
    held_out: Performance
    train_rows: int
    test_rows: int
    left_out: int
    example: pl.DataFrame
    validation: Floats | None = None
    performance_estimator: PerformanceEstimator | None = None


def snapshot(recipe: Recipe, start: datetime, end: datetime) -> pl.DataFrame:
    """Ask the user's source for the labelled rows of [start, end), and check them.

    Rows outside of it are left out: what comes later than `end` is not to be known yet.

    Raises:
        TrainingFailedError: the source raised, or its rows are not fit to learn from.
    """
    where = f"the source of '{recipe.model}' for {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"
    try:
        frame = to_polars(recipe.rows(start, end), where=where)
    except KeepfitError as error:
        raise TrainingFailedError(str(error), step="snapshot", hint=error.hint) from error
    except Exception as error:
        raise _users_fault("snapshot", "the source raised", error, recipe.rows) from error
    sliced = (name for name in recipe.slices if name not in recipe.features)
    required = (recipe.id, recipe.time, *recipe.features, *sliced, recipe.task.target)
    check_snapshot(
        frame, required=required, id=recipe.id, time=recipe.time, target=recipe.task.target, source=where
    )
    inside = frame.filter(pl.col(recipe.time).is_between(start, end, closed="left"))
    if inside.is_empty():
        raise TrainingFailedError(
            f"{where} returned {frame.height:,} rows, and none of them lies in that stretch", step="check"
        )
    return inside.select(required).sort(recipe.time, recipe.id)


def train(
    recipe: Recipe,
    frame: pl.DataFrame,
    *,
    starts: tuple[datetime, ...],
    test_from: datetime,
    exclude: tuple[Fault, ...] = (),
    incumbent: Incumbent | None = None,
    report: Callable[[str], None] = lambda _step: None,
) -> Trained:
    """Split, fit and evaluate a checked snapshot.

    Args:
        recipe: the model.
        frame: the snapshot.
        starts: learn from rows since then; of several, the one is chosen whose model does best on the held-out rows.
        test_from: rows from here on are held out.
        exclude: faults of a broken feed; the rows they mark are neither learned from nor tried on.
        incumbent: the champion, tried on the same rows.
        report: told the name of each step as it begins.

    Raises:
        TrainingFailedError: saying which step failed, and why.
    """
    report("split")
    clean = without_faults(frame, exclude)
    if clean.is_empty():
        raise TrainingFailedError("every row is marked by a broken feed", step="split")
    split = split_by_time(clean, time=recipe.time, test_from=test_from)
    report("fit")
    fitted = min((_fit_since(recipe, split, start) for start in starts), key=lambda one: one.loss)
    report("evaluate")
    trial, held_out = _evaluate(recipe, split.test, fitted, incumbent)
    seen = clean.filter(pl.col(recipe.time) >= fitted.start)
    return Trained(
        estimator=fitted.estimator,
        start=fitted.start,
        signature=fitted.training_set.signature,
        reference=_reference(recipe, seen, fitted, split.test, held_out),
        trial=trial,
        held_out=held_out,
        train_rows=fitted.training_set.frame.height,
        test_rows=split.test.height,
        left_out=frame.height - clean.height,
        example=split.train.head(5).select(recipe.features),
        validation=_validation(fitted.training_set.signature, split.test),
        performance_estimator=fit_estimator(
            recipe.task,
            labels=_labels(recipe, split.test),
            predictions=fitted.predictions,
            features=split.test,
            inputs=fitted.training_set.signature.features,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fitted:
    """A model fitted on the rows since `start`, and its mean loss on the held-out rows."""

    start: datetime
    estimator: Any
    training_set: TrainingSet
    predictions: Floats
    loss: float


def _fit_since(recipe: Recipe, split: Split, start: datetime) -> _Fitted:
    rows = split.train.filter(pl.col(recipe.time) >= start)
    if rows.is_empty():
        raise TrainingFailedError(f"no rows to train on since {start:%Y-%m-%d %H:%M} UTC", step="split")
    training_set = _training_set(recipe, rows)
    estimator = _fit(recipe, training_set)
    try:
        predictions = predictor(estimator, training_set.signature)(split.test)
    except Exception as error:
        raise _users_fault(
            "evaluate", "the trained model raised on the held-out rows", error, recipe.fit
        ) from error
    wrong = _not_predictions(predictions, split.test.height)
    if wrong:
        raise TrainingFailedError(f"the trained model gave {wrong}", step="evaluate")
    losses = row_losses(recipe.task.metric, _labels(recipe, split.test), predictions)
    return _Fitted(
        start=start,
        estimator=estimator,
        training_set=training_set,
        predictions=predictions,
        loss=float(losses.mean()),
    )


def _not_predictions(given: Floats, n: int) -> str:
    """What is wrong with predictions of n rows, in words; empty when nothing is: servers refuse the same."""
    if given.shape != (n,):
        return f"{given.size:,} predictions for the {n:,} held-out rows"
    wrong = n - int(np.isfinite(given).sum())
    return f"no finite number for {wrong:,} of the {n:,} held-out rows" if wrong else ""


def learn(recipe: Recipe, frame: pl.DataFrame) -> Predict:
    """Fit on every row of a checked snapshot, with nothing held out, and give what it predicts."""
    training_set = _training_set(recipe, frame)
    return predictor(_fit(recipe, training_set), training_set.signature)


def predictor(estimator: Any, signature: Signature) -> Predict:
    """From rows to predictions: the same encoding as in serving, then the estimator's own method."""
    output = frame_output(estimator, signature)

    def predict(rows: pl.DataFrame) -> Floats:
        return output(encode_features(signature, _columns(signature, rows)))

    return predict


def rows_predictor(predict: MatrixPredict, signature: Signature) -> Predict:
    """From rows to predictions, by what predicts from encoded features as a server does."""

    def of_rows(rows: pl.DataFrame) -> Floats:
        return predict(encode_matrix(signature, _columns(signature, rows)))

    return of_rows


def _training_set(recipe: Recipe, train: pl.DataFrame) -> TrainingSet:
    signature = signature_of(
        train,
        features=recipe.features,
        categorical=recipe.categorical,
        id=recipe.id,
        time=recipe.time,
        context=recipe.context,
        task=recipe.task,
    )
    X = encode_features(signature, {name: train[name] for name in recipe.features})  # noqa: N806
    return TrainingSet(X=X, y=_labels(recipe, train), frame=train, signature=signature)


def _validation(signature: Signature, test: pl.DataFrame) -> Floats:
    """Rows spread evenly over the held-out ones."""
    places = np.unique(np.linspace(0, test.height - 1, VALIDATION_ROWS).astype(int)).tolist()
    return encode_matrix(signature, _columns(signature, test[places]))


def _columns(signature: Signature, rows: pl.DataFrame) -> dict[str, pl.Series]:
    return {name: rows[name] for name in signature.feature_names}


def _labels(recipe: Recipe, rows: pl.DataFrame) -> Floats:
    labels: Floats = rows[recipe.task.target].cast(pl.Float64).to_numpy()
    if isinstance(recipe.task, Classification) and not np.isin(labels, (0.0, 1.0)).all():
        raise TrainingFailedError(
            f"target '{recipe.task.target}' holds other values than 0 and 1", step="check"
        )
    return labels


def _fit(recipe: Recipe, training_set: TrainingSet) -> Any:
    try:
        estimator = recipe.fit(training_set)
    except Exception as error:
        raise _users_fault("fit", "the trainer raised", error, recipe.fit) from error
    method = method_of(estimator, probability=isinstance(recipe.task, Classification))
    if not callable(getattr(estimator, method, None)):
        raise TrainingFailedError(
            f"the trainer of '{recipe.model}' returned {type(estimator).__name__}, which has no {method}()",
            step="fit",
            hint="return the fitted estimator",
        )
    return estimator


def _evaluate(
    recipe: Recipe, test: pl.DataFrame, fitted: _Fitted, incumbent: Incumbent | None
) -> tuple[Trial, Performance]:
    labels, metric = _labels(recipe, test), recipe.task.metric
    against = f"version {incumbent.number}" if incumbent else "the best constant"
    number = incumbent.number if incumbent else None
    other = _others(metric, incumbent, fitted, test)
    if isinstance(other, str):
        trial = Trial(metric=metric, against=against, incumbent=number, comparison=None, problem=other)
    else:
        trial = try_candidate(
            test,
            labels,
            fitted.predictions,
            other,
            metric=metric,
            slices=recipe.slices,
            against=against,
            number=number,
        )
    signature = fitted.training_set.signature
    matrix = encode_matrix(signature, _columns(signature, test.head(LATENCY_SAMPLES)))
    predict = recipe.served(fitted.estimator, signature)
    trial = replace(trial, latency_p99_ms=latency_p99_ms(predict, matrix))
    return trial, held_out_performance(test, labels, fitted.predictions, metric=metric, slices=recipe.slices)


def _others(metric: str, incumbent: Incumbent | None, fitted: _Fitted, test: pl.DataFrame) -> Floats | str:
    """What the candidate is held against predicts, or why that cannot be had.

    A champion that cannot predict these rows (it takes a feature that is declared no longer) does not keep its
    successor from being trained: the gates then block, and say why.
    """
    if incumbent is None:
        return np.full(test.height, best_constant(metric, fitted.training_set.y))
    try:
        predictions = incumbent.predict(test)
    except Exception as error:  # noqa: BLE001 - a user's model may raise anything
        return f"version {incumbent.number} raised {type(error).__name__} on the held-out rows: {error}"
    wrong = _not_predictions(predictions, test.height)
    return f"version {incumbent.number} gave {wrong}" if wrong else predictions


def _reference(
    recipe: Recipe, seen: pl.DataFrame, fitted: _Fitted, test: pl.DataFrame, held_out: Performance
) -> Reference:
    reference = build_reference(
        seen,
        features=fitted.training_set.signature.features,
        time=recipe.time,
        every=recipe.window,
        predictions=pl.Series(fitted.predictions),
        prediction_times=test[recipe.time],
        expected=held_out,
        importance=_importance(recipe, fitted, test),
    )
    losses = row_losses(recipe.task.metric, _labels(recipe, test), fitted.predictions)
    cells = CellLosses.of(reference.cells, {name: test[name] for name in reference.cells}, losses)
    return replace(reference, expected=replace(held_out, cells=cells))


def _importance(recipe: Recipe, fitted: _Fitted, test: pl.DataFrame) -> dict[str, float]:
    return feature_importance(
        predictor(fitted.estimator, fitted.training_set.signature),
        test,
        _labels(recipe, test),
        features=recipe.features,
        metric=recipe.task.metric,
    )


def _users_fault(step: str, what: str, error: Exception, function: Callable[..., Any]) -> TrainingFailedError:
    return TrainingFailedError(
        f"{what} {type(error).__name__}: {error}{_line(error, function)}",
        step=step,
        hint="the run's log has the whole traceback",
    )


def _line(error: Exception, function: Callable[..., Any]) -> str:
    file = inspect.unwrap(function).__code__.co_filename
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f" ({Path(file).name}, line {lines[-1]})" if lines else ""
