"""`keepfit check`: two files without a workspace, and a model of one."""

import json

import numpy as np
import polars as pl
import pytest


@pytest.fixture
def keepfit(fresh, tmp_path_factory):
    """Runs `keepfit` in a folder that is no workspace: with a reference, a file like it, and one in which x moved."""
    folder = tmp_path_factory.mktemp("files")
    for name, shift, seed in (("reference", 0.0, 1), ("same", 0.0, 2), ("moved", 0.5, 3)):
        rng = np.random.default_rng(seed)
        frame = pl.DataFrame({"x": rng.normal(shift, 1, 2000), "zone": rng.choice(["a", "b"], 2000)})
        frame.write_parquet(folder / f"{name}.parquet")
    pl.read_parquet(folder / "same.parquet").write_csv(folder / "same.csv")
    return type(fresh)(folder)


def test_nothing_changed(keepfit):
    """Exit code 0, a summary, and a count of what is healthy; what the reader should know is a message."""
    for name in ("same.parquet", "same.csv"):
        done = keepfit("check", name, "--reference", "reference.parquet")
        assert done.code == 0
        first, last = done.out.splitlines()
        assert first == "None of 2 columns has changed, in 2,000 rows against 2,000 of the reference"
        assert last.endswith("checks found nothing; --all lists them")
        assert "Natural variation was not taken into account" in done.err


def test_something_changed(keepfit):
    """Exit code 3, and a line for each finding that alarms; in a pipe tab-separated."""
    done = keepfit("check", "moved.parquet", "--reference", "reference.parquet")
    assert done.code == 3
    lines = [line.split("\t") for line in done.out.splitlines()]
    assert lines[0][0].startswith("1 of 2 columns has changed")
    assert lines[1] == ["column", "check", "verdict", "statistic", "chance", "what was found"]
    assert (lines[2][:3], lines[2][4]) == (["x", "drift", "alarm"], "< 0.0001")


def test_all_lists_what_each_column_was_taken_for(keepfit):
    """Healthy findings too, and the columns with their kinds."""
    done = keepfit(
        "check", "same.parquet", "--reference", "reference.parquet", "--all", "--categorical", "zone"
    )
    cells = [line.split("\t") for line in done.out.splitlines()]
    assert ["zone", "category", "as you said"] in [line[:3] for line in cells]
    assert "range" in {line[1] for line in cells if len(line) > 1}


def test_json_holds_the_whole_report(keepfit):
    """One document, whatever came of it."""
    done = keepfit(
        "check", "moved.parquet", "--reference", "reference.parquet", "--json", "--now", "2024-03-01"
    )
    assert done.code == 3
    report = done.json
    assert (report["outcome"], report["compared"], report["changed"]) == ("changed", 2, 1)
    assert report["made_at"] == "2024-03-01T00:00:00+00:00"
    assert report["columns"][0]["name"] == "x"
    assert sum(report["columns"][0]["histogram"]["reference"]) > 1900
    assert {"schema", "drift", "nulls"} <= {one["check"] for one in report["findings"]}


def test_a_page_is_written(keepfit):
    """One file that carries the same report; a folder that is not there is told."""
    arguments = ("check", "moved.parquet", "--reference", "reference.parquet", "--html")
    done = keepfit(*arguments, "report.html")
    assert (done.code, "wrote report.html" in done.err) == (3, True)
    page = (keepfit.root / "report.html").read_text(encoding="utf-8")
    data = page.split('id="keepfit-data">')[1].split("</script>")[0]
    assert json.loads(data)["changed"] == 1
    failed = keepfit(*arguments, "nowhere/report.html")
    assert (failed.code, "the page cannot be written" in failed.err) == (1, True)


def test_too_few_rows_are_not_health(keepfit):
    """Exit code 3: nobody knows; with fewer asked for, it can be told."""
    pl.read_parquet(keepfit.root / "same.parquet").head(50).write_parquet(keepfit.root / "few.parquet")
    done = keepfit("check", "few.parquet", "--reference", "reference.parquet")
    assert (done.code, done.out.startswith("Too little data to tell")) == (3, True)
    assert keepfit("check", "few.parquet", "--reference", "reference.parquet", "--min-rows", "50").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["gone.parquet", "--reference", "reference.parquet"], 1, "there is no file 'gone.parquet'"),
        (["same.parquet", "--reference", "gone.parquet"], 1, "there is no file 'gone.parquet'"),
        (["same.parquet", "--reference", "reference.parquet", "--time", "y"], 1, "has no column 'y'"),
        (["gone.parquet"], 2, "say what to hold it against: --reference FILE"),
        (["same.parquet"], 2, "say what to hold it against: --reference FILE"),
        (["same.parquet", "--reference", "reference.parquet", "--drift", "7"], 2, "--drift"),
        (["model"], 1, "no keepfit.toml"),
    ],
)
def test_what_cannot_be_checked_is_said(keepfit, arguments, code, says):
    """A missing file and a mistyped command have codes of their own, and messages of a line or two."""
    done = keepfit("check", *arguments)
    assert (done.code, done.out) == (code, "")
    assert says in " ".join(done.err.replace("│", " ").split())
    assert "Traceback" not in done.err


def test_a_model_is_looked_at_now(trained):
    """Its state and its findings; with nothing served yet it is not well, for nobody knows."""
    done = trained("check", "bikes")
    assert done.code == 3
    assert done.out.startswith("bikes: ")
    assert trained("check", "bikes", "--json").json["model"] == "bikes"
    unknown = trained("check", "bike")
    assert (unknown.code, "did you mean 'bikes'?" in unknown.err) == (1, True)


def test_a_model_takes_no_reference(trained):
    """It is held against the one that was released with its version, and says so; it has no page either."""
    trained.write("reference.csv", "x\n1\n2\n")
    done = trained("check", "bikes", "--reference", "reference.csv")
    assert (done.code, "released with" in " ".join(done.err.split())) == (2, True)
    assert trained("check", "bikes", "--html", "page.html").code == 2


def test_a_file_goes_before_a_model_of_its_name(trained):
    """And it is said which of the two was taken."""
    trained.write("reference.csv", "x\n1\n2\n")
    (trained.root / "bikes").mkdir()
    trained.write("bikes/rows.csv", "x\n1\n2\n")
    done = trained("check", "bikes", "--reference", "reference.csv")
    assert "'bikes' is a file here and a model too: this is about the file" in done.err
    assert done.out.startswith("Too little data to tell")
