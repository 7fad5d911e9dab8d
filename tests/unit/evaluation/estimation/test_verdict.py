"""May an estimator be believed? Right ones are refused hardly ever, wrong ones at once."""

import math

import numpy as np
import pytest

from keepfit.evaluation.estimation.cbpe import fit_cbpe, matured_scores
from keepfit.evaluation.estimation.dle import matured_losses
from keepfit.evaluation.estimation.verdict import RECENT, Trust, judge_estimator


def drawn(n, rng, truth=lambda scores: scores**1.4, a=0.7):
    """Scores, and labels that come with the chance `truth` of them."""
    scores = rng.beta(a, 0.8, n)
    return scores, (rng.uniform(size=n) < truth(scores)).astype(float)


def window(spec, n, rng, **kwargs):
    return matured_scores(spec, *drawn(n, rng, **kwargs))


@pytest.fixture(scope="module")
def spec():
    """Learned from three thousand rows."""
    return fit_cbpe(*drawn(3000, np.random.default_rng(1)), metric="log_loss")


@pytest.mark.parametrize(("learned", "n"), [(300, 60), (3000, 400)])
def test_an_estimator_that_is_right_is_refused_hardly_ever(learned, n):
    """Versions judged after each of twenty windows whose inputs wander: at most one in twenty is ever refused."""
    rng = np.random.default_rng(2)
    refused = 0
    for _ in range(20):
        spec = fit_cbpe(*drawn(learned, rng), metric="log_loss")
        windows = [window(spec, n, rng, a=rng.uniform(0.5, 0.9)) for _ in range(20)]
        verdicts = [judge_estimator(windows[max(0, i - RECENT) : i + 1], spec) for i in range(20)]
        refused += not all(one.usable for one in verdicts)
    assert refused / 20 <= 0.05


def test_a_loss_that_doubles_is_refused_at_once(spec):
    """Scores turned about in the newest window, after a month of good ones: the first look tells."""
    rng = np.random.default_rng(3)
    good = [window(spec, 300, rng) for _ in range(12)]
    before = judge_estimator(good, spec)
    bad = window(spec, 300, rng, truth=lambda scores: 1 - scores)
    assert bad.realised.mean > 2 * bad.expected.losses["log_loss"].mean
    after = judge_estimator([*good, bad], spec)
    assert (before.trust, after.trust) == (Trust.PROVEN, Trust.REFUSED)
    assert not after.usable
    assert after.says.startswith(
        "not to be believed now: on the 300 newest rows with labels it expected log_loss 0."
    )
    assert after.says.endswith("the link from inputs to outcomes is not the one that it learned")


def test_a_regression_whose_losses_double_is_refused_at_once(parcels, rmse_fitted):
    """Nothing in the features shows it, and the estimate stays where it was; RMSE is told in its unit, not in squares."""
    spec, models = rmse_fitted

    def matured(seed, **kwargs):
        rows, predictions, labels = parcels(400, seed=seed, **kwargs)
        return matured_losses(spec, models, rows, predictions, labels)

    good = [matured(seed, far=far) for seed, far in enumerate((0.1, 0.3, 0.5, 0.7, 0.9), start=10)]
    looks = [judge_estimator(good[: i + 1], spec) for i in range(5)]
    assert [one.trust for one in looks] == [Trust.PROVEN] * 5
    assert looks[-1].relative_error < 0.1
    bad = matured(20, worse=2.0)
    after = judge_estimator([*good, bad], spec)
    assert not after.usable
    assert "on the 400 newest rows with labels it expected rmse" in after.says
    assert f"and it was {math.sqrt(bad.realised.mean):.2f}" in after.says
    alone = judge_estimator([bad], spec)
    apart = math.sqrt(bad.realised.mean) - math.sqrt(bad.expected.losses["mse"].mean)
    assert alone.past_error == pytest.approx(apart)


def test_calibration_is_refused_where_the_mean_loss_says_nothing():
    """Chances too low below and too high above, so that the error rate stays: the bands of score tell."""
    rng = np.random.default_rng(4)
    error = fit_cbpe(*drawn(6000, rng, truth=lambda s: s), metric="error_rate")

    def turned(scores):
        return np.where(scores >= 0.5, 0.75, 0.25)

    bad = [window(error, 2000, rng, truth=turned, a=0.8) for _ in range(RECENT)]
    assert abs(sum(one.difference.mean for one in bad) / RECENT) < 0.02
    found = judge_estimator(bad, error)
    assert not found.usable
    assert " positives came where " in found.says
    assert "rows with a score about " in found.says


def test_a_small_difference_is_no_failure_however_sure(spec):
    """Fifty thousand rows of which two in a hundred more are positives: certain, and nothing that a person would mind."""
    rng = np.random.default_rng(5)
    windows = [window(spec, 50_000, rng, truth=lambda s: np.clip(s**1.4 + 0.02, 0, 1)) for _ in range(3)]
    found = judge_estimator(windows, spec)
    assert found.trust is Trust.PROVEN
    assert found.windows == 3


def test_what_a_single_day_does_is_minded_less_than_what_a_week_does(spec):
    """The same shift: let pass on one day, refused after seven."""
    rng = np.random.default_rng(6)
    days = [window(spec, 5000, rng, truth=lambda s: np.clip(s**1.4 * 0.86, 0, 1)) for _ in range(RECENT)]
    assert judge_estimator(days[:1], spec).usable
    assert not judge_estimator(days, spec).usable


def test_an_estimator_is_believed_again_when_its_windows_are_good_again(spec):
    """What failed lies more than seven windows back; its error is remembered."""
    rng = np.random.default_rng(7)
    bad = window(spec, 400, rng, truth=lambda scores: 1 - scores)
    good = [window(spec, 400, rng) for _ in range(RECENT)]
    now, always = judge_estimator([bad, *good], spec), judge_estimator(good, spec)
    assert now.usable
    assert now.past_error > always.past_error


def test_its_own_past_error_stands_beside_it(spec):
    """The mean distance of estimate and outcome of a window, weighted by rows, in the metric's unit."""
    rng = np.random.default_rng(8)
    windows = [window(spec, n, rng) for n in (300, 900)]
    found = judge_estimator(windows, spec)
    assert found.past_error == pytest.approx(sum(one.n * abs(one.difference.mean) for one in windows) / 1200)
    assert found.relative_error == pytest.approx(
        found.past_error / (sum(one.realised.total for one in windows) / 1200)
    )
    assert found.says.startswith(f"its estimates were off by {found.past_error:.3g} (")
    assert "over 2 windows with labels; it assumes no concept drift" in found.says


@pytest.mark.parametrize("n", [0, 40, 99])
def test_too_few_labels_are_no_proof(spec, n):
    """Neither of one thing nor of the other: it may be used, and it says so."""
    rng = np.random.default_rng(9)
    found = judge_estimator([window(spec, n, rng)], spec)
    assert (found.trust, found.usable) == (Trust.NOT_KNOWN_YET, True)
    assert math.isnan(found.past_error)
    assert found.says.startswith(
        f"its error is not known yet: {n} labelled rows so far, 100 are needed; it assumes"
    )
    assert judge_estimator([], spec).trust is Trust.NOT_KNOWN_YET


def test_few_windows_are_enough_together(spec):
    """Labels come in small numbers: those of a week count as one."""
    rng = np.random.default_rng(10)
    found = judge_estimator([window(spec, 20, rng) for _ in range(RECENT)], spec)
    assert (found.trust, found.windows) == (Trust.PROVEN, RECENT)
