"""The signals of an attack sequence, or the findings behind an exposure, as ASFF has them."""

from collections.abc import Mapping
from typing import Any

from finding_router.findings.ocsf.times import iso_time
from finding_router.findings.reading import items_at, number_at, text_at


def sequence(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return `Detection` with the signals of *raw*, the oldest first, and its tactics."""
    info = raw.get("finding_info")
    signals = [_signal(each) for each in items_at(info, "related_events")]
    signals.sort(key=lambda each: each.get("CreatedAt") or "")
    indicators = _indicators(info)
    if not signals and not indicators:
        return {}
    found = {
        "Uid": text_at(info, "uid"),
        "Signals": signals,
        "SequenceIndicators": indicators,
    }
    return {"Detection": {"Sequence": {name: each for name, each in found.items() if each}}}


def _signal(event: Mapping[str, Any]) -> dict[str, Any]:
    count = number_at(event, "count")
    found = {
        "Id": text_at(event, "uid"),
        "Type": text_at(event, "type"),
        "Name": text_at(event, "title") or text_at(event, "type"),
        "Title": text_at(event, "title"),
        "ProductArn": text_at(event, "product", "uid"),
        "Severity": number_at(event, "severity_id"),
        "Count": int(count) if count is not None else None,
        "CreatedAt": iso_time(event, "created_time") or iso_time(event, "first_seen_time"),
        "FirstSeenAt": iso_time(event, "first_seen_time"),
        "LastSeenAt": iso_time(event, "last_seen_time"),
    }
    return {name: each for name, each in found.items() if each is not None}


def _indicators(info: object) -> list[dict[str, Any]]:
    """Return tactics and techniques of MITRE ATT&CK, each once."""
    found: dict[str, dict[str, None]] = {}
    for attack in items_at(info, "attacks"):
        tactics = [*items_at(attack, "tactic"), *items_at(attack, "tactics")]
        for key, those in (("ATTACK_TACTIC", tactics), ("ATTACK_TECHNIQUE", _techniques(attack))):
            for each in those:
                name = text_at(each, "name") or text_at(each, "uid")
                if name is not None:
                    found.setdefault(key, {})[name] = None
    return [{"Key": key, "Values": list(values)} for key, values in found.items()]


def _techniques(attack: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    return (*items_at(attack, "technique"), *items_at(attack, "sub_technique"))
