"""Routes say which column rows are dealt out by."""

from typing import Final, Literal

import sqlalchemy as sa
from alembic import op

revision: Final = "0004"
down_revision: Final = "0003"


def upgrade() -> None:
    """One column more; routes that are there are split by the prediction id, as they were."""
    # SQLite is made to copy the table, so that it reads like one that was made anew.
    recreate: Literal["always", "auto"] = "always" if op.get_bind().dialect.name == "sqlite" else "auto"
    with op.batch_alter_table("keepfit_routes", recreate=recreate) as table:
        table.add_column(sa.Column("split_by", sa.Text(), nullable=True))
