"""From tests to verdicts: all tests of a window are judged together, so that many of them make no false alarms."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from keepfit.monitoring.finding import Fault, Finding, Verdict
from keepfit.stats.multiple_testing import benjamini_hochberg


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A finding whose verdict is still to come.

    Attributes:
        finding: as it is when it does not alarm; its `p` is set, or else it stands as it is.
        beyond: whether the change is as large as a person would call one, and larger than what the reference's own time
            blocks do to each other.
        says: the sentence when it alarms; empty when nothing is beyond.
        fault: the rows at fault when it alarms.
        more: further tests of which this finding is the summary, and of which none is beyond.
    """

    finding: Finding
    beyond: bool = False
    more: int = 0
    says: str = ""
    fault: Fault | None = None


def judged(tests: Sequence[Measured], rate: float) -> list[Finding]:
    """The findings with their verdicts: a change alarms that is beyond natural variation and size, and no chance.

    Benjamini and Hochberg's procedure at `rate` over all tests of the window, where those that stay within natural
    variation or are too small to matter count as tests that rejected nothing: they cannot lend the others their
    significance. In a healthy window some test alarms with a chance of at most `rate`.
    """
    counted = [one for one in tests if one.finding.p is not None]
    p_values = [_p(one) if one.beyond else 1.0 for one in counted]
    others = [1.0] * sum(one.more for one in counted)
    significant = benjamini_hochberg([*p_values, *others], rate)
    alarming = {id(one) for one, clear in zip(counted, significant, strict=False) if clear and one.beyond}
    return [_alarm(one) if id(one) in alarming else one.finding for one in tests]


def _p(one: Measured) -> float:
    return one.finding.p if one.finding.p is not None else 1.0


def _alarm(one: Measured) -> Finding:
    return replace(one.finding, verdict=Verdict.ALARM, says=one.says, fault=one.fault)
