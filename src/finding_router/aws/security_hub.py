"""Setting a finding's Workflow status, 100 findings a call."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import batched
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ParamValidationError
from botocore.parsers import ResponseParserError

from finding_router.aws.clients import AWS_ERRORS, SECURITY_HUB_CONFIG, error_code, make_client
from finding_router.delivery.limits.deadline import SECURITY_HUB_SECONDS, Deadline
from finding_router.delivery.marking import (
    INVALID_INPUT,
    OUT_OF_TIME,
    Answers,
    FindingKey,
    Standing,
    WorkflowStatus,
)
from finding_router.errors import FindingError, WorkflowUpdateError
from finding_router.findings.ending import ending_of
from finding_router.findings.finding import Severity
from finding_router.findings.outline import read_outline
from finding_router.findings.reading import text_at
from finding_router.isolation import isolated

if TYPE_CHECKING:
    from mypy_boto3_securityhub import SecurityHubClient

# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchUpdateFindings.html: the limit
# stands in prose only, botocore lets more through.
FINDINGS_PER_CALL: Final = 100
# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_GetFindings.html: 20 values a filter.
IDS_PER_FILTER: Final = 20
# The whole call is refused because of something in it.
INPUT_ERRORS: Final = frozenset(
    {
        "InvalidInputException",
        "SerializationException",
        "ValidationException",
        ParamValidationError.__name__,
    }
)
# In place of the ProductArn: an answer that cannot be read names none.
_ANY_PRODUCT: Final = ""


class SecurityHub:
    """The calls of Security Hub's API; none starts that may end after *deadline*."""

    @cached_property
    def _client(self) -> "SecurityHubClient":
        client: SecurityHubClient = make_client("securityhub", SECURITY_HUB_CONFIG)
        return client

    def mark(
        self, keys: Iterable[FindingKey], status: WorkflowStatus, *, deadline: Deadline
    ) -> dict[FindingKey, str]:
        """
        Set the Workflow status of *keys*; return Security Hub's code for each that it refused.

        HTTP 200 says nothing: UnprocessedFindings has the findings that were not updated. A call
        that fails as a whole returns its code for each of its keys.
        """
        refused: dict[FindingKey, str] = {}
        for some in batched(dict.fromkeys(keys), FINDINGS_PER_CALL, strict=False):
            refused.update(self._mark(some, status, deadline))
        return refused

    def _mark(
        self, keys: Sequence[FindingKey], status: WorkflowStatus, deadline: Deadline
    ) -> dict[FindingKey, str]:
        if not deadline.leaves(SECURITY_HUB_SECONDS):
            return dict.fromkeys(keys, OUT_OF_TIME)
        try:
            answer = self._client.batch_update_findings(
                FindingIdentifiers=[{"ProductArn": arn, "Id": id_} for arn, id_ in keys],
                Workflow={"Status": status},
            )
        except AWS_ERRORS as error:
            if error_code(error) not in INPUT_ERRORS:
                return dict.fromkeys(keys, error_code(error))
            if len(keys) == 1:
                return {keys[0]: INVALID_INPUT}
            # One identifier that cannot be takes the others of its call along: halve until alone.
            middle = len(keys) // 2
            return self._mark(keys[:middle], status, deadline) | self._mark(
                keys[middle:], status, deadline
            )
        return {
            (each["FindingIdentifier"]["ProductArn"], each["FindingIdentifier"]["Id"]): each[
                "ErrorCode"
            ]
            for each in answer["UnprocessedFindings"]
        }

    def statuses(self, keys: Collection[FindingKey], *, deadline: Deadline) -> Answers[Standing]:
        """
        Return the state of each of *keys*; those not found are left out.

        Raises:
            WorkflowUpdateError: Security Hub does not answer, or not in time.

        """
        return self._findings(keys, _standing, deadline)

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
        return self._findings(keys, _severity, deadline)

    def _findings[Value](
        self,
        keys: Collection[FindingKey],
        read: Callable[[Mapping[str, Any]], Value],
        deadline: Deadline,
    ) -> Answers[Value]:
        found: Answers[Value] = Answers()
        for some in batched(sorted({id_ for _, id_ in keys}), IDS_PER_FILTER, strict=False):
            self._read(found, some, read, deadline)
        answers = Answers({key: found[key] for key in keys if key in found})
        answers.unread = {key: found.unread[key] for key in keys if key in found.unread}
        for key in keys:
            if (_ANY_PRODUCT, key[1]) in found.unread and key not in found:
                answers.unread.setdefault(key, found.unread[_ANY_PRODUCT, key[1]])
        return answers

    def _read[Value](
        self,
        found: Answers[Value],
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
            message = "GetFindings: out of time; the rest is tried again"
            raise WorkflowUpdateError(message)
        code = ""
        with isolated("answer of GetFindings not read", findings=len(ids)) as trouble:
            try:
                self._read_pages(found, ids, read)
            except AWS_ERRORS as error:
                code = error_code(error)
        if code and code not in {*INPUT_ERRORS, ResponseParserError.__name__}:
            message = f"GetFindings: {code} from Security Hub; the rest is tried again"
            raise WorkflowUpdateError(message)
        if not code and trouble.error is None:
            return
        if len(ids) > 1:
            middle = len(ids) // 2
            self._read(found, ids[:middle], read, deadline)
            self._read(found, ids[middle:], read, deadline)
        elif code not in INPUT_ERRORS:
            why = code or trouble.while_("reading it")
            found.unread[_ANY_PRODUCT, ids[0]] = f"GetFindings: its answer cannot be read, {why}"

    def _read_pages[Value](
        self,
        found: Answers[Value],
        ids: Iterable[str],
        read: Callable[[Mapping[str, Any]], Value],
    ) -> None:
        pages = self._client.get_paginator("get_findings").paginate(
            Filters={"Id": [{"Value": id_, "Comparison": "EQUALS"} for id_ in ids]}
        )
        for page in pages:
            for each in page["Findings"]:
                key = each["ProductArn"], each["Id"]
                about = {"finding_id": key[1]}
                with isolated("finding not read", **about) as trouble, suppress(FindingError):
                    found[key] = read(each)
                if trouble.error is not None:
                    found.unread[key] = f"GetFindings: {trouble.while_('reading it')}"


def _standing(finding: Mapping[str, Any]) -> Standing:
    return Standing(
        workflow_status=text_at(finding, "Workflow", "Status") or "NEW",
        record_state=text_at(finding, "RecordState") or "ACTIVE",
        compliance_status=text_at(finding, "Compliance", "Status"),
        updated_at=text_at(finding, "UpdatedAt"),
    )


def _severity(finding: Mapping[str, Any]) -> Severity | None:
    read = read_outline(finding)
    return None if ending_of(read) is not None else read.severity
