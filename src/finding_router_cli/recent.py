"""The findings that Security Hub has seen lately, as events."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from finding_router.findings.timestamps import parse_timestamp
from finding_router_cli.findings_pages import Pace, findings_pages
from finding_router_cli.inputs import envelope_of
from finding_router_cli.output import progress
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

    Raises:
        click.ClickException: Security Hub refuses, or is not enabled.

    """
    client = stack.account.client("securityhub")
    since = datetime.now(UTC) - timedelta(days=days)
    filters: dict[str, Any] = {"RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}]}
    if not stack.is_local:
        filters["UpdatedAt"] = [{"DateRange": {"Value": days, "Unit": "DAYS"}}]
    found: list[Mapping[str, Any]] = []
    request = {
        "Filters": filters,
        "SortCriteria": [{"Field": "UpdatedAt", "SortOrder": "desc"}],
    }
    pace = Pace(is_local=stack.is_local)
    with progress("reading findings of Security Hub") as advance, stack.account.in_sentences():
        for answer in findings_pages(client.get_findings, request, pace):
            page = [each for each in answer["Findings"] if _is_since(each, since)]
            found += page
            advance(len(page))
            if len(found) > most:
                break
    is_all = len(found) <= most
    return Recent(events=[envelope_of(each) for each in found[:most]], is_all=is_all)


def recent_or_why(stack: Stack, days: int) -> tuple[Recent | None, str]:
    """Return the findings, or None and the reason in a sentence: a plan is shown without them."""
    try:
        return recent_findings(stack, days), ""
    except click.ClickException as error:
        return None, error.format_message()


def _is_since(finding: Mapping[str, Any], since: datetime) -> bool:
    updated_at = parse_timestamp(finding.get("UpdatedAt"))
    return updated_at is None or updated_at >= since
