"""The scenes of the matrix: the findings of each, and the messages required in the end."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from faults.twins import in_ocsf
from finding_router_local.stack import Stack

CHANNEL: Final = "#alerts"
OTHER_CHANNEL: Final = "#payments"
PRODUCT_ARN: Final = "arn:aws:securityhub:eu-west-1::product/aws/guardduty"
# Longer than the settle time, shorter than the time in which Slack allows changes of a message.
_PAUSE_SECONDS: Final = 3600.0
# More than the threshold of the matrix's stack.
_BURST: Final = (1, 2, 3)
BURST_THRESHOLD: Final = 2
_CRITICAL: Final = 7
# How often the schedule calls while something goes wrong, and again when that is over.
_CALLS: Final = 4
_CALL_SECONDS: Final = 60.0
# Longer than workers remember routes.
_CACHE_SECONDS: Final = 2.0

type Act = Callable[[Stack], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """
    One thing that the router has to say.

    *before* happens without a fault, *act* with it, and *after* once it is over. Then each of
    *channels* has told each number of *said* in so many messages of its own, and has *listed* each
    of those in one digest, once. *notified* are the findings whose status the act decides, and
    *ended* those that are over.
    """

    name: str
    before: Sequence[Act] = ()
    act: Act
    after: Act | None = None
    said: Mapping[int, int] = field(default_factory=dict)
    listed: frozenset[int] = frozenset()
    notified: frozenset[int] = frozenset()
    ended: frozenset[int] = frozenset()
    in_progress: frozenset[int] = frozenset()
    """Findings whose twin in AWS Security Hub is In Progress in the end."""
    steps: frozenset[str] = frozenset()
    """Only these go wrong in it, if there are any: the others are those of other scenes."""
    channels: Sequence[str] = (CHANNEL,)
    reminds: bool = False
    """Its routes say again what is open."""
    is_brief: bool = False
    """It meets one trouble of each family at each call: it adds little to other scenes."""
    cost: float = 1.0
    """About how long it takes, in times of that of a card."""

    @property
    def numbers(self) -> frozenset[int]:
        """Return the numbers of all its findings."""
        return self.listed.union(self.said)

    @property
    def routes(self) -> list[dict[str, Any]]:
        """Return the routes that lead everything to its channels."""
        again = {"remind": {"after": "30m", "every": "30d"}} if self.reminds else {}
        return [
            {"kind": "route", "name": f"everything to {channel}", "channel": channel, **again}
            for channel in self.channels
        ]


def id_of(number: int) -> str:
    """Return the Id of a finding of a scene."""
    return f"id-of-{number}-in-the-matrix"


def title_of(number: int) -> str:
    """Return the title of a finding, which every message about it shows."""
    return f"Trouble no. {number} of the matrix"


def finding(number: int, **changes: Any) -> dict[str, Any]:
    """Make a finding; *changes* replace whole fields."""
    made: dict[str, Any] = {
        "SchemaVersion": "2018-10-08",
        "Id": id_of(number),
        "ProductArn": PRODUCT_ARN,
        "ProductName": "GuardDuty",
        "GeneratorId": "matrix",
        "AwsAccountId": "111122223333",
        "Region": "eu-west-1",
        "CreatedAt": "2026-09-01T10:00:00Z",
        "UpdatedAt": "2026-09-01T10:00:00Z",
        "Title": title_of(number),
        "Description": "Something happened.",
        "Severity": {"Label": "CRITICAL" if number == _CRITICAL else "HIGH"},
        "RecordState": "ACTIVE",
        "Resources": [{"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::bucket-{number}"}],
    }
    return made | changes


def _report(*numbers: int, **changes: Any) -> Act:
    """Import these findings as the product does, all at once."""

    def act(stack: Stack) -> None:
        # The queue shows all of them at the same time, so that they come in one batch.
        with stack.aws.gate.holding("sqs"):
            stack.aws.security_hub.batch_import_findings(
                [finding(number, **changes) for number in numbers]
            )

    return act


def _report_in_both(number: int) -> Act:
    """Import a finding into both Security Hubs at once."""

    def act(stack: Stack) -> None:
        made = finding(number)
        with stack.aws.gate.holding("sqs"):
            stack.import_v2([in_ocsf(made)])
            stack.aws.security_hub.batch_import_findings([made])

    return act


def _wait(stack: Stack) -> None:
    stack.drain()
    stack.advance(_PAUSE_SECONDS)


def _drain(stack: Stack) -> None:
    stack.drain()


def _forget_routes(stack: Stack) -> None:
    """Make the next invocation read the routes again."""
    stack.drain()
    stack.advance(_CACHE_SECONDS)


def _silence(stack: Stack) -> None:
    """Keep quiet about everything for as long as `_wait` takes."""
    until = datetime.fromtimestamp(stack.clock() + _PAUSE_SECONDS / 2, UTC)
    item = {"kind": "silence", "name": "quiet", "match": {}, "until": until.isoformat()}
    stack.put_routes([{**item, "reason": "to try it", "by": "the matrix"}])
    stack.advance(_CACHE_SECONDS)


def _wake(stack: Stack) -> None:
    """Call the function as the schedule does, a few times; failed work waits for the next call."""
    for _ in range(_CALLS):
        with suppress(OSError):
            stack.wake()
        stack.advance(_CALL_SECONDS)


_END: Final = _report(1, RecordState="ARCHIVED", UpdatedAt="2026-09-02T10:00:00Z")
_RETURN: Final = _report(1, UpdatedAt="2026-09-03T10:00:00Z")
_WORSE: Final = _report(1, Severity={"Label": "CRITICAL"}, UpdatedAt="2026-09-02T10:00:00Z")

SCENES: Final[Sequence[Scene]] = (
    Scene(name="card", act=_report(1), said={1: 1}, notified=frozenset({1})),
    Scene(
        name="digest",
        act=_report(*_BURST, _CRITICAL),
        # A critical finding has a card, besides its line in the list.
        said={_CRITICAL: 1},
        listed=frozenset({*_BURST, _CRITICAL}),
        notified=frozenset({*_BURST, _CRITICAL}),
        cost=3,
    ),
    Scene(
        name="digest goes on",
        before=(_report(*_BURST), _drain),
        act=_report(8, 9),
        listed=frozenset({*_BURST, 8, 9}),
        notified=frozenset({*_BURST, 8, 9}),
        cost=3.5,
    ),
    Scene(
        name="waited for",
        before=(_silence, _report(*_BURST, _CRITICAL), _wait),
        act=_wake,
        after=_wake,
        listed=frozenset({*_BURST, _CRITICAL}),
        notified=frozenset({*_BURST, _CRITICAL}),
        cost=4,
    ),
    Scene(
        name="update",
        before=(_report(1), _wait),
        act=_END,
        said={1: 1},
        ended=frozenset({1}),
        cost=1.5,
    ),
    Scene(
        name="end in digest",
        before=(_report(*_BURST), _wait),
        act=_END,
        listed=frozenset(_BURST),
        ended=frozenset({1}),
        cost=2.5,
    ),
    Scene(
        name="reopen",
        before=(_report(1), _wait, _END, _wait),
        act=_RETURN,
        said={1: 2},
        notified=frozenset({1}),
        cost=2.5,
    ),
    Scene(
        name="severity rises",
        before=(_report(1), _wait),
        act=_WORSE,
        said={1: 2},
        notified=frozenset({1}),
        cost=1.5,
    ),
    Scene(
        name="reminder",
        before=(_report(1), _wait),
        act=_wake,
        after=_wake,
        said={1: 2},
        notified=frozenset({1}),
        reminds=True,
        cost=2.5,
    ),
    Scene(
        name="two channels",
        # Routes that cannot be read stay as they were: not as another scene had them.
        before=(_report(2), _forget_routes),
        act=_report(1),
        said={1: 1, 2: 1},
        notified=frozenset({1}),
        channels=(CHANNEL, OTHER_CHANNEL),
        is_brief=True,
        cost=2.5,
    ),
    Scene(
        name="both hubs",
        act=_report_in_both(1),
        said={1: 1},
        notified=frozenset({1}),
        in_progress=frozenset({1}),
        steps=frozenset({"ask status in V2", "mark in V2"}),
        cost=1.5,
    ),
)
