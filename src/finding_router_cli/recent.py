"""The findings that Security Hub has seen lately, as events."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import click

from finding_router.findings.ocsf import in_asff
from finding_router.findings.reading import text_at
from finding_router.findings.timestamps import parse_timestamp
from finding_router_cli.findings_pages import Pace, findings_pages
from finding_router_cli.inputs import envelope_of
from finding_router_cli.output import progress
from finding_router_cli.replays.comparison import UPDATED
from finding_router_cli.replays.source import Hub, active_filters, hubs_of, newest_first, reader
from finding_router_cli.stack import Stack

MAX_FINDINGS: Final = 3_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recent:
    """*events* of one finding each, the newest first; *is_all* is False if there were too many."""

    events: list[dict[str, Any]]
    is_all: bool


def recent_findings(stack: Stack, days: int, *, most: int = MAX_FINDINGS) -> Recent:
    """
    Return the active findings that were updated in the last *days*, at the pace of GetFindings.

    They are those of each Security Hub that is on and that *stack* takes, one that is in both once.

    Raises:
        click.ClickException: Security Hub refuses, or is not enabled.

    """
    since = datetime.now(UTC) - timedelta(days=days)
    found: dict[object, _Dated] = {}
    is_all = True
    with progress("reading findings of Security Hub") as advance, stack.account.in_sentences():
        for hub in hubs_of(stack):
            number = 0
            for page in _pages(stack, hub, days):
                some = [each for each in map(_Dated.of, page) if each.is_since(since)]
                for each in some:
                    found.setdefault(each.key, each)
                number += len(some)
                advance(len(some))
                if number > most:
                    break
            is_all = is_all and number <= most
    newest = sorted(found.values(), key=_updated_at, reverse=True)
    events = [envelope_of(each.finding) for each in newest[:most]]
    return Recent(events=events, is_all=is_all and len(newest) <= most)


def recent_or_why(stack: Stack, days: int) -> tuple[Recent | None, str]:
    """Return the findings, or None and the reason in a sentence: a plan is shown without them."""
    try:
        return recent_findings(stack, days), ""
    except click.ClickException as error:
        return None, error.format_message()


class _Dated(NamedTuple):
    """A finding of either form, a key that both have in common, and when it was updated."""

    finding: Mapping[str, Any]
    key: object
    updated_at: datetime | None

    @classmethod
    def of(cls, finding: Mapping[str, Any]) -> "_Dated":
        """Return *finding* with what its view in ASFF says."""
        view = in_asff(finding)
        key = text_at(view, "ProductArn"), text_at(view, "Id")
        # One without identity is a finding of its own.
        is_named = None not in key
        return cls(finding, key if is_named else object(), parse_timestamp(view.get("UpdatedAt")))

    def is_since(self, since: datetime) -> bool:
        """Return True if it was updated later than *since*, or if that is not known."""
        return self.updated_at is None or self.updated_at >= since


def _updated_at(dated: _Dated) -> datetime:
    return dated.updated_at or datetime.max.replace(tzinfo=UTC)


def _pages(stack: Stack, hub: Hub, days: int) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Yield the pages of *hub*, the newest findings first."""
    dates = None if stack.is_local else {"DateRange": {"Value": days, "Unit": "DAYS"}}
    request = {
        "Filters": active_filters(hub, dates, by=UPDATED),
        "SortCriteria": newest_first(hub, by=UPDATED),
    }
    pace = Pace(is_local=stack.is_local)
    for answer in findings_pages(reader(stack, hub), request, pace):
        yield answer["Findings"]
