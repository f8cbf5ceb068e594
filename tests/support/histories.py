"""The history of a finding, and the events that Security Hub sends of it."""

from collections.abc import Mapping, Sequence
from copy import replace
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from fakes import START
from faults.twins import in_ocsf
from finding_router.findings.asff import read_finding
from finding_router.findings.finding import Severity
from finding_router.findings.ocsf import in_asff, is_ocsf
from hub_events import FSBP, PCI, control, raw_finding

HOUR = 3600.0
OPEN_STATUSES = {"NEW", "NOTIFIED"}
# Changes by products move UpdatedAt; changes by people do not.
BY_PRODUCT = ["import", "archive", "return", "pass", "fail", "rise", "drop"]
_SET = {"resolve": "RESOLVED", "suppress": "SUPPRESSED", "notify": "NOTIFIED", "renew": "NEW"}
BY_PEOPLE = ["resolve", "suppress", "renew", "notify"]
STEPS = st.lists(
    st.tuples(st.sampled_from(BY_PRODUCT + BY_PEOPLE), st.sampled_from([60.0, HOUR, 24 * HOUR])),
    max_size=8,
)
# Of two standards; no step sets NOTIFIED, so that a finding is NEW until the router marks it.
STEPS_OF_TWO = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from(["import", "archive", "return", "pass", "fail", "suppress", "renew"]),
        st.sampled_from([60.0, HOUR]),
    ),
    max_size=10,
)


@dataclass(frozen=True)
class Sent:
    """An event: the finding as it was at Unix second *at*."""

    finding: dict[str, Any]
    at: float
    is_open: bool


@dataclass
class History:
    """
    A finding in Security Hub, which resets the status as the real one does.

    *about* has the fields that never change, *episodes* counts how often it became open and NEW,
    *sent* has its events in order.
    """

    about: Mapping[str, Any] = field(default_factory=raw_finding)

    now: float = START
    updated_at: float = START
    severity: Severity = Severity.MEDIUM
    status: str = "NEW"
    record_state: str = "ACTIVE"
    compliance: str = "FAILED"
    sent: list[Sent] = field(default_factory=list)
    episodes: int = 1
    is_told: bool = True

    def __post_init__(self) -> None:
        self.send()

    @property
    def is_open(self) -> bool:
        """Return True if it is active, failed, and neither resolved nor suppressed."""
        return (
            self.record_state == "ACTIVE"
            and self.compliance == "FAILED"
            and self.status in OPEN_STATUSES
        )

    def step(self, what: str, after: float) -> None:
        """Apply the step *what*, *after* seconds later, if it is possible."""
        self.now += after
        before = self._state()
        self._change(what)
        if what in BY_PRODUCT:
            self.updated_at = self.now
        # Each request to import a finding sends an event, also one that changes only UpdatedAt.
        # https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-cwe-integration-types.html
        if what in BY_PRODUCT or self._state() != before:
            self.send()

    def notified(self, at: float) -> None:
        """Mark it as the router does, which sends an echo."""
        if self.status == "NEW":
            self.status = "NOTIFIED"
            self.now = max(self.now, at)
            self.send()

    def say(self, note: str) -> None:
        """Write *note* into it."""
        self.about = {**self.about, "Note": {"Text": note}}
        self.send()

    def send(self) -> None:
        """Send the finding as it is."""
        if not self.is_open:
            self.is_told = False
        elif not self.is_told and self.status == "NEW":
            self.is_told = True
            self.episodes += 1
        finding = {
            **self.about,
            "Severity": {"Label": self.severity.value},
            "Workflow": {"Status": self.status},
            "RecordState": self.record_state,
            "Compliance": {**self.about.get("Compliance", {}), "Status": self.compliance},
            "UpdatedAt": datetime.fromtimestamp(self.updated_at, UTC).isoformat(),
        }
        self.sent.append(Sent(finding, self.now, self.is_open))

    def _state(self) -> tuple[object, ...]:
        return self.severity, self.status, self.record_state, self.compliance

    def _change(self, what: str) -> None:
        if what == "archive":
            self.record_state = "ARCHIVED"
        elif what == "return":
            self._reset(self.record_state != "ACTIVE")
            self.record_state = "ACTIVE"
        elif what == "pass":
            self.compliance = "PASSED"
            self.status = "RESOLVED" if self.status != "SUPPRESSED" else self.status
        elif what == "fail":
            self._reset(self.compliance == "PASSED")
            self.compliance = "FAILED"
        elif what in {"rise", "drop"}:
            rank = self.severity.rank + (1 if what == "rise" else -1)
            self.severity = list(Severity)[min(max(rank, 0), Severity.CRITICAL.rank)]
        elif what != "renew" or not self.is_open:
            self.status = _SET.get(what, self.status)

    def _reset(self, is_back: bool) -> None:  # noqa: FBT001 -- said by the line that calls it
        """SUPPRESSED is never reset."""
        if is_back and self.status in {"NOTIFIED", "RESOLVED"}:
            self.status = "NEW"


class TwoStandards:
    """The history of a control on one resource, of which two standards have a finding each."""

    def __init__(self) -> None:
        """Begin with both of them there, one second after the other."""
        self.now = START + 1
        self.histories = (
            History(control(FSBP)),
            History(control(PCI), now=self.now, updated_at=self.now),
        )

    def step(self, which: int, what: str, after: float) -> None:
        """Apply the step *what* to one of them, *after* seconds later, if it is possible."""
        history = self.histories[which]
        history.now = self.now
        history.step(what, after)
        self.now = history.now

    @property
    def sent(self) -> list[Sent]:
        """Return the events of both in order."""
        return sorted((each for one in self.histories for each in one.sent), key=sent_at)

    @property
    def is_open(self) -> bool:
        """Return True if one of them is there."""
        return any(each.is_open for each in self.histories)


def sent_at(event: Sent) -> float:
    """Return the time that events are put in order by."""
    return event.at


def newest(events: Sequence[Sent]) -> dict[str, Sent]:
    """Return the newest event of each finding: by UpdatedAt, then by its own time."""
    known: dict[str, Sent] = {}
    for event in sorted(events, key=lambda each: (each.finding["UpdatedAt"], each.at)):
        known[event.finding["Id"]] = event
    return known


WHERE = ["both", "asff", "ocsf"]
STEPS_OF_BOTH_HUBS = st.lists(
    st.tuples(
        st.sampled_from([*BY_PRODUCT, "resolve", "suppress", "renew", "comment"]),
        st.sampled_from(WHERE),
        st.sampled_from([60.0, HOUR, 24 * HOUR]),
    ),
    max_size=10,
)
# Seconds by which the event of one Security Hub comes after that of the other.
LAG = 7.0


class BothHubs:
    """
    A finding in both Security Hubs, which keep it apart.

    Its product changes it in *both*, or in one whose event alone gets through; people change it in
    either, or in *both*. What one of them says comes `LAG` seconds after the other.
    """

    def __init__(
        self,
        first: str = "asff",
        *,
        only: str = "both",
        about: Mapping[str, Any] | None = None,
        twin: Mapping[str, Any] | None = None,
    ) -> None:
        """
        Begin with a finding in both, of which *first* tells first; or *only* in one.

        It is *about* in ASFF, and fields of its *twin* in OCSF are others than they would be.
        """
        self.now = START + LAG
        self.first = first
        self._twin = twin or {}
        starts = {each: START + LAG * (each != first) for each in ("asff", "ocsf")}
        self.histories = {
            each: History(about or raw_finding(), now=at, updated_at=at)
            for each, at in starts.items()
            if only in ("both", each)
        }

    def step(self, what: str, where: str, after: float) -> None:
        """Apply the step *what* in one of them or in both, *after* seconds later."""
        self.now += after
        at = self.now
        for each, history in sorted(self.histories.items(), key=lambda item: item[0] != self.first):
            if where not in ("both", each):
                continue
            history.now = at
            if what != "comment":
                history.step(what, 0.0)
            elif each == "ocsf":
                history.say("somebody's")
            at += LAG
        self.now = max(self.now, at)

    @property
    def sent(self) -> list[Sent]:
        """Return the events of both in order, each in its form."""
        of_cspm = self.histories["asff"].sent if "asff" in self.histories else []
        of_v2 = [
            replace(each, finding=in_ocsf(each.finding, **self._twin))
            for each in (self.histories["ocsf"].sent if "ocsf" in self.histories else [])
        ]
        return sorted([*of_cspm, *of_v2], key=sent_at)


@dataclass
class LastChange:
    """
    The rule of both Security Hubs, in the order of events: the last change counts.

    *messages* counts the cards, returns and rises to be said of it.
    """

    states: dict[bool, tuple[bool, Severity]] = field(default_factory=dict)
    is_open: bool = False
    ended_at: float = 0.0
    severity: Severity = Severity.INFORMATIONAL
    has_graded: bool = False
    messages: int = 0
    said: int = -1
    is_shown: bool = False

    def hear(self, event: Sent, *, updated_at: float) -> None:
        """Take the next event; the product changed the finding at Unix second *updated_at*."""
        form = is_ocsf(event.finding)
        severity = read_finding(in_asff(event.finding)).severity
        before = self.states.get(form)
        if before is None and not self.states:
            self.is_open, self.severity = event.is_open, severity
        elif before is None:
            if not event.is_open or updated_at > self.ended_at:
                self._turn(event)
            if not self.has_graded:
                self.severity = max(self.severity, severity, key=lambda each: each.rank)
        else:
            if event.is_open is not before[0]:
                self._turn(event)
            if severity is not before[1]:
                self.severity, self.has_graded = severity, True
        self.states[form] = event.is_open, severity
        self._say()

    def _turn(self, event: Sent) -> None:
        self.is_open = event.is_open
        if not event.is_open:
            self.ended_at = event.at

    def _say(self) -> None:
        if not self.is_open:
            self.is_shown = False
        elif not self.is_shown:
            self.messages, self.said, self.is_shown = self.messages + 1, self.severity.rank, True
        elif self.severity.rank > self.said:
            self.messages, self.said = self.messages + 1, self.severity.rank
