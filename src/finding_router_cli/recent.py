"""The findings that Security Hub has seen lately, as events."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from finding_router.findings.timestamps import parse_timestamp
from finding_router_cli.inputs import envelope_of
from finding_router_cli.output import progress
from finding_router_cli.stack import Stack

FINDINGS_PER_CALL: Final = 100
MAX_FINDINGS: Final = 3_000
# GetFindings takes three calls a second.
# https://docs.aws.amazon.com/securityhub/1.0/APIReference/Welcome.html
SECONDS_PER_CALL: Final = 0.34


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
    request: dict[str, Any] = {
        "Filters": filters,
        "SortCriteria": [{"Field": "UpdatedAt", "SortOrder": "desc"}],
        "MaxResults": FINDINGS_PER_CALL,
    }
    with progress("reading findings of Security Hub") as advance, stack.account.in_sentences():
        while True:
            answer = client.get_findings(**request)
            page = [each for each in answer["Findings"] if _is_since(each, since)]
            found += page
            advance(len(page))
            token = answer.get("NextToken")
            if not token or len(found) > most:
                break
            request["NextToken"] = token
            if not stack.is_local:
                time.sleep(SECONDS_PER_CALL)
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
