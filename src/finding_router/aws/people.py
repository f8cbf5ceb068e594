"""A person's status in the Security Hubs, with a note of who and why."""

import json
import time
from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from http import HTTPStatus
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, override

from finding_router.aws import security_hub, security_hub_v2
from finding_router.aws.clients import AWS_ERRORS, error_code
from finding_router.aws.hub_calls import HubCalls
from finding_router.aws.security_hub import SecurityHub
from finding_router.aws.security_hub_v2 import SecurityHubV2
from finding_router.delivery.alerts.alert import Form
from finding_router.delivery.alerts.care import AskedStatus
from finding_router.delivery.limits.deadline import SECURITY_HUB_SECONDS, Deadline
from finding_router.delivery.people import Alike, Found, Note, Raw
from finding_router.delivery.workflow import OUT_OF_TIME, FindingKey
from finding_router.errors import WorkflowUpdateError
from finding_router.findings.ocsf.marks import V2Status

if TYPE_CHECKING:
    from mypy_boto3_securityhub import SecurityHubClient
    from mypy_boto3_securityhub.type_defs import (
        AwsSecurityFindingFiltersTypeDef,
        CompositeFilterTypeDef,
        OcsfStringFilterTypeDef,
    )

_PAGE: Final = 100
_STATUS_IDS: Final = {AskedStatus.NEW: 1, AskedStatus.SUPPRESSED: 3, AskedStatus.RESOLVED: 4}
_CAPTIONS: Final = {
    AskedStatus.NEW: "New",
    AskedStatus.SUPPRESSED: "Suppressed",
    AskedStatus.RESOLVED: "Resolved",
}

type _Pairs = Iterator[tuple[FindingKey, Mapping[str, Any]]]


class _People(HubCalls):
    """The calls that both hubs have in common."""

    def read(self, keys: Collection[FindingKey], *, deadline: Deadline) -> Mapping[FindingKey, Raw]:
        """Return those of *keys* that are found."""
        found = self._answers(keys, lambda raw: raw, deadline)
        for why in found.unread.values():
            raise WorkflowUpdateError(why)
        return found

    def alike(self, asked: Alike, *, most: int, deadline: Deadline) -> Found:
        """Return *most* open findings that are *alike*."""
        if not deadline.leaves(SECURITY_HUB_SECONDS):
            message = f"{self.reading}: {OUT_OF_TIME}; it is tried again"
            raise WorkflowUpdateError(message)
        try:
            found = dict(islice(self._alike(asked), most + 1))
        except AWS_ERRORS as error:
            message = f"{self.reading}: {error_code(error)} from Security Hub; it is tried again"
            raise WorkflowUpdateError(message) from error
        return Found(dict(islice(found.items(), most)), is_all=len(found) <= most)

    def set(
        self, keys: Sequence[FindingKey], status: AskedStatus, note: Note, *, deadline: Deadline
    ) -> Mapping[FindingKey, str]:
        """Set *status* and *note*; return the code of each finding that was not updated."""
        return self._in_calls(keys, lambda some: self._set(some, status, note), deadline)

    @abstractmethod
    def _alike(self, asked: Alike) -> _Pairs:
        """Yield the open findings that are *asked* for."""

    @abstractmethod
    def _set(
        self, keys: Sequence[FindingKey], status: AskedStatus, note: Note
    ) -> Mapping[FindingKey, str]:
        """Set *status* and *note* of *keys* by one call; return the codes of those refused."""


class PeopleCspm(_People, SecurityHub):
    """Security Hub CSPM."""

    form = Form.ASFF

    @cached_property
    @override
    def client(self) -> "SecurityHubClient":
        """The client, whose findings are whole: cards show the details of their resources."""
        client = super().client
        client.meta.events.register("before-parse.securityhub.GetFindings", _keep_whole)
        return client

    def with_status(self, raw: Raw, status: AskedStatus, note: Note) -> Raw:
        """Return the finding *raw* as it is once *status* and *note* are set."""
        now = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime())}.000Z"
        written = {"Text": note.text, "UpdatedBy": note.author, "UpdatedAt": now}
        return {**raw, "Workflow": {"Status": status.value}, "Note": written}

    @override
    def _alike(self, asked: Alike) -> _Pairs:
        filters: AwsSecurityFindingFiltersTypeDef = {
            "AwsAccountId": [{"Value": asked.account, "Comparison": "EQUALS"}],
            "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
            "WorkflowStatus": [
                {"Value": each, "Comparison": "EQUALS"} for each in ("NEW", "NOTIFIED")
            ],
        }
        if asked.control is not None:
            filters["ComplianceSecurityControlId"] = [
                {"Value": asked.control, "Comparison": "EQUALS"}
            ]
        else:
            filters["Type"] = [{"Value": asked.kind or "", "Comparison": "EQUALS"}]
            filters["ProductArn"] = [{"Value": asked.product, "Comparison": "EQUALS"}]
        if asked.resource is not None:
            filters["ResourceId"] = [{"Value": asked.resource, "Comparison": "EQUALS"}]
        pages = self.client.get_paginator("get_findings").paginate(
            Filters=filters, PaginationConfig={"PageSize": _PAGE}
        )
        for page in pages:
            for each in page["Findings"]:
                yield (each["ProductArn"], each["Id"]), each

    @override
    def _set(
        self, keys: Sequence[FindingKey], status: AskedStatus, note: Note
    ) -> Mapping[FindingKey, str]:
        answer = self.client.batch_update_findings(
            FindingIdentifiers=security_hub.identifiers(keys),
            Workflow={"Status": status.value},
            Note={"Text": note.text, "UpdatedBy": note.author},
        )
        return security_hub.refused(answer)


def _keep_whole(
    response_dict: Mapping[str, Any], customized_response_dict: dict[str, Any], **_: object
) -> None:
    """Return the findings as they are sent; the trimmed model of the layer knows no details."""
    if response_dict["status_code"] != HTTPStatus.OK:
        return
    findings = json.loads(response_dict["body"]).get("Findings")
    if isinstance(findings, list):
        customized_response_dict["Findings"] = findings


class PeopleV2(_People, SecurityHubV2):
    """AWS Security Hub, where the comment names the person as well."""

    form = Form.OCSF

    def __init__(self) -> None:
        """Set no marks."""
        super().__init__(V2Status.NONE)

    def with_status(self, raw: Raw, status: AskedStatus, note: Note) -> Raw:
        """Return the finding *raw* as it is once *status* and *note* are set."""
        own = {name: value for name, value in raw.items() if not name[:1].isupper()}
        return {
            **own,
            "status_id": _STATUS_IDS[status],
            "status": _CAPTIONS[status],
            "comment": note.text,
        }

    @override
    def _alike(self, asked: Alike) -> _Pairs:
        texts = {"cloud.account.uid": asked.account}
        if asked.control is not None:
            texts["compliance.control"] = asked.control
        else:
            texts |= {
                "finding_info.types": asked.kind or "",
                "metadata.product.uid": asked.product,
            }
        if asked.resource is not None:
            texts["resources.uid"] = asked.resource
        filters: list[CompositeFilterTypeDef] = [
            {"StringFilters": [_equals(*each)]} for each in texts.items()
        ]
        filters.append(
            {
                "NumberFilters": [
                    {"FieldName": "status_id", "Filter": {"Eq": each}} for each in (1, 2)
                ],
                "Operator": "OR",
            }
        )
        yield from self._pages(
            {
                "Filters": {"CompositeFilters": filters, "CompositeOperator": "AND"},
                "MaxResults": _PAGE,
            }
        )

    @override
    def _set(
        self, keys: Sequence[FindingKey], status: AskedStatus, note: Note
    ) -> Mapping[FindingKey, str]:
        answer = self.client.batch_update_findings_v2(
            FindingIdentifiers=security_hub_v2.identifiers(keys),
            StatusId=_STATUS_IDS[status],
            Comment=note.text,
        )
        return security_hub_v2.refused(answer, keys)


def _equals(field: Any, value: str) -> "OcsfStringFilterTypeDef":
    return {"FieldName": field, "Filter": {"Value": value, "Comparison": "EQUALS"}}
