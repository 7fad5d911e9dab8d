"""A model whose rows are drained by hand, and what its evidence would be if it were made in one go."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta

import numpy as np
import polars as pl
from workflow_fakes import DAY, START
from workflow_world import empty_database

from keepfit.adapters.memory import MemoryEvidence, MemoryPredictions
from keepfit.clock import Window
from keepfit.monitoring.adding import made_of
from keepfit.predictions.ledger import DrainPosition, Ledger
from keepfit.predictions.record import LABEL_COLUMNS, PREDICTION_COLUMNS
from keepfit.workflows.update_evidence import update_evidence, yardstick_of

#: Of a profile: told by values that repeat within a part; `settle` is there for them.
NOT_ADDED = {"named", "loose"}


def alike(one, two, *, without=frozenset(), where="evidence"):
    """Counts the same, sums the same up to rounding."""
    assert type(one) is type(two), where
    if is_dataclass(one):
        for each in fields(one):
            if each.name not in without:
                alike(
                    getattr(one, each.name),
                    getattr(two, each.name),
                    without=without,
                    where=f"{where}.{each.name}",
                )
    elif isinstance(one, Mapping):
        assert one.keys() == two.keys(), where
        for name in one:
            alike(one[name], two[name], without=without, where=f"{where}[{name}]")
    elif isinstance(one, np.ndarray) and one.dtype.kind == "f":
        np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-9, err_msg=where)
    elif isinstance(one, np.ndarray):
        np.testing.assert_array_equal(one, two, err_msg=where)
    elif isinstance(one, float):
        assert math.isclose(one, two, rel_tol=1e-9, abs_tol=1e-9), where
    else:
        assert one == two, where


class Lake:
    """A model whose rows are drained by hand, and its evidence."""

    def __init__(self, world):
        world.predictions, world.evidence = MemoryPredictions(), MemoryEvidence()
        world.engine.dispose()
        world.engine = empty_database()
        world.ports = world.open()
        self.world, self.ports = world, world.ports
        self.waiting = {}
        self.marks = {"drainer": 0, "tick": 0}

    def drain(self, log, rows=(), said=(), *, dies=False):
        """Append, and record; of what died before it recorded, everything is appended again."""
        before = self.waiting.pop(log, ((), ()))
        rows, said = (*before[0], *rows), (*before[1], *said)
        batch = self.ports.ledger.next_batch(log, "taxi")
        self.ports.predictions.append_predictions("taxi", predictions(rows), batch=batch)
        self.ports.predictions.append_labels("taxi", labels(said), batch=batch)
        if dies:
            self.waiting[log] = rows, said
        else:
            position = DrainPosition(log=log, segment="0", offset=batch)
            self.ports.ledger.record(position, {"taxi": Ledger()}, at=START)

    def update(self, who="drainer", *, ports=None):
        """As one of two processes that know how far they came themselves."""
        found = update_evidence(ports or self.ports, self.world.model, 1, since=self.marks[who])
        self.marks[who] = found.seen.through
        return found

    def evidence(self, version=1):
        """By the number of its day."""
        return {
            (one.window.start - START) // DAY: one for one in self.ports.evidence.evidence("taxi", version)
        }

    def in_one_go(self, version, day):
        """What the evidence of a window would be if it were made now."""
        window, seen = Window(START + day * DAY, START + (day + 1) * DAY), self.ports.ledger.closed("taxi")
        rows = self.world.predictions.labelled("taxi", window, batches=seen)
        by = yardstick_of(self.ports, self.world.model, version)
        return made_of(rows, by, model="taxi", version=version, window=window, seen=seen)

    def assert_right(self):
        """Every version that has to do with a window has evidence there, and it is that made in one go."""
        seen = self.ports.ledger.closed("taxi")
        rows = self.world.predictions.labelled("taxi", batches=seen)
        answered = rows.filter(pl.col("role").is_in(["champion", "canary"]))
        days = {((at - START) // DAY, number) for at in rows["event_time"] for number in [1]} | {
            ((at - START) // DAY, number)
            for at, number in answered.select("event_time", "version").iter_rows()
        }
        found = {(day, number): one for number in (1, 2) for day, one in self.evidence(number).items()}
        assert days <= found.keys()
        for (day, number), one in found.items():
            expected = self.in_one_go(number, day)
            # What brought nothing to the window need not be said of it.
            alike(
                replace(one, batch=0, beyond=None),
                replace(expected, batch=0, beyond=None),
                without=NOT_ADDED,
            )


def predictions(rows):
    """Each of (number, version, role): its day and its miles go by its number."""
    found = [
        {
            "prediction_id": str(number),
            "version": version,
            "role": role,
            "event_time": START + (number % 3) * DAY + timedelta(minutes=number),
            "received_at": START,
            "prediction": None if role == "failed" else 3.1 * (1 + number % 7),
            "error": "it raised" if role == "failed" else None,
        }
        for number, version, role in rows
    ]
    miles = [None if number % 5 == 4 else 1.0 + number % 7 / 3 for number, *_ in rows]
    return pl.DataFrame(found, schema=PREDICTION_COLUMNS).with_columns(
        pl.Series("x_miles", miles, dtype=pl.Float64)
    )


def labels(said):
    """Each of (number, minutes, day on which it became known)."""
    found = [
        {
            "prediction_id": str(number),
            "label": minutes,
            "label_time": START + day * DAY,
            "received_at": START,
        }
        for number, minutes, day in said
    ]
    return pl.DataFrame(found, schema=LABEL_COLUMNS)


def served(*numbers, version=1, role="champion"):
    """Rows of one version."""
    return [(number, version, role) for number in numbers]
