"""What queues while a batch runs is the next batch; too much is refused, and what waits too long is given up."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

import pytest

from keepfit.serving.refusals import DeadlineError, OverloadedError
from keepfit.serving.request import of_mapping
from keepfit.web.batcher import Batcher, Limits


@pytest.fixture
def plane(world):
    """What answers."""
    return world.plane()


@pytest.fixture
def threads():
    """Where long batches run."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture
def ask(plane):
    """A request of n rows."""

    def make(n=1, miles=1.0, model="taxi"):
        columns = of_mapping({"miles": [miles] * n, "hour": [8] * n})
        return plane.ask(model, lambda _accepts: columns)

    return make


class Watched:
    """Answers as the plane does; notes the batches and the threads, and can be held."""

    def __init__(self, plane):
        self.plane, self.batches, self.threads = plane, [], []
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self, asked):
        """As `DataPlane.answer`."""
        self.batches.append(sum(one.rows.n for one in asked))
        self.threads.append(threading.current_thread())
        self.gate.wait(10)
        return self.plane.answer(asked)


def test_what_arrives_in_one_turn_of_the_loop_is_one_batch(plane, threads, ask):
    """Each caller is given its own."""
    watched = Watched(plane)

    async def go():
        batcher = Batcher(watched, threads)
        return await asyncio.gather(*[batcher.submit(ask(1, miles=float(i))) for i in range(5)])

    results = asyncio.run(go())
    assert [one.predictions.tolist() for one in results] == [[2.0 * i] for i in range(5)]
    assert watched.batches == [5]


def test_what_arrives_while_a_batch_runs_is_the_next_one(plane, threads, ask):
    """The loop is free meanwhile, as the first batch of a model may take any time."""
    watched = Watched(plane)
    watched.gate.clear()

    async def go():
        batcher = Batcher(watched, threads)
        first = batcher.submit(ask())
        await asyncio.sleep(0.01)
        assert watched.batches == [1]
        others = [batcher.submit(ask()) for _ in range(3)]
        await asyncio.sleep(0.01)
        assert batcher.lanes.waiting_rows == 3
        watched.gate.set()
        await asyncio.gather(first, *others)
        assert batcher.lanes.waiting_rows == 0

    asyncio.run(go())
    assert watched.batches == [1, 3]


def test_quick_batches_run_on_the_loop_and_long_ones_in_a_thread(plane, threads, ask):
    """The first may take any time; then it is known that they are quick, unless they are large."""
    watched = Watched(plane)

    async def go():
        batcher = Batcher(watched, threads)
        for n in (1, 1, 1, 4_000_000 // 64):
            await batcher.submit(ask(n))

    asyncio.run(go())
    here = threading.main_thread()
    assert [one is here for one in watched.threads] == [False, True, True, False]


def test_a_batch_has_a_limit_of_rows(plane, threads, ask):
    """A request that is longer is a batch of its own, and the order is kept."""
    watched = Watched(plane)

    async def go():
        batcher = Batcher(watched, threads, Limits(batch_rows=10))
        await asyncio.gather(*[batcher.submit(ask(n)) for n in (4, 6, 1, 30, 2)])

    asyncio.run(go())
    assert watched.batches == [10, 1, 30, 2]


def test_too_much_is_refused_at_once(plane, threads, ask):
    """What was taken on is answered all the same; a first request always is."""

    async def go():
        batcher = Batcher(plane.answer, threads, Limits(waiting_rows=5))
        taken = [batcher.submit(ask(9))]
        with pytest.raises(OverloadedError, match="'taxi' has 9 rows waiting"):
            batcher.submit(ask(1))
        await asyncio.gather(*taken)
        await batcher.submit(ask(1))

    asyncio.run(go())


def test_a_request_that_waits_too_long_is_given_up(plane, threads, ask):
    """By the server's patience, or the caller's if that is shorter; the model is not asked."""
    watched = Watched(plane)
    watched.gate.clear()

    async def go():
        batcher = Batcher(watched, threads, Limits(timeout_s=0.05))
        first = batcher.submit(ask())
        await asyncio.sleep(0.01)
        late = [batcher.submit(ask()), batcher.submit(ask(), timeout_s=0.001)]
        await asyncio.sleep(0.06)
        fresh = batcher.submit(ask())
        watched.gate.set()
        found = await asyncio.gather(first, *late, fresh, return_exceptions=True)
        assert [type(one) for one in found[1:3]] == [DeadlineError, DeadlineError]
        assert not isinstance(found[0], Exception)
        assert not isinstance(found[3], Exception)

    asyncio.run(go())
    assert watched.batches == [1, 1]


def test_an_error_that_nobody_expected_is_told_to_every_caller(threads, ask):
    """And the lane goes on."""

    def broken(_asked):
        raise ZeroDivisionError("oh")

    async def go():
        batcher = Batcher(broken, threads)
        for _ in range(2):
            found = await asyncio.gather(batcher.submit(ask()), batcher.submit(ask()), return_exceptions=True)
            assert [type(one) for one in found] == [ZeroDivisionError] * 2

    asyncio.run(go())


def test_a_caller_that_went_away_is_not_predicted_for(plane, threads, ask):
    """Its future was cancelled while it waited."""
    watched = Watched(plane)

    async def go():
        batcher = Batcher(watched, threads)
        gone, here = batcher.submit(ask()), batcher.submit(ask(2))
        gone.cancel()
        await here

    asyncio.run(go())
    assert watched.batches == [2]


def test_a_reply_that_cannot_be_given_keeps_nobody_from_theirs(plane, threads, ask, caplog):
    """Without futures each is told in the turn of its batch; the one that failed is in the log."""
    told = []

    def broken(_outcome):
        raise ConnectionError("gone")

    async def go():
        batcher = Batcher(plane.answer, threads)
        for settle in (told.append, broken, told.append):
            batcher.queue(ask(), settle)
        await batcher.submit(ask())

    asyncio.run(go())
    assert [one.predictions.tolist() for one in told] == [[2.0]] * 2
    assert "could not be answered" in caplog.text


def test_one_slow_model_does_not_hold_another(world, threads):
    """Each has a lane of its own."""
    world.models = {"taxi": 3, "bus": 3}
    plane = world.plane()
    watched = Watched(plane)
    watched.gate.clear()

    def answer(asked):
        return watched(asked) if asked[0].held.name == "taxi" else plane.answer(asked)

    async def go():
        batcher = Batcher(answer, threads)
        columns = of_mapping({"miles": [1.0], "hour": [8]})
        slow = batcher.submit(plane.ask("taxi", lambda _accepts: columns))
        began = perf_counter()
        await batcher.submit(plane.ask("bus", lambda _accepts: columns))
        assert perf_counter() - began < 5
        assert not slow.done()
        watched.gate.set()
        await slow

    asyncio.run(go())
