"""Read JSON of which nothing is certain: a missing step and a wrong type both give nothing."""

import math
from collections.abc import Mapping
from typing import Any, TypeIs


def value_at(source: object, *path: str | int) -> object:
    """
    Follow *path* into *source*: a string is a key of an object, an integer an index of an array.

    Keys are taken whole, since those of ProductFields hold dots, slashes and blanks. Gives None
    where the path ends early, which JSON's null cannot be told from.
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
    Give the text at *path*, as it was written; None for what is blank or no text.

    Numbers and booleans become text, since products write either. Half a surrogate pair, which
    JSON can carry and no encoding can, becomes U+FFFD.
    """
    return as_text(value_at(source, *path))


def number_at(source: object, *path: str | int) -> float | None:
    """Give the finite number at *path*, also one that is written as text; booleans are none."""
    return as_number(value_at(source, *path))


def items_at(source: object, *path: str | int) -> tuple[Mapping[str, Any], ...]:
    """Give the objects of the array at *path*; a lone object counts as an array of one."""
    value = value_at(source, *path)
    if isinstance(value, Mapping):
        return (value,)
    return tuple(item for item in value if isinstance(item, Mapping)) if _is_array(value) else ()


def texts_at(source: object, *path: str | int) -> tuple[str, ...]:
    """Give the texts of the array at *path*, blank ones left out; a lone text counts as one."""
    value = value_at(source, *path)
    items = value if _is_array(value) else (value,)
    return tuple(text for text in map(as_text, items) if text is not None)


def as_text(value: object) -> str | None:
    """Give *value* as `text_at` would."""
    if isinstance(value, str):
        return _encodable(value) if value.strip() else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int | float):
        try:
            return str(value)
        except ValueError:  # Python writes out no integer of more than 4,300 digits
            return None
    return None


def as_number(value: object) -> float | None:
    """Give *value* as `number_at` would."""
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
