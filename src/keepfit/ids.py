"""Identifiers, and the closest name to a mistyped one."""

import difflib
import os
import re
import time
from collections.abc import Iterable

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?")


def new_id(prefix: str) -> str:
    """A unique id that sorts by the time of its making: `prefix`, 48 bits of milliseconds, 48 random bits.

    >>> new_id("job").startswith("job-")
    True
    """
    return f"{prefix}-{time.time_ns() // 1_000_000:012x}{os.urandom(6).hex()}"


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
