"""`finding-router audit`: who pressed which button, and what came of it."""

import time
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

import click

from finding_router.delivery.audit import DIGEST
from finding_router_cli.account import account_options
from finding_router_cli.help_text import example
from finding_router_cli.options import json_option
from finding_router_cli.output import print_json, print_table, text
from finding_router_cli.stack import LEDGER, find_stack

if TYPE_CHECKING:
    from collections.abc import Sequence

    from finding_router.delivery.audit import Entry

_DAY: Final = 86_400.0
_MOST: Final = 10_000
_STYLES: Final = {
    "done": "green",
    "partly": "yellow",
    "refused": "yellow",
    "failed": "red",
    "unfinished": "red",
}


@click.command(epilog=example("finding-router audit --days 7"))
@click.option(
    "--days",
    type=click.IntRange(1, 400),
    default=7,
    show_default=True,
    metavar="N",
    help="Only presses of the last N days.",
)
@account_options
@json_option
def audit(
    *, days: int, stack: str | None, profile: str | None, region: str | None, for_programs: bool
) -> None:
    """
    Show who pressed which button of a message, and what came of it.

    One line for each press, the newest first, refused ones as well: when, who, what, on what, from
    where, the outcome and the reason. "On what" is the short id of the finding, or the link to a
    digest; `explain` takes both. The Ledger is only read, up to 10,000 presses; it keeps them for
    as long as its alerts.
    """
    found = find_stack(stack=stack, profile=profile, region=region)
    # boto3 takes a while to import.
    from finding_router.aws.audit import DynamoAudit  # noqa: PLC0415

    now = time.time()
    with found.account.in_sentences(table=found.resource(LEDGER)):
        trail = DynamoAudit(found.ledger(), days=days)
        entries = list(islice(trail.newest(since=now - days * _DAY, now=now), _MOST))
    if for_programs:
        print_json({"presses": [entry.to_json() for entry in entries]})
    else:
        _print(entries, found.slack_url)


def _print(entries: "Sequence[Entry]", slack_url: str) -> None:
    print_table(
        ["When (UTC)", "Who", "Pressed", "On", "In", "Outcome", "Reason"],
        [
            (
                f"{datetime.fromtimestamp(entry.at, UTC):%Y-%m-%d %H:%M:%S}",
                f"{entry.name} ({entry.user})",
                " ".join(filter(None, (entry.action, entry.form))),
                _about(entry, slack_url),
                entry.routed_to or entry.channel,
                text(_outcome(entry), _STYLES.get(entry.outcome or "unfinished", "")),
                entry.reason,
            )
            for entry in entries
        ],
        wrapped=("Pressed", "On", "Outcome", "Reason"),
    )


def _about(entry: "Entry", slack_url: str) -> str:
    """Return the short id of the finding, or the link to a digest: names that `explain` takes."""
    if entry.findings:
        from finding_router.findings.short_id import short_id  # noqa: PLC0415 -- as above

        more = len(entry.findings) - 1
        return short_id(entry.findings[0]) + (f" and {more} more" if more else "")
    if not entry.channel or not entry.ts:
        return "?"
    from finding_router.slack.kit.links import message_url  # noqa: PLC0415 -- as above

    link = message_url(slack_url, entry.channel, entry.ts)
    return f"digest {link}" if entry.subject.startswith(DIGEST) else link


def _outcome(entry: "Entry") -> str:
    return f"{entry.outcome or 'unfinished'}{f': {entry.detail}' if entry.detail else ''}"
