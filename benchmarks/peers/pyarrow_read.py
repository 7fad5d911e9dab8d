"""pyarrow, reading the same columns and nothing else: what any engine pays at least."""

import pyarrow.parquet as pq
from serve import Alarms, serve


class Reader:
    """Reads both files."""

    packages = ("pyarrow",)

    def __init__(self, columns: dict[str, str], methods: list[str]) -> None:  # noqa: ARG002 - one method
        self._columns = list(columns)

    def fit(self, path: str) -> None:
        """Read the reference."""
        pq.read_table(path, columns=self._columns)

    def judge(self, path: str) -> Alarms:
        """Read the other."""
        pq.read_table(path, columns=self._columns)
        return {}


if __name__ == "__main__":
    serve(Reader)
