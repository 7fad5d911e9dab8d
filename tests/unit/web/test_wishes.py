"""Who was told of a wish, who has done it, and who hears of it."""

import threading

import pytest

from keepfit.errors import NotFoundError
from keepfit.serving.refusals import NotReadyError
from keepfit.serving.surroundings import Surroundings
from keepfit.web.messages import Do, Done, Granted, Wanted
from keepfit.web.wishes import Wishes, Wishing

LOAD = Wanted(5, "taxi", load=True)


@pytest.fixture
def wishes():
    """Worker 1 was asked to load `taxi`, and both workers were told."""
    made = Wishes()
    made.add(1, LOAD)
    assert made.begin({0, 1}) == [Do(1, "taxi", load=True)]
    return made


def test_a_wish_is_granted_when_all_have_done_it(wishes):
    """Once; nobody is told twice."""
    assert wishes.begin({0, 1}) == []
    wishes.done(0, Done(1))
    assert wishes.granted() == []
    wishes.done(1, Done(1))
    assert wishes.granted() == [(1, Granted(5))]
    assert wishes.granted() == []
    wishes.done(1, Done(1))


def test_the_first_reason_is_told(wishes):
    """All have tried by then."""
    wishes.done(1, Done(1, "the artifact was altered"))
    wishes.done(0, Done(1, "no memory"))
    assert wishes.granted() == [(1, Granted(5, "the artifact was altered"))]


def test_nobody_waits_for_the_dead(wishes):
    """The others have done it."""
    wishes.done(1, Done(1))
    wishes.leave(0)
    assert wishes.granted() == [(1, Granted(5))]


def test_the_dead_are_told_nothing(wishes):
    """Who is started in their place has wishes of its own, which may have the same numbers."""
    wishes.done(0, Done(1))
    wishes.leave(1)
    assert wishes.granted() == []
    wishes.add(1, LOAD)
    assert wishes.begin({0, 1}) == [Do(2, "taxi", load=True)]


@pytest.fixture
def wishing():
    """A worker's wishes, and what its supervisor hears; `answer` is what that says."""
    said = []

    def report(wanted):
        said.append(wanted)
        # As in a worker: told by another thread.
        threading.Thread(target=lambda: made.granted(Granted(wanted.number, made.answer))).start()

    made = Wishing(report)
    made.answer, made.said = "", said
    return made


def test_who_wishes_waits_until_it_is_granted(wishing):
    """Each wish has a number of its own."""
    wishing.load("taxi")
    wishing.unload("taxi")
    assert wishing.said == [Wanted(1, "taxi", load=True), Wanted(2, "taxi", load=False)]


def test_who_wishes_hears_why_not(wishing):
    """In the words of the worker that could not."""
    wishing.answer = "version 3 of 'taxi' cannot be loaded: altered"
    with pytest.raises(NotReadyError, match="cannot be loaded: altered"):
        wishing.load("taxi")


def test_nobody_is_bothered_for_a_model_that_nobody_knows(wishing, world):
    """And what comes for a wish that is over is passed over."""
    plane = world.plane(surroundings=Surroundings(all_workers=wishing))
    for change in (plane.load, plane.unload):
        with pytest.raises(NotFoundError):
            change("taxy")
    assert wishing.said == []
    plane.unload("taxi")
    assert wishing.said == [Wanted(1, "taxi", load=False)]
    wishing.granted(Granted(77))
