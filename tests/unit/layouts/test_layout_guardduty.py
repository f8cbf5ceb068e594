"""GuardDuty's layout."""

from typing import Any

import pytest

from factories import make_finding, make_resource
from finding_router.findings.finding import Finding
from finding_router.slack.layouts.guardduty import finding_type, lay_out

SERVICE = "aws/guardduty/service/"
INSTANCE = make_resource(
    "arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0",
    type="AwsEc2Instance",
    tags={"Name": "bastion"},
)


def finding_of(fields: dict[str, str], kind: str | None = None, **changes: Any) -> Finding:
    """Make a finding with these fields of GuardDuty's own JSON."""
    flat = {SERVICE + path: text for path, text in fields.items()}
    types = (f"TTPs/Any/{kind}",) if kind else ()
    changes.setdefault("resources", (INSTANCE,))
    return make_finding({"ProductFields": flat}, product="GuardDuty", types=types, **changes)


def key_of(resource_id: str, **details: Any) -> Any:
    """Make an access key with these details."""
    return make_resource(
        resource_id, type="AwsIamAccessKey", raw={"Details": {"AwsIamAccessKey": details}}
    )


REMOTE = "action/networkConnectionAction/remoteIpDetails/"
CONNECTION = {
    "action/actionType": "NETWORK_CONNECTION",
    "action/networkConnectionAction/connectionDirection": "INBOUND",
    "action/networkConnectionAction/protocol": "TCP",
    "action/networkConnectionAction/blocked": "true",
    "action/networkConnectionAction/localPortDetails/port": "22",
    "action/networkConnectionAction/localPortDetails/portName": "SSH",
    "action/networkConnectionAction/remotePortDetails/port": "50022",
    REMOTE + "ipAddressV4": "192.0.2.146",
    REMOTE + "city/cityName": "Frankfurt",
    REMOTE + "country/countryName": "Germany",
    REMOTE + "organization/asn": "64510",
    REMOTE + "organization/asnOrg": "Beispiel Netz",
    "count": "1204",
    "eventFirstSeen": "2026-11-18T21:04:00Z",
    "eventLastSeen": "2026-11-18T21:37:55Z",
    "resourceRole": "TARGET",
}


def test_an_attack_shows_actor_place_port_and_count() -> None:
    """Who knocks, from where, on which port, how often; a line each."""
    detail = lay_out(finding_of(CONNECTION, "UnauthorizedAccess:EC2-SSHBruteForce"))

    assert detail.headline == "SSH brute force on i-0123456789abcdef0 (bastion)"
    assert detail.occurrence == "1,204× in 33 min"
    assert dict(detail.facts) == {
        "Actor": "`192.0.2.146` · Frankfurt, Germany · Beispiel Netz AS64510",
        "Port": "22 (SSH) · TCP · inbound · blocked",
    }
    assert detail.small_print == ("UnauthorizedAccess:EC2/SSHBruteForce",)


def test_outbound_the_remote_port_counts() -> None:
    """An attacking instance is shown with the target of its connection."""
    outbound = CONNECTION | {
        "action/networkConnectionAction/connectionDirection": "OUTBOUND",
        "action/networkConnectionAction/blocked": "false",
        "resourceRole": "ACTOR",
        "count": "1",
    }
    detail = lay_out(finding_of(outbound, "UnauthorizedAccess:EC2-SSHBruteForce"))
    shown = dict(detail.facts)

    assert detail.headline == "SSH brute force by i-0123456789abcdef0 (bastion)"
    assert shown["Port"] == "50022 · TCP · outbound"
    assert shown["Remote"].startswith("`192.0.2.146`")
    assert detail.occurrence is None


CALL = "action/awsApiCallAction/"


def test_an_api_call_is_named_as_policies_name_it() -> None:
    """Service and call, as whom, and how it ended."""
    finding = finding_of(
        {
            "action/actionType": "AWS_API_CALL",
            CALL + "api": "ListBuckets",
            CALL + "serviceName": "s3.amazonaws.com",
            CALL + "errorCode": "AccessDenied",
            CALL + "domainDetails/domain": "x.example",
            CALL + "remoteIpDetails/organization/asn": "-1",
            CALL + "affectedResources/AWS::S3::Bucket": "invoices",
        },
        resources=(key_of("AWS::IAM::AccessKey:ASIAX", PrincipalName="deploy"),),
    )

    assert dict(lay_out(finding).facts) == {
        "Call": "`s3:ListBuckets` as deploy · denied",
        "Affected": "invoices",
        "Domain": "`x.example`",
    }


def test_without_a_call_the_users_are_named() -> None:
    """Principal or user name, each once."""
    keys = (
        key_of("AWS::IAM::AccessKey:ASIAX", PrincipalName="deploy"),
        key_of("AWS::IAM::AccessKey:ASIAY", UserName="ann"),
    )

    assert dict(lay_out(finding_of({}, resources=keys)).facts) == {"User": "deploy, ann"}


def test_a_call_without_a_service_is_named_alone() -> None:
    """Without a service there is no colon; another error is named as it is."""
    finding = finding_of({CALL + "api": "ListBuckets", CALL + "errorCode": "NoSuchBucket"})

    assert dict(lay_out(finding).facts) == {"Call": "`ListBuckets` · NoSuchBucket"}


def test_an_ipv6_caller_is_shown_beside_its_place() -> None:
    """The address may be of either version."""
    finding = finding_of(
        {
            CALL + "remoteIpDetails/ipAddressV6": "2001:db8::7334",
            CALL + "remoteIpDetails/country/countryName": "Exampleland",
        }
    )

    assert dict(lay_out(finding).facts) == {"Actor": "`2001:db8::7334` · Exampleland"}


def test_a_kubernetes_call_shows_user_verb_path_and_workload() -> None:
    """EKS findings have a request instead of an API, and their user in the resource's details."""
    call = "action/kubernetesApiCallAction/"
    other = {
        "kubernetesDetails/kubernetesUserDetails/username": "system:anonymous",
        "kubernetesDetails/kubernetesWorkloadDetails/name": "checkout",
        "kubernetesDetails/kubernetesWorkloadDetails/namespace": "shop",
        "kubernetesDetails/kubernetesWorkloadDetails/type": "pods",
    }
    cluster = make_resource(
        "arn:aws:eks:eu-west-1:1:cluster/prod",
        type="AwsEksCluster",
        raw={"Details": {"Other": other}},
    )
    finding = finding_of(
        {call + "verb": "create", call + "requestUri": "/api/v1/pods", call + "statusCode": "403"},
        "Discovery:Kubernetes-SuccessfulAnonymousAccess",
        resources=(cluster,),
    )
    detail = lay_out(finding)

    assert detail.headline == "Anonymous access to EKS cluster prod"
    assert dict(detail.facts) == {
        "Call": "create `/api/v1/pods` as system:anonymous · denied",
        "Workload": "`shop/checkout` · pods",
    }


def test_a_namespace_alone_is_called_one() -> None:
    """A call about a namespace has no workload."""
    finding = finding_of({"action/kubernetesApiCallAction/namespace": "shop"})

    assert dict(lay_out(finding).facts) == {"Workload": "namespace `shop`"}


@pytest.mark.parametrize("index", ["0", ".0_", ":0_"])
def test_a_database_login_shows_user_database_and_attempts(index: str) -> None:
    """Who tried how often to log in to which database, with what."""
    login = "action/rdsLoginAttemptAction/"
    attributes = f"{login}loginAttributes{'/0' if index == '0' else index}/"
    flat = {
        SERVICE + login + "remoteIpDetails/ipAddressV4": "203.0.113.5",
        SERVICE + attributes + "user": "admin",
        SERVICE + attributes + "application": "psql",
        SERVICE + attributes + "failedLoginAttempts": "34",
        SERVICE + attributes + "successfulLoginAttempts": "1",
        "aws/guardduty/resource/rdsDbUserDetails/database": "orders",
    }
    database = make_resource("arn:aws:rds:eu-west-1:1:db:orders-1", type="AwsRdsDbInstance")
    detail = lay_out(
        make_finding(
            {"ProductFields": flat},
            types=(
                "TTPs/Credential Access/CredentialAccess:RDS-AnomalousBehavior.SuccessfulLogin",
            ),
            resources=(database,),
        )
    )

    assert detail.headline == "Suspicious login to RDS database orders-1"
    assert dict(detail.facts) == {
        "Actor": "`203.0.113.5`",
        "Login": "as admin · database orders · 34 failed · 1 successful · psql",
    }


@pytest.mark.parametrize("index", [".0_", ":0_"])
def test_a_port_probe_shows_its_first_prober(index: str) -> None:
    """Older and newer findings number their lists differently."""
    probe = f"action/portProbeAction/portProbeDetails{index}/"
    finding = finding_of(
        {
            probe + "localPortDetails/port": "22",
            probe + "localPortDetails/portName": "Unknown",
            probe + "remoteIpDetails/ipAddressV4": "198.51.100.23",
            "additionalInfo/threatListName": "ProofPoint",
            "additionalInfo/threatName": "Scanner",
        },
        "Recon:EC2-PortProbeUnprotectedPort",
    )
    detail = lay_out(finding)

    assert detail.headline == "Open port 22 of i-0123456789abcdef0 (bastion) is probed"
    assert dict(detail.facts) == {
        "Actor": "`198.51.100.23`",
        "Port": "22",
        "Threat list": "ProofPoint: Scanner",
    }


def test_every_probed_port_is_named() -> None:
    """Several ports are several details."""
    probes = {
        f"action/portProbeAction/portProbeDetails.{number}_/localPortDetails/port": port
        for number, port in enumerate(("22", "3389", "22"))
    }

    assert dict(lay_out(finding_of(probes)).facts) == {"Port": "22, 3389"}


def test_asff_s_own_action_is_read_too() -> None:
    """The same detail is in Action, in capitals."""
    raw = {
        "Action": {
            "ActionType": "PORT_PROBE",
            "PortProbeAction": {
                "PortProbeDetails": [
                    {
                        "LocalPortDetails": {"Port": 22, "PortName": "SSH"},
                        "RemoteIpDetails": {
                            "IpAddressV4": "198.51.100.23",
                            "Country": {"CountryName": "Brazil"},
                        },
                    }
                ]
            },
        }
    }

    assert dict(lay_out(make_finding(raw)).facts) == {
        "Actor": "`198.51.100.23` · Brazil",
        "Port": "22 (SSH)",
    }


def test_a_dns_request_shows_the_domain() -> None:
    """The domain of the request is what the reader needs; that it was blocked, too."""
    finding = finding_of(
        {
            "action/actionType": "DNS_REQUEST",
            "action/dnsRequestAction/domain": "c2.example",
            "action/dnsRequestAction/blocked": "true",
        },
        "Backdoor:EC2-C&CActivity.B!DNS",
    )
    detail = lay_out(finding)

    assert detail.headline == (
        "i-0123456789abcdef0 (bastion) contacts a command-and-control server"
    )
    assert dict(detail.facts) == {"Domain": "`c2.example` · blocked"}


def test_a_block_without_port_or_domain_is_said() -> None:
    """It matters that an attempt did not succeed."""
    finding = finding_of({"action/portProbeAction/blocked": "true"})

    assert dict(lay_out(finding).facts) == {"Blocked": "yes"}


def test_runtime_findings_show_process_and_container() -> None:
    """The process with its user, the command, and the image that it runs in."""
    container = make_resource(
        "3f0c1d5a7b",
        type="Container",
        raw={
            "Details": {
                "Container": {
                    "Name": "checkout",
                    "ImageName": "registry.example/checkout:1.42",
                    "Privileged": True,
                }
            }
        },
    )
    finding = finding_of(
        {
            "action/actionType": "NEW_KIND",
            "runtimeDetails/process/executablePath": "/tmp/x",
            "runtimeDetails/process/user": "root",
            "runtimeDetails/process/executableSha256": "abc123",
            "runtimeDetails/context/commandLineExample": "curl x | sh",
        },
        "CryptoCurrency:Runtime-BitcoinTool.B",
        resources=(INSTANCE, container),
    )
    detail = lay_out(finding)

    assert detail.headline == "Container checkout mines or trades cryptocurrency"
    assert dict(detail.facts) == {
        "Container": "`checkout` · `registry.example/checkout:1.42` · privileged",
        "Process": "`/tmp/x` as root",
        "Command": "`curl x | sh`",
        "SHA-256": "`abc123`",
    }


def test_malware_shows_threat_file_and_hash() -> None:
    """The threat with its severity and count, and the file that has it."""
    file = {"FilePath": "/tmp/e.com", "Hash": "275a"}
    threat = {"Name": "EICAR", "Severity": "HIGH", "ItemCount": 2, "FilePaths": [file]}
    finding = make_finding(
        {"Threats": [threat]},
        types=("TTPs/Execution/Execution:EC2-MaliciousFile",),
        resources=(INSTANCE,),
    )
    detail = lay_out(finding)

    assert detail.headline == "Malware EICAR on i-0123456789abcdef0 (bastion)"
    assert dict(detail.facts) == {
        "Threat": "`EICAR` · HIGH · 2 items",
        "File": "`/tmp/e.com` · SHA-256 `275a`",
    }


def test_older_scans_name_the_threat_in_their_fields() -> None:
    """Before ASFF had Threats, the name was in the scan's details."""
    path = "ebsVolumeScanDetails/scanDetections/highestSeverityThreatDetails/threatName"
    detail = lay_out(finding_of({path: "EICAR"}, "Execution:EC2-MaliciousFile"))

    assert detail.headline == "Malware EICAR on i-0123456789abcdef0 (bastion)"


SEQUENCE = {
    "Actors": [
        {
            "User": {
                "Name": "ci",
                "Type": "IAMUser",
                "CredentialUid": "AKIAIOSFODNN7EXAMPLE",
                "Account": {"Uid": "999988887777"},
            },
            "Session": {"MfaStatus": "DISABLED"},
        }
    ],
    "Endpoints": [
        {
            "Ip": "198.51.100.23",
            "Port": 443,
            "Location": {"City": "Oslo", "Country": "Norway"},
            "AutonomousSystem": {"Name": "Net", "Number": 64500},
        },
        {"Domain": "x.example"},
    ],
    "Signals": [
        {"Name": "s3:GetObject", "Count": 1200, "FirstSeenAt": 1764230600000},
        {"Title": "Stop", "FirstSeenAt": 1764230100000, "LastSeenAt": 1764230150000, "Count": 1},
        {"Count": 1},
    ],
    "SequenceIndicators": [
        {"Key": "ATTACK_TACTIC", "Values": ["Persistence", "Exfiltration"]},
        {"Key": "ATTACK_TECHNIQUE", "Values": ["T1078"]},
        {"Key": "TOR_IP", "Values": ["203.0.113.9"]},
        {"Key": "UNUSUAL_ASN_FOR_USER"},
        {"Title": "Something new", "Values": ["x"]},
    ],
}


def test_an_attack_sequence_shows_signals_addresses_and_indicators() -> None:
    """The signals oldest first, who acted from where, and what speaks for an attack."""
    finding = make_finding(
        {"Detection": {"Sequence": SEQUENCE}},
        types=("TTPs/AttackSequence:IAM-CompromisedCredentials",),
        resources=(key_of("AWS::IAM::AccessKey:null"),),
    )
    detail = lay_out(finding)

    assert detail.headline == "Attack sequence: credentials of ci compromised, 3 signals"
    assert detail.sentence == "3 signals suggest that somebody else acts as ci."
    assert detail.occurrence == "3 signals in 8 min"
    assert detail.facts == (
        ("Signals", "`Stop` → `s3:GetObject` 1,200×"),
        (
            "Actor",
            (
                "ci (IAMUser) · key `AKIAIOSFODNN7EXAMPLE` · account 999988887777"
                " · session without MFA"
            ),
        ),
        ("From", "`198.51.100.23` port 443 · Oslo, Norway · Net AS64500"),
        ("From", "`x.example`"),
        ("Tactics", "Persistence, Exfiltration"),
        ("Techniques", "T1078"),
        ("Indicators", "Tor IP 203.0.113.9 · unusual ASN for user · Something new x"),
    )
    assert [page.label for page in detail.pages] == [
        "GuardDuty",
        "CloudTrail of the key",
        "About this type",
    ]


def test_many_addresses_are_counted() -> None:
    """Four of them are enough to see."""
    endpoints = [{"Ip": f"198.51.100.{number}"} for number in range(7)]
    finding = make_finding({"Detection": {"Sequence": {"Endpoints": endpoints}}})
    shown = [fact.value for fact in lay_out(finding).facts if fact.label == "From"]

    assert shown[3:] == ["`198.51.100.3`", "+ 3 more"]


def test_many_signals_are_counted() -> None:
    """The first seven tell how it began."""
    signals = [{"Name": f"call{number}"} for number in range(9)]
    finding = make_finding({"Detection": {"Sequence": {"Signals": signals}}})

    assert dict(lay_out(finding).facts)["Signals"].endswith("`call6` → 2 more")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            "TTPs/Initial Access/UnauthorizedAccess:EC2-SSHBruteForce",
            "UnauthorizedAccess:EC2/SSHBruteForce",
        ),
        (
            "TTPs/Credential Access/IAMUser-AnomalousBehavior",
            "CredentialAccess:IAMUser/AnomalousBehavior",
        ),
        ("TTPs/AttackSequence:S3-CompromisedData", "AttackSequence:S3/CompromisedData"),
        ("Odd", "Odd"),
        ("", ""),
    ],
)
def test_the_type_is_written_as_guardduty_does(written: str, expected: str) -> None:
    """Security Hub's spelling leads to no page."""
    assert finding_type(make_finding(types=(written,))) == expected


@pytest.mark.parametrize(
    ("kind", "title", "expected"),
    [
        (
            "UnauthorizedAccess:IAMUser-InstanceCredentialExfiltration.OutsideAWS",
            "x" * 90,
            "Credentials of checkout used outside AWS",
        ),
        ("Policy:IAMUser-RootCredentialUsage", "x", "Root user's credentials used"),
        ("Discovery:IAMUser-AnomalousBehavior", "x", "Unusual discovery activity by checkout"),
        (
            "Impact:S3-AnomalousBehavior.Delete",
            "x",
            "Unusual impact activity on i-0123456789abcdef0 (bastion)",
        ),
        (
            "Stealth:S3-ServerAccessLoggingDisabled",
            "Logging was turned off.",
            "Logging was turned off: i-0123456789abcdef0 (bastion)",
        ),
        (
            "Impact:EC2-WinRMNewThing",
            "A long title that says in many words what the type says in three words alone, always.",
            "Win RM new thing: i-0123456789abcdef0 (bastion)",
        ),
    ],
)
def test_headlines_are_in_words_and_short(kind: str, title: str, expected: str) -> None:
    """A known type has a phrase, a short title stays, and else the type is spelled."""
    key = key_of("AWS::IAM::AccessKey:ASIAIOSFODNN7EXAMPLE", PrincipalName="checkout")
    finding = finding_of({}, kind, title=title, resources=(key, INSTANCE))

    assert lay_out(finding).headline == expected


def test_the_finding_its_type_and_its_calls_are_one_click_away() -> None:
    """Console, CloudTrail and documentation are in the finding's partition and Region."""
    key = key_of("AWS::IAM::AccessKey:AKIAIOSFODNN7EXAMPLE", PrincipalName="ci")
    finding = finding_of(
        {},
        "Recon:IAMUser-TorIPCaller",
        id="arn:aws-cn:guardduty:cn-north-1:123456789012:detector/1/finding/2a",
        partition="aws-cn",
        region="cn-north-1",
        resources=(key,),
    )

    assert lay_out(finding).pages == (
        (
            "GuardDuty",
            (
                "https://cn-north-1.console.amazonaws.cn/guardduty/home?region=cn-north-1"
                "#/findings?macros=current&fId=2a"
            ),
        ),
        (
            "CloudTrail of the key",
            (
                "https://cn-north-1.console.amazonaws.cn/cloudtrailv2/home?region=cn-north-1"
                "#/events?AccessKeyId=AKIAIOSFODNN7EXAMPLE"
            ),
        ),
        (
            "About this type",
            (
                "https://docs.amazonaws.cn/en_us/guardduty/latest/ug/guardduty_finding-types-iam.html"
                "#recon-iam-toripcaller"
            ),
        ),
    )


@pytest.mark.parametrize(
    ("kind", "principal", "user"),
    [("IAMUser", "AIDAX", "ci"), ("AssumedRole", "AROAX:session", "session")],
)
def test_without_a_key_cloudtrail_opens_at_the_user(kind: str, principal: str, user: str) -> None:
    """CloudTrail files the calls of a role by the name of the session."""
    key = key_of("null", PrincipalName="ci", PrincipalType=kind, PrincipalId=principal)
    [_, page, _] = lay_out(finding_of({}, "Recon:IAMUser-X", resources=(key,))).pages

    assert page.label == "CloudTrail of the user"
    assert page.url.endswith(f"#/events?Username={user}")


@pytest.mark.parametrize(
    ("kind", "page"),
    [
        ("AttackSequence:EKS-CompromisedCluster", "guardduty-attack-sequence-finding-types.html"),
        ("Execution:Container-MaliciousFile", "findings-malware-protection.html"),
        ("Object:S3-MaliciousFile", "gdu-malware-protection-s3-finding-types.html"),
        ("New:Thing-Odd", "guardduty_finding-types-active.html"),
    ],
)
def test_each_type_has_a_page(kind: str, page: str) -> None:
    """Types of unknown resources lead to the list of all."""
    assert lay_out(finding_of({}, kind)).pages[-1].url.endswith(page)


def test_a_cluster_under_attack_is_named_once() -> None:
    """Its kind is a part of its name."""
    cluster = make_resource("arn:aws:eks:eu-west-1:1:cluster/prod", type="AwsEksCluster")
    finding = make_finding(
        {"Detection": {"Sequence": SEQUENCE}},
        types=("TTPs/AttackSequence:EKS-CompromisedCluster",),
        resources=(cluster,),
    )

    assert lay_out(finding).headline == ("Attack sequence: EKS cluster prod compromised, 3 signals")


def test_a_session_without_mfa_is_said() -> None:
    """Only what is unusual is said of a session."""
    context = {"Attributes": {"MfaAuthenticated": False}}
    finding = finding_of({}, resources=(key_of("AKIAX", SessionContext=context),))

    assert dict(lay_out(finding).facts) == {"Session": "without MFA"}
