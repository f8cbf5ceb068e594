"""Modals in the local Slack: triggers, limits of views, and what their blocks may be."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finding_router_local.slack.blocks import problems_of
from slack_caller import Caller

JANE = "U0JANE00001"
type Json = dict[str, Any]


def plain(characters: int = 1) -> Json:
    """Return a text object of so many characters."""
    return {"type": "plain_text", "text": "a" * characters}


def option(value: str = "a", characters: int = 1) -> Json:
    """Return an option."""
    return {"text": plain(characters), "value": value}


def options(number: int) -> list[Json]:
    """Return so many options."""
    return [option(str(each)) for each in range(number)]


def asks(element: Json) -> Json:
    """Return an input block around *element*."""
    return {"type": "input", "label": plain(), "element": {"action_id": "a", **element}}


TEXT = {"type": "plain_text_input"}


def view(**fields: Any) -> Json:
    """Return a modal with one input."""
    return {
        "type": "modal",
        "title": plain(),
        "submit": plain(),
        "blocks": [asks(TEXT)],
    } | fields


@pytest.fixture
def slack() -> Caller:
    """Return a workspace whose trigger clock stands still until it is set."""
    caller = Caller()
    caller.workspace.interactions.trigger_clock = lambda: caller.time
    return caller


def trigger(slack: Caller) -> str:
    """Return a new trigger of Jane's."""
    return slack.workspace.interactions.make_trigger(JANE)


class TestTriggers:
    """A trigger opens one modal within three seconds."""

    def test_it_opens_the_modal_of_its_person(self, slack: Caller) -> None:
        """The answer has the view with its id, hash, and an id for each block."""
        opened = slack.ok("views.open", trigger_id=trigger(slack), view=view())["view"]

        modal = slack.workspace.interactions.modal(JANE)
        assert modal is not None
        assert (modal.id, modal.version) == (opened["id"], opened["hash"])
        assert ["b0"] == [block["block_id"] for block in opened["blocks"]]
        assert {"values": {}} == opened["state"]

    def test_a_view_may_be_json_in_a_form(self, slack: Caller) -> None:
        """Forms bring it as a string."""
        slack.ok("views.open", trigger_id=trigger(slack), view=json.dumps(view()))

        assert "invalid_arguments" == slack.error("views.open", view="{")

    def test_once(self, slack: Caller) -> None:
        """The second time it is exchanged."""
        id_ = trigger(slack)
        slack.ok("views.open", trigger_id=id_, view=view())

        assert "exchanged_trigger_id" == slack.error("views.open", trigger_id=id_, view=view())

    def test_three_seconds(self, slack: Caller) -> None:
        """At the third second it is still good."""
        in_time, late = trigger(slack), trigger(slack)
        slack.time += 3
        slack.ok("views.open", trigger_id=in_time, view=view())
        slack.time += 0.001

        assert "expired_trigger_id" == slack.error("views.open", trigger_id=late, view=view())

    def test_an_invented_one(self, slack: Caller) -> None:
        """No trigger, and one that never was."""
        assert "invalid_trigger_id" == slack.error("views.open", trigger_id="1.2.a", view=view())
        assert "invalid_arguments" == slack.error("views.open", view=view())

    def test_a_wrong_view_does_not_use_it_up(self, slack: Caller) -> None:
        """The arguments are checked first."""
        id_ = trigger(slack)
        wrong = view(title=plain(25))

        assert "invalid_arguments" == slack.error("views.open", trigger_id=id_, view=wrong)
        slack.ok("views.open", trigger_id=id_, view=view())


def test_an_update_changes_the_view(slack: Caller) -> None:
    """With the hash of the present state, or none; a closed view is not found."""
    opened = slack.ok("views.open", trigger_id=trigger(slack), view=view())["view"]
    id_ = opened["id"]
    slack.ok("views.update", view_id=id_, hash=opened["hash"], view=view(callback_id="b"))

    modal = slack.workspace.interactions.modal(JANE)
    assert modal is not None
    assert "b" == modal.view["callback_id"]
    assert "hash_conflict" == slack.error(
        "views.update", view_id=id_, hash=opened["hash"], view=view()
    )
    assert "not_found" == slack.error("views.update", view_id="V0", view=view())


GOOD: dict[str, Json] = {
    "longest title": view(title=plain(24), submit=plain(24), close=plain(24)),
    "most blocks": view(blocks=[asks(TEXT)] * 100),
    "most metadata": view(private_metadata="a" * 3_000, callback_id="a" * 255),
    "no inputs, no submit": {"type": "modal", "title": plain(), "blocks": []},
    "all inputs": view(
        blocks=[
            asks({"type": "radio_buttons", "options": options(10), "initial_option": option("0")}),
            asks({"type": "checkboxes", "options": options(10)}),
            asks({"type": "static_select", "options": options(100), "placeholder": plain(150)}),
            asks({"type": "datepicker", "initial_date": "2026-11-28"}),
            asks({**TEXT, "multiline": True, "min_length": 1, "max_length": 3_000}),
            {**asks(TEXT), "hint": plain(2_000), "label": plain(2_000), "optional": True},
        ]
    ),
}
BAD: dict[str, tuple[Json, str]] = {
    "title too long": (
        view(title=plain(25)),
        "must be less than 25 characters [json-pointer:/view/title/text]",
    ),
    "submit too long": (
        view(submit=plain(25)),
        "must be less than 25 characters [json-pointer:/view/submit/text]",
    ),
    "101 blocks": (
        view(blocks=[asks(TEXT)] * 101),
        "no more than 100 items allowed [json-pointer:/view/blocks]",
    ),
    "metadata too long": (
        view(private_metadata="a" * 3_001),
        "must be less than 3001 characters [json-pointer:/view/private_metadata]",
    ),
    "callback id too long": (
        view(callback_id="a" * 256),
        "must be less than 256 characters [json-pointer:/view/callback_id]",
    ),
    "inputs without submit": (
        {"type": "modal", "title": plain(), "blocks": [asks(TEXT)]},
        "missing required field: submit [json-pointer:/view]",
    ),
    "home": (view(type="home"), "unsupported type: home [json-pointer:/view/type]"),
    "another property": (
        view(size="large"),
        "invalid additional property: size [json-pointer:/view]",
    ),
    "blocks that are none": (
        view(blocks="a"),
        "missing required field: blocks [json-pointer:/view]",
    ),
    "table": (
        view(blocks=[{"type": "table", "rows": []}]),
        "unsupported type: table [json-pointer:/view/blocks/0/type]",
    ),
    "button as an input": (
        view(blocks=[asks({"type": "button", "text": plain()})]),
        "unsupported type: button [json-pointer:/view/blocks/0/element/type]",
    ),
    "input without an element": (
        view(blocks=[{"type": "input", "label": plain()}]),
        "missing required field: element [json-pointer:/view/blocks/0]",
    ),
    "eleven radio buttons": (
        view(blocks=[asks({"type": "radio_buttons", "options": options(11)})]),
        "no more than 10 items allowed [json-pointer:/view/blocks/0/element/options]",
    ),
    "a choice that is no option": (
        view(
            blocks=[
                asks({"type": "radio_buttons", "options": options(1), "initial_option": option()})
            ]
        ),
        "must match one of the options [json-pointer:/view/blocks/0/element/initial_option]",
    ),
    "text of 3001": (
        view(blocks=[asks({**TEXT, "max_length": 3_001})]),
        "must be from 1 to 3000 [json-pointer:/view/blocks/0/element/max_length]",
    ),
    "a date that is none": (
        view(blocks=[asks({"type": "datepicker", "initial_date": "28.11.2026"})]),
        (
            "must be a valid date in the format YYYY-MM-DD "
            "[json-pointer:/view/blocks/0/element/initial_date]"
        ),
    ),
}


@pytest.mark.parametrize("good", GOOD.values(), ids=GOOD)
def test_a_view_within_the_limits_opens(slack: Caller, good: Json) -> None:
    """At its limits a view is taken."""
    opened = slack.ok("views.open", trigger_id=trigger(slack), view=good)["view"]

    modal = slack.workspace.interactions.modal(JANE)
    assert modal is not None
    assert (modal.id, modal.version) == (opened["id"], opened["hash"])
    for sent, taken in zip(good["blocks"], opened["blocks"], strict=True):
        assert sent == {key: taken[key] for key in sent}


@pytest.mark.parametrize(("bad", "problem"), BAD.values(), ids=BAD)
def test_beyond_them_it_is_refused(slack: Caller, bad: Json, problem: str) -> None:
    """Each problem is named with its place."""
    assert f"[ERROR] {problem}" in slack.problems("views.open", trigger_id="a", view=bad)


def test_a_view_has_at_most_250_kilobytes(slack: Caller) -> None:
    """Many long blocks are too large together."""
    section = {"type": "section", "text": plain(3_000)}
    large = view(blocks=[section] * 84 + [asks(TEXT)])

    assert "view_too_large" == slack.error("views.open", trigger_id=trigger(slack), view=large)


MENUS: dict[str, tuple[Json, str | None]] = {
    "most options": ({"type": "static_select", "options": options(100)}, None),
    "groups": (
        {
            "type": "static_select",
            "option_groups": [{"label": plain(75), "options": options(2)}],
            "initial_option": option("1"),
        },
        None,
    ),
    "longest option": ({"type": "static_select", "options": [option("a" * 75, 75)]}, None),
    "101 options": (
        {"type": "static_select", "options": options(101)},
        "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    "no option": (
        {"type": "static_select", "options": []},
        "no fewer than 1 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    "option text too long": (
        {"type": "static_select", "options": [option(characters=76)]},
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/text/text]",
    ),
    "option value too long": (
        {"type": "static_select", "options": [option("a" * 76)]},
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/value]",
    ),
    "option without a value": (
        {"type": "static_select", "options": [{"text": plain()}]},
        "missing required field: value [json-pointer:/blocks/0/elements/0/options/0]",
    ),
    "six in an overflow": (
        {"type": "overflow", "options": options(6)},
        "no more than 5 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    "text in a message": (
        TEXT,
        "unsupported type: plain_text_input [json-pointer:/blocks/0/elements/0/type]",
    ),
    "confirm": (
        {
            "type": "button",
            "text": plain(),
            "confirm": {
                "title": plain(100),
                "text": plain(300),
                "confirm": plain(30),
                "deny": plain(30),
            },
        },
        None,
    ),
    "confirm too long": (
        {
            "type": "button",
            "text": plain(),
            "confirm": {
                "title": plain(101),
                "text": plain(),
                "confirm": plain(),
                "deny": plain(),
            },
        },
        "must be less than 101 characters [json-pointer:/blocks/0/elements/0/confirm/title/text]",
    ),
}


@pytest.mark.parametrize(("element", "problem"), MENUS.values(), ids=MENUS)
def test_elements_of_a_message(element: Json, problem: str | None) -> None:
    """Menus and confirmations have limits, too."""
    block = {"type": "actions", "elements": [{**element, "action_id": "a"}]}

    assert ([] if problem is None else [problem]) == problems_of([block], "/blocks")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@given(
    kind=st.sampled_from(["static_select", "radio_buttons", "checkboxes", "datepicker", "button"]),
    value=ANYTHING,
    key=st.sampled_from(
        ["options", "option_groups", "initial_option", "initial_options", "confirm", "text"]
    ),
)
def test_any_element_has_an_answer(kind: str, key: str, value: Any) -> None:
    """Whatever an app sends is checked, and never an error of the checks."""
    block = {"type": "input", "label": plain(), "element": {"type": kind, key: value}}

    assert isinstance(problems_of([block], "/blocks", in_modal=True), list)
