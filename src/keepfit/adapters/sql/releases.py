"""Releases under way, and the route that servers follow."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, select

from keepfit.adapters.sql.engine import reading, writing
from keepfit.adapters.sql.rows import add_up, put, read, row_of
from keepfit.adapters.sql.tables import releases, routes
from keepfit.release.record import ACTIVE, ReleaseRecord
from keepfit.release.routing import Route


@dataclass(frozen=True, slots=True)
class SqlReleases:
    """`keepfit.release.record.ReleaseStore` in SQL."""

    engine: Engine

    def save(self, release: ReleaseRecord) -> None:
        """Insert or replace by id."""
        with writing(self.engine) as connection:
            put(connection, releases, row_of(release), key=["id"])

    def active(self, model: str) -> ReleaseRecord | None:
        """The newest release that is rolling out or watched; None when there is none."""
        found = [release for release in self.releases(model) if release.state in ACTIVE]
        return found[-1] if found else None

    def releases(self, model: str) -> Sequence[ReleaseRecord]:
        """All releases of a model, oldest first."""
        query = (
            select(releases).where(releases.c.model == model).order_by(releases.c.started_at, releases.c.seq)
        )
        with reading(self.engine) as connection:
            return read(connection, query, ReleaseRecord)

    def route(self, model: str) -> Route:
        """How traffic is split; generation 0 without a champion when nothing was released."""
        with reading(self.engine) as connection:
            found = read(connection, select(routes).where(routes.c.model == model), Route)
        return found[0] if found else Route(model=model, generation=0, champion=None)

    def routes(self) -> Sequence[Route]:
        """The routes of all models, by name."""
        with reading(self.engine) as connection:
            return read(connection, select(routes).order_by(routes.c.model), Route)

    def set_route(self, route: Route) -> Route:
        """Replace a model's route; the stored generation is the one before plus one, and is returned."""
        with writing(self.engine) as connection:
            add_up(connection, routes, row_of(route) | {"generation": 1}, key=["model"], sums=["generation"])
            return read(connection, select(routes).where(routes.c.model == route.model), Route)[0]
