"""Convert DynamoDB's typed attributes to plain JSON values and back."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer

from finding_router.isolation import contained

_SERIALIZER: Final = TypeSerializer()
_DESERIALIZER: Final = TypeDeserializer()


def to_item(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return *values* as a DynamoDB item: None is omitted, a float keeps its decimal digits."""
    return {name: _SERIALIZER.serialize(value) for name, value in _storable(values).items()}


def from_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return *item* as plain values: int or float, bytes for binary, a sorted list for a set."""
    return {name: _plain(_DESERIALIZER.deserialize(value)) for name, value in item.items()}


def readable_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return *item* like `from_item`; an attribute that cannot be converted stays as it is, typed.

    A file may hold attributes that are not of their type.
    """
    plain: dict[str, Any] = {}
    for name, value in item.items():
        plain[name] = value
        with contained():
            plain[name] = _plain(_DESERIALIZER.deserialize(value))
    return plain


def _storable(value: Any) -> Any:
    match value:
        case float():
            return Decimal(str(value))
        case dict():
            return {key: _storable(inner) for key, inner in value.items() if inner is not None}
        case list() | tuple():
            return [_storable(inner) for inner in value]
        case _:
            return value


def _plain(value: Any) -> Any:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case dict():
            return {key: _plain(inner) for key, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
        case Binary():
            return bytes(value)  # type: ignore[call-overload]  # missing from the stubs
        case set():
            return sorted(_plain(inner) for inner in value)
        case _:
            return value
