"""The people and groups that a route mentions in its messages."""

import re
from typing import Final

from finding_router.routing.items.reading import check_count, read_list
from finding_router.routing.patterns.mistake import MistakeError, shown

MAX_MENTIONS: Final = 50
_EVERYONE: Final = frozenset({"@here", "@channel", "@everyone"})
# Slack's ids: U and W are people, S is a user group.
# https://api.slack.com/reference/surfaces/formatting#mentioning-users
_ID = re.compile(r"(?:@|<@|<!subteam\^)?([UWS](?=[A-Z]*[0-9])[A-Z0-9]{8,})(?:\|[^<>]*)?>?")
_EXAMPLES: Final = (
    "write @here, @channel, @everyone, or the id of a person (U0123456789) or of a user group "
    "(S0123456789), which Slack shows under Copy member ID and Copy group ID"
)


def read_mentions(written: object) -> tuple[str, ...]:
    """
    Return the mentions in *written*, a list or a single text.

    The result has "@here", "@channel", "@everyone" and bare ids, without repeats.

    Raises:
        MistakeError: An entry is no mention.

    """
    mentions = read_list(written, '["@here"]')
    check_count(mentions, MAX_MENTIONS, remedy="mention a user group instead")
    return tuple(dict.fromkeys(map(_read_mention, mentions)))


def _read_mention(written: object) -> str:
    text = written.strip() if isinstance(written, str) else ""
    if text in _EVERYONE:
        return text
    if found := _ID.fullmatch(text):
        return found[1]
    problem = f"has {shown(written)}, which mentions nobody"
    raise MistakeError(problem, _EXAMPLES)
