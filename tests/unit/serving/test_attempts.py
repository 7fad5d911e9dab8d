"""Who tries which rows, and what is made of failures."""

import numpy as np
import pytest

from keepfit.predictions.record import Role
from keepfit.release.routing import in_canary
from keepfit.serving.attempts import CONSTANT, NOBODY, answer, attempt, serve
from keepfit.serving.held import Holding
from keepfit.serving.request import of_mapping, read_rows


@pytest.fixture
def ready(world):
    """The model as it is held, and a request of n rows for it."""

    def make(n):
        holding = Holding(world, world)
        holding.refresh()
        held, accepts = holding.ready("taxi")
        columns = {"miles": [float(row) for row in range(n)], "zone": ["bronx"] * n, "hour": [8] * n}
        return held, read_rows(of_mapping(columns), accepts, request_id="r", received_at=0)

    return make


def fail(_matrix):
    raise RuntimeError("no such zone")


@pytest.mark.parametrize("role", [Role.CHAMPION, Role.CANARY, Role.SHADOW])
def test_who_fails_plays_no_part_but_that(world, ready, role):
    """Whatever it was to be: it is recorded as `failed`; who answers is recorded as what it was."""
    world.version(1, predict=fail)
    held, request = ready(2)
    assert attempt(held.versions[1], role, request, range(2)).part is Role.FAILED
    world.version(1)
    held, request = ready(2)
    assert attempt(held.versions[1], role, request, range(2)).part is role


def test_without_a_canary_the_champion_answers_all(ready):
    """In the order of the rows."""
    held, request = ready(3)
    (only,) = serve(held, request)
    assert (only.version, only.role) == (1, Role.CHAMPION)
    assert answer([only], 3).predictions.tolist() == [100.0, 101.0, 102.0]


def test_the_canary_answers_its_share_by_the_hash(world, ready):
    """And every row is answered by the version that it says."""
    world.release(1, canary=2, percent=30.0)
    held, request = ready(200)
    attempts = serve(held, request)
    answered = answer(attempts, 200)
    expected = [2 if in_canary(one, canary=2, percent=30.0) else 1 for one in request.ids]
    assert answered.versions == expected
    assert set(expected) == {1, 2}
    assert answered.predictions.tolist() == [100.0 * version + row for row, version in enumerate(expected)]


def test_where_the_canary_fails_the_champion_answers(world, ready):
    """The caller does not notice; the attempt is there to be judged."""
    world.version(2, predict=fail)
    world.release(1, canary=2, percent=50.0)
    held, request = ready(40)
    canary, champion = serve(held, request)
    assert (canary.predictions, canary.error) == (None, "RuntimeError: no such zone")
    assert 0 < len(canary.rows) < 40
    assert len(champion.rows) == 40
    assert answer([canary, champion], 40).versions == [1] * 40


def test_where_the_champion_fails_there_is_no_answer(world, ready):
    """No version is named for the rows."""
    world.version(1, predict=fail)
    held, request = ready(2)
    answered = answer(serve(held, request), 2)
    assert (answered.versions, np.isnan(answered.predictions).all()) == ([NOBODY] * 2, True)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (lambda _matrix: np.array([1.0, np.nan]), "the model gave nan for row 1"),
        (lambda _matrix: np.array([1.0]), "shape (1,) for 2 rows"),
        (lambda _matrix: np.ones((2, 2)), "shape (2, 2) for 2 rows"),
        (lambda _matrix: ["a", "b"], "could not convert"),
    ],
)
def test_what_is_no_prediction_is_a_failure(world, ready, given, said):
    """JSON has no NaN, and a row without an answer is not one."""
    world.version(1, predict=given)
    held, request = ready(2)
    tried = attempt(held.versions[1], Role.CHAMPION, request, range(2))
    assert tried.predictions is None
    assert said in tried.error


def test_a_long_error_is_cut(world, ready):
    """It is stored with every row."""

    def fail_at_length(_matrix):
        raise ValueError("x" * 10_000)

    world.version(1, predict=fail_at_length)
    held, request = ready(1)
    assert len(attempt(held.versions[1], Role.CHAMPION, request, range(1)).error) == 300


def test_where_the_champion_fails_the_version_before_it_answers(world, ready):
    """Where the route names it; both attempts are there to be recorded."""
    world.version(2, predict=fail)
    world.release(2, previous=1)
    held, request = ready(2)
    champion, fallback = serve(held, request)
    assert (champion.part, fallback.part, fallback.version) == (Role.FAILED, Role.FALLBACK, 1)
    assert answer([champion, fallback], 2).predictions.tolist() == [100.0, 101.0]


def test_where_the_champion_fails_a_constant_answers(world, ready):
    """As no version's answer, so that it is nobody's evidence."""
    world.version(1, predict=fail)
    world.release(1, constant=12.5)
    held, request = ready(2)
    answered = answer(serve(held, request), 2)
    assert (answered.predictions.tolist(), answered.versions) == ([12.5, 12.5], [CONSTANT] * 2)


def test_a_fallback_that_fails_too_is_no_answer(world, ready):
    """Both failures are recorded."""
    world.version(1, predict=fail)
    world.version(2, predict=fail)
    world.release(2, previous=1)
    held, request = ready(1)
    attempts = serve(held, request)
    assert [one.part for one in attempts] == [Role.FAILED, Role.FAILED]
    assert answer(attempts, 1).versions == [NOBODY]
