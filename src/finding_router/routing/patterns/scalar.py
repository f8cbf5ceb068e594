"""Comparison of strings, numbers, booleans and null in the pattern language."""

from collections.abc import Hashable
from functools import lru_cache
from math import isfinite
from typing import Final

# All integers up to this one have an exact float64.
_EXACT: Final = 2**53

# Length of "255.255.255.255", and of eight groups of four digits with their colons.
_MAX_IPV4_CHARS: Final = 15
_MAX_IPV6_CHARS: Final = 39
_IPV4_DOTS: Final = 3
_IPV6_CHARS: Final = frozenset("0123456789abcdefABCDEF:")

type Address = tuple[int, int]


def literal(value: object) -> Hashable:
    """
    Return a key that two values share exactly if the pattern language treats them as equal.

    5 equals 5.0 but neither "5" nor true; null equals only null.
    """
    if isinstance(value, str):
        return value
    number = comparable(value)
    # True == 1 in Python, so the keys of all other values include the type.
    return (type(value), value) if number is None else number


def comparable(value: object) -> float | None:
    """
    Return a JSON number as a float64; None for other values or if the conversion loses digits.

    EventBridge's engine compares numbers as float64. It compares a number that needs more digits
    only for equality as written; such a number is in no range.
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
    """Return a large integer as a float if the float's shortest notation equals it, as for 1e20."""
    # Imported late to keep cold starts short: findings have no numbers of this size.
    from decimal import Decimal  # noqa: PLC0415 -- see above

    try:
        rounded = float(value)
    except OverflowError:
        return None
    return rounded if Decimal(repr(rounded)) == value else None


def address(text: str) -> Address | None:
    """
    Return version and integer value of an IPv4 or IPv6 address; None if *text* is no address.

    An IPv4-mapped IPv6 address (``::ffff:a00:1``) is returned as IPv4.
    """
    if ":" in text:
        may_be = len(text) <= _MAX_IPV6_CHARS and _IPV6_CHARS.issuperset(text)
    else:
        may_be = len(text) <= _MAX_IPV4_CHARS and text.count(".") == _IPV4_DOTS
    return _parse(text) if may_be else None


@lru_cache(maxsize=1024)
def _parse(text: str) -> Address | None:
    # Imported late to keep cold starts short: few patterns contain addresses.
    from ipaddress import IPv6Address, ip_address  # noqa: PLC0415 -- see above

    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or parsed
    return parsed.version, int(parsed)
