"""`keepfit demo`"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from keepfit.cli.options import JsonOption
from keepfit.cli.output import err, out, print_json, print_table, report, say

if TYPE_CHECKING:
    from keepfit.app.workspace import Workspace
    from keepfit.demo.months import Month
    from keepfit.demo.replay import Day
    from keepfit.demo.story import Story
    from keepfit.demo.timeline import Event


def demo(
    folder: Annotated[
        Path | None,
        typer.Argument(help="The workspace to make; by default keepfit-demo, or the next free name."),
    ] = None,
    *,
    leave: Annotated[
        bool, typer.Option("--exit", help="End when the story is told, instead of serving on.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65_535, help="The server's port; 0 for any free one.")] = 0,
    json: JsonOption = False,
) -> None:
    """From January to August 2020 on real taxi trips: train, serve, notice, explain, retrain, release."""
    from keepfit.app.log_file import keep_log
    from keepfit.config import STATE_FOLDER
    from keepfit.demo.story import free_folder, make_demo, tell_story

    folder = folder or free_folder(Path("keepfit-demo"))
    make_demo(folder)
    keep_log(folder / STATE_FOLDER)
    show = Show(quiet=json)
    say(f"made a workspace in {folder}; its model file is {folder / 'taxi.py'}")

    def after(workspace: "Workspace", story: "Story", address: str) -> None:
        show.close()
        if json:
            print_json(_document(story))
        else:
            print_story(story)
        if not leave:
            _serve_on(workspace, address)

    try:
        tell_story(folder, port=port, tell=show.tell, stage=show.stage, on_day=show.day, after=after)
    finally:
        show.close()


class Show:
    """Live progress: a bar, the simulated date, the champion, the health."""

    def __init__(self, *, quiet: bool) -> None:
        from keepfit.demo.story import FEBRUARY, SEPTEMBER

        self._quiet = quiet
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
            console=err,
            transient=True,
        )
        self._task = self._progress.add_task("…", total=(SEPTEMBER - FEBRUARY).days)
        self._progress.start()

    def stage(self, what: str) -> None:
        """What is done at present."""
        self._progress.update(self._task, description=what)
        if not err.is_terminal:
            say(what)

    def tell(self, message: str, at: datetime) -> None:
        """What a workflow reports, above the bar."""
        if not self._quiet:
            self._progress.console.print(f"[dim]{at:%Y-%m-%d}[/dim]  ", end="")
            self._progress.console.print(message, markup=False)

    def day(self, workspace: "Workspace", day: "Day") -> None:
        """One replayed day."""
        health = next(iter(day.done.health.values()), None)
        state = health.diagnosis.cause.value if health else "not checked"
        champion = workspace.ports.releases.route(next(iter(day.done.health), "taxi-eta")).champion
        self._progress.update(
            self._task, advance=1, description=f"{day.now:%Y-%m-%d}  champion: version {champion}  {state}"
        )

    def close(self) -> None:
        """Take the bar away."""
        self._progress.stop()


def print_story(story: "Story") -> None:
    """The month table, the ratios, the timeline, the ledger."""
    from keepfit.demo.months import overall

    out.print()
    out.print("Mean absolute error in minutes, month by month", style="bold")
    _print_months(story.months)
    both = overall(story.months, "2020-04", "2020-08")
    out.print(
        f"April to August: {both['managed_mae']:.2f} kept by keepfit, "
        f"{both['managed_to_frozen']:.2f} of the frozen model's {both['frozen_mae']:.2f}, "
        f"{both['managed_to_monthly_retrain']:.2f} of a monthly retrain's {both['monthly_retrain_mae']:.2f}"
    )
    out.print()
    out.print("What happened, and why", style="bold")
    for event in story.events:
        if event.kind != "trained":  # what becomes of it is the next line
            _print_event(event)
    out.print()
    ledger = story.ledger
    out.print(
        f"Ledger: {story.asked:,} predictions asked for, {ledger.received:,} received = {ledger.stored:,} stored + "
        f"{ledger.sampled_out:,} sampled out + {ledger.dropped:,} dropped; {story.in_lake:,} in the lake; "
        f"{ledger.labels:,} labels"
    )


def _print_months(found: "list[Month]") -> None:
    headers = ["month", "trips", "frozen January model", "kept by keepfit", "monthly retrain"]
    rows = [
        [m.month, f"{m.n:,}", f"{m.frozen_mae:.2f}", f"{m.managed_mae:.2f}", f"{m.monthly_retrain_mae:.2f}"]
        for m in found
    ]
    print_table(headers, rows, empty="no month was replayed", right=headers[1:])


def _print_event(event: "Event") -> None:
    version = f" version {event.version}" if event.version is not None else ""
    day, what = f"{event.at:%Y-%m-%d}", f"{event.kind}{version}: {event.why.partition('; ')[0]}"
    if not out.is_terminal:
        report(f"{day}  {what}")
        return
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(day, Text(what))
    out.print(table)


def _document(story: "Story") -> dict[str, object]:
    from keepfit.demo.months import overall

    ledger = story.ledger
    return {
        "months": story.months,
        "april_to_august": overall(story.months, "2020-04", "2020-08"),
        "events": story.events,
        "ledger": {
            "received": ledger.received,
            "stored": ledger.stored,
            "sampled_out": ledger.sampled_out,
            "dropped": ledger.dropped,
            "duplicates": ledger.duplicates,
            "labels": ledger.labels,
        },
        "asked": story.asked,
        "in_lake": story.in_lake,
    }


def _serve_on(workspace: "Workspace", address: str) -> None:
    from keepfit.app.stop_request import StopRequest

    say(f"the server is running on {address}; workspace {workspace.root}; Ctrl-C stops it")
    with StopRequest() as stop:
        while not stop.asked:
            stop.wait(1.0)
