"""Worlds to test workflows in; see `workflow_world`."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# Folders of tests are no packages: what several of them share is found by its folder.
sys.path.append(str(Path(__file__).parent))

from workflow_fakes import make_model
from workflow_world import World


@pytest.fixture
def world() -> World:
    """A world without a model version."""
    return World()


@pytest.fixture
def released() -> World:
    """A world in which version 1 is champion since the first day."""
    found = World()
    found.train()
    return found


@pytest.fixture
def changed() -> World:
    """A world in which version 1 is champion, and version 2, trained after the world changed, is registered.

    It is the end of day 7.
    """
    found = World()
    found.train()
    found.town.rates[1] = 4.5
    found.register(found.end_of(7))
    return found


@pytest.fixture
def make_world() -> Callable[..., World]:
    """Makes a world of other models: `make_world(dict(name="bikes"), dict(name="taxi"))`."""
    return lambda *models: World(*(make_model(**one) for one in models))
