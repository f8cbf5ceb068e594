"""The channels that the routes need for the findings of the last days."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from finding_router.errors import FindingError
from finding_router.isolation import contained
from finding_router.routing.table import RoutingTable
from finding_router_cli.findings_pages import Pace, findings_pages
from finding_router_cli.health.result import Result, bad, good, unsure
from finding_router_cli.health.site import Site

DAYS: Final = 30
_MAX_PAGES: Final = 30
# Slack's turn, once the findings are read.
_LEFT_SECONDS: Final = 6.0
_NAMED: Final = 3


@dataclass(slots=True)
class Needs:
    """The channels that are needed, each with who names it; *findings* were looked at."""

    channels: dict[str, set[str]] = field(default_factory=dict)
    findings: int = 0
    is_complete: bool = True

    def add(self, channel: str, why: str) -> None:
        """Need *channel* because of *why*."""
        self.channels.setdefault(channel, set()).add(why)


def check_routes(site: Site, needs: Needs) -> Iterator[Result]:
    """
    Check the routing table, and collect in *needs* the channels that it leads to.

    Templates are filled by the router's own decision about each finding of the last days, the
    newest first, as far as the time allows.
    """
    table = site.table
    needs.add(site.default_channel, "DefaultChannel")
    if site.ops_channel != site.default_channel:
        needs.add(site.ops_channel, "OpsChannel")
    for route in table.routes:
        if route.enabled and route.posts_to is not None and route.posts_to.is_fixed:
            needs.add(route.posts_to.text, f'route "{route.name}"')
    if table.problems:
        first = table.problems[0]
        yield bad(
            "routes",
            f"{_not_in_force(table)}; first: {first}",
            f"finding-router routes check{site.options}",
        )
    elif not table.routes:
        yield unsure(
            "routes",
            "there is none: all findings go to the default channel",
            "the output AddRoute of the stack is a command that adds one",
        )
    else:
        yield good("routes", f"{len(table.routes)} routes, all valid")
    if any(route.posts_to is not None and not route.posts_to.is_fixed for route in table.routes):
        _fill_templates(site, needs)


def _not_in_force(table: RoutingTable) -> str:
    """Return how many items are wrong, and how many of those go on in their last valid version."""
    if not table.kept:
        return f"{table.skipped} of the items are left out"
    return f"{table.skipped} of the items are wrong, {len(table.kept)} go on in a valid version"


def _fill_templates(site: Site, needs: Needs) -> None:
    from finding_router.delivery.intake import read_finding  # noqa: PLC0415 -- loads pydantic

    for raw in _recent(site, needs):
        needs.findings += 1
        with contained():
            try:
                decision = site.table.decide(site.organization.enriched(read_finding(raw)))
            except FindingError:
                continue
            for each in (*decision.channels, *decision.shadowed):
                for route in each.routes:
                    needs.add(each.channel, f'route "{route}"')


def _recent(site: Site, needs: Needs) -> Iterator[Mapping[str, Any]]:
    """Yield the findings of the last days, the newest first, until the time is up."""
    hub = site.client("securityhub")
    request = {
        "Filters": {
            "UpdatedAt": [{"DateRange": {"Unit": "DAYS", "Value": DAYS}}],
            "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
        },
        "SortCriteria": [{"Field": "UpdatedAt", "SortOrder": "desc"}],
    }
    pace = Pace()
    for number, answer in enumerate(findings_pages(hub.get_findings, request, pace), 1):
        yield from answer["Findings"]
        is_over = number == _MAX_PAGES or site.remaining() - pace.rest < _LEFT_SECONDS
        if is_over and answer.get("NextToken"):
            needs.is_complete = False
            return
