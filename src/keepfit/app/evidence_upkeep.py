"""Evidence kept up with the lake by whoever drains into it, so that checks find it there and only judge."""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from keepfit.app.workspace import Workspace
from keepfit.errors import KeepfitError
from keepfit.workflows.update_evidence import update_evidence

_LOG = logging.getLogger("keepfit")

#: An update is followed by a pause nine times as long: it takes a tenth of a core at most, whatever it costs, and what
#: came meanwhile is added together.
_PAUSES: Final = 9
#: And by one of ten seconds at least: a window is judged when it is over, and every update writes its evidence again, which
#: stays on the disk for an hour in case somebody reads it.
_LEAST_PAUSE_S: Final = 10.0


class EvidenceUpkeep:
    """Adds to the evidence of every model that has a champion what came into the lake.

    Nothing here may keep anybody from draining. What fails, a model's file included, is told once and tried again.

    Args:
        workspace: whose models. Their files are run when a model has a champion, not before.
        clock: seconds that go by.
    """

    def __init__(self, workspace: Workspace, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._workspace, self._clock = workspace, clock
        #: By model: every batch up to this one is in its evidence.
        self._through: dict[str, int] = {}
        #: What failed last time, by model; under the empty name when the models could not be read.
        self._problems: dict[str, str] = {}
        #: Evidence may lack something: at first what an earlier process left.
        self._due = True
        self._rests_until = -float("inf")

    def update(self, *, moved: bool, now: datetime) -> int:
        """Update what is due, unless it is time for a pause; how many windows have evidence that they did not have before.

        Args:
            moved: whether anything came into the lake since the last call.
            now: the moment, for what is told.
        """
        self._due |= moved
        begun = self._clock()
        if not self._due or begun < self._rests_until:
            return 0
        problems: dict[str, str] = {}
        windows = self._update(problems)
        for name, says in problems.items():
            if self._problems.get(name) != says:
                self._workspace.ports.tell(says, now)
        self._problems, self._due = problems, bool(problems)
        ended = self._clock()
        self._rests_until = ended + max(_LEAST_PAUSE_S, _PAUSES * (ended - begun))
        return windows

    def _update(self, problems: dict[str, str]) -> int:
        try:
            routes = [one for one in self._workspace.ports.releases.routes() if one.champion is not None]
            models = self._workspace.models if routes else {}
        except Exception as error:  # noqa: BLE001 - whatever a model's file raises
            problems[""] = _says("evidence cannot be updated, and waits", error)
            return 0
        windows = 0
        for route in routes:
            if route.model in models and route.champion is not None:
                windows += self._update_model(route.model, route.champion, problems)
        return windows

    def _update_model(self, name: str, champion: int, problems: dict[str, str]) -> int:
        ports = self._workspace.ports
        try:
            # What this process put it answers for itself; only before that it goes by what checks have seen.
            since = self._through[name] if name in self._through else ports.checks.seen_batch(name)
            found = update_evidence(ports, self._workspace.models[name], champion, since=since)
        except Exception as error:  # noqa: BLE001 - the others are updated
            problems[name] = _says(f"the evidence of '{name}' could not be updated, and waits", error)
            return 0
        self._through[name] = found.seen.through
        return found.windows


def _says(what: str, error: Exception) -> str:
    if not isinstance(error, KeepfitError):
        _LOG.error("%s", what, exc_info=error)
    return f"{what}: {error if isinstance(error, KeepfitError) else f'{type(error).__name__}: {error}'}"
