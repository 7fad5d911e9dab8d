"""How Alembic runs the migrations: in the transaction of the connection that it is given."""

from alembic import context

from keepfit.adapters.sql.revisions import REVISION_TABLE
from keepfit.adapters.sql.tables import metadata


def run() -> None:
    """Run what the database has not seen, in the caller's transaction."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table=REVISION_TABLE,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    context.run_migrations()


# The name under which Alembic loads this file; whoever merely imports it runs nothing.
if __name__ == "env_py":
    run()
