"""The causes that keepfit tells apart, and a diagnosis."""

from dataclasses import dataclass
from enum import StrEnum

from keepfit.monitoring.finding import Fault


class Cause(StrEnum):
    """What is wrong with a model, worst first."""

    BAD_RELEASE = "bad release"
    DECAY = "decay"
    BROKEN_FEED = "broken feed"
    BLIND = "blind"
    DRIFT = "drift without harm"
    HEALTHY = "healthy"


SEVERITY = {cause: rank for rank, cause in enumerate(Cause)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom:
    """One cause that holds now.

    Attributes:
        subject: what it is about: a feature, a metric, a version.
        says: one sentence with the numbers.
        check: for a broken feed, the check that saw it; empty otherwise.
        fault: for a broken feed, the rows at fault.
        explanation: for decay, where it comes from; empty when nothing is known of that.
    """

    cause: Cause
    subject: str
    says: str
    check: str = ""
    fault: Fault | None = None
    explanation: str = ""

    @property
    def told(self) -> str:
        """What people are told: what is wrong, and where it comes from."""
        return f"{self.says}. {self.explanation}" if self.explanation else self.says

    @property
    def key(self) -> str:
        """One incident is kept per key."""
        return ":".join(part for part in (self.cause.value, self.subject, self.check) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Everything that is wrong with a model at one moment.

    Attributes:
        symptoms: worst first; empty when healthy.
        says: the state in one sentence.
    """

    symptoms: tuple[Symptom, ...]
    says: str

    @property
    def cause(self) -> Cause:
        """The worst of the causes."""
        return self.symptoms[0].cause if self.symptoms else Cause.HEALTHY

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The rows that broken feeds mark."""
        return tuple(symptom.fault for symptom in self.symptoms if symptom.fault is not None)

    def of(self, cause: Cause) -> tuple[Symptom, ...]:
        """The symptoms of one cause."""
        return tuple(symptom for symptom in self.symptoms if symptom.cause is cause)
