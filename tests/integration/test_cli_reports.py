"""What is on record: releases, incidents, datasets; and the way back."""

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from keepfit.app.workspace import open_workspace
from keepfit.clock import EPOCH
from keepfit.registry.model_version import CandidateArtifact


def test_status_says_how_each_model_is(trained):
    """One line a model, in a pipe tab-separated; JSON has the rest."""
    done = trained("status")
    headers, line = (row.split("\t") for row in done.out.splitlines())
    row = dict(zip(headers, line, strict=True))
    assert (row["model"], row["state"], row["champion"]) == ("bikes", "not checked", "1")
    assert done.code == 3
    model = trained("status", "--json").json["models"][0]
    assert (model["model"], model["champion"]) == ("bikes", 1)


def test_the_worst_model_comes_first(trained):
    """A model that nobody released stands above one that is healthy, and the exit code is its own."""
    trained("tick")
    text = (trained.root / "bikes.py").read_text(encoding="utf-8")
    trained.write("trams.py", text.replace("bikes", "trams"))
    done = trained("status")
    assert [line.split("\t")[:2] for line in done.out.splitlines()[1:]] == [
        ["trams", "not released"],
        ["bikes", "healthy"],
    ]
    assert done.code == 3


def test_history_says_who_was_champion_when(trained):
    """The tenures, the events, and one moment; times say that they are UTC."""
    champions = trained("history", "bikes").out.splitlines()
    assert champions[0] == "champion\tsince\tuntil\tby\twhy"
    assert champions[1].startswith("1\t")
    assert " UTC\tnow\tkeepfit\tmae " in champions[1]
    events = trained("history", "bikes", "--all").out.splitlines()
    assert [line.split("\t")[1] for line in events] == ["event", "trained", "promoted"]
    before = trained("history", "bikes", "--at", "2020-01-01")
    assert before.out == "no version was champion of bikes at 2020-01-01 00:00 UTC\n"
    assert trained("history", "bikes", "--at", "2020-01-01", "--json").json["champion"] is None
    assert trained("history", "bikes", "--at", "2100-01-01", "--json").json["champion"] == 1
    assert len(trained("history", "bikes", "--json").json["events"]) == 2


def test_empty_states_say_what_comes_next(fresh):
    """Where there is nothing to show, stdout stays empty and stderr helps."""
    for arguments, says in [
        (["history", "bikes"], "no version of bikes was ever released; train one: keepfit train bikes"),
        (
            ["windows", "bikes"],
            "no window of bikes has a prediction yet; those that came are seen by keepfit tick",
        ),
        (["incidents"], "no open incident; resolved ones: --all"),
        (["incidents", "--all"], "there was never an incident"),
        (["data", "ls"], "no dataset yet: each training keeps its rows as one"),
    ]:
        done = fresh(*arguments)
        assert (done.code, done.out, done.err) == (0, "", f"{says}\n")
    assert fresh("windows", "bikes", "--json").json == {
        "model": "bikes",
        "metric": "mae",
        "windows": [],
        "estimators": {},
        "slices": {},
    }
    assert fresh("incidents", "--json").json == {"incidents": []}
    assert fresh("data", "ls", "--json").json == {"versions": []}


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "biks"],
        ["release", "biks"],
        ["rollback", "biks"],
        ["history", "biks"],
        ["windows", "biks"],
        ["incidents", "biks"],
        ["data", "show", "biks"],
        ["data", "ls", "biks"],
        ["log", "labels", "bikes.py", "--model", "biks"],
    ],
)
def test_a_mistyped_model_is_answered_with_the_closest(first, arguments):
    """Every command that takes a name says which one was probably meant."""
    done = first.keepfit(*arguments)
    assert (done.code, done.out) == (1, "")
    assert "'biks'" in done.err
    assert done.err.splitlines()[-1] == "hint: did you mean 'bikes'?"


def test_a_wrong_version_number_is_answered_with_those_there_are(first):
    """Releases, rollbacks, logs and datasets say what can be named instead."""
    for arguments in (
        ["release", "bikes", "9"],
        ["release", "bikes", "0"],
        ["rollback", "bikes", "--to", "9"],
        ["data", "show", "bikes@9"],
        ["data", "diff", "bikes@1", "bikes@9"],
    ):
        done = first.keepfit(*arguments)
        assert done.code == 1
        assert "there is no version" in done.err
        assert "hint: " in done.err
    done = first.keepfit("data", "show", "bikes@newest")
    assert done.err.endswith("hint: write NAME@NUMBER, as in trips@3\n")


def test_a_rollback_needs_somewhere_to_go(first):
    """The first champion has none before it; the message says how to name another."""
    done = first.keepfit("rollback", "bikes")
    assert (done.code, done.out) == (1, "")
    assert done.err == "error: 'bikes' had no other champion before version 1\nhint: name one with --to N\n"


def test_there_is_nothing_to_release_or_roll_back_before_a_training(fresh):
    """Both say that a training comes first."""
    for command in ("release", "rollback"):
        done = fresh(command, "bikes")
        assert done.code == 1
        assert "keepfit train bikes" in done.err


def test_a_version_is_released_refused_forced_and_rolled_back(trained):
    """The gates decide; a person may overrule them with a reason, and take it back."""
    _register_again(trained)
    released = trained("release", "bikes")
    assert released.code == 0
    assert released.out.startswith("version 2 of bikes is on its way to champion: mae ")
    unsaid = trained("release", "bikes", "2", "--force")
    assert (unsaid.code, unsaid.err.splitlines()[0]) == (1, "error: a forced release needs a reason")
    forced = trained("release", "bikes", "2", "--force", "--why", "a drill")
    assert forced.code == 0
    assert forced.out.startswith(
        "version 2 of bikes is champion, and is watched beside version 1: forced by "
    )
    back = trained("rollback", "bikes", "--why", "the drill is over")
    assert (back.code, back.err) == (0, "")
    assert back.out == "bikes: version 1 is champion again, version 2 was left: the drill is over\n"
    assert [one["version"] for one in trained("history", "bikes", "--json").json["champions"]] == [1, 2, 1]
    trained.edit("p99_ms=50", "p99_ms=0.0001")
    refused = trained("release", "bikes", "2")
    assert refused.code == 1
    assert refused.out.startswith("version 2 of bikes is refused: one prediction takes ")


def test_data_versions_are_listed_and_shown(first):
    """What the model was trained on: rows, columns, digest, first values."""
    listed = first.keepfit("data", "ls").out.splitlines()
    assert listed[0] == "version\tat\trows\tcolumns\tdigest\tsource"
    assert listed[1].startswith("bikes@1\t")
    shown = first.keepfit("data", "show", "bikes").out.splitlines()
    assert shown[0].startswith("bikes@1: 4,3")
    assert any(line.startswith("at\tDatetime") and " UTC, " in line for line in shown)
    assert first.keepfit("data", "show", "bikes@1", "--json").json["number"] == 1


def test_a_checkout_is_the_data_and_overwrites_nothing(first, tmp_path):
    """The rows come out as one Parquet file; a file that is there stays."""
    path = tmp_path / "bikes.parquet"
    done = first.keepfit("data", "checkout", "bikes@1", str(path))
    assert done.code == 0
    assert done.out.startswith("wrote bikes@1 (4,3")
    assert pl.read_parquet(path).height > 4_000
    written = path.read_bytes()
    again = first.keepfit("data", "checkout", "bikes@1", str(path))
    assert (again.code, again.out) == (1, "")
    assert str(path) in again.err
    assert path.read_bytes() == written


def test_a_diff_says_what_changed(trained):
    """Schema, rows and the columns that moved, the most moved first; and nothing when nothing did."""
    same = trained("data", "diff", "bikes@1", "bikes@1")
    assert same.out.startswith("bikes@1 and bikes@1 hold the same 4,3")
    _commit_warmer_days_with_rain(trained)
    done = trained("data", "diff", "bikes@1", "bikes@2")
    lines = done.out.splitlines()
    assert lines[0] == "from bikes@1 to bikes@2"
    assert "schema: column 'rain' was added" in lines
    assert "schema: column 'hour' was Int8, is Int64" in lines
    assert any(line.startswith("rows: ") and "by 'hour_id': 0 added, 1 removed, " in line for line in lines)
    table = lines[lines.index("columns that moved, the most moved first:") + 1 :]
    assert table[0].split("\t")[:2] == ["column", "moved"]
    assert table[1].split("\t")[0] == "degrees"
    assert lines[-1].startswith("columns that did not move: ")
    document = trained("data", "diff", "bikes@1", "bikes@2", "--json").json
    assert document["added"] == ["rain"]
    assert document["columns"][0]["name"] == "degrees"


def test_a_diff_by_a_column_that_is_not_there_is_refused(first):
    """A mistyped key would silently tell less."""
    done = first.keepfit("data", "diff", "bikes@1", "bikes@1", "--key", "hourid")
    assert (done.code, done.out) == (1, "")
    assert done.err == "error: bikes@1 has no column 'hourid'\nhint: did you mean 'hour_id'?\n"


def _register_again(keepfit) -> None:
    """Version 1's artifact once more, as version 2: as if the same rows had been trained on again."""
    registry = open_workspace(keepfit.root).registry
    version = registry.version("bikes", 1)
    registry.register(
        CandidateArtifact(
            model="bikes",
            job_id="again",
            directory=registry.fetch(version),
            params={},
            metrics=version.metrics,
            dataset=version.dataset,
            dataset_digest=version.dataset_digest,
            signature=version.signature,
            trained_at=version.trained_at,
            why="again",
        )
    )


def _commit_warmer_days_with_rain(keepfit) -> None:
    datasets = open_workspace(keepfit.root).ports.datasets
    frame = datasets.read(datasets.version("bikes"))
    warmer = frame[1:].with_columns(
        pl.col("degrees") + 5, pl.col("hour").cast(pl.Int64), rain=pl.lit(value=False)
    )
    version = datasets.commit("bikes", warmer, source="a test", at=EPOCH)
    assert_frame_equal(datasets.read(version), warmer)
