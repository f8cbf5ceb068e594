"""`finding-router doctor`: check that the router works, and name what cures what does not."""

from collections.abc import Sequence
from typing import Final

import click
from rich.text import Text

from finding_router.counts import counted
from finding_router_cli.account import Account, account_options
from finding_router_cli.health.hub import CREDENTIALS
from finding_router_cli.health.result import Mark, Result, bad
from finding_router_cli.help_text import example
from finding_router_cli.options import json_option
from finding_router_cli.output import print_json, print_table, progress, remark, text
from finding_router_cli.stack import Stack, find_stack

_SIGNS: Final = {
    Mark.GOOD: ("✓", "green"),
    Mark.BAD: ("✗", "bold red"),
    Mark.UNSURE: ("!", "yellow"),
}
_MOST_SEND_SECONDS: Final = 120


@click.command(epilog=example("finding-router doctor"))
@account_options
@click.option(
    "--send",
    "sends",
    is_flag=True,
    help="Also send one synthetic finding through Security Hub, rule, queue, function and Slack, "
    "wait for its message, and take it away again.",
)
@click.option(
    "--seconds",
    default=float(_MOST_SEND_SECONDS),
    show_default=True,
    help="How long --send waits for the message.",
)
@json_option
def doctor(
    *,
    stack: str | None,
    profile: str | None,
    region: str | None,
    sends: bool,
    seconds: float,
    for_programs: bool,
) -> None:
    """
    Check that the router works, and name the command or sentence that cures each fault.

    Credentials, Security Hub, rule, event sources, wake-ups, queues, alarms, version, routes,
    token, every channel that routes need, and sample cards are looked at within 15 seconds; nothing
    is changed or posted without --send. Without --stack, it is the stack that `local up` keeps
    running.

    Exits with 0 if nothing is wrong, with 1 if something is; a "!" is worth a look, or says why
    something could not be checked.
    """
    results = _results(stack, profile, region, sends=sends, seconds=seconds)
    faults = [each for each in results if each.mark is Mark.BAD]
    if for_programs:
        print_json(_as_json(results))
    else:
        print_table(("", "Check", "Found", "Cure"), map(_row, results))
        remark(_summary(results))
    if faults:
        raise click.exceptions.Exit(1)


def _results(
    stack: str | None, profile: str | None, region: str | None, *, sends: bool, seconds: float
) -> list[Result]:
    # boto3's clients and the layouts of cards take a second to import.
    from finding_router_cli.health.site import CONFIG  # noqa: PLC0415 -- see above

    try:
        found = find_stack(stack=stack, profile=profile, region=region, config=CONFIG)
    except click.UsageError:
        raise
    except click.ClickException as error:
        # No check can run without credentials, a Region and a stack.
        account = Account(profile=profile, region=region, config=CONFIG)
        return [_without_stack(account, error.message)]
    return _checked(found, sends=sends, seconds=seconds)


def _checked(stack: Stack, *, sends: bool, seconds: float) -> list[Result]:
    from finding_router_cli.health.checks import CHECKS, check_all  # noqa: PLC0415 -- see above
    from finding_router_cli.health.site import Site  # noqa: PLC0415 -- see above

    site = Site(stack)
    with progress("checking", CHECKS) as done:
        results = check_all(site, done)
    if sends:
        from finding_router_cli.health.trial import send_trial  # noqa: PLC0415 -- see above

        with progress("sending a finding and waiting for its message"):
            results += send_trial(site, seconds=seconds)
    return results


def _without_stack(account: Account, why: str) -> Result:
    """Return the one result where the stack cannot be looked up: whose fault it is comes first."""
    try:
        with account.in_sentences():
            who = account.client("sts").get_caller_identity()["Arn"]
    except click.ClickException as error:
        return bad(CREDENTIALS, error.message, "aws sts get-caller-identity has to work first")
    region = account.session.region_name
    return bad(
        "stack",
        f"{why} (you are {who} in {region})",
        "name it with --stack, its Region with --region",
    )


def _row(result: Result) -> tuple[Text, Text, Text, Text]:
    sign, style = _SIGNS[result.mark]
    return text(sign, style), text(result.topic), text(result.found), text(result.cure, "bold")


def _as_json(results: Sequence[Result]) -> dict[str, object]:
    missing = [name for each in results for name in each.facts.get("missing", ())]
    return {
        "ok": not any(each.mark is Mark.BAD for each in results),
        "checks": [each.as_json() for each in results],
        "missing_channels": missing,
    }


def _summary(results: Sequence[Result]) -> str:
    counts = {mark: sum(each.mark is mark for each in results) for mark in Mark}
    return (
        f"{counted(counts[Mark.BAD], 'fault')}, {counts[Mark.UNSURE]} worth a look, "
        f"{counts[Mark.GOOD]} as they should be"
    )
