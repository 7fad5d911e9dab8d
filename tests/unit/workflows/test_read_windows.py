"""The newest windows, read from what is on record."""

from dataclasses import asdict

import pytest
from workflow_fakes import DAY, START

from keepfit.workflows.read_windows import read_windows


def test_before_a_prediction_there_is_no_window(released):
    """Released or not."""
    assert read_windows(released.ports, released.model, newest=5, now=START).windows == ()


def test_windows_are_shown_with_what_is_known_of_them(released):
    """Newest first: rows, labels, the model's metric and the others of its task."""
    released.run(0, 1, 2)
    newest, middle, oldest = read_windows(
        released.ports, released.model, newest=5, now=released.end_of(2)
    ).windows
    assert [one.window.start for one in (newest, middle, oldest)] == [START + day * DAY for day in (2, 1, 0)]
    assert (newest.rows, newest.labelled, newest.maturity, newest.value, newest.metrics) == (
        150,
        0,
        0.0,
        None,
        {},
    )
    assert (oldest.rows, oldest.labelled, oldest.maturity, oldest.closed) == (150, 150, 1.0, True)
    assert oldest.metric == "mae"
    assert oldest.value.value == pytest.approx(oldest.metrics["mae"].value)
    assert oldest.metrics["r2"].value > 0.8
    assert len(read_windows(released.ports, released.model, newest=1, now=released.end_of(2)).windows) == 1


def test_a_late_label_changes_the_numbers_of_its_window_and_nothing_else(released):
    """What is restated says so; all other windows, and this one's predictions, stay as they were."""
    for day in (0, 1, 2):
        released.serve(day)
        released.check(day)
    released.label(1)
    released.check(3)
    before = read_windows(released.ports, released.model, newest=5, now=released.end_of(9)).windows
    released.label(0)
    released.check(9)
    after = read_windows(released.ports, released.model, newest=5, now=released.end_of(9)).windows
    changed = [
        {name for name, value in asdict(new).items() if value != asdict(old)[name]}
        for old, new in zip(before, after, strict=True)
    ]
    # What labels should have come by now is learned from the windows before: those of the later two know more now.
    assert changed == [
        {"expected_maturity"},
        {"expected_maturity"},
        {"labelled", "maturity", "value", "metrics", "late", "restated"},
    ]
    assert [one.restated for one in before] == [False, True, False]
    assert (after[2].labelled, after[2].late, after[2].restated) == (150, 150, True)


def test_every_version_that_answered_has_its_own_windows(changed):
    """Champion and canary share one, and each is shown with what it answered itself."""
    changed.train(changed.end_of(8))
    changed.run(9, 10)
    found = read_windows(changed.ports, changed.model, newest=1, now=changed.end_of(10)).windows
    assert [one.version for one in found] == [3, 1]
    assert {one.window.start for one in found} == {changed.end_of(9)}
    assert sum(one.rows for one in found) == 150


def test_windows_without_labels_have_an_estimate_that_labels_bear_out(released):
    """What is expected of the newest window lies near what its labels say later; how far off is known then."""
    for day in range(3):
        released.serve(day)
        released.check(day)
    before = read_windows(released.ports, released.model, newest=1, now=released.end_of(2))
    assert before.windows[0].value is None
    assert "its error is not known yet" in before.estimators[1].says
    released.label(2)
    released.check(3)
    after = read_windows(released.ports, released.model, newest=1, now=released.end_of(3))
    assert after.windows[0].value.value == pytest.approx(before.windows[0].estimated.value, rel=0.3)
    assert after.windows[0].estimated == before.windows[0].estimated
    assert after.estimators[1].past_error < 0.3 * after.windows[0].value.value


def test_an_estimate_that_labels_refute_is_not_shown(released):
    """Taxis become slower for the same miles: inputs tell nothing of it, and the labels tell that."""
    released.town.rates[0] = 4.5
    for day in range(4):
        released.serve(day)
        released.label(day)
        released.check(day)
    found = read_windows(released.ports, released.model, newest=2, now=released.end_of(4))
    assert not found.estimators[1].usable
    assert "not to be believed" in found.estimators[1].says
    assert {one.estimated for one in found.windows} == {None}


def test_where_a_model_does_worst_is_told_without_being_declared(released):
    """Long rides take much longer than they did: the slice is found, and beside it what it was."""
    released.town.rates[0] = 2.0
    for day in range(6):
        released.serve(day, rows=400)
        released.label(day, rows=400)
        released.check(day)
    found = read_windows(released.ports, released.model, newest=6, now=released.end_of(6))
    (first, *_) = found.slices[1]
    assert first.feature == "miles"
    assert first.mean > first.rest
    assert "it was" in first.says


def test_before_a_label_nothing_is_known_to_be_worse(released):
    """No slice is made up."""
    released.serve(0)
    released.check(0)
    assert read_windows(released.ports, released.model, newest=5, now=released.end_of(0)).slices == {}
