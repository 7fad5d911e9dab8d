"""What a server reads without SQLAlchemy is what was written with it."""

import subprocess
import sys

import pytest

from keepfit.adapters.sql.engine import open_engine, writing
from keepfit.adapters.sql.migrate import migrate, upgrade
from keepfit.adapters.sql.releases import SqlReleases
from keepfit.adapters.sql.sqlite_reader import SqliteReader
from keepfit.adapters.sql.versions import SqlVersions
from keepfit.clock import parse_time
from keepfit.errors import NotFoundError
from keepfit.registry.model_version import ModelVersion
from keepfit.registry.signature import Feature, Kind, Signature
from keepfit.release.routing import Route

ROUTE = Route(
    model="eta", generation=1, champion=3, canary=4, percent=12.5, shadows=(3, 4), previous=2, constant=None
)
VERSION = ModelVersion(
    model="eta",
    number=3,
    run_id="run",
    job_id="job",
    artifact_uri="/srv/eta",
    digest="sha256:1",
    dataset="eta@1",
    dataset_digest="sha256:2",
    metrics={"mae": 1.5},
    signature=Signature(
        features=(Feature("zone", Kind.CATEGORY, text=True, categories=("bronx", "queens")),),
        id="trip",
        time="at",
        context=("borough",),
        output="minutes",
    ),
    trained_at=parse_time("2020-01-31T12:00:00.5Z"),
    why="a test",
)


@pytest.fixture
def path(tmp_path):
    """A database with a route and a version."""
    engine = open_engine(f"sqlite:///{tmp_path / 'keepfit.db'}")
    migrate(engine)
    SqlReleases(engine).set_route(ROUTE)
    SqlVersions(engine).save(VERSION)
    engine.dispose()
    return tmp_path / "keepfit.db"


@pytest.fixture
def reader(path):
    """Reads it."""
    made = SqliteReader.open(path)
    yield made
    made.close()


def test_routes_and_versions_come_back_as_they_were(reader):
    """To the last field."""
    assert reader.routes() == (ROUTE,)
    assert reader.version("eta", 3) == VERSION


def test_a_route_that_another_process_changed_is_seen(path, reader):
    """At the next look."""
    assert reader.routes() is reader.routes()
    engine = open_engine(f"sqlite:///{path}")
    changed = SqlReleases(engine).set_route(Route(model="eta", generation=0, champion=4))
    engine.dispose()
    assert reader.routes() == (changed,)
    assert changed.generation == 2


def test_a_version_that_is_not_there_is_said(reader):
    """Which, and of which model."""
    with pytest.raises(NotFoundError, match="no version 9 of model 'eta'"):
        reader.version("eta", 9)


def test_a_database_that_is_to_be_made_or_migrated_is_not_read(tmp_path):
    """Whoever can migrate it is asked then; no file is left behind."""
    assert SqliteReader.open(tmp_path / "none.db") is None
    assert not (tmp_path / "none.db").exists()
    engine = open_engine(f"sqlite:///{tmp_path / 'old.db'}")
    with writing(engine) as connection:
        upgrade(connection, "0002")
    engine.dispose()
    assert SqliteReader.open(tmp_path / "old.db") is None
    (tmp_path / "empty.db").touch()
    assert SqliteReader.open(tmp_path / "empty.db") is None


def test_it_needs_no_sqlalchemy():
    """That is what it is for."""
    code = "import sys, keepfit.adapters.sql.sqlite_reader; assert 'sqlalchemy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
