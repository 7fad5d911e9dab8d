"""Routes and versions from any database; imported only where the short way cannot be taken, for SQLAlchemy is slow to import."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from keepfit.adapters.sql.engine import open_engine
from keepfit.adapters.sql.migrate import migrate
from keepfit.adapters.sql.releases import SqlReleases
from keepfit.adapters.sql.versions import SqlVersions
from keepfit.config import Config
from keepfit.registry.model_version import ModelVersion
from keepfit.release.routing import Route


@dataclass(frozen=True, slots=True)
class DatabaseVersions:
    """Routes and versions in SQL."""

    releases: SqlReleases
    rows: SqlVersions

    def routes(self) -> Sequence[Route]:
        """The routes of all models, by name."""
        return self.releases.routes()

    def version(self, model: str, number: int) -> ModelVersion:
        """One version. Raises NotFoundError."""
        return self.rows.version(model, number)


def open_database(config: Config, state: Path) -> DatabaseVersions:
    """The workspace's state database, migrated."""
    engine = open_engine(config.state.url or f"sqlite:///{state / 'keepfit.db'}")
    migrate(engine)
    return DatabaseVersions(SqlReleases(engine), SqlVersions(engine))
