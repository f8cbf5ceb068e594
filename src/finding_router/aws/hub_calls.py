"""The calls of both Security Hubs: batches, halves, and answers that can be read."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import batched
from typing import TYPE_CHECKING, Any, Final, override

from botocore.exceptions import ParamValidationError
from botocore.parsers import ResponseParserError

from finding_router.aws.clients import AWS_ERRORS, SECURITY_HUB_CONFIG, error_code, make_client
from finding_router.delivery.limits.deadline import SECURITY_HUB_SECONDS, Deadline
from finding_router.delivery.workflow import (
    INVALID_INPUT,
    OUT_OF_TIME,
    Answers,
    FindingKey,
    Standing,
    Workflow,
    WorkflowStatus,
)
from finding_router.errors import FindingError, HubDeniedError, WorkflowUpdateError
from finding_router.findings.ending import ending_of
from finding_router.findings.finding import Finding, Severity
from finding_router.findings.outline import read_outline
from finding_router.findings.reading import text_at
from finding_router.isolation import isolated

if TYPE_CHECKING:
    from mypy_boto3_securityhub import SecurityHubClient

# The whole call is refused because of something in it.
INPUT_ERRORS: Final = frozenset(
    {
        "InvalidInputException",
        "SerializationException",
        "ValidationException",
        ParamValidationError.__name__,
    }
)

_DENIED: Final = "AccessDenied"

type _Codes = dict[FindingKey, str]
type _Update = Callable[[Sequence[FindingKey]], Mapping[FindingKey, str]]


class HubCalls(Workflow, ABC):
    """The calls of one Security Hub's API; none starts that may end after *deadline*."""

    findings_per_call: int
    """Findings that one call updates at most."""
    ids_per_call: int
    """Ids that one call asks about at most."""
    reading: str
    """Name of the operation that reads findings, for errors."""

    @cached_property
    def client(self) -> "SecurityHubClient":
        """The client of both APIs, made when it is first called."""
        client: SecurityHubClient = make_client("securityhub", SECURITY_HUB_CONFIG)
        return client

    @abstractmethod
    def _update(
        self, keys: Sequence[FindingKey], status: WorkflowStatus
    ) -> Mapping[FindingKey, str]:
        """Set *status* of *keys* by one call; return the code of each that was not updated."""

    @abstractmethod
    def _findings(self, ids: Sequence[str]) -> Iterator[tuple[FindingKey, Mapping[str, Any]]]:
        """Yield the findings of *ids*, each in the shape of ASFF, beside its key."""

    def _standing(self, finding: Mapping[str, Any]) -> Standing:
        """Return the state of *finding*, in the shape of ASFF."""
        return Standing(
            workflow_status=text_at(finding, "Workflow", "Status") or "NEW",
            record_state=text_at(finding, "RecordState") or "ACTIVE",
            compliance_status=text_at(finding, "Compliance", "Status"),
            updated_at=text_at(finding, "UpdatedAt"),
        )

    @override
    def mark(
        self, keys: Iterable[FindingKey], status: WorkflowStatus, *, deadline: Deadline
    ) -> dict[FindingKey, str]:
        """
        Set the status of *keys*; return Security Hub's code for each that it refused.

        HTTP 200 says nothing: UnprocessedFindings has the findings that were not updated. A call
        that fails as a whole returns its code for each of its keys.
        """
        return self._in_calls(keys, lambda some: self._update(some, status), deadline)

    def _in_calls(self, keys: Iterable[FindingKey], update: _Update, deadline: Deadline) -> _Codes:
        """Return the code of each of *keys* that *update* did not update, by as few calls."""
        refused: dict[FindingKey, str] = {}
        for some in batched(dict.fromkeys(keys), self.findings_per_call, strict=False):
            refused.update(self._halved(some, update, deadline))
        return refused

    def _halved(self, keys: Sequence[FindingKey], update: _Update, deadline: Deadline) -> _Codes:
        if not deadline.leaves(SECURITY_HUB_SECONDS):
            return dict.fromkeys(keys, OUT_OF_TIME)
        try:
            return dict(update(keys))
        except AWS_ERRORS as error:
            if error_code(error) not in INPUT_ERRORS:
                return dict.fromkeys(keys, error_code(error))
            if len(keys) == 1:
                return {keys[0]: INVALID_INPUT}
            # One identifier that cannot be takes the others of its call along: halve until alone.
            middle = len(keys) // 2
            return self._halved(keys[:middle], update, deadline) | self._halved(
                keys[middle:], update, deadline
            )

    @override
    def statuses(self, keys: Collection[FindingKey], *, deadline: Deadline) -> Answers[Standing]:
        """
        Return the state of each of *keys*; those not found are left out.

        Raises:
            WorkflowUpdateError: Security Hub does not answer, or not in time.

        """
        return self._answers(keys, self._standing, deadline)

    @override
    def severities(
        self, keys: Collection[FindingKey], *, deadline: Deadline
    ) -> Answers[Severity | None]:
        """
        Return the severity of each of *keys*, and None for those that are over.

        A finding is over once it is archived, passed, resolved or suppressed. One that is not
        found, or that is no finding, is left out.

        Raises:
            WorkflowUpdateError: Security Hub does not answer, or not in time.

        """
        return self._answers(keys, _severity, deadline)

    @override
    def findings(self, keys: Collection[FindingKey], *, deadline: Deadline) -> Answers[Finding]:
        """
        Return each of *keys* as it is now; those not found are left out.

        Raises:
            WorkflowUpdateError: Security Hub does not answer, or not in time.

        """
        # Imported late: few calls read whole findings.
        from finding_router.findings.asff import read_finding  # noqa: PLC0415 -- see above

        return self._answers(keys, read_finding, deadline)

    def _answers[Value](
        self,
        keys: Collection[FindingKey],
        read: Callable[[Mapping[str, Any]], Value],
        deadline: Deadline,
    ) -> Answers[Value]:
        found: Answers[Value] = Answers()
        unread_ids: dict[str, str] = {}
        for some in batched(sorted({key[1] for key in keys}), self.ids_per_call, strict=False):
            self._read(found, unread_ids, some, read, deadline)
        answers = Answers({key: found[key] for key in keys if key in found})
        for key in keys:
            if key in found.unread:
                answers.unread[key] = found.unread[key]
            elif key[1] in unread_ids and key not in found:
                # An answer that cannot be read names no product.
                answers.unread[key] = unread_ids[key[1]]
        return answers

    def _read[Value](
        self,
        found: Answers[Value],
        unread_ids: dict[str, str],
        ids: Sequence[str],
        read: Callable[[Mapping[str, Any]], Value],
        deadline: Deadline,
    ) -> None:
        """
        Read the findings of *ids* into *found*, each converted by *read*.

        An identifier that Security Hub refuses, or a finding that makes its answer unreadable,
        takes the others of its call along: halve until alone. A refused one counts as not found.
        """
        if not deadline.leaves(SECURITY_HUB_SECONDS):
            message = f"{self.reading}: out of time; the rest is tried again"
            raise WorkflowUpdateError(message)
        code = ""
        with isolated(f"answer of {self.reading} not read", findings=len(ids)) as trouble:
            try:
                self._read_all(found, ids, read)
            except AWS_ERRORS as error:
                code = error_code(error)
        if code.startswith(_DENIED):
            message = f"{self.reading}: {code} from Security Hub; allow it to the role"
            raise HubDeniedError(message)
        if code and code not in {*INPUT_ERRORS, ResponseParserError.__name__}:
            message = f"{self.reading}: {code} from Security Hub; the rest is tried again"
            raise WorkflowUpdateError(message)
        if not code and trouble.error is None:
            return
        if len(ids) > 1:
            middle = len(ids) // 2
            self._read(found, unread_ids, ids[:middle], read, deadline)
            self._read(found, unread_ids, ids[middle:], read, deadline)
        elif code not in INPUT_ERRORS:
            why = code or trouble.while_("reading it")
            unread_ids[ids[0]] = f"{self.reading}: its answer cannot be read, {why}"

    def _read_all[Value](
        self,
        found: Answers[Value],
        ids: Sequence[str],
        read: Callable[[Mapping[str, Any]], Value],
    ) -> None:
        for key, finding in self._findings(ids):
            with isolated("finding not read", finding_id=key[1]) as trouble, suppress(FindingError):
                found[key] = read(finding)
            if trouble.error is not None:
                found.unread[key] = f"{self.reading}: {trouble.while_('reading it')}"


def _severity(finding: Mapping[str, Any]) -> Severity | None:
    read = read_outline(finding)
    return None if ending_of(read) is not None else read.severity
