"""Predictions and labels from files, through the command line."""

import pytest

HEADER = "hour_id,at,station,hour,weekday,degrees,prediction\n"
ROW = "park-2026010117,2026-01-01T17:00:00Z,park,17,4,3.5,21.0\n"


def test_predictions_of_a_batch_job_are_recorded_once(trained):
    """The same file logged twice counts once, and the second time says so."""
    file = trained.write("answers.csv", HEADER + ROW)
    assert trained("log", "predictions", file).out == "1 prediction stored, 0 known already\n"
    assert trained("log", "predictions", file).out == "0 predictions stored, 1 known already\n"
    assert trained("status", "--json").json["models"][0]["ledger"]["stored"] == 1


@pytest.mark.parametrize(
    ("name", "text", "says", "hint"),
    [
        (
            "answers.csv",
            HEADER.replace("prediction", "predicted") + ROW,
            "answers.csv has no column 'prediction'",
            "did you mean 'predicted'?",
        ),
        (
            "answers.csv",
            HEADER.replace("degrees", "degree") + ROW,
            "answers.csv has no column 'degrees'",
            "did you mean 'degree'?",
        ),
        ("answers.parquet", "no Parquet at all", "answers.parquet cannot be read", "is it whole"),
        ("answers.jsonl", "{", "answers.jsonl cannot be read", "is it whole"),
        ("answers.csv", "", "answers.csv cannot be read", "is it whole"),
        ("answers.xlsx", "", "has the ending '.xlsx'", "give a .parquet, .csv or .jsonl file"),
        ("answers.csv", HEADER + ROW.replace("21.0", "many"), "answers.csv", ""),
    ],
)
def test_a_file_that_cannot_be_recorded_changes_nothing(trained, name, text, says, hint):
    """A missing column, an unreadable file, a value of another kind: said, and nothing is recorded."""
    done = trained("log", "predictions", trained.write(name, text))
    assert (done.code, done.out) == (1, "")
    assert says in done.err
    assert hint in done.err
    assert "Traceback" not in done.err
    assert trained("status", "--json").json["models"][0]["ledger"]["stored"] == 0


def test_a_file_that_is_not_there_is_named(first):
    """As any other mistake: said, not traced."""
    done = first.keepfit("log", "labels", "labels.csv")
    assert (done.code, done.err) == (1, "error: there is no file labels.csv\n")


def test_a_batch_needs_a_version_that_answered(fresh):
    """Without a champion, the version must be named or trained."""
    done = fresh("log", "predictions", fresh.write("answers.csv", HEADER + ROW))
    assert done.code == 1
    assert "'bikes' has no champion" in done.err
    assert "keepfit train bikes" in done.err


def test_a_label_that_came_first_waits_and_is_seen_to_wait(trained):
    """A label of an unknown prediction is kept; every report says so until the prediction comes."""
    labels = trained.write(
        "labels.csv", "hour_id,rides,label_time\npark-2026010117,19,2026-01-01T19:00:00Z\n"
    )
    logged = trained("log", "labels", labels)
    assert (logged.code, logged.out.splitlines()) == (
        0,
        ["1 label stored", "1 label waits for a prediction that has not been seen"],
    )
    assert trained("log", "labels", labels, "--json").json == {"labels": 0, "waiting": 1}
    assert trained("status", "--json").json["waiting_labels"] == {"bikes": 1}
    assert "bikes: 1 label waits for a prediction that has not been seen" in trained("tick").out
    assert trained("tick", "--json").json["models"]["bikes"]["waiting_labels"] == 1
    trained("log", "predictions", trained.write("answers.csv", HEADER + ROW))
    assert trained("status", "--json").json["waiting_labels"] == {"bikes": 0}
    assert "wait" not in trained("tick").out


def test_labels_are_refused_by_the_column_that_is_missing(first, tmp_path):
    """The target's name is asked for, with the closest column that there is."""
    file = tmp_path / "labels.csv"
    file.write_text("hour_id,ride\npark-1,3\n", encoding="utf-8")
    done = first.keepfit("log", "labels", str(file))
    assert (done.code, done.out) == (1, "")
    assert done.err == f"error: {file} has no column 'rides'\nhint: did you mean 'ride'?\n"
