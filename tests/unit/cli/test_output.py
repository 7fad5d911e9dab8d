"""Data on stdout, messages on stderr; plain in a pipe."""

import io

from rich.console import Console

from keepfit.cli import output
from keepfit.cli.output import print_error, print_json, print_table, report, say, tell
from keepfit.clock import EPOCH
from keepfit.errors import KeepfitError


def test_messages_and_data_go_their_own_ways(capsys):
    """What a script reads is never mixed with what a person reads; brackets are no markup."""
    report("version [1] is champion")
    say("wrote [bold]")
    tell("bikes: [red] came", EPOCH)
    printed = capsys.readouterr()
    assert printed.out == "version [1] is champion\n"
    assert printed.err == "wrote [bold]\n1970-01-01 00:00 UTC  bikes: [red] came\n"


def test_a_piped_table_is_one_line_a_row(capsys):
    """Tab-separated, whatever a cell holds, however long."""
    print_table(["a", "why"], [["1", "x" * 500], ["[2]", "two\nlines\tand a tab"]], empty="nothing")
    printed = capsys.readouterr()
    assert printed.out == f"a\twhy\n1\t{'x' * 500}\n[2]\ttwo lines and a tab\n"
    assert printed.err == ""


def test_an_empty_table_says_what_to_do_on_stderr(capsys):
    """A script reads no row; a person reads a hint."""
    print_table(["a"], [], empty="nothing yet")
    assert capsys.readouterr() == ("", "nothing yet\n")


def test_a_table_on_a_narrow_terminal_breaks_sentences_only(monkeypatch):
    """Short cells stay whole, long ones wrap, and nothing of either is lost."""
    screen = Console(file=io.StringIO(), force_terminal=True, width=60, color_system=None)
    monkeypatch.setattr(output, "out", screen)
    says = "the error is 4.41, expected 3.20 and at most 3.52, on 1,200 labelled rows"
    print_table(["model", "state", "why"], [["taxi-eta", "broken feed", says]], empty="")
    lines = screen.file.getvalue().splitlines()
    assert lines[1].startswith("taxi-eta  broken feed  the error is")
    assert len(lines) > 2
    assert max(len(line) for line in lines) <= 60
    assert " ".join(" ".join(line[23:] for line in lines[1:]).split()) == says


def test_each_hint_has_a_line_of_its_own(capsys):
    """Also where an error has several, or none."""
    print_error(KeepfitError("no [x]", hint="try [y]\nlog: z"))
    print_error(KeepfitError("alone"))
    assert capsys.readouterr().err == "error: no [x]\nhint: try [y]\nhint: log: z\nerror: alone\n"


def test_json_is_one_line(capsys):
    """One document, ended by a newline."""
    print_json({"at": EPOCH, "models": ()})
    assert capsys.readouterr().out == '{"at":"1970-01-01T00:00:00+00:00","models":[]}\n'
