"""Ids, names and hints."""

import re

import pytest

from keepfit.ids import did_you_mean, is_name, new_id


def test_ids_are_unique_and_say_of_what():
    """Ten thousand made in one go differ."""
    made = {new_id("job") for _ in range(10_000)}
    assert len(made) == 10_000
    assert all(re.fullmatch(r"job-[0-9a-f]{24}", one) for one in made)


def test_ids_sort_by_the_time_of_their_making():
    """The milliseconds come first; within one millisecond chance decides."""
    milliseconds = [new_id("job")[:16] for _ in range(1000)]
    assert milliseconds == sorted(milliseconds)


@pytest.mark.parametrize("name", ["a", "7", "taxi-eta", "taxi_eta.v2", "a" * 100])
def test_a_name_fits_a_url_a_folder_and_a_table(name):
    """Lower-case letters and digits, and between them dots, hyphens and underscores."""
    assert is_name(name)


@pytest.mark.parametrize(
    "name", ["", "Taxi", "taxi eta", "-taxi", "taxi-", ".", "..", "a/b", "taxi\n", "é", "a" * 101]
)
def test_what_is_no_name(name):
    """Nothing that could leave a folder, or be read as an option."""
    assert not is_name(name)


def test_a_hint_names_the_closest():
    """Of those that are close at all."""
    assert did_you_mean("passenger", ["passengers", "hour"]) == "did you mean 'passengers'?"


def test_a_hint_lists_the_few_there_are():
    """When nothing is close; sorted, once each, at most eight."""
    assert did_you_mean("zzz", ["b", "a", "b"]) == "there are: a, b"
    assert did_you_mean("zzz", [f"n{i}" for i in range(10)]).endswith("n7 and 2 more")


def test_there_is_no_hint_where_nothing_is_known():
    """None, not an empty sentence."""
    assert did_you_mean("zzz", []) is None
