"""A virtual environment for each peer, made when it is first asked for: `.bench/<peer>`, from `requirements/<peer>.txt`."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from data import HOME

_HERE: Final = Path(__file__).resolve().parent
_REQUIREMENTS: Final = _HERE / "requirements"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """Where a peer's interpreter is.

    Attributes:
        python: its path; None when the installation failed.
        error: the last lines of pip, when it did.
    """

    python: Path | None
    error: str = ""


def environment(peer: str) -> Installed:
    """The peer's environment; pip runs only when the pinned versions are not those of the last time."""
    wanted = (_REQUIREMENTS / f"{peer}.txt").read_text(encoding="utf-8")
    home = HOME / peer
    python, stamp = home / "bin/python", home / "installed.txt"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return Installed(python=python)
    print(f"installing {peer} in {home} …", file=sys.stderr)
    steps = (
        [sys.executable, "-m", "venv", str(home)],
        [str(python), "-m", "pip", "install", "--quiet", "-r", str(_REQUIREMENTS / f"{peer}.txt")],
    )
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            return Installed(python=None, error=_last(done.stderr))
    stamp.write_text(wanted, encoding="utf-8")
    return Installed(python=python)


def _last(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-3:])
