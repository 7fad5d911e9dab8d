"""Where do compiled forms win? One row and 256 rows of each kind of model, in keepfit's own way and in the form that it takes.

    python benchmarks/forms.py [--models ridge,forest] [--tolerance 1e-5] [--quick] [--json | --markdown]

The form is chosen as `compiled = "auto"` does: equal within the tolerance and faster. Both ways are called in turns, on one
thread; what counts is the processor time of a call.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median

from form_models import Floats, Subject, names, subject
from report import Table, options, progress, publish
from threadpoolctl import threadpool_limits

from keepfit.adapters.runtimes.choice import runtime_of
from keepfit.adapters.runtimes.compiled import TOLERANCE, compiled_runtime

_PROBE = 64
#: Of calls that are timed together.
_LEAST_S = 0.01

Predict = Callable[[Floats], Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One model, in µs of processor time; `own` is keepfit's way without a compiled form."""

    name: str
    own: str
    taken: str
    own_row_us: float
    own_rows_us: float
    row_us: float
    rows_us: float
    difference: float
    choosing_ms: float
    note: str


def main() -> int:
    """Fit, choose, measure, print."""
    parser = options(str(__doc__).split("\n", 1)[0], peers=False)
    parser.add_argument(
        "--models", default="", help="only those whose name holds one of these, with commas between"
    )
    parser.add_argument("--tolerance", type=float, default=TOLERANCE, help="of the difference (%(default)s)")
    asked = parser.parse_args()
    wanted = [one.strip() for one in asked.models.split(",")]
    turns = 3 if asked.quick else 9
    found = []
    with threadpool_limits(1):
        for name in names():
            if any(one in name for one in wanted):
                found.append(_measured(subject(name), asked.tolerance, turns))
                progress(f"{name}: {found[-1].own} or {found[-1].taken}")
    return publish(asked, [_table(found)], [], {"forms": [asdict(one) for one in found]})


def _measured(one: Subject, tolerance: float, turns: int) -> Measured:
    probe = one.rows[:_PROBE]
    own = runtime_of(one.model, one.signature, probe=probe)
    began = time.thread_time()
    taken = compiled_runtime(one.model, one.signature, own, probe, tolerance=tolerance)
    choosing = time.thread_time() - began
    row = _in_turns(own.predict, taken.predict, one.rows[:1], turns)
    rows = _in_turns(own.predict, taken.predict, one.rows, turns)
    return Measured(
        name=one.name,
        own=own.name,
        taken="" if taken.name == own.name else taken.name,
        own_row_us=row[0] * 1e6,
        own_rows_us=rows[0] * 1e6,
        row_us=row[1] * 1e6,
        rows_us=rows[1] * 1e6,
        difference=taken.difference,
        choosing_ms=choosing * 1e3,
        note=taken.note,
    )


def _in_turns(own: Predict, taken: Predict, rows: Floats, turns: int) -> tuple[float, float]:
    """Seconds of a call of either, the median of the turns."""
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(turns):
        for kept, predict in zip(found, (own, taken), strict=True):
            kept.append(_call_s(predict, rows))
    return median(found[0]), median(found[1])


def _call_s(predict: Predict, rows: Floats) -> float:
    calls, took = 1, 0.0
    while True:
        began = time.thread_time()
        for _ in range(calls):
            predict(rows)
        took = time.thread_time() - began
        if took >= _LEAST_S:
            return took / calls
        calls *= 4


def _table(found: list[Measured]) -> Table:
    head = (
        "model",
        "keepfit's way",
        "1 row, µs",
        "256, µs",
        "taken",
        "1 row, µs",
        "256, µs",
        "ratio",
        "ratio",
        "off by",
    )
    return Table(
        title="Compiled forms",
        head=head,
        rows=[_row(one) for one in found],
        notes=("Ratios: the form's time in that of keepfit's way, for one row and for 256.",),
    )


def _row(one: Measured) -> tuple[str, ...]:
    before = (one.name, one.own, f"{one.own_row_us:.0f}", f"{one.own_rows_us:.0f}")
    if not one.taken:
        return (*before, "none", "", "", "", "", "")
    ratios = (one.row_us / one.own_row_us, one.rows_us / one.own_rows_us)
    return (
        *before,
        one.taken,
        f"{one.row_us:.0f}",
        f"{one.rows_us:.0f}",
        *(f"{ratio:.2g}" for ratio in ratios),
        f"{one.difference:.0e}",
    )


if __name__ == "__main__":
    sys.exit(main())
