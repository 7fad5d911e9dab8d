"""Gates, stages and the release policy, as they are written."""

from datetime import timedelta

import pytest

from keepfit.release.policy import (
    BeatsChampion,
    Canary,
    Latency,
    NoSliceWorse,
    Release,
    Shadow,
    beats_champion,
    canary,
    latency,
    no_slice_worse,
    shadow,
)


def test_the_words_make_the_records():
    """Each function and its record have the same defaults."""
    assert beats_champion() == BeatsChampion()
    assert beats_champion(by=0.02, confidence=0.9, min_rows=5) == BeatsChampion(
        by=0.02, confidence=0.9, min_rows=5
    )
    assert no_slice_worse(by=0.1) == NoSliceWorse(by=0.1)
    assert latency(p99_ms=20) == Latency(p99_ms=20)
    assert shadow("1d") == Shadow(duration=timedelta(days=1))
    assert canary(10, "12h") == Canary(percent=10, duration=timedelta(hours=12))


def test_stages_say_what_they_are():
    """In words, for whoever reads a decision."""
    assert shadow("1d").says == "shadow for 1 day"
    assert canary(12.5, "36h").says == "canary of 12.5 % for 36 hours"


@pytest.mark.parametrize("percent", [0, -1, 100, 250, float("nan")])
def test_a_canary_takes_a_part_of_the_traffic(percent):
    """Not none of it, and not all."""
    with pytest.raises(ValueError, match="more than 0 and less than 100 per cent"):
        canary(percent, "1d")


def test_without_being_asked_a_release_is_gated_and_watched():
    """Better than the champion, champion at once, watched for a week."""
    policy = Release()
    assert policy.gates == (BeatsChampion(),)
    assert policy.rollout == ()
    assert policy.watch_span == timedelta(days=7)


def test_lists_become_tuples():
    """Two policies that say the same are the same."""
    assert Release(gates=[latency(p99_ms=1)], rollout=[shadow("24h")], watch="1w") == Release(
        gates=(latency(p99_ms=1),), rollout=(shadow("1d"),), watch=timedelta(days=7)
    )
