"""The ledger is exact whatever happens to a capture log, in whatever order: received = stored + sampled out + dropped."""

import shutil
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from types import SimpleNamespace

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from keepfit.adapters.capture_log import CaptureWriter
from keepfit.adapters.capture_log.giving_up import give_up_oldest
from keepfit.adapters.capture_source import CaptureFolder
from keepfit.adapters.memory import MemoryPredictions
from keepfit.predictions.capture_codec import LabelsFrame, PredictionsFrame, count_frames, encode
from keepfit.predictions.ledger import DrainPosition, Ledger
from keepfit.workflows.drain_capture import drain_capture

NOW = datetime(2020, 1, 31, tzinfo=UTC)
LOGS = st.sampled_from(["web-0", "web-1"])
MODELS = st.sampled_from(["taxi", "bikes"])


class MemoryLedger:
    """Counts, positions and batch numbers; the process may die before any of its records."""

    def __init__(self):
        self.counts, self.positions, self.open, self.numbers = {}, {}, {}, count(1)
        self.dies_in = None

    def position(self, log):
        """How far a log was drained."""
        return self.positions.get(log)

    def next_batch(self, log, model):
        """The same until `record`."""
        return self.open.setdefault((log, model), next(self.numbers))

    def record(self, position: DrainPosition, counts, **_at):
        """All or nothing."""
        if self.dies_in is not None:
            self.dies_in -= 1
            if self.dies_in < 0:
                raise KeyboardInterrupt
        for model, more in counts.items():
            self.counts[model] = self.counts.get(model, Ledger()) + more
        self.positions[position.log] = position
        self.open = {key: batch for key, batch in self.open.items() if key[0] != position.log}


class CaptureMachine(RuleBasedStateMachine):
    """Two logs with small segments in one folder, and what is known of all that was answered."""

    def __init__(self):
        super().__init__()
        self.folder = Path(mkdtemp(prefix="keepfit-ledger-"))
        self.ledger, self.lake = MemoryLedger(), MemoryPredictions()
        self.ports = SimpleNamespace(
            capture=CaptureFolder(self.folder, chunk_bytes=300),
            ledger=self.ledger,
            predictions=self.lake,
            tell=lambda _message, _at: None,
        )
        self.numbers = count()
        self.received = {"taxi": 0, "bikes": 0}
        self.sampled = {"taxi": 0, "bikes": 0}
        self.given_up = self.acknowledged = self.labels = 0
        self.writers = {log: self._writer(log) for log in ("web-0", "web-1")}

    def teardown(self):
        """Whatever state it was left in: in the end everything is accounted for, to the row."""
        for writer in self.writers.values():
            writer.close()
        self.ledger.dies_in = None
        drain_capture(self.ports, now=NOW)
        total = Ledger()
        for model in self.received:
            counts = self.ledger.counts.get(model, Ledger())
            assert counts.balances
            assert counts.received == self.received[model]
            assert counts.sampled_out == self.sampled[model]
            assert counts.stored == self.lake.count(model)
            total += counts
        assert self.acknowledged - self.given_up <= total.stored <= self.acknowledged
        assert total.labels == self.labels
        assert list(self.folder.glob("*.cap")) == []
        shutil.rmtree(self.folder)

    @rule(log=LOGS, model=MODELS, rows=st.integers(0, 4), sampled=st.integers(0, 2))
    def append(self, log, model, rows, sampled):
        """An acknowledged frame."""
        self.writers[log].append(self._frame(model, rows, sampled))
        self.received[model] += rows + sampled
        self.sampled[model] += sampled
        self.acknowledged += rows

    @rule(log=LOGS, model=MODELS)
    def label(self, log, model):
        """An acknowledged label, which nothing may lose."""
        number = next(self.numbers)
        self.writers[log].append(
            LabelsFrame(
                model=model, prediction_id=[f"id-{number}"], label=[1.0], label_time=[0], received_at=[0]
            )
        )
        self.labels += 1

    @rule(log=LOGS)
    def restart(self, log):
        """The server stops and starts."""
        self.writers[log].close()
        self.writers[log] = self._writer(log)

    @rule(log=LOGS, model=MODELS, rows=st.integers(1, 4), part=st.floats(0, 0.99))
    def kill(self, log, model, rows, part):
        """The server dies in the middle of a frame that nobody was told of; its head may tell of it all the same."""
        writer = self.writers[log]
        writer.close()
        data = encode(self._frame(model, rows, 0))
        torn = data[: int(part * len(data))]
        with writer.segment.open("ab") as file:
            file.write(torn)
        counted = sum(one.received for one in count_frames(torn))
        self.received[model] += counted
        self.writers[log] = self._writer(log)

    @rule()
    def drain(self):
        """All that is there."""
        self.ledger.dies_in = None
        drain_capture(self.ports, now=NOW)

    @rule(records=st.integers(0, 4))
    def die_while_draining(self, records):
        """After the rows of some chunk are in the lake, and before that is on record."""
        self.ledger.dies_in = records
        with suppress(KeyboardInterrupt):
            drain_capture(self.ports, now=NOW)

    @rule(until=st.integers(0, 4_000))
    def give_up(self, until):
        """The room is full."""
        positions = self.ledger.positions
        for one in give_up_oldest(self.folder, until_bytes=until):
            drained = positions.get(one.segment.rpartition("-")[0])
            if drained is None or drained.segment < one.segment:
                self.given_up += sum(one.rows.values())

    @invariant()
    def balanced(self):
        """At every moment what is on record is accounted for."""
        assert all(one.balances for one in self.ledger.counts.values())

    def _writer(self, log):
        return CaptureWriter(self.folder, log_id=log, segment_bytes=500)

    def _frame(self, model, rows, sampled):
        ids = [f"id-{next(self.numbers)}" for _ in range(rows)]
        return PredictionsFrame(
            model=model,
            prediction_id=ids,
            version=[1] * rows,
            role=["champion"] * rows,
            event_time=[0] * rows,
            received_at=[0] * rows,
            prediction=[1.0] * rows,
            error=[None] * rows,
            features={},
            kinds={},
            received=rows + sampled,
            sampled_out=sampled,
        )


def test_every_interleaving_keeps_the_ledger_exact():
    """Append, label, restart, kill, drain, die while draining and give up, in any order: checked to the row at the end."""
    run_state_machine_as_test(
        CaptureMachine,
        settings=settings(max_examples=15, stateful_step_count=25, deadline=None, phases=(Phase.generate,)),
    )
