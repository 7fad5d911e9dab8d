"""What answers when versions raise."""

from math import inf, nan

import pytest

from keepfit.errors import DefinitionError
from keepfit.release.fallback import Serving, with_fallback
from keepfit.release.routing import Route

ROUTE = Route(model="eta", generation=4, champion=3)


def test_a_former_champion_is_held_for_it():
    """Servers load it with the others."""
    route = with_fallback(ROUTE, Serving(fallback="previous"), 2)
    assert (route.previous, route.versions) == (2, (3, 2))


def test_a_first_champion_has_nobody_to_step_in():
    """Callers are told of its failures."""
    assert with_fallback(ROUTE, Serving(fallback="previous"), None) == ROUTE


def test_a_constant_needs_no_version():
    """Whole numbers are numbers too."""
    assert with_fallback(ROUTE, Serving(fallback=12), 2).constant == 12.0


def test_a_policy_that_was_taken_back_is_taken_off_the_route():
    """Whatever was there before."""
    before = with_fallback(ROUTE, Serving(fallback="previous"), 2)
    assert with_fallback(before, Serving(), 2) == ROUTE


@pytest.mark.parametrize("value", ["last", nan, inf, True, [1.0]])
def test_what_is_no_fallback_is_said(value):
    """When the model file is read."""
    with pytest.raises(DefinitionError, match="is no fallback"):
        Serving(fallback=value)
