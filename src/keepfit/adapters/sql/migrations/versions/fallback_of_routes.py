"""Routes say what answers when the versions raise."""

from typing import Final, Literal

import sqlalchemy as sa
from alembic import op

revision: Final = "0003"
down_revision: Final = "0002"


def upgrade() -> None:
    """Two columns more; routes that are there have no fallback until they are published again."""
    # SQLite is made to copy the table, so that it reads like one that was made anew.
    recreate: Literal["always", "auto"] = "always" if op.get_bind().dialect.name == "sqlite" else "auto"
    with op.batch_alter_table("keepfit_routes", recreate=recreate) as table:
        table.add_column(sa.Column("previous", sa.Integer(), nullable=True))
        table.add_column(sa.Column("constant", sa.Double(), nullable=True))
