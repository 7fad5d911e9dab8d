"""keepfit's side of every benchmark: the one module to change when its engine does."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa

from keepfit.adapters.codec import pack, unpack
from keepfit.adapters.lake.evidence import DeltaEvidence
from keepfit.clock import Window
from keepfit.evaluation.evidence import Performance
from keepfit.monitoring.evidence import EvidenceStore, WindowEvidence
from keepfit.monitoring.finding import Finding
from keepfit.monitoring.inputs import check_inputs
from keepfit.monitoring.policy import Monitor
from keepfit.monitoring.reference import Reference, build_reference
from keepfit.monitoring.trailing import summed
from keepfit.registry.signature import Feature, Kind
from keepfit.stats.profile import NumericProfile, Profile, profile_frame
from keepfit.workflows.check_files import compare_files
from keepfit.workflows.prepare_files import FilesToCheck

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
#: When a simulated reference begins: a Monday.
START: Final = datetime(2024, 1, 1, tzinfo=UTC)
#: How many days the rows of a simulated reference are laid over.
DAYS: Final = 28
MONITOR: Final = Monitor()

_TIME: Final = "at"
_REFERENCE: Final = "reference.bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """A reference, and how windows are held against it.

    Attributes:
        reference: of the version that is watched.
    """

    reference: Reference

    def profile(self, rows: pa.Table | pl.DataFrame) -> Profile:
        """The evidence of a window's rows."""
        return profile_frame(_frame(rows), self.reference.cells)

    def findings(self, window: Profile, at: Window | None = None) -> list[Finding]:
        """Every test, with the defaults."""
        return check_inputs(self.reference, window, MONITOR, at=at)

    def alarms(self, rows: pa.Table | pl.DataFrame, at: Window | None = None) -> dict[str, str]:
        """What alarms in a window's rows, see `alarms`."""
        return alarms(self.findings(self.profile(rows), at))


def alarms(findings: Sequence[Finding]) -> dict[str, str]:
    """What alarms, columns or pairs as `a ~ b` → by which check."""
    return {one.subject: one.check.value for one in findings if one.alarms}


def judge(rows: pa.Table | pl.DataFrame, kinds: Mapping[str, str], *, time: str | None = None) -> Judge:
    """A judge whose reference is these rows, in windows of a day.

    Args:
        rows: of the reference.
        kinds: column → `number` or `category`.
        time: the column with the event's time; without one the rows are laid over four weeks in their order.
    """
    frame = _frame(rows)
    if time is None:
        number = pl.int_range(frame.height) * DAYS // frame.height
        frame = frame.with_columns((pl.lit(START) + pl.duration(days=1) * number).alias(_TIME))
    reference = build_reference(
        frame, features=_features(frame, kinds), time=time or _TIME, every=DAY, expected=Performance()
    )
    return Judge(reference=reference)


def day(when: date) -> Window:
    """The window of a date."""
    start = datetime(when.year, when.month, when.day, tzinfo=UTC)
    return Window(start, start + DAY)


def day_after(index: int = 0) -> Window:
    """The `index`-th day after a simulated reference."""
    return day((START + (DAYS + index) * DAY).date())


def compare(reference: str, current: str, kinds: Mapping[str, str]) -> list[str]:
    """Two Parquet files in, the columns that alarm out."""
    asked = FilesToCheck(
        reference=Path(reference),
        current=Path(current),
        numeric=tuple(name for name, kind in kinds.items() if kind == "number"),
        categorical=tuple(name for name, kind in kinds.items() if kind == "category"),
    )
    return [one.subject for one in compare_files(asked, now=START).alarms]


def keep(folder: Path, held: Judge) -> None:
    """Store the reference, as it is shipped with a version."""
    (folder / _REFERENCE).write_bytes(pack(held.reference))


def kept(folder: Path) -> Judge:
    """The judge whose reference was stored."""
    return Judge(reference=unpack((folder / _REFERENCE).read_bytes(), Reference))


def store(folder: Path) -> EvidenceStore:
    """The lake's table of evidence, not yet read."""
    return DeltaEvidence(folder / "evidence")


def put(folder: Path, held: Judge, model: str, hours: Iterable[tuple[int, pa.Table]]) -> None:
    """Store the evidence of hours, counted from the reference's end."""
    DeltaEvidence(folder / "evidence").put_all(_evidence(held, model, hour, rows) for hour, rows in hours)


def hours(lake: EvidenceStore, model: str, index: int) -> Sequence[WindowEvidence]:
    """The evidence of the `index`-th day after the reference."""
    window = day_after(index)
    return lake.evidence(model, 1, window.start, window.end)


def judge_hours(held: Judge, evidence: Sequence[WindowEvidence], index: int) -> dict[str, str]:
    """Merge the hours of the `index`-th day, and what alarms in their sum."""
    return alarms(held.findings(summed(evidence).traffic, day_after(index)))


def _evidence(held: Judge, model: str, hour: int, rows: pa.Table) -> WindowEvidence:
    start = START + DAYS * DAY + hour * HOUR
    return WindowEvidence(
        model=model,
        version=1,
        window=Window(start, start + HOUR),
        traffic=held.profile(rows),
        predictions=NumericProfile.empty(held.reference.prediction_cells),
        performance=Performance(),
        failed=0,
        served=rows.num_rows,
        batch=hour,
    )


def _features(frame: pl.DataFrame, kinds: Mapping[str, str]) -> list[Feature]:
    return [
        Feature(name, Kind.CATEGORY, text=frame.schema[name] == pl.String)
        if kind == "category"
        else Feature(name, Kind.NUMBER)
        for name, kind in kinds.items()
    ]


def _frame(rows: pa.Table | pl.DataFrame) -> pl.DataFrame:
    found = rows if isinstance(rows, pl.DataFrame) else pl.from_arrow(rows)
    if not isinstance(found, pl.DataFrame):
        raise TypeError("a table has columns")
    return found
