"""The findings that are still NEW in a Security Hub, page by page, and the marks on them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from finding_router.aws.security_hub import SecurityHub
from finding_router.aws.security_hub_v2 import SecurityHubV2
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.workflow import FindingKey
from finding_router.findings.finding import Finding
from finding_router.findings.ocsf import in_asff, is_ocsf
from finding_router.findings.ocsf.marks import V2Status, identifier_of, is_to_mark
from finding_router.findings.reading import text_at
from finding_router_cli.account import Account
from finding_router_cli.findings_pages import Pace, findings_pages, iso
from finding_router_cli.inputs import envelope_of

# For one call with all its tries.
_SECONDS: Final = 60.0
_EVER: Final = "1970-01-01T00:00:00.000Z"
# Of status_id and of activity_id, in OCSF.
_NEW: Final = 1
_CLOSE: Final = 3


class FindingSource(Protocol):
    """The port to one Security Hub, CSPM or that in OCSF."""

    name: str
    """Its name in the Ledger."""
    knows_notified: bool
    """Whether it has NOTIFIED, which the Ledger remembers."""
    leaves_new: bool
    """Whether no mark is set, so that the Ledger alone knows which findings were told."""

    def pages(self, *, before: datetime) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Yield the open NEW findings that were created *before*, at the API's pace."""

    def event(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the event that would bring *raw*."""

    def key(self, finding: Finding) -> FindingKey:
        """Return the name of *finding* in the calls; its pages have no finding without one."""

    def mark(self, keys: Sequence[FindingKey]) -> Mapping[FindingKey, str]:
        """Set the mark; return the code of each finding that was not updated."""

    def marked(self, keys: Collection[FindingKey]) -> set[FindingKey]:
        """Return those of *keys* that are not NEW any more."""


class CspmFindings:
    """The findings of Security Hub CSPM."""

    name = "cspm"
    knows_notified = True
    leaves_new = False

    def __init__(self, account: Account) -> None:
        """Call the Security Hub of *account*."""
        self._client = account.client("securityhub")
        self._hub = SecurityHub()
        self._hub.client = self._client
        self._pace = Pace()

    def pages(self, *, before: datetime) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Yield the open NEW findings that were created *before*, at the API's pace."""
        request = {
            "Filters": {
                "WorkflowStatus": [{"Value": "NEW", "Comparison": "EQUALS"}],
                "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
                "CreatedAt": [{"Start": _EVER, "End": iso(before)}],
            }
        }
        for answer in findings_pages(self._client.get_findings, request, self._pace):
            yield answer["Findings"]

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


class OcsfFindings:
    """
    The findings of AWS Security Hub, which gets the mark that V2Status asks for, or none.

    A finding is listed once: without a mark it stays in the list that it was taken from.
    """

    name = "ocsf"
    knows_notified = False

    def __init__(self, account: Account, status: V2Status) -> None:
        """Call the Security Hub of *account*, and set *status*."""
        self._client = account.client("securityhub")
        self._hub = SecurityHubV2(status)
        self._hub.client = self._client
        self._status = status
        self.leaves_new = status is V2Status.NONE
        self._done: set[FindingKey] = set()
        self._pace = Pace()

    def pages(self, *, before: datetime) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Yield the open New findings that were created *before*, at the API's pace."""
        request = {
            "Filters": {
                "CompositeFilters": [
                    {
                        "NumberFilters": [
                            {"FieldName": "status_id", "Filter": {"Eq": _NEW}},
                            {"FieldName": "activity_id", "Filter": {"Lt": _CLOSE}},
                        ],
                        "Operator": "AND",
                    }
                ]
            }
        }
        for answer in findings_pages(self._client.get_findings_v2, request, self._pace):
            yield [each for each in answer["Findings"] if self._is_wanted(each, before)]

    def _is_wanted(self, raw: Mapping[str, Any], before: datetime) -> bool:
        if not is_ocsf(raw):
            return False
        key, created = identifier_of(raw), text_at(in_asff(raw), "CreatedAt")
        is_old = created is None or created < iso(before)
        is_marked = not self.leaves_new and not is_to_mark(raw, self._status)
        return key is not None and key not in self._done and is_old and not is_marked

    def event(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the event that would bring *raw*."""
        return envelope_of(raw)

    def key(self, finding: Finding) -> FindingKey:
        """Return (product uid, finding uid, account)."""
        return identifier_of(finding.raw) or finding.key

    def mark(self, keys: Sequence[FindingKey]) -> Mapping[FindingKey, str]:
        """Set the mark, if any is asked for; return the code of each finding not updated."""
        refused: Mapping[FindingKey, str] = {}
        if not self.leaves_new:
            refused = self._hub.mark(keys, "NOTIFIED", deadline=Deadline(_SECONDS))
        self._done |= set(keys) - refused.keys()
        return refused

    def marked(self, keys: Collection[FindingKey]) -> set[FindingKey]:
        """Return those of *keys* that have the mark, of whomever."""
        standings = self._hub.statuses(keys, deadline=Deadline(_SECONDS))
        return {key for key, each in standings.items() if each.has_mark}
