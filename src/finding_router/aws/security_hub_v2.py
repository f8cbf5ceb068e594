"""The calls of AWS Security Hub, with findings in OCSF."""

from collections.abc import Iterator, Mapping, Sequence
from copy import replace
from itertools import batched
from typing import TYPE_CHECKING, Any, Final, override

from finding_router.aws.hub_calls import HubCalls
from finding_router.delivery.workflow import (
    INVALID_INPUT,
    NOT_FOUND,
    FindingKey,
    Standing,
    WorkflowStatus,
)
from finding_router.findings.ocsf import in_asff, is_ocsf
from finding_router.findings.ocsf.marks import V2Status, identifier_of, is_to_mark

if TYPE_CHECKING:
    from mypy_boto3_securityhub.type_defs import (
        BatchUpdateFindingsV2RequestTypeDef,
        BatchUpdateFindingsV2ResponseTypeDef,
        CompositeFilterTypeDef,
        GetFindingsV2RequestTypeDef,
        OcsfFindingIdentifierTypeDef,
    )

# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchUpdateFindingsV2.html
FINDINGS_PER_CALL: Final = 100
# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_GetFindingsV2.html: 20 string filters
# in each of ten composite filters; pages of 100.
_STRINGS_PER_FILTER: Final = 20
_PAGE: Final = 100
COMMENT: Final = "Posted to Slack"
_IN_PROGRESS: Final = 2
_SUPPRESSED: Final = 3
# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchUpdateFindingsV2UnprocessedFinding.html
# The other two codes, of an internal error and of a conflict, are for another try.
_CODES: Final = {
    "ResourceNotFoundException": NOT_FOUND,
    "ValidationException": INVALID_INPUT,
}
_UNKNOWN: Final = "no code"


class SecurityHubV2(HubCalls):
    """AWS Security Hub, whose findings have no NOTIFIED: *status* is set in its place."""

    findings_per_call = FINDINGS_PER_CALL
    ids_per_call = _PAGE
    reading = "GetFindingsV2"

    def __init__(self, status: V2Status) -> None:
        """Set *status* of findings that were said."""
        self._status = status

    @override
    def _standing(self, finding: Mapping[str, Any]) -> Standing:
        """Return the state of *finding*, with whether it has the mark."""
        return replace(super()._standing(finding), has_mark=not is_to_mark(finding, self._status))

    @override
    def _update(
        self, keys: Sequence[FindingKey], status: WorkflowStatus
    ) -> Mapping[FindingKey, str]:
        request: BatchUpdateFindingsV2RequestTypeDef = {"FindingIdentifiers": identifiers(keys)}
        if status == "SUPPRESSED":
            request["StatusId"] = _SUPPRESSED
        elif self._status is V2Status.COMMENT:
            request["Comment"] = COMMENT
        else:
            request["StatusId"] = _IN_PROGRESS
        return refused(self.client.batch_update_findings_v2(**request), keys)

    @override
    def _findings(self, ids: Sequence[str]) -> Iterator[tuple[FindingKey, Mapping[str, Any]]]:
        filters: list[CompositeFilterTypeDef] = [
            {
                "StringFilters": [
                    {
                        "FieldName": "finding_info.uid",
                        "Filter": {"Value": each, "Comparison": "EQUALS"},
                    }
                    for each in some
                ],
                "Operator": "OR",
            }
            for some in batched(ids, _STRINGS_PER_FILTER, strict=False)
        ]
        request: GetFindingsV2RequestTypeDef = {
            "Filters": {"CompositeFilters": filters, "CompositeOperator": "OR"},
            "MaxResults": _PAGE,
        }
        yield from self._pages(request)

    def _pages(
        self, request: "GetFindingsV2RequestTypeDef"
    ) -> Iterator[tuple[FindingKey, Mapping[str, Any]]]:
        """Yield the findings of every page of *request*, each in the shape of ASFF."""
        while True:
            page = self.client.get_findings_v2(**request)
            for each in page.get("Findings", ()):
                key = identifier_of(each) if is_ocsf(each) else None
                if key is not None:
                    yield key, in_asff(each)
            if not page.get("NextToken"):
                return
            request = {**request, "NextToken": page["NextToken"]}


def identifiers(keys: Sequence[FindingKey]) -> "list[OcsfFindingIdentifierTypeDef]":
    """Return *keys* as BatchUpdateFindingsV2 takes them."""
    return [
        {"MetadataProductUid": product, "FindingInfoUid": finding, "CloudAccountUid": account}
        for product, finding, account in keys
    ]


def refused(
    answer: "BatchUpdateFindingsV2ResponseTypeDef", keys: Sequence[FindingKey]
) -> dict[FindingKey, str]:
    """Return the code of each of *keys* that BatchUpdateFindingsV2 did not update."""
    done = {_key_of(each) for each in answer.get("ProcessedFindings", ())}
    codes: dict[FindingKey, str] = {}
    for each in answer.get("UnprocessedFindings", ()):
        code = each.get("ErrorCode", _UNKNOWN)
        key = _key_of(each)
        # One that cannot be told from the others may be any that was not updated.
        for one in [key] if key in keys else [one for one in keys if one not in done]:
            codes.setdefault(one, _CODES.get(code, code))
    return codes


def _key_of(entry: Mapping[str, Any]) -> FindingKey:
    """Return the key of an *entry* of an answer, whose members are all optional."""
    names = entry.get("FindingIdentifier", {})
    parts = ("MetadataProductUid", "FindingInfoUid", "CloudAccountUid")
    return tuple(names.get(part, "") for part in parts)
