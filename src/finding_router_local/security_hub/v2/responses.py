"""The HTTP of the local Security Hub V2."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from finding_router_local.security_hub.v2.requests import (
    MAX_RESULTS,
    NotFoundError,
    ValidationError,
    read_update,
)

if TYPE_CHECKING:
    from finding_router_local.security_hub.models import SecurityHubBackend

# The paths in Flask's words, and their methods.
PATHS: Final[Mapping[str, list[str]]] = {
    "/aggregatorv2/create": ["POST"],
    "/aggregatorv2/get/<path:arn>": ["GET"],
    "/aggregatorv2/list": ["GET"],
    "/findingsv2": ["POST"],
    "/findingsv2/batchupdatev2": ["PATCH"],
    "/hubv2": ["GET"],
    "/ticketsv2": ["POST"],
}


def page_of(findings: Sequence[Mapping[str, Any]], start: int, size: int) -> str:
    """Return the answer of GetFindings or GetFindingsV2 with *size* findings from *start* on."""
    end = start + size
    answer: dict[str, object] = {"Findings": findings[start:end]}
    if end < len(findings):
        answer["NextToken"] = str(end)
    return json.dumps(answer)


class SecurityHubV2Response:
    """The operations of V2, for the responses of the service."""

    if TYPE_CHECKING:
        body: Any
        uri_match: Any

        @property
        def securityhub_backend(self) -> SecurityHubBackend:
            """Return the backend of the caller's account and Region."""

    def batch_update_findings_v2(self) -> str:
        """Answer BatchUpdateFindingsV2: 200 even if nothing was updated."""
        keys, changes = read_update(self._request)
        hub = self.securityhub_backend
        processed, unprocessed = hub.v2.update(keys, changes, hub.now())
        return json.dumps({"ProcessedFindings": processed, "UnprocessedFindings": unprocessed})

    def get_findings_v2(self) -> str:
        """Answer GetFindingsV2: a page of the findings that pass the filters."""
        request = self._request
        size = request.get("MaxResults", MAX_RESULTS)
        if not 1 <= size <= MAX_RESULTS:
            raise ValidationError(f"MaxResults must be from 1 to {MAX_RESULTS}")
        start = request.get("NextToken") or "0"
        if not start.isdecimal():
            raise ValidationError("NextToken is none of an answer")
        try:
            findings = self.securityhub_backend.v2.matching(
                request.get("Filters"), request.get("SortCriteria") or []
            )
        except ValueError as error:
            raise ValidationError(str(error)) from error
        return page_of(findings, int(start), size)

    def create_ticket_v2(self) -> str:
        """Answer CreateTicketV2: the same ticket for the same ClientToken."""
        request = self._request
        made = self.securityhub_backend.v2.ticket(
            request["ConnectorId"], request["FindingMetadataUid"], request.get("ClientToken")
        )
        if made is None:
            raise NotFoundError("there is no such finding")
        name, url = made
        return json.dumps({"TicketId": name, "TicketSrcUrl": url})

    def describe_security_hub_v2(self) -> str:
        """Answer DescribeSecurityHubV2: the hub is always enabled."""
        hub = self.securityhub_backend.v2
        return json.dumps({"HubV2Arn": hub.arn, "SubscribedAt": hub.subscribed_at.isoformat()})

    def create_aggregator_v2(self) -> str:
        """Answer CreateAggregatorV2."""
        request = self._request
        aggregators = self.securityhub_backend.v2.aggregators
        made = aggregators.create(request["RegionLinkingMode"], request.get("LinkedRegions") or [])
        return json.dumps(made)

    def list_aggregators_v2(self) -> str:
        """Answer ListAggregatorsV2, all on one page."""
        arns = self.securityhub_backend.v2.aggregators.arns()
        return json.dumps({"AggregatorsV2": [{"AggregatorV2Arn": arn} for arn in arns]})

    def get_aggregator_v2(self) -> str:
        """Answer GetAggregatorV2."""
        arn = unquote(self.uri_match["AggregatorV2Arn"])
        return json.dumps(self.securityhub_backend.v2.aggregators.get(arn))

    @property
    def _request(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.body or "{}")
        return read
