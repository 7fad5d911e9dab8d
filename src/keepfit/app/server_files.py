"""The file that says where a workspace's server is, while it runs."""

import json
from pathlib import Path

#: In .keepfit.
ADDRESS_FILE = "server.json"


def write_address(state: Path, address: str, pid: int) -> None:
    """Say where the server of this state folder is, for whoever started it or looks for it."""
    path = state / ADDRESS_FILE
    part = path.with_suffix(".part")
    part.write_text(json.dumps({"address": address, "pid": pid}), encoding="utf-8")
    part.rename(path)


def remove_address(state: Path) -> None:
    """It has ended."""
    (state / ADDRESS_FILE).unlink(missing_ok=True)
