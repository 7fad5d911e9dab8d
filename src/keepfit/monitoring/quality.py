"""Is the feed whole? Traffic, nulls, new values, range, constant columns and changes of unit, against the reference."""

from collections.abc import Mapping, Sequence

from keepfit.evaluation.wording import counted, percent
from keepfit.monitoring.finding import Check, Fault, Finding, Verdict
from keepfit.monitoring.measured import Measured
from keepfit.monitoring.new_values import new_categories, new_numbers
from keepfit.monitoring.norm_column import Column, NormColumn, once
from keepfit.monitoring.range_check import constant_test, out_of_range
from keepfit.monitoring.rise import Rise, rise_test
from keepfit.monitoring.unit import check_units
from keepfit.monitoring.variation import largest_share
from keepfit.stats.profile import NumericProfile


def traffic_finding(rows: int, reference_rows: int, least: int) -> Finding:
    """Whether enough rows came to tell anything, and there is something to hold them against."""
    enough = rows >= least and reference_rows >= least
    if enough:
        says = f"{counted(rows)} came"
    elif rows < least and reference_rows:
        says = f"{counted(rows)} came; a verdict needs {least:,}"
    elif reference_rows:
        says = f"the reference holds {counted(reference_rows)}; a verdict needs {least:,}"
    else:
        says = f"{counted(rows)} came, but the reference holds none to compare them with"
    return Finding(
        check=Check.TRAFFIC,
        subject="rows",
        statistic="rows",
        value=rows,
        expected=least,
        threshold=least,
        n=rows,
        verdict=Verdict.OK if enough else Verdict.INSUFFICIENT_DATA,
        says=says,
    )


def quality_tests(
    window: Mapping[str, Column], columns: Mapping[str, NormColumn], quality: float
) -> list[Measured]:
    """The tests of each column: nulls, new values, range, a constant, and the unit of numbers.

    A share of rows that rises is a change that is told, or a fault of the data, by how much it rose: see
    `keepfit.monitoring.rise`. Every rise must pass three floors: size, chance (Fisher's exact test), and the largest
    share in any of the reference's windows of at least 50 rows.

    Args:
        window: the columns of the window.
        columns: the same of the reference.
        quality: see `Monitor`.
    """
    numbers = {name: one for name, one in window.items() if isinstance(one, NumericProfile)}
    units = check_units([*numbers.values()], [columns[name] for name in numbers])
    tests = [test for name, one in window.items() for test in _column_tests(one, columns[name], quality)]
    return [*tests, *(Measured(finding=unit) for unit in units if unit is not None)]


def _column_tests(window: Column, column: NormColumn, quality: float) -> list[Measured]:
    """All tests of one column but that of its unit."""
    rows = window.rows
    tests = [_rise(Check.NULLS, column, [_nulls(window, column, rows)], rows, quality)]
    if window.unreadable:
        tests.append(_rise(Check.TYPE, column, [_unreadable(window, column, rows)], rows, quality))
    if isinstance(window, NumericProfile):
        tests += [
            rise_test(
                Check.NEW_VALUE,
                column.name,
                new_numbers(window, column, least=quality),
                rows=rows,
                quality=quality,
                tried=len(window.named),
            ),
            _rise(Check.RANGE, column, out_of_range(window, column), rows, quality),
        ]
    else:
        tests.append(_rise(Check.NEW_VALUE, column, new_categories(window, column), rows, quality))
    constant = constant_test(window, column)
    return [*tests, constant] if constant else tests


def _rise(check: Check, column: NormColumn, rises: Sequence[Rise], rows: int, quality: float) -> Measured:
    return rise_test(check, column.name, rises, rows=rows, quality=quality)


def _nulls(window: Column, column: NormColumn, rows: int) -> Rise:
    return Rise(
        what="null",
        hits=window.nulls - window.unreadable,
        rows=rows,
        reference_hits=column.total.nulls,
        reference_rows=column.total_rows,
        block=_most_nulls(column),
        norm=_usual_nulls(column),
        fault=Fault(column=column.name, kind="null"),
    )


@once
def _most_nulls(column: NormColumn) -> float:
    return largest_share(column.nulls, column.rows)


@once
def _usual_nulls(column: NormColumn) -> str:
    if not column.total.nulls:
        return f"never in the reference ({column.total_rows:,} rows)"
    share = percent(column.total.nulls / column.total_rows)
    most = (
        f", at most {percent(_most_nulls(column))} in one of its windows" if len(column.windows) > 1 else ""
    )
    return f"{share} of the reference ({column.total_rows:,} rows){most}"


def _unreadable(window: Column, column: NormColumn, rows: int) -> Rise:
    """Rows that hold something, but nothing of the column's kind: a number became text, or was mixed with it."""
    total = column.total
    due = "a number" if isinstance(window, NumericProfile) else "text"
    return Rise(
        what=f"something other than {due}",
        hits=window.unreadable,
        rows=rows,
        reference_hits=total.unreadable,
        reference_rows=column.total_rows,
        block=0.0,
        norm=f"{total.unreadable:,} of {column.total_rows:,} rows of the reference are",
        fault=Fault(column=column.name, kind="all"),
    )
