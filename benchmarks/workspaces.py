"""A workspace of keepfit for a benchmark: made in a folder, trained by `keepfit train`, as its user would."""

import os
import shutil
import subprocess
import sys
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import forests
from forests import Forest
from load.server import ONE_THREAD, Command

_TIMEOUT_S: Final = 600
_DECLARED: Final = '''\
"""SIMULATED rows of a benchmark; the model was trained before and is loaded, so that every server has the same."""

from pathlib import Path

import polars as pl

import keepfit as kf

HERE = Path(__file__).resolve().parent

model = kf.Model(
    "{name}",
    task=kf.Regression(target="{target}", metric="mae"),
    id="{id}",
    time="{time}",
    features={features},
    release=kf.Release(gates=[], rollout=[]),
)


@model.source
def rows(start, end):
    """The rows whose time lies in [start, end)."""
    return pl.read_parquet(HERE / "rows.parquet").filter(pl.col("{time}").is_between(start, end, closed="left"))


@model.trainer
def fit(train):
    """The model as it was trained before."""
    import joblib

    loaded = joblib.load((HERE / "model.txt").read_text())
    {named}
    return loaded
'''
#: scikit-learn warns of a frame with names whose model was fitted without; naming them changes no answer.
_NAMED: Final = "loaded.feature_names_in_ = train.X.columns.to_numpy(dtype=object)"


class KeepfitFailedError(Exception):
    """A command of keepfit ended with another code than 0; the message is what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A folder with a model that was trained and released.

    Attributes:
        root: the folder.
        model: its name.
    """

    root: Path
    model: str

    def keepfit(self, *words: str, codes: Collection[int] = (0,)) -> str:
        """Run a command to its end; what it printed.

        Raises:
            KeepfitFailedError: it ended with none of these exit codes.
        """
        done = subprocess.run(
            [sys.executable, "-m", "keepfit", *words],
            cwd=self.root,
            env={**os.environ, **ONE_THREAD},
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        if done.returncode not in codes:
            raise KeepfitFailedError(f"keepfit {' '.join(words)}: {done.stderr.strip()[-600:]}")
        return done.stdout

    def train(self, one: Forest, number: int = 1) -> None:
        """Register the version of this number; with neither gates nor stages it is champion at once."""
        (self.root / "model.txt").write_text(str(one.file), encoding="utf-8")
        now = forests.midnight() + timedelta(minutes=number)  # the same moment would be the same training
        self.keepfit("train", self.model, "--now", now.isoformat())

    def serving(self, log: Path) -> Command:
        """How its server is started, with every setting at its default."""
        return Command(
            words=(sys.executable, "-m", "keepfit", "serve", "--port", "{port}"),
            folder=self.root,
            log=log,
            ready="/v2/health/ready",
            environment=ONE_THREAD,
        )


def variant(made: Workspace, root: Path, setting: str) -> Workspace:
    """A copy of a workspace with another setting of its server; artifacts are read where they were registered."""
    shutil.copytree(made.root, root)
    settings = root / "keepfit.toml"
    text = settings.read_text(encoding="utf-8") or "[serving]\n"
    settings.write_text(f"{text}{setting}\n", encoding="utf-8")
    return Workspace(root=root, model=made.model)


def workspace(root: Path, first: Forest, *, settings: str = "") -> Workspace:
    """A new workspace whose model's first version is trained and champion.

    Args:
        root: an empty folder.
        first: the version.
        settings: lines of keepfit.toml.
    """
    root.mkdir(parents=True, exist_ok=True)
    (root / "keepfit.toml").write_text(settings or _settings(first.kind), encoding="utf-8")
    forests.rows(forests.midnight()).write_parquet(root / "rows.parquet")
    declared = _DECLARED.format(
        name=first.kind,
        target=forests.TARGET,
        id=forests.ID,
        time=forests.TIME,
        features=list(forests.FEATURES),
        named=_NAMED if first.kind == "hgb" else "",
    )
    (root / "served.py").write_text(declared, encoding="utf-8")
    made = Workspace(root=root, model=first.kind)
    made.train(first)
    return made


def _settings(kind: str) -> str:
    """LightGBM's own types are not trusted by default."""
    if kind == "hgb":
        return ""
    types = ("collections.OrderedDict", "lightgbm.basic.Booster", "lightgbm.sklearn.LGBMRegressor")
    return f"[serving]\ntrusted_types = {list(types)}\n"
