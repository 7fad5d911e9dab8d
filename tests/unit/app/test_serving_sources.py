"""What a server needs of a workspace, or of a folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from keepfit.adapters.artifact_signature import write_signature
from keepfit.adapters.sql.engine import open_engine
from keepfit.adapters.sql.migrate import migrate
from keepfit.adapters.sql.releases import SqlReleases
from keepfit.adapters.sql.sqlite_reader import SqliteReader
from keepfit.app.serving_sources import Place, open_sources
from keepfit.errors import ArtifactError, ConfigError, WorkspaceError
from keepfit.registry.signature import Feature, Kind, Signature
from keepfit.release.routing import Route

SIGNATURE = Signature(
    features=(Feature("miles", Kind.NUMBER),), id="trip", time="at", context=(), output="minutes"
)
MLMODEL = "flavors:\n  sklearn:\n    pickled_model: model.pkl\n    serialization_format: pickle\n"


@pytest.fixture
def workspace(tmp_path):
    """A workspace with settings of its own, and no database yet."""
    (tmp_path / "keepfit.toml").write_text("[serving]\nworkers = 3\n", encoding="utf-8")
    return tmp_path


def test_a_workspace_is_read_directly_once_it_has_a_database(workspace):
    """The first time it is made, by those who can make it."""
    first = open_sources(Place(folder=str(workspace)))
    assert first.routes.routes() == []
    again = open_sources(Place(folder=str(workspace)))
    assert isinstance(again.routes, SqliteReader)
    engine = open_engine(f"sqlite:///{workspace / '.keepfit' / 'keepfit.db'}")
    route = SqlReleases(engine).set_route(Route(model="eta", generation=0, champion=1))
    engine.dispose()
    assert again.routes.routes() == (route,)
    again.routes.close()


def test_a_workspace_keeps_its_own_spool_and_settings(workspace):
    """Unless another spool is named."""
    found = open_sources(Place(folder=str(workspace)))
    assert (found.spool, found.state) == (workspace / ".keepfit" / "spool", workspace / ".keepfit")
    assert found.settings.workers == 3
    assert open_sources(Place(folder=str(workspace), spool="/var/spool")).spool == Path("/var/spool")


def test_the_environment_stands_above_the_settings(workspace, tmp_path):
    """Of a workspace, and of a folder, which has no file of settings."""
    environment = {"KEEPFIT_SERVING_WORKERS": "5", "KEEPFIT_SERVING_BATCH_ROWS": "9"}
    settings = open_sources(Place(folder=str(workspace)), environment).settings
    assert (settings.workers, settings.batch_rows) == (5, 9)
    folder = tmp_path / "eta"
    folder.mkdir()
    (folder / "MLmodel").write_text(MLMODEL, encoding="utf-8")
    write_signature(folder, SIGNATURE)
    place = Place(folder=str(folder), model="eta")
    assert open_sources(place, environment).settings.workers == 5
    with pytest.raises(ConfigError, match="KEEPFIT_SERVING_WORKERS: Input should be"):
        open_sources(place, {"KEEPFIT_SERVING_WORKERS": "0"})


def test_another_database_is_asked_by_its_address(workspace):
    """Here one in a file of another name."""
    url = f"sqlite:///{workspace / 'other.db'}"
    engine = open_engine(url)
    migrate(engine)
    route = SqlReleases(engine).set_route(Route(model="eta", generation=0, champion=1))
    engine.dispose()
    (workspace / "keepfit.toml").write_text(f'[state]\nurl = "{url}"\n', encoding="utf-8")
    assert list(open_sources(Place(folder=str(workspace))).routes.routes()) == [route]


def test_a_folder_has_one_route_and_no_workspace(tmp_path):
    """Its model is the champion, under the name and number that were asked for."""
    (tmp_path / "MLmodel").write_text(MLMODEL, encoding="utf-8")
    write_signature(tmp_path, SIGNATURE)
    found = open_sources(Place(folder=str(tmp_path), model="eta", number=7))
    assert found.routes.routes() == (Route(model="eta", generation=1, champion=7),)
    assert (found.spool, found.state) == (Path(".keepfit/spool"), None)
    (tmp_path / "model.pkl").write_bytes(b"whatever")
    with pytest.raises(ArtifactError, match="loading it can run any code"):
        found.loader.load("eta", 7)


def test_nothing_there_is_said(tmp_path):
    """Before anything is served."""
    with pytest.raises(WorkspaceError):
        open_sources(Place(folder=str(tmp_path)))
    with pytest.raises(ArtifactError):
        open_sources(Place(folder=str(tmp_path), model="eta"))


def test_a_server_imports_no_library_that_it_does_not_need():
    """A cold start is mostly imports: which, is a promise."""
    heavy = ["mlflow", "sqlalchemy", "alembic", "pandas", "sklearn", "scipy", "deltalake", "pyarrow"]
    code = (
        "import sys, keepfit.cli.application, keepfit.app.container, keepfit.web.run, keepfit.web.stand, "
        f"keepfit.web.worker; found = [one for one in {heavy} if one in sys.modules]; assert not found, found"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
