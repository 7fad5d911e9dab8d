"""The rows of model versions: what is known of a version without asking the registry behind it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, select

from keepfit.adapters.sql.engine import reading, writing
from keepfit.adapters.sql.rows import insert_once, read, row_of
from keepfit.adapters.sql.tables import model_versions as table
from keepfit.errors import NotFoundError
from keepfit.registry.model_version import ModelVersion


@dataclass(frozen=True, slots=True)
class SqlVersions:
    """Model versions in SQL."""

    engine: Engine

    def save(self, version: ModelVersion) -> None:
        """Record a version; the job that registered it registers no second one."""
        with writing(self.engine) as connection:
            insert_once(connection, table, row_of(version), key=["job_id"])

    def versions(self, model: str) -> Sequence[ModelVersion]:
        """All versions of a model, oldest first; empty when there are none."""
        query = select(table).where(table.c.model == model).order_by(table.c.number)
        with reading(self.engine) as connection:
            return read(connection, query, ModelVersion)

    def version(self, model: str, number: int) -> ModelVersion:
        """One version. Raises NotFoundError, which says what versions there are."""
        found = self.versions(model)
        for version in found:
            if version.number == number:
                return version
        known = ", ".join(str(version.number) for version in found[-8:])
        raise NotFoundError(
            f"there is no version {number} of model '{model}'",
            hint=f"its newest versions: {known}" if known else "nothing was registered for this model yet",
        )

    def by_job(self, job_id: str) -> ModelVersion | None:
        """The version that a job registered; None when it registered none."""
        with reading(self.engine) as connection:
            found = read(connection, select(table).where(table.c.job_id == job_id), ModelVersion)
        return found[0] if found else None
