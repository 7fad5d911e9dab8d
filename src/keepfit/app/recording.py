"""`keepfit.log`: predictions and labels that any Python process made count like those of keepfit's own server."""

import atexit
import os
import re
import socket
import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from keepfit.adapters.capture_key import capture_key
from keepfit.adapters.capture_log import CaptureWriter, spool_id
from keepfit.adapters.sql.sqlite_reader import SqliteReader
from keepfit.app.capture_policies import CapturePolicy, capture_policies
from keepfit.clock import SystemClock, microseconds
from keepfit.config import STATE_FOLDER, find_workspace, load_config
from keepfit.errors import DataError, NotFoundError, RequestError
from keepfit.ids import did_you_mean, new_id
from keepfit.predictions.capture_codec import Frame
from keepfit.predictions.masking import masked
from keepfit.registry.signature import Signature
from keepfit.serving.ingest.given import Given, given_labels, given_predictions, split

if TYPE_CHECKING:
    from keepfit.app.serving_sources import Versions

#: Rows of one frame of the log: a frame is read whole when it is drained.
_MOST_ROWS: Final = 50_000


def log(
    model: str,
    features: Any = None,
    prediction: Any = None,
    *,
    id: Any = None,  # noqa: A002 - the word of the model file
    time: Any = None,
    version: int | None = None,
    labels: Any = None,
    label_time: Any = None,
    workspace: str | Path | None = None,
) -> list[str]:
    """Record predictions that were made here, their labels, or both.

    When it returns, all of it is in a capture log of this process, from which the workspace's drain takes it; nothing is when it
    raises. It may be called from many threads and processes at once. What the model's `Capture` redacts or hashes is so here too.

    Args:
        model: whose.
        features: the rows: a Polars, pandas or Arrow frame, a dict of columns or of one row, or a list of dicts. The features are
            required; the model's id, time and context columns and a column `prediction` are taken from it when it has them.
        prediction: one finite number a row; of a classifier the probability of the positive class.
        id: the prediction ids, one a row; made up when there are none.
        time: when the events were: datetimes, ISO 8601 texts or epoch microseconds; now when not given.
        version: the version that answered; the champion when None.
        labels: the true outcomes, one a row; alone they need `id`.
        label_time: when they became known; now when not given.
        workspace: its folder; the nearest at or above the current one when None.

    Returns:
        The prediction ids, for labels that come later.

    Raises:
        DataError: naming the column and the row that is wrong.
        NotFoundError: no such model or version, or nothing is released that could have answered.
        WorkspaceError: there is no workspace.
        CaptureError: it could not be written.
    """
    given = Given(
        model=model,
        features=features,
        prediction=prediction,
        ids=id,
        times=time,
        labels=labels,
        label_times=label_time,
    )
    return _recording(workspace).log(given, version=version, now=microseconds(SystemClock().now()))


class Recording:
    """What a process records for one workspace.

    Args:
        root: the workspace.
        log_id: begins the name of its capture log, which the id of the spool ends; no two processes may share one.
    """

    def __init__(self, root: Path, log_id: str) -> None:
        self._root, self._log_id = root, log_id
        self._config = load_config(root)
        self._state = root / STATE_FOLDER
        self._lock = threading.Lock()
        self._signatures: dict[tuple[str, int], Signature] = {}

    def log(self, given: Given, *, version: int | None, now: int) -> list[str]:
        """See `log`; `now` is in microseconds since 1970-01-01 UTC."""
        policy = self._policy(given.model)
        try:
            frames = self._frames(given, given.named, version, now)
        except RequestError as error:
            raise DataError(f"log '{given.model}': {error}", hint=error.hint) from None
        self._append(frames, policy)
        kind = type(frames[0])
        return [name for frame in frames if isinstance(frame, kind) for name in frame.prediction_id]

    def close(self) -> None:
        """Close the log; a later call opens it again."""
        with self._lock:
            writer = self.__dict__.pop("_writer", None)
            if writer is not None:
                writer.close()

    def _frames(self, given: Given, ids: list[str] | None, version: int | None, now: int) -> list[Frame]:
        """The predictions first, then the labels; all of them are made before any is written."""
        frames: list[Frame] = []
        if given.features is not None:
            number = self._champion(given.model) if version is None else version
            rows = given_predictions(
                given,
                self._signature(given.model, number),
                version=number,
                request_id=new_id("log"),
                now=now,
            )
            ids = rows.prediction_id
            frames += split(rows, _MOST_ROWS)
        elif given.prediction is not None:
            raise RequestError("there are predictions without features", hint="give features=…, one row each")
        if given.labels is not None:
            frames.append(given_labels(given, ids, now=now))
        if not frames:
            raise RequestError("there is nothing to record", hint="give features and prediction, or labels")
        return frames

    def _policy(self, model: str) -> CapturePolicy:
        if model not in self._policies:
            raise NotFoundError(
                f"no model '{model}' in {self._root}",
                hint=did_you_mean(model, self._policies) or "declare one",
            )
        return self._policies[model]

    def _append(self, frames: Sequence[Frame], policy: CapturePolicy) -> None:
        kept = [
            masked(frame, policy.capture, self._key, id_column=policy.id_column)
            if policy.capture.masked
            else frame
            for frame in frames
        ]
        with self._lock:
            for frame in kept:
                self._writer.append(frame)

    def _champion(self, model: str) -> int:
        for route in self._versions.routes():
            if route.model == model and route.champion is not None:
                return route.champion
        raise NotFoundError(
            f"'{model}' has no champion that could have answered",
            hint=f"train one: keepfit train {model}; or name the version that did: version=N",
        )

    def _signature(self, model: str, number: int) -> Signature:
        if (model, number) not in self._signatures:
            self._signatures[model, number] = self._versions.version(model, number).signature
        return self._signatures[model, number]

    @cached_property
    def _policies(self) -> Mapping[str, CapturePolicy]:
        return capture_policies(self._root, self._config)

    @cached_property
    def _key(self) -> bytes:
        return capture_key(self._state)

    @cached_property
    def _versions(self) -> "Versions":
        reader = None if self._config.state.url else SqliteReader.open(self._state / "keepfit.db")
        if reader is not None:
            return reader
        from keepfit.app.serving_database import open_database

        self._state.mkdir(exist_ok=True)
        return open_database(self._config, self._state)

    @cached_property
    def _writer(self) -> CaptureWriter:
        serving, spool = self._config.serving, self._state / "spool"
        return CaptureWriter(
            spool,
            log_id=f"{self._log_id}-{spool_id(spool)}",
            durability=serving.durability,
            limit_bytes=serving.spool_limit,
            when_full=serving.spool_full,
        )


def log_name() -> str:
    """What the name of this process' capture logs begins with: `python-<host>-<pid>`."""
    host = re.sub(r"[^a-z0-9]+", "-", socket.gethostname().lower()).strip("-")[:50] or "host"
    return f"python-{host}-{os.getpid()}"


_recordings: dict[Path, Recording] = {}
_opening = threading.Lock()


def _recording(workspace: str | Path | None) -> Recording:
    root = (find_workspace(Path.cwd()) if workspace is None else Path(workspace)).resolve()
    with _opening:
        if root not in _recordings:
            _recordings[root] = Recording(root, log_name())
        return _recordings[root]


@atexit.register
def close_logs() -> None:
    """Close every log of this process; called when it ends."""
    for recording in list(_recordings.values()):
        recording.close()


def _begin_anew() -> None:
    """A forked process writes a log of its own; that of its parent is not its to close."""
    global _opening  # noqa: PLW0603 - a lock that another thread held when we forked is held for ever
    _opening = threading.Lock()
    _recordings.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
