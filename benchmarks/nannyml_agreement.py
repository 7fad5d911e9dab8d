"""Does keepfit estimate what NannyML estimates? Side by side, on the data sets that NannyML's wheel ships.

    python benchmarks/nannyml_agreement.py [--json | --markdown]

NannyML runs in an environment of its own. Both learn from the same reference and estimate the same chunks: of 5,000
rows, and by month (employment_MA, which has years only, by year). Told is the largest difference over the chunks.

CBPE: `exact` is keepfit's calibrated chances and its area, row by row in NannyML's order; `ties as halves` the same with
rows of equal score as ties, as keepfit counts them: in the multiclass data scores are rounded to hundredths, and NannyML
walks through equal scores in the order of an unstable sort; `binned` is read off the sums that keepfit stores.
DLE: the loss models differ, LightGBM there and scikit-learn's gradient boosting here, so that the estimates do too. Beside
their difference stands how far each of them is from what the labels say.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from environments import environment
from report import Table, Target, options, progress, publish

import data
from keepfit.evaluation.estimation.cbpe import (
    BINARY,
    ClassificationSpec,
    class_chances,
    estimate_scores,
    fit_cbpe,
)
from keepfit.evaluation.estimation.dle import LossModel, RegressionSpec, estimate_losses, fit_dle
from keepfit.evaluation.estimation.estimated import estimated
from keepfit.evaluation.estimation.ranking import Groups, roc_auc
from keepfit.evaluation.loss import Floats
from keepfit.evaluation.losses import row_losses
from keepfit.registry.signature import Feature, Kind

EXACT: Final = 1e-6
BINNED: Final = 1e-3
#: The most that the estimated losses may differ, as a share of NannyML's.
LOSS: Final = 0.02

CARDS: Final = ("highstreet_card", "prepaid_card", "upmarket_card")
CAR: Final = ("car_age", "km_driven", "price_new", "accident_count", "door_count", "fuel", "transmission")
TEXT: Final = ("fuel", "transmission")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A data set with scores.

    Attributes:
        scores: the columns of them, in the order of the classes.
        truth: the column with the class.
        threshold: a score from here on is decided yes, in the data set's own predictions.
        classes: as the column `truth` has them.
    """

    scores: tuple[str, ...]
    truth: str
    threshold: str = ""
    classes: tuple[str, ...] = BINARY


SCORED: Final = {
    "car_loan": Scored(scores=("y_pred_proba",), truth="repaid", threshold="@0.65"),
    "employment_ma": Scored(scores=("predicted_probability",), truth="employed"),
    "california_housing": Scored(scores=("y_pred_proba",), truth="clf_target", threshold="@0.8"),
    "synthetic_multiclass": Scored(
        scores=tuple(f"y_pred_proba_{name}" for name in CARDS), truth="y_true", classes=CARDS
    ),
}

Chunk = Mapping[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when an estimate is further from NannyML's than promised."""
    asked = options(__doc__ or "", peers=False).parse_args(arguments)
    folder = data.HOME / "nannyml-estimates"
    folder.mkdir(parents=True, exist_ok=True)
    _ask_nannyml(folder)
    progress("keepfit estimates …")
    theirs = json.loads((folder / "estimates.json").read_text(encoding="utf-8"))
    scored = {name: _scored(folder, name, one, theirs[name]) for name, one in SCORED.items()}
    losses = _losses(folder, theirs["car_price"])
    tables = [_areas(scored), _decisions(scored), _loss_table(losses)]
    return publish(asked, tables, _targets(scored, losses), {"differences": scored, "losses": losses})


def _ask_nannyml(folder: Path) -> None:
    installed = environment("nannyml")
    if installed.python is None:
        sys.exit(f"NannyML cannot be installed: {installed.error}")
    progress("NannyML estimates …")
    peer = Path(__file__).resolve().parent / "peers/nannyml_estimates.py"
    done = subprocess.run(
        [str(installed.python), str(peer), str(folder)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"NannyML failed: {done.stderr[-2000:]}")


def _scored(
    folder: Path, name: str, columns: Scored, theirs: Mapping[str, Sequence[Chunk]]
) -> dict[str, dict[str, float]]:
    """Chunking → measure → the largest difference."""
    reference, analysis = _read(folder, name)
    codes = {value: code for code, value in enumerate(columns.classes)}
    truth = [codes[str(int(one)) if columns.classes == BINARY else one] for one in reference[columns.truth]]
    spec = fit_cbpe(_scores(reference, columns), np.array(truth), metric="log_loss", classes=columns.classes)
    scores = _scores(analysis, columns)
    return {
        chunking: {"chunks": len(chunks), **_largest(spec, columns, scores, chunks)}
        for chunking, chunks in theirs.items()
    }


def _largest(
    spec: ClassificationSpec, columns: Scored, scores: Floats, chunks: Sequence[Chunk]
) -> dict[str, float]:
    found: dict[str, float] = {}
    for chunk in chunks:
        for name, difference in _differences(spec, columns, scores[chunk["rows"]], chunk).items():
            found[name] = max(found.get(name, 0.0), abs(difference))
    return found


def _differences(spec: ClassificationSpec, columns: Scored, scores: Floats, chunk: Chunk) -> dict[str, float]:
    sums, prefix = estimate_scores(spec, scores), "" if spec.binary else "macro_"

    def read(metric: str) -> float:
        return estimated(sums, metric).value

    binned = {
        name: read(f"{'' if name == 'accuracy' else prefix}{name}{columns.threshold}") - chunk[name]
        for name in ("accuracy", "precision", "recall", "f1")
    }
    return {
        "exact": _area(spec, scores, _row_by_row) - chunk["roc_auc"],
        "ties as halves": _area(spec, scores, Groups.of) - chunk["roc_auc"],
        "binned": read(f"{prefix}roc_auc") - chunk["roc_auc"],
        **binned,
    }


def _area(spec: ClassificationSpec, scores: Floats, grouped: Callable[[Floats, Floats], Groups]) -> float:
    chances = class_chances(spec, scores)
    pairs = zip(spec.scored, scores.reshape(len(scores), -1).T, strict=True)
    return float(np.mean([roc_auc(grouped(one, chances[:, code])) for code, one in pairs]))


def _row_by_row(scores: Floats, chances: Floats) -> Groups:
    """Each row a group of its own, in ascending order as NannyML has it."""
    ordered = chances[np.argsort(scores)]
    return Groups(ordered, 1 - ordered, ordered * (1 - ordered), np.ones(ordered.size, np.bool_))


def _losses(folder: Path, theirs: Mapping[str, Sequence[Chunk]]) -> dict[str, dict[str, dict[str, float]]]:
    """Chunking → metric → the largest relative differences: between the two, and of each from what came true."""
    reference, analysis = _read(folder, "car_price")
    inputs = tuple(_feature(reference, name) for name in CAR)
    spec, models = fit_dle(
        reference,
        reference["y_pred"].cast(pl.Float64).to_numpy(),
        reference["y_true"].cast(pl.Float64).to_numpy(),
        inputs=inputs,
        metric="mae",
    )
    return {
        chunking: {name: _apart(name, spec, models, analysis, chunks) for name in ("mae", "mse", "rmse")}
        for chunking, chunks in theirs.items()
    }


def _apart(
    name: str,
    spec: RegressionSpec,
    models: Mapping[str, LossModel],
    analysis: pl.DataFrame,
    chunks: Sequence[Chunk],
) -> dict[str, float]:
    apart, ours, their = [], [], []
    for chunk in chunks:
        rows = analysis[chunk["rows"]]
        predicted = rows["y_pred"].cast(pl.Float64).to_numpy()
        mean = float(row_losses(name, rows["y_true"].cast(pl.Float64).to_numpy(), predicted).mean())
        realised = mean**0.5 if name == "rmse" else mean
        estimate = estimated(estimate_losses(spec, models, rows, predicted), name).value
        apart.append(abs(estimate / chunk[name] - 1))
        ours.append(abs(estimate / realised - 1))
        their.append(abs(chunk[name] / realised - 1))
    return {
        "chunks": len(chunks),
        "apart": max(apart),
        "keepfit": float(np.mean(ours)),
        "nannyml": float(np.mean(their)),
    }


def _feature(reference: pl.DataFrame, name: str) -> Feature:
    if name not in TEXT:
        return Feature(name, Kind.NUMBER)
    values = sorted(reference[name].drop_nulls().unique().to_list())
    return Feature(name, Kind.CATEGORY, text=True, categories=tuple(values))


def _read(folder: Path, name: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    reference, analysis = (
        pl.read_parquet(folder / f"{name}-{part}.parquet") for part in ("reference", "analysis")
    )
    return reference, analysis


def _scores(rows: pl.DataFrame, columns: Scored) -> Floats:
    found: Floats = rows.select(pl.col(columns.scores).cast(pl.Float64)).to_numpy()
    return found[:, 0] if found.shape[1] == 1 else found


def _table(
    title: str,
    scored: Mapping[str, Mapping[str, Mapping[str, float]]],
    names: Sequence[str],
    notes: Sequence[str] = (),
) -> Table:
    rows = [
        (f"{name} by {chunking}", f"{found['chunks']}", *(f"{found[one]:.1e}" for one in names))
        for name, parts in scored.items()
        for chunking, found in parts.items()
    ]
    return Table(title=title, head=("", "chunks", *names), rows=rows, notes=notes)


def _areas(scored: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Table:
    return _table(
        "Estimated ROC AUC: the largest difference from NannyML's",
        scored,
        ("exact", "ties as halves", "binned"),
    )


def _decisions(scored: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Table:
    return _table(
        "Estimated decisions, from the stored sums: the largest difference from NannyML's",
        scored,
        ("accuracy", "precision", "recall", "f1"),
        notes=(
            "Where a row of the multiclass data has two highest scores, the data predict either; keepfit takes the first.",
        ),
    )


def _loss_table(losses: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Table:
    rows = [
        (
            f"{name}, car_price by {chunking}",
            f"{found['chunks']}",
            *(f"{found[one]:.2%}" for one in ("apart", "keepfit", "nannyml")),
        )
        for chunking, parts in losses.items()
        for name, found in parts.items()
    ]
    return Table(
        title="Estimated losses of a regression",
        head=("", "chunks", "largest difference", "keepfit's mean error", "NannyML's mean error"),
        rows=rows,
    )


def _targets(
    scored: Mapping[str, Mapping[str, Mapping[str, float]]],
    losses: Mapping[str, Mapping[str, Mapping[str, float]]],
) -> list[Target]:
    chunkings = [found for parts in scored.values() for found in parts.values()]
    exact, binned = (max(found[name] for found in chunkings) for name in ("exact", "binned"))
    loss = max(found["apart"] for parts in losses.values() for found in parts.values())
    return [
        Target(says=f"AUC from exact scores within {EXACT:g}", measured=f"{exact:.1e}", met=exact <= EXACT),
        Target(
            says=f"AUC from the stored sums within {BINNED:g}", measured=f"{binned:.1e}", met=binned <= BINNED
        ),
        Target(says=f"losses within {LOSS:.0%}", measured=f"{loss:.2%}", met=loss <= LOSS),
    ]


if __name__ == "__main__":
    sys.exit(main())
