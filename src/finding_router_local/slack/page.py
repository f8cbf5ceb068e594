"""The page."""

from collections.abc import Sequence

from markupsafe import escape

from finding_router_local.slack.workspace import Channel, PostedMessage


def render_page(
    messages: Sequence[PostedMessage],
    channels: Sequence[Channel] = (),
    *,
    selected: str | None = None,
    live: int | None = None,
    workspace: str = "Local Slack",
) -> str:
    """Draw."""
    return "".join(f"<pre>{escape(m.channel_name)}: {escape(m.text)}</pre>" for m in messages)
