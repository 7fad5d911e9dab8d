"""Registering, finding again, verifying; with a real MLflow on SQLite."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from keepfit.adapters.mlflow_client import open_client, quiet_mlflow
from keepfit.adapters.mlflow_registry import MlflowRegistry, _publish
from keepfit.adapters.mlflow_run import experiment_of, record_run
from keepfit.adapters.sql.engine import open_engine
from keepfit.adapters.sql.migrate import migrate
from keepfit.adapters.sql.versions import SqlVersions
from keepfit.errors import ArtifactError, NotFoundError, WorkspaceError
from keepfit.registry.digest import artifact_digest
from keepfit.registry.model_version import CandidateArtifact
from keepfit.registry.signature import Feature, Kind, Signature

NOW = datetime(2020, 1, 31, 8, 30, tzinfo=UTC)


class Place:
    """A workspace: MLflow on SQLite, keepfit's rows, and artifacts made by hand."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.uri = f"sqlite:///{root}/deep/mlflow.db"
        engine = open_engine("sqlite://")
        migrate(engine)
        self.rows = SqlVersions(engine)
        self.registry = self.with_rows(self.rows)

    def with_rows(self, rows) -> MlflowRegistry:
        """The registry over other rows."""
        return MlflowRegistry(
            tracking_uri=self.uri,
            artifact_root=self.root / "artifacts",
            versions=rows,
            cache_dir=self.root / "cache",
        )

    def candidate(self, model: str, job_id: str = "job-1") -> CandidateArtifact:
        """A candidate of a model of its own, so that tests do not meet."""
        folder = self.root / "trained" / f"{model}-{job_id}"
        (folder / "keepfit").mkdir(parents=True, exist_ok=True)
        (folder / "MLmodel").write_text("flavors: {}\n")
        (folder / "keepfit" / "trial.json").write_text(f'{{"job": "{job_id}"}}')
        return CandidateArtifact(
            model=model,
            job_id=f"{model}/{job_id}",
            directory=folder,
            params={"rows": "500", "long": "x" * 9000, "a=b": "c"},
            metrics={"mae": 2.5, "mae borough=Queens": 3.5, "unknown": float("nan")},
            dataset="taxi@3",
            dataset_digest="sha256:" + "ab" * 32,
            signature=Signature(
                features=(Feature("zone", Kind.CATEGORY, categories=tuple(range(300))),),
                id="trip_id",
                time="pickup_at",
                context=("borough",),
                output="minutes",
            ),
            trained_at=NOW,
            why="performance had decayed",
        )

    def runs(self, client, model: str) -> list:
        """MLflow's runs of a model, oldest first."""
        experiment = client.get_experiment_by_name(model)
        return sorted(client.search_runs([experiment.experiment_id]), key=lambda run: run.info.start_time)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Place:
    """One workspace for all tests: MLflow takes seconds to make its database."""
    return Place(tmp_path_factory.mktemp("workspace"))


@pytest.fixture
def client(place):
    """MLflow's own client, to look at what was made."""
    with quiet_mlflow():
        yield open_client(place.uri)


def numbers(client, model: str) -> list[int]:
    return sorted(int(one.version) for one in client.search_model_versions(f"name = '{model}'"))


def test_a_registered_version_says_where_it_came_from(place, client):
    """The version holds the run, the digest and the candidate's own words; so does MLflow."""
    candidate = place.candidate("whole")
    version = place.registry.register(candidate)
    (run,) = place.runs(client, "whole")
    assert (version.ref, version.run_id, version.trained_at) == ("whole@1", run.info.run_id, NOW)
    assert version.digest == artifact_digest(candidate.directory)
    assert version.signature == candidate.signature
    assert (run.info.status, run.data.tags["keepfit.job"]) == ("FINISHED", "whole/job-1")
    assert run.data.metrics["mae borough_Queens"] == 3.5
    assert run.data.params["rows"] == "500"
    (dataset,) = [given.dataset for given in run.inputs.dataset_inputs]
    assert (dataset.name, dataset.digest) == ("taxi@3", ("ab" * 32)[:36])
    made = client.get_model_version("whole", "1")
    assert (made.run_id, made.description) == (run.info.run_id, "performance had decayed")
    assert [one.number for one in place.registry.versions("whole")] == [1]
    assert place.registry.version("whole", 1).signature == candidate.signature
    with pytest.raises(NotFoundError):
        place.registry.version("whole", 2)


def test_a_job_registers_one_version(place, client):
    """The same job asks twice and gets the same version; another job gets the next number."""
    first = place.registry.register(place.candidate("once"))
    assert place.registry.register(place.candidate("once")).number == first.number
    assert place.registry.register(place.candidate("once", "job-2")).number == 2
    assert numbers(client, "once") == [1, 2]


def test_a_process_that_died_before_the_row_is_made_good(place, client):
    """MLflow has the version and keepfit has no row: the next call records that very version, whatever was trained since."""
    candidate = place.candidate("published")
    died = record_run(
        client,
        experiment_of(client, "published", place.root / "artifacts"),
        candidate,
        artifact_digest(candidate.directory),
    )
    _publish(client, died)
    (candidate.directory / "MLmodel").write_text("flavors: {trained: again}\n")
    version = place.registry.register(replace(candidate, metrics={"mae": 9.0}))
    assert (version.number, version.run_id, version.digest) == (1, died.run_id, died.digest)
    assert version.metrics["mae"] == 2.5
    assert numbers(client, "published") == [1]
    assert (place.registry.fetch(version) / "MLmodel").read_text() == "flavors: {}\n"


def test_a_process_that_died_before_the_version_is_made_good(place, client):
    """A finished run without a version is taken up; none is made beside it."""
    candidate = place.candidate("finished")
    experiment = experiment_of(client, "finished", place.root / "artifacts")
    died = record_run(client, experiment, candidate, artifact_digest(candidate.directory))
    assert place.registry.register(candidate).run_id == died.run_id
    assert len(place.runs(client, "finished")) == 1
    assert numbers(client, "finished") == [1]


def test_a_process_that_died_in_the_run_leaves_a_failed_run(place, client):
    """A run that was left running is marked as failed, and the job's version comes of a new one."""
    candidate = place.candidate("running")
    experiment = experiment_of(client, "running", place.root / "artifacts")
    left = client.create_run(experiment, tags={"keepfit.job": candidate.job_id})
    version = place.registry.register(candidate)
    assert client.get_run(left.info.run_id).info.status == "FAILED"
    assert client.get_run(version.run_id).info.status == "FINISHED"
    assert numbers(client, "running") == [1]


def test_a_registration_that_fails_registers_nothing(place, client):
    """When keepfit's row cannot be written there is no version in MLflow either, and the run has failed; then it can be tried again."""

    class FullDisk:
        """Rows of a database that cannot be written."""

        def save(self, _version):
            raise OSError("no space left on device")

        def versions(self, _model):
            return []

        def by_job(self, _job_id):
            return None

    candidate = place.candidate("refused")
    with pytest.raises(OSError, match="no space left"):
        place.with_rows(FullDisk()).register(candidate)
    assert numbers(client, "refused") == []
    assert [run.info.status for run in place.runs(client, "refused")] == ["FAILED"]
    version = place.registry.register(candidate)
    assert numbers(client, "refused") == [version.number]


def test_an_artifact_that_cannot_be_read_registers_nothing(place, client):
    """A folder without files is refused before MLflow hears of it."""
    candidate = place.candidate("empty")
    with pytest.raises(ArtifactError):
        place.registry.register(replace(candidate, directory=place.root / "nowhere"))
    assert client.get_experiment_by_name("empty") is None


def test_numbers_of_another_mlflow_are_refused(place, client):
    """When keepfit's rows know versions that MLflow lost, a new version does not take the number of an old one."""
    other = Place(place.root / "other")
    other.registry = MlflowRegistry(
        tracking_uri=place.uri,
        artifact_root=place.root / "artifacts",
        versions=other.rows,
        cache_dir=place.root / "cache",
    )
    known = place.registry.register(place.candidate("known"))
    other.rows.save(replace(known, model="mixed", job_id="mixed/job-0"))
    with pytest.raises(WorkspaceError, match="mixed@1, which is taken"):
        other.registry.register(place.candidate("mixed"))
    assert numbers(client, "mixed") == []


def test_an_alias_points_at_a_version_or_at_none(place, client):
    """An alias is set, moved, and taken away; taking it away twice is no error."""
    for job in ("job-1", "job-2"):
        place.registry.register(place.candidate("aliased", job))
    for number in (1, 2):
        place.registry.set_alias("aliased", "champion", number)
        assert int(client.get_model_version_by_alias("aliased", "champion").version) == number
    for _ in range(2):
        place.registry.set_alias("aliased", "champion", None)
    assert client.get_registered_model("aliased").aliases == {}


def test_an_altered_artifact_is_not_handed_out(place):
    """One byte more, or a file less, and the artifact is refused: the error names the version and says what to do."""
    version = place.registry.register(place.candidate("altered"))
    folder = place.registry.fetch(version)
    assert (folder / "keepfit" / "trial.json").read_text() == '{"job": "job-1"}'
    (folder / "MLmodel").write_text("flavors: {} \n")
    with pytest.raises(ArtifactError, match="altered@1 was altered") as caught:
        place.registry.fetch(version)
    assert "backup" in str(caught.value.hint)
    gone = replace(version, artifact_uri=str(place.root / "gone"))
    with pytest.raises(ArtifactError, match="altered@1 cannot be used"):
        place.registry.fetch(gone)


def test_an_artifact_elsewhere_is_downloaded_once(place):
    """An artifact behind an MLflow address is kept here under its digest; a damaged copy is downloaded again."""
    version = place.registry.register(place.candidate("remote"))
    remote = replace(version, artifact_uri=f"runs:/{version.run_id}/model")
    folder = place.registry.fetch(remote)
    assert folder.parent == place.root / "cache"
    assert artifact_digest(folder) == version.digest
    assert place.registry.fetch(remote) == folder
    (folder / "MLmodel").unlink()
    assert artifact_digest(place.registry.fetch(remote)) == version.digest
    with pytest.raises(ArtifactError, match="was altered"):
        place.registry.fetch(replace(remote, digest="sha256:" + "00" * 32))


def test_reading_needs_no_mlflow(tmp_path):
    """Listing versions and fetching a local artifact do not import MLflow, which takes seconds."""
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from keepfit.adapters.mlflow_registry import MlflowRegistry\n"
        "from keepfit.adapters.sql.engine import open_engine\n"
        "from keepfit.adapters.sql.migrate import migrate\n"
        "from keepfit.adapters.sql.versions import SqlVersions\n"
        "from keepfit.registry.digest import artifact_digest\n"
        "from keepfit.registry.model_version import ModelVersion\n"
        "from keepfit.registry.signature import Signature\n"
        "from keepfit.clock import EPOCH\n"
        "engine = open_engine('sqlite://')\n"
        "migrate(engine)\n"
        "rows = SqlVersions(engine)\n"
        f"folder = Path({str(tmp_path / 'model')!r})\n"
        "folder.mkdir()\n"
        "(folder / 'MLmodel').write_text('flavors: {}')\n"
        "rows.save(ModelVersion(model='m', number=1, run_id='r', job_id='j', artifact_uri=folder.as_uri(),\n"
        "    digest=artifact_digest(folder), dataset='d@1', dataset_digest='', metrics={}, trained_at=EPOCH, why='',\n"
        "    signature=Signature(features=(), id='i', time='t', context=(), output='y')))\n"
        f"registry = MlflowRegistry(tracking_uri='http://nowhere', artifact_root=folder, versions=rows, cache_dir=folder)\n"
        "assert registry.fetch(registry.version('m', 1)) == folder\n"
        "assert registry.versions('m')\n"
        "assert 'mlflow' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
