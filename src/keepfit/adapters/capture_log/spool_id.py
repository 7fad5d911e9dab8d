"""What tells the logs of a folder from those of another: hosts that drain into one database may not call theirs alike.

How far a log was drained is noted in the database under its name. Two servers, each with a folder of its own and a `web-0`
in it, would go on where the other one was.
"""

import os
import re
import secrets
from pathlib import Path
from typing import Final

from keepfit.adapters.capture_log.segments import explained
from keepfit.errors import CaptureError

_FILE: Final = "spool.id"
_ID: Final = re.compile(r"[0-9a-f]{8}")


def spool_id(directory: Path) -> str:
    """The folder's id, eight hexadecimal digits; drawn when there is none, once however many processes ask.

    It stays with the folder, so that a server that is started again goes on with its own logs, on whatever host.

    Raises:
        CaptureError: the folder cannot be written, or its file holds no id.
    """
    path = directory / _FILE
    try:
        if not path.exists():
            _draw(path)
        found = path.read_text(encoding="ascii", errors="replace").strip()
    except OSError as error:
        raise explained(error, path) from error
    if _ID.fullmatch(found) is None:
        raise CaptureError(
            f"{path} holds no id",
            hint="delete it: another one is drawn, and the logs that are there are drained",
        )
    return found


def server_log(directory: Path, number: int) -> str:
    """The log of a server's process in this folder: `web-<id>-<number>`. Raises CaptureError, as `spool_id` does."""
    return f"web-{spool_id(directory)}-{number}"


def _draw(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with part.open("x", encoding="ascii") as file:
        file.write(secrets.token_hex(4) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(part, path)  # unlike a rename it fails when another process was faster
    except FileExistsError:
        pass
    finally:
        part.unlink()
