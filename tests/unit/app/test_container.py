"""How a server is started, in a container and elsewhere."""

import pytest

from keepfit.app.container import EVERYWHERE, find_start
from keepfit.app.serving_sources import Place
from keepfit.errors import ServerError, WorkspaceError


@pytest.fixture
def opt(tmp_path):
    """Where the container's model lies."""
    folder = tmp_path / "opt" / "ml" / "model"
    folder.mkdir(parents=True)
    return folder


def start(tmp_path, **given):
    given = {"environment": {}, "model_folders": (tmp_path / "opt" / "ml" / "model",), **given}
    return find_start(here=tmp_path, **given)


def test_a_workspace_here_comes_first(tmp_path, opt):
    """Also in a container; on the laptop's own address."""
    (tmp_path / "keepfit.toml").touch()
    found = start(tmp_path)
    assert found.place == Place(folder=str(tmp_path))
    assert (found.host, found.port) == (None, None)


def test_a_container_serves_the_model_that_it_was_given(tmp_path, opt):
    """To whoever reaches it."""
    found = start(tmp_path, name="eta", number=7)
    assert found.place == Place(folder=str(opt), model="eta", number=7)
    assert found.host == EVERYWHERE


def test_a_container_may_be_given_a_workspace(tmp_path, opt):
    """Then the names of its models are its own."""
    (opt / "keepfit.toml").touch()
    assert start(tmp_path).place == Place(folder=str(opt))


def test_sagemaker_says_the_port(tmp_path, opt):
    """When several containers share a network."""
    found = start(tmp_path, environment={"SAGEMAKER_BIND_TO_PORT": "8501"})
    assert (found.host, found.port) == (EVERYWHERE, 8501)


def test_the_address_that_was_asked_for_stands_above_a_containers(tmp_path, opt):
    """It is then among the settings."""
    environment = {"SAGEMAKER_BIND_TO_PORT": "8501", "KEEPFIT_SERVING_HOST": "127.0.0.1"}
    found = start(tmp_path, environment=environment)
    assert (found.host, found.port) == (None, 8501)


def test_a_port_that_is_none_is_said(tmp_path, opt):
    """With the variable that holds it."""
    with pytest.raises(ServerError, match="SAGEMAKER_BIND_TO_PORT is 'http'"):
        start(tmp_path, environment={"SAGEMAKER_BIND_TO_PORT": "http"})


def test_a_folder_that_was_named_is_served(tmp_path):
    """By its own name where that can name a model; its predictions are captured where they are asked to be."""
    (tmp_path / "eta-1").mkdir()
    found = start(tmp_path, artifact=tmp_path / "eta-1", spool=tmp_path / "spool")
    assert found.place == Place(folder=str(tmp_path / "eta-1"), model="eta-1", spool=str(tmp_path / "spool"))
    (tmp_path / "Eta 1").mkdir()
    assert start(tmp_path, artifact=tmp_path / "Eta 1").place.model == "model"


def test_a_name_that_names_no_model_is_said(tmp_path, opt):
    """It would be part of a URL."""
    with pytest.raises(ServerError, match="'My Model' cannot name a model"):
        start(tmp_path, name="My Model")


def test_nothing_to_serve_is_said(tmp_path):
    """With how to make something."""
    with pytest.raises(WorkspaceError, match=r"no keepfit\.toml"):
        start(tmp_path)
