"""The difference between two versions of an item, field by field, for people."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from finding_router.errors import legible
from finding_router.isolation import contained

MINUS: Final = "\N{MINUS SIGN}"
_MAX_VALUE_CHARS: Final = 60
_MAX_LISTED: Final = 6
_MATCH: Final = "match"
_KEY: Final = frozenset({"kind", "name"})
_FIRST: Final = ("by", "reason", "until", "channel", "action", "alias")
_ABSENT: Final = object()


class FieldChange(NamedTuple):
    """A dotted *field* and its change in words, such as "100 → 5"."""

    field: str
    change: str


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldChange]:
    """Return the changes of the attributes from *before* to *after*, in the order of *after*."""
    found: list[FieldChange] = []
    for name in dict.fromkeys((*after, *before)):
        if name in _KEY:
            continue
        old, new = before.get(name, _ABSENT), after.get(name, _ABSENT)
        if name == _MATCH:
            old, new = _as_pattern(old), _as_pattern(new)
        with contained() as trouble:
            found += _changes(str(name), old, new)
        if trouble.error is not None:
            # The values may be nested too deeply, for example.
            found.append(FieldChange(legible(str(name)), "changed"))
    return found


def attributes(item: Mapping[str, Any]) -> list[FieldChange]:
    """Return the attributes of a new *item* with their values."""
    found: list[FieldChange] = []
    # The author and the reason come first.
    for name, value in sorted(item.items(), key=lambda each: _rank(each[0])):
        if name not in _KEY:
            words = "…"
            with contained():
                words = shown(_as_pattern(value) if name == _MATCH else value)
            found.append(FieldChange(legible(str(name)), words))
    return found


def _rank(name: object) -> int:
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)


def shown(value: object) -> str:
    """Return *value* in at most sixty characters."""
    text = f"“{value}”" if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = legible(text)
    return text if len(text) <= _MAX_VALUE_CHARS else f"{text[: _MAX_VALUE_CHARS - 1]}…"


def _changes(path: str, old: object, new: object) -> Iterator[FieldChange]:
    if old == new and type(old) is type(new):
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for name in dict.fromkeys((*new, *old)):
            yield from _changes(f"{path}.{name}", old.get(name, _ABSENT), new.get(name, _ABSENT))
        return
    yield FieldChange(legible(path), _words(old, new))


def _words(old: object, new: object) -> str:
    if old is _ABSENT:
        return f"new: {shown(new)}"
    if new is _ABSENT:
        return f"removed, was {shown(old)}"
    if isinstance(old, list) and isinstance(new, list):
        gone = [each for each in old if each not in new]
        come = [each for each in new if each not in old]
        if 0 < len(gone) + len(come) <= _MAX_LISTED:
            signed = [("+", each) for each in come] + [(MINUS, each) for each in gone]
            return ", ".join(f"{sign} {shown(each)}" for sign, each in signed)
    return f"{shown(old)} → {shown(new)}"


def _as_pattern(value: object) -> object:
    """Return the map that *value*, a pattern as JSON text, is; *value* if it is none."""
    if isinstance(value, str):
        try:
            pattern = json.loads(value)
        except (ValueError, RecursionError):
            return value
        return pattern if isinstance(pattern, dict) else value
    return value
