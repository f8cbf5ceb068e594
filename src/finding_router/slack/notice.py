"""A message of the router about itself."""

from typing import Final

from slack_sdk.models.blocks import PlainTextObject, SectionBlock

from finding_router.slack.message import Message

MAX_DETAILS: Final = 10
MAX_DETAIL_CHARS: Final = 280
AMBER: Final = "#ECB22E"


def notice(headline: str, details: list[str]) -> Message:
    """Lay out *headline* and the first ten of *details*, as plain text that cannot format."""
    lines = [f"• {detail[:MAX_DETAIL_CHARS]}" for detail in details[:MAX_DETAILS]]
    if len(details) > MAX_DETAILS:
        lines.append(f"… and {len(details) - MAX_DETAILS} more")
    body = "\n".join([f"Security Hub router: {headline}", *lines])
    block = SectionBlock(text=PlainTextObject(text=body[:2990], emoji=False))
    return Message(
        text=f"Security Hub router: {headline[:200]}", blocks=[block.to_dict()], colour=AMBER
    )
