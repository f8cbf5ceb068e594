"""Inspector's layout."""

from typing import Any

import pytest

from factories import make_finding, make_resource
from finding_router.slack.layouts.inspector import lay_out

INSTANCE = make_resource(
    "arn:aws:ec2:eu-west-1:123456789012:instance/i-0123456789abcdef0",
    type="AwsEc2Instance",
    tags={"Name": "web-1"},
)
IMAGE = make_resource(
    "arn:aws:ecr:eu-west-1:123456789012:repository/shop/web/sha256:0123456789abcdef",
    type="AwsEcrContainerImage",
    raw={"Details": {"AwsEcrContainerImage": {"ImageTags": ["1.42", "stable"]}}},
)
ONE = {
    "Id": "CVE-2026-1",
    "Cvss": [{"BaseScore": 7.5, "Version": "3.1"}],
    "ExploitAvailable": "YES",
    "VulnerablePackages": [{"Name": "zlib", "Version": "1"}],
}


def test_a_package_vulnerability_is_named_with_its_machine() -> None:
    """The package, where it is, the vulnerability, and how bad it is."""
    detail = lay_out(make_finding({"Vulnerabilities": [ONE]}, resources=(INSTANCE,)))

    assert detail.headline == "zlib on web-1: CVE-2026-1 (7.5, exploit known)"
    assert dict(detail.facts) == {
        "Vulnerability": "CVE-2026-1 · CVSS 7.5 (v3.1) · exploit known",
        "Package": "zlib 1",
    }


def test_an_image_is_called_by_its_tag() -> None:
    """Nobody knows an image by its digest; its other tags are named below."""
    detail = lay_out(make_finding({"Vulnerabilities": [ONE]}, resources=(IMAGE,)))

    assert detail.headline == "zlib in shop/web:1.42: CVE-2026-1 (7.5, exploit known)"
    assert dict(detail.facts)["Also tagged"] == "stable"


def test_several_vulnerabilities_are_counted() -> None:
    """The worst is named."""
    raw = {"Vulnerabilities": [{"Id": "CVE-2026-2"}, ONE]}

    assert lay_out(make_finding(raw, resources=(IMAGE,))).headline == (
        "2 vulnerabilities in shop/web:1.42, worst CVE-2026-1 (7.5, exploit known)"
    )


@pytest.mark.parametrize(
    ("vulnerability", "resources", "expected"),
    [
        ({"Id": "CVE-2026-1"}, (INSTANCE,), "CVE-2026-1 on web-1"),
        ({"Id": "CVE-2026-1"}, (), "CVE-2026-1"),
        ({}, (INSTANCE,), "CVE-2026-1 - zlib: web-1"),
    ],
)
def test_what_is_missing_is_left_out(
    vulnerability: dict[str, Any], resources: tuple[Any, ...], expected: str
) -> None:
    """Without package, resource or id, the rest is said."""
    raw = {"Vulnerabilities": [vulnerability]}

    assert lay_out(make_finding(raw, title="CVE-2026-1 - zlib", resources=resources)).headline == (
        expected
    )


def test_a_fault_in_code_shows_file_lines_and_layer() -> None:
    """Where in the code of which function, and which weaknesses."""
    function = make_resource("arn:aws:lambda:eu-west-1:1:function:render", type="AwsLambdaFunction")
    code = {
        "Cwes": ["CWE-77", "CWE-78"],
        "FilePath": {"FilePath": "src/handler.py", "StartLine": 42, "EndLine": 44},
        "SourceArn": "arn:aws:lambda:eu-west-1:1:layer:shared:7",
    }
    raw = {"Vulnerabilities": [{"Id": "python/x@v1", "CodeVulnerabilities": [code]}]}
    detail = lay_out(
        make_finding(raw, title="CWE-77,78 - OS command injection", resources=(function,))
    )

    assert detail.headline == "OS command injection in src/handler.py:42-44 of render"
    assert dict(detail.facts) == {
        "Code": "`src/handler.py:42-44` · CWE-77, CWE-78",
        "Source": "layer `shared:7`",
        "Vulnerability": "python/x@v1",
    }


def test_a_fault_in_code_without_its_place_is_named_all_the_same() -> None:
    """Not by the id of the detector."""
    raw = {"Vulnerabilities": [{"Id": "python/x@v1", "CodeVulnerabilities": [{"Cwes": ["CWE-1"]}]}]}
    function = make_resource("arn:aws:lambda:eu-west-1:1:function:render", type="AwsLambdaFunction")
    finding = make_finding(raw, title="CWE-1 - OS command injection", resources=(function,))

    assert lay_out(finding).headline == "OS command injection: render"


@pytest.mark.parametrize(
    ("ports", "expected", "headline"),
    [
        ({"Begin": 22, "End": 22}, "22 · TCP", "Port 22 reachable: web-1"),
        (
            {"Begin": 20, "End": 22},
            "20-22 · TCP",
            "Ports 20-22 reachable: web-1",
        ),
        ({"Begin": 22}, "22 · TCP", "Port 22 reachable: web-1"),
        (
            {"End": 22},
            "up to 22 · TCP",
            "Ports up to 22 reachable: web-1",
        ),
        ({}, None, "Bucket is public: web-1"),
    ],
)
def test_reachable_ports_are_shown(
    ports: dict[str, Any], expected: str | None, headline: str
) -> None:
    """A network reachability finding has no vulnerabilities, but ports."""
    raw = {"Network": {"OpenPortRange": ports, "Protocol": "TCP"}}
    detail = lay_out(make_finding(raw, resources=(INSTANCE,)))

    assert detail.headline == headline
    assert dict(detail.facts).get("Open ports") == expected


def test_the_way_from_the_internet_is_shown() -> None:
    """The components of the path, in the order of the traffic."""
    steps = [
        {"ComponentId": "igw-1", "ComponentType": "AWS::EC2::InternetGateway"},
        {"ComponentId": "arn:aws:ec2:eu-west-1:1:security-group/sg-1"},
        {"ComponentType": "AWS::EC2::NetworkInterface"},
        {},
    ]

    assert dict(lay_out(make_finding({"NetworkPath": steps})).facts) == {
        "Path": "igw-1 → sg-1 → `AWS::EC2::NetworkInterface`"
    }


def test_the_finding_in_inspector_is_one_click_away() -> None:
    """In the console of the finding's Region."""
    [page] = lay_out(make_finding(id="arn:aws:inspector2:eu-west-1:1:finding/0c")).pages

    assert page == (
        "Inspector",
        (
            "https://eu-west-1.console.aws.amazon.com/inspector/v2/home?region=eu-west-1"
            "#/findings/arn%3Aaws%3Ainspector2%3Aeu-west-1%3A1%3Afinding%2F0c"
        ),
    )
