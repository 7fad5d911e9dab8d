"""What does it cost to keep evidence up with the lake? A drain of 1,000 predictions and 1,000 late labels, at 2 million rows.

    python benchmarks/upkeep.py [--rows 2000000] [--rounds 8] [--window 1h] [--quick] [--json | --markdown]

Thirty days of predictions of ten features (simulated), in the lake's tables, and the evidence of the last ten. Four of five have
a label, none of the newest day. Then rounds: each appends the predictions of a moment and labels of older ones (those of a day ago in turn, or
of the week at random), as a drain does, and updates the evidence. Beside it the way before: every window that gained
something is made anew from all its rows. CPU time of all threads, medians.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
import polars as pl
from report import Table, options, progress, publish

from keepfit.adapters.lake.evidence import DeltaEvidence
from keepfit.adapters.lake.predictions import DeltaPredictions
from keepfit.clock import parse_duration
from keepfit.definition import Model
from keepfit.evaluation.estimation.estimator import fit_estimator
from keepfit.evaluation.evidence import LossSums, Performance
from keepfit.evaluation.losses import row_losses
from keepfit.evaluation.task import Regression
from keepfit.evaluation.task_sums import reference_sums
from keepfit.monitoring.policy import Monitor
from keepfit.monitoring.reference import build_reference
from keepfit.predictions.batches import Batches
from keepfit.registry.signature import Feature, Kind
from keepfit.workflows.update_evidence import update_evidence

DAYS: Final = 30
A_DRAIN: Final = 1_000
#: Drains that filled the lake; of the last third of them the evidence is made.
PARTS: Final = 12
#: One in so many predictions has no label at first.
LATE: Final = 5
NAMES: Final = tuple(f"x{number}" for number in range(10))
START: Final = datetime(2020, 1, 1, tzinfo=UTC)
SPREADS: Final = ("of a day ago", "of the week")
WAYS: Final = ("added", "made anew")

_SEED: Final = 23

os.environ.setdefault("OMP_NUM_THREADS", "1")  # as the drainer, beside a server


@dataclass(slots=True)
class Lake:
    """A model's tables, and what stands beside them in a workspace.

    Attributes:
        ports: as far as an update asks for them.
        model: whose.
        rows: predictions so far; each is a step after the one before.
        step: the time between two.
        batch: the newest.
    """

    ports: Any
    model: Model
    rows: int
    step: timedelta
    batch: int = 0

    def append(self, rows: int, labelled: np.ndarray) -> None:
        """A drain: as many new predictions, and labels of those with these numbers."""
        self.batch += 1
        numbers = np.arange(self.rows, self.rows + rows)
        self.rows += rows
        self.ports.predictions.append_predictions("taxi", self._predictions(numbers), batch=self.batch)
        if labelled.size:
            self.ports.predictions.append_labels("taxi", self._labels(labelled), batch=self.batch)
        self.ports.ledger.newest = self.batch

    def _times(self, numbers: np.ndarray) -> pl.Series:
        micro = numbers * (self.step // timedelta(microseconds=1))
        return pl.Series(micro + int(START.timestamp() * 1e6)).cast(pl.Datetime("us", "UTC"))

    def _predictions(self, numbers: np.ndarray) -> pl.DataFrame:
        frame = features(numbers)
        at = self._times(numbers)
        return pl.DataFrame({"prediction_id": pl.Series(numbers).cast(pl.String)}).with_columns(
            version=pl.lit(1, dtype=pl.Int64),
            role=pl.lit("champion"),
            event_time=at,
            received_at=at,
            prediction=pl.Series(answers(frame)),
            error=pl.lit(None, dtype=pl.String),
            **{f"x_{name}": frame[name] for name in NAMES},
        )

    def _labels(self, numbers: np.ndarray) -> pl.DataFrame:
        at = self._times(numbers) + timedelta(days=1)
        ids = pl.Series("prediction_id", numbers).cast(pl.String)
        return pl.DataFrame({"prediction_id": ids}).with_columns(
            label=pl.Series(truth(numbers)), label_time=at, received_at=at
        )


class Ledger:
    """Every drain is on record."""

    newest = 0

    def closed(self, _model: str) -> Batches:
        """All that there are."""
        return Batches(newest=self.newest)


def features(numbers: np.ndarray) -> pl.DataFrame:
    """Ten columns, the same for the same numbers."""
    return pl.DataFrame(
        {name: np.sin(numbers * (0.37 + place)) * 3 + place for place, name in enumerate(NAMES)}
    )


def answers(frame: pl.DataFrame) -> np.ndarray:
    """What the model says."""
    return frame["x0"].to_numpy() * 2 + frame["x1"].to_numpy()


def truth(numbers: np.ndarray) -> np.ndarray:
    """What was true."""
    return answers(features(numbers)) + np.cos(numbers * 1.7)


def built(folder: Path, rows: int, window: timedelta) -> Lake:
    """A lake of so many rows, and the evidence of all of it."""
    model = Model(
        "taxi",
        task=Regression(target="minutes"),
        id="trip",
        time="at",
        features=list(NAMES),
        monitor=Monitor(window=window),
    )
    inputs = tuple(Feature(name, Kind.NUMBER) for name in NAMES)
    held = np.arange(-20_000, 0)
    frame = features(held)
    losses = LossSums.of(row_losses("mae", truth(held), answers(frame)))
    reference = build_reference(
        frame.with_columns(at=pl.Series([START] * held.size)),
        features=inputs,
        time="at",
        every=window,
        expected=Performance(
            predicted=held.size,
            labelled=losses,
            metrics=reference_sums("mae", truth(held), answers(frame)),
        ),
        predictions=pl.Series(answers(frame)),
    )
    estimator = fit_estimator(
        model.task, labels=truth(held), predictions=answers(frame), features=frame, inputs=inputs
    )
    version = SimpleNamespace(number=1, signature=SimpleNamespace(features=inputs))
    ports = SimpleNamespace(
        predictions=DeltaPredictions(folder / "predictions"),
        evidence=DeltaEvidence(folder / "evidence"),
        ledger=Ledger(),
        registry=SimpleNamespace(version=lambda *_: version),
        files=SimpleNamespace(reference=lambda _: reference, estimator=lambda _: estimator),
    )
    lake = Lake(ports, model, 0, timedelta(days=DAYS) / rows)
    part, newest = rows // PARTS, rows - rows // DAYS
    for first in range(0, rows, part):
        numbers = np.arange(first, min(first + part, newest))
        lake.append(part, numbers[numbers % LATE > 0])
    return lake


class NoEvidence:
    """An evidence store that knows of nothing, so that everything is made anew, and keeps nothing."""

    made = 0

    def of_windows(self, *_: object) -> list[object]:
        """Nothing."""
        return []

    def put_all(self, evidence: Iterable[object]) -> None:
        """Count what was made."""
        self.made = sum(1 for _ in evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What a drain's evidence cost, in milliseconds.

    Attributes:
        spread: which predictions were labelled.
        way: how the evidence was made.
        cpu, wall: of the update.
        windows: that gained something.
    """

    spread: str
    way: str
    cpu: float
    wall: float
    windows: int


def rounds(lake: Lake, spread: str, count: int) -> Iterator[Round]:
    """Drains, and their evidence both ways."""
    random = np.random.default_rng([_SEED, SPREADS.index(spread)])
    day = lake.rows // DAYS
    waiting = np.arange(lake.rows - day, lake.rows)
    if spread == "of the week":
        numbers = np.arange(lake.rows - 8 * day, lake.rows - day)
        waiting = random.permutation(numbers[numbers % LATE == 0])
    for turn in range(count):
        since = lake.batch
        lake.append(A_DRAIN, waiting[turn * A_DRAIN : (turn + 1) * A_DRAIN])
        for way, store in zip(WAYS, (lake.ports.evidence, NoEvidence()), strict=True):
            ports = SimpleNamespace(**{**vars(lake.ports), "evidence": store})
            yield _timed(lake, ports, since, spread, way)


def _timed(lake: Lake, ports: Any, since: int, spread: str, way: str) -> Round:
    cpu, wall = time.process_time(), time.perf_counter()
    found = update_evidence(ports, lake.model, 1, since=since)
    return Round(
        spread=spread,
        way=way,
        cpu=(time.process_time() - cpu) * 1e3,
        wall=(time.perf_counter() - wall) * 1e3,
        windows=found.windows,
    )


def main() -> int:
    """Measure, and print."""
    parser = options(__doc__.split("\n", 1)[0], peers=False)
    parser.add_argument("--rows", type=int, default=2_000_000, help="predictions in the lake")
    parser.add_argument("--rounds", type=int, default=8, help="drains of each kind")
    parser.add_argument("--window", default="1h", help="the length of a window")
    asked = parser.parse_args()
    asked.rows, asked.rounds = (60_000, 2) if asked.quick else (asked.rows, asked.rounds)
    with TemporaryDirectory() as folder:
        progress(f"writing {asked.rows:,} predictions and their labels")
        lake = built(Path(folder), asked.rows, parse_duration(asked.window))
        progress("making their evidence")
        first = _timed(lake, lake.ports, PARTS * 2 // 3, "all", "made anew")
        found = []
        for spread in SPREADS:
            progress(f"labels {spread}")
            found += list(rounds(lake, spread, asked.rounds + 1))[len(WAYS) :]  # the first looks up every id
    table = Table(
        title=f"Evidence of {A_DRAIN:,} predictions and {A_DRAIN:,} labels, windows of {asked.window}, "
        f"{asked.rows:,} rows in the lake (milliseconds of CPU)",
        head=("labels", *WAYS, *(f"{way}, wall" for way in WAYS), "windows"),
        rows=[_row([one for one in found if one.spread == spread]) for spread in SPREADS],
        notes=(f"The evidence of ten days at first: {first.cpu / 1e3:.1f} s for {first.windows} windows.",),
    )
    return publish(asked, [table], [], {"rounds": [asdict(one) for one in [first, *found]]})


def _row(found: list[Round]) -> tuple[str, ...]:
    by = [[one for one in found if one.way == way] for way in WAYS]
    return (
        found[0].spread,
        *(f"{median(one.cpu for one in some):.0f}" for some in by),
        *(f"{median(one.wall for one in some):.0f}" for some in by),
        f"{median(one.windows for one in found):.0f}",
    )


if __name__ == "__main__":
    sys.exit(main())
