"""Who may press the buttons of the messages of a route, and which of them."""

import re
from enum import StrEnum
from typing import Annotated, Final

from pydantic import BaseModel, PlainValidator

from finding_router.routing.items.reading import AS_WRITTEN, check_count, read_list
from finding_router.routing.patterns.mistake import MistakeError, did_you_mean, shown

MAX_ALLOWED: Final = 50
_ID: Final = re.compile(r"[UWS](?=[A-Z]*[0-9])[A-Z0-9]{8,}")
_EXAMPLE: Final = (
    "write the id of a person (U0123456789) or of a user group (S0123456789), which Slack shows "
    "under Copy member ID and Copy group ID"
)


class Button(StrEnum):
    """The buttons that change something; the others only show."""

    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    SUPPRESS = "suppress"
    SNOOZE = "snooze"
    TICKET = "ticket"


def read_allowed(written: object) -> tuple[str, ...]:
    """
    Return the ids of people and user groups in *written*, a list or a single text.

    Raises:
        MistakeError: There is none, or an entry is no id.

    """
    several = read_list(written, '["S0123456789"]')
    if not several:
        problem = "is empty, so that nobody could press"
        raise MistakeError(problem, 'leave it out, or write "only": [] to allow nothing')
    check_count(several, MAX_ALLOWED, remedy="allow a user group instead")
    for each in several:
        if not (isinstance(each, str) and _ID.fullmatch(each.strip())):
            problem = f"has {shown(each)}, which is no id of a person or a user group"
            raise MistakeError(problem, _EXAMPLE)
    return tuple(dict.fromkeys(str(each).strip() for each in several))


def read_buttons(written: object) -> tuple[Button, ...]:
    """
    Return the buttons in *written*, a list or a single text.

    Raises:
        MistakeError: An entry is no button.

    """
    several = read_list(written, '["acknowledge", "snooze"]')
    for each in several:
        if not (isinstance(each, str) and each in Button):
            problem = f"has {shown(each)}"
            raise MistakeError(problem, did_you_mean(each if isinstance(each, str) else "", Button))
    return tuple(Button(str(each)) for each in dict.fromkeys(map(str, several)))


class Actions(BaseModel):
    """
    Who may press: those in *allow*, people and user groups; None for the members of the channel.

    *only* are the buttons that they may press; None for all.
    """

    model_config = AS_WRITTEN

    allow: Annotated[tuple[str, ...] | None, PlainValidator(read_allowed)] = None
    only: Annotated[tuple[Button, ...] | None, PlainValidator(read_buttons)] = None

    def permits(self, action: str) -> bool:
        """Return True if the button *action* may be pressed at all."""
        return self.only is None or action not in Button or action in self.only
