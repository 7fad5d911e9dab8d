"""NannyML: UnivariateDriftCalculator, thresholds as it sets them from the reference's chunks."""

import os
import warnings

os.environ.setdefault("NML_DISABLE_USAGE_LOGGING", "1")

import nannyml
import pandas as pd
from serve import Alarms, serve

#: Method for numbers → method for categories.
_CATEGORICAL = {"jensen_shannon": "jensen_shannon", "kolmogorov_smirnov": "chi2"}
_NAMES = {"jensen_shannon": "nannyml JS", "kolmogorov_smirnov": "nannyml KS, chi2"}


class NannyML:
    """A calculator for each method.

    The chunks of the reference are as long as the window when it is told how long that is (a method `window=5000`);
    there are ten chunks otherwise, its default.
    """

    packages = ("nannyml", "numpy", "pandas", "pyarrow", "scipy", "scikit-learn")

    def __init__(self, columns: dict[str, str], methods: list[str]) -> None:
        self._columns = columns
        self._chunk = next(
            (int(one.removeprefix("window=")) for one in methods if one.startswith("window=")), None
        )
        self._methods = [one for one in methods if not one.startswith("window=")]

    def fit(self, path: str) -> None:
        """Fit a calculator a method."""
        frame = pd.read_parquet(path, columns=list(self._columns))
        self._calculators = {method: self._calculator(method).fit(frame) for method in self._methods}

    def judge(self, path: str) -> Alarms:
        """The columns with an alert in any chunk of the file."""
        frame = pd.read_parquet(path, columns=list(self._columns))
        return {_NAMES[method]: self._alerts(one, method, frame) for method, one in self._calculators.items()}

    def _calculator(self, method: str) -> nannyml.UnivariateDriftCalculator:
        return nannyml.UnivariateDriftCalculator(
            column_names=list(self._columns),
            treat_as_categorical=[name for name, kind in self._columns.items() if kind == "category"],
            continuous_methods=[method],
            categorical_methods=[_CATEGORICAL[method]],
            chunk_size=self._chunk,
        )

    def _alerts(
        self, calculator: nannyml.UnivariateDriftCalculator, method: str, frame: pd.DataFrame
    ) -> list[str]:
        found = calculator.calculate(frame).filter(period="analysis").to_df()
        return [
            name
            for name, kind in self._columns.items()
            if found[(name, self._of(method, kind), "alert")].any()
        ]

    @staticmethod
    def _of(method: str, kind: str) -> str:
        return method if kind == "number" else _CATEGORICAL[method]


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    serve(NannyML)
