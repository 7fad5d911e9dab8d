"""The tables of keepfit's state.

Their names carry a prefix, because a PostgreSQL database may hold MLflow's tables too. Columns are named like
the fields of the records that they keep. `seq` counts the rows in the order they came: it breaks ties of time.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
)
from sqlalchemy import UniqueConstraint as Unique

from keepfit.adapters.sql.column_types import Json, Moment, Word
from keepfit.alerting.incident import IncidentState, TransitionKind
from keepfit.jobs.job import JobState
from keepfit.monitoring.finding import Finding
from keepfit.registry.lineage import ReleaseEventKind
from keepfit.registry.signature import Signature
from keepfit.release.record import ReleaseState

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _table(name: str, *items: Column[Any] | Index | Unique) -> Table:
    return Table(f"keepfit_{name}", metadata, *items)


def _needed(name: str, kind: Any, *more: Any, primary_key: bool = False) -> Column[Any]:
    """A column that is never null; a key of whole numbers is given, not counted by the database."""
    return Column(
        name,
        kind,
        *more,
        nullable=False,
        primary_key=primary_key,
        autoincrement=False if primary_key else "auto",
    )


def _seq() -> Column[int]:
    return Column("seq", Integer, primary_key=True, autoincrement=True)


def _id() -> Column[str]:
    return Column("id", Text, nullable=False, unique=True)


release_events = _table(
    "release_events",
    _seq(),
    _id(),
    _needed("model", Text),
    _needed("at", Moment),
    _needed("kind", Word(ReleaseEventKind)),
    _needed("actor", Text),
    _needed("version", Integer),
    Column("champion_before", Integer),
    Column("champion_after", Integer),
    _needed("why", Text),
    Index(None, "model", "at"),
)

model_versions = _table(
    "model_versions",
    _needed("model", Text, primary_key=True),
    _needed("number", Integer, primary_key=True),
    _needed("run_id", Text),
    Column("job_id", Text, nullable=False, unique=True),
    _needed("artifact_uri", Text),
    _needed("digest", Text),
    _needed("dataset", Text),
    _needed("dataset_digest", Text),
    _needed("metrics", Json(Mapping[str, float])),
    _needed("signature", Json(Signature)),
    _needed("trained_at", Moment),
    _needed("why", Text),
)

ledgers = _table(
    "ledgers",
    _needed("model", Text, primary_key=True),
    _needed("received", BigInteger),
    _needed("stored", BigInteger),
    _needed("sampled_out", BigInteger),
    _needed("dropped", BigInteger),
    _needed("duplicates", BigInteger),
    _needed("labels", BigInteger),
    _needed("updated_at", Moment),
)

drain_positions = _table(
    "drain_positions",
    _needed("log", Text, primary_key=True),
    _needed("segment", Text),
    _needed("offset", BigInteger),
    _needed("updated_at", Moment),
)

#: The newest batch number that was given out for a model.
batches = _table(
    "batches",
    _needed("model", Text, primary_key=True),
    _needed("newest", BigInteger),
)

#: Batch numbers that were given out and not yet recorded: a drain that crashed is done again under its number.
open_batches = _table(
    "open_batches",
    _needed("log", Text, primary_key=True),
    _needed("model", Text, primary_key=True),
    _needed("batch", BigInteger),
)

jobs = _table(
    "jobs",
    _seq(),
    _id(),
    _needed("kind", Text),
    _needed("model", Text),
    _needed("payload", Json(Mapping[str, object])),
    _needed("state", Word(JobState)),
    _needed("attempts", Integer),
    _needed("enqueued_at", Moment),
    _needed("run_after", Moment),
    Column("lease_until", Moment),
    Column("finished_at", Moment),
    _needed("reason", Text),
    Index(None, "state", "run_after"),
    Index(None, "model"),
)

releases = _table(
    "releases",
    _seq(),
    _id(),
    _needed("model", Text),
    _needed("candidate", Integer),
    Column("incumbent", Integer),
    _needed("state", Word(ReleaseState)),
    _needed("stage", Integer),
    _needed("stage_since", Moment),
    _needed("started_at", Moment),
    _needed("forced_by", Text),
    _needed("why", Text),
    Index(None, "model"),
)

routes = _table(
    "routes",
    _needed("model", Text, primary_key=True),
    _needed("generation", Integer),
    Column("champion", Integer),
    Column("canary", Integer),
    _needed("percent", Double),
    _needed("shadows", Json(tuple[int, ...])),
    Column("previous", Integer),
    Column("constant", Double),
    Column("split_by", Text),
)

checks = _table(
    "checks",
    _needed("model", Text, primary_key=True),
    _needed("version", Integer, primary_key=True),
    _needed("window_start", Moment, primary_key=True),
    _needed("window_end", Moment, primary_key=True),
    _needed("at", Moment),
    _needed("findings", Json(tuple[Finding, ...])),
    Index(None, "model", "window_start"),
)

#: How far the checks of a model have seen the lake.
seen_batches = _table(
    "seen_batches",
    _needed("model", Text, primary_key=True),
    _needed("batch", BigInteger),
)

incidents = _table(
    "incidents",
    _seq(),
    _id(),
    _needed("model", Text),
    _needed("key", Text),
    _needed("title", Text),
    _needed("state", Word(IncidentState)),
    _needed("opened_at", Moment),
    _needed("updated_at", Moment),
    Column("resolved_at", Moment),
    _needed("opened_says", Text),
    _needed("says", Text),
    _needed("seen", Integer),
    _needed("clear", Integer),
    Index(None, "model", "state"),
)

#: The outbox: what is to be said about incidents, written in the transaction that changes them.
messages = _table(
    "messages",
    Column("id", Integer, primary_key=True, autoincrement=True),
    _needed("incident_id", Text, ForeignKey(incidents.c.id)),
    _needed("kind", Word(TransitionKind)),
    _needed("route", Text),
    _needed("title", Text),
    _needed("body", Text),
    _needed("queued_at", Moment),
    Column("sent_at", Moment),
    _needed("error", Text),
    Unique("incident_id", "kind", "route"),
    Index(None, "sent_at"),
)

decisions = _table(
    "decisions",
    _seq(),
    _id(),
    _needed("model", Text),
    _needed("at", Moment),
    _needed("kind", Text),
    _needed("action", Text),
    _needed("why", Text),
    _needed("detail", Json(Mapping[str, object])),
    Index(None, "model", "kind", "at"),
)
