"""`finding-router silence`: hold the findings of a work in progress, for a time."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

from finding_router.counts import counted
from finding_router.routing.items.channel import channel_safe
from finding_router.routing.items.clock import read_moment
from finding_router.routing.patterns.mistake import MistakeError
from finding_router_cli.help_text import example
from finding_router_cli.items.changes import ItemsPlan, write
from finding_router_cli.items.impact import kept_by, shown_channels
from finding_router_cli.items.item import Item, Key, ordered
from finding_router_cli.items.opened import OpenTable, open_table
from finding_router_cli.items.words import match_words
from finding_router_cli.matchers import MATCHERS, matcher_options, pattern, required
from finding_router_cli.options import json_option
from finding_router_cli.output import print_json, print_table, remark, text
from finding_router_cli.plan import consent, write_options
from finding_router_cli.recent import recent_or_why
from finding_router_cli.route_commands.listing import print_item
from finding_router_cli.routing_items import stack_options
from finding_router_cli.stack import Stack

_KIND: Final = "silence"
_LOCAL_AUTHOR: Final = "local"
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION: Final = re.compile(r"(?:\d+[mhdw])+", re.IGNORECASE)
_DURATION_EXAMPLE: Final = "write minutes, hours, days or weeks, such as 30m, 4h, 2d or 1d12h"
_STYLES: Final = {"active": "green", "over": "dim", "invalid": "bold red"}
_MAX_NAME_CHARS: Final = 60


@click.group()
def silence() -> None:
    """Silence findings for a time, and see and end silences."""


@silence.command(
    epilog=example(
        "finding-router silence add --account payments --product GuardDuty --for 4h "
        "--reason 'pen test'"
    )
)
@matcher_options
@click.option("--for", "duration", metavar="TIME", help="How long, such as 30m, 4h or 2d.")
@click.option("--until", metavar="MOMENT", help="Its end, such as 2030-03-11T08:00:00+01:00.")
@click.option("--reason", metavar="TEXT", required=True, help="Why.")
@click.option("--by", metavar="NAME", help="Who asks for it.  [default: who you are in AWS]")
@click.option("--name", metavar="NAME", help="Its name.  [default: made of what it matches]")
@click.option("--forget", is_flag=True, help="Never say the findings, not even at its end.")
@write_options
@stack_options
def add(
    *, duration: str | None, until: str | None, name: str | None, forget: bool, **options: Any
) -> None:
    """
    Hold matching findings for a time.

    They are held for every channel until the silence is over. Several values of one option match
    either; several options must all match. Before it asks, it says what the silence would have kept
    of the findings of the last 24 hours.
    """
    agreed = consent(options)
    matchers = {one: options.pop(one) for one in MATCHERS}
    reason, by = options.pop("reason"), options.pop("by")
    now = datetime.now(UTC).replace(microsecond=0)
    end = _end(duration, until, now)
    opened = open_table(**options)
    made = pattern(**matchers, aliases=opened.table.aliases)
    match = required(made, matchers["match"])
    key = Key(_KIND, name or _name_of(matchers, now))
    if key in opened.stored.items:
        raise click.ClickException(f"there is a {key} already; choose another --name")
    item = {
        **key._asdict(),
        "match": match,
        "until": end.isoformat(),
        "reason": reason,
        "by": by or _author(opened.stack),
        "on_expiry": "forget" if forget else None,
    }
    plan = _plan_with_kept(opened, key, {one: v for one, v in item.items() if v is not None}, now)
    write(opened.stored, plan, **agreed)


@silence.command("list", epilog=example("finding-router silence list --all"))
@click.option("--all", "show_all", is_flag=True, help="Also those that are over.")
@json_option
@stack_options
def list_silences(*, show_all: bool, for_programs: bool, **options: Any) -> None:
    """List the silences, the one that ends next first."""
    opened = open_table(**options)
    now = datetime.now(UTC)
    found = [
        (item, state)
        for item in sorted(_silences(opened), key=lambda one: str(one.get("until")))
        if (state := _state(item, opened, now)) != "over" or show_all
    ]
    if for_programs:
        print_json({"silences": [{**ordered(item), "state": state} for item, state in found]})
        return
    print_table(
        ["Name", "State", "Until", "By", "Reason", "Matches"],
        [
            (
                str(item["name"]),
                text(state, _STYLES[state]),
                _until(item, now),
                str(item.get("by", "")),
                str(item.get("reason", "")),
                match_words(item.get("match")),
            )
            for item, state in found
        ],
        wrapped=("Until", "Reason", "Matches"),
    )


@silence.command("show", epilog=example("finding-router silence show patch-weekend"))
@click.argument("name")
@json_option
@stack_options
def show_silence(name: str, *, for_programs: bool, **options: Any) -> None:
    """Show the silence NAME as YAML, and its mistakes."""
    print_item(_KIND, name, for_programs=for_programs, **options)


@silence.command(epilog=example("finding-router silence expire patch-weekend"))
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@write_options
@stack_options
def expire(names: Sequence[str], **options: Any) -> None:
    """
    End silences now.

    Each channel gets its digest of what was held. The items stay in the table, with who asked for
    them and why.
    """
    agreed = consent(options)
    opened = open_table(**options)
    now = datetime.now(UTC).replace(microsecond=0)
    after: dict[Key, Item | None] = {}
    for name in names:
        item = opened.item(_KIND, name)
        is_over = _state(item, opened, now) == "over"
        after[Key(_KIND, name)] = item if is_over else {**item, "until": now.isoformat()}
        if is_over:
            remark(f'silence "{name}" is over already')
    plan = opened.plan(after)
    write(opened.stored, plan, **agreed)


def _plan_with_kept(opened: OpenTable, key: Key, item: Item, now: datetime) -> ItemsPlan:
    """Return the plan to add the silence, with the findings it would have kept in 24 hours."""
    plan, then = opened.planned({key: item})
    recent, why = recent_or_why(opened.stack, 1)
    if recent is None:
        plan.notes.append(f"what it would have kept is not known: {why}")
        return plan
    if not recent.events:
        plan.notes.append("there were no findings in the last 24 hours to compare by")
        return plan
    kept, by_channel = kept_by(key.name, then, recent.events, now)
    which = "" if recent.is_all else "newest "
    total = counted(len(recent.events), "finding")
    sentence = f"of the {which}{total} of the last 24 hours it would have kept {kept:,}"
    channels = shown_channels(by_channel)
    plan.notes.append(f"{sentence}: {channels}" if channels else sentence)
    plan.facts["kept"] = {
        "findings": len(recent.events),
        "kept": kept,
        "by_channel": dict(by_channel),
    }
    return plan


def _end(duration: str | None, until: str | None, now: datetime) -> datetime:
    """Return the end of a silence; it must have exactly one of both."""
    if (duration is None) == (until is None):
        raise click.UsageError("a silence must end: give either --for 4h or --until MOMENT")
    if duration is not None:
        if not _DURATION.fullmatch(duration):
            problem = f"{duration} is no time; {_DURATION_EXAMPLE}"
            raise click.BadParameter(problem, param_hint="--for")
        parts = re.findall(r"(\d+)([mhdw])", duration.lower())
        try:
            end = now + sum(
                (timedelta(**{_UNITS[unit]: int(number)}) for number, unit in parts), timedelta()
            )
        except (OverflowError, ValueError) as error:
            problem = f"{duration} is too long; {_DURATION_EXAMPLE}"
            raise click.BadParameter(problem, param_hint="--for") from error
        hint = "--for"
    else:
        try:
            end = read_moment(until)
        except MistakeError as error:
            raise click.BadParameter(str(error), param_hint="--until") from error
        hint = "--until"
    if end <= now:
        raise click.BadParameter("it would be over already; choose a later end", param_hint=hint)
    return end


def _author(stack: Stack) -> str:
    """Return who signs in: the user, or the session of the role."""
    if stack.is_local:
        return _LOCAL_AUTHOR
    with stack.account.in_sentences():
        arn = str(stack.account.client("sts").get_caller_identity()["Arn"])
    # arn:aws:sts::111122223333:assumed-role/Admin/anna@example.com, arn:aws:iam::…:user/anna
    return arn.rpartition("/")[2] or arn


def _name_of(matchers: Mapping[str, Any], now: datetime) -> str:
    values = [value for one in MATCHERS if one != "match" for value in matchers[one]]
    words = channel_safe("-".join(values))[:_MAX_NAME_CHARS].strip("-") or _KIND
    return f"{words}-{now:%Y%m%dt%H%M%S}"


def _silences(opened: OpenTable) -> list[Item]:
    return [item for key, item in opened.stored.items.items() if key.kind == _KIND]


def _state(item: Item, opened: OpenTable, now: datetime) -> str:
    found = opened.table.silence(str(item["name"]))
    if found is None:
        return "invalid"
    return "over" if found.is_over(now) else "active"


def _until(item: Item, now: datetime) -> str:
    """Return the end as it is written, and how long it is until then."""
    written = str(item.get("until", ""))
    try:
        left = read_moment(item.get("until")) - now
    except MistakeError:
        return written
    if left <= timedelta():
        return written
    hours, minutes = divmod(int(left.total_seconds()) // 60, 60)
    days, hours = divmod(hours, 24)
    return f"{written} (in {f'{days}d ' if days else ''}{hours}h {minutes}m)"
