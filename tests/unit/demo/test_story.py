"""The demo's workspace."""

import pytest

from keepfit.app.workspace import open_workspace
from keepfit.demo.story import FEBRUARY, JANUARY, MODEL, free_folder, make_demo
from keepfit.errors import WorkspaceError


def test_the_workspace_can_be_opened_and_has_its_model(tmp_path):
    """A model file, its data with source and licence, and a configuration."""
    make_demo(tmp_path / "demo")
    workspace = open_workspace(tmp_path / "demo")
    assert list(workspace.models) == [MODEL]
    assert (tmp_path / "demo" / "DATA_LICENCE.md").is_file()
    assert workspace.config.serving.shadow_queue == 0


def test_the_source_gives_the_trips_of_the_stretch_asked_for(tmp_path):
    """Every column that the model needs, and no trip from outside."""
    make_demo(tmp_path / "demo")
    model = open_workspace(tmp_path / "demo").model(MODEL)
    rows = model.rows(JANUARY, FEBRUARY)
    assert set(model.required_columns) <= set(rows.columns)
    assert rows["pickup_at"].min() >= JANUARY
    assert rows["pickup_at"].max() < FEBRUARY
    assert set(rows["distance"].unique()) == {"short", "medium", "long"}


def test_nothing_is_overwritten(tmp_path):
    """A second demo in the same folder is refused, and takes the next free name by itself."""
    make_demo(tmp_path / "demo")
    with pytest.raises(WorkspaceError, match="is there already"):
        make_demo(tmp_path / "demo")
    assert free_folder(tmp_path / "demo") == tmp_path / "demo-2"
    assert free_folder(tmp_path / "other") == tmp_path / "other"
