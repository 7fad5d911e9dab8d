"""The verdict on the realised loss: size and noise, both."""

import math

import numpy as np
import pytest

from keepfit.evaluation.evidence import LossSums
from keepfit.monitoring.finding import Check, Verdict
from keepfit.monitoring.performance import check_performance

EXACT = LossSums(1, 2.0, 4.0)


def drawn(mean, n=2000, seed=4):
    """Skewed losses of this mean to the last bit."""
    losses = np.random.default_rng(seed).exponential(1.0, n)
    return LossSums.of(losses * mean / losses.mean())


def check(realised, expected=EXACT, *, metric="mae", tolerance=0.1, min_rows=100):
    return check_performance(metric, realised, expected, tolerance=tolerance, min_rows=min_rows)


def test_loss_above_the_tolerance_alarms_and_says_how_sure():
    """Twenty per cent above, on two thousand rows."""
    found = check(drawn(2.4))
    assert (found.check, found.subject, found.verdict) == (Check.PERFORMANCE, "mae", Verdict.ALARM)
    assert (found.value, found.expected, found.n) == (pytest.approx(2.4), 2.0, 2000)
    assert found.threshold == pytest.approx(2.2)
    assert found.says.startswith("mae 2.40 (95 % interval 2.")
    assert found.says.endswith("on 2,000 labelled rows, expected 2.00 and at most 2.20")


def test_loss_within_the_tolerance_is_ok_however_sure():
    """Five per cent above is certain on a million rows, and no reason to act."""
    assert check(LossSums(10**6, 2.1e6, 5e6)).verdict is Verdict.OK


def test_loss_that_noise_explains_is_ok_however_large():
    """Twenty per cent above on a hundred skewed rows is chance."""
    assert check(drawn(2.4, n=100)).verdict is Verdict.OK


def test_the_noise_of_the_expectation_counts_too():
    """The same window alarms against what is known exactly, and not against what forty held-out rows showed."""
    window = drawn(2.5, n=400)
    assert check(window).alarms
    assert not check(window, drawn(2.0, n=40, seed=9)).alarms


@pytest.mark.parametrize(("tolerance", "mean"), [(0.0, 2.0), (0.1, 2.2)])
def test_at_the_limit_one_window_of_twenty_alarms(tolerance, mean):
    """A thousand windows of 400 skewed losses whose true mean is what is tolerated, to the last per cent."""
    rng = np.random.default_rng(12)
    alarms = [check(LossSums.of(rng.exponential(mean, 400)), tolerance=tolerance).alarms for _ in range(1000)]
    assert np.mean(alarms) == pytest.approx(0.05, abs=0.025)


def test_the_expectations_own_error_keeps_that_rate():
    """Where the expectation was drawn too, from 600 held-out rows: still one in twenty, and for RMSE as well."""
    rng = np.random.default_rng(13)
    for metric, spread in (("mae", 1.1), ("rmse", 1.1**2)):
        alarms = [
            check(
                LossSums.of(rng.exponential(2.0 * spread, 400)),
                LossSums.of(rng.exponential(2.0, 600)),
                metric=metric,
            ).alarms
            for _ in range(1000)
        ]
        assert np.mean(alarms) == pytest.approx(0.05, abs=0.025)


def test_healthy_windows_hardly_ever_alarm_and_bad_ones_do():
    """As expected: fewer than one in a hundred. A third above: nearly all."""
    rng = np.random.default_rng(14)
    for mean, share in ((2.0, 0.0), (2.0 * 4 / 3, 1.0)):
        alarms = [check(LossSums.of(rng.exponential(mean, 1000))).alarms for _ in range(500)]
        assert np.mean(alarms) == pytest.approx(share, abs=0.01)


def test_too_few_rows_are_another_answer_than_ok():
    """It says how many there are and how many it takes."""
    found = check(drawn(9.0, n=99))
    assert found.verdict is Verdict.INSUFFICIENT_DATA
    assert found.says == "mae unknown: 99 labelled rows so far, 100 are needed"
    none = check(LossSums(), min_rows=0)
    assert none.verdict is Verdict.INSUFFICIENT_DATA
    assert math.isnan(none.value)


def test_without_an_expectation_nothing_is_ok():
    """A reference without labels cannot vouch for anything."""
    found = check(drawn(2.4), LossSums())
    assert found.verdict is Verdict.INSUFFICIENT_DATA
    assert found.says == "mae 2.40 on 2,000 labelled rows; what to expect is unknown"


def test_rmse_is_judged_and_shown_as_a_root():
    """Its tolerance is of the root: nine per cent more is twenty per cent more squared error, and within ten."""
    expected = LossSums(1, 4.0, 16.0)
    assert not check(drawn(4.0 * 1.09**2), expected, metric="rmse").alarms
    found = check(drawn(4.0 * 1.2**2), expected, metric="rmse")
    assert found.alarms
    assert (found.value, found.expected) == (pytest.approx(2.4), 2.0)


def test_small_losses_are_told_apart():
    """A Brier score lives far below one: two decimals would all be 0.03."""
    found = check(drawn(0.0345), LossSums(1, 0.0307, 0.0307**2), metric="brier")
    assert "brier 0.0345 " in found.says
    assert "expected 0.0307 and at most 0.0338" in found.says


def test_the_rows_can_be_named():
    """For instance those that a broken feed did not touch."""
    found = check_performance(
        "mae", drawn(2.0), EXACT, tolerance=0.1, min_rows=1, rows="rows without the fault"
    )
    assert "on 2,000 rows without the fault" in found.says
