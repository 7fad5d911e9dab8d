"""Ids that occur more than once: an upstream join that went wrong, or a feed that was sent twice."""

from typing import Final

from keepfit.evaluation.wording import counted, percent
from keepfit.monitoring.finding import Check, Fault, Finding, Verdict
from keepfit.stats.rise import rise_p_value

#: The least rise of the share of duplicates that counts; an id is meant to occur once, so that a few are many.
LEAST_RISE: Final = 0.001


def check_duplicates(
    subject: str, *, rows: int, duplicates: int, reference_rows: int, reference_duplicates: int
) -> Finding:
    """Alarm when the share of rows whose id occurred before has risen, by a thousandth or more and beyond chance.

    Args:
        subject: the id's column.
        rows: of the window.
        duplicates: rows with an id that an earlier row of the window has.
        reference_rows, reference_duplicates: the same of the reference.
    """
    share = duplicates / rows if rows else 0.0
    expected = reference_duplicates / reference_rows if reference_rows else 0.0
    p = rise_p_value(duplicates, rows, reference_duplicates, reference_rows)
    # A reference without duplicates says that ids are unique: chance then explains none, however few the rows.
    never = reference_rows > 0 and not reference_duplicates and duplicates > 1
    alarm = share >= expected + LEAST_RISE and (p < 1e-4 or never)
    verb = "occurs more than once" if duplicates else "is unique"
    return Finding(
        check=Check.DUPLICATES,
        subject=subject,
        statistic="duplicate share",
        value=share,
        expected=expected,
        threshold=expected + LEAST_RISE,
        n=rows,
        verdict=Verdict.ALARM if alarm else Verdict.OK,
        says=f"{subject} {verb}: {duplicates:,} of {counted(rows)} {'repeats' if duplicates == 1 else 'repeat'} an id ({percent(share)}), "
        f"{reference_duplicates:,} of {reference_rows:,} in the reference",
        fault=Fault(column=subject, kind="all") if alarm else None,
        p=p,
    )
