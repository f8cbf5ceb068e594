"""Products without a layout of their own."""

from typing import Any

import pytest

from factories import make_finding, make_resource
from finding_router.slack.kit.detail import Detail
from finding_router.slack.layouts.generic import lay_out


def facts_of(raw: dict[str, Any], **changes: Any) -> dict[str, str]:
    """Lay out a finding with this JSON, and return its facts."""
    return dict(lay_out(make_finding(raw, **changes)).facts)


def test_a_bare_finding_adds_nothing() -> None:
    """Without known fields, nothing is shown but title and resource."""
    assert lay_out(make_finding()) == Detail(headline="Bucket is public: S3 bucket invoices")


@pytest.mark.parametrize(
    ("title", "resource", "expected"),
    [
        ("Bucket invoices is public.", "arn:aws:s3:::invoices", "Bucket invoices is public"),
        (
            "AwsS3Bucket/arn:aws:s3:::invoices/ is public",
            "arn:aws:s3:::invoices",
            "invoices is public",
        ),
        ("Open", "AWS::::Account:123456789012", "Open"),
        ("Open", "null", "Open"),
        (
            "A title that goes on and on, so that nobody would see the name of the resource in it",
            "arn:aws:s3:::invoices",
            "A title that goes on and on, so that nobody would see the name…: S3 bucket invoices",
        ),
    ],
)
def test_the_headline_names_fact_and_resource(title: str, resource: str, expected: str) -> None:
    """A title that names the resource stays; a long one makes room for the name."""
    kind = "AwsS3Bucket" if resource.startswith("arn") else None
    resources = (make_resource(resource, type=kind),)

    assert lay_out(make_finding(title=title, resources=resources)).headline == expected


def test_a_title_that_is_cut_is_whole_in_the_sentence() -> None:
    """Nothing of the fact is lost."""
    title = "A title that goes on and on, so that nobody would see the name of the resource in it"

    assert lay_out(make_finding(title=title)).sentence == title


def test_what_asff_has_for_everyone_is_shown() -> None:
    """Malware, network, process, indicators; in small print kind, requirements and ratios."""
    raw = {
        "Malware": [
            {"Name": "Dropper", "Type": "COIN_MINER", "State": "REMOVAL_FAILED"},
            {"Name": ""},
        ],
        "Network": {
            "SourceIpV4": "192.0.2.1",
            "DestinationDomain": "x.example",
            "DestinationPort": 53,
            "Direction": "OUT",
            "Protocol": "UDP",
        },
        "Process": {"Name": "sh", "Path": "/bin/sh", "Pid": 7, "ParentPid": 1},
        "ThreatIntelIndicators": [
            {"Value": "203.0.113.9", "Category": "COMMAND_AND_CONTROL", "Source": "Intel"}
        ],
        "PatchSummary": {"MissingCount": "100", "FailedCount": 0},
        "Compliance": {
            "RelatedRequirements": ["CIS 1.1", "CIS 1.2", "CIS 1.3", "CIS 1.4"],
            "StatusReasons": [{"ReasonCode": "BECAUSE"}],
        },
        "Confidence": 90,
        "FindingProviderFields": {"Criticality": 70},
        "GeneratorDetails": {"Name": "Rule of ours"},
        "VerificationState": "TRUE_POSITIVE",
        "RelatedFindings": [{"Id": "1"}, {"Id": "2"}],
    }
    detail = lay_out(make_finding(raw, types=("TTPs/Execution", "Effects/Data")))

    assert dict(detail.facts) == {
        "Malware": "`Dropper` · coin miner · removal failed",
        "Network": "192.0.2.1 → x.example port 53 · UDP · outbound",
        "Process": "`/bin/sh` · pid 7, parent 1",
        "Indicators": "203.0.113.9 (command and control, Intel)",
        "Patches": "100 missing",
    }
    assert [listing.items for listing in detail.listings] == [("BECAUSE",)]
    assert detail.small_print == (
        "Execution, Data",
        "requires CIS 1.1, CIS 1.2, CIS 1.3 + 1 more",
        "confidence 90 of 100",
        "criticality 70 of 100",
        "rule Rule of ours",
        "verified as true positive",
        "2 related findings",
    )


@pytest.mark.parametrize("confidence", [-1, 101, "high", None])
def test_a_confidence_that_is_none_is_not_shown(confidence: object) -> None:
    """ASFF's confidence goes from 0 to 100."""
    assert lay_out(make_finding({"Confidence": confidence})).small_print == ()


def test_vulnerabilities_are_shown_for_every_product() -> None:
    """Other scanners fill in the same fields as Inspector."""
    assert facts_of({"Vulnerabilities": [{"Id": "CVE-2026-1"}]}) == {"Vulnerability": "CVE-2026-1"}


@pytest.mark.parametrize(("blocked", "said"), [(True, "blocked"), (False, "not blocked")])
def test_an_action_of_any_product_is_shown(blocked: bool, said: str) -> None:  # noqa: FBT001
    """Who did what from where, and whether it was blocked."""
    call = {
        "Api": "ListUsers",
        "ServiceName": "iam.amazonaws.com",
        "RemoteIpDetails": {
            "IpAddressV4": "198.51.100.8",
            "Country": {"CountryCode": "NO"},
            "Organization": {"Asn": 64500, "AsnOrg": "Net"},
        },
    }
    port = {"LocalPortDetails": {"Port": 22}, "Blocked": blocked}
    domain = {"Domain": "x.example", "Blocked": blocked}

    assert facts_of({"Action": {"AwsApiCallAction": call | {"Blocked": blocked}}}) == {
        "Actor": "`198.51.100.8` · NO · Net AS64500",
        "Call": f"`iam:ListUsers` · {said}",
    }
    assert facts_of({"Action": {"NetworkConnectionAction": port}}) == {"Port": f"22 · {said}"}
    assert facts_of({"Action": {"DnsRequestAction": domain}}) == {
        "Domain": "`x.example`",
        "Blocked": "yes" if blocked else "no",
    }


def test_an_action_nested_too_deeply_is_not_read() -> None:
    """Nothing of ASFF is deeper than this."""
    deep: dict[str, Any] = {"Domain": "x.example"}
    for _ in range(50):
        deep = {"DnsRequestAction": deep}

    assert facts_of({"Action": deep}) == {}


def test_an_ecs_container_is_shown_with_its_image() -> None:
    """ASFF has two kinds of containers."""
    details = {"AwsEcsContainer": {"Name": "web", "Image": "shop/web:1", "Privileged": False}}
    resource = make_resource("x", type="AwsEcsContainer", raw={"Details": details})

    assert facts_of({}, resources=(resource,)) == {"Container": "`web` · `shop/web:1`"}


class TestOwnFields:
    """ProductFields and Details.Other."""

    def test_the_fields_of_the_product_are_shown_most_telling_first(self) -> None:
        """What ran, where, whose; ids and versions last, and not what Security Hub adds."""
        fields = {
            "acme/scan/Version": "3.2",
            "acme/scan/SHA256String": "8e1c",
            "acme/scan/ParentCommandLine": "/usr/sbin/apache2 -k start",
            "acme/scan/Disposition": "Detection, would have been blocked.",
            "acme/scan/Path": "/usr/bin/bash",
            "aws/securityhub/FindingId": "x",
            "acme/scan/Nothing": "N/A",
            "'": "1",
        }

        assert list(facts_of({"ProductFields": fields}).items()) == [
            ("Parent command line", "`/usr/sbin/apache2 -k start`"),
            ("Path", "`/usr/bin/bash`"),
            ("SHA-256", "`8e1c`"),
            ("Disposition", "Detection, would have been blocked."),
            ("Version", "`3.2`"),
        ]

    def test_file_and_lines_are_one_value_and_in_the_headline(self) -> None:
        """Two secrets of one commit are two cards."""
        other = {"File": "config/prod.env", "StartLine": "12", "EndLine": "14", "RuleId": "aws"}
        resource = make_resource("x", type="GitHubSecret", raw={"Details": {"Other": other}})
        detail = lay_out(make_finding({"ProductFields": {}}, resources=(resource,)))

        assert detail.headline == "Bucket is public: config/prod.env:12-14"
        assert dict(detail.facts) == {"File": "`config/prod.env:12-14`", "Rule ID": "`aws`"}

    def test_a_commit_is_linked_where_an_https_address_ends_in_it(self) -> None:
        """The address of the resource or of a field; its host is said."""
        url = "https://git.example/shop/commit/0a1b2c3d"
        fields = {"CommitId": "0a1b2c3d", "SecretURL": url, "Docs": "https://docs.example/x"}

        assert facts_of({"ProductFields": fields}) == {
            "Commit ID": f"<{url}|0a1b2c3d on git.example>",
            "Docs": "<https://docs.example/x|docs.example>",
        }
        assert facts_of({"ProductFields": {"CommitId": "0a1b", "U": "http://x.example/0a1b"}}) == {
            "Commit ID": "`0a1b`",
        }

    def test_what_is_about_the_tool_is_not_shown(self) -> None:
        """Nor that the check passed before, which stands in the line of the place."""
        fields = {"ProviderVersion": "3.3.0", "PreviousComplianceStatus": "PASSED"}

        assert facts_of({"ProductFields": fields}) == {}

    def test_what_the_card_says_anyway_is_not_repeated(self) -> None:
        """Nor is a value that two fields have."""
        fields = {
            "Author": "Jane",
            "By": "Jane",
            "Account": "123456789012",
            "T": "Bucket is public",
        }

        assert facts_of({"ProductFields": fields}) == {"Author": "`Jane`"}

    def test_secrets_are_never_shown(self) -> None:
        """A scanner may write what it found."""
        fields = {"Secret": "hunter2", "Match": "hunter2", "Token": "t", "Password": "p"}

        assert facts_of({"ProductFields": fields}) == {}

    def test_labels_cannot_format_and_values_cannot_mention(self) -> None:
        """Both are the product's text."""
        fields = {"*<!channel>* _x_": "<!here> *now*", "a" * 90: "1"}

        assert facts_of({"ProductFields": fields}) == {
            "Channel x": "&lt;!here&gt; `*now*`",
            "A" + "a" * 28: "`1`",
        }

    def test_only_the_first_are_shown(self) -> None:
        """A card has room for some, the finding is one click away."""
        fields = {f"Field{number}X": f"v{number}" for number in range(200)}

        assert len(facts_of({"ProductFields": fields})) == 8
