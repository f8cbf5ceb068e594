"""GuardDuty: the actor, its location, the action and the count."""

from typing import Final

from finding_router.findings.finding import Finding
from finding_router.findings.reading import text_at
from finding_router.slack.kit.detail import Detail, exact, facts, joined, said, several
from finding_router.slack.kit.text import Mrkdwn

# GuardDuty's JSON, flattened into ProductFields: "recentApiCalls.0_/api" is the first of the calls.
_SERVICE: Final = "aws/guardduty/service/"
_CALL: Final = "awsApiCallAction"
_KUBERNETES: Final = "kubernetesApiCallAction"
_ACTIONS: Final = (
    "networkConnectionAction",
    _CALL,
    "portProbeAction/portProbeDetails.0_",
    "dnsRequestAction",
    _KUBERNETES,
    "rdsLoginAttemptAction",
)
_ACTION_NAMES: Final = {
    "AWS_API_CALL": "AWS API call",
    "DNS_REQUEST": "DNS request",
    "KUBERNETES_API_CALL": "Kubernetes API call",
    "NETWORK_CONNECTION": "network connection",
    "PORT_PROBE": "port probe",
    "RDS_LOGIN_ATTEMPT": "RDS login attempt",
}


def lay_out(finding: Finding) -> Detail:
    """Return actor, location, action, API or port, and count."""
    kind = _service(finding, "action/actionType") or text_at(finding.raw, "Action", "ActionType")
    # The resource is the target of the attack or, with the role ACTOR, the attacker.
    remote = "Remote IP" if _service(finding, "resourceRole") == "ACTOR" else "Actor IP"
    count = _service(finding, "count")
    return Detail(
        facts=facts(
            ("Finding type", several(*(kind.rpartition("/")[2] for kind in finding.types))),
            (remote, exact(_first(finding, "remoteIpDetails/ipAddressV4"))),
            ("Location", _place(finding)),
            ("Action", said(_ACTION_NAMES.get(kind or "", kind))),
            ("API", _api(finding)),
            ("Port", _port(finding)),
            ("Domain", exact(_domain(finding))),
            ("User", several(*_users(finding))),
            ("Process", exact(_service(finding, "runtimeDetails/process/executablePath"))),
            ("Count", said(f"{count} times" if count and count != "1" else count)),
            ("Blocked", said(_blocked(finding))),
        )
    )


def _service(finding: Finding, path: str) -> str | None:
    return text_at(finding.raw, "ProductFields", _SERVICE + path)


def _action(finding: Finding, path: str) -> str | None:
    """
    Return the value at *path* of the action, from ProductFields or from ASFF's Action.

    The two differ in capitals and in the notation for the first item of a list.
    """
    for written in (path, path.replace(".0_", ":0_")):
        if (text := _service(finding, f"action/{written}")) is not None:
            return text
    steps: list[str | int] = []
    for segment in path.split("/"):
        name, is_list, _ = segment.partition(".0_")
        steps += [name[0].upper() + name[1:], *([0] if is_list else [])]
    return text_at(finding.raw, "Action", *steps)


def _first(finding: Finding, path: str) -> str | None:
    """Return the value at *path* of the finding's action, of whatever type."""
    found = (_action(finding, f"{action}/{path}") for action in _ACTIONS)
    return next(filter(None, found), None)


def _place(finding: Finding) -> Mrkdwn | None:
    """Return city, country and network owner of the remote address."""
    city = said(_first(finding, "remoteIpDetails/city/cityName"))
    country = said(_first(finding, "remoteIpDetails/country/countryName"))
    owner = said(_first(finding, "remoteIpDetails/organization/asnOrg"))
    number = said(_first(finding, "remoteIpDetails/organization/asn"))
    network = joined(" ", owner, Mrkdwn(f"AS{number}") if number and number != "-1" else None)
    return joined(" · ", joined(", ", city, country), network)


def _api(finding: Finding) -> Mrkdwn | None:
    """Return the API call in the form ``s3:GetObject``, with its error code if it failed."""
    name = _action(finding, f"{_CALL}/api")
    service = (_action(finding, f"{_CALL}/serviceName") or "").removesuffix(".amazonaws.com")
    call = exact(f"{service}:{name}" if service and name else name)
    verb = said(_action(finding, f"{_KUBERNETES}/verb"))
    request = joined(" ", verb, exact(_action(finding, f"{_KUBERNETES}/requestUri")))
    return joined(" · ", call, said(_action(finding, f"{_CALL}/errorCode"))) or request


def _port(finding: Finding) -> Mrkdwn | None:
    """Return the target port: the remote one of an outbound connection, else the local one."""
    direction = _action(finding, "networkConnectionAction/connectionDirection")
    sides = ("remote", "local") if direction == "OUTBOUND" else ("local", "remote")
    for side in sides:
        number = said(_first(finding, f"{side}PortDetails/port"))
        if number:
            name = said(_first(finding, f"{side}PortDetails/portName"))
            protocol = said(_first(finding, "protocol"))
            named = Mrkdwn(f"{number} ({name})" if name else number)
            return joined(" · ", named, protocol, said(direction.lower() if direction else None))
    return None


def _domain(finding: Finding) -> str | None:
    asked = _action(finding, "dnsRequestAction/domain")
    return asked or _action(finding, f"{_CALL}/domainDetails/domain")


def _users(finding: Finding) -> list[str | None]:
    keys = [
        (resource.raw.get("Details"), "AwsIamAccessKey")
        for resource in finding.resources
        if resource.type == "AwsIamAccessKey"
    ]
    return [
        text_at(details, kind, "PrincipalName") or text_at(details, kind, "UserName")
        for details, kind in keys
    ]


def _blocked(finding: Finding) -> str | None:
    """Return "yes" if GuardDuty reports that a security group or ACL blocked the attempt."""
    return "yes" if _first(finding, "blocked") == "true" else None
