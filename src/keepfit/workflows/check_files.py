"""Check two files: what changed from the reference to the current one, without any workspace."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib.metadata import version
from typing import Final

import numpy as np
import polars as pl

from keepfit.clock import utc
from keepfit.data.schema import Column, Schema
from keepfit.evaluation.evidence import Performance
from keepfit.monitoring.detector import Detector, installed
from keepfit.monitoring.duplicates import check_duplicates
from keepfit.monitoring.finding import Check, Finding
from keepfit.monitoring.inputs import check_inputs
from keepfit.monitoring.kinds import ColumnKind, family_of
from keepfit.monitoring.performance import check_performance
from keepfit.monitoring.ranking import ranked
from keepfit.monitoring.reference import Reference
from keepfit.monitoring.schema import check_schema
from keepfit.monitoring.volume import check_freshness
from keepfit.report.assemble import Checked, file_report
from keepfit.report.file_report import CountPair, FileFacts, FileReport, PerformanceReport, Settings
from keepfit.report.performance import performance_report
from keepfit.stats.blas import one_blas_thread
from keepfit.stats.profile import NumericCells, Profile
from keepfit.stats.threads import processors
from keepfit.workflows.measure_file import Judge, Measured, judge_for, measure_file
from keepfit.workflows.prepare_files import FilesToCheck, Prepared, Progress, prepare_files
from keepfit.workflows.profile_file import Held, Profiled, Side, profile_file, span, whole_file

#: How much the loss may rise before it alarms, relatively: as much as a decay of a model in a workspace.
TOLERANCE: Final = 0.1
#: Rows that a change of the loss rests on, at least.
LEAST_LABELLED: Final = 100

_BLOCK_NAMES: Final = {timedelta(weeks=1): "week", timedelta(days=1): "day", timedelta(hours=1): "hour"}
_NO_TIME: Final = (
    "Natural variation was not taken into account, since no time column was named: what the reference's days do to each "
    "other may count as a change. Name it with --time."
)
_SHORT: Final = "Natural variation was not taken into account: the reference spans less than eight hours."
_ONE_ONLY: Final = "both --target and --prediction are needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Predictions:
    """How the predictions of both files were judged, and what they came to; or why they could not be."""

    judge: Judge | None = None
    reference: Measured = field(default_factory=Measured)
    current: Measured = field(default_factory=Measured)
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two files that were compared.

    Attributes:
        two: the files.
        now: when they were compared.
        profiled: the reference and the current file.
        predictions: how they were judged.
        findings: every verdict, worst first.
    """

    two: Prepared
    now: datetime
    profiled: tuple[Profiled, Profiled]
    predictions: _Predictions
    findings: Sequence[Finding]

    @property
    def alarms(self) -> list[Finding]:
        """What changed, worst first."""
        return [one for one in self.findings if one.alarms]

    def report(self) -> FileReport:
        """All that there is to tell of them: the distances, summaries and pictures of every column too."""
        two, (reference, current) = self.two, self.profiled
        checked = Checked(
            kinds=two.kinds,
            profiles=(reference.total.features, current.total.features),
            current_types={name: str(dtype) for name, dtype in two.current.types.items()},
            findings=self.findings,
            unjudged=bool(self.predictions.problem),
        )
        return file_report(
            checked,
            keepfit=version("keepfit"),
            made_at=utc(self.now),
            reference=_facts(two.reference, reference.rows),
            current=_facts(two.current, current.rows),
            settings=_settings(two, len(reference.blocks)),
            notes=_notes(two, reference, self.predictions),
            performance=_performance(self.predictions),
        )


def compare_files(asked: FilesToCheck, *, now: datetime, progress: Progress | None = None) -> Comparison:
    """What changed from one file to the other.

    Both are read some rows at a time. The reference is split into blocks of time where there is a time column, so that
    what its days do to each other is no change.

    Raises:
        DataError: a file is not there or is no table, or the reference lacks a column that was named.
    """
    with one_blas_thread(), ThreadPoolExecutor(processors(), "keepfit-prepare") as beside:
        two = prepare_files(asked, beside, progress)
        profiled = _profiled(two)
        predictions = _predictions(two)
        findings = [
            *_present(two, _input_findings(two, *profiled)),
            *_schema_findings(two, profiled[1]),
            *_id_findings(two, profiled[0].rows, profiled[1].rows),
            *_freshness_findings(two, now),
            *_performance_findings(predictions),
        ]
        return Comparison(
            two=two, now=now, profiled=profiled, predictions=predictions, findings=ranked(findings, {})
        )


def check_files(asked: FilesToCheck, *, now: datetime, progress: Progress | None = None) -> FileReport:
    """The report on what changed from one file to the other; see `compare_files`."""
    return compare_files(asked, now=now, progress=progress).report()


def _profiled(two: Prepared) -> tuple[Profiled, Profiled]:
    """The profiles of the reference and of the current file.

    The blocks of a reference that is in memory are counted beside the threads that read the current file. One that must
    be read goes first: memory need not hold parts of both.
    """
    if two.profiled is not None:
        current = profile_file(two.current, two.cells, None)
        return whole_file(two.reference, two.profiled.profile()), current
    if not isinstance(two.reference.table, Held):
        return profile_file(two.reference, two.cells, two.every), profile_file(two.current, two.cells, None)
    with ThreadPoolExecutor(1, "keepfit-reference") as beside:
        reference = beside.submit(profile_file, two.reference, two.cells, two.every)
        current = profile_file(two.current, two.cells, None)
        return reference.result(), current


def _present(two: Prepared, findings: Sequence[Finding]) -> list[Finding]:
    """The findings on columns that the current file has: of a missing one there is nothing else to tell."""
    return [one for one in findings if one.subject not in two.cells or one.subject in two.current.types]


def _input_findings(two: Prepared, reference: Profiled, current: Profiled) -> list[Finding]:
    """Times move on by themselves: of them only the nulls are checked."""
    times = two.of_kind(ColumnKind.TIME)
    others = [name for name in two.cells if name not in times]
    found = _checked(two, reference, current, others, detectors=installed())
    nulls = _checked(two, reference, current, times, detectors={}) if times else []
    return [*found, *(one for one in nulls if one.check is Check.NULLS)]


def _checked(
    two: Prepared,
    reference: Profiled,
    current: Profiled,
    names: Sequence[str],
    *,
    detectors: Mapping[str, Detector],
) -> list[Finding]:
    kept = Reference(
        cells={name: two.cells[name] for name in names},
        blocks=tuple((when, _only(block, names)) for when, block in reference.blocks),
        prediction_cells=NumericCells.of(np.array([])),
        prediction_blocks=(),
        expected=Performance(),
    )
    window = _only(current.total, names)
    return check_inputs(kept, window, two.asked.monitor, at=two.at, detectors=detectors)


def _only(profile: Profile, names: Sequence[str]) -> Profile:
    """The profile of some of its columns; correlations are those of numbers, without times."""
    return replace(profile, features={name: profile.features[name] for name in names})


def _schema_findings(two: Prepared, current: Profiled) -> list[Finding]:
    """Missing, new and retyped columns of the current file.

    A column without a single value has no type of its own, and one of a file without types (CSV) has that of the
    reference when each of its values can be one: neither has changed.
    """
    ignored = two.asked.ignored
    was = {name: str(dtype) for name, dtype in two.reference.types.items() if name not in ignored}
    now = {name: str(dtype) for name, dtype in two.current.types.items() if name not in ignored}
    same = {name for name in was if name in now and was[name] != now[name] and _alike(two, name, current)}
    now |= {name: was[name] for name in same}
    return check_schema(_schema(was), _schema(now))


def _schema(types: Mapping[str, str]) -> Schema:
    return Schema(tuple(Column(name, dtype) for name, dtype in types.items()))


def _alike(two: Prepared, name: str, current: Profiled) -> bool:
    """Whether values of two types mean the same."""
    families = [family_of(side.types[name]) for side in (two.reference, two.current)]
    if families[0] == families[1] or None in families:
        return True
    if not (two.reference.untyped or two.current.untyped):
        return False
    profile = current.total.features.get(name)
    return profile is not None and not profile.unreadable


def _id_findings(two: Prepared, reference_rows: int, rows: int) -> list[Finding]:
    name = two.asked.id
    if not name or name not in two.current.types or not rows:
        return []
    repeated = [_repeated(side, name) for side in (two.current, two.reference)]
    return [
        check_duplicates(
            name,
            rows=rows,
            duplicates=repeated[0],
            reference_rows=reference_rows,
            reference_duplicates=repeated[1],
        )
    ]


def _freshness_findings(two: Prepared, now: datetime) -> list[Finding]:
    if two.asked.fresh is None:
        return []
    found = span(two.current)
    newest = found[1] if found else None
    return [check_freshness(two.asked.time, newest, now=now, within=two.asked.fresh)]


def _repeated(side: Side, name: str) -> int:
    """Rows with an id that an earlier row has; rows without one repeat nothing."""
    ids = pl.concat(
        [frame[name] for frame in side.table.frames([name])] or [pl.Series(dtype=pl.Int64)]
    ).drop_nulls()
    return len(ids) - ids.n_unique()


def _predictions(two: Prepared) -> _Predictions:
    asked = two.asked
    if not (asked.target and asked.prediction):
        return _Predictions(problem="" if not (asked.target or asked.prediction) else _ONE_ONLY)
    roles = {asked.target, asked.prediction, asked.score} - {""}
    absent = sorted(roles - two.current.types.keys())
    if absent:
        return _Predictions(problem=f"the current file has no column '{absent[0]}'")
    judge = judge_for(two.sample, asked.target, asked.prediction, asked.score)
    if isinstance(judge, str):
        return _Predictions(problem=judge)
    cells = {name: one for name, one in two.cells.items() if name not in roles}
    reference, current = (
        measure_file(side.frames([*roles, *cells]), judge, cells) for side in (two.reference, two.current)
    )
    return _Predictions(judge=judge, reference=reference, current=current)


def _performance(found: _Predictions) -> PerformanceReport | None:
    reference, current = found.reference, found.current
    if found.judge is None or reference.sums is None or current.sums is None:
        return None
    return performance_report(
        reference.sums,
        current.sums,
        (reference.slices, current.slices),
        judged=found.judge.metric,
        decided=found.judge.decided,
        rows=CountPair(reference=reference.rows, current=current.rows),
    )


def _performance_findings(found: _Predictions) -> list[Finding]:
    if found.judge is None:
        return []
    return [
        check_performance(
            found.judge.metric,
            found.current.loss,
            found.reference.loss,
            tolerance=TOLERANCE,
            min_rows=LEAST_LABELLED,
            rows="rows with a target and a prediction",
        )
    ]


def _facts(side: Side, rows: int) -> FileFacts:
    return FileFacts(name=side.name, rows=rows, columns=len(side.types))


def _settings(two: Prepared, blocks: int) -> Settings:
    asked, monitor = two.asked, two.asked.monitor
    return Settings(
        time=asked.time,
        id=asked.id,
        target=asked.target,
        prediction=asked.prediction,
        score=asked.score,
        categorical=asked.categorical,
        numeric=asked.numeric,
        ignored=asked.ignored,
        min_rows=monitor.min_rows,
        false_alarms=monitor.false_alarms,
        drift=monitor.drift,
        quality=monitor.quality,
        tolerance=TOLERANCE,
        block=_BLOCK_NAMES[two.every] if two.every else "",
        blocks=blocks if two.every else 0,
    )


def _notes(two: Prepared, reference: Profiled, predictions: _Predictions) -> list[str]:
    notes = []
    if not two.every:
        notes.append(_NO_TIME if not two.asked.time else _SHORT)
    if reference.timeless:
        notes.append(f"{reference.timeless:,} rows of the reference have no time, and were left out.")
    if predictions.problem:
        notes.append(f"The predictions were not judged: {predictions.problem}.")
    return notes
