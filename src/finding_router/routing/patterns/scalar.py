"""How the pattern language compares strings, numbers, truth values and null."""

from collections.abc import Hashable
from functools import lru_cache
from math import isfinite
from typing import Final

# Every whole number up to here is a float64 of its own.
_EXACT: Final = 2**53

# The longest of each, "255.255.255.255" and eight groups of four digits.
_MAX_IPV4_CHARS: Final = 15
_MAX_IPV6_CHARS: Final = 39
_IPV4_DOTS: Final = 3
_IPV6_CHARS: Final = frozenset("0123456789abcdefABCDEF:")

type Address = tuple[int, int]


def literal(value: object) -> Hashable:
    """
    Give what is the same for two values exactly where the language holds them to be equal.

    5 equals 5.0, but neither "5" nor true; null equals null only.
    """
    if isinstance(value, str):
        return value
    number = comparable(value)
    # In Python True == 1, so what is no number is told apart by its type.
    return (type(value), value) if number is None else number


def comparable(value: object) -> float | None:
    """
    Give a JSON number as a float64, None where it is none or cannot be one without a loss.

    The engine of EventBridge compares numbers as float64 and leaves those that need more digits
    alone: they equal themselves, as they are written, and lie in no range.
    https://github.com/aws/event-ruler/pull/188
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, int):
        return float(value) if -_EXACT <= value <= _EXACT else _rounded(value)
    return None


def _rounded(value: int) -> float | None:
    """Give a big number whose shortest float64 notation is the number itself, as is 1e20."""
    # Imported late: no field of a finding has numbers of this size.
    from decimal import Decimal  # noqa: PLC0415 -- see above

    try:
        rounded = float(value)
    except OverflowError:
        return None
    return rounded if Decimal(repr(rounded)) == value else None


def address(text: str) -> Address | None:
    """
    Read an IPv4 or IPv6 address as its version and number, None where *text* is none.

    An IPv4 address that is written as an IPv6 one (``::ffff:a00:1``) is the IPv4 address.
    """
    if ":" in text:
        may_be = len(text) <= _MAX_IPV6_CHARS and _IPV6_CHARS.issuperset(text)
    else:
        may_be = len(text) <= _MAX_IPV4_CHARS and text.count(".") == _IPV4_DOTS
    return _parse(text) if may_be else None


@lru_cache(maxsize=1024)
def _parse(text: str) -> Address | None:
    # Imported late: few patterns look at addresses, and every cold start would pay for it.
    from ipaddress import IPv6Address, ip_address  # noqa: PLC0415 -- see above

    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    return parsed.version, int(parsed)
