"""The tables as they were first."""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0001"
down_revision: Final = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "keepfit_batches",
        sa.Column("model", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("newest", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("model", name="pk_keepfit_batches"),
    )
    op.create_table(
        "keepfit_checks",
        sa.Column("model", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), autoincrement=False, nullable=False),
        sa.Column("window_end", sa.DateTime(timezone=True), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("model", "version", "window_start", "window_end", name="pk_keepfit_checks"),
    )
    op.create_index("ix_keepfit_checks_model_window_start", "keepfit_checks", ["model", "window_start"])
    op.create_table(
        "keepfit_decisions",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_keepfit_decisions"),
        sa.UniqueConstraint("id", name="uq_keepfit_decisions_id"),
    )
    op.create_index("ix_keepfit_decisions_model_kind_at", "keepfit_decisions", ["model", "kind", "at"])
    op.create_table(
        "keepfit_drain_positions",
        sa.Column("log", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("segment", sa.Text(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("log", name="pk_keepfit_drain_positions"),
    )
    op.create_table(
        "keepfit_evidence",
        sa.Column("model", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("window_start", sa.DateTime(timezone=True), autoincrement=False, nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("model", "version", "window_start", name="pk_keepfit_evidence"),
    )
    op.create_table(
        "keepfit_incidents",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("opened_says", sa.Text(), nullable=False),
        sa.Column("says", sa.Text(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("clear", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_keepfit_incidents"),
        sa.UniqueConstraint("id", name="uq_keepfit_incidents_id"),
    )
    op.create_index("ix_keepfit_incidents_model_state", "keepfit_incidents", ["model", "state"])
    op.create_table(
        "keepfit_jobs",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("enqueued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_keepfit_jobs"),
        sa.UniqueConstraint("id", name="uq_keepfit_jobs_id"),
    )
    op.create_index("ix_keepfit_jobs_model", "keepfit_jobs", ["model"])
    op.create_index("ix_keepfit_jobs_state_run_after", "keepfit_jobs", ["state", "run_after"])
    op.create_table(
        "keepfit_ledgers",
        sa.Column("model", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("stored", sa.BigInteger(), nullable=False),
        sa.Column("sampled_out", sa.BigInteger(), nullable=False),
        sa.Column("dropped", sa.BigInteger(), nullable=False),
        sa.Column("duplicates", sa.BigInteger(), nullable=False),
        sa.Column("labels", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("model", name="pk_keepfit_ledgers"),
    )
    op.create_table(
        "keepfit_model_versions",
        sa.Column("model", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("artifact_uri", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("dataset", sa.Text(), nullable=False),
        sa.Column("dataset_digest", sa.Text(), nullable=False),
        sa.Column("metrics", sa.Text(), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("trained_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("model", "number", name="pk_keepfit_model_versions"),
        sa.UniqueConstraint("job_id", name="uq_keepfit_model_versions_job_id"),
    )
    op.create_table(
        "keepfit_open_batches",
        sa.Column("log", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("model", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("log", "model", name="pk_keepfit_open_batches"),
    )
    op.create_table(
        "keepfit_release_events",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("champion_before", sa.Integer(), nullable=True),
        sa.Column("champion_after", sa.Integer(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_keepfit_release_events"),
        sa.UniqueConstraint("id", name="uq_keepfit_release_events_id"),
    )
    op.create_index("ix_keepfit_release_events_model_at", "keepfit_release_events", ["model", "at"])
    op.create_table(
        "keepfit_releases",
        sa.Column("seq", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("candidate", sa.Integer(), nullable=False),
        sa.Column("incumbent", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("stage_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forced_by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_keepfit_releases"),
        sa.UniqueConstraint("id", name="uq_keepfit_releases_id"),
    )
    op.create_index("ix_keepfit_releases_model", "keepfit_releases", ["model"])
    op.create_table(
        "keepfit_routes",
        sa.Column("model", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("champion", sa.Integer(), nullable=True),
        sa.Column("canary", sa.Integer(), nullable=True),
        sa.Column("percent", sa.Double(), nullable=False),
        sa.Column("shadows", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("model", name="pk_keepfit_routes"),
    )
    op.create_table(
        "keepfit_seen_batches",
        sa.Column("model", sa.Text(), autoincrement=False, nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("model", name="pk_keepfit_seen_batches"),
    )
    op.create_table(
        "keepfit_messages",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("incident_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["keepfit_incidents.id"], name="fk_keepfit_messages_incident_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_keepfit_messages"),
        sa.UniqueConstraint(
            "incident_id", "kind", "route", name="uq_keepfit_messages_incident_id_kind_route"
        ),
    )
    op.create_index("ix_keepfit_messages_sent_at", "keepfit_messages", ["sent_at"])
