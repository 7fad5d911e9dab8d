"""The process that trains: `python -m keepfit.app.trainer WORKSPACE RUN`.

It reads the request from the run's folder, and leaves the artifact and the outcome there. It registers nothing.
"""

import sys
import traceback
from pathlib import Path
from typing import Any

from keepfit.adapters.artifact import write_artifact
from keepfit.adapters.codec import from_json, to_json
from keepfit.adapters.training_process import ARTIFACT, LOG, OUTCOME, REQUEST, STEP
from keepfit.app.workspace import Workspace, open_workspace
from keepfit.data.dataset import DatasetVersion
from keepfit.definition import Model
from keepfit.errors import KeepfitError, TrainingFailedError
from keepfit.evaluation.evidence import display
from keepfit.registry.model_version import CandidateArtifact
from keepfit.registry.output import MatrixPredict
from keepfit.registry.signature import Signature
from keepfit.training.outcome import TrainingOutcome, TrainingRequest
from keepfit.training.pipeline import Incumbent, Recipe, Trained, snapshot, train


def main(arguments: list[str]) -> int:
    """Run the request; the exit code is 0 when the outcome was written, be it good or bad."""
    workspace, folder = Path(arguments[0]), Path(arguments[1])
    request = from_json((folder / REQUEST).read_bytes(), TrainingRequest)
    outcome = _outcome(workspace, folder, request)
    unfinished = folder / f"{OUTCOME}.part"
    unfinished.write_bytes(to_json(outcome))
    unfinished.rename(folder / OUTCOME)
    return 0


def _outcome(root: Path, folder: Path, request: TrainingRequest) -> TrainingOutcome:
    try:
        candidate = _train(open_workspace(root), folder, request)
    except KeepfitError as error:
        traceback.print_exc()
        step = error.step if isinstance(error, TrainingFailedError) else _current_step(folder)
        return TrainingOutcome(
            candidate=None, log=folder / LOG, failed_step=step, reason=str(error), hint=error.hint or ""
        )
    except Exception as error:  # noqa: BLE001 - whatever it was, the controller must be told
        traceback.print_exc()
        reason = f"{type(error).__name__}: {error}"
        return TrainingOutcome(
            candidate=None, log=folder / LOG, failed_step=_current_step(folder), reason=reason
        )
    return TrainingOutcome(candidate=candidate, log=folder / LOG)


def _train(workspace: Workspace, folder: Path, request: TrainingRequest) -> CandidateArtifact:
    def step(name: str) -> None:
        (folder / STEP).write_text(name, encoding="utf-8")
        print(f"step: {name}", flush=True)  # noqa: T201 - this is the run's log

    step("snapshot")
    model = workspace.model(request.model)
    recipe = recipe_of(model)
    start = min(request.starts)
    frame = snapshot(recipe, start, request.end)
    dataset = workspace.ports.datasets.commit(
        model.name,
        frame,
        source=f"source of {model.name}, {start:%Y-%m-%d} to {request.end:%Y-%m-%d}",
        at=request.at,
    )
    incumbent = _incumbent(workspace, request)
    trained = train(
        recipe,
        frame,
        starts=request.starts,
        test_from=request.test_from,
        exclude=request.exclude,
        incumbent=incumbent,
        report=step,
    )
    step("save")
    directory = folder / ARTIFACT
    write_artifact(trained, directory, trusted_types=workspace.trusted_types)
    return _candidate(model, request, trained, dataset, directory)


def recipe_of(model: Model) -> Recipe:
    """What the training pipeline needs to know of a model."""
    return Recipe(
        model=model.name,
        task=model.task,
        id=model.id,
        time=model.time,
        features=model.features,
        categorical=model.categorical,
        context=model.context,
        slices=tuple(model.monitor.slices),
        window=model.monitor.every,
        rows=model.rows,
        fit=model.fit,
        served=_served,
    )


def _served(estimator: Any, signature: Signature) -> MatrixPredict:
    from keepfit.adapters.runtimes.choice import runtime_of

    return runtime_of(estimator, signature).predict


def _incumbent(workspace: Workspace, request: TrainingRequest) -> Incumbent | None:
    if request.incumbent is None:
        return None
    return Incumbent(number=request.incumbent, predict=workspace.predictor(request.model, request.incumbent))


def _candidate(
    model: Model, request: TrainingRequest, trained: Trained, dataset: DatasetVersion, directory: Path
) -> CandidateArtifact:
    metric: str = model.task.metric
    params = {
        "estimator": type(trained.estimator).__name__,
        "from": trained.start.isoformat(),
        "chosen_from": ", ".join(start.isoformat() for start in request.starts),
        "to": request.end.isoformat(),
        "test_from": request.test_from.isoformat(),
        "train_rows": str(trained.train_rows),
        "test_rows": str(trained.test_rows),
        "left_out_rows": str(trained.left_out),
    }
    metrics = {metric: display(metric, trained.held_out.labelled.mean)}
    if trained.trial.comparison is not None:
        metrics[f"{metric}_incumbent"] = display(metric, trained.trial.comparison.incumbent.mean)
    if trained.trial.latency_p99_ms is not None:
        metrics["latency_p99_ms"] = trained.trial.latency_p99_ms
    return CandidateArtifact(
        model=model.name,
        job_id=request.job_id,
        directory=directory,
        params=params,
        metrics=metrics,
        dataset=dataset.ref,
        dataset_digest=dataset.digest,
        signature=trained.signature,
        trained_at=request.at,
        why=request.why,
    )


def _current_step(folder: Path) -> str:
    path = folder / STEP
    return path.read_text(encoding="utf-8") if path.is_file() else "start"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
