"""Model files: run, collected by name, and told apart from files that are wrong."""

import sys
from textwrap import dedent

import pytest

from keepfit.adapters.definitions import load_definitions
from keepfit.errors import DefinitionError

MODEL = """
import keepfit as kf

{variable} = kf.Model(
    "{name}", task=kf.Regression(target="minutes"), id="trip", time="at", features=["miles"]{more}
)
"""


def model(name, variable="model", more=""):
    return MODEL.format(name=name, variable=variable, more=more)


@pytest.fixture
def write(tmp_path):
    """Writes a file into the workspace."""

    def make(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    return make


def load(root, *patterns):
    return load_definitions(root, patterns or ("*.py",))


def test_models_are_found_by_name(tmp_path, write):
    """Several in a file, in several files; what is no model is left alone."""
    write("taxi.py", model("taxi-eta", "eta") + model("taxi-tip", "tip") + "\nnumber = 3\n")
    write("bikes.py", model("bikes"))
    found = load(tmp_path)
    assert sorted(found) == ["bikes", "taxi-eta", "taxi-tip"]
    assert all(found[name].name == name for name in found)


def test_only_files_of_the_patterns_are_run(tmp_path, write):
    """Once each, though two patterns find them; a folder that looks like a file is none."""
    write("taxi.py", model("taxi"))
    write("notes.txt", "not Python")
    write("models/bikes.py", model("bikes"))
    (tmp_path / "folder.py").mkdir()
    assert sorted(load(tmp_path)) == ["taxi"]
    assert sorted(load(tmp_path, "taxi.py", "*.py", "models/*.py")) == ["bikes", "taxi"]
    assert load(tmp_path, "none/*.py") == {}


def test_a_second_name_for_a_model_is_no_second_model(tmp_path, write):
    """An alias in the same file is the same thing."""
    write("taxi.py", model("taxi") + "\nsame = model\n")
    assert sorted(load(tmp_path)) == ["taxi"]


def test_source_and_trainer_come_along(tmp_path, write):
    """The functions run with the file's own names in sight."""
    text = """
    FACTOR = 3

    @model.source
    def rows(start, end):
        return (end - start) * FACTOR

    @model.trainer
    def fit(train):
        return train
    """
    write("taxi.py", model("taxi") + dedent(text))
    assert load(tmp_path)["taxi"].rows(1, 3) == 6


def test_files_of_one_name_in_two_workspaces_do_not_mix(tmp_path, write):
    """Each has a module of its own, so that its dataclasses and pickles find their way back."""
    write("one/taxi.py", model("taxi") + "\nclass Mine: pass\nmodel.mine = Mine\n")
    write("two/taxi.py", model("taxi") + "\nclass Mine: pass\nmodel.mine = Mine\n")
    first, second = (load(tmp_path / name)["taxi"] for name in ("one", "two"))
    assert first is not second
    assert first.mine.__module__ != second.mine.__module__
    assert sys.modules[first.mine.__module__].Mine is first.mine


def failing(root):
    with pytest.raises(DefinitionError) as caught:
        load(root)
    return str(caught.value), caught.value.hint


def test_a_syntax_error_is_told_with_file_and_line(tmp_path, write):
    """And the line itself as the hint."""
    write("taxi.py", "import keepfit as kf\n\nmodel = kf.Model(\n    'taxi' task=1)\n")
    said, hint = failing(tmp_path)
    assert said.startswith("taxi.py, line 4: ")
    assert hint == "'taxi' task=1)"


def test_a_syntax_error_in_an_imported_file_names_that_file(tmp_path, write, monkeypatch):
    """The model file is not to blame."""
    write("lib/broken_columns.py", "def f(:\n    pass\n")
    write("taxi.py", "import broken_columns\n")
    monkeypatch.syspath_prepend(tmp_path / "lib")
    said, hint = failing(tmp_path)
    assert said.startswith("broken_columns.py, line 1: ")
    assert hint == "def f(:"


def test_an_import_that_fails_is_told_with_its_line(tmp_path, write):
    """As any exception of the file's own."""
    write("taxi.py", "import keepfit as kf\nimport no_such_library\n")
    assert failing(tmp_path) == (
        "taxi.py, line 2: ModuleNotFoundError: No module named 'no_such_library'",
        None,
    )


def test_an_exception_is_told_with_the_line_in_the_model_file(tmp_path, write):
    """Not the line of the library that raised it."""
    write("taxi.py", "import keepfit as kf\n\nstage = kf.canary(\n    250, '1d'\n)\n")
    said, _ = failing(tmp_path)
    assert said == (
        "taxi.py, line 3: ValueError: a canary takes more than 0 and less than 100 per cent of the traffic, not 250"
    )


def test_a_wrong_definition_keeps_its_hint(tmp_path, write):
    """With file and line before it."""
    write("taxi.py", model("taxi", more=", categorical=['mile']"))
    assert failing(tmp_path) == (
        "taxi.py, line 4: model 'taxi': categorical column 'mile' is not among its features",
        "did you mean 'miles'?",
    )


def test_a_file_that_ends_the_process_is_wrong_too(tmp_path, write):
    """A script that calls sys.exit is no model file; keepfit goes on to say so."""
    write("script.py", "import sys\nsys.exit(3)\n")
    assert failing(tmp_path)[0] == "script.py, line 2: SystemExit: 3"


def test_two_files_with_one_name_are_refused(tmp_path, write):
    """Both are named."""
    write("a.py", model("taxi"))
    write("b.py", model("taxi"))
    assert failing(tmp_path) == ("a.py and b.py both declare model 'taxi'", "a model's name is its own")


def test_one_name_twice_in_a_file_is_refused(tmp_path, write):
    """Only one of them could be served."""
    write("a.py", model("taxi", "first") + model("taxi", "second"))
    assert failing(tmp_path)[0] == "a.py declares model 'taxi' twice"


@pytest.mark.parametrize("pattern", ["/etc/*.py", ""])
def test_a_pattern_that_is_none_is_told(tmp_path, pattern):
    """Patterns are of files below the workspace."""
    with pytest.raises(DefinitionError, match="is no pattern of files below") as caught:
        load(tmp_path, pattern)
    assert "[workspace] models" in caught.value.hint


def test_an_unknown_word_of_a_declaration_is_answered_with_the_one_that_was_meant(tmp_path):
    """Python's own TypeError, with a hint."""
    declared = "import keepfit as kf\nretrain = kf.Retrain(cooldwon='7d')\n"
    (tmp_path / "eta.py").write_text(declared, encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"eta.py, line 2: TypeError: .*cooldwon") as caught:
        load_definitions(tmp_path, ["*.py"])
    assert caught.value.hint == "did you mean 'cooldown'?"
