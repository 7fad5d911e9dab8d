"""Gates: what passes, what blocks, and that what cannot be judged blocks."""

from dataclasses import replace

import numpy as np
import pytest

from keepfit.evaluation.comparison import Comparison
from keepfit.evaluation.evidence import LossSums
from keepfit.evaluation.trial import Trial
from keepfit.release.gates import GateResult, judge, passed, summary
from keepfit.release.policy import beats_champion, latency, no_slice_worse

GATES = [beats_champion(), no_slice_worse(by=0.15), latency(p99_ms=20)]


def losses(n, factor, seed=0):
    """Paired losses: the challenger's are the incumbent's times a factor, and noise."""
    rng = np.random.default_rng(seed)
    incumbent = rng.exponential(2.0, n)
    return incumbent * factor * rng.lognormal(0, 0.1, n), incumbent


def trial(n=500, factor=0.9, slices=None, **changes):
    """A candidate that is a tenth better, also in its slices, unless told otherwise."""
    parts = {"zone=a": (n, factor)} if slices is None else slices
    sums = {}
    for key, (rows, part_factor) in parts.items():
        challenger, incumbent = losses(rows, part_factor, seed=len(key))
        sums[key] = (LossSums.of(challenger), LossSums.of(incumbent), LossSums.of(challenger - incumbent))
    found = Trial(
        metric="mae",
        against="version 1",
        incumbent=1,
        comparison=replace(Comparison.of(*losses(n, factor)), slices=sums),
        latency_p99_ms=5.0,
    )
    return replace(found, **changes)


def says(gate, of):
    (result,) = judge([gate], of)
    return result.passed, result.says


def test_a_good_candidate_passes_every_gate():
    """And the summary has all of their numbers."""
    results = judge(GATES, trial())
    assert passed(results)
    assert [result.gate for result in results] == ["beats_champion", "no_slice_worse", "latency"]
    assert summary(results).count(";") == 2


def test_all_gates_are_judged_and_those_that_block_are_told():
    """A refusal names everything that is wrong at once, and nothing else."""
    results = judge(GATES, trial(factor=1.4, latency_p99_ms=50.0))
    assert [result.passed for result in results] == [False, False, False]
    results = judge(GATES, trial(latency_p99_ms=50.0))
    assert not passed(results)
    assert summary(results) == results[2].says


@pytest.mark.parametrize("gate", GATES)
def test_without_a_trial_every_gate_blocks(gate):
    """A version that was never tried proves nothing."""
    ok, why = says(gate, None)
    assert not ok
    assert "cannot be judged" in why


@pytest.mark.parametrize("gate", GATES[:2])
@pytest.mark.parametrize(
    ("of", "why"),
    [
        (
            trial(comparison=None, problem="version 1 has no column 'miles'"),
            "version 1 has no column 'miles'",
        ),
        (trial(comparison=None), "the candidate was compared with nothing"),
        (trial(comparison=Comparison()), "only 0 held-out rows"),
        (trial(comparison=Comparison.of(np.full(500, np.nan), np.ones(500))), "are not numbers"),
        (trial(comparison=Comparison.of(np.ones(500), np.full(500, np.inf))), "are not numbers"),
    ],
)
def test_what_cannot_be_compared_blocks_and_says_why(gate, of, why):
    """No comparison, no rows, or no numbers."""
    ok, said = says(gate, of)
    assert not ok
    assert "cannot be judged" in said
    assert why in said


def test_too_few_rows_block_however_good_they_look():
    """And the gate says how many it takes."""
    assert says(beats_champion(min_rows=100), trial(n=99, factor=0.5)) == (
        False,
        "beats_champion cannot be judged: only 99 held-out rows, 100 are needed",
    )
    assert says(beats_champion(min_rows=99), trial(n=99, factor=0.5))[0]


def test_better_must_be_sure():
    """The same candidate passes at 80 per cent and blocks at all but certainty."""
    close = trial(n=200, factor=0.99)
    sure = close.comparison.confidence_better()
    assert 0.8 < sure < 0.9999
    assert says(beats_champion(), close)[0]
    assert not says(beats_champion(confidence=0.9999), close)[0]


def test_better_by_a_margin():
    """Ten per cent better passes a margin of five, not of fifteen; the sentence has the numbers."""
    ok, why = says(beats_champion(by=0.05), trial(n=2000))
    assert ok
    assert "of version 1 on 2,000 held-out rows: better by 5% with confidence" in why
    assert not says(beats_champion(by=0.15), trial(n=2000))[0]


@pytest.mark.parametrize("factor", [1.0, 1.3])
def test_who_is_as_good_or_worse_does_not_beat_anybody(factor):
    """Even without any noise: the champion's twin blocks too."""
    _, incumbent = losses(500, 1.0)
    compared = Comparison.of(incumbent * factor, incumbent)
    assert not says(beats_champion(), trial(comparison=compared))[0]


def test_losses_are_shown_in_the_metrics_unit():
    """RMSE as a root."""
    squares = Comparison.of(np.full(200, 4.0), np.full(200, 9.0))
    assert says(beats_champion(), trial(metric="rmse", comparison=squares))[1].startswith(
        "rmse 2 against 3 of"
    )


def test_one_clearly_worse_slice_blocks_and_is_named():
    """However good the whole is; slices that are fine are not listed."""
    of = trial(slices={"zone=a": (400, 0.8), "zone=bb": (200, 1.5)})
    ok, why = says(no_slice_worse(by=0.15), of)
    assert not ok
    assert why == "slice zone=bb is worse by 48% (200 rows)"


def test_every_worse_slice_is_named():
    """One after the other."""
    of = trial(slices={"zone=a": (200, 1.5), "zone=bb": (200, 1.6), "zone=ccc": (200, 1.0)})
    why = says(no_slice_worse(by=0.15), of)[1]
    assert why.count("slice zone=") == 2


def test_a_slice_may_be_worse_within_the_margin():
    """Five per cent worse where fifteen are allowed."""
    ok, why = says(no_slice_worse(by=0.15), trial(slices={"zone=a": (400, 1.05)}))
    assert ok
    assert why == "no slice is clearly worse by more than 15%"


def test_small_slices_are_noise():
    """Fewer rows than asked for tell nothing beside those that are large enough."""
    of = trial(slices={"zone=a": (400, 0.9), "zone=bb": (49, 3.0)})
    assert says(no_slice_worse(by=0.15), of)[0]
    assert not says(no_slice_worse(by=0.15, min_rows=49), of)[0]


def test_slices_that_cannot_be_judged_block():
    """None were compared, or none is large enough: fine is not what was shown."""
    assert says(no_slice_worse(by=0.15), trial(slices={})) == (
        False,
        "no_slice_worse cannot be judged: no slices were compared: name them in kf.Monitor(slices=[…])",
    )
    assert says(no_slice_worse(by=0.15), trial(slices={"zone=a": (49, 0.9)})) == (
        False,
        "no_slice_worse cannot be judged: no slice has 50 held-out rows",
    )


def test_a_slice_that_the_champion_had_perfect():
    """It is worse without a percentage."""
    rows = np.full(100, 0.5)
    sums = (LossSums.of(rows), LossSums.of(rows * 0), LossSums.of(rows))
    comparison = replace(Comparison.of(rows, rows), slices={"zone=a": sums})
    assert says(no_slice_worse(by=0.15), trial(comparison=comparison)) == (
        False,
        "slice zone=a is worse (100 rows)",
    )


def test_latency_is_measured_or_blocks():
    """At the limit is fast enough."""
    assert says(latency(p99_ms=5), trial())[0]
    assert not says(latency(p99_ms=4.9), trial())[0]
    assert says(latency(p99_ms=5), trial(latency_p99_ms=None)) == (
        False,
        "latency cannot be judged: it was not measured",
    )


def test_no_gates_hold_nobody_back():
    """Whoever declares none has said so."""
    assert passed(judge([], None))
    assert summary([]) == "no gates are declared"
    assert not passed([GateResult(gate="g", passed=False, says="no")])
