"""Estimates from scores alone: by hand, row by row in plain loops, and against labels that come later."""

import math

import numpy as np
import pytest

from keepfit.adapters.codec import pack, unpack
from keepfit.evaluation.estimation.calibration import Calibrator
from keepfit.evaluation.estimation.cbpe import (
    ClassificationSpec,
    class_chances,
    estimate_scores,
    fit_cbpe,
    matured_scores,
)
from keepfit.evaluation.estimation.sums import EstimateSums
from keepfit.evaluation.losses import row_losses
from keepfit.evaluation.score_cells import ScoreCells

CARDS = ("blue", "gold", "grey")


def drawn(n=4000, seed=1, power=2.0):
    """Scores that promise more than they keep, and their labels."""
    rng = np.random.default_rng(seed)
    scores = rng.beta(0.8, 0.8, n).round(3)
    return scores, (rng.uniform(size=n) < scores**power).astype(np.int64)


def drawn_cards(n=3000, seed=2):
    """Probabilities of three classes, overconfident, and their labels."""
    rng = np.random.default_rng(seed)
    true = rng.dirichlet([0.8, 1.0, 0.6], n)
    labels = (true.cumsum(axis=1) > rng.uniform(size=(n, 1))).argmax(axis=1)
    sharp = true**2 / (true**2).sum(axis=1, keepdims=True)
    return sharp.round(3), labels


@pytest.fixture(scope="module")
def binary():
    """Fitted on four thousand rows."""
    return fit_cbpe(*drawn(), metric="log_loss")


@pytest.fixture(scope="module")
def cards():
    """Fitted on three thousand."""
    return fit_cbpe(*drawn_cards(), metric="log_loss", classes=CARDS)


def test_two_rows_by_hand():
    """Chances of 0.25 and 0.5 behind scores of 0.2 and 0.6, with a curve that is known."""
    spec = ClassificationSpec(
        metric="brier",
        classes=("0", "1"),
        calibrators=(Calibrator(scores=(0.0, 0.2, 0.6), chances=(0.0, 0.25, 0.5)),),
        cells=(ScoreCells.of(np.array([0.2, 0.6])),),
    )
    sums = estimate_scores(spec, np.array([0.2, 0.6]))
    # Of the first: a yes costs 0.8², a no 0.2²; of the second 0.4² and 0.6².
    expected = np.array([0.25 * 0.64 + 0.75 * 0.04, 0.5 * 0.16 + 0.5 * 0.36])
    own = np.array([0.25 * 0.75 * 0.6**2, 0.25 * 0.2**2])
    brier = sums.losses["brier"]
    assert (brier.n, brier.total) == (2, pytest.approx(expected.sum()))
    assert brier.squares == pytest.approx((expected**2).sum())
    assert brier.variance == pytest.approx(own.sum())
    assert sums.losses["error_rate"].total == pytest.approx(0.25 + 0.5)
    assert sums.losses["log_loss"].total == pytest.approx(
        -0.25 * math.log(0.2) - 0.75 * math.log(0.8) - 0.5 * math.log(0.6) - 0.5 * math.log(0.4)
    )
    assert sums.scores["1"].decided(0.5) == pytest.approx((0.5, 0.5, 0.25, 0.75))
    assert sums.confusion.shape == (0, 0)


def test_calibration_is_learned_where_it_is_needed(binary):
    """The scores' worth is their square."""
    scores = np.linspace(0.05, 0.95, 50)
    assert np.abs(class_chances(binary, scores)[:, 1] - scores**2).max() < 0.15
    assert np.allclose(class_chances(binary, scores).sum(axis=1), 1.0)


def test_later_labels_say_what_was_estimated(binary):
    """Other rows, far more of them with high scores: losses within two hundredths, all of them."""
    rng = np.random.default_rng(5)
    scores = rng.beta(2.0, 0.7, 20_000)
    labels = (rng.uniform(size=scores.size) < scores**2).astype(float)
    sums = estimate_scores(binary, scores)
    for name, losses in sums.losses.items():
        assert losses.mean == pytest.approx(row_losses(name, labels, scores).mean(), abs=0.02)


def test_the_metric_of_the_model_is_among_the_losses():
    """Also one that is not kept for every classification."""
    scores, labels = drawn(500)
    assert set(fit_cbpe(scores, labels, metric="brier").held_out.expected.losses) == {
        "log_loss",
        "brier",
        "error_rate",
    }


def slowly(spec, scores):
    """Chances and expected losses of three classes, a row and a class at a time."""
    chances, losses = [], {"log_loss": 0.0, "brier": 0.0, "error_rate": 0.0}
    confusion = np.zeros((3, 3))
    for row in scores:
        raw = [float(one.chance(np.array([s]))[0]) for one, s in zip(spec.calibrators, row, strict=True)]
        chance = [one / sum(raw) for one in raw] if sum(raw) else [1 / 3] * 3
        chances.append(chance)
        taken = list(row).index(max(row))
        for code, p in enumerate(chance):
            confusion[code, taken] += p
            losses["log_loss"] -= p * math.log(min(max(row[code], 1e-15), 1 - 1e-15))
            losses["brier"] += p * sum((s - (k == code)) ** 2 for k, s in enumerate(row))
            losses["error_rate"] += p * (taken != code)
    return np.array(chances), losses, confusion


def test_three_classes_are_what_loops_say(cards):
    """Each calibrated against the others, divided by the row's sum."""
    scores, _ = drawn_cards(60, seed=9)
    scores[0] = (0.0, 0.0, 0.0)
    chances, losses, confusion = slowly(cards, scores)
    sums = estimate_scores(cards, scores)
    assert np.allclose(class_chances(cards, scores), chances)
    for name, total in losses.items():
        assert sums.losses[name].total == pytest.approx(total)
    assert np.allclose(sums.confusion, confusion)
    assert sums.confusion.sum() == pytest.approx(60)
    assert set(sums.scores) == set(CARDS)


def test_of_three_classes_later_labels_say_what_was_estimated(cards):
    """Rows of the same world that it has not seen."""
    scores, labels = drawn_cards(10_000, seed=11)
    sums = estimate_scores(cards, scores)
    assert sums.losses["log_loss"].mean == pytest.approx(
        -np.log(scores[np.arange(labels.size), labels].clip(1e-15)).mean(), rel=0.03
    )
    assert sums.losses["error_rate"].mean == pytest.approx((scores.argmax(axis=1) != labels).mean(), abs=0.02)


def test_where_every_class_comes_to_nothing_all_are_as_likely():
    """A row that no curve gives a chance."""
    spec = ClassificationSpec(
        metric="brier",
        classes=CARDS,
        calibrators=(Calibrator(scores=(0.5, 0.9), chances=(0.0, 1.0)),) * 3,
        cells=(ScoreCells.of(np.array([0.5])),) * 3,
    )
    assert np.allclose(class_chances(spec, np.array([[0.3, 0.3, 0.4]])), 1 / 3)


@pytest.mark.parametrize("which", ["binary", "cards"])
def test_the_sums_of_parts_are_those_of_the_whole(which, request):
    """Chunks of a window, in any split; and no rows add nothing."""
    spec = request.getfixturevalue(which)
    scores, labels = drawn(900, seed=3) if which == "binary" else drawn_cards(900, seed=3)
    whole, parts = (
        estimate_scores(spec, scores),
        [estimate_scores(spec, one) for one in np.array_split(scores, 4)],
    )
    together = sum(parts, EstimateSums())
    assert together.losses["brier"].total == pytest.approx(whole.losses["brier"].total)
    assert np.allclose(together.confusion, whole.confusion)
    for name, one in whole.scores.items():
        assert np.array_equal(together.scores[name].counts, one.counts)
        assert np.allclose(together.scores[name].chances, one.chances)
    assert whole + estimate_scores(spec, scores[:0]) == whole
    assert matured_scores(spec, scores[:0], labels[:0]).n == 0


@pytest.mark.parametrize("which", ["binary", "cards"])
def test_what_came_true_is_held_against_it(which, request):
    """Losses of the labels, their difference from the expected ones, and positives by cell."""
    spec = request.getfixturevalue(which)
    scores, labels = drawn(700, seed=4) if which == "binary" else drawn_cards(700, seed=4)
    found = matured_scores(spec, scores, labels)
    assert found.n == 700
    assert found.realised.mean - found.difference.mean == pytest.approx(
        found.expected.losses["log_loss"].mean
    )
    own = scores if which == "binary" else scores[np.arange(700), labels]
    truth = labels if which == "binary" else np.ones(700)
    assert found.realised.mean == pytest.approx(row_losses("log_loss", truth.astype(float), own).mean())
    names = spec.classes[1:] if which == "binary" else spec.classes
    assert {name: int(one.sum()) for name, one in found.positives.items()} == {
        name: int((labels == spec.classes.index(name)).sum()) for name in names
    }


def test_scores_and_labels_that_are_none_are_left_out(binary, cards):
    """A label of 7, a score of 1.2: neither breaks a sum."""
    scores, labels = np.array([0.2, np.nan, 1.2, 0.4, 0.6, 0.7]), np.array([0.0, 1.0, 1.0, 7.0, np.nan, 0.5])
    assert estimate_scores(binary, scores) == estimate_scores(binary, scores[[0, 3, 4, 5]])
    found = matured_scores(binary, scores, labels)
    assert found == matured_scores(binary, np.array([0.2, 0.7]), np.array([0, 1]))
    assert found.n == 2
    three = np.array([[0.2, 0.3, 0.5], [0.2, np.nan, 0.5], [0.1, 0.1, 0.8]])
    assert estimate_scores(cards, three).n == 2
    assert matured_scores(cards, three, np.array([2.0, 1.0, 3.0])).n == 1


@pytest.mark.parametrize("which", ["binary", "cards"])
def test_what_was_learned_is_stored_and_comes_back(which, request):
    """And estimates the same, to the last bit."""
    spec = request.getfixturevalue(which)
    again = unpack(pack(spec), ClassificationSpec)
    scores = drawn(50)[0] if which == "binary" else drawn_cards(50)[0]
    assert again == spec
    assert estimate_scores(again, scores) == estimate_scores(spec, scores)
