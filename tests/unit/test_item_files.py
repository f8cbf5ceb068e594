"""Items in files: what people wrote around them stays, and what is written can be read again."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from finding_router_cli.items.files import rewritten
from finding_router_cli.items.item import Key, key_of
from finding_router_cli.routing_items import read_items

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
SCALARS = TEXTS | st.integers(-(10**9), 10**9) | st.booleans()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
)
ITEMS = st.dictionaries(
    st.sampled_from(["a", "b", "c", "d"]),
    st.dictionaries(st.sampled_from(["match", "channel", "order", "x y", "1"]), VALUES, max_size=4),
    max_size=4,
)


def items_of(found: dict[str, dict[str, Any]]) -> dict[Key, dict[str, Any]]:
    """Make items with keys."""
    items = [{"kind": "route", "name": name, **values} for name, values in found.items()]
    return {key_of(item): item for item in items}


def read_again(text: str, source: str) -> dict[Key, Any]:
    """Return the items of *text*, in which there may be none."""
    items: list[Any] = read_items(text, source) if text.strip() else []
    return {key_of(item): item for item in items}


@examples(60)
@given(ITEMS, ITEMS, st.sampled_from(["block", "flow", "library", "json"]))
def test_what_is_written_over_a_file_is_read_again(
    before: dict[str, Any], after: dict[str, Any], style: str
) -> None:
    """Whatever style the file has."""
    source = "x.json" if style == "json" else "x.yaml"
    old, new = items_of(before), items_of(after)
    values = list(old.values())
    match style:
        case "block":
            text = rewritten("", source, old)
        case "flow":
            text = "".join(f"- {json.dumps(each, ensure_ascii=False)} # c\n" for each in values)
        case "library":
            text = yaml.safe_dump(values, allow_unicode=True)
        case _:
            text = json.dumps(values)

    assert old == read_again(text, source)
    assert new == read_again(rewritten(text, source, new), source)


A = {"kind": "route", "name": "a", "channel": "#a"}
B = {"kind": "route", "name": "b", "channel": "#b"}


@pytest.mark.parametrize(
    ("text", "items", "wanted"),
    [
        pytest.param(
            "---\n# head\n- kind: route\n  name: a\n  channel: '#x'   # why\n...\n",
            [A],
            "---\n# head\n- kind: route\n  name: a\n  channel: '#a'   # why\n...\n",
            id="the marks of a document stay",
        ),
        pytest.param(
            "  - kind: route\n    name: a\n    channel: '#x'\n",
            [A, B],
            "  - kind: route\n    name: a\n    channel: '#a'\n\n"
            '  - kind: route\n    name: b\n    channel: "#b"\n',
            id="an indented list stays indented",
        ),
        pytest.param(
            "-\n  kind: route\n  name: a\n  channel: '#a'\n-   kind: route\n    name: b\n"
            "    channel: '#x'",
            [A, B],
            "-\n  kind: route\n  name: a\n  channel: '#a'\n- kind: route\n  name: b\n"
            "  channel: '#b'\n",
            id="other distances of a dash",
        ),
        pytest.param(
            "- kind: route\n  name: a\n  channel: &c '#a'\n- kind: route\n  name: b\n"
            "  channel: *c\n",
            [B | {"channel": "#a"}],
            '- kind: route\n  name: b\n  channel: "#a"\n',
            id="an anchor that goes takes its aliases along",
        ),
        pytest.param(
            "- kind: route\n  name: a\n  channel: &c '#a'\n- kind: route\n  name: b\n"
            "  channel: *c\n  order: 1\n",
            [A, B | {"channel": "#a", "order": 2}],
            "- kind: route\n  name: a\n  channel: &c '#a'\n- kind: route\n  name: b\n"
            '  order: 2\n  channel: "#a"\n',
            id="an item with an alias is written out once it changes",
        ),
        pytest.param(
            "# nothing yet\n", [A], '- kind: route\n  name: a\n  channel: "#a"\n', id="new"
        ),
        pytest.param("[]\n", [A], '- kind: route\n  name: a\n  channel: "#a"\n', id="empty list"),
        pytest.param(
            "kind: route\nname: a\nchannel: '#x'\n",
            [A],
            '- kind: route\n  name: a\n  channel: "#a"\n',
            id="one item that is no list",
        ),
    ],
)
def test_files_of_other_shapes(text: str, items: list[Any], wanted: str) -> None:
    """As much as can be of them stays."""
    assert wanted == rewritten(text, "x.yaml", {key_of(item): item for item in items})


def test_a_byte_order_mark_is_no_part_of_an_item() -> None:
    """Editors of Windows write it."""
    assert [A] == read_items("\ufeff- kind: route\n  name: a\n  channel: '#a'\n", "x.yaml")
