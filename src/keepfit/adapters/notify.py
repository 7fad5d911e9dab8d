"""Sending a message to where people look."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from keepfit.alerting.incident import Message

#: The route that writes to the log `keepfit.incidents` and sends nothing.
LOG_ROUTE: Final = "log://"

_LOG: Final = logging.getLogger("keepfit.incidents")


def send(message: Message) -> str:
    """Send a message to its route: an empty text when it went out, what went wrong otherwise.

    Args:
        message: its route is `log://`, or any address that Apprise takes (`slack://…`, `mailto://…`, `json://…`).
            The address is not repeated in the answer, because it holds tokens.
    """
    if message.route.startswith(LOG_ROUTE):
        _LOG.warning("%s: %s", message.title, message.body)
        return ""
    return _send(message)


def _send(message: Message) -> str:
    kind = message.route.partition("://")[0]
    with _complaints() as said:
        try:
            delivered = _notify(message)
        except Exception as error:  # noqa: BLE001 - a library of a hundred plugins: none of them may stop the rest
            return f"the plugin for '{kind}' failed with {type(error).__name__}"
    if delivered is None:
        return f"the address of kind '{kind}' is none that Apprise can send to"
    return (
        "" if delivered else "; ".join(said) or f"the message to the address of kind '{kind}' did not go out"
    )


def _notify(message: Message) -> bool | None:
    """Whether the message went out; None when its route is not understood."""
    with warnings.catch_warnings():
        # All plugins are imported to find the one, and some import what Python is about to drop.
        warnings.simplefilter("ignore")
        import apprise

        sender = apprise.Apprise()
        if not sender.add(message.route):
            return None
        return bool(sender.notify(title=message.title, body=message.body))


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """What Apprise logs as warnings and errors in here: the only place where it says what went wrong."""
    said: list[str] = []
    log = logging.getLogger("apprise")
    handler = _Collector(said)
    log.addHandler(handler)
    propagates, log.propagate = log.propagate, False
    try:
        yield said
    finally:
        log.propagate = propagates
        log.removeHandler(handler)


class _Collector(logging.Handler):
    """Keeps the text of warnings and errors."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._said = said

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record's text."""
        self._said.append(record.getMessage())
