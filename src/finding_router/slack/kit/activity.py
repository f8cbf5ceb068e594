"""
Facts about activity: the actor, the call, the port, the process, the container and the login.

ASFF has them in Action, Network, Process and the details of the resources; GuardDuty writes more of
them, as its own flattened JSON, into ProductFields.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from re import compile as regex
from typing import Any, Final

from finding_router.findings.finding import Finding
from finding_router.findings.reading import as_text, items_at, text_at, texts_at
from finding_router.slack.kit.detail import Fact, exact, facts, joined, said, several
from finding_router.slack.kit.links import Arn
from finding_router.slack.kit.text import Mrkdwn, listed

type Fields = Mapping[str, str]
"""Values by their paths in lower case; segments and indexes are parted by slashes."""

# "recentApiCalls.0_/api" and "recentApiCalls:0_/api" are the first of GuardDuty's calls.
_INDEX: Final = regex(r"[.:]([0-9]{1,3})_(?=/|$)")
_GUARDDUTY: Final = regex("^aws/guardduty/(?:service/|resource/)?")
_DEEPEST: Final = 8
_MOST_INDEXES: Final = 10
_CALL: Final = "action/awsapicallaction/"
_KUBERNETES: Final = "action/kubernetesapicallaction/"
_PROBES: Final = "action/portprobeaction/portprobedetails/"
_LOGIN: Final = "action/rdsloginattemptaction/"
_ACTIONS: Final = (
    "action/networkconnectionaction/",
    _CALL,
    f"{_PROBES}0/",
    "action/dnsrequestaction/",
    _KUBERNETES,
    _LOGIN,
)
_DENIALS: Final = ("accessdenied", "unauthorized", "forbidden")
_FORBIDDEN: Final = ("401", "403")
_CONTAINERS: Final = {"Container": ("ImageName", "ImageId"), "AwsEcsContainer": ("Image",)}
_MOST_CONTAINERS: Final = 3
_PORTS_SHOWN: Final = 5
_PATH_SHOWN: Final = 8
_ANCESTORS_SHOWN: Final = 6
_OTHERS_SHOWN: Final = 2
_PATH_CHARS: Final = 600


def fields_of(finding: Finding) -> Fields:
    """Return the values of ASFF's Action, Details.Other and GuardDuty's ProductFields."""
    flat = dict(_flat(finding.raw.get("Action"), "action", 0))
    others = [resource.raw.get("Details") for resource in finding.resources]
    for source in (*(_mapping(other, "Other") for other in others), _guardduty(finding)):
        for key, value in source.items():
            text = as_text(value)
            if text is not None:
                path = _INDEX.sub(r"/\1", _GUARDDUTY.sub("", str(key))).lower()
                # Some findings leave out the segment "action".
                flat["action/" + path if f"action/{path}".startswith(_ACTIONS) else path] = text
    return flat


def actor(fields: Fields) -> Mrkdwn | None:
    """Return the remote address of the action, its place and its network."""
    address = _first(fields, "remoteipdetails/ipaddressv4", "remoteipdetails/ipaddressv6")
    country = _first(
        fields, "remoteipdetails/country/countryname", "remoteipdetails/country/countrycode"
    )
    where = place(
        _first(fields, "remoteipdetails/city/cityname"),
        country,
        _first(fields, "remoteipdetails/organization/asnorg"),
        _first(fields, "remoteipdetails/organization/asn"),
    )
    return joined(" · ", exact(address), where)


def place(
    city: str | None, country: str | None, owner: str | None, number: str | None
) -> Mrkdwn | None:
    """Return "City, Country · Network AS64500"."""
    network = joined(" ", said(owner), _as_number(number))
    return joined(" · ", joined(", ", said(city), said(country)), network)


def call(fields: Fields, user: str | None) -> Mrkdwn | None:
    """Return the API call as policies name it, the *user* and a refusal: `s3:GetObject` as x."""
    name = fields.get(_CALL + "api")
    service = (fields.get(_CALL + "servicename") or "").removesuffix(".amazonaws.com")
    shown = exact(f"{service}:{name}" if service and name else name)
    user = user or fields.get(_CALL + "username")
    error = fields.get(_CALL + "errorcode")
    if error and error.lower().replace(".", "").startswith(_DENIALS):
        error = "denied"
    if shown is None:
        verb = said(fields.get(_KUBERNETES + "verb"))
        shown = joined(" ", verb, exact(fields.get(_KUBERNETES + "requesturi")))
        error = "denied" if fields.get(_KUBERNETES + "statuscode") in _FORBIDDEN else None
    if shown is None:
        return None
    who = said(user)
    return joined(" · ", joined(" as ", shown, who), said(error))


def port(fields: Fields, *extra: Mrkdwn | None) -> Mrkdwn | None:
    """Return the target port: the remote one of an outbound connection, else the local one."""
    direction = fields.get("action/networkconnectionaction/connectiondirection")
    sides = ("remote", "local") if direction == "OUTBOUND" else ("local", "remote")
    protocol = said(_first(fields, "protocol"))
    way = said(direction.lower() if direction else None)
    for side in sides:
        numbers = list(dict.fromkeys(filter(None, _ports(fields, side))))
        if numbers:
            return joined(" · ", listed(numbers, _PORTS_SHOWN, _PATH_CHARS), protocol, way, *extra)
    return None


def probed_ports(fields: Fields) -> list[str]:
    """Return the local ports of the action, without repeats."""
    paths = [f"{path}localportdetails/port" for path in _action_paths()]
    return list(dict.fromkeys(fields[path] for path in paths if path in fields))


def domain(fields: Fields) -> Mrkdwn | None:
    """Return the domain of a DNS request or of the caller."""
    asked = fields.get("action/dnsrequestaction/domain")
    return exact(asked or fields.get(_CALL + "domaindetails/domain"))


def affected(fields: Fields) -> Mrkdwn | None:
    """Return the resources that the API call names."""
    start = f"{_CALL}affectedresources/"
    return several(*(text for path, text in fields.items() if path.startswith(start)))


def is_blocked(fields: Fields) -> bool | None:
    """Return True if the attempt was blocked, False if not; None if that is not said."""
    paths = (*_ACTIONS, "action/portprobeaction/")
    answers = {fields.get(f"{path}blocked", "").lower() for path in paths}
    return True if "true" in answers else False if "false" in answers else None


def login(fields: Fields) -> Mrkdwn | None:
    """Return the database user, the database, and the number of attempts to log in."""
    start = f"{_LOGIN}loginattributes/"
    users = [
        _of(fields, start, "user"),
        _of(fields, "rdsdbuserdetails/", "user"),
    ]
    application = _of(fields, start, "application") or _of(
        fields, "rdsdbuserdetails/", "application"
    )
    base = _of(fields, "rdsdbuserdetails/", "database")
    failed, successful = (
        said(_of(fields, start, f"{how}loginattempts")) for how in ("failed", "successful")
    )
    name = several(*users)
    database = said(base)
    return joined(
        " · ",
        Mrkdwn(f"as {name}") if name else None,
        Mrkdwn(f"database {database}") if database else None,
        Mrkdwn(f"{failed} failed") if failed else None,
        Mrkdwn(f"{successful} successful") if successful else None,
        said(application),
    )


def kubernetes_user(fields: Fields) -> str | None:
    """Return the name of the Kubernetes user."""
    return _of(fields, "kubernetesdetails/kubernetesuserdetails/", "username") or _of(
        fields, "kubernetesuserdetails/", "username"
    )


def workload(fields: Fields) -> Mrkdwn | None:
    """Return the Kubernetes workload as namespace/name, and its kind."""
    start = "kubernetesdetails/kubernetesworkloaddetails/"
    name = _of(fields, start, "name") or _of(fields, "kubernetesworkloaddetails/", "name")
    namespace = (
        _of(fields, start, "namespace")
        or _of(fields, "kubernetesworkloaddetails/", "namespace")
        or fields.get(_KUBERNETES + "namespace")
    )
    kind = _of(fields, start, "type") or _of(fields, "kubernetesworkloaddetails/", "type")
    named = exact("/".join(filter(None, (namespace, name))))
    if named and not name:
        named = joined(" ", Mrkdwn("namespace"), named)
    return joined(" · ", named, said(kind))


def process_facts(finding: Finding, fields: Fields) -> tuple[Fact, ...]:
    """Return the process with its user, command line, SHA-256 and ancestors, and the others."""
    running = "runtimedetails/process/"
    context = "runtimedetails/context/"
    raw = finding.raw
    path = (
        fields.get(running + "executablepath")
        or fields.get(running + "name")
        or text_at(raw, "Process", "Path")
        or text_at(raw, "Process", "Name")
    )
    user = said(fields.get(running + "user") or text_at(raw, "Process", "User"))
    parent = said(text_at(raw, "Process", "ParentPid"))
    pid = said(fields.get(running + "pid") or text_at(raw, "Process", "Pid"))
    name = joined(" ", exact(path), Mrkdwn(f"as {user}") if user else None)
    numbers = joined(
        ", ",
        Mrkdwn(f"pid {pid}") if pid else None,
        Mrkdwn(f"parent {parent}") if parent else None,
    )
    command = (
        fields.get(context + "commandlineexample")
        or fields.get(running + "commandline")
        or fields.get(context + "scriptpath")
        or text_at(raw, "Process", "CommandLine")
    )
    digest = fields.get(running + "executablesha256") or text_at(raw, "Process", "Sha256")
    return facts(
        ("Process", joined(" · ", name, numbers) if name else None),
        ("Command", exact(command)),
        ("Started by", _ancestry(texts_at(raw, "Process", "Ancestry"))),
        ("Also ran", joined(", ", *map(exact, texts_at(raw, "Process", "Others")[:_OTHERS_SHOWN]))),
        ("SHA-256", exact(digest)),
    )


def _ancestry(names: Sequence[str]) -> Mrkdwn | None:
    """Return the processes that led to one, the nearest first: "bash ← sshd ← systemd"."""
    told = [name for name, before in pairwise((*names, None)) if name != before]
    shown = [each for each in map(said, told) if each]
    rest = len(shown) - _ANCESTORS_SHOWN
    # The last one, which started all others, is shown in any case.
    if rest > 0:
        shown = [*shown[: _ANCESTORS_SHOWN - 1], Mrkdwn(f"{rest} more"), shown[-1]]
    return joined(" ← ", *shown)


def container_facts(finding: Finding) -> tuple[Fact, ...]:
    """Return each container: its name, image with tag, and whether it is privileged."""
    shown = []
    for resource in finding.resources:
        details = resource.raw.get("Details")
        for kind, fields in _CONTAINERS.items():
            images = (text_at(details, kind, field) for field in fields)
            image = next(filter(None, images), None)
            is_privileged = text_at(details, kind, "Privileged") == "true"
            shown.append(
                joined(
                    " · ",
                    exact(text_at(details, kind, "Name")),
                    exact(image),
                    Mrkdwn("privileged") if is_privileged else None,
                )
            )
    others = [
        several(*tags[1:])
        for resource in finding.resources
        if (tags := texts_at(resource.raw.get("Details"), "AwsEcrContainerImage", "ImageTags"))
    ]
    return facts(
        *(("Container", each) for each in list(dict.fromkeys(shown))[:_MOST_CONTAINERS]),
        *(("Also tagged", each) for each in others[:1]),
    )


def network_facts(finding: Finding) -> tuple[Fact, ...]:
    """Return the two ends of a connection, the open ports, and the path through the network."""
    raw = finding.raw
    protocol = said(text_at(raw, "Network", "Protocol"))
    direction = text_at(raw, "Network", "Direction")
    way = said({"IN": "inbound", "OUT": "outbound"}.get(direction or "", direction))
    ends = joined(" → ", *_ends(finding))
    ports = said(open_ports(finding))
    return facts(
        ("Network", joined(" · ", ends, protocol, way) if ends else None),
        ("Open ports", joined(" · ", ports, None if ends else protocol) if ports else None),
        ("Path", _network_path(finding)),
    )


def open_ports(finding: Finding) -> str | None:
    """Return the range of open ports: "22", "20-22"."""
    begin = text_at(finding.raw, "Network", "OpenPortRange", "Begin")
    end = text_at(finding.raw, "Network", "OpenPortRange", "End")
    if begin is None:
        return end and f"up to {end}"
    return begin if end in (begin, None) else f"{begin}-{end}"


def _ends(finding: Finding) -> Iterator[Mrkdwn | None]:
    for end in ("Source", "Destination"):
        names = (f"{end}IpV4", f"{end}IpV6", f"{end}Domain", f"{end}Mac")
        hosts = [text_at(finding.raw, "Network", name) for name in names]
        host = next(filter(None, hosts), None)
        number = text_at(finding.raw, "Network", f"{end}Port")
        yield said(f"{host} port {number}" if host and number else host)


def _network_path(finding: Finding) -> Mrkdwn | None:
    steps = []
    for step in items_at(finding.raw, "NetworkPath"):
        name = text_at(step, "ComponentId") or text_at(step, "ComponentType")
        arn = Arn.read(name or "")
        steps.append(said(arn.id if arn and arn.id else name))
    known = [step for step in steps if step]
    return Mrkdwn(" → ".join(known[:_PATH_SHOWN])) or None


def _action_paths() -> Iterator[str]:
    yield from _ACTIONS
    yield from (f"{_PROBES}{index}/" for index in range(1, _MOST_INDEXES))


def _ports(fields: Fields, side: str) -> Iterator[Mrkdwn | None]:
    for path in _action_paths():
        number = said(fields.get(f"{path}{side}portdetails/port"))
        name = said(fields.get(f"{path}{side}portdetails/portname"))
        yield Mrkdwn(f"{number} ({name})") if number and name else number


def _first(fields: Fields, *paths: str) -> str | None:
    """Return the value at the first of *paths* that some action has."""
    found = (fields.get(action + path) for path in paths for action in _ACTIONS)
    return next(filter(None, found), None)


def _of(fields: Fields, start: str, name: str) -> str | None:
    """Return the value of *name* below *start*, or below its first item."""
    return fields.get(start + name) or fields.get(f"{start}0/{name}")


def _as_number(number: str | None) -> Mrkdwn | None:
    shown = said(number)
    return Mrkdwn(f"AS{shown}") if shown and shown != "-1" else None


def _guardduty(finding: Finding) -> Mapping[str, Any]:
    fields = _mapping(finding.raw, "ProductFields")
    return {key: value for key, value in fields.items() if _GUARDDUTY.match(str(key))}


def _mapping(source: object, name: str) -> Mapping[str, Any]:
    value = source.get(name) if isinstance(source, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _flat(value: object, path: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the texts in *value* with their paths."""
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}/{str(key).lower()}", depth + 1)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value[:_MOST_INDEXES]):
            yield from _flat(inner, f"{path}/{index}", depth + 1)
    else:
        text = as_text(value)
        if text is not None:
            yield path, text
