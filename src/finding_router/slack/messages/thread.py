"""Messages that follow a card: the finding reopened, its severity rose, or it ended."""

from typing import Any, Final

from finding_router.findings.ending import Ended
from finding_router.findings.finding import Finding, Severity
from finding_router.findings.timestamps import parse_timestamp
from finding_router.slack.kit import blocks
from finding_router.slack.kit.body import Source, body
from finding_router.slack.kit.detail import Detail, facts, with_standards
from finding_router.slack.kit.durations import ago_words, duration_words, ordinal
from finding_router.slack.kit.frame import (
    CIRCLES,
    COLOURS,
    ENDED_COLOUR,
    ENDED_SIGN,
    account_words,
    because,
    preface,
)
from finding_router.slack.kit.links import finding_url
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.text import Budget, Mrkdwn, link, one_line
from finding_router.slack.messages.card import CardContext, full_title, seen, summary

_LINK_CHARS: Final = 100
_SUPPRESSED_SIGN: Final = "🔕"
# The end in one word, and its cause in the words of Security Hub's console.
_ENDINGS: Final = {
    Ended.RESOLVED: ("Resolved", "set to RESOLVED in Security Hub"),
    Ended.PASSED: ("Resolved", "the check passes now"),
    Ended.ARCHIVED: ("Archived", "its product does not report it any more"),
    Ended.SUPPRESSED: ("Suppressed", "set to SUPPRESSED in Security Hub"),
}


def reopened(
    finding: Finding,
    context: CardContext,
    *,
    times: int,
    now: float,
    first_said_at: float | None = None,
) -> Message:
    """
    Return the message that *finding* reopened; *times* is the number of episodes so far.

    *now* and *first_said_at* are in Unix seconds. *first_said_at* is used if the finding has no
    time of first observation.
    """
    first = parse_timestamp(finding.first_seen)
    since = first.timestamp() if first else first_said_at
    ago = "" if since is None else f", first seen {ago_words(now - since)}"
    again = "" if times <= 1 else f", {ordinal(times)} time"
    return _news(f"🔁 Reopened{again}{ago}", finding, context)


def risen(finding: Finding, before: Severity, context: CardContext) -> Message:
    """Return the message that the severity of *finding* rose from *before*."""
    return _news(f"🔺 Severity rose from {before} to {finding.severity}", finding, context)


def ended_reply(
    finding: Finding, context: CardContext, *, how: Ended, after_seconds: float | None
) -> Message:
    """Return the reply that *finding* ended, for a card that cannot be changed; no mentions."""
    headline = _ending(how, after_seconds)
    text = summary(finding, context)
    return Message(
        text=f"{headline}: {text}",
        blocks=[
            blocks.section(Mrkdwn(f"{headline}\n{text}")),
            blocks.context(because(context.routes, _ENDINGS[how][1])),
        ],
        colour=ENDED_COLOUR,
    )


def render_ended(
    finding: Finding, context: CardContext, *, how: Ended, after_seconds: float | None
) -> Message:
    """
    Return the card of a *finding* that ended, without description, remediation and mentions.

    *after_seconds* is the time for which the finding was open; None if unknown.
    """
    headline = f"{_ending(how, after_seconds)} · {one_line(finding.title) or one_line(finding.id)}"
    severity = Mrkdwn(f"{CIRCLES[finding.severity]} {finding.severity}")
    text = f"{_ending(how, after_seconds)}: {summary(finding, context)}"
    source = Source(
        finding=finding,
        detail=with_standards(Detail(facts=facts(("Severity", severity))), context.standards),
        account=account_words(context.account_alias or finding.account_name, finding.account_id),
        portal=context.portal,
        full_title=full_title(finding, headline),
    )
    lead = [*preface(context.banner, ()), blocks.header(headline)]
    footers = [*seen(finding), blocks.context(because(context.routes, _ENDINGS[how][1]))]
    budget = Budget()
    budget.spend(text)
    for block in (*lead, *footers):
        budget.take(block)
    return Message(
        text=text,
        lead=lead,
        blocks=[*body(source, budget, is_over=True), *footers],
        colour=ENDED_COLOUR,
    )


def _ending(how: Ended, after_seconds: float | None) -> str:
    sign = _SUPPRESSED_SIGN if how is Ended.SUPPRESSED else ENDED_SIGN
    after = "" if after_seconds is None else f" after {duration_words(after_seconds)}"
    return f"{sign} {_ENDINGS[how][0]}{after}"


def _news(headline: str, finding: Finding, context: CardContext) -> Message:
    """Return a message with *headline* and summary, readable in the thread and as a broadcast."""
    text = summary(finding, context)
    return Message(
        text=f"{headline}: {text}",
        lead=[*preface(context.banner, context.mention), blocks.header(headline)],
        blocks=[
            blocks.section(text),
            *_link(finding, context),
            blocks.context(because(context.routes, context.why)),
        ],
        colour=COLOURS[finding.severity],
    )


def _link(finding: Finding, context: CardContext) -> list[dict[str, Any]]:
    url = finding_url(finding, context.portal)
    return [blocks.section(link(url, "Open in Security Hub", _LINK_CHARS))] if url else []
