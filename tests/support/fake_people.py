"""Slack's people, and their settings in Security Hub, in memory."""

# ruff: noqa: ARG002 -- the parameters are those of the ports

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fakes import FakeWorkflow, Faults
from finding_router.delivery.alerts.alert import Form
from finding_router.delivery.alerts.care import AskedStatus
from finding_router.delivery.limits.deadline import SECURITY_HUB_SECONDS, Deadline
from finding_router.delivery.people import Alike, Found, Note, Raw
from finding_router.delivery.workflow import OUT_OF_TIME, FindingKey
from finding_router.errors import CredentialError, ScopeError, WorkflowUpdateError
from finding_router.slack.api.people import Profile
from finding_router.slack.kit.message import Message

TEAM = "T0HOME"


@dataclass
class Told:
    """A message that only *user* saw."""

    message: Message
    user: str
    channel: str
    response_url: str

    @property
    def text(self) -> str:
        """Everything that it says."""
        return str(self.message.arguments())


@dataclass
class FakePeople:
    """Slack with members and guests, who see answers."""

    faults: Faults
    guests: set[str] = field(default_factory=set)
    teams: dict[str, str] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    """Those who are in no channel."""
    groups: dict[str, set[str]] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)
    """The scope that the app lacks, by method."""
    told: list[Told] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def profile(self, user: str, *, seconds: float) -> Profile:
        """Return a full member, unless it is a guest."""
        self._ask("users.info")
        home = self.teams.get(user, TEAM)
        return Profile(
            id=user, name=user, teams=frozenset({home}), is_full_member=user not in self.guests
        )

    def members(self, channel: str, *, seconds: float) -> frozenset[str]:
        """Return everybody but those who are absent."""
        self._ask("conversations.members")
        return frozenset({"UJANE00001", "UBOB000002", *self.guests}) - self.absent

    def group(self, group: str, team: str, *, seconds: float) -> frozenset[str]:
        """Return the members of a user group."""
        self._ask("usergroups.users.list")
        return frozenset(self.groups.get(group, ()))

    def tell(
        self,
        message: Message,
        *,
        user: str,
        channel: str,
        thread_ts: str | None,
        response_url: str,
        seconds: float,
    ) -> bool:
        """Keep the answer."""
        with self.faults.around("tell", user):
            self.told.append(Told(message, user, channel, response_url))
        return True

    def _ask(self, method: str) -> None:
        self.asked.append(method)
        with self.faults.around("people", method):
            if scope := self.lacking.get(method):
                refused = CredentialError(
                    "missing_scope", channel=method, code="missing_scope", method=method
                )
                raise ScopeError(scope, refused)


class FakePeopleHub:
    """The settings of people in one Security Hub, whose states are those of *workflow*."""

    def __init__(self, form: Form, workflow: FakeWorkflow, faults: Faults) -> None:
        """Start without findings."""
        self.form = form
        self._workflow = workflow
        self._faults = faults
        self._prefix = "v2 " if form is Form.OCSF else ""
        self.raws: dict[FindingKey, dict[str, Any]] = {}
        self.notes: dict[FindingKey, Note] = {}
        self.refusals: dict[FindingKey, list[str]] = {}
        self.sets: list[tuple[FindingKey, str]] = []

    def read(self, keys: Collection[FindingKey], *, deadline: Deadline) -> Mapping[FindingKey, Raw]:
        """Return those that exist, in their present state."""
        if not deadline.leaves(SECURITY_HUB_SECONDS):
            raise WorkflowUpdateError("out of time")
        with self._faults.around(f"{self._prefix}get"):
            return {key: self._now(key) for key in keys if key in self._workflow.status}

    def alike(self, asked: Alike, *, most: int, deadline: Deadline) -> Found:
        """Return those of the control, or the type, and the resource."""
        if not deadline.leaves(SECURITY_HUB_SECONDS):
            raise WorkflowUpdateError("out of time")
        with self._faults.around(f"{self._prefix}alike"):
            found = {
                key: self._now(key)
                for key, raw in self.raws.items()
                if self._is_alike(raw, asked)
                and self._workflow.status.get(key) in {"NEW", "NOTIFIED"}
            }
            return Found(dict(list(found.items())[:most]), is_all=len(found) <= most)

    def set(
        self, keys: Sequence[FindingKey], status: AskedStatus, note: Note, *, deadline: Deadline
    ) -> Mapping[FindingKey, str]:
        """Set status and note, but where a refusal is due."""
        if not deadline.leaves(SECURITY_HUB_SECONDS):
            return dict.fromkeys(keys, OUT_OF_TIME)
        with self._faults.around(f"{self._prefix}set", status):
            refused = {}
            for key in keys:
                codes = self.refusals.get(key)
                if codes:
                    refused[key] = codes.pop(0)
                elif key not in self._workflow.status:
                    refused[key] = "FindingNotFound"
                else:
                    self._workflow.status[key] = status.value
                    self.notes[key] = note
                    self.sets.append((key, status.value))
            return refused

    def with_status(self, raw: Raw, status: AskedStatus, note: Note) -> Raw:
        """Return the finding as it is once both are set."""
        if self.form is Form.OCSF:
            number = {"NEW": 1, "SUPPRESSED": 3, "RESOLVED": 4}[status.value]
            return {**raw, "status_id": number, "comment": note.text}
        written = {"Text": note.text, "UpdatedBy": note.author}
        return {**raw, "Workflow": {"Status": status.value}, "Note": written}

    def _now(self, key: FindingKey) -> Raw:
        raw, status = self.raws.get(key, {}), self._workflow.status[key]
        note = self.notes.get(key)
        if self.form is Form.OCSF:
            number = {"NEW": 1, "NOTIFIED": 2, "SUPPRESSED": 3, "RESOLVED": 4}[status]
            return {**raw, "status_id": number} | ({"comment": note.text} if note else {})
        written = {"Text": note.text, "UpdatedBy": note.author} if note else None
        archived = {"RecordState": "ARCHIVED"} if key in self._workflow.archived else {}
        return {
            **raw,
            **archived,
            "Workflow": {"Status": status},
            **({"Note": written} if written else {}),
        }

    def _is_alike(self, raw: Mapping[str, Any], asked: Alike) -> bool:
        control = raw.get("Compliance", {}).get("SecurityControlId")
        resources = [each["Id"] for each in raw.get("Resources", ())]
        is_kind = (
            control == asked.control
            if asked.control is not None
            else asked.kind in raw.get("Types", ())
        )
        return (
            raw.get("AwsAccountId") == asked.account
            and is_kind
            and (asked.resource is None or asked.resource in resources)
        )
