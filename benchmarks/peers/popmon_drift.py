"""popmon: stability metrics against an external reference with default rules; a red traffic light is an alarm.

It needs a time axis: the reference's rows are laid over days in file order, the window is the day after. It compares
numbers of rows too, so a day of the reference is as long as the window when it is told how long that is (a method
`window=5000`); 28 days otherwise. (Given
the reference as a frame, popmon 1.4.12 fails with "reference should be a dict of histogrammar histograms"; the
histograms are therefore made first, by its own function.)
"""

import logging

import numpy as np
import pandas as pd
import popmon
from popmon.config import Settings
from serve import Alarms, serve

_START, _DAYS = pd.Timestamp("2020-01-01"), 28
#: Red among its traffic lights.
_RED = 2


class Popmon:
    """The reference is kept as histograms by day."""

    packages = ("popmon", "histogrammar", "numpy", "pandas", "pyarrow")

    def __init__(self, columns: dict[str, str], methods: list[str]) -> None:
        self._columns = list(columns)
        self._rows = next((int(one.removeprefix("window=")) for one in methods), None)

    def fit(self, path: str) -> None:
        """Fill the reference's histograms; they fix the bins."""
        frame = pd.read_parquet(path, columns=self._columns)
        self._days = len(frame) // self._rows if self._rows else _DAYS
        self._reference = popmon.make_histograms(
            _timed(frame, first=0, days=self._days),
            features=[f"day:{name}" for name in self._columns],
            time_axis="day",
            time_width="1d",
            time_offset=str(_START.date()),
        )

    def judge(self, path: str) -> Alarms:
        """The columns with a red light in any of the metrics of the day."""
        frame = pd.read_parquet(path, columns=self._columns)
        store = popmon.df_stability_metrics(
            _timed(frame, first=self._days, days=1),
            settings=Settings(time_axis="day", reference_type="external"),
            reference=self._reference,
        )
        lights = store["traffic_lights"]
        return {
            "popmon": [
                name for name in self._columns if name in lights and (lights[name] == _RED).any(axis=None)
            ]
        }


def _timed(frame: pd.DataFrame, *, first: int, days: int) -> pd.DataFrame:
    day = first + np.arange(len(frame)) * days // len(frame)
    return frame.assign(day=_START + pd.to_timedelta(day, unit="D"))


if __name__ == "__main__":
    logging.disable(logging.INFO)
    serve(Popmon)
