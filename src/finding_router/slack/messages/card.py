"""Cards: one Slack message for one finding."""

import json
from dataclasses import dataclass
from typing import Final

from finding_router.findings.finding import Finding
from finding_router.findings.reading import text_at
from finding_router.slack.kit import blocks
from finding_router.slack.kit.body import body
from finding_router.slack.kit.buttons import Buttons, card_buttons
from finding_router.slack.kit.detail import exact, joined, said
from finding_router.slack.kit.frame import (
    CIRCLES,
    COLOURS,
    NO_ROUTE,
    account_name,
    preface,
    preface_lines,
    reasons,
)
from finding_router.slack.kit.links import AccessPortal, finding_url
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.people import Handled, handled_blocks
from finding_router.slack.kit.push import push_text
from finding_router.slack.kit.refused import Banner
from finding_router.slack.kit.small_print import small_print
from finding_router.slack.kit.text import (
    Budget,
    Mrkdwn,
    bold,
    code,
    link,
    one_line,
    preformatted,
    unmarked,
    words,
)
from finding_router.slack.kit.top import Source, top
from finding_router.slack.layouts import lay_out

UNREADABLE_COLOUR: Final = "#5B6770"

_NEW: Final = "new"
_UNREADABLE: Final = "❓ Unreadable finding"
_NAME_CHARS: Final = 80
_RAW_CHARS: Final = 2500
_LEFT_OUT_CHARS: Final = 150
_ID_CHARS: Final = 300
_AS_IT_CAME: Final = Mrkdwn("Its JSON is in the thread")


@dataclass(frozen=True, slots=True)
class CardContext:
    """
    The content of a card that does not come from the finding.

    *routes* are those to the channel, empty for the default channel. *why* is the cause of the
    message, "new" by default. *mention* is as written by the operator. *banner* is shown at the
    top. *standards* are all that require the control, if each has its own finding. *show_tags* are
    the names of the tags that say whom a resource belongs to. *has_buttons* if people may act from
    the card, *has_ticket* if they may have a ticket made; *buttons* and *handled* follow from that
    and from the alert.
    """

    routes: tuple[str, ...] = ()
    why: str = _NEW
    account_alias: str | None = None
    mention: tuple[str, ...] = ()
    banner: Banner | None = None
    action_name: str | None = None
    portal: AccessPortal | None = None
    standards: tuple[str, ...] = ()
    show_tags: tuple[str, ...] = ()
    has_buttons: bool = False
    has_ticket: bool = False
    buttons: Buttons | None = None
    handled: Handled | None = None


def render(finding: Finding, context: CardContext) -> Message:
    """Return the card of *finding* within Slack's limits; it names the parts left out."""
    source = source_of(finding, context)
    text = push_text(source)
    above = [*preface(context.banner, context.mention), blocks.header(headline(source))]
    footer = blocks.context(small_print(source, context.standards, _why(context, finding)))
    budget = Budget()
    budget.spend(text)
    for block in (*above, footer):
        budget.take(block)
    budget.chars -= _LEFT_OUT_CHARS
    people = [*handled_blocks(context.handled), *card_buttons(context.buttons)]
    for each in people:
        budget.take(each)
    lead, unsaid = top(source, budget)
    below, left_out = body(source, budget, context.show_tags)
    names = dict.fromkeys((*unsaid, *left_out))
    note = words(f"Left out for length: {', '.join(names)}", _LEFT_OUT_CHARS)
    return Message(
        text=text,
        lead=[*above, *lead, *people],
        blocks=[*below, *([blocks.context(note)] if names else []), footer],
        colour=COLOURS[finding.severity],
    )


def render_plain(finding: Finding, context: CardContext) -> Message:
    """Return a minimal message for *finding* without blocks, in case Slack refuses its card."""
    source = source_of(finding, context)
    url = finding_url(finding, context.portal)
    text = push_text(source)
    return Message(
        text=joined(
            "\n",
            *preface_lines(context.banner, context.mention),
            Mrkdwn(text),
            link(url, "Open in Security Hub", _NAME_CHARS) if url else code(finding.id, _ID_CHARS),
            _why(context, finding),
        )
        or text
    )


def render_raw(raw: object, problem: str, context: CardContext) -> Message:
    """Return three lines about an unreadable finding and its *problem*; its JSON is appended."""
    name = one_line(text_at(raw, "Title") or text_at(raw, "Id") or "")
    account = account_name(
        context.account_alias or text_at(raw, "AwsAccountName"), text_at(raw, "AwsAccountId")
    )
    where = joined(
        " · ",
        bold(account, _NAME_CHARS) if account else None,
        said(text_at(raw, "Region")),
        exact(text_at(raw, "ProductArn")),
    )
    cause = said(problem) or Mrkdwn("It cannot be read.")
    parts = (unmarked(account or "", _NAME_CHARS), unmarked(name, _NAME_CHARS))
    text = " · ".join(filter(None, (_UNREADABLE, *parts)))
    written = preformatted(_json(raw), _RAW_CHARS)
    title = f"{_UNREADABLE}: {name}" if name else _UNREADABLE
    return Message(
        text=text,
        lead=[
            *preface(context.banner, context.mention),
            blocks.header(title),
            blocks.section(joined("\n", where, cause) or cause),
        ],
        blocks=[blocks.context(joined(" · ", _AS_IT_CAME, _why(context, None)) or _AS_IT_CAME)],
        colour=UNREADABLE_COLOUR,
        appendix=Message(text=written, blocks=[blocks.section(written)]),
    )


def source_of(finding: Finding, context: CardContext) -> Source:
    """Return the source of the parts of a card about *finding*."""
    return Source(
        finding=finding,
        detail=lay_out(finding),
        account=account_name(context.account_alias or finding.account_name, finding.account_id),
        portal=context.portal,
    )


def headline(source: Source) -> str:
    """Return severity and fact, in plain text."""
    severity = source.finding.severity
    return f"{CIRCLES[severity]} {severity} · {source.headline}"


def _why(context: CardContext, finding: Finding | None) -> Mrkdwn:
    action = f"custom action “{one_line(context.action_name)}”" if context.action_name else ""
    # That it is new is the normal case.
    cause = "" if context.why == _NEW else context.why
    unrouted = "" if context.routes or context.why != _NEW else NO_ROUTE
    is_sample = finding is not None and finding.raw.get("Sample") is True
    sample = "sample finding, made for testing" if is_sample else ""
    return reasons(context.routes, sample, action, cause, unrouted)


def _json(raw: object) -> str:
    if isinstance(raw, str):
        return raw
    try:
        return json.dumps(raw, indent=1, ensure_ascii=False, default=str)
    except RecursionError:
        return "nested too deeply to be shown"
    except ValueError:
        return "with a number of too many digits to be shown"
