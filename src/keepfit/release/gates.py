"""Gates: pure judgements of a candidate's trial. A gate that cannot be judged blocks, and says why."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from keepfit.evaluation.comparison import Comparison
from keepfit.evaluation.evidence import LossSums, display
from keepfit.evaluation.trial import Trial
from keepfit.release.policy import BeatsChampion, Gate, Latency, NoSliceWorse


@dataclass(frozen=True, slots=True, kw_only=True)
class GateResult:
    """What one gate said.

    Attributes:
        gate: its name.
        passed: whether the candidate may go on.
        says: one sentence with the numbers.
    """

    gate: str
    passed: bool
    says: str


def judge(gates: Sequence[Gate], trial: Trial | None) -> list[GateResult]:
    """Judge every gate; all of them, so that a refusal names everything that is wrong."""
    return [_judge(gate, trial) for gate in gates]


def passed(results: Sequence[GateResult]) -> bool:
    """Whether every gate passed; true when there are none."""
    return all(result.passed for result in results)


def summary(results: Sequence[GateResult]) -> str:
    """The gates that decided, in one sentence: those that blocked, or all when none did."""
    deciding = [result for result in results if not result.passed] or list(results)
    return "; ".join(result.says for result in deciding) or "no gates are declared"


def _judge(gate: Gate, trial: Trial | None) -> GateResult:
    match gate:
        case BeatsChampion():
            return _beats_champion(gate, trial)
        case NoSliceWorse():
            return _no_slice_worse(gate, trial)
        case Latency():
            return _latency(gate, trial)


def _blocked(gate: str, why: str) -> GateResult:
    return GateResult(gate=gate, passed=False, says=f"{gate} cannot be judged: {why}")


def _compared(trial: Trial | None, min_rows: int) -> Comparison | str:
    if trial is None:
        return "the version has no trial on record"
    if trial.comparison is None:
        return trial.problem or "the candidate was compared with nothing"
    if trial.comparison.n < min_rows:
        return f"only {trial.comparison.n:,} held-out rows, {min_rows:,} are needed"
    if not math.isfinite(trial.comparison.difference.mean):
        return "the losses on the held-out rows are not numbers"
    return trial.comparison


def _beats_champion(gate: BeatsChampion, trial: Trial | None) -> GateResult:
    name = "beats_champion"
    compared = _compared(trial, gate.min_rows)
    if trial is None or isinstance(compared, str):
        return _blocked(name, compared if isinstance(compared, str) else "no trial")
    sure = compared.confidence_better(gate.by)
    challenger = display(trial.metric, compared.challenger.mean)
    incumbent = display(trial.metric, compared.incumbent.mean)
    says = (
        f"{trial.metric} {challenger:.3g} against {incumbent:.3g} of {trial.against} on {compared.n:,} held-out rows: "
        f"better{f' by {gate.by:.0%}' if gate.by else ''} with confidence {sure:.2f}, {gate.confidence:.2f} is needed"
    )
    return GateResult(gate=name, passed=sure >= gate.confidence, says=says)


def _no_slice_worse(gate: NoSliceWorse, trial: Trial | None) -> GateResult:
    name = "no_slice_worse"
    compared = _compared(trial, 1)
    if isinstance(compared, str):
        return _blocked(name, compared)
    if not compared.slices:
        return _blocked(name, "no slices were compared: name them in kf.Monitor(slices=[…])")
    large = {key: sums for key, sums in compared.slices.items() if sums[0].n >= gate.min_rows}
    if not large:
        return _blocked(name, f"no slice has {gate.min_rows:,} held-out rows")
    worse = [
        f"{key} is worse{_by(mine, other)} ({mine.n:,} rows)"
        for key, (mine, other, difference) in large.items()
        if _clearly_worse(mine, other, difference, gate)
    ]
    if worse:
        return GateResult(gate=name, passed=False, says=f"slice {'; slice '.join(worse)}")
    return GateResult(gate=name, passed=True, says=f"no slice is clearly worse by more than {gate.by:.0%}")


def _by(challenger: LossSums, incumbent: LossSums) -> str:
    return f" by {challenger.mean / incumbent.mean - 1:.0%}" if incumbent.total else ""


def _clearly_worse(
    challenger: LossSums, incumbent: LossSums, difference: LossSums, gate: NoSliceWorse
) -> bool:
    pair = Comparison(challenger=challenger, incumbent=incumbent, difference=difference)
    return pair.confidence_worse(gate.by) >= gate.confidence


def _latency(gate: Latency, trial: Trial | None) -> GateResult:
    if trial is None or trial.latency_p99_ms is None:
        return _blocked("latency", "it was not measured")
    took = trial.latency_p99_ms
    says = f"one prediction takes {took:.2g} ms of processor time at the 99th percentile, {gate.p99_ms:g} ms are allowed"
    return GateResult(gate="latency", passed=took <= gate.p99_ms, says=says)
