"""Replay history day by day, in event time, against a real server and the real controller."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from keepfit.app.workspace import Workspace
from keepfit.clock import windows_between
from keepfit.definition import Model
from keepfit.demo.client import Caller
from keepfit.workflows.tick import Tick, tick

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One replayed day: when it ended, how many predictions were asked for, what the tick after it did."""

    now: datetime
    asked: int
    done: Tick


def replay(
    workspace: Workspace,
    model: Model,
    caller: Caller,
    *,
    start: datetime,
    end: datetime,
    on_day: Callable[[Day], None] = lambda _day: None,
) -> None:
    """Ask for the predictions of each day, post the labels that became known, and let the controller look.

    Args:
        workspace: whose controller ticks, once a day, as of the end of that day.
        model: its source says what happened.
        caller: asks the server.
        start, end: whole days in between are replayed.
        on_day: told of each day.
    """
    unlabelled: list[pl.DataFrame] = []
    caller.wait_for(workspace.ports.releases.route(model.name))
    for window in windows_between(start, end, DAY):
        rows: pl.DataFrame = model.rows(window.start, window.end)
        context = [name for name in model.context if name in rows.columns]
        caller.predict(rows.select(model.id, model.time, *model.features, *context))
        unlabelled = _label(model, caller, [*unlabelled, rows], window.end)
        done = tick(workspace.ports, [model], now=window.end)
        caller.wait_for(workspace.ports.releases.route(model.name))
        on_day(Day(now=window.end, asked=rows.height, done=done))
    _label(model, caller, unlabelled, end + model.label_delay)
    tick(workspace.ports, [model], now=end + model.label_delay)


def _label(model: Model, caller: Caller, waiting: list[pl.DataFrame], now: datetime) -> list[pl.DataFrame]:
    """Post the labels that are known by `now`; what is left waits."""
    known = pl.col(model.time) + model.label_delay <= now
    for rows in waiting:
        due = rows.filter(known)
        times = (due[model.time] + model.label_delay).to_list()
        caller.label(due[model.id].to_list(), due[model.task.target].cast(pl.Float64).to_list(), times)
    return [rest for rest in (rows.filter(~known) for rows in waiting) if not rest.is_empty()]
