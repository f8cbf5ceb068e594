"""An OCSF finding as Security Hub V2 keeps it: its identity, and the ways in which it changes."""

import copy
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from finding_router.findings.reading import value_at

type Json = dict[str, Any]

# https://schema.ocsf.io/1.6.0/classes/detection_finding
STATUSES: Final[Mapping[int, str]] = {
    0: "Unknown",
    1: "New",
    2: "In Progress",
    3: "Suppressed",
    4: "Resolved",
    5: "Archived",
    99: "Other",
}
SEVERITIES: Final[Mapping[int, str]] = {
    0: "Unknown",
    1: "Informational",
    2: "Low",
    3: "Medium",
    4: "High",
    5: "Critical",
    6: "Fatal",
    99: "Other",
}
NEW: Final = 1
_CREATE, _UPDATE, _CLOSE = 1, 2, 3
_ACTIVITIES: Final[Mapping[int, str]] = {_CREATE: "Create", _UPDATE: "Update", _CLOSE: "Close"}
_NUMBERS: Final = ("activity_id", "class_uid", "severity_id", "status_id")
_PASS: Final = 1
_LEFT_WHEN_REOPENED: Final = frozenset({2, 4, 5})
"""Statuses that a finding leaves when it comes back, as in CSPM: AWS does not say for V2."""


class Identifier(NamedTuple):
    """The other identity of a finding, beside its metadata.uid."""

    account_uid: str
    finding_uid: str
    product_uid: str

    @classmethod
    def of(cls, finding: Mapping[str, Any]) -> "Identifier | None":
        """Return that of *finding*; None if a part is missing."""
        match (
            value_at(finding, "cloud", "account", "uid"),
            value_at(finding, "finding_info", "uid"),
            value_at(finding, "metadata", "product", "uid"),
        ):
            case str(account), str(uid), str(product) if account and uid and product:
                return cls(account, uid, product)
        return None

    @classmethod
    def from_request(cls, given: Mapping[str, Any]) -> "Identifier":
        """Read an OcsfFindingIdentifier of a request."""
        names = ("CloudAccountUid", "FindingInfoUid", "MetadataProductUid")
        return cls(*(str(given.get(name, "")) for name in names))

    def as_answer(self) -> dict[str, str]:
        """Return it as an OcsfFindingIdentifier."""
        return {
            "CloudAccountUid": self.account_uid,
            "FindingInfoUid": self.finding_uid,
            "MetadataProductUid": self.product_uid,
        }


def metadata_uid(finding: Mapping[str, Any]) -> str | None:
    """Return metadata.uid, or one made of the other identity; None if it has neither."""
    uid = value_at(finding, "metadata", "uid")
    if isinstance(uid, str) and uid:
        return uid
    identifier = Identifier.of(finding)
    return hashlib.sha256("\n".join(identifier).encode()).hexdigest() if identifier else None


def mistake_of(finding: Mapping[str, Any]) -> str | None:
    """Return why Security Hub cannot have *finding*; None if it can."""
    for name in _NUMBERS:
        number = finding.get(name)
        if number is not None and (not isinstance(number, int) or isinstance(number, bool)):
            return f"{name} is no integer"
    if metadata_uid(finding) is None:
        return "metadata.uid is missing, and so is a part of the identity that could replace it"
    return None


def status_of(finding: Mapping[str, Any]) -> int:
    """Return the status_id, which is New if it is missing."""
    status = finding.get("status_id")
    return status if isinstance(status, int) else NEW


def caption_of(finding: Mapping[str, Any]) -> str:
    """Return the status as V2 words it, by its number."""
    return STATUSES.get(status_of(finding), "Other")


def is_reopened(known: Mapping[str, Any], update: Mapping[str, Any]) -> bool:
    """Return True if *update* shows again what was closed, or fails a control that passed."""
    is_back = known.get("activity_id") == _CLOSE and update.get("activity_id") in {_CREATE, _UPDATE}
    before = value_at(known, "compliance", "status_id")
    after = value_at(update, "compliance", "status_id")
    return is_back or (before == _PASS and after is not None and after != _PASS)


def imported(finding: Json, known: Json | None, uid: str) -> Json:
    """
    Return *finding*, which has no mistake, as it is stored when its product sends it, over *known*.

    Status, comment and a severity that a person changed stay as they are, but a finding that is
    reopened is New again, unless it is suppressed.
    """
    taken = copy.deepcopy(
        {name: each for name, each in finding.items() if each is not None or name not in _NUMBERS}
    )
    taken["metadata"] = {**taken["metadata"], "uid": uid}
    taken.setdefault("status_id", _number_of(STATUSES, taken.get("status"), NEW))
    taken.setdefault("severity_id", _number_of(SEVERITIES, taken.get("severity"), 0))
    given = {
        "severity_id": taken["severity_id"],
        "severity": SEVERITIES.get(taken["severity_id"], "Other"),
    }
    taken.setdefault("vendor_attributes", given)
    taken.setdefault("activity_id", _CREATE if known is None else _UPDATE)
    if known is not None:
        if "comment" in known:
            taken["comment"] = known["comment"]
        if value_at(known, "vendor_attributes", "severity_id") != known.get("severity_id"):
            taken["severity_id"] = known.get("severity_id")
        is_new_again = is_reopened(known, taken) and status_of(known) in _LEFT_WHEN_REOPENED
        taken["status_id"] = NEW if is_new_again else status_of(known)
    return _captioned(taken)


def shown(finding: Mapping[str, Any], known: Json | None) -> Json:
    """Return *finding* as an event shows it; New may be late, and does not undo another status."""
    taken = copy.deepcopy(dict(finding))
    is_late = known is not None and status_of(taken) == NEW and not is_reopened(known, taken)
    if known is not None and is_late:
        taken |= {name: known[name] for name in ("status_id", "status") if name in known}
    return taken


def updated(finding: Mapping[str, Any], changes: Mapping[str, Any], now: datetime) -> Json:
    """
    Return *finding* with the *changes* of BatchUpdateFindingsV2, made *now*.

    The activity is Update then, but that of a closed finding stays Close.
    """
    changed = copy.deepcopy(dict(finding))
    if "Comment" in changes:
        changed["comment"] = changes["Comment"]
    if "StatusId" in changes:
        changed["status_id"] = changes["StatusId"]
    if "SeverityId" in changes:
        if not isinstance(changed.get("vendor_attributes"), dict):
            names = ("severity_id", "severity")
            changed["vendor_attributes"] = {
                name: changed[name] for name in names if name in changed
            }
        changed["severity_id"] = changes["SeverityId"]
    if changed.get("activity_id") != _CLOSE:
        changed["activity_id"] = _UPDATE
    milliseconds = int(now.timestamp() * 1_000)
    moment = now.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    info = changed.get("finding_info")
    changed["finding_info"] = (info if isinstance(info, dict) else {}) | {
        "modified_time": milliseconds,
        "modified_time_dt": moment,
    }
    return _captioned(changed | {"time": milliseconds, "time_dt": moment})


def _number_of(captions: Mapping[int, str], caption: object, default: int) -> int:
    """Return the number that *caption* stands for."""
    return next((number for number, each in captions.items() if each == caption), default)


def _captioned(finding: Json) -> Json:
    """Return *finding* with the captions of its numbers, and the type that they make."""
    words = {
        "activity_name": _ACTIVITIES.get(finding["activity_id"], "Other"),
        "status": caption_of(finding),
    }
    if "severity_id" in finding:
        words["severity"] = SEVERITIES.get(finding["severity_id"], "Other")
    if "class_name" in finding:
        words["type_name"] = f"{finding['class_name']}: {words['activity_name']}"
    finding |= words
    class_uid = finding.get("class_uid")
    if isinstance(class_uid, int):
        finding["type_uid"] = class_uid * 100 + finding["activity_id"]
    return finding
