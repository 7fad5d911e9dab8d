"""Windows as a table: one line for each, with the metrics of the model's task."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from keepfit.cli.output import plural, print_table

if TYPE_CHECKING:
    from keepfit.evaluation.measure import Measure
    from keepfit.fleet.window_report import WindowReport

#: The metrics that are shown beside the model's own, of those that its task has; `--json` has them all.
_SHOWN: Final = ("mae", "rmse", "mape", "r2", "roc_auc", "f1", "calibration_error", "bias")


def print_windows(windows: "Sequence[WindowReport]", *, empty: str) -> None:
    """A line for each window; `empty` is said when there are none."""
    known = {name for one in windows for name in one.metrics}
    metric = windows[0].metric if windows else ""
    more = [name for name in _SHOWN if name in known and name != metric]
    costs = ["cost"] if any(one.cost for one in windows) else []
    print_table(
        [
            "window",
            "version",
            "rows",
            "labelled",
            "maturity",
            "due",
            metric,
            "estimated",
            *more,
            *costs,
            "restated",
        ],
        [_row(one, more, costs=bool(costs)) for one in windows],
        empty=empty,
        right=("version", "rows", "labelled", "maturity", "due", *more, *costs),
    )


def _row(one: "WindowReport", more: Sequence[str], *, costs: bool) -> list[str]:
    return [
        f"{one.window.start:%Y-%m-%d %H:%M} UTC{'' if one.closed else ', still open'}",
        str(one.version),
        f"{one.rows:,}",
        f"{one.labelled:,}",
        f"{one.maturity:.0%}",
        "-" if one.expected_maturity is None else f"{one.expected_maturity:.0%}",
        _with_interval(one.value),
        _with_interval(one.estimated),
        *(_number(one.metrics.get(name)) for name in more),
        *([_number(one.cost)] if costs else []),
        f"by {plural(one.late, 'late label')}" if one.restated else "no",
    ]


def _number(measure: "Measure | None") -> str:
    return "-" if measure is None or math.isnan(measure.value) else f"{measure.value:.3g}"


def _with_interval(measure: "Measure | None") -> str:
    if measure is None:
        return "-"
    if measure.n < 2:
        return f"{_number(measure)} (one label)"
    return f"{_number(measure)} ({measure.low:.3g} to {measure.high:.3g})"
