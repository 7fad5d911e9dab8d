"""What is said when the model file or keepfit.toml is wrong: what, where, and what to do."""

import pytest


def test_a_syntax_error_is_named_with_its_line(fresh):
    """The file, the line and the text of it, and no traceback."""
    fresh.edit("categorical=[", "categorical=((")
    done = fresh("train", "bikes")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: bikes.py, line ")
    assert "hint: " in done.err
    assert "Traceback" not in done.err


def test_a_model_file_that_raises_is_named_with_its_line(fresh):
    """A mistake at the top of the file is told before anything is done."""
    fresh.write("trams.py", "import keepfit as kf\n\nSTOPS = ['park'][1]\n")
    done = fresh("status")
    assert done.code == 1
    assert done.err == "error: trams.py, line 3: IndexError: list index out of range\n"


def test_a_declaration_that_cannot_be_is_explained(fresh):
    """The message of the definition, with the file and the line where it stands."""
    fresh.edit('categorical=["station"]', 'categorical=["staton"]')
    done = fresh("up")
    assert done.code == 1
    assert "model 'bikes': categorical column 'staton' is not among its features" in done.err
    assert done.err.splitlines()[-1] == "hint: did you mean 'station'?"
    assert not (fresh.root / ".keepfit" / "server.log").exists()


@pytest.mark.parametrize(
    ("old", "new", "says", "hint"),
    [
        (
            '"weekday", "degrees"]',
            '"weekday", "degree"]',
            "has no column 'degree'",
            "did you mean 'degrees'?",
        ),
        ('target="rides"', 'target="ride"', "has no column 'ride'", "did you mean 'rides'?"),
        (
            "    # Imported here",
            '    train.X["degree"]\n    # Imported here',
            "the trainer raised KeyError: 'degree' (bikes.py, line ",
            "the run's log has the whole traceback",
        ),
    ],
)
def test_a_training_that_fails_says_what_was_wrong_and_where(fresh, old, new, says, hint):
    """A missing feature, a missing target, a trainer that raises: the step, the reason, the log; nothing is released."""
    fresh.edit(old, new)
    done = fresh("train", "bikes")
    assert (done.code, done.out) == (1, "")
    error, *hints = done.err.splitlines()
    assert error.startswith("error: training 'bikes' failed at step '")
    assert says in error
    assert hints[0] == f"hint: {hint}"
    log = hints[1].removeprefix("hint: log: ")
    assert "Traceback" in (fresh.root / log).read_text(encoding="utf-8")
    assert fresh("status", "--json").json["models"][0]["state"] == "not released"


def test_the_line_of_a_failing_trainer_is_the_users(fresh):
    """The number in the message is that of the line which raised."""
    fresh.edit("    # Imported here", "    1 / 0\n    # Imported here")
    lines = (fresh.root / "bikes.py").read_text(encoding="utf-8").splitlines()
    done = fresh("train", "bikes")
    number = lines.index("    1 / 0") + 1
    assert f"the trainer raised ZeroDivisionError: division by zero (bikes.py, line {number})" in done.err


@pytest.mark.parametrize(
    ("text", "says", "hint"),
    [
        ("[serving]\nprot = 8000\n", "there is no setting 'serving.prot'", "did you mean 'port'?"),
        ("[servng]\nport = 8000\n", "there is no setting 'servng'", "did you mean 'serving'?"),
        ('[serving]\nport = "http"\n', "serving.port: ", ""),
        ('[controller]\nevery = "often"\n', "controller.every: 'often' is not a duration", ""),
        ("[serving\n", "is not TOML", ""),
    ],
)
def test_a_wrong_setting_is_named(fresh, text, says, hint):
    """The file, the setting, and the closest one that there is."""
    fresh.write("keepfit.toml", text)
    done = fresh("status")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"error: {fresh.root / 'keepfit.toml'}")
    assert says in done.err
    assert hint in done.err


def test_a_workspace_without_a_model_is_not_well(fresh):
    """A pattern that fits no file must not look like good health to a script."""
    (fresh.root / "bikes.py").unlink()
    done = fresh("status")
    assert (done.code, done.out) == (3, "")
    assert "no model is declared" in done.err
    assert fresh("status", "--json").json == {"models": [], "waiting_labels": {}, "well": False}
