"""Notices: messages about the router itself."""

from typing import Final

from finding_router.slack.kit import blocks
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.text import Plain

MAX_DETAILS: Final = 10
MAX_DETAIL_CHARS: Final = 280
AMBER: Final = "#ECB22E"


def notice(headline: str, details: list[str]) -> Message:
    """Return a message with *headline* and the first ten of *details*, as plain text."""
    lines = [f"• {detail[:MAX_DETAIL_CHARS]}" for detail in details[:MAX_DETAILS]]
    if len(details) > MAX_DETAILS:
        lines.append(f"… and {len(details) - MAX_DETAILS} more")
    body = "\n".join([f"Security Hub router: {headline}", *lines])
    return Message(
        text=f"Security Hub router: {headline[:200]}",
        blocks=[blocks.paragraph(Plain(body[:2990]))],
        colour=AMBER,
    )
