"""Notices: messages about the router itself."""

from typing import Final

from finding_router.slack.kit import blocks
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.text import Url, clean, link, plain

MAX_DETAILS: Final = 10
MAX_DETAIL_CHARS: Final = 280
MAX_EXPLANATION_CHARS: Final = 1000
MAX_BODY_CHARS: Final = 2990
MAX_SUMMARY_CHARS: Final = 220
AMBER: Final = "#ECB22E"
LINK: Final = "Open in CloudWatch"


def notice(
    headline: str,
    details: list[str],
    *,
    explanation: str = "",
    url: str = "",
    colour: str = AMBER,
) -> Message:
    """
    Return a message with *headline* and the first ten of *details*, as plain text.

    The *explanation*, if there is one, is a paragraph of its own, before a link to *url*.
    """
    lines = [f"• {detail[:MAX_DETAIL_CHARS]}" for detail in details[:MAX_DETAILS]]
    if len(details) > MAX_DETAILS:
        lines.append(f"… and {len(details) - MAX_DETAILS} more")
    body = "\n".join([f"Security Hub router: {headline}", *lines])
    parts = [blocks.paragraph(plain(body, MAX_BODY_CHARS))]
    if explanation := clean(explanation).strip():
        parts.append(blocks.paragraph(plain(explanation, MAX_EXPLANATION_CHARS)))
    if url:
        parts.append(blocks.context(link(Url(url), LINK, len(LINK))))
    return Message(
        # Slack formats it where the blocks are in an attachment.
        text=plain(f"Security Hub router: {headline}", MAX_SUMMARY_CHARS),
        blocks=parts,
        colour=colour,
    )
