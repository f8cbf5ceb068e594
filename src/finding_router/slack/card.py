"""A finding as one Slack message."""

import json
from dataclasses import dataclass
from typing import Any, Final

from finding_router.findings.finding import Finding, Severity
from finding_router.findings.reading import text_at
from finding_router.findings.timestamps import parse_timestamp
from finding_router.slack import blocks
from finding_router.slack.body import Source, body
from finding_router.slack.detail import exact, facts, joined, said
from finding_router.slack.layouts import lay_out
from finding_router.slack.links import AccessPortal, finding_url
from finding_router.slack.message import Message
from finding_router.slack.resources import is_account, short_name
from finding_router.slack.text import (
    HEADER_CHARS,
    Budget,
    Mrkdwn,
    code,
    date,
    escape,
    length,
    link,
    listed,
    mention,
    one_line,
    preformatted,
    says_nothing,
    words,
)

COLOURS: Final = {
    Severity.CRITICAL: "#B3123B",
    Severity.HIGH: "#E8590C",
    Severity.MEDIUM: "#F0B400",
    Severity.LOW: "#2F7ED8",
    Severity.INFORMATIONAL: "#8A939B",
}
UNREADABLE_COLOUR: Final = "#5B6770"
CIRCLES: Final = {
    Severity.CRITICAL: "🔴",
    Severity.HIGH: "🟠",
    Severity.MEDIUM: "🟡",
    Severity.LOW: "🔵",
    Severity.INFORMATIONAL: "⚪",
}

_NEW: Final = "new"
_NO_ROUTE: Final = "no route matched: default channel"
_UNREADABLE: Final = "❓ Unreadable finding"
_TITLE_CHARS: Final = 300
_NAME_CHARS: Final = 80
_ID_CHARS: Final = 30
_BANNER_CHARS: Final = 400
_MENTIONS_SHOWN: Final = 20
_WHY_CHARS: Final = 300
_ROUTES_SHOWN: Final = 5
_ROUTES_CHARS: Final = 500
_PROBLEM_CHARS: Final = 500
_RAW_CHARS: Final = 2500


@dataclass(frozen=True, slots=True)
class CardContext:
    """
    What the finding itself does not say.

    *routes* led to the channel, none where it is the default channel. *why* is "new" or what else
    made it worth saying. *mention* is as the operator wrote it. *banner* stands above everything.
    """

    routes: tuple[str, ...] = ()
    why: str = _NEW
    account_alias: str | None = None
    mention: tuple[str, ...] = ()
    banner: str | None = None
    action_name: str | None = None
    portal: AccessPortal | None = None


def render(finding: Finding, context: CardContext) -> Message:
    """Lay out *finding* as a card that holds every limit of Slack, and says what it leaves out."""
    text = summary(finding, context)
    headline = _headline(finding)
    is_cut = length(escape(headline, len(headline) * 5)) > HEADER_CHARS
    source = Source(
        finding=finding,
        detail=lay_out(finding),
        account=_account(finding.account_name or context.account_alias, finding.account_id),
        portal=context.portal,
        full_title=finding.title if is_cut else None,
    )
    lead = [*_preface(context), blocks.header(headline)]
    footers = [*_seen(finding), _footer(context, is_sample=finding.raw.get("Sample") is True)]
    budget = Budget()
    budget.spend(text)
    for block in (*lead, *footers):
        budget.take(block)
    return Message(
        text=text,
        lead=lead,
        blocks=[*body(source, budget), *footers],
        colour=COLOURS[finding.severity],
    )


def render_plain(finding: Finding, context: CardContext) -> Message:
    """Say the least about *finding*, in text alone, for when Slack refuses its card."""
    url = finding_url(finding, context.portal)
    text = joined(
        "\n",
        *_preface_lines(context),
        summary(finding, context),
        link(url, "Open in Security Hub", _NAME_CHARS) if url else code(finding.id, _TITLE_CHARS),
        _why(context),
    )
    return Message(text=text or summary(finding, context))


def render_raw(raw: object, problem: str, context: CardContext) -> Message:
    """Show the JSON of a finding that cannot be laid out, and the *problem* with it."""
    title = text_at(raw, "Title") or text_at(raw, "Id")
    account = _account(
        text_at(raw, "AwsAccountName") or context.account_alias, text_at(raw, "AwsAccountId")
    )
    named = joined(" · ", words(title or "", _TITLE_CHARS), account)
    text = f"{_UNREADABLE}: {named}" if named else _UNREADABLE
    known = facts(
        ("Account", account),
        ("Region", said(text_at(raw, "Region"))),
        ("Product", exact(text_at(raw, "ProductArn"))),
        ("Finding", exact(text_at(raw, "Id"))),
    )
    body = [
        blocks.section(words(problem, _PROBLEM_CHARS) or Mrkdwn("It cannot be read.")),
        *([blocks.columns(known)] if known else []),
        blocks.section(preformatted(_json(raw), _RAW_CHARS)),
        _footer(context, is_sample=False),
    ]
    lead = [*_preface(context), blocks.header(_UNREADABLE)]
    return Message(text=text, lead=lead, blocks=body, colour=UNREADABLE_COLOUR)


def summary(finding: Finding, context: CardContext) -> Mrkdwn:
    """Say in one line how bad, what, where and on which resource, as a phone shows it."""
    resources = [short_name(resource) for resource in finding.resources]
    # What the title names, or the account is, need not be said again.
    unsaid = [name for name in resources if name not in finding.title and not is_account(name)]
    names = [words(name, _NAME_CHARS) for name in unsaid]
    parts = (
        Mrkdwn(f"{CIRCLES[finding.severity]} {finding.severity}"),
        words(finding.product, _NAME_CHARS),
        words(finding.title, _TITLE_CHARS),
        _account(finding.account_name or context.account_alias, finding.account_id),
        words(finding.region or "", _ID_CHARS),
        listed([name for name in names if name], 1, 2 * _NAME_CHARS),
    )
    return Mrkdwn(" · ".join(part for part in parts if part))


def _headline(finding: Finding) -> str:
    title = one_line(finding.title) or one_line(finding.id)
    return f"{CIRCLES[finding.severity]} {finding.severity} · {title}"


def _account(name: str | None, account_id: str | None) -> Mrkdwn | None:
    shown = None if name is None or says_nothing(name) else words(name, _NAME_CHARS)
    number = words(account_id or "", _ID_CHARS)
    return Mrkdwn(f"{shown} ({number})") if shown and number else shown or number or None


def _preface(context: CardContext) -> list[dict[str, Any]]:
    text = joined("\n", *_preface_lines(context))
    return [blocks.section(text)] if text else []


def _preface_lines(context: CardContext) -> list[Mrkdwn | None]:
    """Give what stands above the card: why it is here at all, and whom to call."""
    banner = words(context.banner, _BANNER_CHARS) if context.banner else None
    mentions = [mention(written) for written in dict.fromkeys(context.mention) if written.strip()]
    rest = len(mentions) - _MENTIONS_SHOWN
    more = Mrkdwn(f"+ {rest} more") if rest > 0 else None
    called = joined(" ", *mentions[:_MENTIONS_SHOWN], more)
    return [Mrkdwn(f"⚠️ {banner}") if banner else None, called]


def _seen(finding: Finding) -> list[dict[str, Any]]:
    first, last = parse_timestamp(finding.first_seen), parse_timestamp(finding.last_seen)
    shown = (
        Mrkdwn(f"First seen {date(first)}") if first else None,
        Mrkdwn(f"Last seen {date(last)}") if last else None,
    )
    present = [each for each in shown if each]
    return [blocks.context(*present)] if present else []


def _footer(context: CardContext, *, is_sample: bool) -> dict[str, Any]:
    sample = Mrkdwn("Sample finding, made for testing") if is_sample else None
    return blocks.context(*filter(None, (_why(context), sample)))


def _why(context: CardContext) -> Mrkdwn:
    """Say what made the router speak, and which routes chose the channel."""
    action = f"custom action “{one_line(context.action_name)}”" if context.action_name else ""
    cause = "" if action and context.why == _NEW else context.why
    names = [name for name in (code(route, _NAME_CHARS) for route in context.routes) if name]
    routes = listed(names, _ROUTES_SHOWN, _ROUTES_CHARS)
    chosen = f"{'routes' if names[1:] else 'route'} {routes}" if routes else ""
    if not chosen and context.why == _NEW:
        chosen = _NO_ROUTE
    parts = (words(action, _WHY_CHARS), words(cause, _WHY_CHARS), chosen)
    line = " · ".join(part for part in parts if part) or _NO_ROUTE
    return Mrkdwn(line[:1].upper() + line[1:])


def _json(raw: object) -> str:
    try:
        return json.dumps(raw, indent=1, ensure_ascii=False, default=str)
    except RecursionError:
        return "nested too deeply to be shown"
