"""The signals of an attack sequence, or the findings behind an exposure, as ASFF has them."""

from collections.abc import Iterator, Mapping
from typing import Any

from finding_router.findings.ocsf.times import iso_time
from finding_router.findings.reading import items_at, number_at, text_at, texts_at, value_at


def sequence(raw: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return `Detection` with the signals of *raw*, the oldest first, who acted and from where.

    Without signals it is no sequence, whatever its tactics are.
    """
    info = raw.get("finding_info")
    signals = [_signal(each) for each in items_at(info, "related_events")]
    if not signals:
        return {}
    signals.sort(key=lambda each: each.get("CreatedAt") or "")
    found = {
        "Uid": text_at(info, "uid"),
        "Signals": signals,
        "Actors": _once(_actors(raw)),
        "Endpoints": _once(_endpoints(raw)),
        "SequenceIndicators": _indicators(info),
    }
    return {"Detection": {"Sequence": {name: each for name, each in found.items() if each}}}


def _signal(event: Mapping[str, Any]) -> dict[str, Any]:
    count = number_at(event, "count")
    observables = items_at(event, "observables")
    about = [
        text_at(each, "value") for each in observables if text_at(each, "name") == "resource.uid"
    ]
    traits = [text_at(each, "name") for each in items_at(event, "traits")]
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
        "ResourceIds": [each for each in about if each],
        # No field of ASFF: shown by the layouts.
        "Traits": [each for each in traits if each],
    }
    return _said(found)


def _actors(raw: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for piece in items_at(raw, "evidences"):
        user = value_at(piece, "actor", "user")
        account = text_at(user, "account", "uid")
        has_no_mfa = value_at(piece, "actor", "session", "is_mfa") is False
        named = {
            "Name": text_at(user, "name"),
            "Uid": text_at(user, "uid"),
            "Type": text_at(user, "type"),
            "CredentialUid": text_at(user, "credential_uid"),
            "Account": {"Uid": account} if account else None,
        }
        if named["Name"] or named["Uid"]:
            yield _said(
                {
                    "User": _said(named),
                    "Session": {"MfaStatus": "DISABLED"} if has_no_mfa else None,
                }
            )


def _endpoints(raw: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for piece in items_at(raw, "evidences"):
        end = value_at(piece, "src_endpoint")
        ip, domain = text_at(end, "ip"), text_at(end, "hostname") or text_at(end, "domain")
        if ip or domain:
            yield _said(
                {
                    "Ip": ip,
                    "Domain": domain,
                    "Location": _said(
                        {
                            "City": text_at(end, "location", "city"),
                            "Country": text_at(end, "location", "country"),
                        }
                    ),
                    "AutonomousSystem": _said(
                        {
                            "Name": text_at(end, "autonomous_system", "name"),
                            "Number": value_at(end, "autonomous_system", "number"),
                        }
                    ),
                }
            )


def _indicators(info: object) -> list[dict[str, Any]]:
    """Return the tactics and techniques of MITRE ATT&CK, each once, and the traits."""
    found: dict[str, dict[str, None]] = {}
    for attack in items_at(info, "attacks"):
        tactics = [*items_at(attack, "tactic"), *items_at(attack, "tactics")]
        for key, those in (("ATTACK_TACTIC", tactics), ("ATTACK_TECHNIQUE", _techniques(attack))):
            for each in those:
                name = text_at(each, "name") or text_at(each, "uid")
                if name is not None:
                    found.setdefault(key, {})[name] = None
    for trait in items_at(info, "traits"):
        name = text_at(trait, "name")
        if name is not None:
            found.setdefault(name, {}).update(dict.fromkeys(texts_at(trait, "values")))
    return [{"Key": key, "Values": list(values)} for key, values in found.items()]


def _techniques(attack: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    return (*items_at(attack, "technique"), *items_at(attack, "sub_technique"))


def _once(found: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    known: list[dict[str, Any]] = []
    for each in found:
        if each not in known:
            known.append(each)
    return known


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, {}, [])}
