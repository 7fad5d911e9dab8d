"""Who tries which rows, and what is made of failures."""

import numpy as np
import pytest

from keepfit.clock import parse_time
from keepfit.predictions.record import Role
from keepfit.release.routing import in_canary
from keepfit.serving.attempts import answer, attempt, serve
from keepfit.serving.held import Holding
from keepfit.serving.refusals import PredictionFailedError
from keepfit.serving.request import read_request


@pytest.fixture
def ready(world):
    """The model as it is held, and a request of n rows for it."""

    def make(n):
        holding = Holding(world, world)
        holding.refresh()
        held, accepts = holding.ready("taxi")
        columns = {"miles": [float(row) for row in range(n)], "zone": ["bronx"] * n, "hour": [8] * n}
        return held, read_request(columns, accepts, request_id="r", received_at=parse_time("2020-01-31"))

    return make


def fail(_frame):
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
    assert answer("taxi", [only], 3).predictions == [100.0, 101.0, 102.0]


def test_the_canary_answers_its_share_by_the_hash(world, ready):
    """And every row is answered by the version that it says."""
    world.release(1, canary=2, percent=30.0)
    held, request = ready(200)
    attempts = serve(held, request)
    answered = answer("taxi", attempts, 200)
    expected = [2 if in_canary(one, canary=2, percent=30.0) else 1 for one in request.ids]
    assert answered.versions == expected
    assert set(expected) == {1, 2}
    assert answered.predictions == [100.0 * version + row for row, version in enumerate(expected)]


def test_where_the_canary_fails_the_champion_answers(world, ready):
    """The caller does not notice; the attempt is there to be judged."""
    world.version(2, predict=fail)
    world.release(1, canary=2, percent=50.0)
    held, request = ready(40)
    canary, champion = serve(held, request)
    assert (canary.predictions, canary.error) == (None, "RuntimeError: no such zone")
    assert 0 < len(canary.rows) < 40
    assert len(champion.rows) == 40
    assert answer("taxi", [canary, champion], 40).versions == [1] * 40


def test_where_the_champion_fails_there_is_no_answer(world, ready):
    """The error says who failed, and why."""
    world.version(1, predict=fail)
    held, request = ready(2)
    attempts = serve(held, request)
    with pytest.raises(
        PredictionFailedError, match="version 1 of 'taxi' failed on this request: RuntimeError: no such"
    ):
        answer("taxi", attempts, 2)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (lambda _frame: np.array([1.0, np.nan]), "the model gave nan for row 1"),
        (lambda _frame: np.array([1.0]), "shape (1,) for 2 rows"),
        (lambda _frame: np.ones((2, 2)), "shape (2, 2) for 2 rows"),
        (lambda _frame: ["a", "b"], "could not convert"),
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

    def fail_at_length(_frame):
        raise ValueError("x" * 10_000)

    world.version(1, predict=fail_at_length)
    held, request = ready(1)
    assert len(attempt(held.versions[1], Role.CHAMPION, request, range(1)).error) == 300
