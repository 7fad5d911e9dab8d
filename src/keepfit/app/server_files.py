"""The file that says where a workspace's server is, while it runs."""

import json
from dataclasses import dataclass
from pathlib import Path

#: In .keepfit.
ADDRESS_FILE = "server.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where a server answers.

    Attributes:
        http: as in `http://127.0.0.1:8080`.
        grpc: as a client of gRPC takes it, `127.0.0.1:8081`; empty where it is not spoken.
    """

    http: str
    grpc: str = ""


def write_addresses(state: Path, addresses: Addresses, pid: int) -> None:
    """Say where the server of this state folder is, for whoever started it or looks for it."""
    path = state / ADDRESS_FILE
    part = path.with_suffix(".part")
    told = {"address": addresses.http, "pid": pid}
    if addresses.grpc:
        told["grpc"] = addresses.grpc
    part.write_text(json.dumps(told), encoding="utf-8")
    part.rename(path)


def read_addresses(state: Path) -> Addresses | None:
    """Where it is; None while nobody says."""
    try:
        told = json.loads((state / ADDRESS_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Addresses(http=told["address"], grpc=told.get("grpc", ""))


def remove_addresses(state: Path) -> None:
    """It has ended."""
    (state / ADDRESS_FILE).unlink(missing_ok=True)
