"""Read values of unvalidated JSON; a missing key and a wrong type both count as no value."""

import math
from collections.abc import Mapping
from typing import Any, TypeIs

from finding_router.characters import is_blank


def value_at(source: object, *path: str | int) -> object:
    """
    Return the value at *path* in *source*; a string is an object's key, an int an array's index.

    Keys are not split, since those of ProductFields contain dots, slashes and spaces. Return None
    if the path ends early, and for JSON's null.
    """
    here = source
    for step in path:
        if isinstance(step, str):
            here = here.get(step) if isinstance(here, Mapping) else None
        else:
            here = here[step] if _is_array(here) and -len(here) <= step < len(here) else None
    return here


def text_at(source: object, *path: str | int) -> str | None:
    """
    Return the text at *path*, untrimmed; None if it is of another type, or has nothing to see.

    Numbers and booleans become text, since products write either. A lone surrogate, which JSON can
    represent and UTF-8 cannot, becomes U+FFFD.
    """
    return as_text(value_at(source, *path))


def number_at(source: object, *path: str | int) -> float | None:
    """Return the finite number at *path*, also from a text; None for a boolean."""
    return as_number(value_at(source, *path))


def items_at(source: object, *path: str | int) -> tuple[Mapping[str, Any], ...]:
    """Return the objects in the array at *path*; a lone object counts as an array of one."""
    value = value_at(source, *path)
    if isinstance(value, Mapping):
        return (value,)
    return tuple(item for item in value if isinstance(item, Mapping)) if _is_array(value) else ()


def texts_at(source: object, *path: str | int) -> tuple[str, ...]:
    """Return the non-blank texts in the array at *path*; a lone text counts as an array of one."""
    value = value_at(source, *path)
    items = value if _is_array(value) else (value,)
    return tuple(text for text in map(as_text, items) if text is not None)


def as_text(value: object) -> str | None:
    """Return *value* as text, by the rules of `text_at`."""
    if isinstance(value, str):
        return None if is_blank(value) else _encodable(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int | float):
        try:
            return str(value)
        except ValueError:  # Python converts no integer of more than 4,300 digits to text
            return None
    return None


def as_number(value: object) -> float | None:
    """Return *value* as a number, by the rules of `number_at`."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _is_array(value: object) -> TypeIs[list[object] | tuple[object, ...]]:
    return isinstance(value, list | tuple)


def _encodable(text: str) -> str:
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
