"""Judge the losses of a champion against what it must hold, with and without the rows that a broken feed marks."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from keepfit.clock import Window
from keepfit.definition import Model
from keepfit.evaluation.evidence import LossSums
from keepfit.evaluation.losses import row_losses
from keepfit.monitoring.evidence import WindowEvidence
from keepfit.monitoring.finding import Fault, Finding
from keepfit.monitoring.performance import check_performance
from keepfit.monitoring.trailing import MOST_WINDOWS, performance_since
from keepfit.predictions.record import SERVED, feature_column
from keepfit.registry.lineage import tenures
from keepfit.registry.model_version import ModelVersion
from keepfit.retraining.policy import Decay
from keepfit.training.check import marked
from keepfit.workflows.ports import Ports

#: A window in which a check saw a broken feed, and how its rows are told.
FaultyWindow = tuple[Window, Fault]


def judge_losses(
    ports: Ports,
    model: Model,
    version: ModelVersion,
    closed: list[WindowEvidence],
    seen: list[FaultyWindow],
    now: datetime,
) -> tuple[Finding, Finding | None]:
    """The losses of the newest labelled rows, and of those of them that no broken feed marks; None when there was none.

    Args:
        ports: where everything is.
        model: whose champion.
        version: the champion.
        closed: its evidence.
        seen: broken feeds that this check saw.
        now: the moment.
    """
    policy = model.retrain.decay or Decay()
    since = now - model.label_delay - policy.over
    expected = expected_loss(ports, model)
    # Labels of a broken day come when the feed is back: what was seen then still explains them.
    faulty = [*seen, *_faults_since(ports, model, since, now)]
    faulty = [(when, fault) for when, fault in faulty if fault.column in version.signature.feature_names]

    def check(realised: LossSums, rows: str) -> Finding:
        return check_performance(
            model.task.metric,
            realised,
            expected,
            tolerance=policy.tolerance,
            min_rows=policy.min_rows,
            rows=rows,
        )

    finding = check(performance_since(closed, since).labelled, "labelled rows")
    if not faulty:
        return finding, None
    sums = losses_without(ports, model, version, Window(since, now), faulty)
    return finding, check(sums, f"labelled rows that the feed of {faulty[0][1].column} did not touch")


def _faults_since(ports: Ports, model: Model, since: datetime, now: datetime) -> list[FaultyWindow]:
    """What earlier checks saw of broken feeds in windows that end after `since`, the newest first."""
    windows = (now - since) // model.monitor.every + MOST_WINDOWS
    return [
        (record.window, finding.fault)
        for record in reversed(ports.checks.records(model.name, limit=windows))
        if record.window.end > since
        for finding in record.findings
        if finding.alarms and finding.fault is not None
    ]


def expected_loss(ports: Ports, model: Model) -> LossSums:
    """What the model must hold: the declared loss, or what its first champion showed on rows held out from it."""
    policy = model.retrain.decay
    if policy is not None and policy.expected is not None:
        mean = policy.expected**2 if model.task.metric == "rmse" else policy.expected
        return LossSums(1, mean, mean * mean)
    first = tenures(ports.release_log.events(model.name))[0].version
    return ports.files.reference(ports.registry.version(model.name, first)).expected.labelled


def losses_without(
    ports: Ports, model: Model, version: ModelVersion, window: Window, faulty: Sequence[FaultyWindow]
) -> LossSums:
    """The version's losses on labelled rows that no broken feed marks.

    A fault that touches every row takes out the windows in which it was seen; one that marks its rows takes
    out these wherever they are: it may have begun before it was seen.
    """
    rows = ports.predictions.labelled(model.name, window, version=version.number)
    if rows.is_empty():
        return LossSums()
    whole = [seen for seen, fault in faulty if fault.kind == "all"]
    in_whole = (pl.col("event_time").is_between(one.start, one.end, closed="left") for one in whole)
    kept = rows.filter(
        pl.col("role").is_in(SERVED)
        & pl.col("label").is_not_null()
        & pl.col("prediction").is_not_null()
        & ~marked([fault for _, fault in faulty], prefix=feature_column(""))
        & ~pl.any_horizontal(pl.lit(value=False), *in_whole)
    )
    labels, predictions = kept["label"].to_numpy(), kept["prediction"].to_numpy()
    return LossSums.of(row_losses(model.task.metric, labels, predictions))
