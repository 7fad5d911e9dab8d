"""Messages go out at least once, and no route keeps another waiting."""

from dataclasses import replace

import pytest

from keepfit.alerting.incident import Condition, advance
from keepfit.workflows.send_messages import send_messages

ROUTES = ("log://people", "slack://tokens")


@pytest.fixture
def opened(world):
    """An incident was opened; two routes are to be told."""
    condition = Condition(key="decay:mae", title="decay", says="mae 3.5")
    for step in advance("taxi", [], [condition], now=world.end_of(0)):
        world.ports.incidents.save(step, routes=ROUTES, at=world.end_of(0))
    return world


def routes(world):
    """Where messages went so far."""
    return [message.route for message in world.sent]


def test_every_route_is_told_once(opened):
    """Sending again sends nothing."""
    assert send_messages(opened.ports, now=opened.end_of(0)) == 2
    assert send_messages(opened.ports, now=opened.end_of(1)) == 0
    assert routes(opened) == list(ROUTES)
    assert opened.sent[0].body == "mae 3.5"


def test_a_route_that_fails_is_tried_again_and_blocks_no_other(opened):
    """What went wrong is told; the message waits for the next tick."""
    opened.down.add("log://people")
    assert send_messages(opened.ports, now=opened.end_of(0)) == 1
    assert routes(opened) == ["slack://tokens"]
    assert opened.told == ["could not notify log://people: nobody answers"]
    opened.down.clear()
    assert send_messages(opened.ports, now=opened.end_of(1)) == 1
    assert routes(opened) == ["slack://tokens", "log://people"]


def test_a_message_whose_sending_is_not_on_record_is_sent_again(opened):
    """At least once: rather twice than never."""

    class Dying:
        def __getattr__(self, name):
            return getattr(opened.ports.incidents, name)

        def mark_sent(self, *_args, **_kwargs):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send_messages(replace(opened.ports, incidents=Dying()), now=opened.end_of(0))
    assert send_messages(opened.ports, now=opened.end_of(0)) == 2
    assert routes(opened) == [ROUTES[0], *ROUTES]
