"""`finding-router preview`: the cards of findings, without posting them."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.identity import AlertKey
from finding_router.delivery.posting.layout import Card
from finding_router.findings.short_id import short_id
from finding_router.routing.table import Destination
from finding_router.slack.kit.links import AccessPortal
from finding_router.slack.messages.card import CardContext
from finding_router_cli.documents import read_text
from finding_router_cli.explanation import Explanation, explain_event
from finding_router_cli.help_text import example
from finding_router_cli.inputs import read_events
from finding_router_cli.options import json_option
from finding_router_cli.output import print_json, print_lines, remark, text
from finding_router_cli.routes_at_hand import routes_at_hand, running_stack
from finding_router_cli.routing_items import Loaded, load, stack_options
from finding_router_cli.stack import Stack, find_stack

if TYPE_CHECKING:
    from finding_router_cli.previews import Preview


@click.command(
    epilog=example(
        "finding-router preview events/imported-guardduty-port-probe.json",
        "finding-router preview events/imported-two-findings.json --html cards.html",
    )
)
@click.argument("file", metavar="FILE")
@click.option("--routes", metavar="FILE", help="File or folder with items, JSON or YAML.")
@click.option("--html", metavar="FILE", help="Write a page with the cards, also as on a phone.")
@json_option
@stack_options
def preview(file: str, *, html: str | None, for_programs: bool, **source: Any) -> None:
    """
    Show the cards of the findings of FILE, without sending anything.

    FILE is as for `explain`. A card is shown as text, with a line where Slack folds it behind "Show
    more", and with a link that opens it in Slack's Block Kit Builder; the link holds the card
    itself. The page of --html has the cards as Slack draws them, at the width of a desktop and of a
    phone. Routes, names of accounts, and the settings of cards are those of the stack.
    """
    stack = _stack(source)
    loaded = load(**{**source, "stack": stack if source["stack"] else None}, at_hand=routes_at_hand)
    settings = stack.parameters if stack else {}
    # The drawing of cards takes a while to import.
    from finding_router_cli.previews import as_page  # noqa: PLC0415 -- see above

    events = read_events(read_text(file), file)
    cards = [each for event in events for each in _cards(event, loaded, settings)]
    if html is not None:
        Path(html).write_text(as_page(cards), "utf-8")
        remark(f"cards: {html}")
    if for_programs:
        print_json({"cards": [each.as_json() for each in cards]})
        return
    for each in cards:
        head = ", ".join(each.channels) or "nowhere"
        print_lines([text(f"to {head}" + (f" ({each.note})" if each.note else ""), "dim")])
        print_lines(map(text, each.lines()))
        if each.url:
            print_lines([text(f"Block Kit Builder: {each.url}", "dim")])
        print_lines([text("")])


def _stack(source: Mapping[str, Any]) -> Stack | None:
    """Return the stack whose settings count; None where only a file or a table is named."""
    named = {name: source[name] for name in ("stack", "table", "profile", "region")}
    is_there = source["stack"] or not (any(named.values()) or running_stack() is None)
    return find_stack(**named) if is_there else None


def _cards(
    event: Mapping[str, Any], loaded: Loaded, settings: Mapping[str, str]
) -> Iterator["Preview"]:
    """Yield the card of each finding in *event*."""
    now = datetime.now(UTC)
    several = list(explain_event(event, loaded.table, now, loaded.organization))
    found: list[Any] = [event]
    match event:
        case {"detail": {"findings": [*findings]}} if len(findings) == len(several):
            found = findings
    for raw, one in zip(found, several, strict=False):
        yield _card(one, raw, loaded, settings)


def _card(one: Explanation, raw: Any, loaded: Loaded, settings: Mapping[str, str]) -> "Preview":
    from finding_router_cli.previews import Preview  # noqa: PLC0415 -- as above

    finding = one.finding
    decided = one.decision.channels if one.decision else one.channels
    first = decided[0] if decided else Destination(channel=loaded.table.default_channel)
    tags = tuple(filter(None, (each.strip() for each in settings.get("ShowTags", "").split(","))))
    portal = settings.get("AccessPortalUrl")
    context = CardContext(
        routes=first.routes,
        account_alias=loaded.table.alias(finding.account_id) if finding else None,
        mention=first.mention,
        portal=AccessPortal(portal, settings.get("AccessPortalRole") or None) if portal else None,
        show_tags=tags,
    )
    note = one.problem or f"finding {short_id(finding.id) if finding else '?'}"
    if one.not_posted:
        note = f"not posted: {one.not_posted.value.replace('_', ' ')}"
    card = Card(raw=raw, finding=finding, problem=one.problem or "", context=context)
    return Preview(
        message=card.full(Alert(key=AlertKey("", first.channel)), None),
        channels=tuple(each.channel for each in one.channels),
        note=note,
        finding_id=finding.id if finding else None,
    )
