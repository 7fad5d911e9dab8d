"""Ready means: send requests, and nothing of them is lost."""

from datetime import timedelta

import pytest

from keepfit.serving.readiness import ServerState, readiness

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"routes_read": False}, "routes have not been read yet"),
        ({"unanswerable": {"taxi": "altered"}}, "model 'taxi' cannot answer: altered"),
        ({"capture_failure": "disk full", "spool_blocks": True}, "predictions cannot be recorded: disk full"),
        (
            {"spool_bytes": 2048, "spool_limit": 2048, "spool_blocks": True},
            "the capture log is full: 2,048 bytes of 2,048; it empties as it is drained",
        ),
        ({"queue_full_for": 6 * SECOND}, "the queue has been full for 6 seconds"),
    ],
)
def test_each_reason_alone_is_enough(state, reason):
    """And is said in words."""
    verdict = readiness(ServerState(**{"routes_read": True, **state}))
    assert (verdict.ready, verdict.reasons) == (False, (reason,))


@pytest.mark.parametrize(
    ("state", "warning"),
    [
        ({"drain_lag": timedelta(hours=3)}, "is 3 hours old: does the drain run?"),
        ({"spool_bytes": 9, "spool_limit": 8}, "go unrecorded: 9 bytes of 8"),
        ({"left_out": ("version 4 of 'taxi' cannot be loaded",)}, "version 4 of 'taxi'"),
    ],
)
def test_what_harms_no_caller_is_a_warning(state, warning):
    """The server stays ready."""
    verdict = readiness(ServerState(routes_read=True, **state))
    assert (verdict.ready, verdict.reasons) == (True, ())
    assert warning in verdict.warnings[0]


def test_limits_are_passed_only_beyond_them():
    """A full queue for a moment is what queues are for; the limits are the caller's to set."""
    state = ServerState(
        routes_read=True,
        queue_full_for=5 * SECOND,
        drain_lag=timedelta(minutes=10),
        spool_bytes=7,
        spool_limit=8,
        spool_blocks=True,
    )
    assert readiness(state).reasons == readiness(state).warnings == ()
    strict = readiness(state, saturated=SECOND, drain_lag=SECOND)
    assert (len(strict.reasons), len(strict.warnings)) == (1, 1)


def test_all_reasons_are_told_at_once():
    """Nobody wants to learn of them one by one."""
    state = ServerState(
        routes_read=True,
        unanswerable={"b": "x", "a": "y"},
        capture_failure="full",
        spool_blocks=True,
        queue_full_for=60 * SECOND,
    )
    assert [one.split()[0] for one in readiness(state).reasons] == ["model", "model", "predictions", "the"]
    assert "'a'" in readiness(state).reasons[0]


def test_what_cannot_be_recorded_does_not_take_the_model_from_its_callers():
    """Unless the policy says so: a full disk on every server must not be an outage."""
    found = readiness(ServerState(routes_read=True, capture_failure="disk full"))
    assert (found.ready, found.warnings) == (True, ("predictions are answered and not recorded: disk full",))
