"""Evidence moves to the lake.

It is not copied: the next check makes it anew from the predictions and labels in the lake, with all that evidence has come
to hold since. For that, checks have seen nothing of the lake yet.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"


def upgrade() -> None:
    """Drop the table, and forget how far checks have seen the lake."""
    op.drop_table("keepfit_evidence")
    op.execute(sa.delete(sa.table("keepfit_seen_batches")))
