"""
Convert DynamoDB's typed attributes to plain JSON values and back.

boto3 has a converter, too, but importing it takes longer than everything that the router imports of
its own.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from decimal import Clamped, Context, Decimal, Inexact, Overflow, Rounded, Underflow
from math import isfinite
from typing import Any, Final

from finding_router.isolation import contained

# boto3's: a text that is no number becomes NaN, and a number that it would round is refused.
_CONTEXT: Final = Context(
    Emin=-128, Emax=126, prec=38, traps=[Clamped, Overflow, Inexact, Rounded, Underflow]
)


def to_item(values: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return *values* as a DynamoDB item: None is omitted, a float keeps its decimal digits.

    Raises:
        TypeError: a value is of a type that DynamoDB has no attribute for, or an empty set.

    """
    return {name: _attribute(value) for name, value in values.items() if value is not None}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return *item* as plain values: int or float, bytes for binary, a sorted list for a set."""
    return {name: _plain(attribute) for name, attribute in item.items()}


def readable_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return *item* like `from_item`; an attribute that cannot be converted stays as it is, typed.

    A file may hold attributes that are not of their type.
    """
    plain: dict[str, Any] = {}
    for name, value in item.items():
        plain[name] = value
        with contained():
            plain[name] = _plain(value)
    return plain


def _attribute(value: Any) -> dict[str, Any]:  # noqa: PLR0911 -- one for each type
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case int() | float() | Decimal():
            return {"N": _number(value)}
        case bytes() | bytearray():
            return {"B": bytes(value)}
        case Mapping():
            return {"M": to_item(value)}
        case list() | tuple():
            return {"L": [_attribute(inner) for inner in value]}
        case AbstractSet():
            return _set(value)
    message = f"{type(value).__name__} is no type of DynamoDB"
    raise TypeError(message)


def _set(values: AbstractSet[Any]) -> dict[str, Any]:
    inner = [_attribute(value) for value in values]
    kinds = {kind for each in inner for kind in each}
    if len(kinds) != 1 or not kinds <= {"S", "N", "B"}:
        message = (
            "a set of DynamoDB holds texts, numbers or binaries, all of one kind, at least one"
        )
        raise TypeError(message)
    [kind] = kinds
    return {f"{kind}S": [each[kind] for each in inner]}


def _number(value: float | Decimal) -> str:
    if not isfinite(value):
        message = f"DynamoDB has no number {value}"
        raise TypeError(message)
    return str(Decimal(str(value)))


def _plain(attribute: Mapping[str, Any]) -> Any:
    [(kind, value)] = attribute.items()
    return _READERS[kind](value)


def _plain_number(text: str) -> int | float:
    number = _CONTEXT.create_decimal(text)
    return int(number) if number == number.to_integral_value() else float(number)


_READERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "NULL": lambda _: None,
    "BOOL": lambda value: value,
    "S": lambda value: value,
    "N": _plain_number,
    "B": bytes,
    "M": from_item,
    "L": lambda values: [_plain(each) for each in values],
    "SS": sorted,
    "NS": lambda values: sorted(map(_plain_number, values)),
    "BS": lambda values: sorted(map(bytes, values)),
}
