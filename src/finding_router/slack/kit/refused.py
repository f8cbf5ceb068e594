"""Slack's codes for channels that take no messages, in words with a remedy."""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from finding_router.counts import counted
from finding_router.slack.kit.text import Mrkdwn, code, escape, listed, one_line, words

_NAME_CHARS: Final = 80
_ROUTES_SHOWN: Final = 3
_ROUTES_CHARS: Final = 300
_CHANNELS_SHOWN: Final = 3
# A name in which Slack formats nothing, even within bold.
_PLAIN_NAME: Final = re.compile(r"#?[^\W_]+(?:[-_.][^\W_]+)*")


class Refusal(NamedTuple):
    """A reason for which a channel takes no messages: a clause, a remedy, and a word for lists."""

    clause: str
    remedy: str
    short: str


_UNKNOWN: Final = Refusal("which takes no messages", "Let the app post there", "refused")
_CLOSED: Final = "in which the app may not post"
# https://docs.slack.dev/reference/methods/chat.postMessage#errors
REFUSALS: Final = {
    "channel_not_found": Refusal(
        "which does not exist, or is private", "Create it, or invite the app", "not found"
    ),
    "not_in_channel": Refusal("which the app is not in", "Invite the app", "app not invited"),
    "is_archived": Refusal("which is archived", "Un-archive it", "archived"),
    "restricted_action": Refusal(_CLOSED, "Let the app post there", "closed"),
    "restricted_action_read_only_channel": Refusal(
        "which is read-only", "Let the app post there", "read-only"
    ),
    "restricted_action_thread_only_channel": Refusal(
        "which takes replies only", "Let the app post there", "replies only"
    ),
    "restricted_action_non_threadable_channel": Refusal(
        "which has no threads", "Allow threads there", "no threads"
    ),
    "restricted_action_thread_locked": Refusal(
        "in which the thread is locked", "Unlock the thread", "thread locked"
    ),
    "no_permission": Refusal(_CLOSED, "Install the app again with all its scopes", "closed"),
    "team_not_found": Refusal(
        "whose workspace is not found", "Install the app in that workspace", "no workspace"
    ),
    "cannot_post_to_channel": Refusal(_CLOSED, "Let the app post there", "closed"),
    "channel_is_limited_access": Refusal(
        "which only its members may use", "Invite the app", "members only"
    ),
    "messages_tab_disabled": Refusal(
        "whose messages are turned off", "Turn on the Messages tab of the app", "turned off"
    ),
    "access_denied": Refusal(
        "to which Slack denies the app access", "Ask an admin to allow the app there", "denied"
    ),
    "team_access_not_granted": Refusal(
        "whose workspace is not granted to the app",
        "Ask an admin to grant the workspace to the app",
        "not granted",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """
    The channels that a message was for, each with Slack's code, before it came here.

    *routes* are those that lead to the only channel; none if they are not known. If no route but
    a *parameter* of the stack names the channel, it is named instead.
    """

    refused: tuple[tuple[str, str], ...]
    routes: tuple[str, ...] = ()
    parameter: str = ""


def refusal_of(slack_code: str) -> Refusal:
    """Return the words for Slack's code."""
    return REFUSALS.get(slack_code, _UNKNOWN)


def banner_words(banner: Banner) -> Mrkdwn:
    """Return the reason for the redirection and the remedy, in one or two sentences."""
    if not banner.refused:
        return Mrkdwn("")
    if len(banner.refused) > 1:
        named = ", ".join(
            f"{words(channel, _NAME_CHARS)} ({refusal_of(slack_code).short})"
            for channel, slack_code in banner.refused[:_CHANNELS_SHOWN]
        )
        rest = len(banner.refused) - _CHANNELS_SHOWN
        more = f" and {counted(rest, 'more channel')}" if rest > 0 else ""
        return Mrkdwn(
            f"For {named}{more}, which take no messages, so it came here. "
            "Let the app post there, or change their routes."
        )
    [(channel, slack_code)] = banner.refused
    why = refusal_of(slack_code)
    clause = Mrkdwn(f"{why.clause} ({code(slack_code, _NAME_CHARS)})")
    known = clause if why is _UNKNOWN else why.clause
    return Mrkdwn(
        f"{_for(channel)}, {known}, so it came here. {why.remedy}, or {_to_change(banner)}."
    )


def _for(channel: str) -> Mrkdwn:
    name = one_line(channel)
    if _PLAIN_NAME.fullmatch(name):
        return Mrkdwn(f"*For {escape(name, _NAME_CHARS)}*")
    return Mrkdwn(f"For {words(name, _NAME_CHARS)}")


def _to_change(banner: Banner) -> str:
    if banner.parameter:
        return f"change the parameter `{banner.parameter}`"
    names = [name for name in (code(route, _NAME_CHARS) for route in banner.routes) if name]
    named = listed(names, _ROUTES_SHOWN, _ROUTES_CHARS)
    if not named:
        return "change its route"
    return f"change {'routes' if names[1:] else 'route'} {named}"
