"""The three characters that Slack escapes, and no others."""


def decoded(text: str) -> str:
    """Undo the escaping: https://docs.slack.dev/messaging/formatting-message-text#escaping."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
