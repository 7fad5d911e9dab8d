"""The digest of an artifact: paths and contents, nothing else, and nothing from outside."""

import os
import shutil
from pathlib import Path

import pytest

from keepfit.errors import ArtifactError
from keepfit.registry.digest import artifact_digest


def artifact(folder: Path) -> Path:
    (folder / "data").mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {}\n")
    (folder / "data" / "model.skops").write_bytes(b"\x00\x01")
    return folder


def test_a_copy_has_the_same_digest(tmp_path):
    """Another place, other times and an empty folder do not count."""
    one = artifact(tmp_path / "one")
    two = shutil.copytree(one, tmp_path / "two", copy_function=shutil.copyfile)
    os.utime(two / "MLmodel", (0, 0))
    (two / "empty").mkdir()
    assert artifact_digest(one) == artifact_digest(two)
    assert artifact_digest(one).startswith("sha256:")


@pytest.mark.parametrize("change", ["content", "name", "new file", "gone", "moved"])
def test_any_change_changes_it(tmp_path, change):
    """Content, names, and files that came, went or moved count."""
    folder = artifact(tmp_path / "one")
    before = artifact_digest(folder)
    match change:
        case "content":
            (folder / "data" / "model.skops").write_bytes(b"\x00\x02")
        case "name":
            (folder / "MLmodel").rename(folder / "mlmodel")
        case "new file":
            (folder / "conda.yaml").touch()
        case "gone":
            (folder / "MLmodel").unlink()
        case "moved":
            (folder / "MLmodel").rename(folder / "data" / "MLmodel")
    assert artifact_digest(folder) != before


def test_content_cannot_slip_from_one_file_into_the_next(tmp_path):
    """The same bytes divided otherwise among files are another artifact."""
    for name, first, second in (("one", "ab", "c"), ("two", "a", "bc")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text(first)
        (tmp_path / name / "b").write_text(second)
    assert artifact_digest(tmp_path / "one") != artifact_digest(tmp_path / "two")


def test_a_link_to_a_file_inside_counts_as_the_file(tmp_path):
    """It is what a copy that follows links would hold."""
    linked, copied = artifact(tmp_path / "one"), artifact(tmp_path / "two")
    (linked / "same").symlink_to("MLmodel")
    shutil.copyfile(copied / "MLmodel", copied / "same")
    assert artifact_digest(linked) == artifact_digest(copied)


@pytest.mark.parametrize("target", ["../secret", "nowhere", "data"], ids=["outside", "dangling", "folder"])
def test_other_links_are_refused(tmp_path, target):
    """What could change without the folder changing is no part of an artifact; the error names it."""
    folder = artifact(tmp_path / "one")
    (tmp_path / "secret").write_text("s")
    (folder / "link").symlink_to(target)
    with pytest.raises(ArtifactError, match="'link' in"):
        artifact_digest(folder)


def test_nothing_is_no_artifact(tmp_path):
    """A folder that is missing, or holds no file, has no digest."""
    with pytest.raises(ArtifactError, match="there is no artifact folder"):
        artifact_digest(tmp_path / "none")
    with pytest.raises(ArtifactError, match="holds no file"):
        artifact_digest(tmp_path)
