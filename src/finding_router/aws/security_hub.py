"""The calls of Security Hub CSPM, with findings in ASFF."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, override

from finding_router.aws.hub_calls import HubCalls
from finding_router.delivery.workflow import FindingKey, WorkflowStatus

if TYPE_CHECKING:
    from mypy_boto3_securityhub.type_defs import (
        AwsSecurityFindingIdentifierTypeDef,
        BatchUpdateFindingsResponseTypeDef,
    )

# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchUpdateFindings.html: the limit
# stands in prose only, botocore lets more through.
FINDINGS_PER_CALL: Final = 100
# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_GetFindings.html: 20 values a filter.
IDS_PER_FILTER: Final = 20


def identifiers(keys: Sequence[FindingKey]) -> "list[AwsSecurityFindingIdentifierTypeDef]":
    """Return *keys* as BatchUpdateFindings takes them."""
    return [{"ProductArn": arn, "Id": id_} for arn, id_ in keys]


def refused(answer: "BatchUpdateFindingsResponseTypeDef") -> dict[FindingKey, str]:
    """Return the code of each finding that BatchUpdateFindings did not update."""
    return {
        (each["FindingIdentifier"]["ProductArn"], each["FindingIdentifier"]["Id"]): each[
            "ErrorCode"
        ]
        for each in answer["UnprocessedFindings"]
    }


class SecurityHub(HubCalls):
    """Security Hub CSPM, whose findings have a Workflow status."""

    findings_per_call = FINDINGS_PER_CALL
    ids_per_call = IDS_PER_FILTER
    reading = "GetFindings"

    @override
    def _update(
        self, keys: Sequence[FindingKey], status: WorkflowStatus
    ) -> Mapping[FindingKey, str]:
        answer = self.client.batch_update_findings(
            FindingIdentifiers=identifiers(keys), Workflow={"Status": status}
        )
        return refused(answer)

    @override
    def _findings(self, ids: Sequence[str]) -> Iterator[tuple[FindingKey, Mapping[str, Any]]]:
        pages = self.client.get_paginator("get_findings").paginate(
            Filters={"Id": [{"Value": id_, "Comparison": "EQUALS"} for id_ in ids]}
        )
        for page in pages:
            for each in page["Findings"]:
                yield (each["ProductArn"], each["Id"]), each
