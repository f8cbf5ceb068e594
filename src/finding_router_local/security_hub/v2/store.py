"""The findings of Security Hub V2 in one account and Region, and the operations on them."""

import copy
import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from finding_router_local.security_hub.v2.aggregators import AggregatorsV2
from finding_router_local.security_hub.v2.filters import compile_filters, sort_findings
from finding_router_local.security_hub.v2.findings import (
    Identifier,
    Json,
    caption_of,
    imported,
    metadata_uid,
    mistake_of,
    shown,
    updated,
)

if TYPE_CHECKING:
    from finding_router_local.security_hub.models import SecurityHubBackend

IMPORTED_V2: Final = "Findings Imported V2"
_OPERATION: Final = "BatchUpdateFindingsV2"


class FindingsV2:
    """Findings by metadata.uid; each change goes to the `publish` of *hub*, as an event."""

    def __init__(self, hub: "SecurityHubBackend") -> None:
        """Start empty."""
        self._hub = hub
        self._by_uid: dict[str, Json] = {}
        self._uids: dict[Identifier, str] = {}
        self._uids_by_source: dict[tuple[str, str], str] = {}
        self.tickets: dict[str, tuple[str, str]] = {}
        """The id and URL of each ticket that a connector made, by the token of its caller."""
        self.aggregators = AggregatorsV2(hub.region_name, hub.account_id)
        hub_id = uuid.uuid5(uuid.NAMESPACE_OID, hub.account_id)
        self.arn = f"arn:aws:securityhub:{hub.region_name}:{hub.account_id}:hubv2/{hub_id}"
        """The hub itself, which is always enabled."""
        self.subscribed_at = hub.now()

    def load(self, finding: Mapping[str, Any]) -> str | None:
        """
        Store *finding* as an event shows it, without sending an event, and return its key.

        An event with status New may be late: it does not change the known status, unless the
        finding was reopened. A finding with a mistake is not stored: None.
        """
        uid = metadata_uid(finding)
        if uid is None or mistake_of(finding) is not None:
            return None
        self._keep(uid, shown(finding, self._by_uid.get(uid)))
        return uid

    def import_findings(self, findings: Iterable[object]) -> tuple[list[str], list[Json]]:
        """
        Create or update findings as their products send them, and publish each.

        The operation is the local stack's own: AWS has none that is public. Return the keys of the
        imported, and the failed, each with its *index* and the *problem*.
        """
        uids, failed = [], []
        for index, finding in enumerate(findings):
            if not isinstance(finding, dict):
                failed.append({"index": index, "problem": "it is no object"})
                continue
            uid, problem = metadata_uid(finding), mistake_of(finding)
            if uid is None or problem is not None:
                failed.append({"index": index, "problem": problem})
                continue
            stored = self._keep(uid, imported(finding, self._by_uid.get(uid), uid))
            self._hub.publish_finding(IMPORTED_V2, uid, stored)
            uids.append(uid)
        return uids, failed

    def update(
        self, keys: Iterable[str | Identifier], changes: Mapping[str, Any], now: datetime
    ) -> tuple[list[Json], list[Json]]:
        """
        Make the same *changes* to each finding, by metadata.uid or identifier, and publish it.

        Return the ProcessedFindings and UnprocessedFindings of BatchUpdateFindingsV2.
        """
        processed, unprocessed = [], []
        seen: set[str] = set()
        with self._hub.at_once():
            for key in keys:
                uid = self._uids.get(key, "") if isinstance(key, Identifier) else key
                named = self._named(key, uid)
                code = self._refusal(uid, named, is_repeated=uid in seen)
                seen.add(uid)
                if code:
                    message = f"The finding was not updated: {code}"
                    unprocessed.append({**named, "ErrorCode": code, "ErrorMessage": message})
                    continue
                stored = self._keep(uid, updated(self._by_uid[uid], changes, now))
                self._hub.publish_finding(IMPORTED_V2, uid, stored)
                processed.append(named)
        return processed, unprocessed

    def find(
        self, filters: Mapping[str, Any] | None = None, order: Sequence[Mapping[str, str]] = ()
    ) -> list[Json]:
        """
        Return copies of the findings that pass *filters*, sorted by the criteria in *order*.

        Without *order* they are in the order in which they came.

        Raises:
            ValueError: a filter or criterion that is not supported here.

        """
        return copy.deepcopy(self.matching(filters, order))

    def matching(
        self, filters: Mapping[str, Any] | None = None, order: Sequence[Mapping[str, str]] = ()
    ) -> list[Json]:
        """Return the findings of `find` themselves: a page needs no copy of the others."""
        passes = compile_filters(filters or {})
        # Findings may be imported meanwhile.
        return sort_findings([each for each in list(self._by_uid.values()) if passes(each)], order)

    def status(self, product_uid: str, finding_uid: str) -> str | None:
        """
        Return the status of a finding as V2 words it; None if there is no such finding.

        *finding_uid* is finding_info.uid or metadata.uid; the product may be named as in CSPM.
        """
        uid = self._uids_by_source.get((_as_in_cspm(product_uid), finding_uid), finding_uid)
        finding = self._by_uid.get(uid)
        return None if finding is None else caption_of(finding)

    def forget(self) -> None:
        """Forget all findings."""
        self._by_uid.clear()
        self._uids.clear()
        self._uids_by_source.clear()
        self.tickets.clear()

    def ticket(self, connector: str, uid: str, token: str | None) -> tuple[str, str] | None:
        """Return the ticket of a *connector* about a finding; None if there is no such finding."""
        if uid not in self._by_uid:
            return None
        name = f"SEC-{len(self.tickets) + 1}"
        url = f"https://{connector}.example.com/browse/{name}"
        return self.tickets.setdefault(token or name, (name, url))

    def _keep(self, uid: str, finding: Json) -> Json:
        self._by_uid[uid] = finding
        identifier = Identifier.of(finding)
        if identifier is not None:
            self._uids[identifier] = uid
            self._uids_by_source[_as_in_cspm(identifier.product_uid), identifier.finding_uid] = uid
        return finding

    def _named(self, key: str | Identifier, uid: str) -> Json:
        """Return the members that name a finding in an answer: all that are known of it."""
        finding = self._by_uid.get(uid)
        identifier = key if isinstance(key, Identifier) else Identifier.of(finding or {})
        named: Json = {"MetadataUid": uid} if uid else {}
        return named | ({"FindingIdentifier": identifier.as_answer()} if identifier else {})

    def _refusal(self, uid: str, named: Json, *, is_repeated: bool) -> str | None:
        text = " ".join([uid, *named.get("FindingIdentifier", {}).values()])
        fault = self._hub.faults.leave_unprocessed(text, operation=_OPERATION)
        if fault:
            return fault.code or "InternalServerException"
        if uid not in self._by_uid:
            return "ResourceNotFoundException"
        return "ValidationException" if is_repeated else None


def _as_in_cspm(product_uid: str) -> str:
    """Return the ProductArn of the same product in CSPM."""
    return product_uid.replace("::productv2/", "::product/")
