"""Where a lake lies: folders and stores, told apart."""

import pytest

from keepfit.adapters.lake.location import Location
from keepfit.errors import ConfigError


def test_a_relative_path_is_made_absolute(tmp_path, monkeypatch):
    """A later change of the working folder does not move the lake."""
    monkeypatch.chdir(tmp_path)
    assert Location.of("lake").path == tmp_path / "lake"


def test_an_object_store_has_no_local_path():
    """Its tables are named by URI, whatever the slashes."""
    store = Location.of("s3://bucket/lake/", {"AWS_REGION": "eu-west-1"}).under("taxi", "labels")
    assert (store.uri, store.path, store.options) == (
        "s3://bucket/lake/taxi/labels",
        None,
        {"AWS_REGION": "eu-west-1"},
    )


@pytest.mark.parametrize("name", ["a[1]", "100%", "a|b"])
def test_a_path_that_delta_cannot_open_is_refused(tmp_path, name):
    """The configuration is told, instead of a crash at the first write."""
    with pytest.raises(ConfigError, match="the lake cannot lie at"):
        Location.of(tmp_path / name)


def test_folders_are_listed(tmp_path):
    """Only folders that can name a model or a dataset count, and a lake that is not there yet is empty."""
    for name in ("taxi", "bikes", ".hidden", "Not A Name"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").touch()
    assert Location.of(tmp_path).folders() == ["bikes", "taxi"]
    assert Location.of(tmp_path / "none").folders() == []


def test_folders_of_a_store_are_listed(tmp_path):
    """The way that lists an object store finds the same folders, here in a store of local files."""
    for name in ("taxi", "bikes"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch()
    store = Location(uri=tmp_path.as_uri())
    assert store.path is None
    assert store.folders() == ["bikes", "taxi"]
