"""whylogs: a profile of each side, then calculate_drift_scores with its defaults (KS, chi-square; p < .05 is drift)."""

import pandas as pd
import whylogs
from serve import Alarms, serve
from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores


class Whylogs:
    """The reference is kept as a profile, as whylogs would upload it."""

    packages = ("whylogs", "numpy", "pandas", "pyarrow", "scipy")

    def __init__(self, columns: dict[str, str], methods: list[str]) -> None:  # noqa: ARG002 - one method
        self._columns = list(columns)

    def fit(self, path: str) -> None:
        """Profile the reference."""
        self._reference = self._view(path)

    def judge(self, path: str) -> Alarms:
        """The columns in its category DRIFT."""
        scores = calculate_drift_scores(
            target_view=self._view(path), reference_view=self._reference, with_thresholds=True
        )
        return {"whylogs": [name for name, one in scores.items() if one and one["drift_category"] == "DRIFT"]}

    def _view(self, path: str):  # noqa: ANN202 - a type of whylogs without a public name
        return whylogs.log(pandas=pd.read_parquet(path, columns=self._columns)).view()


if __name__ == "__main__":
    serve(Whylogs)
