"""GuardDuty: the actor, its place, the action and the count."""

from re import compile as regex
from typing import Final

from finding_router.findings.finding import Finding, Resource
from finding_router.findings.reading import number_at, text_at
from finding_router.findings.timestamps import parse_timestamp
from finding_router.slack.kit import activity
from finding_router.slack.kit.activity import Fields
from finding_router.slack.kit.detail import Detail, Page, facts, joined, pages, said, several
from finding_router.slack.kit.durations import duration_words
from finding_router.slack.kit.headlines import abridged, called, full_name, headline, title_words
from finding_router.slack.kit.links import guide_url, product_url
from finding_router.slack.kit.resources import is_account, kind_of, short_name
from finding_router.slack.kit.sequence import actor_key, actor_name, sequence_detail, signal_count
from finding_router.slack.kit.text import Mrkdwn, Url, one_line
from finding_router.slack.kit.threats import threat_detail, threat_name

_PAGE: Final = "guardduty/home?region={region}#/findings?macros=current&fId={finding_id}"
_KEY_CALLS: Final = "cloudtrailv2/home?region={region}#/events?AccessKeyId={key}"
_USER_CALLS: Final = "cloudtrailv2/home?region={region}#/events?Username={user}"
_KEY: Final = regex(r"A[KS]IA[A-Z0-9]{12,124}")
_SEQUENCE: Final = "AttackSequence"
# Headlines by the type without its purpose, else with it. {name} is the resource, {user} whose
# credentials were used. Types that are not here are spelled in words.
# https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_finding-types-active.html
_PHRASES: Final = {
    "AttackSequence:EC2/CompromisedInstanceGroup": "Attack sequence: instances compromised",
    "AttackSequence:ECS/CompromisedCluster": "Attack sequence: {name} compromised",
    "AttackSequence:EKS/CompromisedCluster": "Attack sequence: {name} compromised",
    "AttackSequence:IAM/CompromisedCredentials": (
        "Attack sequence: credentials of {user} compromised"
    ),
    "AttackSequence:S3/CompromisedData": "Attack sequence: data in {bucket} compromised",
    "Backdoor:EC2/Spambot": "{name} sends spam",
    "Behavior:EC2/NetworkPortUnusual": "{name} uses an unusual port",
    "Behavior:EC2/TrafficVolumeUnusual": "{name} sends unusually much traffic",
    "IAMUser/InstanceCredentialExfiltration.InsideAWS": (
        "Credentials of {user} used from another AWS account"
    ),
    "IAMUser/InstanceCredentialExfiltration.OutsideAWS": "Credentials of {user} used outside AWS",
    "IAMUser/ConsoleLoginSuccess.B": "Console logins of {user} from places far apart",
    "IAMUser/MaliciousIPCaller": "{user} called from an address on a threat list",
    "IAMUser/MaliciousIPCaller.Custom": "{user} called from an address on your threat list",
    "IAMUser/TorIPCaller": "{user} called from the Tor network",
    "IAMUser/RootCredentialUsage": "Root user's credentials used",
    "IAMUser/CloudTrailLoggingDisabled": "{user} disabled CloudTrail logging",
    "IAMUser/PasswordPolicyChange": "{user} weakened the password policy",
    "IAMUser/BedrockLoggingDisabled": "{user} disabled Bedrock logging",
    "S3/AccountBlockPublicAccessDisabled": "{user} disabled the account's Block Public Access",
    "S3/BucketAnonymousAccessGranted": "Bucket {bucket} opened to anyone by {user}",
    "S3/BucketBlockPublicAccessDisabled": "Block Public Access of {bucket} disabled by {user}",
    "S3/BucketPublicAccessGranted": "Bucket {bucket} opened to all AWS users by {user}",
    "S3/ServerAccessLoggingDisabled": "Access logging of {bucket} disabled by {user}",
    "EC2/PortProbeUnprotectedPort": "Open port {port} of {name} is probed",
    "EC2/PortProbeEMRUnprotectedPort": "Open port {port} of {name} is probed",
    "EC2/Portscan": "{name} scans ports of other hosts",
    "EC2/UnusualDNSResolver": "{name} uses an unusual DNS resolver",
    "EC2/MetadataDNSRebind": "{name} resolves a name to its metadata service",
}
# Words for the families of types, for any kind of resource.
_FAMILIES: Final = {
    "SSHBruteForce": ("SSH brute force {on} {name}"),
    "RDPBruteForce": ("RDP brute force {on} {name}"),
    "WinRMBruteForce": ("WinRM brute force {on} {name}"),
    "C&CActivity": "{name} contacts a command-and-control server",
    "BitcoinTool": "{name} mines or trades cryptocurrency",
    "DenialOfService": "{name} takes part in a denial-of-service attack",
    "BlackholeTraffic": "{name} contacts a known black hole",
    "DropPoint": "{name} contacts a drop point of stolen data",
    "DGADomainRequest": "{name} asks for domains that malware generates",
    "PhishingDomainRequest": "{name} asks for a phishing domain",
    "MaliciousDomainRequest": "{name} asks for a malicious domain",
    "MaliciousIPCaller": "{name} was called from an address on a threat list",
    "TorIPCaller": "{name} was called from the Tor network",
    "TorClient": "{name} connects to the Tor network",
    "TorRelay": "{name} is a relay of the Tor network",
    "ReverseShell": "Reverse shell in {name}",
    "MaliciousFile": "Malware {threat} on {name}",
    "SuspiciousFile": "Suspicious file {threat} on {name}",
    "SuccessfulLogin": "Suspicious login to {name}",
    "FailedLogin": "Suspicious attempts to log in to {name}",
    "SuccessfulBruteForce": "Passwords of {name} were guessed",
    "SuccessfulAnonymousAccess": "Anonymous access to {name}",
}
_PAGES: Final = {
    "EC2": "guardduty_finding-types-ec2",
    "IAMUser": "guardduty_finding-types-iam",
    "Kubernetes": "guardduty-finding-types-eks-audit-logs",
    "Lambda": "lambda-protection-finding-types",
    "RDS": "findings-rds-protection",
    "Runtime": "findings-runtime-monitoring",
    "S3": "guardduty_finding-types-s3",
}
_ALL_TYPES: Final = "guardduty_finding-types-active"
_SEQUENCES: Final = "guardduty-attack-sequence-finding-types"
_MALWARE: Final = "findings-malware-protection"
_MALWARE_S3: Final = "gdu-malware-protection-s3-finding-types"
_LONG_SECONDS: Final = 400 * 24 * 3600
_PORTS_SHOWN: Final = 3
_TITLE_CHARS: Final = 75
_WORD: Final = regex(r"[A-Z]+(?![a-z])|[A-Z][a-z]+|[a-z]+|[0-9]+")
_PART_END: Final = regex("[.!]")
_NO_ANCHOR: Final = regex("[^a-z0-9]")


def lay_out(finding: Finding) -> Detail:
    """Return actor, call or port, process, malware and signals, and the pages of the finding."""
    fields = activity.fields_of(finding)
    kind = finding_type(finding)
    sequence = sequence_detail(finding) or Detail()
    threats = threat_detail(finding)
    user = _user(finding, fields)
    # The resource is the target of the attack or, with the role ACTOR, the attacker.
    is_actor = fields.get("resourcerole") == "ACTOR"
    call = activity.call(fields, user)
    blocked = Mrkdwn("blocked") if activity.is_blocked(fields) else None
    port = activity.port(fields, blocked)
    domain = activity.domain(fields)
    phrase = _phrase(finding, kind, fields, user)
    return Detail(
        headline=phrase or _title(finding, kind, user),
        title="" if phrase else None,
        sentence=_sentence(finding, user),
        occurrence=sequence.occurrence or _occurrence(finding, fields),
        facts=(
            *sequence.facts,
            *threats.facts,
            *facts(
                ("Remote" if is_actor else "Actor", activity.actor(fields)),
                ("Call", call),
                ("User", None if call or sequence.facts else several(*_users(finding, fields))),
                ("Affected", activity.affected(fields)),
                ("Port", port),
                ("Domain", joined(" · ", domain, None if port else blocked) if domain else None),
                ("Blocked", said("yes") if blocked and not port and not domain else None),
                ("Login", activity.login(fields)),
                ("Session", _session(finding)),
                ("Workload", activity.workload(fields)),
            ),
            *activity.container_facts(finding),
            *activity.process_facts(finding, fields),
            *facts(("Threat list", _threat_list(fields))),
        ),
        listings=threats.listings,
        pages=_pages(finding, kind, user),
        small_print=tuple(filter(None, (said(kind or None),))),
    )


def finding_type(finding: Finding) -> str:
    """
    Return GuardDuty's own type: "UnauthorizedAccess:EC2/SSHBruteForce".

    Security Hub CSPM writes it with a hyphen, behind the namespace, and at times without the
    purpose: "TTPs/Discovery/IAMUser-AnomalousBehavior".
    """
    written = next((one_line(kind) for kind in finding.types if one_line(kind)), "")
    *before, last = written.split("/")
    if before and ":" in before[-1]:
        # OCSF keeps the slash: "Stealth:IAMUser/CloudTrailLoggingDisabled".
        last = f"{before.pop()}/{last}"
    purpose, colon, rest = last.partition(":")
    if not colon:
        purpose, rest = (before[-1] if before[1:] else "").replace(" ", ""), last
    resource, hyphen, name = (rest, "", "") if "/" in rest else rest.partition("-")
    own = f"{resource}/{name}" if hyphen else rest
    return f"{purpose}:{own}" if purpose else own


def _phrase(finding: Finding, kind: str, fields: Fields, user: str | None) -> str | None:
    """Return the fact in the words for its type; None if there are none, or a name is missing."""
    purpose, _, own = kind.partition(":")
    family = own.partition("/")[2]
    phrase = _PHRASES.get(kind) or _PHRASES.get(own)
    if phrase is None:
        parts = reversed(_PART_END.split(family))
        phrase = next((_FAMILIES[part] for part in parts if part in _FAMILIES), None)
    target = _target(finding)
    name = full_name(target) if target else None
    who = user if own.startswith("IAMUser") and user else name
    if phrase is None and who and family.startswith("AnomalousBehavior"):
        between = " by " if who == user else " on "
        return headline(f"Unusual {_spelled(purpose)} activity", who, between)
    values = {
        "bucket": _name_of(finding, "AwsS3Bucket"),
        "name": name,
        "on": "by" if fields.get("resourcerole") == "ACTOR" else "on",
        "port": ", ".join(activity.probed_ports(fields)[:_PORTS_SHOWN]),
        "threat": threat_name(finding) or _scanned_threat(fields) or "found",
        "user": abridged(user) if user else _name_of(finding, "AwsIamAccessKey"),
    }
    if phrase is None or not all(values[each] for each in values if f"{{{each}}}" in phrase):
        return None
    written = one_line(phrase.format(**values))
    # "container x …" begins like a sentence, but ids and names stay as they are.
    is_kind = target is not None and written.startswith(f"{kind_of(target)} ")
    signals = signal_count(finding)
    after = f", {signals} signals" if signals else ""
    return (written[0].upper() + written[1:] if is_kind else written) + after


def _title(finding: Finding, kind: str, user: str | None) -> str:
    """Return the title or, if it is long, the type in words, with the resource."""
    own = kind.partition(":")[2]
    family = _spelled(own.partition("/")[2])
    target = _target(finding)
    who = user if own.startswith("IAMUser") and user else full_name(target) if target else None
    title = title_words(finding)
    written = headline(title, who)
    # A title without a cut describes the event better than the type does.
    if not family or (len(title) <= _TITLE_CHARS and title in written):
        return written
    return headline(family[0].upper() + family[1:], who)


def _spelled(name: str) -> str:
    """Return "unusual DNS resolver" for "UnusualDNSResolver"."""
    words = _WORD.findall(name)
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words)


def _sentence(finding: Finding, user: str | None) -> str | None:
    """Return the size of an attack sequence, whose description names no times."""
    count = signal_count(finding)
    if not count or user is None:
        return None
    return f"{count} signals suggest that somebody else acts as {one_line(user)}."


def _occurrence(finding: Finding, fields: Fields) -> Mrkdwn | None:
    """Return how often, and within what time: "46× in 33 min"; None for once."""
    count = number_at(fields, "count")
    if count is None or count <= 1:
        return None
    first = parse_timestamp(fields.get("eventfirstseen") or finding.first_seen)
    last = parse_timestamp(fields.get("eventlastseen") or finding.last_seen)
    seconds = (last - first).total_seconds() if first and last else 0
    return Mrkdwn(
        f"{count:,.0f}×" + (f" in {duration_words(seconds)}" if 0 < seconds < _LONG_SECONDS else "")
    )


def _target(finding: Finding) -> Resource | None:
    """Return the container, else the first resource that is neither access key nor account."""
    named = [each for each in finding.resources if not is_account(short_name(each))]
    containers = [each for each in named if each.type == "Container"]
    others = [each for each in named if each.type != "AwsIamAccessKey"]
    return next(iter((*containers, *others, *named)), None)


def _name_of(finding: Finding, kind: str) -> str | None:
    found = (called(each) for each in finding.resources if each.type == kind)
    return next(found, None)


def _users(finding: Finding, fields: Fields) -> list[str | None]:
    keys = [
        resource.raw.get("Details")
        for resource in finding.resources
        if resource.type == "AwsIamAccessKey"
    ]
    kind = "AwsIamAccessKey"
    return [
        *(text_at(key, kind, "PrincipalName") or text_at(key, kind, "UserName") for key in keys),
        activity.kubernetes_user(fields),
    ]


def _user(finding: Finding, fields: Fields) -> str | None:
    return next(filter(None, (*_users(finding, fields), actor_name(finding))), None)


def _caller(finding: Finding, user: str | None) -> str | None:
    """Return the user by whom CloudTrail files the calls: of a role, the name of the session."""
    for resource in finding.resources:
        details = resource.raw.get("Details")
        if text_at(details, "AwsIamAccessKey", "PrincipalType") == "AssumedRole":
            principal = text_at(details, "AwsIamAccessKey", "PrincipalId") or ""
            return principal.partition(":")[2] or None
    return user


def _session(finding: Finding) -> Mrkdwn | None:
    """Return "without MFA" if the session of an access key is said to have none."""
    for resource in finding.resources:
        path = ("AwsIamAccessKey", "SessionContext", "Attributes", "MfaAuthenticated")
        if text_at(resource.raw.get("Details"), *path) == "false":
            return Mrkdwn("without MFA")
    return None


def _scanned_threat(fields: Fields) -> str | None:
    end = "highestseveritythreatdetails/threatname"
    return next((text for path, text in fields.items() if path.endswith(end)), None)


def _threat_list(fields: Fields) -> Mrkdwn | None:
    name = said(fields.get("additionalinfo/threatlistname"))
    return joined(": ", name, said(fields.get("additionalinfo/threatname")))


def _pages(finding: Finding, kind: str, user: str | None) -> tuple[Page, ...]:
    key = _access_key(finding)
    own = finding.id.rpartition("/finding/")[2]
    calls = (
        product_url(finding, _KEY_CALLS, key=key)
        if key
        else (
            product_url(finding, _USER_CALLS, user=_caller(finding, user))
            if ":IAM" in kind
            else None
        )
    )
    return pages(
        ("GuardDuty", finding.source_url or product_url(finding, _PAGE, finding_id=own)),
        ("CloudTrail of the key" if key else "CloudTrail of the user", calls),
        ("About this type", _guide(finding, kind)),
    )


def _access_key(finding: Finding) -> str | None:
    names = [short_name(each) for each in finding.resources if each.type == "AwsIamAccessKey"]
    return next((name for name in (*names, actor_key(finding) or "") if _KEY.fullmatch(name)), None)


def _guide(finding: Finding, kind: str) -> Url:
    """Return AWS's page on the type, at its anchor where the page has it as usual."""
    purpose, _, own = kind.partition(":")
    resource, _, family = own.partition("/")
    anchor = ""
    if purpose == _SEQUENCE:
        page = _SEQUENCES
    elif "MaliciousFile" in family or "SuspiciousFile" in family:
        page = _MALWARE_S3 if family.endswith("S3") or resource in ("Object", "S3") else _MALWARE
    elif resource in _PAGES:
        page = _PAGES[resource]
        parts = (purpose, resource.removesuffix("User"), family)
        anchor = "#" + "-".join(_NO_ANCHOR.sub("", part.lower()) for part in parts)
    else:
        page = _ALL_TYPES
    return guide_url(finding, f"guardduty/latest/ug/{page}.html{anchor}")
