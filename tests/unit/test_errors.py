"""The tree of errors."""

import inspect
import re

import pytest

from keepfit import errors
from keepfit.errors import KeepfitError, TrainingFailedError

CLASSES = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, KeepfitError)]


def test_the_docstring_draws_every_error():
    """Whoever adds one draws it; those of other modules say where they live."""
    drawn = {name for name in re.findall(r"(\w+Error)\b", errors.__doc__) if "refusals" not in _line(name)}
    assert drawn == {one.__name__ for one in CLASSES}


def _line(name):
    return next(line for line in errors.__doc__.splitlines() if re.search(rf"\b{name}\b", line))


@pytest.mark.parametrize("one", [one for one in CLASSES if one is not TrainingFailedError])
def test_an_error_says_what_was_wrong_and_what_to_do(one):
    """One except clause catches them all; without a hint there is None."""
    caught = one("no model 'taxi'", hint="did you mean 'taxi-eta'?")
    assert isinstance(caught, KeepfitError)
    assert (str(caught), caught.hint) == ("no model 'taxi'", "did you mean 'taxi-eta'?")
    assert one("no model").hint is None


def test_a_failed_training_names_its_step():
    """Beside the message and the hint."""
    caught = TrainingFailedError("the source raised", step="snapshot", hint="look at the log")
    assert (str(caught), caught.step, caught.hint) == ("the source raised", "snapshot", "look at the log")
