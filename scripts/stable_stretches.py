"""Where was 2018 stable? The error of each month's model in the two months after it, beside that of its held-out rows.

python scripts/stable_stretches.py
"""

from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from keepfit.app.trainer import recipe_of
from keepfit.app.workspace import open_workspace
from keepfit.demo.story import make_demo
from keepfit.training.pipeline import predictor, snapshot, train

TRIPS = Path(__file__).parent.parent / "tests/data/trips_2018.parquet"


def main() -> None:
    """Print a line for each month."""
    with TemporaryDirectory() as folder:
        root = Path(folder) / "workspace"
        make_demo(root)
        (root / "trips.parquet").write_bytes(TRIPS.read_bytes())
        recipe = recipe_of(open_workspace(root).model("taxi-eta"))
        print("trained on  held-out mae  mae of the two months after  ratio")
        for month in range(1, 10):
            start, first, end = (datetime(2018, month + i, 1, tzinfo=UTC) for i in (0, 1, 3))
            test_from = first - (first - start) / 5
            trained = train(recipe, snapshot(recipe, start, first), starts=(start,), test_from=test_from)
            after = snapshot(recipe, first, end)
            errors = np.abs(
                predictor(trained.estimator, trained.signature)(after) - after["minutes"].to_numpy()
            )
            held_out = trained.held_out.labelled.mean
            print(
                f"2018-{month:02}     {held_out:12.2f}  {errors.mean():27.2f}  {errors.mean() / held_out:5.2f}"
            )


if __name__ == "__main__":
    main()
