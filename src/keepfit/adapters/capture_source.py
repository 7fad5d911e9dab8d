"""The capture logs of a folder, as the drain reads them."""

import gc
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

from keepfit.adapters.capture_log import CaptureBatch, CaptureReader, SegmentDamage
from keepfit.adapters.capture_log.reading import draining, mark_reading
from keepfit.predictions.chunk import Chunk
from keepfit.predictions.ledger import DrainPosition, Ledger

#: Chunks after which garbage is collected all the same: of the stores that they went to.
_COLLECTED_EVERY: Final = 64


class CaptureFolder:
    """Reads and trims the capture logs of a folder; implements `keepfit.predictions.chunk.CaptureSource`.

    Args:
        folder: where servers write; it need not be there yet.
        chunk_bytes: about how much is read at a time; ten times as much memory is needed while it is moved.
    """

    def __init__(self, folder: Path, *, chunk_bytes: int = 8 << 20) -> None:
        self._folder, self._chunk_bytes = folder, chunk_bytes
        self._reader = CaptureReader(folder)

    def draining(self) -> AbstractContextManager[None]:
        """Hold the logs while they are drained; waits for whoever drains them now."""
        return draining(self._folder)

    def logs(self) -> Sequence[str]:
        """The logs there are, sorted."""
        return self._reader.logs() if self._folder.is_dir() else []

    def read(self, log: str, position: DrainPosition | None) -> Iterable[Chunk]:
        """What came after `position`, in order; the caller records each chunk before it asks for the next."""
        with _no_collection():
            for number in count(1):
                batch = self._next(log, position)
                if position is not None and batch.position == position and not batch.frames:
                    self.discard(position)  # what was its newest file then may have been closed since
                    return
                yield _chunk(batch)
                position = batch.position
                if not batch.more:
                    return
                if number % _COLLECTED_EVERY == 0:
                    del batch
                    gc.collect()

    def _next(self, log: str, position: DrainPosition | None) -> CaptureBatch:
        return self._reader.read(
            log,
            position,
            max_bytes=self._chunk_bytes,
            opening=partial(mark_reading, self._folder, log),
        )

    def discard(self, position: DrainPosition) -> None:
        """Delete the closed files that lie wholly before `position`."""
        self._reader.delete_drained(position)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Frames hold no cycles, and looking for some in a million new lists takes ten times as long as making them."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _chunk(batch: CaptureBatch) -> Chunk:
    lost = _lost(batch.damage)
    for model, (received, sampled_out) in batch.given_up.counts.items() if batch.given_up else ():
        lost[model] += _counts(received, sampled_out)
    return Chunk(
        frames=batch.frames,
        position=batch.position,
        damaged=tuple(one.set_aside.name for one in batch.damage),
        given_up=(batch.position.segment,) if batch.given_up else (),
        lost=dict(lost),
    )


def _lost(damage: Iterable[SegmentDamage]) -> dict[str, Ledger]:
    """What damaged frames had counted; their heads say so even when their rows are gone."""
    lost: dict[str, Ledger] = defaultdict(Ledger)
    for one in (each.damage for each in damage):
        if one.model is not None:
            lost[one.model] += _counts(one.received, one.sampled_out)
    return lost


def _counts(received: int, sampled_out: int) -> Ledger:
    return Ledger(received=received, sampled_out=sampled_out, dropped=received - sampled_out)
