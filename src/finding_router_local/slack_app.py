"""An app of a real workspace, for those who try the local stack there."""

from dataclasses import dataclass, field
from typing import Final

SLACK_API_URL: Final = "https://slack.com/api/"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackApp:
    """The two tokens of an app, which no text of it shows, and the address of its Web API."""

    bot_token: str = field(repr=False)
    app_token: str = field(repr=False)
    api_url: str = SLACK_API_URL


class SlackAppError(Exception):
    """Slack does not let the app in; the message has Slack's code, and the change to make."""
