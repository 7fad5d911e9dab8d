"""`keepfit status`, `keepfit history` and `keepfit incidents`"""

from datetime import datetime
from typing import Annotated

import typer

from keepfit.cli.options import JsonOption, ModelArgument, WorkspaceOption, moment_argument, opened
from keepfit.cli.output import EXIT_UNWELL, moment, print_json, print_table
from keepfit.fleet.health import ModelHealth
from keepfit.registry.lineage import champion_at, tenures
from keepfit.workflows.read_fleet import read_fleet


def status(*, workspace: WorkspaceOption = None, json: JsonOption = False) -> None:
    """The health of every model, worst first. Exit code 0 when all are well, 3 otherwise."""
    space = opened(workspace, quiet=True)
    fleet = read_fleet(space.ports, space.models.values())
    if json:
        print_json({"models": fleet, "well": all(one.well for one in fleet)})
    else:
        print_table(
            ["model", "state", "champion", "since", "loss", "expected", "incidents", "why"],
            [_row(one) for one in fleet],
            empty=f"no model is declared in {space.root}; 'keepfit init' makes a first one",
            right=("champion", "loss", "expected", "incidents"),
        )
    if not all(one.well for one in fleet):
        raise typer.Exit(EXIT_UNWELL)


def _row(one: ModelHealth) -> list[str]:
    return [
        one.model,
        one.state,
        str(one.champion) if one.champion is not None else "-",
        moment(one.since),
        f"{one.metric} {one.value:.3g}" if one.value is not None else "-",
        f"{one.expected:.3g}" if one.expected is not None else "-",
        str(len(one.incidents)),
        one.says,
    ]


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
    space = opened(workspace, quiet=True)
    space.model(model)
    events = space.ports.release_log.events(model)
    if at is not None:
        number = champion_at(events, at)
        if json:
            print_json({"model": model, "at": at, "champion": number})
            return
        print_table(
            ["champion"], [[str(number)]] if number else [], empty=f"{model} had no champion at {moment(at)}"
        )
        return
    champions = tenures(events)
    if json:
        print_json({"model": model, "champions": champions, "events": list(events)})
        return
    nothing = f"{model} was never released; train it: keepfit train {model}"
    if every:
        rows = [[moment(e.at), e.kind.value, str(e.version), e.actor, e.why] for e in events]
        print_table(["at", "event", "version", "by", "why"], rows, empty=nothing, right=("version",))
        return
    rows = [
        [str(t.version), moment(t.since), moment(t.until) if t.until else "now", t.actor, t.why]
        for t in champions
    ]
    print_table(["champion", "since", "until", "by", "why"], rows, empty=nothing, right=("champion",))


def incidents(
    model: Annotated[str | None, typer.Argument(help="Only this model's.")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """What is wrong now, since when, and what is known of it."""
    space = opened(workspace, quiet=True)
    if model is not None:
        space.model(model)
    found = space.ports.incidents.incidents(model, active=not every)
    if json:
        print_json({"incidents": list(found)})
        return
    rows = [[i.title, i.state.value, moment(i.opened_at), moment(i.resolved_at), i.says] for i in found]
    print_table(["incident", "state", "opened", "resolved", "says"], rows, empty="no open incident")
