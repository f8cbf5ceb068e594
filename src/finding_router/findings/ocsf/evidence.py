"""The evidence of an OCSF detection as ASFF has it: action, caller, processes and count."""

from collections.abc import Mapping
from typing import Any, Final

from finding_router.findings.ocsf.times import iso_time
from finding_router.findings.reading import items_at, number_at, text_at, value_at

_COUNT: Final = "aws/guardduty/service/count"
_MOST_ANCESTORS: Final = 20


def evidence(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of ASFF that the evidence of *raw* fills, without those it does not."""
    pieces = items_at(raw, "evidences")
    count = number_at(raw, "count")
    found = {
        "Action": next(filter(None, map(_action, pieces)), None),
        "Process": _processes([*filter(None, map(_process, pieces))]),
        "Malware": _malware(raw),
        "ProductFields": {_COUNT: str(int(count))} if count else None,
    }
    return {name: value for name, value in found.items() if value}


def _processes(found: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the first process, with the paths of the others."""
    if not found:
        return None
    paths = dict.fromkeys(each.get("Path") or each.get("Name") for each in found[1:])
    return _said({**found[0], "Others": [*paths]})


def _action(piece: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the action of a piece of evidence: an API call, a DNS request or a connection."""
    remote = _remote(piece, "src_endpoint")
    operation = text_at(piece, "api", "operation")
    if operation is not None:
        call = {
            "Api": operation,
            "ServiceName": text_at(piece, "api", "service", "name"),
            # No field of ASFF: shown by the layouts.
            "UserName": text_at(piece, "actor", "user", "name"),
            "CallerType": "remoteIp" if remote else None,
            "RemoteIpDetails": remote,
            "ErrorCode": text_at(piece, "api", "response", "error"),
        }
        return {"ActionType": "AWS_API_CALL", "AwsApiCallAction": _said(call)}
    domain = text_at(piece, "query", "hostname")
    if domain is not None:
        return {"ActionType": "DNS_REQUEST", "DnsRequestAction": {"Domain": domain}}
    return _connection(piece)


def _connection(piece: Mapping[str, Any]) -> dict[str, Any] | None:
    direction = (text_at(piece, "connection_info", "direction") or "").upper()
    ends = ("src_endpoint", "dst_endpoint")
    local, far = ends if direction == "OUTBOUND" else ends[::-1]
    remote = _remote(piece, far)
    if remote is None:
        return None
    connection = {
        "ConnectionDirection": direction or None,
        "Protocol": text_at(piece, "connection_info", "protocol_name"),
        "RemoteIpDetails": remote,
        "RemotePortDetails": _port(piece, far),
        "LocalPortDetails": _port(piece, local),
    }
    return {"ActionType": "NETWORK_CONNECTION", "NetworkConnectionAction": _said(connection)}


def _remote(piece: Mapping[str, Any], end: str) -> dict[str, Any] | None:
    """Return the address at the other *end*, with its place and network."""
    endpoint = value_at(piece, end)
    ip = text_at(endpoint, "ip")
    if ip is None:
        return None
    location = value_at(endpoint, "location")
    network = value_at(endpoint, "autonomous_system")
    city, country = text_at(location, "city"), text_at(location, "country")
    owner = {
        "Asn": number_at(network, "number"),
        "AsnOrg": text_at(network, "name"),
    }
    asn = owner["Asn"]
    return _said(
        {
            "IpAddressV4": ip,
            "City": {"CityName": city} if city else None,
            "Country": {"CountryName": country} if country else None,
            "Organization": _said({**owner, "Asn": int(asn) if isinstance(asn, float) else None}),
        }
    )


def _port(piece: Mapping[str, Any], end: str) -> dict[str, Any] | None:
    number = number_at(piece, end, "port")
    return None if number is None else _said({"Port": int(number)})


def _process(piece: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the process of a piece of evidence: its own, else that of the actor."""
    process = value_at(piece, "process")
    if not isinstance(process, Mapping):
        process = value_at(piece, "actor", "process")
    name = text_at(process, "name")
    path = text_at(process, "file", "path") or text_at(process, "path")
    if name is None and path is None:
        return None
    found = {
        "Name": name,
        "Path": path,
        "Pid": value_at(process, "pid"),
        "ParentPid": value_at(process, "parent_process", "pid"),
        "LaunchedAt": iso_time(process, "created_time"),
        # No field of ASFF: shown by the layouts.
        "CommandLine": text_at(process, "cmd_line"),
        "User": _user(process) or _user(value_at(piece, "actor")),
        "Sha256": _sha256(process),
        "Ancestry": _ancestry(process),
    }
    return _said(found)


def _user(source: object) -> str | None:
    number = text_at(source, "user", "uid")
    return text_at(source, "user", "name") or (f"uid {number}" if number else None)


def _sha256(process: object) -> str | None:
    hashes = items_at(process, "file", "hashes")
    found = (text_at(each, "value") for each in hashes if text_at(each, "algorithm") == "SHA-256")
    return next(filter(None, found), None)


def _ancestry(process: object) -> list[str] | None:
    """Return the names of the processes that led to this one, the nearest first."""
    named = (
        text_at(each, "name") or text_at(each, "path") for each in items_at(process, "ancestry")
    )
    return [each for each in named if each is not None][:_MOST_ANCESTORS] or None


def _malware(raw: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    found = [
        _said({"Name": text_at(each, "name"), "Path": text_at(each, "path")})
        for each in items_at(raw, "malware")
    ]
    return [each for each in found if each] or None


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, {}, [])}
