"""The addresses at which Slack takes answers to a press, which a payload names."""

from typing import Final
from urllib.parse import urlsplit

# https://docs.slack.dev/interactivity/handling-user-interaction
_HOSTS: Final = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})
_OF_SLACK: Final = ("slack.com", "slack-gov.com")


def takes_answers(url: str, base_url: str) -> bool:
    """
    Return True if *url* is Slack's own, or of a Slack on this machine, whose API is at *base_url*.

    An answer goes nowhere else, whatever a payload says.
    """
    try:
        asked, own = urlsplit(url), urlsplit(base_url)
    except ValueError:
        return False
    if asked.scheme == "https" and asked.netloc in _HOSTS:
        return True
    is_local = bool(own.netloc) and not own.netloc.endswith(_OF_SLACK)
    return is_local and (asked.scheme, asked.netloc) == (own.scheme, own.netloc)
