"""Items of the routing table that presses make, valid by the table's own rules."""

from collections.abc import Mapping
from typing import Any, Final

from finding_router.actions.press import Press
from finding_router.errors import RefusedError, RouteError
from finding_router.findings.finding import Finding
from finding_router.routing.items.channel import channel_safe
from finding_router.routing.items.route import parse_item
from finding_router.slack.kit.text import code

NAME_CHARS: Final = 60
_ID_CHARS: Final = 8
_PROBLEM_CHARS: Final = 200


def checked(item: Mapping[str, Any]) -> None:
    """
    Return if *item* is valid by the routing table's own rules.

    Raises:
        RefusedError: It is not.

    """
    try:
        parse_item(item)
    except RouteError as error:
        raise RefusedError(
            f"The {item['kind']} would not be valid: {code(error.problem, _PROBLEM_CHARS)}.",
            why="item not valid",
        ) from error


def named(prefix: str, finding: Finding, press: Press) -> str:
    """Return the name of an item that *press* makes about findings like *finding*."""
    word = channel_safe(finding.control_id or finding.title)[:NAME_CHARS].strip("-") or "finding"
    return f"{prefix}-{word}-{press.id[:_ID_CHARS]}"
