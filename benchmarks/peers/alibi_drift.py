"""alibi-detect: TabularDrift with its defaults (Kolmogorov-Smirnov and chi-square, p < .05, Bonferroni).

It takes a matrix of numbers without nulls: a number's nulls are filled with the reference's median, categories are
numbered, null being one of them. That is part of what it costs.
"""

import numpy as np
import pandas as pd
from alibi_detect.cd import TabularDrift
from serve import Alarms, serve


class Alibi:
    """One detector, asked once for the batch and judged a second time without the correction."""

    packages = ("alibi-detect", "numpy", "pandas", "pyarrow", "scipy")

    def __init__(self, columns: dict[str, str], methods: list[str]) -> None:  # noqa: ARG002 - one method
        self._columns = columns

    def fit(self, path: str) -> None:
        """Build the detector."""
        frame = pd.read_parquet(path, columns=list(self._columns))
        numbers = [name for name, kind in self._columns.items() if kind == "number"]
        self._medians = frame[numbers].median()
        self._codes = {
            name: {value: code for code, value in enumerate(frame[name].dropna().unique())}
            for name, kind in self._columns.items()
            if kind == "category"
        }
        places = [place for place, kind in enumerate(self._columns.values()) if kind == "category"]
        self._detector = TabularDrift(self._matrix(frame), categories_per_feature=dict.fromkeys(places))

    def judge(self, path: str) -> Alarms:
        """The columns under the corrected threshold (its default), and under .05 each."""
        found = self._detector.predict(self._matrix(pd.read_parquet(path, columns=list(self._columns))))[
            "data"
        ]
        p = dict(zip(self._columns, found["p_val"], strict=True))
        return {
            "alibi-detect, batch": [name for name, one in p.items() if one < found["threshold"]],
            "alibi-detect, per feature": [name for name, one in p.items() if one < 0.05],
        }

    def _matrix(self, frame: pd.DataFrame) -> np.ndarray:
        matrix = np.empty((len(frame), len(self._columns)))
        for place, (name, kind) in enumerate(self._columns.items()):
            matrix[:, place] = self._numbers(frame[name]) if kind == "number" else self._coded(frame[name])
        return matrix

    def _numbers(self, column: pd.Series) -> np.ndarray:
        return column.fillna(self._medians[column.name]).to_numpy(float)

    def _coded(self, column: pd.Series) -> np.ndarray:
        """-1 for null, -2 for a value that the reference never held."""
        codes = column.map(self._codes[column.name])
        return codes.fillna(column.notna().map({True: -2, False: -1})).to_numpy(float)


if __name__ == "__main__":
    serve(Alibi)
