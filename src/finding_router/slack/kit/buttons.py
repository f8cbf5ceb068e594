"""The buttons of a message, which come back to the router when somebody presses one."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from finding_router.slack.kit.message import Block

BLOCK_ID: Final = "finding_router"
ACKNOWLEDGE: Final = "acknowledge"
RESOLVE: Final = "resolve"
SUPPRESS: Final = "suppress"
SNOOZE: Final = "snooze"
TICKET: Final = "ticket"
WHY: Final = "why"
PICK: Final = "pick"
# The text of each button; the dots announce a form.
LABELS: Final = {
    ACKNOWLEDGE: "👀 Acknowledge",
    RESOLVE: "Resolve…",
    SUPPRESS: "Suppress…",
    SNOOZE: "Snooze…",
    TICKET: "Create ticket",
    WHY: "Why here?",
}
# https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element
MOST_OPTIONS: Final = 100
OPTION_CHARS: Final = 75


class Buttons(NamedTuple):
    """The buttons of a card: its *reference*, and whether a ticket can be made for it."""

    reference: str
    has_ticket: bool = False


def card_buttons(buttons: Buttons | None) -> list[Block]:
    """Return the block of the buttons of a card, or none."""
    if buttons is None:
        return []
    shown = (each for each in LABELS if each != TICKET or buttons.has_ticket)
    return [
        {
            "type": "actions",
            "block_id": BLOCK_ID,
            "elements": [_button(each, buttons.reference) for each in shown],
        }
    ]


def digest_buttons(reference: str | None, options: Sequence[tuple[str, str]]) -> list[Block]:
    """
    Return the block of the buttons of a digest, or none without a *reference*.

    *options* are the subject and the line of each finding to choose from; the first hundred are.
    """
    if reference is None:
        return []
    elements = [_button(ACKNOWLEDGE, reference)]
    if options:
        elements.append(
            {
                "type": "static_select",
                "action_id": PICK,
                "placeholder": plain_text("Choose a finding…"),
                "options": [
                    {"text": plain_text(label[:OPTION_CHARS] or "finding"), "value": subject}
                    for subject, label in options[:MOST_OPTIONS]
                ],
            }
        )
    # Its options have no room for the reference.
    return [{"type": "actions", "block_id": f"{BLOCK_ID}:{reference}", "elements": elements}]


def _button(action: str, reference: str) -> dict[str, Any]:
    return {
        "type": "button",
        "action_id": action,
        "text": plain_text(LABELS[action]),
        "value": reference,
    }


def plain_text(text: str) -> dict[str, Any]:
    """Return the plain_text object of *text*, in which :names: become emoji."""
    return {"type": "plain_text", "text": text, "emoji": True}
