"""Move a release on: to its next stage, to champion, out of its watch, or back."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import polars as pl

from keepfit.clock import Window
from keepfit.definition import Model
from keepfit.evaluation.comparison import Comparison
from keepfit.evaluation.losses import row_losses
from keepfit.release.record import ReleaseRecord, ReleaseState
from keepfit.release.rollout import RolloutDecision, StageEvidence, Step, decide_stage, decide_watch
from keepfit.workflows.ports import Ports
from keepfit.workflows.publish_release import reconcile, save_and_publish
from keepfit.workflows.record_decision import record_decision
from keepfit.workflows.start_release import enter_stage


def advance_release(
    ports: Ports, model: Model, *, now: datetime, actor: str = "keepfit"
) -> ReleaseRecord | None:
    """Take the next step of the model's release under way, if there is one and it is time."""
    reconcile(ports, model)
    release = ports.releases.active(model.name)
    if release is None:
        return None
    evidence = stage_evidence(ports, model, release, now)
    rolling = release.state is ReleaseState.ROLLING_OUT
    decide = decide_stage if rolling else decide_watch
    decision = decide(model.release, release, evidence, now=now)
    kind = "rollout" if rolling else "rollback"
    record_decision(ports, model.name, kind=kind, action=decision.step.value, why=decision.why, now=now)
    return _take(ports, model, release, decision, now, actor)


def _take(
    ports: Ports, model: Model, release: ReleaseRecord, decision: RolloutDecision, now: datetime, actor: str
) -> ReleaseRecord:
    moved = replace(release, stage_since=now, why=decision.why)
    match decision.step:
        case Step.WAIT:
            return release
        case Step.ADVANCE:
            return enter_stage(ports, model, replace(moved, stage=release.stage + 1), now=now, actor=actor)
        case Step.FINISH:
            ended = replace(moved, state=ReleaseState.DONE)
        case Step.ABORT:
            ended = replace(moved, state=ReleaseState.ABORTED)
        case Step.ROLL_BACK:
            ended = replace(moved, state=ReleaseState.ROLLED_BACK)
    return save_and_publish(ports, model, ended, actor=actor)


def stage_evidence(ports: Ports, model: Model, release: ReleaseRecord, now: datetime) -> StageEvidence:
    """What was seen of the candidate, beside the incumbent, since its stage began.

    On its way to champion, its losses are judged when their labels are due: those of one stage come in
    the next, and would be held against nobody otherwise. A champion is watched for what it did as champion.
    """
    since = release.stage_since
    if release.state is ReleaseState.ROLLING_OUT:
        since = max(release.started_at, release.stage_since - model.label_delay)
    rows = ports.predictions.labelled(model.name, Window(since, max(now, since)))
    if rows.is_empty():
        return StageEvidence()
    mine = rows.filter(pl.col("version") == release.candidate, pl.col("event_time") >= release.stage_since)
    failed = mine["prediction"].null_count()
    return StageEvidence(
        answered=mine.height - failed,
        failed=failed,
        comparison=compare_versions(rows, release.candidate, release.incumbent, model.task.metric),
    )


def compare_versions(rows: pl.DataFrame, challenger: int, incumbent: int | None, metric: str) -> Comparison:
    """Losses of two versions on the labelled predictions that both gave."""
    known = rows.filter(pl.col("label").is_not_null() & pl.col("prediction").is_not_null())
    one, other = (
        known.filter(pl.col("version") == number)
        .select("prediction_id", "prediction", "label")
        .unique("prediction_id")
        for number in (challenger, incumbent)
    )
    both = one.join(other, on="prediction_id", suffix="_other").sort("prediction_id")
    labels = both["label"].cast(pl.Float64).to_numpy()
    return Comparison.of(
        np.asarray(row_losses(metric, labels, both["prediction"].to_numpy())),
        np.asarray(row_losses(metric, labels, both["prediction_other"].to_numpy())),
    )
