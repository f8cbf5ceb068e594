"""Cards: one Slack message for one finding."""

import json
from dataclasses import dataclass
from typing import Any, Final

from finding_router.findings.finding import Finding
from finding_router.findings.reading import text_at
from finding_router.findings.timestamps import parse_timestamp
from finding_router.slack.kit import blocks
from finding_router.slack.kit.body import Source, body
from finding_router.slack.kit.detail import exact, facts, joined, said, with_standards
from finding_router.slack.kit.frame import (
    CIRCLES,
    COLOURS,
    NO_ROUTE,
    account_words,
    because,
    preface,
    preface_lines,
)
from finding_router.slack.kit.links import AccessPortal, finding_url
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.resources import is_account, short_name
from finding_router.slack.kit.text import (
    HEADER_CHARS,
    Budget,
    Mrkdwn,
    code,
    date,
    escape,
    length,
    link,
    listed,
    one_line,
    preformatted,
    words,
)
from finding_router.slack.layouts import lay_out

UNREADABLE_COLOUR: Final = "#5B6770"

_NEW: Final = "new"
_UNREADABLE: Final = "❓ Unreadable finding"
_TITLE_CHARS: Final = 300
_NAME_CHARS: Final = 80
_PROBLEM_CHARS: Final = 500
_RAW_CHARS: Final = 2500


@dataclass(frozen=True, slots=True)
class CardContext:
    """
    The content of a card that does not come from the finding.

    *routes* are those to the channel, empty for the default channel. *why* is the cause of the
    message, "new" by default. *mention* is as written by the operator. *banner* is shown at the
    top. *standards* are all that require the control, if each has its own finding.
    """

    routes: tuple[str, ...] = ()
    why: str = _NEW
    account_alias: str | None = None
    mention: tuple[str, ...] = ()
    banner: str | None = None
    action_name: str | None = None
    portal: AccessPortal | None = None
    standards: tuple[str, ...] = ()


def render(finding: Finding, context: CardContext) -> Message:
    """Return the card of *finding* within Slack's limits; it names the parts left out."""
    text = summary(finding, context)
    headline = _headline(finding)
    source = Source(
        finding=finding,
        detail=with_standards(lay_out(finding), context.standards),
        account=account_words(context.account_alias or finding.account_name, finding.account_id),
        portal=context.portal,
        full_title=full_title(finding, headline),
    )
    lead = [*preface(context.banner, context.mention), blocks.header(headline)]
    footers = [*seen(finding), _footer(context, is_sample=finding.raw.get("Sample") is True)]
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
    """Return a minimal message for *finding* without blocks, in case Slack refuses its card."""
    url = finding_url(finding, context.portal)
    text = joined(
        "\n",
        *preface_lines(context.banner, context.mention),
        summary(finding, context),
        link(url, "Open in Security Hub", _NAME_CHARS) if url else code(finding.id, _TITLE_CHARS),
        _why(context),
    )
    return Message(text=text or summary(finding, context))


def render_raw(raw: object, problem: str, context: CardContext) -> Message:
    """Return a message with the JSON of an unreadable finding and the *problem*."""
    title = text_at(raw, "Title") or text_at(raw, "Id")
    account = account_words(
        context.account_alias or text_at(raw, "AwsAccountName"), text_at(raw, "AwsAccountId")
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
    lead = [*preface(context.banner, context.mention), blocks.header(_UNREADABLE)]
    return Message(text=text, lead=lead, blocks=body, colour=UNREADABLE_COLOUR)


def summary(finding: Finding, context: CardContext) -> Mrkdwn:
    """Return severity, product, title, account, Region and resource in one line."""
    resources = [short_name(resource) for resource in finding.resources]
    # Resources that the title names, and accounts, would be repetitions.
    unsaid = [name for name in resources if name not in finding.title and not is_account(name)]
    names = [words(name, _NAME_CHARS) for name in unsaid]
    parts = (
        Mrkdwn(f"{CIRCLES[finding.severity]} {finding.severity}"),
        words(finding.product, _NAME_CHARS),
        words(finding.title, _TITLE_CHARS),
        account_words(context.account_alias or finding.account_name, finding.account_id),
        said(finding.region),
        listed([name for name in names if name], 1, 2 * _NAME_CHARS),
    )
    return Mrkdwn(" · ".join(part for part in parts if part))


def full_title(finding: Finding, headline: str) -> str | None:
    """Return the title of *finding* if its *headline* has to be cut, else None."""
    is_cut = length(escape(headline, len(headline) * 5)) > HEADER_CHARS
    return finding.title if is_cut else None


def seen(finding: Finding) -> list[dict[str, Any]]:
    """Return a block with the times when *finding* was first and last seen, if known."""
    first, last = parse_timestamp(finding.first_seen), parse_timestamp(finding.last_seen)
    shown = (
        Mrkdwn(f"First seen {date(first)}") if first else None,
        Mrkdwn(f"Last seen {date(last)}") if last else None,
    )
    present = [each for each in shown if each]
    return [blocks.context(*present)] if present else []


def _headline(finding: Finding) -> str:
    title = one_line(finding.title) or one_line(finding.id)
    return f"{CIRCLES[finding.severity]} {finding.severity} · {title}"


def _footer(context: CardContext, *, is_sample: bool) -> dict[str, Any]:
    sample = Mrkdwn("Sample finding, made for testing") if is_sample else None
    return blocks.context(*filter(None, (_why(context), sample)))


def _why(context: CardContext) -> Mrkdwn:
    action = f"custom action “{one_line(context.action_name)}”" if context.action_name else ""
    cause = "" if action and context.why == _NEW else context.why
    unrouted = "" if context.routes or context.why != _NEW else NO_ROUTE
    return because(context.routes, action, cause, unrouted)


def _json(raw: object) -> str:
    if isinstance(raw, str):
        return raw
    try:
        return json.dumps(raw, indent=1, ensure_ascii=False, default=str)
    except RecursionError:
        return "nested too deeply to be shown"
    except ValueError:
        return "with a number of too many digits to be shown"
