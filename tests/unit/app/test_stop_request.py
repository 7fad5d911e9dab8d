"""Signals become a question; what must end is broken off."""

import signal
import time

import pytest

from keepfit.app.stop_request import StopRequest


def work(stop, do):
    """Do something in a block that may be broken off; True when it came to its end."""
    with stop.breaks_off():
        do()
    return True


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_asks_and_does_not_end(number):
    """Ctrl-C, SIGTERM and a closed terminal are remembered and told once, and waiting ends at once."""
    heard = []
    with StopRequest(heard=lambda: heard.append(number)) as stop:
        assert not stop.asked
        signal.raise_signal(number)
        assert stop.asked
        signal.raise_signal(number)
        assert heard == [number]
        began = time.monotonic()
        stop.wait(60)
        assert time.monotonic() - began < 10


def test_handlers_are_put_back():
    """After the block Ctrl-C means what it meant before."""
    before = signal.getsignal(signal.SIGINT)
    with StopRequest():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_a_terminal_may_close_under_nohup():
    """A SIGHUP that is ignored already stays ignored."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopRequest() as stop:
            signal.raise_signal(signal.SIGHUP)
            assert not stop.asked
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_second_request_breaks_off_at_once():
    """Somebody who presses Ctrl-C twice does not want to wait."""
    with StopRequest() as stop:
        ended = False
        with pytest.raises(KeyboardInterrupt):
            ended = work(stop, lambda: [signal.raise_signal(signal.SIGINT) for _ in range(2)])
        assert not ended


def test_the_grace_is_kept_and_then_over():
    """After one request a block may end by itself; one that does not is broken off."""
    with StopRequest(grace_s=60) as stop:
        assert work(stop, lambda: signal.raise_signal(signal.SIGTERM))
    with StopRequest(grace_s=0.05) as stop, pytest.raises(KeyboardInterrupt):
        work(stop, lambda: [signal.raise_signal(signal.SIGTERM), time.sleep(60)])


def test_a_block_that_is_late_does_not_begin():
    """A request that came before the block is not forgotten."""
    with StopRequest() as stop:
        signal.raise_signal(signal.SIGINT)
        begun = []
        with pytest.raises(KeyboardInterrupt):
            work(stop, lambda: begun.append(1))
        assert not begun


def test_outside_such_a_block_nothing_is_broken_off():
    """The server is stopped and the rest is drained whatever comes."""
    with StopRequest() as stop:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert stop.asked
