"""Send the messages that incidents left to be sent; one that fails is tried again at the next tick."""

from datetime import datetime

from keepfit.workflows.ports import Ports


def send_messages(ports: Ports, *, now: datetime) -> int:
    """Send what was queued; how many went out.

    Every message goes out at least once: the process may die after a message was sent and before that is on record,
    and then it is sent again. A route that fails is told, tried again at the next tick, and keeps no other waiting.
    """
    sent = 0
    for message in ports.incidents.unsent():
        problem = ports.notify(message)
        if problem:
            ports.tell(f"could not notify {message.route}: {problem}", now)
            continue
        ports.incidents.mark_sent(message.id, at=now)
        sent += 1
    return sent
