"""Checks that are the same for all of Block Kit, and Slack's messages for failed ones."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

type Problems = Iterator[str]


def is_kind(block: Mapping[str, Any], kind: str) -> bool:
    """Return True if the type of *block* is *kind*."""
    return block.get("type") == kind


def string(value: Any, here: str, maximum: int, *, minimum: int = 1) -> Problems:
    """Check that *value* is a string of *minimum* to *maximum* characters."""
    if not isinstance(value, str):
        yield at(here, "must provide a string")
    elif len(value) < minimum:
        yield at(here, f"must be more than {minimum - 1} characters")
    elif len(value) > maximum:
        yield too_long(here, maximum)


def count(items: Sequence[Any], maximum: int, here: str, *, minimum: int = 0) -> Problems:
    """Check that there are *minimum* to *maximum* items."""
    if len(items) > maximum:
        yield at(here, f"no more than {maximum} items allowed")
    if len(items) < minimum:
        yield at(here, f"no fewer than {minimum} items allowed")


def missing(here: str, key: str) -> str:
    """Return the problem of an object at *here* that lacks *key*."""
    return at(here, f"missing required field: {key}")


def too_long(here: str, maximum: int) -> str:
    """Return the problem of a text at *here* with more than *maximum* characters."""
    return at(here, f"must be less than {maximum + 1} characters")


def at(pointer: str, problem: str) -> str:
    """Return *problem* with its place: *pointer* is a JSON pointer."""
    return f"{problem} [json-pointer:{pointer}]"
