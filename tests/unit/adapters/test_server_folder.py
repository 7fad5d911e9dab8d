"""A folder a server: none disturbs another, and what killed ones left goes."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from keepfit.adapters.server_folder import server_folder

OTHER = """
import sys, time
from pathlib import Path
from keepfit.adapters.server_folder import server_folder
with server_folder(Path(sys.argv[1])) as folder:
    (folder / "web-0.msgpack").write_bytes(b"7")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process, and its folder."""
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process, process.stdout.readline().strip()


def folders(parent):
    return {str(path) for path in parent.iterdir() if path.is_dir()}


def test_servers_have_a_folder_each(tmp_path, other):
    """One that starts leaves alone what another one uses, and so does one that ends."""
    _, theirs = other
    with server_folder(tmp_path) as ours:
        assert folders(tmp_path) == {theirs, str(ours)}
    assert folders(tmp_path) == {theirs}
    assert [path.name for path in Path(theirs).iterdir()] == ["web-0.msgpack"]


def test_what_a_killed_server_left_is_removed_by_the_next(tmp_path, other):
    """Its lock is free, whatever its process id may be by now."""
    process, theirs = other
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert folders(tmp_path) == {theirs}
    with server_folder(tmp_path) as ours:
        assert folders(tmp_path) == {str(ours)}
    assert [path.name for path in tmp_path.iterdir()] == ["door"]


def test_a_folder_without_a_lock_is_nobodys(tmp_path):
    """It was made when no lock could be."""
    (tmp_path / "server-1").mkdir()
    with server_folder(tmp_path) as ours:
        assert folders(tmp_path) == {str(ours)}


def test_where_none_can_be_made_its_name_is_given_all_the_same(tmp_path, caplog):
    """The server starts, and says why its numbers may be missing."""
    (tmp_path / "spool").write_text("in the way")
    with server_folder(tmp_path / "spool" / "metrics") as folder:
        assert folder.parent == tmp_path / "spool" / "metrics"
    assert "cannot be kept" in caplog.text
