"""A small world to serve: routes, versions and a capture log that are held in memory."""

from dataclasses import dataclass, field

import pytest

from keepfit.clock import ManualClock, parse_time
from keepfit.errors import CaptureError
from keepfit.registry.signature import Feature, Kind, Signature
from keepfit.release.routing import Route
from keepfit.serving.dataplane import DataPlane
from keepfit.serving.loaded import LoadedModel

NOON = parse_time("2020-01-31T12:00Z")
FEATURES = (
    Feature("miles", Kind.NUMBER),
    Feature("zone", Kind.CATEGORY, text=True, categories=("bronx", "queens")),
    Feature("hour", Kind.NUMBER, integral=True),
)


@dataclass
class World:
    """Everything that a data plane needs; tests change it between refreshes."""

    signature: Signature
    routing: dict = field(default_factory=dict)
    artifacts: dict = field(default_factory=dict)
    loads: list = field(default_factory=list)
    frames: list = field(default_factory=list)
    full: bool = False
    down: bool = False

    def routes(self):
        """As a source of routes."""
        if self.down:
            raise OSError("the database is locked")
        return list(self.routing.values())

    def load(self, model, number):
        """As a loader of versions."""
        self.loads.append((model, number))
        found = self.artifacts[number]
        if isinstance(found, Exception):
            raise found
        return found

    def append(self, frame):
        """As a capture log."""
        if self.full:
            raise CaptureError("there is no room")
        self.frames.append(frame)

    def release(self, champion, **kwargs):
        """Set the route of `taxi`."""
        before = self.routing.get("taxi")
        generation = before.generation + 1 if before else 1
        self.routing["taxi"] = Route(model="taxi", generation=generation, champion=champion, **kwargs)

    def version(self, number, predict=None, signature=None):
        """A version that answers with its number plus the miles, unless told otherwise."""
        self.artifacts[number] = LoadedModel(
            signature=signature or self.signature,
            version=number,
            predict=predict or (lambda matrix: 100.0 * number + matrix[:, 0]),
        )

    def plane(self, **kwargs):
        """A data plane that has looked at the routes once; its shadows run at once."""
        kwargs.setdefault("shadows_waiting", 0)
        plane = DataPlane(routes=self, loader=self, capture=self, clock=ManualClock(NOON), **kwargs)
        plane.refresh()
        return plane


@pytest.fixture
def signature():
    """Two numbers and a category."""
    return Signature(
        features=FEATURES, id="trip_id", time="pickup_at", context=("borough",), output="minutes"
    )


@pytest.fixture
def world(signature):
    """Version 1 is champion of `taxi`; version 2 is there."""
    made = World(signature)
    made.version(1)
    made.version(2)
    made.release(1)
    return made


@pytest.fixture
def batch():
    """A batch of n rows whose miles are 0, 1, 2 …"""

    def make(n=3, **columns):
        return {"miles": [float(row) for row in range(n)], "zone": ["bronx"] * n, "hour": [8] * n, **columns}

    return make
