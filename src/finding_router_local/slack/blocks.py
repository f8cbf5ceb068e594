"""The checks of Slack on blocks, with Slack's error messages."""

import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from finding_router_local.slack import checks, limits
from finding_router_local.slack.checks import Problems
from finding_router_local.slack.elements import INPUTS, element_problems

_BLOCK_KEYS = {
    "section": frozenset({"text", "fields", "accessory", "expand"}),
    "header": frozenset({"text"}),
    "context": frozenset({"elements"}),
    "divider": frozenset[str](),
    "actions": frozenset({"elements"}),
    "markdown": frozenset({"text"}),
    "table": frozenset({"rows", "column_settings"}),
    "input": frozenset({"label", "element", "hint", "optional", "dispatch_action"}),
}
# The elements of rich text in a cell, and the field that each requires.
_RICH_ELEMENTS = {"text": "text", "link": "url", "emoji": "name"}
# https://docs.slack.dev/reference/block-kit/blocks: the surfaces of each block.
_ONLY_IN_MESSAGES = frozenset({"markdown", "table"})
_ONLY_IN_MODALS = frozenset({"input"})


def decoded(text: str) -> str:
    """Undo the escaping: https://docs.slack.dev/messaging/formatting-message-text#escaping."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def problems_of(blocks: Sequence[Any], pointer: str, *, in_modal: bool = False) -> list[str]:
    """
    List the problems of *blocks*; *pointer* is their JSON pointer, for example ``/blocks``.

    A modal takes other blocks than a message, and more of them.
    """
    return list(_problems(blocks, pointer, in_modal=in_modal))


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


def _problems(blocks: Sequence[Any], pointer: str, *, in_modal: bool) -> Problems:
    most = limits.MAX_MODAL_BLOCKS if in_modal else limits.MAX_BLOCKS
    yield from checks.count(blocks, most, pointer)
    others = _ONLY_IN_MESSAGES if in_modal else _ONLY_IN_MODALS
    seen: set[str] = set()
    for index, block in enumerate(blocks):
        here = f"{pointer}/{index}"
        if not isinstance(block, Mapping):
            yield checks.at(here, "must provide an object")
            continue
        if str(block.get("type")) in others:
            yield checks.at(f"{here}/type", f"unsupported type: {block['type']}")
            continue
        yield from _block(block, here)
        block_id = block.get("block_id")
        if isinstance(block_id, str):
            if block_id in seen:
                yield checks.at(f"{here}/block_id", f"`block_id` {block_id} already exists")
            seen.add(block_id)
    if len(_of_type("table", blocks)) > 1:
        yield checks.at(pointer, "only_one_table_allowed")
    markdown = [str(block.get("text", "")) for block in _of_type("markdown", blocks)]
    if sum(map(len, markdown)) > limits.MAX_MARKDOWN_TEXT:
        yield checks.too_long(pointer, limits.MAX_MARKDOWN_TEXT)


def _block(block: Mapping[str, Any], here: str) -> Problems:
    kind = block.get("type")
    if not isinstance(kind, str):
        yield checks.missing(here, "type")
        return
    if kind not in _BLOCK_KEYS:
        yield checks.at(f"{here}/type", f"unsupported type: {kind}")
        return
    for key in block.keys() - _BLOCK_KEYS[kind] - {"type", "block_id"}:
        yield checks.at(here, f"invalid additional property: {key}")
    if "block_id" in block:
        yield from checks.string(
            block["block_id"], f"{here}/block_id", limits.MAX_BLOCK_ID, minimum=0
        )
    if kind in _CHECKS:
        yield from _CHECKS[kind](block, here)


def _header(block: Mapping[str, Any], here: str) -> Problems:
    yield from checks.text(block, "text", here, limits.MAX_HEADER_TEXT, kinds=("plain_text",))


def _markdown(block: Mapping[str, Any], here: str) -> Problems:
    yield from checks.string(block.get("text"), f"{here}/text", limits.MAX_MARKDOWN_TEXT)


def _section(block: Mapping[str, Any], here: str) -> Problems:
    if "text" not in block and "fields" not in block:
        yield checks.missing(here, "text")
    if "text" in block:
        yield from checks.text(block, "text", here, limits.MAX_SECTION_TEXT)
    if "fields" in block:
        fields = block["fields"]
        if not isinstance(fields, list):
            yield checks.at(f"{here}/fields", "must provide an array")
            return
        yield from checks.count(fields, limits.MAX_FIELDS, f"{here}/fields", minimum=1)
        for index, each in enumerate(fields):
            pointer = f"{here}/fields/{index}"
            yield from checks.text_object(each, pointer, limits.MAX_FIELD_TEXT)
    accessory = block.get("accessory")
    if isinstance(accessory, Mapping):
        yield from element_problems(accessory, f"{here}/accessory")


def _context(block: Mapping[str, Any], here: str) -> Problems:
    elements = block.get("elements")
    if not isinstance(elements, list):
        yield checks.missing(here, "elements")
        return
    pointer = f"{here}/elements"
    yield from checks.count(elements, limits.MAX_CONTEXT_ELEMENTS, pointer, minimum=1)
    for index, each in enumerate(elements):
        yield from checks.text_object(each, f"{pointer}/{index}", limits.MAX_TEXT_OBJECT)


def _actions(block: Mapping[str, Any], here: str) -> Problems:
    elements = block.get("elements")
    if not isinstance(elements, list):
        yield checks.missing(here, "elements")
        return
    pointer = f"{here}/elements"
    yield from checks.count(elements, limits.MAX_ACTIONS, pointer, minimum=1)
    seen: set[str] = set()
    for index, each in enumerate(elements):
        yield from element_problems(each, f"{pointer}/{index}")
        action_id = each.get("action_id") if isinstance(each, Mapping) else None
        if isinstance(action_id, str):
            if action_id in seen:
                yield checks.at(
                    f"{pointer}/{index}/action_id", f"`action_id` {action_id} already exists"
                )
            seen.add(action_id)


def _input(block: Mapping[str, Any], here: str) -> Problems:
    yield from checks.text(block, "label", here, limits.MAX_LABEL, checks.PLAIN)
    if "hint" in block:
        yield from checks.text(block, "hint", here, limits.MAX_LABEL, checks.PLAIN)
    if "element" not in block:
        yield checks.missing(here, "element")
    else:
        yield from element_problems(block["element"], f"{here}/element", kinds=INPUTS)


def _table(block: Mapping[str, Any], here: str) -> Problems:
    rows = block.get("rows")
    if not isinstance(rows, list):
        yield checks.missing(here, "rows")
        return
    yield from checks.count(rows, limits.MAX_TABLE_ROWS, f"{here}/rows", minimum=1)
    for number, row in enumerate(rows):
        pointer = f"{here}/rows/{number}"
        if not isinstance(row, list):
            yield checks.at(pointer, "must provide an array")
            continue
        yield from checks.count(row, limits.MAX_TABLE_COLUMNS, pointer, minimum=1)
        for column, cell in enumerate(row):
            yield from _cell(cell, f"{pointer}/{column}")
    if sum(map(len, _texts(rows))) > limits.MAX_TABLE_TEXT:
        yield checks.too_long(f"{here}/rows", limits.MAX_TABLE_TEXT)
    settings = block.get("column_settings", [])
    if isinstance(settings, list):
        yield from checks.count(settings, limits.MAX_TABLE_COLUMNS, f"{here}/column_settings")
    else:
        yield checks.at(f"{here}/column_settings", "must provide an array")


def _cell(cell: Any, here: str) -> Problems:
    if not isinstance(cell, Mapping):
        yield checks.at(here, "must provide an object")
    elif cell.get("type") == "raw_text":
        yield from checks.string(cell.get("text"), f"{here}/text", limits.MAX_TABLE_TEXT)
    elif cell.get("type") == "rich_text":
        yield from _elements(cell, here, _rich_section)
    else:
        yield checks.at(f"{here}/type", f"unsupported type: {cell.get('type')}")


def _rich_section(part: Mapping[str, Any], here: str) -> Problems:
    if part.get("type") == "rich_text_section":
        yield from _elements(part, here, _rich_element)
    else:
        yield checks.at(f"{here}/type", f"unsupported type: {part.get('type')}")


def _rich_element(element: Mapping[str, Any], here: str) -> Problems:
    needed = _RICH_ELEMENTS.get(str(element.get("type")))
    if needed is None:
        yield checks.at(f"{here}/type", f"unsupported type: {element.get('type')}")
    elif not isinstance(element.get(needed), str):
        yield checks.missing(here, needed)


def _elements(
    holder: Mapping[str, Any], here: str, check: Callable[[Mapping[str, Any], str], Problems]
) -> Problems:
    elements = holder.get("elements")
    if not isinstance(elements, list):
        yield checks.missing(here, "elements")
        return
    for index, element in enumerate(elements):
        pointer = f"{here}/elements/{index}"
        if isinstance(element, Mapping):
            yield from check(element, pointer)
        else:
            yield checks.at(pointer, "must provide an object")


_CHECKS: Mapping[str, Callable[[Mapping[str, Any], str], Problems]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "markdown": _markdown,
    "table": _table,
    "input": _input,
}
