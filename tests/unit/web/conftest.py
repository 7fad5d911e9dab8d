"""A data plane of two models, one of which has no release; everything is held in memory."""

from dataclasses import dataclass, field

import pytest

from keepfit.clock import ManualClock, parse_time
from keepfit.registry.signature import Feature, Kind, Signature
from keepfit.release.routing import Route
from keepfit.serving.dataplane import DataPlane
from keepfit.serving.loaded import LoadedModel

SIGNATURE = Signature(
    features=(Feature("miles", Kind.NUMBER), Feature("hour", Kind.NUMBER, integral=True)),
    id="trip_id",
    time="pickup_at",
    context=(),
    output="minutes",
)


def _double(matrix):
    if (matrix[:, 0] < 0).any():
        raise RuntimeError("no way back")
    return matrix[:, 0] * 2


@dataclass
class World:
    """Routes, versions and the capture log."""

    frames: list = field(default_factory=list)
    models: dict = field(default_factory=lambda: {"taxi": 3, "bus": None})

    def routes(self):
        """As a source of routes."""
        return [Route(model=model, generation=1, champion=number) for model, number in self.models.items()]

    def load(self, model, number):
        """As a loader of versions."""
        assert self.models[model] == number
        return LoadedModel(signature=SIGNATURE, version=number, predict=_double)

    def append(self, frame):
        """As a capture log."""
        self.frames.append(frame)

    def plane(self, **given):
        """A data plane that has looked at the routes once."""
        clock = ManualClock(parse_time("2020-01-31"))
        plane = DataPlane(routes=self, loader=self, capture=self, clock=clock, **given)
        plane.refresh()
        return plane


@pytest.fixture
def world():
    """`taxi` is served by version 3, `bus` has no release."""
    return World()
