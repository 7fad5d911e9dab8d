"""What NannyML estimates before the labels come, on the data sets that its own wheel ships.

    python nannyml_estimates.py FOLDER

writes into FOLDER each data set as Parquet, and `estimates.json`: for each data set and chunking the rows of each
chunk, in the order in which NannyML has them, and what it estimates there.
"""

import json
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Any

os.environ.setdefault("NML_DISABLE_USAGE_LOGGING", "1")

import nannyml
import numpy as np
import pandas as pd

# NannyML's DLE reshapes columns of text, which pandas's Arrow-backed strings cannot do.
pd.set_option("future.infer_string", False)

MEASURES = ["roc_auc", "accuracy", "precision", "recall", "f1", "average_precision"]
LOSSES = ["mae", "mse", "rmse"]
CARDS = {name: f"y_pred_proba_{name}" for name in ("prepaid_card", "highstreet_card", "upmarket_card")}
CAR = ["car_age", "km_driven", "price_new", "accident_count", "door_count", "fuel", "transmission"]


def car_loan() -> tuple[Any, ...]:
    """Binary, with timestamps."""
    reference, analysis, _ = nannyml.load_synthetic_car_loan_dataset()
    return reference, analysis, _cbpe("y_pred_proba", "y_pred", "repaid", "timestamp")


def california_housing() -> tuple[Any, ...]:
    """Binary: NannyML made a classification of it."""
    reference, analysis, _ = nannyml.load_modified_california_housing_dataset()
    return reference, analysis, _cbpe("y_pred_proba", "y_pred", "clf_target", "timestamp")


def employment_ma() -> tuple[Any, ...]:
    """Binary, with years and no timestamps: the first of January stands for each."""
    reference, analysis, _ = nannyml.load_us_census_ma_employment_data()
    reference, analysis = (
        part.assign(at=pd.to_datetime(part["year"].astype(str) + "-01-01")) for part in (reference, analysis)
    )
    return reference, analysis, _cbpe("predicted_probability", "prediction", "employed", "at")


def synthetic_multiclass() -> tuple[Any, ...]:
    """Three classes, with timestamps."""
    reference, analysis, _ = nannyml.load_synthetic_multiclass_classification_dataset()
    return reference, analysis, _cbpe(CARDS, "y_pred", "y_true", "timestamp")


def car_price() -> tuple[Any, ...]:
    """Regression, with timestamps."""
    reference, analysis, targets = nannyml.load_synthetic_car_price_dataset()

    def estimator(chunking: dict[str, Any]) -> Any:
        return nannyml.DLE(
            feature_column_names=CAR,
            y_pred="y_pred",
            y_true="y_true",
            timestamp_column_name="timestamp",
            metrics=LOSSES,
            **chunking,
        )

    return reference, analysis.assign(y_true=targets["y_true"]), estimator


def _cbpe(scores: str | dict[str, str], decided: str, truth: str, time: str) -> Any:
    kind = "classification_multiclass" if isinstance(scores, dict) else "classification_binary"

    def estimator(chunking: dict[str, Any]) -> Any:
        return nannyml.CBPE(
            metrics=MEASURES,
            y_pred_proba=scores,
            y_pred=decided,
            y_true=truth,
            timestamp_column_name=time,
            problem_type=kind,
            **chunking,
        )

    return estimator


def _chunks(estimator: Any, reference: pd.DataFrame, analysis: pd.DataFrame) -> list[dict[str, Any]]:
    rows = analysis.assign(position=np.arange(len(analysis)))
    found = estimator.fit(reference).estimate(rows).filter(period="analysis").to_df()
    names = [metric.column_name for metric in estimator.metrics]
    # The same sort of the same rows: tied timestamps come in the order in which they were estimated.
    order = [chunk.data["position"].tolist() for chunk in estimator.chunker.split(rows)]
    return [
        {"rows": order[i], **{name: float(found[(name, "value")].iloc[i]) for name in names}}
        for i in range(len(found))
    ]


def main(folder: Path) -> None:
    """Estimate on each data set, by chunks of 5,000 rows and by month; employment_MA by year."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    estimates = {}
    for load in (car_loan, employment_ma, california_housing, synthetic_multiclass, car_price):
        reference, analysis, estimator = load()
        reference.to_parquet(folder / f"{load.__name__}-reference.parquet")
        analysis.to_parquet(folder / f"{load.__name__}-analysis.parquet")
        period = {"chunk_period": "Y" if load is employment_ma else "M"}
        estimates[load.__name__] = {
            "5,000 rows": _chunks(estimator({"chunk_size": 5000}), reference, analysis),
            "year" if load is employment_ma else "month": _chunks(estimator(period), reference, analysis),
        }
    (folder / "estimates.json").write_text(json.dumps(estimates), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
