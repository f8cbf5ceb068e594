"""`finding-router replay`: the messages that routes would have made of the findings of late."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import click

from finding_router.routing.table import RoutingTable
from finding_router_cli.baseline import Age
from finding_router_cli.documents import UnreadableError
from finding_router_cli.help_text import example
from finding_router_cli.items.item import mistakes
from finding_router_cli.options import json_option
from finding_router_cli.output import print_json, progress, remark
from finding_router_cli.replays.comparison import CREATED, UPDATED, Replay, Result
from finding_router_cli.replays.page import page
from finding_router_cli.replays.source import (
    Event,
    Hub,
    SavedPages,
    file_events,
    hub_events,
    hubs_of,
)
from finding_router_cli.replays.tally import Bursts
from finding_router_cli.replays.words import print_result
from finding_router_cli.routes_at_hand import routes_at_hand, running_stack
from finding_router_cli.routing_items import Loaded, load, read_items_at, stack_options
from finding_router_cli.stack import Stack, find_stack

_DAYS: Final = 7
_BOTH: Final = "both"
_MISTAKES: Final = 5
_SETTINGS: Final = {
    "BurstThreshold": "threshold",
    "BurstQuietMinutes": "quiet_minutes",
    "BurstCriticalCards": "critical_cards",
    "BatchWindowSeconds": "window_seconds",
}


@click.command(
    epilog=example(
        "finding-router replay --since 7d",
        "finding-router replay --since 7d --routes routes.yaml --html replay.html",
    )
)
@click.argument("file", metavar="[FILE]", required=False)
@click.option("--routes", metavar="FILE", help="Decide by the routes of this file or folder, too.")
@click.option(
    "--since",
    type=Age(),
    metavar="TIME",
    help="Only findings that came since then: 24h, 7d, 2w.  [default: 7d, or all of FILE]",
)
@click.option(
    "--updated",
    is_flag=True,
    help="Count a finding when it was last updated, and not when it was created.",
)
@click.option(
    "--save",
    metavar="FILE",
    help="Keep the findings that are read in FILE, and go on with it if it is there.",
)
@click.option(
    "--hub",
    type=click.Choice([*(each.value for each in Hub), _BOTH]),
    help="Read the findings of Security Hub CSPM, of AWS Security Hub (OCSF), or of both.  "
    "[default: those that are on, and that the stack takes]",
)
@click.option("--html", metavar="FILE", help="Write a page with charts into FILE.")
@click.option(
    "--max-per-day",
    type=click.IntRange(min=0),
    metavar="N",
    help="Exit with 1 if a channel would get more messages on a day.",
)
@json_option
@stack_options
def replay(  # noqa: PLR0913 -- each is an option of the command
    file: str | None,
    *,
    routes: str | None,
    since: float | None,
    updated: bool,
    save: str | None,
    hub: str | None,
    html: str | None,
    max_per_day: int | None,
    for_programs: bool,
    **source: Any,
) -> None:
    """
    Count the messages that routes would have made of the findings of late.

    The findings are those of both Security Hubs, a finding that is in both once, or of FILE in any
    form that `explain` reads. Each is decided as of the time when it came, as if it were new then,
    by the routes in force and by those of --routes: messages for each channel and day before and
    after, and the noisiest controls and routes. Kinds of items that the file of --routes has none
    of, such as silences, stay as they are in force. Nothing is posted or marked.

    Bursts are counted as digests: more than BurstThreshold findings for a channel within
    BatchWindowSeconds are one message, with those that follow until BurstQuietMinutes have passed.
    Security Hub tells only the present state of a finding: one that went and came back counts once,
    and those that are archived by now are not there. Reading 10,000 findings takes a minute.
    """
    if file is not None and save is not None:
        raise click.UsageError("--save keeps the findings of Security Hub; leave out FILE, or it")
    if file is not None and hub is not None:
        raise click.UsageError("--hub reads the findings of Security Hub; leave out FILE, or it")
    stack = _stack(source, is_needed=file is None)
    known = {**source, "stack": stack if source["stack"] else None}
    before = load(routes=None, **known, at_hand=routes_at_hand)
    after = _after(routes, before, stack, allow_suppress=source["allow_suppress"])
    usual = None if file else timedelta(days=_DAYS).total_seconds()
    seconds = usual if since is None else since
    start = None if seconds is None else datetime.now(UTC) - timedelta(seconds=seconds)
    told = Replay(
        before=before.table,
        after=after,
        bursts=_bursts(stack),
        organization=before.organization,
        since=start,
        by=UPDATED if updated else CREATED,
        origin=f"in {file}" if file else f"since {start:%Y-%m-%d %H:%M} UTC",
    )
    saved = None if save is None else SavedPages(Path(save))
    if saved is not None and saved.has_pages:
        # They are of the time when the file was begun.
        told.since, told.origin = None, f"kept in {save}"
    if file is not None:
        told.add(_of_file(file))
    elif stack is not None and start is not None:
        hubs = [*Hub] if hub == _BOTH else [Hub(hub)] if hub else None
        told.add(_of_hubs(stack, start, hubs=hubs, by=told.by, saved=saved))
    result = told.result()
    if html is not None:
        Path(html).write_text(page(result), "utf-8")
        remark(f"charts: {html}")
    if for_programs:
        over = None if max_per_day is None else result.over(max_per_day)
        print_json(result.as_json() | ({} if over is None else {"over": _as_json(over)}))
    else:
        print_result(result)
    if max_per_day is not None:
        _check(result, max_per_day)


def _of_file(file: str) -> Iterator[Event]:
    with progress("replaying findings") as advance:
        yield from file_events(file, advance)


def _of_hubs(
    stack: Stack, since: datetime, *, hubs: list[Hub] | None, by: str, saved: SavedPages | None
) -> Iterator[Event]:
    with stack.account.in_sentences():
        hubs = hubs or hubs_of(stack)
    with progress("replaying findings") as advance:
        yield from hub_events(stack, since, hubs=hubs, by=by, saved=saved, advance=advance)


def _stack(source: dict[str, Any], *, is_needed: bool) -> Stack | None:
    """Return the stack whose findings and settings count; None if none is needed, nor there."""
    named = {name: source[name] for name in ("stack", "table", "profile", "region")}
    if not is_needed and not any(named.values()) and running_stack() is None:
        return None
    return find_stack(**named)


def _after(
    routes: str | None, before: Loaded, stack: Stack | None, *, allow_suppress: bool
) -> RoutingTable | None:
    if routes is None:
        return None
    items = read_items_at(routes)
    may_suppress = allow_suppress or bool(stack and stack.allow_suppress)
    if wrong := mistakes(items, allow_suppress=may_suppress):
        told = "; ".join(map(str, wrong[:_MISTAKES]))
        raise UnreadableError(
            routes, f"is wrong: {told}", f"see: finding-router routes check {routes}"
        )
    in_force = before.table
    read = RoutingTable.from_items(
        items, default_channel=in_force.default_channel, allow_suppress=may_suppress
    )
    return RoutingTable(
        read.routes or in_force.routes,
        default_channel=in_force.default_channel,
        aliases=read.aliases or in_force.aliases,
        silences=read.silences or in_force.silences,
    )


def _bursts(stack: Stack | None) -> Bursts:
    given = {} if stack is None else stack.parameters
    return Bursts()._replace(
        **{
            name: type(getattr(Bursts(), name))(float(given[parameter]))
            for parameter, name in _SETTINGS.items()
            if given.get(parameter)
        }
    )


def _check(result: Result, most: int) -> None:
    over = result.over(most)
    for channel, day, number in over:
        remark(f"{channel} would get {number:,} messages on {day}, more than {most:,}")
    if over:
        raise click.exceptions.Exit(1)


def _as_json(over: list[tuple[str, str, int]]) -> list[dict[str, Any]]:
    return [{"channel": channel, "day": day, "messages": number} for channel, day, number in over]
