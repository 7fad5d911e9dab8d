"""Are the columns those of the reference? Missing, new, and of another type."""

from keepfit.data.schema import Schema
from keepfit.monitoring.finding import Check, Fault, Finding, Verdict


def check_schema(expected: Schema, found: Schema) -> list[Finding]:
    """One finding a column that is missing, new, or of another type; one that all is well when none is.

    A column that is missing, or holds another kind of value, is a fault of the data; a column that is new, and whole
    numbers where there were fractions or the other way round, are told.
    """
    was = {column.name: column.dtype for column in expected.columns}
    now = {column.name: column.dtype for column in found.columns}
    findings = [_missing(name, was[name]) for name in was if name not in now]
    findings += [
        _retyped(name, was[name], now[name]) for name in was if name in now and was[name] != now[name]
    ]
    findings += [_new(name, now[name]) for name in now if name not in was]
    return findings or [_same(len(was))]


def _missing(name: str, dtype: str) -> Finding:
    return _finding(
        name,
        f"{name} is missing; the reference has it as {dtype}",
        Verdict.ALARM,
        fault=Fault(column=name, kind="all"),
    )


def _retyped(name: str, was: str, now: str) -> Finding:
    says = f"{name} is {now}, and {was} in the reference"
    if _kind(was) == _kind(now):
        return _finding(name, says, Verdict.OK)
    return _finding(name, says, Verdict.ALARM, fault=Fault(column=name, kind="all"))


def _new(name: str, dtype: str) -> Finding:
    return _finding(name, f"{name} ({dtype}) is not in the reference", Verdict.OK)


def _same(columns: int) -> Finding:
    return _finding("columns", f"the {columns:,} columns have the types of the reference", Verdict.OK)


def _finding(subject: str, says: str, verdict: Verdict, fault: Fault | None = None) -> Finding:
    return Finding(
        check=Check.SCHEMA,
        subject=subject,
        statistic="changed",
        value=float(verdict is Verdict.ALARM),
        expected=0.0,
        threshold=1.0,
        n=0,
        verdict=verdict,
        says=says,
        fault=fault,
    )


def _kind(dtype: str) -> str:
    """What a type holds, whatever its width: numbers are numbers."""
    lower = dtype.lower()
    if lower.startswith(("int", "uint", "float", "decimal")):
        return "number"
    if lower.startswith(("datetime", "date")):
        return "time"
    if lower.startswith(("string", "categorical", "enum")):
        return "text"
    return lower
