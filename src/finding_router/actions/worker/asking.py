"""The person and the reason of a press, as alerts and items keep them."""

from collections.abc import Mapping
from typing import Any

from finding_router.actions.press import REASON_CHARS, Press
from finding_router.delivery.alerts.care import Person
from finding_router.slack.kit.text import one_line


def person_of(press: Press) -> Person:
    """Return the person who pressed, at the moment of the press."""
    return Person(press.user.id, press.user.name, press.moment)


def signed(press: Press) -> str:
    """Return the person who pressed, as an item of the routing table names a person."""
    return f"{press.user.name} ({press.user.id}) in Slack"


def reason_of(form: Mapping[str, Any]) -> str:
    """Return the reason in *form*, on one line."""
    return one_line(str(form.get("reason") or ""))[:REASON_CHARS] or "no reason given"
