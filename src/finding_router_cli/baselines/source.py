"""The findings that are still NEW in a Security Hub, page by page, and the marks on them."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from finding_router.aws.security_hub import SecurityHub
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.workflow import FindingKey
from finding_router.findings.finding import Finding
from finding_router_cli.account import Account
from finding_router_cli.health.needs import CALL_SECONDS
from finding_router_cli.inputs import envelope_of

PAGE: Final = 100
# For one call with all its tries.
_SECONDS: Final = 60.0
_EVER: Final = "1970-01-01T00:00:00.000Z"


class FindingSource(Protocol):
    """The port to one Security Hub, CSPM or that in OCSF."""

    name: str
    """Its name in the Ledger."""

    def pages(self, *, before: datetime) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Yield the open NEW findings that were created *before*, at the API's pace."""

    def event(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the event that would bring *raw*."""

    def key(self, finding: Finding) -> FindingKey:
        """Return the name of *finding* in the calls."""

    def mark(self, keys: Sequence[FindingKey]) -> Mapping[FindingKey, str]:
        """Set NOTIFIED; return the code of each finding that was not updated."""

    def marked(self, keys: Collection[FindingKey]) -> set[FindingKey]:
        """Return those of *keys* that are not NEW any more."""


class CspmFindings:
    """The findings of Security Hub CSPM."""

    name = "cspm"

    def __init__(self, account: Account) -> None:
        """Call the Security Hub of *account*."""
        self._client = account.client("securityhub")
        self._hub = SecurityHub()
        self._hub.client = self._client
        self._called_at = 0.0

    def pages(self, *, before: datetime) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Yield the open NEW findings that were created *before*, at the API's pace."""
        request: dict[str, Any] = {
            "Filters": {
                "WorkflowStatus": [{"Value": "NEW", "Comparison": "EQUALS"}],
                "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
                "CreatedAt": [{"Start": _EVER, "End": iso(before)}],
            },
            "MaxResults": PAGE,
        }
        while True:
            self._wait()
            answer = self._client.get_findings(**request)
            yield answer["Findings"]
            if not answer.get("NextToken"):
                return
            request["NextToken"] = answer["NextToken"]

    def event(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the event that would bring *raw*."""
        return envelope_of(raw)

    def key(self, finding: Finding) -> FindingKey:
        """Return (ProductArn, Id)."""
        return finding.key

    def mark(self, keys: Sequence[FindingKey]) -> Mapping[FindingKey, str]:
        """Set NOTIFIED; return the code of each finding that was not updated."""
        return self._hub.mark(keys, "NOTIFIED", deadline=Deadline(_SECONDS))

    def marked(self, keys: Collection[FindingKey]) -> set[FindingKey]:
        """Return those of *keys* that are not NEW any more."""
        standings = self._hub.statuses(keys, deadline=Deadline(_SECONDS))
        return {key for key, each in standings.items() if each.workflow_status != "NEW"}

    def _wait(self) -> None:
        time.sleep(max(self._called_at + CALL_SECONDS - time.monotonic(), 0.0))
        self._called_at = time.monotonic()


def iso(moment: datetime) -> str:
    """Return *moment*, in UTC, as Security Hub writes it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
