"""The port of a Security Hub: which state it holds of findings, and how a mark is set."""

from collections.abc import Collection, Iterable, Mapping
from copy import replace
from typing import Final, Literal, NamedTuple, Protocol

from finding_router.delivery.limits.deadline import Deadline
from finding_router.findings.finding import Finding, Severity

type FindingKey = tuple[str, ...]
"""(ProductArn, Id) in Security Hub CSPM; (product uid, finding uid, account) in OCSF's."""
type WorkflowStatus = Literal["NOTIFIED", "SUPPRESSED"]

# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchUpdateFindingsUnprocessedFinding.html
INVALID_INPUT: Final = "InvalidInput"
PERMANENT_CODES: Final = frozenset({"FindingSizeExceeded", INVALID_INPUT})
NOT_FOUND: Final = "FindingNotFound"
# A finding that is still not there after so many tries was deleted; before, it may be lag.
NOT_FOUND_TRIES: Final = 3
# Not a code of Security Hub's: it was not asked.
OUT_OF_TIME: Final = "out of time"


class Standing(NamedTuple):
    """The state that Security Hub holds of a finding now; its event may differ."""

    workflow_status: str
    record_state: str = "ACTIVE"
    compliance_status: str | None = None
    updated_at: str | None = None
    has_mark: bool = False
    """Whether it has what a mark would set, of the router's or of somebody's own."""

    def of(self, finding: Finding) -> Finding:
        """Return *finding* in this state."""
        return replace(
            finding,
            workflow_status=self.workflow_status,
            record_state=self.record_state,
            compliance_status=self.compliance_status,
            updated_at=self.updated_at or finding.updated_at,
        )


class Answers[Value](dict[FindingKey, Value]):
    """Answers of Security Hub by finding; *unread* has the reason for each missing one."""

    def __init__(self, answers: Mapping[FindingKey, Value] | None = None) -> None:
        """Start with *answers*, all of them readable."""
        super().__init__(answers or {})
        self.unread: dict[FindingKey, str] = {}


class Workflow(Protocol):
    """The calls of one Security Hub; no call starts that may end too late."""

    def mark(
        self, keys: Iterable[FindingKey], status: WorkflowStatus, *, deadline: Deadline
    ) -> Mapping[FindingKey, str]:
        """Set *status*; return the code of each finding that was not updated."""

    def statuses(self, keys: Collection[FindingKey], *, deadline: Deadline) -> Answers[Standing]:
        """Return the state of those of *keys* that are found; raises WorkflowUpdateError."""

    def severities(
        self, keys: Collection[FindingKey], *, deadline: Deadline
    ) -> Answers[Severity | None]:
        """
        Return the severity of those of *keys* that are found, and None for ended ones.

        Raises WorkflowUpdateError.
        """

    def findings(self, keys: Collection[FindingKey], *, deadline: Deadline) -> Answers[Finding]:
        """Return those of *keys* that are found, as they are now; raises WorkflowUpdateError."""
