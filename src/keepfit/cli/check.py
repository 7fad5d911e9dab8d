"""`keepfit status`, `keepfit windows`, `keepfit history` and `keepfit incidents`"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from keepfit.cli.options import (
    JsonOption,
    ModelArgument,
    NowOption,
    WorkspaceOption,
    moment_argument,
    moment_or_now,
    opened,
)
from keepfit.cli.output import EXIT_UNWELL, moment, print_json, print_table, report, say
from keepfit.cli.window_table import print_windows

if TYPE_CHECKING:
    from keepfit.fleet.health import ModelHealth
    from keepfit.registry.lineage import ReleaseEvent

_STATE_STYLES = {
    "healthy": "green",
    "drift without harm": "green",
    "bad release": "bold red",
    "decay": "bold red",
    "broken feed": "bold red",
    "blind": "bold yellow",
    "not released": "yellow",
    "not checked": "yellow",
}


def status(*, now: NowOption = None, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """The health of every model, worst first. Exit code 0 when all are well, 3 when not, or when there is none."""
    from keepfit.workflows.read_fleet import read_fleet

    space = opened(workspace)
    fleet = read_fleet(space.ports, space.models.values(), now=moment_or_now(now))
    well = bool(fleet) and all(one.well for one in fleet)
    if json:
        waiting = {one.model: space.ports.predictions.waiting_labels(one.model) for one in fleet}
        print_json({"models": fleet, "waiting_labels": waiting, "well": well})
    else:
        print_table(
            ["model", "state", "champion", "loss", "expected", "labels", "incidents", "why"],
            [_row(one) for one in fleet],
            empty=f"no model is declared in {space.root}: keepfit init shows how, in a folder of its own",
            right=("champion", "loss", "expected", "incidents"),
            styles=_STATE_STYLES,
        )
    if not well:
        raise typer.Exit(EXIT_UNWELL)


def _row(one: "ModelHealth") -> list[str]:
    return [
        one.model,
        one.state,
        str(one.champion) if one.champion is not None else "-",
        f"{one.metric} {one.value:.3g}" if one.value is not None else "-",
        f"{one.expected:.3g}" if one.expected is not None else "-",
        one.labels.says if one.labels else "-",
        str(len(one.incidents)),
        "; ".join(part for part in (one.says, one.release) if part),
    ]


def windows(
    model: ModelArgument,
    *,
    newest: Annotated[int, typer.Option("--newest", "-n", min=1, help="How many windows to show.")] = 14,
    now: NowOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """The newest windows: how many labels have come, how many should have, how good the answers were, and where worst."""
    from keepfit.workflows.read_windows import read_windows

    space = opened(workspace)
    declared = space.model(model)
    found = read_windows(space.ports, declared, newest=newest, now=moment_or_now(now))
    if json:
        print_json(
            {
                "model": model,
                "metric": declared.task.metric,
                "windows": found.windows,
                "estimators": found.estimators,
                "slices": found.slices,
            }
        )
    else:
        print_windows(
            found.windows,
            empty=f"no window of {model} has a prediction yet; those that came are seen by keepfit tick",
        )
        for version, verdict in found.estimators.items():
            say(f"the estimates of version {version}: {verdict.says}")
        for version, worst in found.slices.items():
            for one in worst:
                say(f"version {version}: {one.says}")


def history(
    model: ModelArgument,
    *,
    at: Annotated[
        datetime | None,
        typer.Option(
            parser=moment_argument, metavar="TIME", help="Only say who was champion at this moment."
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every release event, not only changes of champion.")
    ] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """Who was champion when, and why it changed."""
    space = opened(workspace)
    space.model(model)
    events = space.ports.release_log.events(model)
    if at is not None:
        _print_champion_at(model, events, at, json=json)
    elif json:
        from keepfit.registry.lineage import tenures

        print_json({"model": model, "champions": tenures(events), "events": list(events)})
    elif every:
        _print_events(model, events)
    else:
        _print_champions(model, events)


def _print_champion_at(model: str, events: Sequence["ReleaseEvent"], at: datetime, *, json: bool) -> None:
    from keepfit.registry.lineage import champion_at

    number = champion_at(events, at)
    if json:
        print_json({"model": model, "at": at, "champion": number})
        return
    who = "no version" if number is None else f"version {number}"
    report(f"{who} was champion of {model} at {moment(at)}")


def _print_events(model: str, events: Sequence["ReleaseEvent"]) -> None:
    rows = [[moment(e.at), e.kind.value, str(e.version), e.actor, e.why] for e in events]
    headers = ["at", "event", "version", "by", "why"]
    print_table(headers, rows, empty=_never(model), right=("version",))


def _print_champions(model: str, events: Sequence["ReleaseEvent"]) -> None:
    from keepfit.registry.lineage import tenures

    rows = [
        [str(t.version), moment(t.since), moment(t.until) if t.until else "now", t.actor, t.why]
        for t in tenures(events)
    ]
    headers = ["champion", "since", "until", "by", "why"]
    print_table(headers, rows, empty=_never(model), right=("champion",))


def _never(model: str) -> str:
    return f"no version of {model} was ever released; train one: keepfit train {model}"


def incidents(
    model: Annotated[str | None, typer.Argument(help="Only this model's.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """What is wrong now, since when, and what is known of it."""
    space = opened(workspace)
    if model is not None:
        space.model(model)
    found = space.ports.incidents.incidents(model, active=not every)
    if json:
        print_json({"incidents": list(found)})
        return
    rows = [[i.title, i.state.value, moment(i.opened_at), moment(i.resolved_at), i.says] for i in found]
    print_table(
        ["incident", "state", "opened", "resolved", "says"],
        rows,
        empty="there was never an incident" if every else "no open incident; resolved ones: --all",
        styles={"open": "bold red", "acknowledged": "yellow", "resolved": "green"},
    )
