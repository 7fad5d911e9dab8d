"""The key of a workspace's hashes."""

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from keepfit.adapters.capture_key import capture_key
from keepfit.errors import WorkspaceError


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path):
    """32 bytes, the same ever after."""
    key = capture_key(tmp_path / ".keepfit")
    assert len(key) == 32
    assert capture_key(tmp_path / ".keepfit") == key
    (path,) = (tmp_path / ".keepfit").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_workspaces_have_two_keys(tmp_path):
    """A hash of one says nothing in the other."""
    assert capture_key(tmp_path / "a") != capture_key(tmp_path / "b")


def test_workers_that_start_together_agree(tmp_path):
    """One of them makes it."""
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: capture_key(tmp_path), range(32)))
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["capture.key"]


def test_a_file_that_is_no_key_is_said(tmp_path):
    """Hashing with less would be no secret."""
    (tmp_path / "capture.key").write_bytes(b"short")
    with pytest.raises(WorkspaceError, match="holds 5 bytes, and a key has 32"):
        capture_key(tmp_path)
