"""What Slack refuses in rich text."""

from collections.abc import Mapping
from typing import Any

from finding_router_local.slack.schema import Problems, at, is_kind, missing

_PARTS = frozenset(
    {"rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted"}
)
# Each element of rich text, and the field that it cannot do without.
_ELEMENTS = {
    "text": "text",
    "link": "url",
    "emoji": "name",
    "user": "user_id",
    "usergroup": "usergroup_id",
    "channel": "channel_id",
    "broadcast": "range",
    "date": "timestamp",
}


def rich_text(block: Mapping[str, Any], here: str) -> Problems:
    """Check a block, a cell or a list of rich text at *here*."""
    parts = block.get("elements")
    if not isinstance(parts, list):
        yield missing(here, "elements")
        return
    for index, part in enumerate(parts):
        pointer = f"{here}/elements/{index}"
        if not isinstance(part, Mapping):
            yield at(pointer, "must provide an object")
        elif str(part.get("type")) not in _PARTS:
            yield at(f"{pointer}/type", f"unsupported type: {part.get('type')}")
        elif is_kind(part, "rich_text_list"):
            yield from rich_text({"elements": part.get("elements")}, pointer)
        else:
            yield from _elements(part, pointer)


def _elements(part: Mapping[str, Any], here: str) -> Problems:
    elements = part.get("elements")
    if not isinstance(elements, list):
        yield missing(here, "elements")
        return
    for index, element in enumerate(elements):
        pointer = f"{here}/elements/{index}"
        if not isinstance(element, Mapping):
            yield at(pointer, "must provide an object")
        elif str(element.get("type")) not in _ELEMENTS:
            yield at(f"{pointer}/type", f"unsupported type: {element.get('type')}")
        else:
            needed = _ELEMENTS[element["type"]]
            kind = int if needed == "timestamp" else str
            if not isinstance(element.get(needed), kind):
                yield missing(pointer, needed)
