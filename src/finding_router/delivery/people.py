"""The port of what people set in the Security Hubs, beside the router's own marks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

from finding_router.delivery.alerts.alert import Form
from finding_router.delivery.alerts.care import AskedStatus
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.workflow import FindingKey

# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_NoteUpdate.html
NOTE_CHARS: Final = 512
AUTHOR_CHARS: Final = 128
# Findings that one press changes at most.
MOST_FINDINGS: Final = 1000

type Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Note:
    """The note of a person: *text* of 1 to 512 characters, and its author."""

    text: str
    author: str


class Alike(NamedTuple):
    """
    The findings that a press is about: of a *control*, or else of a *kind*, in an *account*.

    With *resource* they are about that resource.
    """

    account: str
    control: str | None
    kind: str | None
    product: str
    resource: str | None = None


class Found(NamedTuple):
    """Findings as a hub has them, by key; *is_all* is False if there are more."""

    findings: Mapping[FindingKey, Raw]
    is_all: bool = True


class PeopleHub(Protocol):
    """The calls of one Security Hub about what people do; no call starts that may end too late."""

    form: Form

    def read(self, keys: Collection[FindingKey], *, deadline: Deadline) -> Mapping[FindingKey, Raw]:
        """Return those of *keys* that are found; raises WorkflowUpdateError."""

    def alike(self, asked: Alike, *, most: int, deadline: Deadline) -> Found:
        """Return open findings that are *alike*, *most* of them; raises WorkflowUpdateError."""

    def set(
        self, keys: Sequence[FindingKey], status: AskedStatus, note: Note, *, deadline: Deadline
    ) -> Mapping[FindingKey, str]:
        """Set *status* and *note*; return the code of each finding that was not updated."""

    def with_status(self, raw: Raw, status: AskedStatus, note: Note) -> Raw:
        """Return the finding *raw* as it is once *status* and *note* are set."""
