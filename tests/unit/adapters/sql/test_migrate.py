"""New databases, migrated ones, and those from the future."""

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from keepfit.adapters.sql.engine import open_engine, reading, writing
from keepfit.adapters.sql.migrate import MIGRATIONS, migrate, revision, upgrade
from keepfit.adapters.sql.revisions import REVISION_TABLE, REVISIONS
from keepfit.adapters.sql.tables import metadata
from keepfit.errors import WorkspaceError


@pytest.fixture
def engine():
    """An empty database."""
    found = open_engine("sqlite://")
    yield found
    found.dispose()


def schema(connection) -> dict[str, list[str]]:
    """What SQLite was told to make, clause by clause: neither their order nor quotes matter."""
    made = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    return {
        name: sorted(line.strip().rstrip(",").replace('"', "") for line in sql.splitlines())
        for name, sql in made
    }


def test_the_migrations_make_what_the_tables_say(engine):
    """Alembic finds no difference between the tables and what its own migrations made."""
    with writing(engine) as connection:
        upgrade(connection)
        context = MigrationContext.configure(connection, opts={"version_table": REVISION_TABLE})
        assert compare_metadata(context, metadata) == []
        assert revision(connection) == REVISIONS[-1]


def test_a_new_database_is_like_a_migrated_one(engine):
    """The short way for new databases makes the very tables, keys and indexes that the migrations make."""
    migrated = open_engine("sqlite://")
    migrate(engine)
    with writing(migrated) as connection:
        upgrade(connection)
        expected = schema(connection)
    with reading(engine) as connection:
        assert schema(connection) == expected
    migrated.dispose()


def test_the_revisions_are_those_of_the_migrations():
    """The list that saves importing Alembic names every migration, oldest first."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    known = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(known)) == REVISIONS


def test_migrating_twice_changes_nothing(engine):
    """The second call finds the present revision and leaves it."""
    migrate(engine)
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO keepfit_seen_batches VALUES ('taxi-eta', 3)"))
    migrate(engine)
    with reading(engine) as connection:
        assert connection.execute(text("SELECT batch FROM keepfit_seen_batches")).scalar_one() == 3


def test_a_database_of_a_newer_keepfit_is_left_alone(engine):
    """A revision that nobody here knows is not touched, and the error says what to do."""
    migrate(engine)
    with writing(engine) as connection:
        connection.execute(text("UPDATE keepfit_revision SET version_num = '9999'"))
    with pytest.raises(WorkspaceError, match="revision 9999") as caught:
        migrate(engine)
    assert "upgrade keepfit" in str(caught.value.hint)


def test_other_tables_are_left_alone(engine):
    """A database that holds MLflow's tables, with a revision of their own, gets keepfit's beside them."""
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text("CREATE TABLE model_versions (name TEXT)"))
    migrate(engine)
    with reading(engine) as connection:
        names = set(inspect(connection).get_table_names())
    assert {"alembic_version", "model_versions", "keepfit_model_versions"} <= names


def test_a_new_workspace_does_not_wait_for_alembic(tmp_path):
    """Neither making a database nor opening a present one imports Alembic."""
    script = (
        "import sys\n"
        "from keepfit.adapters.sql.engine import open_engine\n"
        "from keepfit.adapters.sql.migrate import migrate\n"
        f"migrate(open_engine('sqlite:///{tmp_path}/keepfit.db'))\n"
        f"migrate(open_engine('sqlite:///{tmp_path}/keepfit.db'))\n"
        "assert 'alembic' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
