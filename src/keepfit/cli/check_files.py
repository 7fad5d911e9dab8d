"""`keepfit check`: two files held against each other, or a model of a workspace looked at now."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from keepfit.cli.options import (
    JsonOption,
    NowOption,
    WorkspaceOption,
    duration_argument,
    moment_or_now,
    opened,
)
from keepfit.cli.output import EXIT_UNWELL, err, plural, print_json, print_table, report, say
from keepfit.errors import DataError, KeepfitError
from keepfit.ids import is_name

if TYPE_CHECKING:
    from rich.progress import TaskID

    from keepfit.report.file_report import ColumnReport, FileReport, LeftOut, ReportedFinding
    from keepfit.workflows.prepare_files import FilesToCheck

_STYLES = {"alarm": "bold red", "ok": "green", "insufficient data": "yellow"}
#: Endings by which a word that is no file is taken to be meant as one.
_FILES = (".parquet", ".csv", ".tsv", ".arrow", ".feather", ".json", ".jsonl")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def check(
    what: Annotated[
        str, typer.Argument(metavar="MODEL|FILE", help="The current rows; or a model of the workspace.")
    ],
    *,
    reference: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The rows to hold FILE against: Parquet or CSV.")
    ] = None,
    time: Annotated[
        str, typer.Option(metavar="COL", help="When a row was: the reference's days then tell what is usual.")
    ] = "",
    id: Annotated[str, typer.Option(metavar="COL", help="What names a row: repeated ones are told.")] = "",  # noqa: A002 - the option's name
    target: Annotated[str, typer.Option(metavar="COL", help="What happened.")] = "",
    prediction: Annotated[
        str, typer.Option(metavar="COL", help="What was predicted: its errors are compared.")
    ] = "",
    score: Annotated[
        str, typer.Option(metavar="COL", help="The predicted probability of 1, where --prediction is 0 or 1.")
    ] = "",
    categorical: Annotated[
        str, typer.Option(metavar="COLS", help="Columns to compare as categories, as in zone,vendor.")
    ] = "",
    numeric: Annotated[str, typer.Option(metavar="COLS", help="Columns to compare as numbers.")] = "",
    ignore: Annotated[str, typer.Option(metavar="COLS", help="Columns to leave out.")] = "",
    min_rows: Annotated[int, typer.Option(min=1, help="With fewer rows, nothing can be told.")] = 100,
    false_alarms: Annotated[
        float, typer.Option(min=0.0001, max=0.5, help="How often files without a change may alarm.")
    ] = 0.02,
    drift: Annotated[
        float, typer.Option(min=0.001, max=0.999, help="The least share of rows that must have moved.")
    ] = 0.03,
    fresh: Annotated[
        timedelta | None,
        typer.Option(
            parser=duration_argument,
            metavar="DURATION",
            help="How old the newest row may be, as in 1d or 6h; needs --time.",
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page that needs nothing else.")
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Healthy columns too, and what each was taken for.")
    ] = False,
    now: NowOption = None,
    workspace: WorkspaceOption = None,
    json: JsonOption = False,
) -> None:
    """What changed between two files, or in what a model is asked.

    keepfit check current.parquet --reference reference.parquet

    needs no workspace. Exit code 0: nothing changed; 3: something changed, or there was too little data to tell; 1: it
    failed; 2: the command was mistyped.
    """
    from keepfit.monitoring.policy import Monitor
    from keepfit.workflows.prepare_files import FilesToCheck

    if not Path(what).exists() and _means_model(what, reference, workspace):
        if html is not None:
            raise typer.BadParameter("a page is drawn of two files: it needs a FILE and --reference FILE")
        _check_model(what, moment_or_now(now), workspace, json=json, every=every)
        return
    if reference is None:
        raise typer.BadParameter(f"'{what}' is a file: say what to hold it against: --reference FILE")
    if Path(what).exists() and _declared(what, workspace):
        say(f"'{what}' is a file here and a model too: this is about the file")
    if fresh is not None and not time:
        raise typer.BadParameter("--fresh needs a column that says when a row was: --time COL")
    asked = FilesToCheck(
        current=Path(what),
        reference=reference,
        time=time,
        id=id,
        target=target,
        prediction=prediction,
        score=score,
        categorical=_names(categorical),
        numeric=_names(numeric),
        ignored=_names(ignore),
        monitor=Monitor(min_rows=min_rows, false_alarms=false_alarms, drift=drift),
        fresh=fresh,
    )
    _check_files(asked, moment_or_now(now), html, json=json, every=every)


def _means_model(what: str, reference: Path | None, workspace: Path | None) -> bool:
    """Whether a word that is no path is meant as a model's name; a model takes no reference but its own."""
    if reference is None:
        return not what.lower().endswith(_FILES) and "/" not in what
    if _declared(what, workspace):
        raise typer.BadParameter(
            f"'{what}' is a model, and is held against the reference that its version was released with: "
            "leave out --reference, or name a FILE of its rows"
        )
    return False


def _declared(what: str, workspace: Path | None) -> bool:
    """Whether a workspace is here that declares a model of this name."""
    if not is_name(what):
        return False
    try:
        return what in opened(workspace, told=None).models
    except KeepfitError:
        return False


def _check_model(name: str, now: datetime, workspace: Path | None, *, json: bool, every: bool) -> None:
    from keepfit.diagnosis.cause import Cause
    from keepfit.workflows.check_model import check_model

    space = opened(workspace, told=None, log=True)
    health = check_model(space.ports, space.model(name), now=now)
    performance = (health.performance,) if health.performance is not None else ()
    findings = sorted((*health.findings, *performance), key=lambda one: not one.alarms)
    if json:
        print_json({"model": name, "diagnosis": health.diagnosis, "findings": findings})
    else:
        report(f"{name}: {health.diagnosis.cause.value}: {health.diagnosis.says}")
        from keepfit.report.columns import reported

        _print_findings([reported(one) for one in findings], every=every)
    well = bool(health.findings) and health.diagnosis.cause is Cause.HEALTHY
    if not well or any(one.alarms for one in findings):
        raise typer.Exit(EXIT_UNWELL)


def _check_files(asked: "FilesToCheck", now: datetime, html: Path | None, *, json: bool, every: bool) -> None:
    from keepfit.report.file_report import Outcome
    from keepfit.workflows.check_files import check_files

    with _progress() as progress:
        found = check_files(asked, now=now, progress=progress)
    if html is not None:
        _write_page(found, html)
    if json:
        print_json(found)
    else:
        _print_report(found, every=every)
    if found.outcome is not Outcome.UNCHANGED:
        raise typer.Exit(EXIT_UNWELL)


def _write_page(found: "FileReport", path: Path) -> None:
    from keepfit.adapters.codec import to_json
    from keepfit.report.page import html_page

    page = html_page(found, to_json(found).decode())
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise DataError(
            f"the page cannot be written: {error}", hint="name a file in a folder that is there"
        ) from None
    say(f"wrote {path}")


@contextmanager
def _progress() -> "Iterator[Callable[[str, int, int | None], None] | None]":
    """A bar for each pass over a file, on a terminal; nothing when piped."""
    if not err.is_terminal:
        yield None
        return
    from rich.progress import Progress

    with Progress(console=err, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def tell(name: str, done: int, rows: int | None) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(f"reading {escape(name)}", total=rows)
            bar.update(tasks[name], completed=done)

        yield tell


def _print_report(found: "FileReport", *, every: bool) -> None:
    report(found.says)
    for note in found.notes:
        say(note)
    _print_findings(found.findings, every=every)
    if every:
        report("")
        print_table(
            ["column", "kind", "why", "type", "total variation", "verdict"],
            [*(_column(one) for one in found.columns), *(_left(one) for one in found.left_out)],
            empty="",
            right=("total variation",),
            styles=_STYLES,
        )
    elif found.left_out:
        say(f"left out: {', '.join(one.name for one in found.left_out)}; --all says why")


def _print_findings(findings: "Sequence[ReportedFinding]", *, every: bool) -> None:
    told = [one for one in findings if every or _worth_telling(one)]
    healthy = len(findings) - len(told)
    if told:
        print_table(
            ["column", "check", "verdict", "statistic", "chance", "what was found"],
            [_finding(one) for one in told],
            empty="",
            right=("statistic", "chance"),
            styles=_STYLES,
        )
    if healthy:
        others = "other checks" if told else "checks"
        report(f"{plural(healthy, others[:-1])} found nothing; --all lists them")


def _worth_telling(one: "ReportedFinding") -> bool:
    """What alarms, what could not be told for want of rows, and what the schema has to say."""
    if one.alarms or (one.verdict != "ok" and one.check in {"traffic", "drift", "performance", "custom"}):
        return True
    return one.check == "schema" and one.subject != "columns"


def _finding(one: "ReportedFinding") -> list[str]:
    from keepfit.report.wording import chance, number

    return [one.subject, one.check, one.verdict, number(one.value), chance(one.p), one.says]


def _column(one: "ColumnReport") -> list[str]:
    from keepfit.report.wording import number

    types = (
        one.types[0] if one.types[0] == one.types[1] else f"{one.types[0]}, now {one.types[1] or 'not there'}"
    )
    return [one.name, one.kind, one.why, types, number(one.distances.get("total variation")), one.verdict]


def _left(one: "LeftOut") -> list[str]:
    return [one.name, "left out", one.why, one.type, "", ""]
