"""The split of the traffic: the same on every server, even, and new for every version."""

import hashlib
import json
import subprocess
import sys

import pytest
from scipy import stats

from keepfit.release.routing import Route, canary_mask, in_canary, key_text

# Written down once: a server of any later release must send the same callers the same way.
TWO = [0, 10, 16, 24, 28, 29, 30, 32, 37]
THREE = [1, 5, 10, 14, 28, 34, 37, 39]
ASK = """
import json
from keepfit.release.routing import in_canary
print(json.dumps([i for i in range(40) if in_canary(f"trip-{i}", canary=2, percent=25)]))
"""


def chosen(canary, percent=25):
    return [i for i in range(40) if in_canary(f"trip-{i}", canary=canary, percent=percent)]


def test_the_split_is_what_it_always_was():
    """Pinned: it depends on the id, the version and the share, and on nothing else."""
    assert chosen(2) == TWO
    assert chosen(3) == THREE


def test_another_process_splits_the_same_way():
    """No hash of the running interpreter's own is in it."""
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == TWO


@pytest.mark.parametrize("percent", [0.5, 5, 10, 50])
def test_the_share_is_the_share(percent):
    """Of 40,000 ids that count upwards, within four standard errors."""
    n = 40_000
    hits = sum(in_canary(f"{i}", canary=7, percent=percent) for i in range(n))
    assert stats.binomtest(hits, n, percent / 100).pvalue > 6e-5


def test_every_stretch_of_ids_has_its_part():
    """Uniform: in each of a hundred blocks of 400 ids (chi-squared at one in ten thousand)."""
    counts = [
        sum(in_canary(f"trip-{i}", canary=2, percent=10) for i in range(block, block + 400))
        for block in range(0, 40_000, 400)
    ]
    statistic = sum((count - 40) ** 2 / (400 * 0.1 * 0.9) for count in counts)
    assert stats.chi2.sf(statistic, 100) > 1e-4
    assert stats.chi2.cdf(statistic, 100) > 1e-4


def test_a_larger_share_keeps_those_it_had():
    """Going from 10 to 50 per cent moves nobody back to the champion."""
    assert set(chosen(2, 10)) <= set(chosen(2, 25)) <= set(chosen(2, 50))


def test_the_next_canary_has_other_callers():
    """Being in one canary says nothing of being in the next."""
    n = 10_000
    both = sum(
        in_canary(f"{i}", canary=2, percent=20) and in_canary(f"{i}", canary=3, percent=20) for i in range(n)
    )
    assert both / n == pytest.approx(0.04, abs=0.008)


def test_all_and_nothing():
    """The ends of the scale hold exactly."""
    assert chosen(2, 0) == []
    assert chosen(2, 100) == list(range(40))


def test_a_mask_is_one_answer_a_row():
    """Without a canary nobody is in it, whatever the share."""
    ids = [f"trip-{i}" for i in range(40)]
    route = Route(model="m", generation=1, champion=1, canary=2, percent=25)
    assert [i for i, hit in enumerate(canary_mask(route, ids)) if hit] == TWO
    assert canary_mask(Route(model="m", generation=1, champion=1, percent=25), ids) == [False] * 40


def test_a_server_holds_each_version_once():
    """Champion first; a version that also shadows is not held twice."""
    assert Route(model="m", generation=0, champion=None).versions == ()
    assert Route(model="m", generation=1, champion=1, canary=2, percent=5, shadows=(1, 2, 3)).versions == (
        1,
        2,
        3,
    )


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((7, 7.0, "7", "7.0", True + 6), "7"),
        ((-7, -7.0, "-7", "-7.0"), "-7"),
        ((0, 0.0, -0.0, "0"), "0"),
        ((2.5, "2.5"), "2.5"),
        ((2**53 - 1, 2.0**53 - 1, str(2**53 - 1)), "9007199254740991"),
        (("007",), "007"),
        (("7.00",), "7.00"),
        (("Zoë",), "Zoë"),
    ],
)
def test_a_key_is_written_in_one_way(values, text):
    """A number is its digits, whichever type a caller's language has for it; a text is itself."""
    assert {key_text(value) for value in values} == {text}


def test_what_is_no_key():
    """Null, NaN and the empty text: such rows go by their id."""
    assert [key_text(value) for value in (None, float("nan"), "")] == [None, None, None]


def test_whole_numbers_beyond_a_float_keep_their_digits():
    """As integers they are exact; only floats are not."""
    assert key_text(2**53 + 1) == "9007199254740993"
    assert key_text(1e300) == "1e+300"


def test_the_hash_can_be_written_in_any_language():
    """Four bytes of BLAKE2b of `VERSION/KEY` as a big-endian number, against 2**32."""
    digest = hashlib.blake2b(b"2/customer-8", digest_size=4).hexdigest()
    share = int(digest, 16) / 2**32
    assert in_canary("customer-8", canary=2, percent=100 * share + 1e-6)
    assert not in_canary("customer-8", canary=2, percent=100 * share - 1e-6)
