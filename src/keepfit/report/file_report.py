"""The report on two files: every number that the terminal, the JSON and the page show, in one frozen record.

Counts are kept beside what is derived from them, so that each number can be recomputed from the files' rows.
A number that could not be computed is None, never NaN.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Outcome(StrEnum):
    """What came of a comparison."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    UNKNOWN = "too little data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The same number on both sides."""

    reference: float | None
    current: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CountPair:
    """Rows on both sides."""

    reference: int = 0
    current: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """One of the two files.

    Attributes:
        name: the file's name, without its folder where that tells the two apart.
        rows: how many.
        columns: how many.
    """

    name: str
    rows: int
    columns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What was asked for.

    Attributes:
        time, id, target, prediction, score: the columns with these roles; empty when none was named.
        categorical, numeric, ignored: columns whose kind was given, and those that were left out by wish.
        min_rows: fewer rows than this tell nothing.
        false_alarms: the share of comparisons without a change in which some check of drift may alarm.
        drift: the least effect that counts as drift.
        quality: the least rise of a share of nulls, or of a new value, that counts as a fault.
        tolerance: by how much the loss may rise before it alarms, relatively.
        block: how long a block of natural variation is, in words; empty when there was no time column.
        blocks: how many blocks the reference was split into.
    """

    time: str
    id: str
    target: str
    prediction: str
    score: str
    categorical: tuple[str, ...]
    numeric: tuple[str, ...]
    ignored: tuple[str, ...]
    min_rows: int
    false_alarms: float
    drift: float
    quality: float
    tolerance: float
    block: str
    blocks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedFinding:
    """What one check saw; see `keepfit.monitoring.finding.Finding`.

    Attributes:
        check: what was checked.
        subject: the column, the pair of columns, or what else it is about.
        statistic: the name of `value`.
        value, expected, threshold: what it was, what the reference says it should be, what it had to pass.
        p: the chance of it when nothing changed; None where the check has no such number.
        n: rows that it rests on.
        verdict: `ok`, `alarm` or `insufficient data`.
        says: one sentence.
    """

    check: str
    subject: str
    statistic: str
    value: float | None
    expected: float | None
    threshold: float | None
    p: float | None
    n: int
    verdict: str
    says: str

    @property
    def alarms(self) -> bool:
        """Whether the verdict is an alarm."""
        return self.verdict == "alarm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """A value that many rows hold: it has a bar of its own, beside the histogram."""

    value: float
    reference: int
    current: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """The numbers of a column on both sides, in the same bins.

    Bin i counts the rows with `edges[i] <= value < edges[i + 1]`, those of `singles` aside. A bar's height is its
    share of the values over its width, so that areas are shares whatever the widths; on a logarithmic scale the width
    is that of the logarithms to base 10.

    Attributes:
        scale: `linear` or `log`.
        edges: ascending; bins + 1 of them, or none when there is nothing to draw.
        reference, current: rows in each bin.
        below, above: rows under the first edge, and from the last one on.
        singles: the values with a bar of their own, ascending.
    """

    scale: str
    edges: tuple[float, ...] = ()
    reference: tuple[int, ...] = ()
    current: tuple[int, ...] = ()
    below: CountPair = CountPair()
    above: CountPair = CountPair()
    singles: tuple[Single, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """The values of a category on both sides.

    Attributes:
        values: the reference's most frequent values and those that changed most, then the most frequent new ones.
        reference, current: rows with each.
        other: rows with another value of the reference.
        unseen: rows with another value that the reference never held.
    """

    values: tuple[str, ...]
    reference: tuple[int, ...]
    current: tuple[int, ...]
    other: CountPair
    unseen: CountPair


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnReport:
    """One column in both files.

    Attributes:
        name: the column.
        kind: `number`, `category`, `boolean` or `time` (in seconds since 1970, UTC).
        why: how the kind came about.
        role: `target`, `prediction`, `score`, or empty.
        types: the types in the files; empty on the side that lacks the column.
        verdict: the worst of its findings: `ok`, `alarm` or `insufficient data`.
        says: one sentence: the worst finding, or that nothing changed.
        values: rows that hold a value.
        nulls: rows that hold none, NaN included.
        null_share: of the rows.
        summary: `mean`, `standard deviation`, `smallest`, `median`, `largest` and so on; of numbers and times.
        distances: name → how far the two sides lie apart; see `keepfit.stats.distances`.
        histogram: of numbers and times.
        bars: of categories and booleans.
    """

    name: str
    kind: str
    why: str
    role: str
    types: tuple[str, str]
    verdict: str
    says: str
    values: CountPair
    nulls: CountPair
    null_share: Pair
    summary: Mapping[str, Pair] = field(default_factory=dict)
    distances: Mapping[str, float | None] = field(default_factory=dict)
    histogram: Histogram | None = None
    bars: Bars | None = None

    @property
    def alarms(self) -> bool:
        """Whether a finding on it alarms."""
        return self.verdict == "alarm"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A column that was not compared, and why."""

    name: str
    type: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A metric of the predictions on both sides.

    Attributes:
        name: `mae`, `rmse`, `log_loss` …
        value: on each side.
        low, high: the 95 % interval of each.
        change: current less reference, with its 95 % interval.
        change_low, change_high: of that.
    """

    name: str
    value: Pair
    low: Pair
    high: Pair
    change: float | None
    change_low: float | None
    change_high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstSlice:
    """A part of the current rows where the model is surely worse than on the others.

    Attributes:
        slice: which rows, in words.
        rows: in the current file.
        loss, elsewhere: the mean loss of these rows and of all others, in the metric's unit.
        reference: the mean loss of the same slice in the reference.
        p: adjusted for every slice that was looked at.
        says: one sentence.
    """

    slice: str
    rows: int
    loss: float
    elsewhere: float
    reference: float | None
    p: float
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceReport:
    """How good the predictions in both files were.

    Attributes:
        task: `regression`, `binary` or `multiclass`.
        judged: the metric whose loss is judged.
        rows: with a target and a prediction.
        metrics: every metric of the task.
        slices: where the judged metric is worst, the worst first; empty when it is nowhere surely worse than elsewhere.
    """

    task: str
    judged: str
    rows: CountPair
    metrics: tuple[Metric, ...]
    slices: tuple[WorstSlice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """Two files, and what changed from the reference to the current one.

    Attributes:
        keepfit: the version that made the report.
        made_at: when.
        outcome: `changed`, `unchanged` or `too little data`.
        says: the summary, in one sentence.
        reference, current: the files.
        settings: what was asked for.
        compared, changed: columns that were compared, and those of them that alarm.
        notes: what the reader should know of how this was made.
        findings: of every check, worst first.
        columns: worst first.
        left_out: columns that were not compared.
        performance: None when there was no target or no prediction.
    """

    keepfit: str
    made_at: datetime
    outcome: Outcome
    says: str
    reference: FileFacts
    current: FileFacts
    settings: Settings
    compared: int
    changed: int
    notes: tuple[str, ...]
    findings: tuple[ReportedFinding, ...]
    columns: tuple[ColumnReport, ...]
    left_out: tuple[LeftOut, ...] = ()
    performance: PerformanceReport | None = None

    def findings_on(self, subject: str) -> tuple[ReportedFinding, ...]:
        """The findings on one column; the page draws them."""
        return tuple(finding for finding in self.findings if finding.subject == subject)

    @property
    def alarms(self) -> tuple[ReportedFinding, ...]:
        """The findings that alarm, worst first."""
        return tuple(finding for finding in self.findings if finding.alarms)
