"""What a caller would rather have: the headers `Accept` and `Accept-Encoding`."""

from collections.abc import Mapping


def weights(header: str) -> Mapping[str, float]:
    """The names in a header, each with its weight (`q`, 1 unless given; RFC 9110, 12.4.2), in small letters.

    A weight that is none counts as 0.

    >>> weights("text/csv; charset=utf-8, application/json;q=0.5")
    {'text/csv': 1.0, 'application/json': 0.5}
    """
    return dict(_weighed(part) for part in header.lower().split(","))


def _weighed(part: str) -> tuple[str, float]:
    name, *parameters = (one.strip() for one in part.split(";"))
    for parameter in parameters:
        key, _, weight = parameter.partition("=")
        if key.strip() == "q":
            return name, _number(weight)
    return name, 1.0


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
