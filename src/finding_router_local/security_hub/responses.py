"""The HTTP of the local Security Hub."""

import json
from typing import Final

from flask import Flask
from moto.core.exceptions import InvalidToken
from moto.core.utils import convert_to_flask_response
from moto.moto_server.werkzeug_app import create_backend_app
from moto.securityhub.exceptions import InvalidInputException
from moto.securityhub.responses import SecurityHubResponse as MotoSecurityHubResponse

from finding_router_local.security_hub.models import SecurityHubBackend, securityhub_backends
from finding_router_local.security_hub.v2.responses import PATHS, SecurityHubV2Response, page_of

# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_GetFindings.html
MAX_RESULTS: Final = 100
_BATCH_UPDATE_PATH: Final = "/findings/batchupdate"
_PATHS: Final = {
    "/findingAggregator/list": ["GET"],
    "/findingAggregator/get/<path:arn>": ["GET"],
}


class SecurityHubResponse(SecurityHubV2Response, MotoSecurityHubResponse):
    """The operations on findings."""

    @property
    def securityhub_backend(self) -> SecurityHubBackend:
        """Return the backend of the caller's account and Region."""
        return securityhub_backends[self.current_account][self.region]

    def get_findings(self) -> str:
        """Answer GetFindings: a page of the findings that pass the filters, oldest first."""
        request = json.loads(self.body or "{}")
        size = request.get("MaxResults", MAX_RESULTS)
        if not 1 <= size <= MAX_RESULTS:
            raise InvalidInputException(op="GetFindings", msg=f"MaxResults {size}")
        start = request.get("NextToken") or "0"
        if not start.isdigit():
            raise InvalidToken
        findings = self.securityhub_backend.matching(request.get("Filters"))
        return page_of(findings, int(start), size)

    def list_finding_aggregators(self) -> str:
        """Answer ListFindingAggregators: this Region is the home Region."""
        return json.dumps({"FindingAggregators": [{"FindingAggregatorArn": self._aggregator}]})

    def get_finding_aggregator(self) -> str:
        """Answer GetFindingAggregator."""
        return json.dumps(
            {
                "FindingAggregatorArn": self._aggregator,
                "FindingAggregationRegion": self.region,
                "RegionLinkingMode": "ALL_REGIONS",
            }
        )

    def describe_organization_configuration(self) -> str:
        """Answer DescribeOrganizationConfiguration: the account is the delegated administrator."""
        return json.dumps(
            {
                "AutoEnable": False,
                "MemberAccountLimitReached": False,
                "AutoEnableStandards": "NONE",
                "OrganizationConfiguration": {"ConfigurationType": "CENTRAL", "Status": "ENABLED"},
            }
        )

    def get_administrator_account(self) -> str:
        """Answer GetAdministratorAccount: the account is nobody's member."""
        return json.dumps({})

    @property
    def _aggregator(self) -> str:
        where = f"{self.region}:{self.current_account}"
        return f"arn:aws:securityhub:{where}:finding-aggregator/local"

    def batch_update_findings(self) -> str:
        """Answer BatchUpdateFindings: 200 even if nothing was updated."""
        changes = json.loads(self.body or "{}")
        identifiers = changes.pop("FindingIdentifiers", [])
        processed, unprocessed = self.securityhub_backend.batch_update_findings(
            identifiers, changes
        )
        return json.dumps({"ProcessedFindings": processed, "UnprocessedFindings": unprocessed})


def create_app() -> Flask:
    """Make moto's application of the service, with our responses behind all of its paths."""
    app = create_backend_app("securityhub")  # type: ignore[arg-type]  # moto's list forgot it
    view = convert_to_flask_response(SecurityHubResponse.dispatch)
    app.view_functions = dict.fromkeys(app.view_functions, view)
    app.add_url_rule(
        _BATCH_UPDATE_PATH, endpoint="batch_update_findings", view_func=view, methods=["PATCH"]
    )
    for path, methods in {**_PATHS, **PATHS}.items():
        app.add_url_rule(path, endpoint=path, view_func=view, methods=methods)
    return app
