"""What rows are dealt out by, where a release names a column: the same customer is always answered by the same version."""

from collections.abc import Sequence

from keepfit.predictions.capture_codec import Cell
from keepfit.release.routing import key_text
from keepfit.serving.rows import Rows


def split_keys(rows: Rows, column: str) -> list[str]:
    """For each row the text of its key; its prediction id where the key is missing, or did not come.

    Args:
        rows: checked rows.
        column: the name of the key, which is a number, a category or context.
    """
    keys = _values(rows, column)
    if keys is None:
        return rows.ids
    return [key_text(key) or one for key, one in zip(keys, rows.ids, strict=True)]


def _values(rows: Rows, column: str) -> Sequence[Cell] | None:
    layout = rows.layout
    if column in layout.context:
        return rows.context[layout.context.index(column)]
    if column in layout.numbers:
        found: list[float] = rows.numbers[:, layout.numbers.index(column)].tolist()
        return found
    for feature, values in zip(layout.categories, rows.categories, strict=True):
        if feature.name == column:
            return values
    return None
