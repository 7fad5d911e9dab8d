"""keepfit, in a process like that of every peer."""

import sys
from pathlib import Path

from serve import Alarms, serve

sys.path.append(str(Path(__file__).resolve().parent.parent))

import engine


class Keepfit:
    """Files in, findings out."""

    packages = ("keepfit", "numpy", "polars", "pyarrow", "scipy")

    def __init__(self, columns: dict[str, str], methods: list[str]) -> None:  # noqa: ARG002 - one method
        self._columns = columns

    def fit(self, path: str) -> None:
        """Both files are read when they are compared."""
        self._reference = path

    def judge(self, path: str) -> Alarms:
        """The columns that alarm."""
        return {"keepfit": engine.compare(self._reference, path, self._columns)}


if __name__ == "__main__":
    serve(Keepfit)
