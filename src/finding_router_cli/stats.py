"""`finding-router stats`: the numbers of a stack, from its Ledger."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from finding_router.counts import counted
from finding_router_cli.account import account_options
from finding_router_cli.baseline import Age
from finding_router_cli.help_text import example
from finding_router_cli.options import json_option
from finding_router_cli.output import (
    data_console,
    print_json,
    print_lines,
    print_table,
    progress,
    text,
)
from finding_router_cli.routes_at_hand import routes_at_hand
from finding_router_cli.routing_items import load
from finding_router_cli.stack import LEDGER, find_stack

if TYPE_CHECKING:
    from finding_router_cli.ledger_counts import DecidedCounts, LedgerCounts
    from finding_router_cli.run_counts import RunCounts

_WEEK: Final = 7 * 86_400.0
_ROWS: Final = 20
_BLANKS: Final = 3
"""Between two columns of a table on a terminal."""
_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400


@click.command(epilog=example("finding-router stats --since 7d"))
@click.option(
    "--since",
    type=Age(),
    metavar="TIME",
    default="7d",
    show_default=True,
    help="Only alerts that were said since then: 24h, 7d, 2w.",
)
@account_options
@json_option
def stats(
    *, since: float, stack: str | None, profile: str | None, region: str | None, for_programs: bool
) -> None:
    """
    Show the numbers of a stack.

    For each channel: findings, alerts, messages, findings that a digest lists, that a silence
    forgot, and that are held now; messages of digests, changes of cards, duplicates that were not
    posted, and findings that a silence held. For each route and account much the same, each
    finding once. Then the time from a finding's last change to its message, and from there to its
    end. Routes that never match are those of the findings decided in the last seven days, by the
    routes in force, which a stack keeps whose AnswerEdits is true. The Ledger is only read, up to
    200,000 items, the numbers of 200,000 runs, which it keeps for 35 days, and 20,000 decided
    findings.
    """
    found = find_stack(stack=stack, profile=profile, region=region)
    loaded = load(
        routes=None,
        table=None,
        default_channel=None,
        allow_suppress=False,
        stack=found if stack else None,
        profile=profile,
        region=region,
        at_hand=routes_at_hand,
    )
    # boto3 takes a while to import.
    from finding_router_cli.ledger_counts import count_decided, count_ledger  # noqa: PLC0415
    from finding_router_cli.run_counts import count_runs  # noqa: PLC0415

    ledger, now = found.resource(LEDGER), time.time()
    with found.account.in_sentences(table=ledger), progress("reading the Ledger") as advance:
        items = found.ledger()
        runs = count_runs(items, since=now - since, now=now)
        counts = count_ledger(items, runs, since=now - since, advance=advance)
        decided = count_decided(
            items, loaded.table, loaded.organization, since=now - min(since, _WEEK), now=now
        )
    if for_programs:
        print_json(_as_json(counts, runs, decided))
    else:
        _print(counts, runs, decided)


def _as_json(counts: "LedgerCounts", runs: "RunCounts", decided: "DecidedCounts") -> dict[str, Any]:
    from finding_router_cli.ledger_counts import times  # noqa: PLC0415 -- as above

    return {
        "total": counts.total.as_json(),
        "shared": counts.shared,
        "channels": [
            {"channel": channel, **each.as_json()}
            for channel, each in sorted(counts.channels.items())
        ],
        "routes": [{"route": route, **numbers} for route, numbers in _routes(runs)],
        "accounts": [{"account": account, **numbers} for account, numbers in _accounts(runs)],
        "held_by": dict(counts.held_by.most_common()),
        "to_message": times(counts.to_message),
        "to_end": times(counts.to_end),
        "decided": {
            "findings": decided.findings,
            "again": decided.again,
            "accounts": dict(decided.accounts.most_common()),
            "routes": dict(decided.routes.most_common()),
            "never_match": decided.never,
            "not_known_to_match": decided.unsure,
            "is_cut": decided.is_cut,
        },
        "items": counts.items,
        "is_cut": counts.is_cut,
        "not_known": _not_known(counts, runs),
    }


def _routes(runs: "RunCounts") -> list[tuple[str | None, dict[str, int]]]:
    """Return the numbers of each route, those with most findings first; None is that of no one."""
    return _most([(route, ends.as_json()) for route, ends in runs.routes.items()])


def _accounts(runs: "RunCounts") -> list[tuple[str, dict[str, int]]]:
    """Return the numbers of each account, to which no message of a digest belongs."""
    numbers = [(account, ends.as_json()) for account, ends in runs.accounts.items()]
    for _, each in numbers:
        del each["digest_messages"]
    return _most(numbers)


def _most[Name: str | None](
    numbers: list[tuple[Name, dict[str, int]]],
) -> list[tuple[Name, dict[str, int]]]:
    return sorted(numbers, key=lambda one: (-one[1]["findings"], one[0] or ""))


def _print(counts: "LedgerCounts", runs: "RunCounts", decided: "DecidedCounts") -> None:
    rows = sorted(counts.channels.items(), key=lambda one: (-one[1].messages, one[0]))
    total = [("total", counts.total)] if len(rows) > 1 else []
    channels = [(channel, each.as_json()) for channel, each in [*rows, *total]]
    _print_numbers("CHANNEL", channels, names=counts.total.as_json(), held="HELD NOW")
    print_lines(text(each) for each in _sentences(counts, decided))
    for first, some in (("ROUTE", _routes(runs)), ("ACCOUNT", _accounts(runs))):
        if some:
            numbers = [(name or "(no route)", each) for name, each in some[:_ROWS]]
            _print_numbers(first, numbers, names=some[0][1])
    if unknown := _not_known(counts, runs):
        print_lines([text(f"not known: {'; '.join(unknown)}", "dim")])


def _print_numbers(
    first: str,
    rows: Sequence[tuple[str, Mapping[str, int]]],
    *,
    names: Iterable[str],
    held: str = "HELD",
) -> None:
    """Print *rows* as a table, or as several that are as narrow as the terminal."""
    titles = {each: held if each == "held" else each.upper().replace("_", " ") for each in names}
    cells = [{each: f"{numbers[each]:,}" for each in titles} for _, numbers in rows]
    widths = {each: max(map(len, (titles[each], *(row[each] for row in cells)))) for each in titles}
    most = data_console().width - max(map(len, (first, *(name for name, _ in rows))))
    for some in _narrow(widths, most):
        print_table(
            [first, *(titles[each] for each in some)],
            [
                [name, *(row[each] for each in some)]
                for (name, _), row in zip(rows, cells, strict=True)
            ],
        )


def _narrow(widths: Mapping[str, int], most: int) -> Iterator[list[str]]:
    """Yield the columns of *widths* in parts of *most* characters, with the blanks between."""
    some: list[str] = []
    for name in widths:
        if some and sum(widths[each] + _BLANKS for each in (*some, name)) + _BLANKS > most:
            yield some
            some = []
        some.append(name)
    yield some


def _not_known(counts: "LedgerCounts", runs: "RunCounts") -> list[str]:
    """Return the numbers that the Ledger lacks: those of runs that it no longer keeps, or never."""
    if not counts.before and not runs.is_cut:
        return []
    before = ""
    if runs.runs:
        before = f" before {datetime.fromtimestamp(runs.began_at, UTC):%Y-%m-%d %H:%M} UTC"
    return [
        f"messages of digests, updates, duplicates, silenced findings, accounts and routes{before}",
        f"from finding to message{before}, where the alert ended or returned since",
    ]


def _sentences(counts: "LedgerCounts", decided: "DecidedCounts") -> Iterator[str]:
    from finding_router_cli.ledger_counts import times  # noqa: PLC0415 -- as above

    if counts.shared > 0:
        yield f"{counted(counts.shared, 'finding')} had no message beside another about the same"
    for who, number in counts.held_by.most_common(_ROWS):
        yield f"{counted(number, 'finding')} held by {who}"
    for what, seconds in (
        ("from finding to message", times(counts.to_message)),
        ("from message to end", times(counts.to_end)),
    ):
        if seconds is not None:
            yield _times(what, seconds)
    if decided.findings:
        cut = ", the newest" if decided.is_cut else ""
        yield f"{counted(decided.findings, 'finding')} decided in the last days{cut}"
    else:
        yield (
            "routes that never match are not known: no finding was decided in the last days, "
            "or the stack keeps none since its AnswerEdits is false"
        )
    if decided.never:
        yield f"routes that matched none of them: {', '.join(decided.never)}"
    if decided.unsure:
        yield (
            "routes of which that is not known, since the Ledger does not keep their fields: "
            + ", ".join(decided.unsure)
        )
    if counts.is_cut:
        yield f"only the first {counts.items:,} items of the Ledger were looked at"


def _times(what: str, seconds: Mapping[str, float]) -> str:
    median, most = (_duration(seconds[name]) for name in ("median_seconds", "p90_seconds"))
    return f"{what}: {median} (median), {most} or less for nine of ten, of {seconds['alerts']:,}"


def _duration(seconds: float) -> str:
    if seconds < 2 * _MINUTE:
        return f"{seconds:.3g} s"
    if seconds < 2 * _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    return f"{seconds / _HOUR:.0f} h" if seconds < 2 * _DAY else f"{seconds / _DAY:.0f} d"
