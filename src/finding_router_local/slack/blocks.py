"""The checks of Slack on blocks, with Slack's error messages."""

import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from finding_router_local.slack import limits

type Problems = Iterator[str]

_TEXT_KEYS = {
    "plain_text": frozenset({"type", "text", "emoji"}),
    "mrkdwn": frozenset({"type", "text", "verbatim"}),
}
_BLOCK_KEYS = {
    "section": frozenset({"text", "fields", "accessory", "expand"}),
    "header": frozenset({"text"}),
    "context": frozenset({"elements"}),
    "divider": frozenset[str](),
    "actions": frozenset({"elements"}),
    "markdown": frozenset({"text"}),
    "table": frozenset({"rows", "column_settings"}),
}
# The elements of rich text in a cell, and the field that each requires.
_RICH_ELEMENTS = {"text": "text", "link": "url", "emoji": "name"}
_BUTTON_KEYS = frozenset(
    {"type", "text", "action_id", "url", "value", "style", "confirm", "accessibility_label"}
)


def decoded(text: str) -> str:
    """Undo the escaping: https://docs.slack.dev/messaging/formatting-message-text#escaping."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def problems_of(blocks: Sequence[Any], pointer: str) -> list[str]:
    """List the problems of *blocks*; *pointer* is their JSON pointer, for example ``/blocks``."""
    return list(_problems(blocks, pointer))


def size_of(blocks: Sequence[Any]) -> int:
    """Count the characters of all text in *blocks* as the limit for a whole message does."""
    headers = len(_of_type("header", blocks))
    return headers * limits.HEADER_WEIGHT + sum(
        _escaped_length(text) for text in _texts(list(blocks))
    )


def _of_type(kind: str, blocks: Sequence[Any]) -> list[Mapping[str, Any]]:
    return [each for each in blocks if isinstance(each, Mapping) and each.get("type") == kind]


def _escaped_length(text: str) -> int:
    return len(html.escape(decoded(text), quote=False))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            if key == "text" and isinstance(each, str):
                yield each
            else:
                yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _problems(blocks: Sequence[Any], pointer: str) -> Problems:
    yield from _count(blocks, limits.MAX_BLOCKS, pointer)
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        here = f"{pointer}/{index}"
        if not isinstance(block, Mapping):
            yield _at(here, "must provide an object")
            continue
        yield from _block(block, here)
        block_id = block.get("block_id")
        if isinstance(block_id, str):
            if block_id in seen:
                yield _at(f"{here}/block_id", f"`block_id` {block_id} already exists")
            seen.add(block_id)
    if len(_of_type("table", blocks)) > 1:
        yield _at(pointer, "only_one_table_allowed")
    markdown = [str(block.get("text", "")) for block in _of_type("markdown", blocks)]
    if sum(map(len, markdown)) > limits.MAX_MARKDOWN_TEXT:
        yield _too_long(pointer, limits.MAX_MARKDOWN_TEXT)


def _block(block: Mapping[str, Any], here: str) -> Problems:
    kind = block.get("type")
    if not isinstance(kind, str):
        yield _missing(here, "type")
        return
    if kind not in _BLOCK_KEYS:
        yield _at(f"{here}/type", f"unsupported type: {kind}")
        return
    for key in block.keys() - _BLOCK_KEYS[kind] - {"type", "block_id"}:
        yield _at(here, f"invalid additional property: {key}")
    if "block_id" in block:
        yield from _string(block["block_id"], f"{here}/block_id", limits.MAX_BLOCK_ID, minimum=0)
    if kind in _CHECKS:
        yield from _CHECKS[kind](block, here)


def _header(block: Mapping[str, Any], here: str) -> Problems:
    yield from _text(block, "text", here, limits.MAX_HEADER_TEXT, kinds=("plain_text",))


def _markdown(block: Mapping[str, Any], here: str) -> Problems:
    yield from _string(block.get("text"), f"{here}/text", limits.MAX_MARKDOWN_TEXT)


def _section(block: Mapping[str, Any], here: str) -> Problems:
    if "text" not in block and "fields" not in block:
        yield _missing(here, "text")
    if "text" in block:
        yield from _text(block, "text", here, limits.MAX_SECTION_TEXT)
    if "fields" in block:
        fields = block["fields"]
        if not isinstance(fields, list):
            yield _at(f"{here}/fields", "must provide an array")
            return
        yield from _count(fields, limits.MAX_FIELDS, f"{here}/fields", minimum=1)
        for index, each in enumerate(fields):
            pointer = f"{here}/fields/{index}"
            yield from _text_object(each, pointer, limits.MAX_FIELD_TEXT)
    accessory = block.get("accessory")
    if isinstance(accessory, Mapping):
        pointer = f"{here}/accessory"
        yield from _button(accessory, pointer)


def _context(block: Mapping[str, Any], here: str) -> Problems:
    elements = block.get("elements")
    if not isinstance(elements, list):
        yield _missing(here, "elements")
        return
    pointer = f"{here}/elements"
    yield from _count(elements, limits.MAX_CONTEXT_ELEMENTS, pointer, minimum=1)
    for index, each in enumerate(elements):
        yield from _text_object(each, f"{pointer}/{index}", limits.MAX_TEXT_OBJECT)


def _actions(block: Mapping[str, Any], here: str) -> Problems:
    elements = block.get("elements")
    if not isinstance(elements, list):
        yield _missing(here, "elements")
        return
    pointer = f"{here}/elements"
    yield from _count(elements, limits.MAX_ACTIONS, pointer, minimum=1)
    seen: set[str] = set()
    for index, each in enumerate(elements):
        yield from _button(each, f"{pointer}/{index}")
        action_id = each.get("action_id") if isinstance(each, Mapping) else None
        if isinstance(action_id, str):
            if action_id in seen:
                yield _at(f"{pointer}/{index}/action_id", f"`action_id` {action_id} already exists")
            seen.add(action_id)


def _button(element: Any, here: str) -> Problems:
    if not isinstance(element, Mapping):
        yield _at(here, "must provide an object")
        return
    if element.get("type") != "button":
        yield _at(f"{here}/type", f"unsupported type: {element.get('type')}")
        return
    for key in element.keys() - _BUTTON_KEYS:
        yield _at(here, f"invalid additional property: {key}")
    yield from _text(element, "text", here, limits.MAX_BUTTON_TEXT, ("plain_text",))
    for key, maximum in (
        ("action_id", limits.MAX_ACTION_ID),
        ("value", limits.MAX_BUTTON_VALUE),
        ("url", limits.MAX_BUTTON_URL),
    ):
        if key in element:
            yield from _string(element[key], f"{here}/{key}", maximum)
    if element.get("style") not in (None, "primary", "danger"):
        yield _at(f"{here}/style", "must be a valid enum value")


def _table(block: Mapping[str, Any], here: str) -> Problems:
    rows = block.get("rows")
    if not isinstance(rows, list):
        yield _missing(here, "rows")
        return
    yield from _count(rows, limits.MAX_TABLE_ROWS, f"{here}/rows", minimum=1)
    for number, row in enumerate(rows):
        pointer = f"{here}/rows/{number}"
        if not isinstance(row, list):
            yield _at(pointer, "must provide an array")
            continue
        yield from _count(row, limits.MAX_TABLE_COLUMNS, pointer, minimum=1)
        for column, cell in enumerate(row):
            yield from _cell(cell, f"{pointer}/{column}")
    if sum(map(len, _texts(rows))) > limits.MAX_TABLE_TEXT:
        yield _too_long(f"{here}/rows", limits.MAX_TABLE_TEXT)
    settings = block.get("column_settings", [])
    if isinstance(settings, list):
        yield from _count(settings, limits.MAX_TABLE_COLUMNS, f"{here}/column_settings")
    else:
        yield _at(f"{here}/column_settings", "must provide an array")


def _cell(cell: Any, here: str) -> Problems:
    if not isinstance(cell, Mapping):
        yield _at(here, "must provide an object")
    elif cell.get("type") == "raw_text":
        yield from _string(cell.get("text"), f"{here}/text", limits.MAX_TABLE_TEXT)
    elif cell.get("type") == "rich_text":
        yield from _elements(cell, here, _rich_section)
    else:
        yield _at(f"{here}/type", f"unsupported type: {cell.get('type')}")


def _rich_section(part: Mapping[str, Any], here: str) -> Problems:
    if part.get("type") == "rich_text_section":
        yield from _elements(part, here, _rich_element)
    else:
        yield _at(f"{here}/type", f"unsupported type: {part.get('type')}")


def _rich_element(element: Mapping[str, Any], here: str) -> Problems:
    needed = _RICH_ELEMENTS.get(str(element.get("type")))
    if needed is None:
        yield _at(f"{here}/type", f"unsupported type: {element.get('type')}")
    elif not isinstance(element.get(needed), str):
        yield _missing(here, needed)


def _elements(
    holder: Mapping[str, Any], here: str, check: Callable[[Mapping[str, Any], str], Problems]
) -> Problems:
    elements = holder.get("elements")
    if not isinstance(elements, list):
        yield _missing(here, "elements")
        return
    for index, element in enumerate(elements):
        pointer = f"{here}/elements/{index}"
        if isinstance(element, Mapping):
            yield from check(element, pointer)
        else:
            yield _at(pointer, "must provide an object")


def _text(
    holder: Mapping[str, Any],
    key: str,
    here: str,
    maximum: int,
    kinds: tuple[str, ...] = ("plain_text", "mrkdwn"),
) -> Problems:
    if key not in holder:
        yield _missing(here, key)
    else:
        yield from _text_object(holder[key], f"{here}/{key}", maximum, kinds)


def _text_object(
    value: Any, here: str, maximum: int, kinds: tuple[str, ...] = ("plain_text", "mrkdwn")
) -> Problems:
    problems = list(_text_object_problems(value, here, maximum, kinds))
    # Where both kinds of text are possible, Slack's message starts so (grafana/oncall#5121).
    if problems and len(kinds) > 1:
        yield _at(here, "failed to match all allowed schemas")
    yield from problems


def _text_object_problems(value: Any, here: str, maximum: int, kinds: tuple[str, ...]) -> Problems:
    if not isinstance(value, Mapping):
        yield _at(here, "must provide an object")
        return
    kind = value.get("type")
    if kind not in kinds:
        yield _at(f"{here}/type", f"must be one of: {', '.join(kinds)}")
        return
    for key in value.keys() - _TEXT_KEYS[kind]:
        yield _at(here, f"invalid additional property: {key}")
    yield from _string(value.get("text"), f"{here}/text", maximum)


_CHECKS: Mapping[str, Callable[[Mapping[str, Any], str], Problems]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "markdown": _markdown,
    "table": _table,
}


def _string(value: Any, here: str, maximum: int, *, minimum: int = 1) -> Problems:
    """Check that *value* is a string of *minimum* to *maximum* characters."""
    if not isinstance(value, str):
        yield _at(here, "must provide a string")
    elif len(value) < minimum:
        yield _at(here, f"must be more than {minimum - 1} characters")
    elif len(value) > maximum:
        yield _too_long(here, maximum)


def _count(items: Sequence[Any], maximum: int, here: str, *, minimum: int = 0) -> Problems:
    """Check that there are *minimum* to *maximum* items."""
    if len(items) > maximum:
        yield _at(here, f"no more than {maximum} items allowed")
    if len(items) < minimum:
        yield _at(here, f"no fewer than {minimum} items allowed")


def _missing(here: str, key: str) -> str:
    """Return the problem of an object at *here* that lacks *key*."""
    return _at(here, f"missing required field: {key}")


def _too_long(here: str, maximum: int) -> str:
    """Return the problem of a text at *here* with more than *maximum* characters."""
    return _at(here, f"must be less than {maximum + 1} characters")


def _at(pointer: str, problem: str) -> str:
    """Return *problem* with its place: *pointer* is a JSON pointer."""
    return f"{problem} [json-pointer:{pointer}]"
