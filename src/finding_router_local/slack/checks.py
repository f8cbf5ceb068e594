"""The checks that blocks, elements and views have in common, with Slack's error messages."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

type Problems = Iterator[str]

TEXT_KEYS = {
    "plain_text": frozenset({"type", "text", "emoji"}),
    "mrkdwn": frozenset({"type", "text", "verbatim"}),
}
PLAIN = ("plain_text",)


def text(
    holder: Mapping[str, Any],
    key: str,
    here: str,
    maximum: int,
    kinds: tuple[str, ...] = ("plain_text", "mrkdwn"),
) -> Problems:
    """Check the text object *key* of *holder*, which must be there."""
    if key not in holder:
        yield missing(here, key)
    else:
        yield from text_object(holder[key], f"{here}/{key}", maximum, kinds)


def text_object(
    value: Any, here: str, maximum: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")
) -> Problems:
    """Check that *value* is a text object of one of *kinds* with *maximum* characters at most."""
    problems = list(_text_object_problems(value, here, maximum, kinds))
    # Where both kinds of text are possible, Slack's message starts so (grafana/oncall#5121).
    if problems and len(kinds) > 1:
        yield at(here, "failed to match all allowed schemas")
    yield from problems


def _text_object_problems(value: Any, here: str, maximum: int, kinds: tuple[str, ...]) -> Problems:
    if not isinstance(value, Mapping):
        yield at(here, "must provide an object")
        return
    kind = value.get("type")
    if kind not in kinds:
        yield at(f"{here}/type", f"must be one of: {', '.join(kinds)}")
        return
    for key in value.keys() - TEXT_KEYS[kind]:
        yield at(here, f"invalid additional property: {key}")
    yield from string(value.get("text"), f"{here}/text", maximum)


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
