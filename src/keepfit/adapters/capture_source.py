"""The capture logs of a folder, as the drain reads them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from keepfit.adapters.capture_log import CaptureBatch, CaptureReader, SegmentDamage
from keepfit.predictions.chunk import Chunk
from keepfit.predictions.ledger import DrainPosition, Ledger


class CaptureFolder:
    """Reads and trims the capture logs of a folder; implements `keepfit.predictions.chunk.CaptureSource`.

    Args:
        folder: where servers write; it need not be there yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._reader = CaptureReader(folder)

    def logs(self) -> Sequence[str]:
        """The logs there are, sorted."""
        return self._reader.logs() if self._folder.is_dir() else []

    def read(self, log: str, position: DrainPosition | None) -> Iterable[Chunk]:
        """What came after `position`, in order; the caller records each chunk before it asks for the next."""
        while True:
            batch = self._reader.read(log, position)
            if batch.position == position and not batch.frames:
                return
            yield _chunk(batch)
            position = batch.position
            if not batch.more:
                return

    def discard(self, position: DrainPosition) -> None:
        """Delete the closed files that lie wholly before `position`."""
        self._reader.delete_drained(position)


def _chunk(batch: CaptureBatch) -> Chunk:
    return Chunk(
        frames=batch.frames,
        position=batch.position,
        damaged=tuple(one.set_aside.name for one in batch.damage),
        lost=_lost(batch.damage),
    )


def _lost(damage: Iterable[SegmentDamage]) -> Mapping[str, Ledger]:
    """What damaged frames had counted; their heads say so even when their rows are gone."""
    lost: dict[str, Ledger] = defaultdict(Ledger)
    for one in (each.damage for each in damage):
        if one.model is not None:
            lost[one.model] += Ledger(
                received=one.received, sampled_out=one.sampled_out, dropped=one.received - one.sampled_out
            )
    return dict(lost)
