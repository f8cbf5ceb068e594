"""
A clock, the plan of faults, and Security Hub; the other fakes are in `fake_*.py`.

Each fake is held to the real adapter by a contract test that runs against both.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, override

from finding_router.aws.security_hub_v2 import COMMENT
from finding_router.delivery.limits.deadline import SECURITY_HUB_SECONDS, Deadline
from finding_router.delivery.workflow import (
    OUT_OF_TIME,
    Answers,
    FindingKey,
    Standing,
    WorkflowStatus,
)
from finding_router.errors import (
    ChannelError,
    CredentialError,
    GoneError,
    HubDeniedError,
    MessageError,
    RateLimitedError,
    StoreError,
    UnavailableError,
    WorkflowUpdateError,
)
from finding_router.findings.asff import read_finding
from finding_router.findings.finding import Finding, Severity
from finding_router.findings.ocsf.marks import V2Status
from hub_events import raw_finding

START = 1_790_000_000.0
type MakeError = Callable[[str], BaseException]


class Killed(BaseException):
    """The worker died here."""


@dataclass
class Clock:
    """Unix time that passes only in a sleep or in a planned fault."""

    now: float = START
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move the time forward by *seconds*."""
        self.slept.append(seconds)
        self.now += seconds


@dataclass
class Fault:
    """
    A fault of calls of *operation*, if given only of those about *about*.

    It spares *skip* calls and strikes *times* calls (None: all). With *carried_out* the call has
    its effect before it fails. Without an *error* it only takes *seconds*, in which *meanwhile* is
    called: the work of another worker, for example.
    """

    operation: str
    error: MakeError | None = None
    about: str | None = None
    skip: int = 0
    times: int | None = 1
    carried_out: bool = False
    seconds: float = 0.0
    meanwhile: Callable[[], object] = lambda: None


class Faults:
    """The plan of faults, shared by all fakes of a test."""

    def __init__(self, clock: Clock) -> None:
        """Start with nothing wrong."""
        self._clock = clock
        self._planned: list[Fault] = []
        self.calls: list[tuple[str, str]] = []

    def plan(self, operation: str, error: MakeError | None = None, **how: Any) -> Fault:
        """Plan a `Fault`; of several that concern a call the first strikes."""
        fault = Fault(operation, error, **how)
        self._planned.append(fault)
        return fault

    def clear(self) -> None:
        """End all faults."""
        self._planned.clear()

    def count(self, operation: str) -> int:
        """Return the number of calls of *operation*."""
        return sum(called == operation for called, _ in self.calls)

    @contextmanager
    def around(self, operation: str, about: str = "") -> Iterator[None]:
        """Carry out a call, unless a fault has it otherwise."""
        self.calls.append((operation, about))
        fault = self._strike(operation, about)
        if fault is None:
            yield
            return
        if fault.carried_out:
            yield
        self._clock.now += fault.seconds
        fault.meanwhile()
        if fault.error is not None:
            raise fault.error(about)
        if not fault.carried_out:
            yield

    def _strike(self, operation: str, about: str) -> Fault | None:
        for fault in self._planned:
            if fault.operation != operation or fault.about not in (None, about):
                continue
            if fault.skip:
                fault.skip -= 1
            elif fault.times is None:
                return fault
            elif fault.times:
                fault.times -= 1
                return fault
        return None


def killed(_about: str) -> BaseException:
    """Kill the worker."""
    return Killed()


def rate_limited(seconds: float) -> MakeError:
    """Make Slack ask for *seconds* of quiet."""
    return lambda channel: RateLimitedError(
        "ratelimited", channel=channel, code="ratelimited", retry_after_seconds=seconds
    )


def unavailable(code: str = "unreachable", *, ambiguous: bool = False) -> MakeError:
    """Make Slack fail; if *ambiguous*, it is unknown whether it posted."""
    return lambda channel: UnavailableError(code, channel=channel, code=code, ambiguous=ambiguous)


def channel_refused(code: str = "channel_not_found") -> MakeError:
    """Make the channel take nothing."""
    return lambda channel: ChannelError(code, channel=channel, code=code)


def token_refused(code: str = "invalid_auth") -> MakeError:
    """Make Slack refuse the token."""
    return lambda channel: CredentialError(code, channel=channel, code=code)


def message_refused(code: str = "invalid_blocks") -> MakeError:
    """Make Slack refuse the message."""
    return lambda channel: MessageError(code, channel=channel, code=code)


def gone(code: str = "message_not_found") -> MakeError:
    """Make Slack miss the message that is to be changed or answered."""
    return lambda channel: GoneError(code, channel=channel, code=code)


def store_down(_about: str) -> BaseException:
    """Make DynamoDB fail."""
    return StoreError("ThrottlingException from DynamoDB")


def security_hub_down(_about: str) -> BaseException:
    """Make Security Hub fail."""
    return WorkflowUpdateError("InternalException from Security Hub")


def hub_denied(_about: str) -> BaseException:
    """Make Security Hub refuse to be asked."""
    return HubDeniedError("AccessDeniedException from Security Hub")


def late(clock: Clock, seconds_left: float) -> Deadline:
    """Return the deadline of an invocation that began long ago."""
    deadline = Deadline(90, clock=clock)
    clock.now += 90 - seconds_left
    return deadline


class FakeWorkflow:
    """Security Hub's findings, by key; those it does not hold it does not find."""

    def __init__(self, faults: Faults, prefix: str = "") -> None:
        """Start without findings; *prefix* stands before the names of the calls."""
        self._faults = faults
        self._prefix = prefix
        self.status: dict[FindingKey, str] = {}
        self.archived: set[FindingKey] = set()
        self.severity: dict[FindingKey, Severity] = defaultdict(lambda: Severity.HIGH)
        self.refusals: dict[FindingKey, list[str]] = {}
        self.unread: dict[FindingKey, str] = {}
        """Findings of which nobody can read what Security Hub answers."""
        self.marked: list[tuple[FindingKey, WorkflowStatus]] = []
        self.raw: dict[FindingKey, dict[str, Any]] = {}
        """Findings that have more than an id, a severity and a status."""

    def mark(
        self, keys: Iterable[FindingKey], status: WorkflowStatus, *, deadline: Deadline
    ) -> dict[FindingKey, str]:
        """Set *status*, but where a refusal is due."""
        keys = list(keys)
        if not deadline.leaves(SECURITY_HUB_SECONDS):
            return dict.fromkeys(keys, OUT_OF_TIME)
        with self._faults.around(f"{self._prefix}mark", status):
            refused = {}
            for key in keys:
                codes = self.refusals.get(key)
                if codes:
                    refused[key] = codes.pop(0)
                elif key not in self.status:
                    refused[key] = "FindingNotFound"
                else:
                    self._set(key, status)
                    self.marked.append((key, status))
            return refused

    def _set(self, key: FindingKey, status: WorkflowStatus) -> None:
        self.status[key] = status

    def _has_mark(self, key: FindingKey) -> bool:
        return self.status[key] == "NOTIFIED"

    def statuses(self, keys: Collection[FindingKey], *, deadline: Deadline) -> Answers[Standing]:
        """Return the status of each of the findings that exist."""
        if not deadline.leaves(SECURITY_HUB_SECONDS):
            raise security_hub_down("")
        with self._faults.around(f"{self._prefix}statuses"):
            answers = Answers(
                {
                    key: Standing(
                        workflow_status=self.status[key],
                        record_state="ARCHIVED" if key in self.archived else "ACTIVE",
                        has_mark=self._has_mark(key),
                    )
                    for key in keys
                    if key in self.status and key not in self.unread
                }
            )
            answers.unread = {key: why for key, why in self.unread.items() if key in keys}
            return answers

    def severities(
        self, keys: Collection[FindingKey], *, deadline: Deadline
    ) -> Answers[Severity | None]:
        """Return None for findings that are archived, or whose status is an end."""
        if not deadline.leaves(SECURITY_HUB_SECONDS):
            raise security_hub_down("")
        with self._faults.around(f"{self._prefix}severities"):
            over = {key for key in keys if self.status.get(key) in {"RESOLVED", "SUPPRESSED"}}
            over |= self.archived
            known = [key for key in keys if key in self.status or key in over]
            answers = Answers(
                {
                    key: None if key in over else self.severity[key]
                    for key in known
                    if key not in self.unread
                }
            )
            answers.unread = {key: why for key, why in self.unread.items() if key in keys}
            return answers

    def findings(self, keys: Collection[FindingKey], *, deadline: Deadline) -> Answers[Finding]:
        """Return the findings that exist, as they are now."""
        if not deadline.leaves(SECURITY_HUB_SECONDS):
            raise security_hub_down("")
        with self._faults.around(f"{self._prefix}findings"):
            known = [key for key in keys if key in self.status and key not in self.unread]
            answers = Answers({key: read_finding(self._raw(key)) for key in known})
            answers.unread = {key: why for key, why in self.unread.items() if key in keys}
            return answers

    def _raw(self, key: FindingKey) -> dict[str, Any]:
        now = {
            "ProductArn": key[0],
            "Workflow": {"Status": self.status[key]},
            "RecordState": "ARCHIVED" if key in self.archived else "ACTIVE",
            "Severity": {"Label": self.severity[key].value},
        }
        return self.raw.get(key, raw_finding(key[1])) | now


class FakeWorkflowV2(FakeWorkflow):
    """AWS Security Hub: "NOTIFIED" stands for In Progress, or a comment stands beside NEW."""

    def __init__(self, faults: Faults, mark: V2Status) -> None:
        """Start without findings; said ones get *mark*."""
        super().__init__(faults, "v2 ")
        self._mark = mark
        self.comments: dict[FindingKey, str] = {}

    @override
    def _set(self, key: FindingKey, status: WorkflowStatus) -> None:
        if status == "NOTIFIED" and self._mark is V2Status.COMMENT:
            self.comments[key] = COMMENT
        else:
            super()._set(key, status)

    @override
    def _has_mark(self, key: FindingKey) -> bool:
        is_commented = self._mark is V2Status.COMMENT and key in self.comments
        return self._mark is V2Status.NONE or self.status[key] != "NEW" or is_commented
