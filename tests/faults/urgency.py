"""
How soon a CRITICAL finding is said behind a flood, and how soon the flood is over.

``python -m faults.urgency`` prints a table, and exits with 1 if a figure is above its aim, a
finding was lost, or one was said twice. Time is that of this machine, which does all the work of
AWS and Slack besides.

The flood is over with its last message: Slack's pace makes so many seconds of the messages of the
busiest channel. Marking is told besides, since Security Hub has a pace of its own: GetFindings has
20 findings a call, of which three a second are allowed.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from faults.flood import Flood
from faults.twins import in_ocsf
from finding_router.delivery.limits.rate import POST_SECONDS
from finding_router_local.slack.workspace import DEFAULT_SCOPES, PostedMessage
from finding_router_local.stack import Stack

WORKERS: Final = 2
CHANNELS: Final = 4
CARDS: Final = 400
AIM_SECONDS: Final = {2_000: 10.0, 50_000: 60.0}
AIM_PACE: Final = 1.5
MARKS_PER_SECOND: Final = 60
_IMPORT: Final = 100
_POLL_SECONDS: Final = 0.1
_URGENT: Final = "urgent"
_GIVE_UP_SECONDS: Final = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The figures of one flood, in seconds; None where they were not waited for."""

    name: str
    urgent_seconds: float | None
    last_seconds: float | None = None
    slack_seconds: float | None = None
    marked_seconds: float | None = None
    hub_seconds: float | None = None
    unsaid: int = 0
    twice: int = 0

    def problems(self, aim_seconds: float) -> Iterator[str]:
        """Yield what is not as it must be; *aim_seconds* is for the urgent finding."""
        if self.urgent_seconds is None or self.urgent_seconds > aim_seconds:
            yield f"{self.name}: the urgent finding was not said within {aim_seconds:.0f} s"
        if self.unsaid or self.twice:
            yield f"{self.name}: {self.unsaid} findings were not said, {self.twice} were said twice"
        if self.last_seconds and self.slack_seconds:
            pace = self.last_seconds / self.slack_seconds
            if pace > AIM_PACE:
                yield f"{self.name}: it took {pace:.1f} times as long as Slack's pace"


def behind_a_flood(findings: int, *, drains: bool, is_in_both: bool) -> Row:
    """Return the figures of so many MEDIUM findings for four channels, with their echoes."""
    flood = Flood(findings, channels=CHANNELS)
    several = [
        each | {"Severity": {"Label": "MEDIUM"}}
        for wave in flood.waves(findings)
        for each in {finding["Id"]: finding for finding in wave}.values()
    ]
    name = f"{findings:,} MEDIUM"
    return _play(name, several, flood.routes(), drains=drains, is_in_both=is_in_both)


def behind_cards() -> Row:
    """Return the figures of findings that are all to be cards of one channel."""
    flood = Flood(CARDS, channels=1)
    [several] = flood.waves(CARDS)
    unique = {each["Id"]: each | {"Severity": {"Label": "MEDIUM"}} for each in several}
    routes = [each | {"deliver": "card"} for each in flood.routes()]
    return _play(f"{CARDS} cards, one channel", [*unique.values()], routes, drains=False)


def _play(
    name: str,
    several: Sequence[dict[str, Any]],
    routes: Sequence[dict[str, Any]],
    *,
    drains: bool,
    is_in_both: bool = False,
) -> Row:
    urgent = several[0] | {
        "Id": _URGENT,
        "Title": _URGENT,
        "AwsAccountId": "999900001111",
        "Severity": {"Label": "CRITICAL"},
    }
    route = {"kind": "route", "name": _URGENT, "channel": f"#{_URGENT}", "order": 1, "stop": True}
    pattern = {"AwsAccountId": [urgent["AwsAccountId"]]}
    with _stack() as stack:
        stack.put_routes([*routes, route | {"match": json.dumps(pattern)}])
        hub = stack.aws.security_hub
        for start in range(0, len(several), _IMPORT):
            some = list(several[start : start + _IMPORT])
            hub.batch_import_findings(some)
            if is_in_both:
                stack.import_v2(map(in_ocsf, some))
        began = time.monotonic()
        hub.batch_import_findings([urgent])
        urgent_seconds = _wait(stack, began, lambda: bool(_said_in(stack, _URGENT)))
        if not drains:
            return Row(name=name, urgent_seconds=urgent_seconds)
        marked_seconds = _wait(stack, began, lambda: _is_marked(stack))
        _wait(stack, began, lambda: not stack.queued_ids() and not stack.is_working)
        messages = stack.slack.messages()
        said: Counter[str] = Counter()
        for message in messages:
            said.update((message.metadata or {}).get("event_payload", {}).get("delivery_ids", ()))
        statuses = hub.workflow_statuses()
        busiest = max(Counter(each.channel_name for each in messages).values())
        last = max(float(each.ts) for each in messages) - stack.clock() + time.monotonic()
        return Row(
            name=name,
            urgent_seconds=urgent_seconds,
            last_seconds=last - began,
            slack_seconds=busiest * POST_SECONDS,
            marked_seconds=marked_seconds,
            hub_seconds=statuses.total() / MARKS_PER_SECOND,
            unsaid=statuses.total() - statuses["NOTIFIED"],
            twice=sum(count > 1 for count in said.values()),
        )


@contextmanager
def _stack() -> Iterator[Stack]:
    with Stack(workers=WORKERS, is_hasty=False, parameters={"RouteCacheSeconds": 30}) as stack:
        stack.slack.set_scopes((*DEFAULT_SCOPES, "channels:history"))
        yield stack


def _is_marked(stack: Stack) -> bool:
    return not stack.aws.security_hub.workflow_statuses()["NEW"]


def _said_in(stack: Stack, channel: str) -> list[PostedMessage]:
    return [each for each in stack.slack.messages() if each.channel_name == channel]


def _wait(
    stack: Stack, began: float, is_done: Any, *, poll_seconds: float = _POLL_SECONDS
) -> float | None:
    """Return the seconds since *began* when it is done; None if it takes too long."""
    while not is_done():
        if time.monotonic() - began > _GIVE_UP_SECONDS:
            return None
        time.sleep(poll_seconds)
    return time.monotonic() - began


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--findings", type=int, default=2_000)
    parser.add_argument("--forms", choices=("asff", "both"), default="asff")
    parser.add_argument(
        "--until-urgent",
        "--no-drain",
        dest="no_drain",
        action="store_true",
        help="end once the urgent finding is said",
    )
    arguments = parser.parse_args()
    aim = max((aim for size, aim in AIM_SECONDS.items() if size <= arguments.findings), default=10)
    flood = behind_a_flood(
        arguments.findings, drains=not arguments.no_drain, is_in_both=arguments.forms == "both"
    )
    rows = [(behind_cards(), AIM_SECONDS[2_000]), (flood, aim)]
    heads = (
        "behind",
        "urgent said",
        "last message",
        "Slack's pace",
        "last mark",
        "Security Hub's pace",
        "not said",
        "twice",
    )
    lines = [heads, *(_cells(row) for row, _ in rows)]
    for line in lines:
        sys.stdout.write("".join(f"{cell:<23}" for cell in line).rstrip() + "\n")
    problems = [problem for row, seconds in rows for problem in row.problems(seconds)]
    sys.stdout.writelines(f"NOT AS IT MUST BE: {problem}\n" for problem in problems)
    return 1 if problems else 0


def _cells(row: Row) -> tuple[str, ...]:
    seconds = (
        row.urgent_seconds,
        row.last_seconds,
        row.slack_seconds,
        row.marked_seconds,
        row.hub_seconds,
    )
    shown = ("-" if each is None else f"{each:.1f} s" for each in seconds)
    return (row.name, *shown, str(row.unsaid), str(row.twice))


if __name__ == "__main__":
    sys.exit(main())
