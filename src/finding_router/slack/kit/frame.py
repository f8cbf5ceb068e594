"""Parts that messages share: colours, mentions, the account, and the reason for the message."""

from collections.abc import Sequence
from typing import Any, Final

from finding_router.findings.finding import Severity
from finding_router.slack.kit import blocks
from finding_router.slack.kit.detail import joined
from finding_router.slack.kit.refused import Banner, banner_words
from finding_router.slack.kit.text import Mrkdwn, code, listed, mention, says_nothing, words

COLOURS: Final = {
    Severity.CRITICAL: "#B3123B",
    Severity.HIGH: "#E8590C",
    Severity.MEDIUM: "#F0B400",
    Severity.LOW: "#2F7ED8",
    Severity.INFORMATIONAL: "#8A939B",
}
ENDED_COLOUR: Final = "#2EB67D"
CIRCLES: Final = {
    Severity.CRITICAL: "🔴",
    Severity.HIGH: "🟠",
    Severity.MEDIUM: "🟡",
    Severity.LOW: "🔵",
    Severity.INFORMATIONAL: "⚪",
}
ENDED_SIGN: Final = "✅"

NO_ROUTE: Final = "no route matched: default channel"
_NAME_CHARS: Final = 80
_ID_CHARS: Final = 30
_MENTIONS_SHOWN: Final = 20
_CAUSE_CHARS: Final = 300
_ROUTES_SHOWN: Final = 5
_ROUTES_CHARS: Final = 500


def account_words(name: str | None, account_id: str | None) -> Mrkdwn | None:
    """Return an account as "name (id)", or as the one of both that is known."""
    shown = "" if says_nothing(name or "") else words(name or "", _NAME_CHARS)
    number = "" if says_nothing(account_id or "") else words(account_id or "", _ID_CHARS)
    return Mrkdwn(f"{shown} ({number})" if shown and number else shown or number) or None


def account_name(name: str | None, account_id: str | None) -> str | None:
    """Return the name of an account, else its id; None if neither says anything."""
    known = (text for text in (name, account_id) if text and not says_nothing(text))
    return next(known, None)


def preface(banner: Banner | None, mentions: Sequence[str]) -> list[dict[str, Any]]:
    """Return the block above the headline, if there is a banner or a mention."""
    text = joined("\n", *preface_lines(banner, mentions))
    return [blocks.section(text)] if text else []


def preface_lines(banner: Banner | None, mentions: Sequence[str]) -> list[Mrkdwn | None]:
    """Return the line of the banner and the line of the mentions; None for an empty one."""
    shown = banner_words(banner) if banner else None
    called = [mention(written) for written in dict.fromkeys(mentions) if written.strip()]
    rest = len(called) - _MENTIONS_SHOWN
    more = Mrkdwn(f"+ {rest} more") if rest > 0 else None
    return [
        Mrkdwn(f"⚠️ {shown}") if shown else None,
        joined(" ", *called[:_MENTIONS_SHOWN], more),
    ]


def because(routes: Sequence[str], *causes: str) -> Mrkdwn:
    """Return the causes of the message and the *routes* to its channel, as one line."""
    line = reasons(routes, *causes)
    return Mrkdwn(line[:1].upper() + line[1:])


def reasons(routes: Sequence[str], *causes: str) -> Mrkdwn:
    """Return the causes and the *routes* as the end of a line, the routes last."""
    names = [name for name in (code(route, _NAME_CHARS) for route in routes) if name]
    named = listed(names, _ROUTES_SHOWN, _ROUTES_CHARS)
    chosen = f"{'routes' if names[1:] else 'route'} {named}" if named else ""
    parts = (*(words(cause, _CAUSE_CHARS) for cause in causes), chosen)
    return Mrkdwn(" · ".join(part for part in parts if part) or NO_ROUTE)
