"""What is looked at once a second for the metrics, instead of being counted as it happens."""

from collections.abc import Callable
from dataclasses import dataclass, field

from keepfit.serving.dataplane import DataPlane
from keepfit.serving.telemetry import Telemetry
from keepfit.serving.telemetry_snapshot import Loaded


@dataclass(slots=True)
class Gauges:
    """The queue, the versions in memory, the routes that are followed, and the room for captured predictions.

    Attributes:
        plane: whose queue and versions.
        spool: measures the room that all workers share, in the first of them.
    """

    plane: DataPlane
    spool: Callable[[], int] | None = None
    _generations: dict[str, int] = field(default_factory=dict)

    def measure(self, live: Telemetry) -> None:
        """Set the gauges, and count the routes that changed since the last look."""
        if self.spool is not None:
            live.spool_bytes = self.spool()
        live.queue_rows = self.plane.lanes.waiting_rows
        holding = self.plane.holding
        models = [holding.find(name) for name in holding.names()]
        live.hold(
            Loaded(
                model=held.name,
                version=number,
                role=held.route.role(number),
                runtime=ready.loaded.runtime,
            )
            for held in models
            for number, ready in held.versions.items()
        )
        for held in models:
            if self._generations.get(held.name) != held.route.generation:
                self._generations[held.name] = held.route.generation
                live.swapped(held.name, held.route.generation)
