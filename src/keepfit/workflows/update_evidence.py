"""Bring the evidence of a model up to date with the lake: what is new is added, and read once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from keepfit.clock import Window
from keepfit.definition import Model
from keepfit.monitoring.adding import add_news, made_of, unsettled
from keepfit.monitoring.evidence import WindowEvidence, Yardstick
from keepfit.predictions.batches import Batches
from keepfit.predictions.news import Gain
from keepfit.workflows.ports import Ports

#: What is new in windows in a row is read together, until it is so many rows or windows.
_ROWS: Final = 131_072
_WINDOWS: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """What an update found.

    Attributes:
        seen: the batches of the lake that the evidence holds now.
        gained: whether any window gained anything since the batches that were asked about.
        windows: how many windows have evidence that they did not have before.
    """

    seen: Batches
    gained: bool
    windows: int


def update_evidence(ports: Ports, model: Model, champion: int, *, since: int) -> Updated:
    """Add to the evidence of every window what it gained, for each version that has evidence there.

    The evidence of a window says which batches of the lake are in it (`WindowEvidence.seen`), and what is added are just the
    others that are closed. So it does not matter who updates, how often, or where a process died before: what is in is not
    added again, what is not is added now. Of two that update at once, the store keeps the evidence that has seen more, and
    what it passes over was made of rows that this holds too.

    A late label is added to the window of *its prediction*, whoever is champion now: its own row is read, and no other. Made
    anew, from all its rows, is the evidence of a version in a window in which one of its labels was corrected, and that of a
    version that is new there: the champion, or one that answered callers.

    Args:
        ports: where everything is.
        model: whose evidence.
        champion: its number.
        since: an update that saw every batch up to this one has come to its end: what they brought is not looked up.
    """
    before, until = Batches(newest=since), ports.ledger.closed(model.name)
    if until == before:
        return Updated(seen=until, gained=False, windows=0)
    gains = ports.predictions.gained(model.name, since=before, until=until, every=model.monitor.every)
    update = _Update(ports=ports, model=model, champion=champion, since=before, until=until)
    ports.evidence.put_all(update.of(gains))
    return Updated(seen=until, gained=bool(gains), windows=len(update.windows))


def settle(ports: Ports, model: Model, evidence: Iterable[WindowEvidence]) -> list[WindowEvidence]:
    """Windows fit to be judged: those that were added together of small parts are made anew, once (see `monitoring.adding`)."""
    given = list(evidence)
    anew = {
        one.window: _anew(ports, model, one.version, one.window, one.seen) for one in given if unsettled(one)
    }
    ports.evidence.put_all(iter(anew.values()))
    return [anew.get(one.window, one) for one in given]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Update:
    """One update, window by window: all the evidence of a model need not fit in memory.

    Attributes:
        ports, model, champion, since: see `update_evidence`.
        until: what is closed.
        windows: those of which evidence was made, so far.
    """

    ports: Ports
    model: Model
    champion: int
    since: Batches
    until: Batches
    windows: set[Window] = field(default_factory=set)

    def of(self, gains: Sequence[Gain]) -> Iterator[WindowEvidence]:
        """The evidence to put, of windows that gained something."""
        for group in _groups(gains):
            known = self._known(group)
            news = self._news(group, known)
            for gain in group:
                for one in self._of_window(gain, known[gain.window], news):
                    self.windows.add(gain.window)
                    yield one

    def _known(self, group: Sequence[Gain]) -> Mapping[Window, Mapping[int, WindowEvidence]]:
        """The evidence that there is, by window and version."""
        found = self.ports.evidence.of_windows(self.model.name, [one.window.start for one in group])
        return {
            one.window: {known.version: known for known in found if known.window.start == one.window.start}
            for one in group
        }

    def _news(
        self, group: Sequence[Gain], known: Mapping[Window, Mapping[int, WindowEvidence]]
    ) -> pl.DataFrame | None:
        """What is new since `since` in all windows of a group; None when no window's evidence lacks all of it."""
        if not any(_holds(one, gain) == 0 for gain in group for one in known[gain.window].values()):
            return None
        span = Window(group[0].window.start, group[-1].window.end)
        return self._read_news(span, self.since)

    def _read_news(self, span: Window, since: Batches) -> pl.DataFrame:
        return self.ports.predictions.news(self.model.name, span, since=since, until=self.until)

    def _of_window(
        self, gain: Gain, known: Mapping[int, WindowEvidence], news: pl.DataFrame | None
    ) -> Iterator[WindowEvidence]:
        for version in sorted({self.champion, *known, *gain.versions}):
            before = known.get(version)
            if before is None:
                yield _anew(self.ports, self.model, version, gain.window, self.until)
            elif _holds(before, gain) < len(gain.batches):
                yield self._added(gain, before, news) or _anew(
                    self.ports, self.model, version, gain.window, self.until
                )

    def _added(self, gain: Gain, known: WindowEvidence, news: pl.DataFrame | None) -> WindowEvidence | None:
        """The evidence and what is new since; None when it has to be made anew."""
        if news is None or _holds(known, gain):
            # Another process added some of it meanwhile.
            news = self._read_news(gain.window, known.seen)
        within = pl.col("event_time").is_between(gain.window.start, gain.window.end, closed="left")
        by = yardstick_of(self.ports, self.model, known.version)
        return add_news(known, news.filter(within), by, window=gain.window, seen=self.until)


def _groups(gains: Sequence[Gain]) -> Iterator[Sequence[Gain]]:
    """Windows whose news are read together."""
    group: list[Gain] = []
    for gain in gains:
        if group and (len(group) == _WINDOWS or sum(one.rows for one in group) + gain.rows > _ROWS):
            yield group
            group = []
        group.append(gain)
    if group:
        yield group


def _holds(evidence: WindowEvidence, gain: Gain) -> int:
    """How many of the batches that brought something are in it already."""
    return sum(batch in evidence.seen for batch in gain.batches)


def _anew(ports: Ports, model: Model, version: int, window: Window, seen: Batches) -> WindowEvidence:
    rows = ports.predictions.labelled(model.name, window, batches=seen)
    by = yardstick_of(ports, model, version)
    return made_of(rows, by, model=model.name, version=version, window=window, seen=seen)


def yardstick_of(ports: Ports, model: Model, number: int) -> Yardstick:
    """What the evidence of a version is measured by, as the model is declared now."""
    version = ports.registry.version(model.name, number)
    return Yardstick(
        reference=ports.files.reference(version),
        features=version.signature.features,
        slices=model.monitor.slices,
        metric=model.task.metric,
        estimator=ports.files.estimator(version),
    )
