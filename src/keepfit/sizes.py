"""Sizes in bytes, as people write them."""

import re
from typing import Final

_UNITS: Final = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_BINARY_UNITS: Final = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
_ALL_UNITS: Final = {unit.upper(): size for unit, size in (_UNITS | _BINARY_UNITS).items()}
_SIZE: Final = re.compile(r"(?P<number>\d+(\.\d+)?)\s*(?P<unit>[A-Z]*)")


def parse_size(value: object) -> int:
    """Bytes from `"2GB"`, `"1.5 GiB"`, or a whole number of bytes.

    Raises:
        ValueError: it is none of these, or not even a byte.

    >>> parse_size("2GB"), parse_size("1.5 MiB"), parse_size(4_000_000)
    (2000000000, 1572864, 4000000)
    """
    match = _SIZE.fullmatch(str(value).strip().upper())
    unit = _ALL_UNITS.get(match["unit"]) if match else None
    if match is None or unit is None:
        raise ValueError(f'\'{value}\' is no size: write it as in "500MB", "2GB" or "1.5 GiB"')
    size = int(float(match["number"]) * unit)
    if size < 1:
        raise ValueError(f"'{value}' is too little to work with")
    return size


def say_size(size: int) -> str:
    """Bytes as a person writes them in keepfit.toml.

    >>> say_size(4_000_000_000), say_size(1_572_864), say_size(1_001)
    ('4GB', '1536KiB', '1001B')
    """
    for units in (_UNITS, _BINARY_UNITS):
        whole = [unit for unit, one in units.items() if one > 1 and size % one == 0]
        if whole:
            unit = max(whole, key=units.__getitem__)
            return f"{size // units[unit]}{unit}"
    return f"{size}B"
