"""Identifiers, and the closest name to a mistyped one."""

import difflib
import os
import random
import re
import time
from collections.abc import Iterable
from typing import Final

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?")


#: Our own, so that nobody's seed makes ids repeat: begun by the system's randomness, which is too dear to ask each time.
_RANDOM: Final = random.Random(os.urandom(32))  # noqa: S311 - ids are to be different, not secret
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: _RANDOM.seed(os.urandom(32)))


def new_id(prefix: str) -> str:
    """A unique id that sorts by the time of its making: `prefix`, 48 bits of milliseconds, 48 random bits.

    >>> new_id("job").startswith("job-")
    True
    """
    return f"{prefix}-{time.time_ns() // 1_000_000:012x}{_RANDOM.getrandbits(48):012x}"


def is_name(text: str) -> bool:
    """Whether `text` can name a model or a dataset: it must fit a URL, a folder and a table.

    >>> is_name("taxi-eta"), is_name("Taxi ETA")
    (True, False)
    """
    return _NAME.fullmatch(text) is not None


def did_you_mean(wrong: str, known: Iterable[str]) -> str | None:
    """A hint that names the closest known name, or lists the few there are; None when there are none.

    >>> did_you_mean("mile", ["miles", "hour"])
    "did you mean 'miles'?"
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(wrong, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    if not names:
        return None
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"there are: {', '.join(names[:8])}{more}"
