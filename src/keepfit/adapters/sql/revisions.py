"""The revisions of the tables; apart from the tables, so that reading a number needs no SQLAlchemy."""

from typing import Final

#: Every revision there ever was, oldest first; the last one is what `tables.py` says.
REVISIONS: Final = ("0001", "0002", "0003", "0004")
#: The table in which Alembic notes the revision.
REVISION_TABLE: Final = "keepfit_revision"
