"""Evidently: the preset DataDriftPreset with its defaults (since 0.7: Wasserstein and Jensen-Shannon, threshold .1)."""

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset
from serve import Alarms, serve


class Evidently:
    """One report a window; the reference is kept as a data set."""

    packages = ("evidently", "numpy", "pandas", "pyarrow", "scipy")

    def __init__(self, columns: dict[str, str], methods: list[str]) -> None:  # noqa: ARG002 - one method
        self._columns = list(columns)
        self._definition = DataDefinition(
            numerical_columns=[name for name, kind in columns.items() if kind == "number"],
            categorical_columns=[name for name, kind in columns.items() if kind == "category"],
        )

    def fit(self, path: str) -> None:
        """Keep the reference."""
        self._reference = self._data(path)

    def judge(self, path: str) -> Alarms:
        """The columns whose score passes its threshold."""
        snapshot = Report([DataDriftPreset()]).run(self._data(path), self._reference)
        drift = [one for one in snapshot.dict()["metrics"] if one["config"]["type"].endswith(":ValueDrift")]
        return {"evidently": [one["config"]["column"] for one in drift if _drifted(one)]}

    def _data(self, path: str) -> Dataset:
        frame = pd.read_parquet(path, columns=self._columns)
        return Dataset.from_pandas(frame, data_definition=self._definition)


def _drifted(metric: dict) -> bool:
    threshold, value = metric["config"]["threshold"], metric["value"]
    small_is_drift = metric["config"]["method"].endswith("p_value")
    return bool(value < threshold if small_is_drift else value >= threshold)


if __name__ == "__main__":
    serve(Evidently)
