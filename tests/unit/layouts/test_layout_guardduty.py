"""GuardDuty's layout."""

from typing import Any

import pytest

from factories import make_finding, make_resource
from finding_router.findings.finding import Finding
from finding_router.slack.layouts.guardduty import lay_out

SERVICE = "aws/guardduty/service/"


def finding_of(fields: dict[str, str], **changes: Any) -> Finding:
    """Make a finding with these fields of GuardDuty's own JSON."""
    flat = {SERVICE + path: text for path, text in fields.items()}
    return make_finding({"ProductFields": flat}, product="GuardDuty", **changes)


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
    "resourceRole": "TARGET",
}


def test_an_attack_shows_actor_place_port_and_count() -> None:
    """Who knocks, from where, on which port, how often."""
    finding = finding_of(
        CONNECTION, types=("TTPs/Initial Access/UnauthorizedAccess:EC2-SSHBruteForce",)
    )

    assert dict(lay_out(finding).facts) == {
        "Finding type": "UnauthorizedAccess:EC2-SSHBruteForce",
        "Actor IP": "`192.0.2.146`",
        "Location": "Frankfurt, Germany · Beispiel Netz AS64510",
        "Action": "network connection",
        "Port": "22 (SSH) · TCP · inbound",
        "Count": "1204 times",
        "Blocked": "yes",
    }


def test_outbound_the_remote_port_counts() -> None:
    """An attacking instance is shown with the target of its connection."""
    outbound = CONNECTION | {
        "action/networkConnectionAction/connectionDirection": "OUTBOUND",
        "action/networkConnectionAction/blocked": "false",
        "resourceRole": "ACTOR",
        "count": "1",
    }
    shown = dict(lay_out(finding_of(outbound)).facts)

    assert shown["Port"] == "50022 · TCP · outbound"
    assert shown["Remote IP"] == "`192.0.2.146`"
    assert shown["Count"] == "1"
    assert "Blocked" not in shown


def test_an_api_call_is_named_as_policies_name_it() -> None:
    """Service and call, how it ended, and as whom."""
    call = "action/awsApiCallAction/"
    finding = finding_of(
        {
            "action/actionType": "AWS_API_CALL",
            call + "api": "ListBuckets",
            call + "serviceName": "s3.amazonaws.com",
            call + "errorCode": "AccessDenied",
            call + "domainDetails/domain": "x.example",
            call + "remoteIpDetails/organization/asn": "-1",
        },
        resources=(
            make_resource(),
            make_resource(
                "AWS::IAM::AccessKey:ASIAX",
                type="AwsIamAccessKey",
                raw={"Details": {"AwsIamAccessKey": {"PrincipalName": "deploy"}}},
            ),
            make_resource(
                "AWS::IAM::AccessKey:ASIAY",
                type="AwsIamAccessKey",
                raw={"Details": {"AwsIamAccessKey": {"UserName": "ann"}}},
            ),
        ),
    )

    assert dict(lay_out(finding).facts) == {
        "Action": "AWS API call",
        "API": "`s3:ListBuckets` · AccessDenied",
        "Domain": "`x.example`",
        "User": "deploy, ann",
    }


def test_a_call_without_a_service_is_named_alone() -> None:
    """Without a service there is no colon."""
    finding = finding_of({"action/awsApiCallAction/api": "ListBuckets"})

    assert dict(lay_out(finding).facts) == {"API": "`ListBuckets`"}


def test_a_kubernetes_call_shows_verb_and_path() -> None:
    """EKS findings have a request instead of an API."""
    call = "action/kubernetesApiCallAction/"
    finding = finding_of({call + "verb": "create", call + "requestUri": "/api/v1/pods"})

    assert dict(lay_out(finding).facts) == {"API": "create `/api/v1/pods`"}


@pytest.mark.parametrize("index", [".0_", ":0_"])
def test_a_port_probe_shows_its_first_prober(index: str) -> None:
    """Older and newer findings number their lists differently."""
    probe = f"action/portProbeAction/portProbeDetails{index}/"
    finding = finding_of(
        {
            probe + "localPortDetails/port": "22",
            probe + "localPortDetails/portName": "Unknown",
            probe + "remoteIpDetails/ipAddressV4": "198.51.100.23",
        }
    )

    assert dict(lay_out(finding).facts) == {"Actor IP": "`198.51.100.23`", "Port": "22"}


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
        "Actor IP": "`198.51.100.23`",
        "Location": "Brazil",
        "Action": "port probe",
        "Port": "22 (SSH)",
    }


def test_a_dns_request_shows_the_domain() -> None:
    """The domain of the request is what the reader needs."""
    finding = finding_of(
        {"action/actionType": "DNS_REQUEST", "action/dnsRequestAction/domain": "c2.example"}
    )

    assert dict(lay_out(finding).facts) == {"Action": "DNS request", "Domain": "`c2.example`"}


def test_runtime_findings_show_the_process() -> None:
    """An unknown action is shown as it is named."""
    finding = finding_of(
        {"action/actionType": "NEW_KIND", "runtimeDetails/process/executablePath": "/tmp/x"}
    )

    assert dict(lay_out(finding).facts) == {"Action": "NEW_KIND", "Process": "`/tmp/x`"}
