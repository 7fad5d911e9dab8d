"""What every test may rely on, and how many processes share the tests."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Before a numeric library is imported. Tests and the processes they start share the cores: threads of OpenMP that wait
# for one another on a busy core cost more than they save. Nothing here depends on how many there are.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# On a busy machine an example takes as long as others let it; pytest's own limit ends what hangs. The number of
# examples is each test's, the same here and in CI.
settings.register_profile("keepfit", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("keepfit")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """A few files are not worth the processes that would share them: they run in this one, unless `-n` says a number."""
    asked = [Path(argument.partition("::")[0]) for argument in config.args]
    return None if any(path.is_dir() for path in asked) else 0


@pytest.fixture(scope="session", autouse=True)
def _signals_as_a_terminal_gives_them() -> Iterator[None]:
    """Run in the background, a process is born deaf to Ctrl-C and to a closed terminal; tests send both."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGHUP)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
