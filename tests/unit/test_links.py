"""Addresses that a card links to."""

from urllib.parse import parse_qs, quote_plus, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import make_finding, make_resource
from finding_router.findings.asff import read_finding
from finding_router.findings.partitions import PARTITIONS
from finding_router.slack.kit.links import (
    AccessPortal,
    Arn,
    finding_url,
    guide_url,
    is_of_aws,
    outside,
    product_url,
    resource_url,
)
from ocsf_findings import DETECTION_ID, cspm_twin, detection

PORTAL = AccessPortal("https://acme.awsapps.com/start", "ReadOnly")
ID = "arn:aws:guardduty:eu-west-1:123456789012:detector/1/finding/2"


class TestArn:
    """ARNs taken apart."""

    @pytest.mark.parametrize(
        ("text", "kind", "name"),
        [
            ("arn:aws:s3:::bucket", "bucket", "bucket"),
            ("arn:aws:s3:::bucket/key/of it", "object", "bucket/key/of it"),
            ("arn:aws:ec2:eu-west-1:1:instance/i-1", "instance", "i-1"),
            ("arn:aws:lambda:eu-west-1:1:function:pay:7", "function", "pay:7"),
            ("arn:aws:iam::1:root", "", "root"),
            ("arn:aws:ecr:eu-west-1:1:repository/a/b/sha256:0", "image", "a/b/sha256:0"),
            ("arn:aws:ecr:eu-west-1:1:repository/a/b", "repository", "a/b"),
        ],
    )
    def test_kind_and_id_are_told_apart(self, text: str, kind: str, name: str) -> None:
        """Services part them by a slash, a colon, or not at all."""
        arn = Arn.read(text)

        assert arn is not None
        assert (kind, name) == (arn.kind, arn.id)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "No trails",
            "AWS::::Account:123456789012",
            "arn:aws:s3",
            "arn:aws::::x",
            "arn:a:b:c:d:",
        ],
    )
    def test_what_is_no_arn_is_none(self, text: str) -> None:
        """Ids of other shapes are not guessed at."""
        assert Arn.read(text) is None


class TestFindingUrl:
    """The way to the finding."""

    @pytest.mark.parametrize(
        ("partition", "region", "host"),
        [
            ("aws", "eu-west-1", "eu-west-1.console.aws.amazon.com"),
            ("aws-us-gov", "us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
            ("aws-cn", "cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ],
    )
    def test_every_partition_has_its_console(self, partition: str, region: str, host: str) -> None:
        """The link opens the finding's own Region, searching for its id."""
        url = finding_url(make_finding(id=ID, partition=partition, region=region), None)

        assert url == (
            f"https://{host}/securityhub/home?region={region}#/findings?search="
            "Id%3D%255Coperator%255C%253AEQUALS%255C%253A"
            "arn%3Aaws%3Aguardduty%3Aeu-west-1%3A123456789012%3Adetector%2F1%2Ffinding%2F2"
        )

    @pytest.mark.parametrize(
        ("partition", "region"),
        [
            ("aws-moon", "moon-tycho-1"),
            ("aws", None),
            ("aws", "global"),
            ("aws", "evil.example/"),
            ("aws-iso", "us-gov-west-1"),
        ],
    )
    def test_without_a_known_place_there_is_no_link(
        self, partition: str, region: str | None
    ) -> None:
        """A link that cannot work, or that a finding steers elsewhere, is not made."""
        finding = make_finding(partition=partition, region=region, product_arn="nonsense")

        assert finding_url(finding, None) is None

    @pytest.mark.parametrize("region", ["global", "evil.example/", "cn-north-1"])
    def test_the_product_arn_has_the_region_that_a_finding_lacks(self, region: str) -> None:
        """A Region that its partition cannot have does not lead to a console that is not there."""
        url = finding_url(make_finding(region=region), None)

        assert (url or "").startswith(f"{REGIONAL}securityhub/home?region=eu-west-1#")

    def test_the_portal_signs_in_to_the_finding_s_account(self) -> None:
        """The access portal gets account, role and the console's address, encoded as a whole."""
        finding = make_finding(id=ID)
        url = finding_url(finding, PORTAL)

        assert url is not None
        start, _, query = url.partition("/#/console?")
        values = parse_qs(query, strict_parsing=True)
        assert start == "https://acme.awsapps.com/start"
        assert values == {
            "account_id": ["123456789012"],
            "role_name": ["ReadOnly"],
            "destination": [finding_url(finding, None)],
        }

    def test_the_longest_id_still_has_a_link(self) -> None:
        """512 characters of an ARN are linked to, through a portal too."""
        finding = make_finding(id="arn:aws:" + "abc/-def" * 63)

        assert len(finding.id) == 512
        assert finding_url(finding, PORTAL) is not None

    def test_a_link_longer_than_it_is_worth_is_left_out(self) -> None:
        """An id that explodes when encoded does not eat up the message."""
        assert finding_url(make_finding(id="%" * 512), PORTAL) is None


class TestPortal:
    """Access portals as operators write them."""

    @pytest.mark.parametrize(
        "written", ["https://acme.awsapps.com/start/", "https://acme.awsapps.com/start/#/ "]
    )
    def test_a_trailing_slash_does_not_matter(self, written: str) -> None:
        """The address is taken as it is copied from a browser."""
        url = finding_url(make_finding(), AccessPortal(written))

        assert url is not None
        assert url.startswith("https://acme.awsapps.com/start/#/console?account_id=")
        assert "role_name" not in url

    @pytest.mark.parametrize("written", ["", "acme.awsapps.com/start", "javascript:alert(1)"])
    def test_an_unusable_portal_is_passed_by(self, written: str) -> None:
        """Links lead to the console directly rather than nowhere."""
        finding = make_finding()

        assert finding_url(finding, AccessPortal(written)) == finding_url(finding, None)

    def test_without_an_account_the_link_is_direct(self) -> None:
        """The portal cannot sign in to an unnamed account."""
        finding = make_finding(account_id=None)

        assert finding_url(finding, PORTAL) == finding_url(finding, None)


class TestFindingUrlOfOcsf:
    """The way to a finding of AWS Security Hub, as AWS's own solutions link it."""

    @pytest.mark.parametrize(
        ("partition", "region", "host"),
        [
            ("aws", "eu-west-1", "console.aws.amazon.com"),
            ("aws-cn", "cn-north-1", "console.amazonaws.cn"),
            ("aws-us-gov", "us-gov-west-1", "console.amazonaws-us-gov.com"),
        ],
    )
    def test_it_leads_to_the_page_of_v2(self, partition: str, region: str, host: str) -> None:
        """Searched for by its provider's id, on the console without a Region in its host."""
        finding = make_finding(detection(), id=DETECTION_ID, partition=partition, region=region)

        assert finding_url(finding, None) == (
            f"https://{host}/securityhub/v2/home?region={region}#/findings?search="
            "finding_info.uid%3D%255Coperator%255C%253AEQUALS%255C%253A"
            f"{quote_plus(DETECTION_ID)}"
        )

    def test_security_hub_s_own_id_is_another_field(self) -> None:
        """Where the provider has none."""
        url = finding_url(make_finding({"class_uid": 2004}, id="e" * 64), None) or ""

        assert f"search=metadata.uid%3D%255Coperator%255C%253AEQUALS%255C%253A{'e' * 64}" in url

    def test_the_portal_is_on_the_way(self) -> None:
        """As for every console."""
        url = finding_url(make_finding(detection(), id=DETECTION_ID), PORTAL) or ""

        assert url.startswith("https://acme.awsapps.com/start/#/console?account_id=123456789012")

    def test_the_form_of_the_event_decides(self) -> None:
        """A finding that is known in both is linked where it came from."""
        raw = detection()
        ours, other = read_finding(raw), read_finding(cspm_twin(raw))

        assert ours.key == other.key
        assert "/securityhub/v2/home" in (finding_url(ours, None) or "")
        assert "/securityhub/home" in (finding_url(other, None) or "")

    def test_without_a_region_there_is_none(self) -> None:
        """No page is guessed."""
        assert (
            finding_url(make_finding(detection(), region="nowhere", product_arn="x"), None) is None
        )


REGIONAL = "https://eu-west-1.console.aws.amazon.com/"
GLOBAL = "https://console.aws.amazon.com/"


class TestResourceUrl:
    """The way to a resource."""

    @pytest.mark.parametrize(
        ("arn", "expected"),
        [
            ("s3:::invoices", GLOBAL + "s3/buckets/invoices"),
            ("s3:::invoices/2026/a b.csv", GLOBAL + "s3/object/invoices?prefix=2026%2Fa%20b.csv"),
            (
                "ec2:eu-west-1:123456789012:instance/i-1",
                REGIONAL + "ec2/home?region=eu-west-1#InstanceDetails:instanceId=i-1",
            ),
            (
                "ec2:eu-west-1:123456789012:security-group/sg-1",
                REGIONAL + "ec2/home?region=eu-west-1#SecurityGroup:groupId=sg-1",
            ),
            ("iam::123456789012:role/team/deploy", GLOBAL + "iam/home#/roles/details/deploy"),
            ("iam::123456789012:user/ann", GLOBAL + "iam/home#/users/details/ann"),
            (
                "lambda:eu-west-1:123456789012:function:pay:live",
                REGIONAL + "lambda/home?region=eu-west-1#/functions/pay",
            ),
            (
                "rds:eu-west-1:123456789012:db:orders",
                REGIONAL + "rds/home?region=eu-west-1#database:id=orders;is-cluster=false",
            ),
            (
                "sqs:eu-west-1:123456789012:jobs",
                REGIONAL + "sqs/v3/home?region=eu-west-1#/queues/"
                "https%3A%2F%2Fsqs.eu-west-1.amazonaws.com%2F123456789012%2Fjobs",
            ),
            (
                "ecr:eu-west-1:123456789012:repository/shop/web/sha256:0a",
                REGIONAL + "ecr/repositories/private/123456789012/shop%2Fweb/_/image/sha256%3A0a"
                "/details?region=eu-west-1",
            ),
            (
                "glue:eu-west-1:123456789012:job/nightly",
                GLOBAL + "go/view?arn=arn%3Aaws%3Aglue%3Aeu-west-1%3A123456789012%3Ajob%2Fnightly",
            ),
        ],
    )
    def test_aws_resources_have_their_page(self, arn: str, expected: str) -> None:
        """Resources that the console can show are linked to, by a page of their own or by ARN."""
        assert expected == resource_url(make_resource("arn:aws:" + arn), make_finding(), None)

    @pytest.mark.parametrize(
        ("arn", "host"),
        [
            ("arn:aws-us-gov:s3:::b", "console.amazonaws-us-gov.com"),
            ("arn:aws-cn:ec2:cn-north-1:1:vpc/v", "cn-north-1.console.amazonaws.cn"),
        ],
    )
    def test_the_arn_names_the_partition(self, arn: str, host: str) -> None:
        """A resource is shown by the console of its own cloud."""
        url = resource_url(make_resource(arn), make_finding(), None)

        assert urlsplit(url or "").hostname == host

    @pytest.mark.parametrize("partition", PARTITIONS)
    def test_every_partition_has_its_links(self, partition: str) -> None:
        """The finding, a resource with a Region and one without are shown by its console."""
        known = PARTITIONS[partition]
        finding = make_finding(partition=partition, region=known.home)
        machine = make_resource(f"arn:{partition}:ec2:{known.home}:1:instance/i-1")
        bucket = make_resource(f"arn:{partition}:s3:::b", region=known.home)
        host = f"https://{known.home}.{known.console}/"

        assert (finding_url(finding, None) or "").startswith(f"{host}securityhub/home?region=")
        assert f"{host}ec2/home?region={known.home}#InstanceDetails:instanceId=i-1" == resource_url(
            machine, finding, None
        )
        assert f"https://{known.console}/s3/buckets/b" == resource_url(bucket, finding, None)

    @pytest.mark.parametrize("partition", PARTITIONS)
    def test_every_partition_is_reached_through_the_portal(self, partition: str) -> None:
        """A page of its console that a product names opens signed in."""
        known = PARTITIONS[partition]
        found = outside(f"https://{known.home}.{known.console}/x", "123456789012", PORTAL)

        assert found is not None
        assert found.url.startswith("https://acme.awsapps.com/start/#/console?")

    def test_a_queue_in_china_has_its_own_address(self) -> None:
        """Queue addresses end in .cn there."""
        url = resource_url(make_resource("arn:aws-cn:sqs:cn-north-1:1:q"), make_finding(), None)

        assert "sqs.cn-north-1.amazonaws.com.cn/1/q" in unquote(url or "")

    def test_the_resource_s_region_stands_in_for_the_arn_s(self) -> None:
        """An ARN without a Region borrows the one that the finding gives the resource."""
        arn = "arn:aws:ec2::123456789012:instance/i-1"
        finding = make_finding()

        assert "region=eu-west-1" in (resource_url(make_resource(arn), finding, None) or "")
        without = resource_url(make_resource(arn, region=None), finding, None)
        assert without is not None
        assert without.startswith(GLOBAL + "go/view?arn=")

    @pytest.mark.parametrize(
        "name",
        [
            "AWS::::Account:123456789012",
            "/subscriptions/1/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v",
            "//compute.googleapis.com/projects/p/instances/i",
            "arn:aws-moon:s3:::bucket",
            "i-0123456789abcdef0",
        ],
    )
    def test_elsewhere_there_is_no_link(self, name: str) -> None:
        """Ids that are no ARNs, other clouds and unknown partitions are not linked to."""
        assert resource_url(make_resource(name), make_finding(), None) is None

    def test_the_portal_opens_the_resource_s_account(self) -> None:
        """A resource of another account is opened there; a bucket, in the finding's."""
        finding = make_finding()
        other = make_resource("arn:aws:ec2:eu-west-1:999988887777:instance/i-1")

        assert "account_id=999988887777&" in (resource_url(other, finding, PORTAL) or "")
        assert "account_id=123456789012&" in (resource_url(make_resource(), finding, PORTAL) or "")

    @given(st.text(), st.text())
    def test_nothing_in_an_id_leaves_the_console(self, service: str, name: str) -> None:
        """With any ARN, the link has no character that ends it and leads to AWS."""
        resource = make_resource(f"arn:aws:{service}:eu-west-1:123456789012:{name}")
        url = resource_url(resource, make_finding(), None)

        assert url is None or url.startswith((REGIONAL, GLOBAL))
        assert not {"<", ">", "|", " ", "\n"} & set(url or "")


class TestOutside:
    """Addresses from products."""

    def test_the_host_is_told(self) -> None:
        """The reader sees where a link leads."""
        found = outside("https://docs.aws.amazon.com/a?b=c&d=%20#e", None, None)

        assert found is not None
        assert found.url == "https://docs.aws.amazon.com/a?b=c&d=%20#e"
        assert found.host == "docs.aws.amazon.com"

    def test_what_could_end_a_link_is_encoded(self) -> None:
        """A label cannot be smuggled in."""
        found = outside("https://evil.example/|https://aws.amazon.com> x", None, None)

        assert found is not None
        assert found.url == "https://evil.example/%7Chttps://aws.amazon.com%3E%20x"

    @pytest.mark.parametrize(
        "written",
        [
            None,
            "",
            "see the documentation",
            "ftp://example.com/",
            "javascript:alert(1)",
            "data:text/html,x",
            "https:///path",
            "https://docs.aws.amazon.com@evil.example/",
            "https://user:secret@example.com/",
            "https://exämple.com/",
            "https://evil.example\\@docs.aws.amazon.com/",
            "https://[::1/",
            "https://example.com:port/",
            "https://-example.com/",
            "https://a..b/",
            "https://example.com/" + "x" * 2000,
        ],
    )
    def test_what_is_not_plainly_the_web_is_no_link(self, written: str | None) -> None:
        """Other schemes, names before the host, look-alike letters and endless ones are refused."""
        assert outside(written, None, None) is None

    def test_a_port_may_be_named(self) -> None:
        """A product on a port of its own is the web too."""
        found = outside("http://scanner.example:8443/1", None, None)

        assert found is not None
        assert found.host == "scanner.example"

    def test_a_console_is_reached_through_the_portal(self) -> None:
        """GuardDuty's own page opens signed in; pages elsewhere are left alone."""
        console = "https://eu-west-1.console.aws.amazon.com/guardduty/home"
        through = outside(console, "123456789012", PORTAL)
        beside = outside("https://docs.aws.amazon.com/", "123456789012", PORTAL)

        assert through is not None
        assert through.url.startswith("https://acme.awsapps.com/start/#/console?")
        assert through.host == "eu-west-1.console.aws.amazon.com"
        assert beside is not None
        assert beside.url == "https://docs.aws.amazon.com/"

    def test_a_console_page_too_long_for_the_portal_is_direct(self) -> None:
        """The portal's encoding may make a link too long."""
        console = "https://console.aws.amazon.com/" + "%2F" * 600
        found = outside(console, "123456789012", PORTAL)

        assert found is not None
        assert found.url == console


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("docs.aws.amazon.com", True),
        ("eu-west-1.console.aws.amazon.com", True),
        ("console.amazonaws-us-gov.com", True),
        ("evil-aws.amazon.com", False),
        ("aws.amazon.com.evil.example", False),
        ("bucket.s3.amazonaws.com", False),
    ],
)
def test_only_aws_has_its_hosts(host: str, *, expected: bool) -> None:
    """A link there needs no host in its label; anybody can have a page on some others."""
    assert is_of_aws(host) is expected


class TestProductUrl:
    """The way to the console of a product, and to AWS's documentation."""

    @pytest.mark.parametrize(
        ("partition", "region", "expected"),
        [
            ("aws", "eu-west-1", "https://eu-west-1.console.aws.amazon.com/x?r=eu-west-1&id=a%2Fb"),
            (
                "aws-cn",
                "cn-north-1",
                "https://cn-north-1.console.amazonaws.cn/x?r=cn-north-1&id=a%2Fb",
            ),
            (
                "aws-iso",
                "us-iso-east-1",
                "https://us-iso-east-1.console.c2shome.ic.gov/x?r=us-iso-east-1&id=a%2Fb",
            ),
            ("aws-iso", "eu-west-1", None),
            ("aws", "evil.example/", None),
            ("aws", None, None),
        ],
    )
    def test_it_is_in_the_partition_and_region_of_the_finding(
        self, partition: str, region: str | None, expected: str | None
    ) -> None:
        """Without a valid Region there is no page."""
        finding = make_finding(partition=partition, region=region)

        assert product_url(finding, "x?r={region}&id={name}", name="a/b") == expected

    @pytest.mark.parametrize("value", [None, "", " \u200b "])
    def test_a_missing_value_makes_no_page(self, value: str | None) -> None:
        """A page of nothing would show everything."""
        assert product_url(make_finding(), "x?id={name}", name=value) is None

    def test_the_documentation_of_china_is_elsewhere(self) -> None:
        """Its services are not the same."""
        assert guide_url(make_finding(), "x.html") == "https://docs.aws.amazon.com/x.html"
        assert guide_url(make_finding(partition="aws-cn"), "x.html") == (
            "https://docs.amazonaws.cn/en_us/x.html"
        )
