"""The report of `keepfit data diff`: schema, rows, and the columns that moved, the most moved first."""

from typing import TYPE_CHECKING

from keepfit.cli.output import plural, print_table, report

if TYPE_CHECKING:
    from keepfit.data.diff import ColumnMove, DatasetDiff

_HEADERS = ["column", "moved", "by", "nulls", "mean", "values"]


def print_diff(found: "DatasetDiff") -> None:
    """Print what changed from one version of a dataset to another."""
    if found.same:
        report(f"{found.old} and {found.new} hold the same {plural(found.rows_before, 'row')}")
        return
    report(f"from {found.old} to {found.new}")
    for line in _schema(found):
        report(f"schema: {line}")
    report(f"rows: {_rows(found)}")
    # The key names rows: it says which are new, and has no distribution that could move.
    columns = [one for one in found.columns if found.keyed is None or one.name != found.keyed.key]
    moved = [one for one in columns if one.distance > 0]
    still = [one.name for one in columns if one.distance == 0]
    if moved:
        report("columns that moved, the most moved first:")
        print_table(_HEADERS, [_moved(one) for one in moved], empty="", right=("moved",))
    report(f"columns that did not move: {', '.join(still) or 'none'}")


def _schema(found: "DatasetDiff") -> list[str]:
    lines = [f"column '{name}' was added" for name in found.added]
    lines += [f"column '{name}' was removed" for name in found.removed]
    lines += [f"column '{one.name}' was {one.before}, is {one.after}" for one in found.retyped]
    return lines or ["no change"]


def _rows(found: "DatasetDiff") -> str:
    counts = f"{found.rows_before:,} → {found.rows_after:,}"
    keyed = found.keyed
    if keyed is None:
        return f"{counts}; which ones changed cannot be told: {found.unkeyed}"
    changes = f"{keyed.added:,} added, {keyed.removed:,} removed, {keyed.changed:,} changed"
    return f"{counts}; by '{keyed.key}': {changes}"


def _moved(one: "ColumnMove") -> list[str]:
    statistic = {"ks": "Kolmogorov-Smirnov", "tv": "total variation"}[one.statistic]
    return [
        one.name,
        f"{one.distance:.3f}",
        statistic,
        _change(f"{one.null_share_before:.1%}", f"{one.null_share_after:.1%}"),
        _change(_mean(one.mean_before), _mean(one.mean_after)),
        _change(f"{one.distinct_before:,}", f"{one.distinct_after:,}"),
    ]


def _change(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _mean(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
