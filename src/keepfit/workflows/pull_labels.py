"""Ask a model's own source for the labels that have not come, and record those that are new."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

import polars as pl

from keepfit.clock import Window
from keepfit.data.frames import to_polars
from keepfit.definition import Model, Source
from keepfit.predictions.ledger import DrainPosition
from keepfit.registry.lineage import tenures
from keepfit.workflows.log_rows import label_columns, log_label_rows
from keepfit.workflows.mask_rows import mask_ids
from keepfit.workflows.ports import Ports

#: Windows whose labels are long overdue are asked for no more often than this, and given up after `GIVEN_UP`.
OLD_EVERY: Final = timedelta(hours=1)
GIVEN_UP: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A window and how far its labels have come.

    Attributes:
        window: of events.
        predicted: predictions in it.
        labelled: those of them that have a label.
    """

    window: Window
    predicted: int
    labelled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What was asked for and came.

    Attributes:
        stretches: stretches of time that the source was asked for.
        labels: labels that were new.
        unknown: rows left out because no prediction in their stretch has their id, and they have no time of their own:
            they cannot be told from their repeats, and will be asked for again.
    """

    stretches: tuple[Window, ...] = ()
    labels: int = 0
    unknown: int = 0


def pull_labels(ports: Ports, model: Model, *, now: datetime) -> Pulled:
    """Ask the source that `@model.labels` declares, and record what it gives that is not known already.

    Raises:
        DataError: it gave no frame, or one without the columns; what came before is recorded.
        Exception: whatever the source raises.
    """
    if model.label_source is None:
        return Pulled()
    wanted = due(
        _gaps(ports, model, now), now=now, delay=model.label_delay, asked_for_old=_asked_for_old(ports, model)
    )
    labels = unknown = 0
    for stretch in (*wanted.recent, *wanted.old):
        added, left_out = _pull(ports, model, model.label_source, stretch, now)
        labels, unknown = labels + added, unknown + left_out
    if wanted.old:
        ports.ledger.record(
            DrainPosition(log=_log_of_old(model), segment=now.isoformat(), offset=0), {}, at=now
        )
    return Pulled(stretches=(*wanted.recent, *wanted.old), labels=labels, unknown=unknown)


@dataclass(frozen=True, slots=True)
class Due:
    """Stretches of neighbouring windows to ask for: those whose labels are expected about now, and those long overdue."""

    recent: tuple[Window, ...] = ()
    old: tuple[Window, ...] = ()


def due(gaps: Iterable[Gap], *, now: datetime, delay: timedelta, asked_for_old: datetime | None) -> Due:
    """Which windows to ask for at `now`.

    A window is asked for from `delay` after its start, every time until its labels are complete or it is overdue by
    another `delay` (and by its own length, at least); then once in `OLD_EVERY`, until `GIVEN_UP` (and three times the delay).

    Args:
        gaps: windows with predictions.
        now: the moment.
        delay: how long after the event a label usually comes.
        asked_for_old: when the overdue windows were asked for last; None for never.
    """
    late = asked_for_old is None or now - asked_for_old >= OLD_EVERY
    recent: list[Window] = []
    old: list[Window] = []
    for gap in gaps:
        window = gap.window
        given_up = window.end + max(GIVEN_UP, 3 * delay) <= now
        if gap.labelled >= gap.predicted or window.start + delay > now or given_up:
            continue
        if now < window.end + delay + max(delay, window.length):
            recent.append(window)
        elif late:
            old.append(window)
    return Due(_joined(recent), _joined(old))


def _joined(windows: Sequence[Window]) -> tuple[Window, ...]:
    """Neighbours as one stretch."""
    ordered = sorted(set(windows))
    if not ordered:
        return ()
    starts = [
        ordered[0].start,
        *(after.start for before, after in pairwise(ordered) if before.end < after.start),
    ]
    ends = [*(before.end for before, after in pairwise(ordered) if before.end < after.start), ordered[-1].end]
    return tuple(Window(start, end) for start, end in zip(starts, ends, strict=True))


def _gaps(ports: Ports, model: Model, now: datetime) -> list[Gap]:
    """As of the last check: what came since is asked for once more, and known."""
    since = now - max(GIVEN_UP, 3 * model.label_delay) - model.monitor.every
    route = ports.releases.route(model.name)
    answered = {one.version for one in tenures(ports.release_log.events(model.name))}
    gaps: dict[Window, Gap] = {}
    for version in sorted(answered | {one for one in (route.champion, route.canary) if one is not None}):
        for one in ports.evidence.evidence(model.name, version, since=since):
            known = gaps.get(one.window, Gap(window=one.window, predicted=0, labelled=0))
            gaps[one.window] = Gap(
                window=one.window,
                predicted=known.predicted + one.performance.predicted,
                labelled=known.labelled + one.performance.labelled.n,
            )
    return list(gaps.values())


def _pull(ports: Ports, model: Model, source: Source, stretch: Window, now: datetime) -> tuple[int, int]:
    where = f"the source of labels of '{model.name}'"
    given = label_columns(model, to_polars(source(stretch.start, stretch.end), where=where), where=where)
    rows = given.filter(pl.col("label").is_not_null(), pl.col("prediction_id").is_not_null()).with_columns(
        pl.col("prediction_id").cast(pl.String)
    )
    known_as = mask_ids(ports, model, rows)["prediction_id"]
    new, unknown = unheard(rows, ports.predictions.labelled(model.name, stretch), known_as=known_as)
    if new.is_empty():
        return 0, unknown
    return log_label_rows(ports, model, new, log=f"labels/{model.name}", now=now).labels, unknown


def unheard(rows: pl.DataFrame, known: pl.DataFrame, *, known_as: pl.Series) -> tuple[pl.DataFrame, int]:
    """The labels that say something new, and how many cannot be told from a repeat.

    A label is new when its prediction has none, or another value. With a time of its own it is new for the lake to decide: it
    keeps the same label of the same time once, and waits for predictions that it does not know yet.

    Args:
        rows: `prediction_id`, `label` and perhaps `label_time`.
        known: the predictions, each with its last `label`.
        known_as: the id by which the lake knows each row's prediction.
    """
    last = known.select(
        known_as=pl.col("prediction_id"), last=pl.col("label"), met=pl.lit(value=True)
    ).unique("known_as")
    joined = rows.with_columns(known_as=known_as).join(last, on="known_as", how="left", maintain_order="left")
    new = joined.filter(pl.col("last").is_null() | (pl.col("last") != pl.col("label")))
    strangers = pl.col("met").is_null()
    if "label_time" in rows.columns:
        return new.select(rows.columns), 0
    return new.filter(~strangers).select(rows.columns), new.filter(strangers).height


def _log_of_old(model: Model) -> str:
    return f"labels/{model.name}/overdue"


def _asked_for_old(ports: Ports, model: Model) -> datetime | None:
    position = ports.ledger.position(_log_of_old(model))
    return None if position is None else datetime.fromisoformat(position.segment)
