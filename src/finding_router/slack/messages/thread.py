"""Messages that follow a card: the finding reopened, its severity rose, or it ended."""

import re
from copy import replace
from datetime import UTC, datetime
from typing import Final

from finding_router.findings.ending import Ended
from finding_router.findings.finding import Finding, Severity
from finding_router.findings.reading import text_at
from finding_router.findings.short_id import short_id
from finding_router.findings.timestamps import parse_timestamp
from finding_router.slack.kit import blocks
from finding_router.slack.kit.body import note_of, owner_facts
from finding_router.slack.kit.buttons import card_buttons
from finding_router.slack.kit.detail import joined, said
from finding_router.slack.kit.durations import age_words, open_words, ordinal
from finding_router.slack.kit.frame import (
    CIRCLES,
    COLOURS,
    ENDED_COLOUR,
    ENDED_SIGN,
    preface,
    reasons,
)
from finding_router.slack.kit.links import finding_url
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.people import handled_blocks
from finding_router.slack.kit.push import push_text
from finding_router.slack.kit.text import (
    Budget,
    Mrkdwn,
    age,
    bold,
    code,
    length,
    link,
    one_line,
    says_nothing,
    shortened,
    struck,
    visible_length,
    words,
)
from finding_router.slack.kit.top import Source, top
from finding_router.slack.messages.card import CardContext, source_of

_NAME_CHARS: Final = 80
# An ended card is three lines on a phone, and one for its note; the title takes the rest.
_LINE_CHARS: Final = 96
_LEAST_TITLE_CHARS: Final = 28
_WHO_CHARS: Final = 26
_ACCOUNT_CHARS: Final = 24
_WHERE_CHARS: Final = 32
_NOTE_CHARS: Final = 36
# The small print is two lines. Beside a note, its second line is taken from the title's.
_SMALL_CHARS: Final = 92
_ONE_SMALL_LINE_CHARS: Final = 47
_TIGHT_LINE_CHARS: Final = 68
_TIGHT_NAME_CHARS: Final = 13
_LEAST_TIGHT_TITLE_CHARS: Final = 12
_SUBJECT_CHARS: Final = 30
# How many owners of a kind are shown, each in so many characters; the first that fit.
_OWNERS_SHOWN: Final = ((2, 100), (2, 24), (1, 24), (1, 10))
_RECENT_SECONDS: Final = 86_400.0
_AT_FIRST_SECONDS: Final = 900.0
_SUPPRESSED_SIGN: Final = "🔕"
# The end in one word, and its cause where a person does not stand behind it.
_ENDINGS: Final = {
    Ended.RESOLVED: ("Resolved", ""),
    Ended.PASSED: ("Resolved", "The check passes now"),
    Ended.ARCHIVED: ("Archived", "Its product does not report it any more"),
    Ended.SUPPRESSED: ("Suppressed", ""),
}


_BY_PEOPLE: Final = frozenset({Ended.RESOLVED, Ended.SUPPRESSED})
# The author of a note that was written for a press of a button.
_PRESSED: Final = r"slack:[UW][A-Z0-9]{2,30} \((.+)\)"


def reopened(
    finding: Finding,
    context: CardContext,
    *,
    times: int,
    first_said_at: float | None = None,
) -> Message:
    """
    Return the message that *finding* reopened; *times* is the number of episodes so far.

    *first_said_at*, in Unix seconds, is used if the finding has no time of first observation.
    """
    again = "" if times <= 1 else f", {ordinal(times)} time"
    first = parse_timestamp(finding.first_seen)
    if first is None and first_said_at is not None:
        first = datetime.fromtimestamp(first_said_at, UTC)
    since = Mrkdwn(f"first seen {age(first)}") if first else None
    return _news(f"🔁 Reopened{again}", finding, context, since)


def risen(finding: Finding, before: Severity, context: CardContext) -> Message:
    """Return the message that the severity of *finding* rose from *before*."""
    return _news(f"🔺 Severity rose from {before} to {finding.severity}", finding, context, None)


def still_open(
    finding: Finding,
    context: CardContext,
    *,
    seconds: float,
    is_untaken: bool,
    is_snooze_over: bool = False,
) -> Message:
    """
    Return the message that *finding* is still open, *seconds* after it was said.

    *is_untaken* if nobody has acknowledged it; *is_snooze_over* if it was snoozed until now.
    """
    headline = f"⏰ Open for {open_words(seconds)}{', nobody has taken it' * is_untaken}"
    if is_snooze_over:
        headline = "💤 The snooze is over, still open"
    message = _news(headline, finding, context, None)
    people = [*handled_blocks(context.handled), *card_buttons(context.buttons)]
    return replace(message, lead=[*message.lead, *people])


def ended_reply(
    finding: Finding, context: CardContext, *, how: Ended, ended_at: float, said_at: float | None
) -> Message:
    """Return the reply that *finding* ended, for a card that cannot be changed; no mentions."""
    return render_ended(finding, context, how=how, ended_at=ended_at, said_at=said_at)


def render_ended(
    finding: Finding, context: CardContext, *, how: Ended, ended_at: float, said_at: float | None
) -> Message:
    """
    Return the card of a *finding* that ended: who or what ended it, after how long, and the note.

    *ended_at* and *said_at*, when its card was posted, are in Unix seconds. *said_at* is used if
    the finding has no time of first observation.
    """
    source = source_of(finding, context)
    sign = _SUPPRESSED_SIGN if how is Ended.SUPPRESSED else ENDED_SIGN
    word, cause = _ENDINGS[how]
    by = _closer(context, how) or _who(finding, how, ended_at)
    said_to_end = f"{word} by {by}" if by else word
    start = parse_timestamp(finding.first_seen)
    began = start.timestamp() if start else said_at
    after = "" if began is None or began > ended_at else f" after {age_words(ended_at - began)}"
    note = note_of(source, _NOTE_CHARS)
    small = _small_print(source, context, cause)
    is_tight = note is not None and visible_length(small) > _ONE_SMALL_LINE_CHARS
    line = _ended_line(source, sign, word, by, after, is_tight=is_tight)
    lead = [
        *preface(context.banner, ()),
        blocks.section(joined("\n", line, Mrkdwn(f"> {note}") if note else None) or Mrkdwn(sign)),
        *handled_blocks(context.handled),
    ]
    return Message(
        text=push_text(source, sign=sign, news=f"{said_to_end}{after}"),
        lead=lead,
        blocks=[blocks.context(small)],
        colour=ENDED_COLOUR,
    )


def _ended_line(
    source: Source, sign: str, word: str, by: str | None, after: str, *, is_tight: bool
) -> Mrkdwn | None:
    """Return who ended it, the title struck through, and where; in two lines if *is_tight*."""
    who = by
    if by is not None and len(by) > (limit := _TIGHT_NAME_CHARS if is_tight else _WHO_CHARS):
        # Of an address, the name says who it was.
        who = shortened(by.partition("@")[0] or by, limit)
    account = None
    if source.account:
        account = bold(source.account, _TIGHT_NAME_CHARS if is_tight else _ACCOUNT_CHARS)
    where = joined(" ", account, said(source.finding.region))
    most = _TIGHT_NAME_CHARS if is_tight and who else _WHERE_CHARS
    if length(where or "") > most:
        where = account
    end = Mrkdwn(f"{sign} {bold(f'{word} by {who}' if who else word, _NAME_CHARS)}{after}")
    room = (_TIGHT_LINE_CHARS if is_tight else _LINE_CHARS) - length(end) - length(where or "")
    room = max(_LEAST_TIGHT_TITLE_CHARS if is_tight else _LEAST_TITLE_CHARS, room)
    circle = CIRCLES[source.finding.severity]
    return joined(" · ", end, struck(f"{circle} {source.headline}", room), where)


def _small_print(source: Source, context: CardContext, cause: str) -> Mrkdwn:
    """Return the small print of an ended card: what fits of cause, subject and owner."""
    finding = source.finding
    url = finding_url(finding, context.portal)
    links = (
        link(url, "Security Hub", _NAME_CHARS) if url else None,
        Mrkdwn(f"finding {code(short_id(finding.id), _NAME_CHARS)}"),
    )
    why = words(cause, _NAME_CHARS)
    owners: list[Mrkdwn] = []
    for most, limit in _OWNERS_SHOWN:
        owners = [fact.value for fact in owner_facts(source, context.show_tags, most, limit)]
        subject = finding.control_id or (None if owners else finding.product)
        shown = words(subject, _SUBJECT_CHARS) if subject and not says_nothing(subject) else None
        for before in ((why, shown), (why,), (shown,), ()):
            small = joined(" · ", *before, *owners, *links)
            if small and visible_length(small) <= _SMALL_CHARS:
                return small
    return joined(" · ", *owners[:1], *links) or Mrkdwn("")


def _who(finding: Finding, how: Ended, ended_at: float) -> str | None:
    """
    Return who ended *finding*, if its note shows it: events of Security Hub name no other person.

    The author of a note from the finding's beginning is a tool that adds owners and tickets, and
    the author of an old note may have had nothing to do with the end.
    """
    note = finding.raw.get("Note")
    by = text_at(note, "UpdatedBy")
    if how not in _BY_PEOPLE or by is None or says_nothing(by):
        return None
    written, made = (
        parse_timestamp(text_at(where, field))
        for where, field in ((note, "UpdatedAt"), (finding.raw, "CreatedAt"))
    )
    if written is not None:
        if ended_at - written.timestamp() > _RECENT_SECONDS:
            return None
        if made is not None and (written - made).total_seconds() < _AT_FIRST_SECONDS:
            return None
    pressed = re.fullmatch(_PRESSED, one_line(by))
    return f"@{pressed[1]}" if pressed else one_line(by).rpartition("/")[2] or None


def _closer(context: CardContext, how: Ended) -> str | None:
    """Return who ended it from its card, as the Ledger knows."""
    handled = context.handled
    if handled is None or handled.closer is None or handled.closed_as != how.value:
        return None
    return f"@{one_line(handled.closer)}"


def _news(headline: str, finding: Finding, context: CardContext, since: Mrkdwn | None) -> Message:
    """Return a message with *headline*, readable in the thread and as a broadcast."""
    source = source_of(finding, context)
    occurrence = joined(" · ", since, source.detail.occurrence)
    source = replace(source, detail=replace(source.detail, occurrence=occurrence))
    sign, _, news = headline.partition(" ")
    text = push_text(source, sign=sign, news=news)
    circle = CIRCLES[finding.severity]
    above = [
        *preface(context.banner, context.mention),
        blocks.header(f"{headline} · {circle} {source.headline}"),
    ]
    footer = blocks.context(
        joined(
            " · ",
            Mrkdwn(f"Finding {code(short_id(finding.id), _NAME_CHARS)}"),
            reasons(context.routes),
        )
        or Mrkdwn("")
    )
    budget = Budget()
    budget.spend(text)
    for block in (*above, footer):
        budget.take(block)
    lead, _ = top(source, budget, is_short=True)
    return Message(
        text=text, lead=[*above, *lead], blocks=[footer], colour=COLOURS[finding.severity]
    )
