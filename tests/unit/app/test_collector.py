"""The garbage collector of a process that serves."""

import subprocess
import sys

_IN_A_PROCESS = """
import gc
import weakref
from keepfit.app.collector import collect_seldom
class Loop: pass
collect_seldom()
made = Loop(); made.itself = made
seen = weakref.ref(made)
del made
more = [[] for _ in range(60_000)]
print(gc.get_freeze_count() > 10_000, gc.get_threshold()[0], seen() is None)
"""


def test_what_was_loaded_is_left_alone_and_what_goes_later_is_found():
    """In a process of its own: the start is frozen, and a cycle made afterwards is collected before long."""
    done = subprocess.run(
        [sys.executable, "-c", _IN_A_PROCESS], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["True", "50000", "True"]
