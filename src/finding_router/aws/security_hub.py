"""Setting a finding's Workflow status, 100 findings a call."""

from collections.abc import Collection, Iterable
from functools import cached_property
from itertools import batched
from typing import TYPE_CHECKING, Final

import boto3

from finding_router.aws.clients import AWS_ERRORS, CONFIG, error_code
from finding_router.delivery.marking import FindingKey, Status
from finding_router.errors import WorkflowUpdateError

if TYPE_CHECKING:
    from mypy_boto3_securityhub import SecurityHubClient

# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchUpdateFindings.html: the limit
# stands in prose only, botocore lets more through.
FINDINGS_PER_CALL: Final = 100
# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_GetFindings.html: 20 values a filter.
IDS_PER_FILTER: Final = 20


class SecurityHub:
    """What the router asks of Security Hub."""

    @cached_property
    def _client(self) -> "SecurityHubClient":
        return boto3.client("securityhub", config=CONFIG)

    def mark(self, keys: Iterable[FindingKey], status: Status) -> dict[FindingKey, str]:
        """
        Set the Workflow status of *keys*; give Security Hub's code for each that it did not take.

        HTTP 200 says nothing: what was not updated stands in UnprocessedFindings. A call that
        fails as a whole gives its code for every key of it.
        """
        refused: dict[FindingKey, str] = {}
        for some in batched(dict.fromkeys(keys), FINDINGS_PER_CALL, strict=False):
            try:
                answer = self._client.batch_update_findings(
                    FindingIdentifiers=[{"ProductArn": arn, "Id": id_} for arn, id_ in some],
                    Workflow={"Status": status},
                )
            except AWS_ERRORS as error:
                refused.update(dict.fromkeys(some, error_code(error)))
                continue
            for left in answer["UnprocessedFindings"]:
                identifier = left["FindingIdentifier"]
                refused[identifier["ProductArn"], identifier["Id"]] = left["ErrorCode"]
        return refused

    def still_new(self, keys: Collection[FindingKey]) -> set[FindingKey]:
        """
        Give those of *keys* whose Workflow status is NEW right now.

        Raises:
            WorkflowUpdateError: Security Hub does not answer.

        """
        new: set[FindingKey] = set()
        try:
            for some in batched(sorted({id_ for _, id_ in keys}), IDS_PER_FILTER, strict=False):
                pages = self._client.get_paginator("get_findings").paginate(
                    Filters={
                        "Id": [{"Value": id_, "Comparison": "EQUALS"} for id_ in some],
                        "WorkflowStatus": [{"Value": "NEW", "Comparison": "EQUALS"}],
                    }
                )
                for page in pages:
                    new.update((each["ProductArn"], each["Id"]) for each in page["Findings"])
        except AWS_ERRORS as error:
            message = (
                f"GetFindings: {error_code(error)} from Security Hub; the batch is tried again"
            )
            raise WorkflowUpdateError(message) from error
        return new & set(keys)
