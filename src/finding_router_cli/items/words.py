"""A match in a few words, for tables."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from finding_router.routing.items.match import OR
from finding_router_cli.explanation import printable

EVERYTHING: Final = "everything"
_MAX_CHARS: Final = 120


def match_words(match: object) -> str:
    """Return *match*, as written in an item, as ``Severity.Label=HIGH,CRITICAL …``."""
    if isinstance(match, str):
        try:
            match = json.loads(match)
        except ValueError:
            return printable(str(match), most=_MAX_CHARS)
    if not isinstance(match, Mapping):
        return printable(json.dumps(match, ensure_ascii=False, default=str), most=_MAX_CHARS)
    return printable(" ".join(_fields(match, "")) or EVERYTHING, most=_MAX_CHARS)


def _fields(pattern: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, inner in pattern.items():
        # The names around a finding are the same in every pasted rule.
        below = path if name in {"detail", "findings"} else f"{path}.{name}".lstrip(".")
        if isinstance(inner, Mapping):
            yield from _fields(inner, below)
        elif name == OR and isinstance(inner, list):
            ways = (" ".join(_fields(one, path)) for one in inner if isinstance(one, Mapping))
            yield f"({' or '.join(ways)})"
        elif below not in {"source", "detail-type"}:
            entries = inner if isinstance(inner, list) else [inner]
            yield f"{below}={','.join(map(_entry, entries))}"


def _entry(entry: object) -> str:
    match entry:
        case str():
            return entry
        case {"prefix": str(text)}:
            return f"{text}*"
        case {"suffix": str(text)}:
            return f"*{text}"
        case {"wildcard": str(text)}:
            return text
    return json.dumps(entry, ensure_ascii=False, default=str)
