"""The public API: what it is, and what it costs to import."""

import json
import subprocess
import sys

import keepfit

HEAVY = ("numpy", "polars", "pandas", "scipy", "sklearn", "sqlalchemy", "mlflow", "pydantic")
IMPORT = f"""
import json, sys, time
start = time.process_time()
import keepfit
print(json.dumps([time.process_time() - start, [name for name in {HEAVY} if name in sys.modules]]))
"""


def test_the_public_api_is_what_model_files_need_and_nothing_else():
    """A name is added or taken away on purpose only."""
    assert keepfit.__all__ == [
        "Capture",
        "Classification",
        "KeepfitError",
        "Model",
        "Monitor",
        "Regression",
        "Release",
        "Retrain",
        "Serving",
        "Signal",
        "beats_champion",
        "canary",
        "decay",
        "drift",
        "every",
        "last",
        "latency",
        "log",
        "metric",
        "no_slice_worse",
        "shadow",
    ]
    assert all(hasattr(keepfit, name) for name in keepfit.__all__)


def test_everything_public_is_in_all():
    """What a reader finds with dir() and what `__all__` says are the same; submodules aside."""
    public = {name for name in vars(keepfit) if not name.startswith("_")} - {"Any", "TYPE_CHECKING"}
    modules = {name for name in public if f"keepfit.{name}" in sys.modules}
    assert public - modules <= set(keepfit.__all__)


def test_everything_public_says_what_it_means():
    """Each name has a docstring."""
    assert [name for name in keepfit.__all__ if not getattr(keepfit, name).__doc__] == []


def test_the_import_is_light():
    """A fresh process spends less than 0.3 seconds on it, and loads no heavy library."""
    done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True)
    seconds, loaded = json.loads(done.stdout)
    assert seconds < 0.3
    assert loaded == []
