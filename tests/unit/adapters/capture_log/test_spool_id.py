"""A spool has an id, which is in the names of its logs."""

import re
import subprocess
import sys

import pytest

from keepfit.adapters.capture_log import CaptureWriter, server_log, spool_id
from keepfit.adapters.capture_log.segments import logs_in
from keepfit.errors import CaptureError

ASK = "import sys; from pathlib import Path; from keepfit.adapters.capture_log import spool_id; print(spool_id(Path(sys.argv[1])))"


def test_an_id_is_drawn_once_for_a_folder(tmp_path):
    """It stays; another folder has another one. Nothing else is left in the folder."""
    one = spool_id(tmp_path / "a" / "spool")
    assert re.fullmatch("[0-9a-f]{8}", one)
    assert spool_id(tmp_path / "a" / "spool") == one != spool_id(tmp_path / "b")
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["spool.id"]


def test_processes_that_ask_at_once_agree(tmp_path):
    """Workers start together."""
    asked = [
        subprocess.Popen([sys.executable, "-c", ASK, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert len({one.communicate()[0] for one in asked}) == 1


def test_a_file_without_an_id_is_said(tmp_path):
    """With what to do; no log is begun under half a name."""
    (tmp_path / "spool.id").write_text("web\n", encoding="utf-8")
    with pytest.raises(CaptureError, match="holds no id") as caught:
        spool_id(tmp_path)
    assert "delete it" in str(caught.value.hint)


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    """As a writer says it."""
    (tmp_path / "spool").write_text("a file", encoding="utf-8")
    with pytest.raises(CaptureError):
        spool_id(tmp_path / "spool")


def test_the_id_is_in_the_name_of_a_servers_log(tmp_path):
    """Also where it is all digits, as the numbers of segments are."""
    (tmp_path / "spool.id").write_text("12345678\n", encoding="utf-8")
    CaptureWriter(tmp_path, log_id=server_log(tmp_path, 1)).close()
    assert logs_in(tmp_path) == ["web-12345678-1"]
