"""How often a server's process looks for garbage."""

import gc
from typing import Final

#: Objects that may be made, and not yet be gone, before the youngest are looked at. Python's own 700 are the work of a
#: dozen requests that wait together: collecting them took a tenth of the time of a request.
_YOUNG: Final = 50_000


def collect_seldom() -> None:
    """Leave what was loaded at the start out of every collection, and begin one when there is something to find.

    Called once by a process that serves, when it has loaded what it needs. Versions that come later are collected
    as ever when they go.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
