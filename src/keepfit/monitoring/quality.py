"""Is the feed whole? Traffic, nulls, values never seen before and changes of unit, against the reference."""

from collections.abc import Sequence

import numpy as np

from keepfit.monitoring.evidence import WindowEvidence
from keepfit.monitoring.finding import Check, Fault, Finding, Verdict
from keepfit.monitoring.new_values import new_categories, new_numbers
from keepfit.monitoring.policy import Monitor
from keepfit.monitoring.reference import Reference
from keepfit.monitoring.rise import Rise, judge, percent
from keepfit.monitoring.unit import check_unit
from keepfit.monitoring.variation import largest_share
from keepfit.stats.profile import CategoricalProfile, NumericProfile, Profile


def check_quality(
    reference: Reference, evidence: WindowEvidence | Profile, monitor: Monitor
) -> list[Finding]:
    """Findings on traffic, then on each feature's nulls, new values and, for numbers, unit.

    With fewer than `monitor.min_rows` rows, or without a reference, there is one finding: insufficient data.

    A share of nulls, or of a value that is new, alarms when it passes three floors at once: it is at least
    `monitor.quality` above that of the reference; chance makes it so less than once in 10,000 windows (Fisher's exact
    test); and it is above that of any of the reference's blocks of at least 50 rows by half of `monitor.quality`.
    See `keepfit.monitoring.unit` for units.
    """
    traffic = evidence.traffic if isinstance(evidence, WindowEvidence) else evidence
    total = reference.total
    enough = traffic.rows >= monitor.min_rows and total.rows > 0
    findings = [_traffic(traffic.rows, total.rows, monitor.min_rows, enough=enough)]
    for name, window in traffic.features.items() if enough else ():
        blocks = [block.features[name] for _, block in reference.blocks]
        findings += _feature(name, window, total.features[name], blocks, monitor.quality)
    return findings


def _traffic(rows: int, reference_rows: int, least: int, *, enough: bool) -> Finding:
    if enough:
        says = f"{rows:,} rows came"
    elif reference_rows:
        says = f"{rows:,} rows came; a verdict needs {least:,}"
    else:
        says = f"{rows:,} rows came, but the reference holds none to compare them with"
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


def _feature(
    name: str,
    window: NumericProfile | CategoricalProfile,
    total: NumericProfile | CategoricalProfile,
    blocks: Sequence[NumericProfile | CategoricalProfile],
    quality: float,
) -> list[Finding]:
    rows = window.rows
    found = [judge(Check.NULLS, name, [_nulls(name, window, total, blocks)], rows=rows, quality=quality)]
    if isinstance(window, NumericProfile) and isinstance(total, NumericProfile):
        numeric = [block for block in blocks if isinstance(block, NumericProfile)]
        rises = new_numbers(name, window, total, numeric)
        found.append(judge(Check.NEW_VALUE, name, rises, rows=rows, quality=quality))
        unit = check_unit(name, window, total, numeric)
        found += [unit] if unit else []
    elif isinstance(window, CategoricalProfile) and isinstance(total, CategoricalProfile):
        categorical = [block for block in blocks if isinstance(block, CategoricalProfile)]
        rises = new_categories(name, window, total, categorical)
        found.append(judge(Check.NEW_VALUE, name, rises, rows=rows, quality=quality))
    return found


def _nulls(
    name: str,
    window: NumericProfile | CategoricalProfile,
    total: NumericProfile | CategoricalProfile,
    blocks: Sequence[NumericProfile | CategoricalProfile],
) -> Rise:
    worst = largest_share(
        np.array([block.nulls for block in blocks]), np.array([block.rows for block in blocks])
    )
    share = percent(total.nulls / total.rows if total.rows else 0.0)
    norm = f"{share} of the reference ({total.rows:,} rows), at most {percent(worst)} in one of its windows"
    return Rise(
        what="null",
        hits=window.nulls,
        rows=window.rows,
        reference_hits=total.nulls,
        reference_rows=total.rows,
        block=worst,
        norm=norm if total.nulls else f"never in the reference ({total.rows:,} rows)",
        fault=Fault(column=name, kind="null"),
    )
