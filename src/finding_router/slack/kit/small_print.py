"""The last line of a message: ids, dates, and the route."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from finding_router.findings.finding import Finding
from finding_router.findings.short_id import short_id
from finding_router.findings.timestamps import parse_timestamp
from finding_router.slack.kit.detail import STANDARDS, Detail, joined, said
from finding_router.slack.kit.text import (
    Mrkdwn,
    age_and_date,
    code,
    date,
    length,
    listed,
    one_line,
    words,
)
from finding_router.slack.kit.top import Source

CHARS: Final = 1500
_TITLE_CHARS: Final = 300
# As much of a headline is shown behind the longest severity; see HEADER_CHARS.
_HEADLINE_CHARS: Final = 130
_STANDARDS_SHOWN: Final = 6
_STANDARDS_CHARS: Final = 300
_ID_CHARS: Final = 30
# Products that look again every few minutes see the same thing.
_SAME: Final = timedelta(minutes=1)


def small_print(source: Source, standards: Sequence[str], why: Mrkdwn) -> Mrkdwn:
    """
    Return rule, standards, dates, account, short id, and last *why* it is here, in one line.

    *standards*, if there are any, replace those of the finding. Without room for all, the least
    important come off.
    """
    finding = source.finding
    rare = (
        *source.detail.small_print,
        _standards(source.detail, standards),
    )
    always = (
        seen(finding),
        said(finding.account_id) if source.account != finding.account_id else None,
        Mrkdwn(f"finding {code(short_id(finding.id), _ID_CHARS)}"),
        why,
    )
    room = CHARS - sum(length(each or "") + 3 for each in always)
    shown: list[Mrkdwn] = []
    for each in (rule(source), *rare):
        if each and length(each) + 3 <= room:
            room -= length(each) + 3
            shown.append(each)
    line = joined(" · ", *shown, *always) or Mrkdwn("")
    return Mrkdwn(line[:1].upper() + line[1:])


def rule(source: Source) -> Mrkdwn | None:
    """Return the finding's title where neither headline nor sentence says all of it."""
    own = source.detail.title
    title = one_line(source.finding.title if own is None else own)
    said_before = (source.headline[:_HEADLINE_CHARS], source.sentence)
    is_said = any(title.rstrip(".") in text for text in said_before) or not title
    return None if is_said else words(title, _TITLE_CHARS)


def seen(finding: Finding) -> Mrkdwn | None:
    """Return when *finding* was first seen, and last where that differs; None if unknown."""
    first, last = parse_timestamp(finding.first_seen), parse_timestamp(finding.last_seen)
    if first is None:
        return Mrkdwn(f"last seen {age_and_date(last)}") if last else None
    is_same = last is None or abs(last - first) <= _SAME
    again = Mrkdwn(f"last {date(last)}") if last and not is_same else None
    return joined(", ", Mrkdwn(f"first seen {age_and_date(first)}"), again)


def _standards(detail: Detail, standards: Sequence[str]) -> Mrkdwn | None:
    items = [item for item in map(said, standards or detail.standards) if item]
    own = next((fact.value for fact in detail.facts if fact.label == STANDARDS), None)
    return listed(items, _STANDARDS_SHOWN, _STANDARDS_CHARS) if items else own
