"""The ASFF-shaped view of a finding in OCSF."""

from typing import Any

import pytest

from finding_router.findings.asff import read_finding
from finding_router.findings.ending import Ended, ending_of
from finding_router.findings.events import EventKind
from finding_router.findings.finding import Severity
from finding_router.findings.ocsf import in_asff, is_ocsf
from finding_router.findings.ocsf.resources import kind
from finding_router.findings.ocsf.view import as_asff
from finding_router.findings.reading import items_at, text_at, value_at
from finding_router.findings.screening import NotPosted, screen
from ocsf_findings import (
    ACCOUNT,
    KINDS,
    control,
    cspm_twin,
    data_security,
    detection,
    resource,
    sequence,
    vulnerability,
)

type Json = dict[str, Any]

MOMENT = "2026-11-21T03:12:40.310Z"


def info_of(raw: Json, **changes: Any) -> Json:
    """Return *raw* with changes of its finding_info; None takes a field away."""
    info = {**raw["finding_info"], **changes}
    return raw | {"finding_info": {name: each for name, each in info.items() if each is not None}}


class TestIdentity:
    """Who the finding is, in both Security Hubs."""

    @pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
    def test_it_is_that_of_the_twin(self, make: Any) -> None:
        """Id, ProductArn, account and Region are the same in both forms, so that one card is."""
        raw = make()
        view, other = as_asff(raw), cspm_twin(raw)
        names = ("Id", "ProductArn", "AwsAccountId", "AwsAccountName", "Region", "Title")

        assert {name: other[name] for name in names} == {name: view[name] for name in names}
        assert read_finding(other).key == read_finding(raw).key

    def test_ocsf_s_own_fields_stand_beside(self) -> None:
        """Patterns on them match the view, too; nothing of them is changed."""
        raw = detection()

        assert raw == {name: each for name, each in as_asff(raw).items() if name in raw}

    def test_fields_with_a_capital_are_the_view_s_alone(self) -> None:
        """An importer cannot add those of ASFF, such as the ARN of a product of AWS."""
        raw = detection(ProductArn="arn:aws:securityhub:eu-west-1::product/aws/macie", Note=3)
        del raw["metadata"]["product"]["uid"]
        view = as_asff(raw)

        assert "AWS/GuardDuty" == view["ProductArn"]
        assert "Note" not in view

    @pytest.mark.parametrize(
        ("product", "expected"),
        [
            ({"uid": "prowler", "name": "Prowler", "vendor_name": "Prowler"}, "Prowler"),
            ({"uid": "x", "name": "Scanner", "vendor_name": "Example"}, "Example/Scanner"),
            ({"uid": "scanner"}, "scanner"),
            ({"name": "Scanner"}, "Scanner"),
            ({}, None),
        ],
    )
    def test_another_producer_is_named(self, product: Json, expected: str | None) -> None:
        """It has no ARN: its names stand for one."""
        assert expected == as_asff(detection(metadata={"product": product})).get("ProductArn")

    def test_security_hub_s_own_id_stands_in(self) -> None:
        """A finding without its provider's id is known by that of Security Hub."""
        assert "e" * 64 == as_asff(info_of(detection(), uid=None))["Id"]

    def test_the_owner_of_a_resource_stands_in_for_the_account(self) -> None:
        """Where `cloud` has none."""
        assert ACCOUNT == as_asff(detection(cloud={}))["AwsAccountId"]

    @pytest.mark.parametrize(
        ("changes", "partition"),
        [
            ({"cloud": {"cloud_partition": "aws-cn"}}, "aws-cn"),
            ({"cloud": {"region": "us-gov-west-1"}}, "aws-us-gov"),
            ({"resources": [{"uid": "r", "cloud_partition": "aws-iso"}]}, "aws-iso"),
            ({"cloud": {"cloud_partition": "evil.example/"}}, "aws"),
        ],
    )
    def test_the_partition_is_read(self, changes: Json, partition: str) -> None:
        """The product's ARN says it first; here there is none."""
        product = {"product": {"uid": "own", "name": "Own"}}
        raw = detection(metadata=product, **{"resources": [], "cloud": {}, **changes})

        assert partition == read_finding(raw).partition

    def test_the_arn_says_the_partition_first(self) -> None:
        """It is what Security Hub itself writes."""
        raw = detection(cloud={"cloud_partition": "aws-cn"})

        assert "aws" == read_finding(raw).partition


class TestSeverity:
    """The id is normative."""

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ({"severity_id": 1}, Severity.INFORMATIONAL),
            ({"severity_id": 2}, Severity.LOW),
            ({"severity_id": 3, "severity": "High"}, Severity.MEDIUM),
            ({"severity_id": 5}, Severity.CRITICAL),
            ({"severity_id": 6, "severity": "Fatal"}, Severity.CRITICAL),
            ({"severity_id": "4"}, Severity.HIGH),
            ({"severity_id": 0, "severity": "Low"}, Severity.LOW),
            ({"severity_id": 99, "severity": " critical "}, Severity.CRITICAL),
            ({"severity_id": 99, "severity": "Fatal"}, Severity.CRITICAL),
            ({"severity": "Medium"}, Severity.MEDIUM),
            ({"severity_id": 99, "severity": "Strange"}, Severity.INFORMATIONAL),
            ({"severity_id": [], "severity": {}}, Severity.INFORMATIONAL),
            ({}, Severity.INFORMATIONAL),
        ],
    )
    def test_the_id_wins_over_the_caption(self, written: Json, expected: Severity) -> None:
        """The caption says it where the id says nothing."""
        raw = detection()
        for name in ("severity", "severity_id"):
            del raw[name]

        assert expected is read_finding(raw | written).severity

    def test_the_provider_s_own_is_kept_beside(self) -> None:
        """A person or a rule has changed the other."""
        raw = detection(vendor_attributes={"severity": "Low", "severity_id": 2})

        assert {"Label": "HIGH", "Original": "Low"} == as_asff(raw)["Severity"]


class TestState:
    """What becomes of a finding."""

    @pytest.mark.parametrize(
        ("changes", "ended", "screened"),
        [
            ({}, None, None),
            ({"status_id": 0, "status": "Unknown"}, None, None),
            ({"status_id": 99, "status": "Odd"}, None, None),
            ({"status_id": 2}, None, NotPosted.NOT_NEW),
            ({"status_id": 0, "status": "In Progress"}, None, NotPosted.NOT_NEW),
            ({"status_id": 3}, Ended.SUPPRESSED, NotPosted.NOT_NEW),
            ({"status_id": 4}, Ended.RESOLVED, NotPosted.NOT_NEW),
            ({"status_id": 5}, Ended.ARCHIVED, NotPosted.ARCHIVED),
            ({"status_id": None, "status": "resolved"}, Ended.RESOLVED, NotPosted.NOT_NEW),
            # A closed finding may still be New.
            ({"activity_id": 3}, Ended.ARCHIVED, NotPosted.ARCHIVED),
            ({"activity_id": 0, "activity_name": "Close"}, Ended.ARCHIVED, NotPosted.ARCHIVED),
            ({"activity_id": 2}, None, None),
        ],
    )
    def test_ends_are_told_apart(
        self, changes: Json, ended: Ended | None, screened: NotPosted | None
    ) -> None:
        """A close, and the statuses Suppressed, Resolved and Archived, end a finding."""
        finding = read_finding(detection(**changes))

        assert (ended, screened) == (ending_of(finding), screen(finding, EventKind.IMPORTED))

    @pytest.mark.parametrize(
        ("compliance", "ended"),
        [
            ({"status_id": 1}, Ended.PASSED),
            ({"status_id": 1, "status": "Fail"}, Ended.PASSED),
            ({"status": "pass"}, Ended.PASSED),
            ({"status": "PASSED"}, Ended.PASSED),
            ({"status_id": 3}, None),
            ({"status": "fail"}, None),
            ({"status_id": 2}, None),
        ],
    )
    def test_a_check_that_passes_is_an_end(self, compliance: Json, ended: Ended | None) -> None:
        """By its id, else by its caption in any case."""
        raw = control(compliance=compliance, status_id=4)
        if ended is None:
            raw["status_id"] = 1

        assert ended is ending_of(read_finding(raw))

    def test_what_security_hub_says_of_its_coverage_is_no_finding(self) -> None:
        """It is never posted."""
        raw = control()
        raw["metadata"]["product"]["name"] = "Security Hub Coverage"

        assert NotPosted.NOT_AVAILABLE is screen(read_finding(raw), EventKind.IMPORTED)


class TestTimes:
    """Milliseconds, seconds or text."""

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ({"first_seen_time": 1795230760310}, MOMENT),
            ({"first_seen_time": "1795230760310"}, MOMENT),
            ({"first_seen_time": 1795230760}, "2026-11-21T03:12:40.000Z"),
            ({"first_seen_time": None, "first_seen_time_dt": MOMENT}, MOMENT),
            ({"first_seen_time": {}, "first_seen_time_dt": MOMENT}, MOMENT),
            (
                {"first_seen_time": None, "first_seen_time_dt": "2026-11-21T03:12:40.310118002Z"},
                MOMENT,
            ),
            ({"first_seen_time": 0, "first_seen_time_dt": "2026-11-21T04:12:40.31+01:00"}, MOMENT),
            ({"first_seen_time": None, "first_seen_time_dt": "2026-11-21T03:12:40.310"}, MOMENT),
            ({"first_seen_time": "soon", "first_seen_time_dt": [MOMENT]}, None),
        ],
    )
    def test_each_form_is_read(self, written: Json, expected: str | None) -> None:
        """And written as ASFF writes it."""
        assert expected == as_asff(info_of(detection(), **written)).get("FirstObservedAt")

    def test_a_misspelt_name_is_read(self) -> None:
        """As a document of AWS has it."""
        raw = info_of(
            detection(time=None, time_dt=None),
            modified_time=None,
            **{"finding.info.modified_time_dt": "2026-11-21T03:12:40.310118002Z"},
        )

        assert MOMENT == as_asff(raw)["UpdatedAt"]


class TestTexts:
    """Title, description, types."""

    def test_the_product_s_own_types_come_first(self) -> None:
        """The word for the kind of finding tells least."""
        expected = ["Execution:Runtime/NewBinaryExecuted", "Threats"]

        assert expected == as_asff(detection())["Types"]

    def test_a_description_that_repeats_the_title_gives_way(self) -> None:
        """To what happened, where another field says it."""
        raw = info_of(detection(status_detail="It is not enabled."), desc="x", title="x")

        assert "It is not enabled." == as_asff(raw)["Description"]
        assert "x" == as_asff(info_of(detection(), desc="x", title="x"))["Description"]

    def test_a_person_s_comment_is_the_note(self) -> None:
        """Cards show it, and its author is not known."""
        assert {"Text": "seen"} == as_asff(detection(comment="seen"))["Note"]

    def test_advice_has_the_first_page(self) -> None:
        """Other producers put commands among the references."""
        expected = {
            "Text": "For information, consult the documentation.",
            "Url": "https://docs.aws.amazon.com/securityhub/S3.1",
        }

        assert {"Recommendation": expected} == as_asff(control())["Remediation"]


class TestResources:
    """Resources have the ARNs and kinds of ASFF."""

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("AWS::EC2::Instance", "AwsEc2Instance"),
            ("AWS::EC2::VPC", "AwsEc2Vpc"),
            ("AWS::EC2::SecurityGroup", "AwsEc2SecurityGroup"),
            ("AWS::RDS::DBInstance", "AwsRdsDbInstance"),
            ("AWS::DynamoDB::Table", "AwsDynamoDbTable"),
            ("AWS::ElasticLoadBalancingV2::LoadBalancer", "AwsElbv2LoadBalancer"),
            ("AWS::WAFv2::WebACL", "AwsWafv2WebAcl"),
            ("AWS::S3::Bucket", "AwsS3Bucket"),
            ("AWS::IAM::AccessKey", "AwsIamAccessKey"),
            ("AWS::::Account", "AwsAccount"),
            ("AWS::Container::Container", "Container"),
            ("AwsLambdaFunction", "AwsLambdaFunction"),
            ("Other", "Other"),
        ],
    )
    def test_kinds_are_asff_s(self, written: str, expected: str) -> None:
        """From the names that CloudFormation has."""
        assert expected == kind(written)

    @pytest.mark.parametrize(
        ("one", "expected"),
        [
            (
                resource("AWS::EC2::Instance", "i-1"),
                f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-1",
            ),
            (resource("AWS::S3::Bucket", "b"), "arn:aws:s3:::b"),
            (resource("AWS::SQS::Queue", "https://q", uid_alt="arn:aws:sqs:a:1:q"), None),
            (resource("AWS::IAM::AccessKey", "AKIA"), "AWS::IAM::AccessKey:AKIA"),
            (resource("AWS::::Account", ACCOUNT), f"AWS::::Account:{ACCOUNT}"),
            (resource("AwsAccount", f"AWS::::Account:{ACCOUNT}"), f"AWS::::Account:{ACCOUNT}"),
            (resource("AWS::S3::Object", "k/f.csv"), "k/f.csv"),
            ({"type": "AWS::EC2::Instance", "uid": "i-1"}, None),
            ({"name": "only a name"}, "only a name"),
            ({"type": "AWS::EC2::Instance"}, "AWS::EC2::Instance"),
        ],
    )
    def test_ids_are_arns_where_they_can_be(self, one: Json, expected: str | None) -> None:
        """So that they are linked, and are the same in both Security Hubs."""
        given = one.get("uid_alt") or f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-1"
        [found] = as_asff(detection(resources=[one]))["Resources"]

        assert (expected or given) == found["Id"]

    def test_without_an_account_an_id_stays(self) -> None:
        """No ARN is guessed."""
        raw = detection(cloud={}, resources=[{"type": "AWS::EC2::Instance", "uid": "i-1"}])

        assert "i-1" == as_asff(raw)["Resources"][0]["Id"]

    @pytest.mark.parametrize(
        ("tags", "expected"),
        [
            (
                [{"name": "a/b:c", "value": "d"}, {"name": "e"}, {"value": "f"}],
                {"a/b:c": "d", "e": ""},
            ),
            ({"team": "web", "odd": []}, {"team": "web"}),
            ("team", {}),
        ],
    )
    def test_tags_are_a_map(self, tags: object, expected: Json) -> None:
        """From the list that OCSF has."""
        raw = detection(resources=[resource("AWS::S3::Bucket", "b", tags=tags)])

        assert expected == as_asff(raw)["Resources"][0].get("Tags", {})

    def test_details_have_asff_s_spelling(self) -> None:
        """Whether they are an object, a text, or one with the kind as its only name."""
        kind_of_data = {"user_name": "ci", "user_type": "Role", "access_key_id": "A"}
        for data in (
            kind_of_data,
            '{"user_name": "ci", "user_type": "Role", "access_key_id": "A"}',
            {"awsIamAccessKeyDetails": {"userName": "ci", "userType": "Role", "accessKeyId": "A"}},
        ):
            raw = detection(resources=[resource("AWS::IAM::AccessKey", "A", data=data)])
            [found] = as_asff(raw)["Resources"]

            expected = {"UserName": "ci", "PrincipalType": "Role", "AccessKeyId": "A"}
            assert {"AwsIamAccessKey": expected} == found["Details"]

    @pytest.mark.parametrize("data", ["", "{", "[" * 100_000, "[1]", [1], 3, None, {}])
    def test_odd_details_are_none(self, data: object) -> None:
        """Of any type."""
        raw = detection(resources=[resource("AWS::S3::Bucket", "b", data=data)])

        assert "Details" not in as_asff(raw)["Resources"][0]

    def test_lists_in_details_are_kept(self) -> None:
        """With the names inside them."""
        data = {"network_interfaces": [{"subnet_id": "s"}]}
        [found] = as_asff(detection(resources=[resource("AWS::EC2::VPC", "v", data=data)]))[
            "Resources"
        ]

        assert {"AwsEc2Vpc": {"NetworkInterfaces": [{"SubnetId": "s"}]}} == found["Details"]

    def test_deep_details_are_cut(self) -> None:
        """Nobody reads them."""
        deep: Json = {"a": [1]}
        for _ in range(2000):
            deep = {"a": deep}
        raw = detection(resources=[resource("AWS::S3::Bucket", "b", data=deep)])

        assert "AwsS3Bucket" in as_asff(raw)["Resources"][0]["Details"]

    def test_a_container_has_its_name_and_image(self) -> None:
        """Its id alone says nothing."""
        one = resource("AWS::Container::Container", "a" * 64, name="cart", data={"image": "cart:1"})
        [found] = as_asff(detection(resources=[one]))["Resources"]

        assert {"Container": {"Name": "cart", "ImageName": "cart:1"}} == found["Details"]

    def test_a_region_that_is_none_is_left_out(self) -> None:
        """IAM's resources are global."""
        raw = detection(resources=[resource("AWS::IAM::Role", "r", region="global")])

        assert "Region" not in as_asff(raw)["Resources"][0]

    def test_a_resource_without_id_and_kind_is_none(self) -> None:
        """Nothing could be said of it."""
        raw = detection(resources=[{"region": "eu-west-1"}, resource("AWS::S3::Bucket", "b")])

        assert ["arn:aws:s3:::b"] == [each["Id"] for each in as_asff(raw)["Resources"]]

    def test_the_only_resource_of_an_older_schema_is_read(self) -> None:
        """Security Lake has one object for it."""
        raw = detection(resource=resource("AWS::S3::Bucket", "b"))
        del raw["resources"]

        assert ["arn:aws:s3:::b"] == [each["Id"] for each in as_asff(raw)["Resources"]]


class TestEvidence:
    """Action, process and count."""

    def test_a_call_has_its_caller_and_origin(self) -> None:
        """The first piece of evidence with an action is the action."""
        action = as_asff(detection())["Action"]
        call = action["AwsApiCallAction"]

        assert ("AWS_API_CALL", "CreateAccessKey") == (action["ActionType"], call["Api"])
        assert ("ci-deploy", "iam.amazonaws.com") == (call["UserName"], call["ServiceName"])
        assert {
            "IpAddressV4": "203.0.113.66",
            "City": {"CityName": "Oslo"},
            "Country": {"CountryName": "Norway"},
            "Organization": {"Asn": 64500, "AsnOrg": "Example Proxy"},
        } == call["RemoteIpDetails"]

    def test_a_process_has_user_command_hash_and_ancestors(self) -> None:
        """A user without a name has a number; the other processes are named."""
        process = as_asff(detection())["Process"]

        assert {
            "Name": "kworkerds",
            "Path": "/tmp/.x/kworkerds",
            "Pid": 4131,
            "ParentPid": 4127,
            "CommandLine": "/tmp/.x/kworkerds -o pool.example:3333",
            "User": "uid 33",
            "Sha256": "c" * 64,
            "Ancestry": ["sh", "php-fpm", "php-fpm", "/usr/lib/systemd/systemd"],
            "Others": ["/usr/bin/curl"],
        } == process

    def test_a_domain_and_a_connection_are_actions(self) -> None:
        """The far end of an outbound connection is its destination."""
        asked = as_asff(detection(evidences=[{"query": {"hostname": "evil.example"}}]))
        piece = {
            "connection_info": {"direction": "Outbound", "protocol_name": "tcp"},
            "src_endpoint": {"ip": "10.0.0.1", "port": 40000},
            "dst_endpoint": {"ip": "203.0.113.9", "port": 443},
        }
        outbound = as_asff(detection(evidences=[piece]))["Action"]["NetworkConnectionAction"]
        inbound = as_asff(detection(evidences=[piece | {"connection_info": {}}]))["Action"]

        assert "evil.example" == asked["Action"]["DnsRequestAction"]["Domain"]
        assert ("203.0.113.9", 443) == (
            outbound["RemoteIpDetails"]["IpAddressV4"],
            outbound["RemotePortDetails"]["Port"],
        )
        assert {"Port": 443} == inbound["NetworkConnectionAction"]["LocalPortDetails"]

    def test_malware_and_count_are_told(self) -> None:
        """How often, as GuardDuty's own field."""
        view = as_asff(detection(malware=[{"name": "EICAR", "path": "/tmp/e"}, {"odd": 1}]))

        assert [{"Name": "EICAR", "Path": "/tmp/e"}] == view["Malware"]
        assert {"aws/guardduty/service/count": "3"} == view["ProductFields"]


class TestSequence:
    """Attack sequences and exposures."""

    def test_signals_are_in_order_with_actors_and_origins(self) -> None:
        """And an actor or endpoint that several pieces of evidence have is told once."""
        view = as_asff(sequence())
        found = view["Detection"]["Sequence"]

        assert ["s1", "s2", "s3"] == [each["Id"] for each in found["Signals"]]
        assert [
            {
                "User": {
                    "Name": "ci-deploy",
                    "Type": "IAMUser",
                    "CredentialUid": "AKIAIOSFODNN7EXAMPLE",
                    "Account": {"Uid": "444455556666"},
                },
                "Session": {"MfaStatus": "DISABLED"},
            }
        ] == found["Actors"]
        [endpoint] = found["Endpoints"]
        assert ("203.0.113.66", "Oslo") == (endpoint["Ip"], endpoint["Location"]["City"])
        assert [
            {"Key": "ATTACK_TACTIC", "Values": ["Discovery", "TA0010"]},
            {"Key": "ATTACK_TECHNIQUE", "Values": ["Data from Cloud Storage"]},
            {"Key": "HIGH_RISK_API", "Values": ["s3:GetObject"]},
            {"Key": "TOR_IP", "Values": []},
        ] == found["SequenceIndicators"]
        assert "Action" not in view

    def test_parts_without_a_name_are_left_out(self) -> None:
        """Of actors, endpoints, techniques and traits."""
        raw = sequence(evidences=[{"actor": {"user": {"type": "Root"}}, "src_endpoint": {}}])
        raw["finding_info"] |= {"attacks": [{"technique": {}}], "traits": [{"values": ["x"]}]}
        found = as_asff(raw)["Detection"]["Sequence"]

        assert {"Uid", "Signals"} == found.keys()

    def test_tactics_alone_are_no_sequence(self) -> None:
        """Each detection may have some."""
        raw = info_of(detection(), attacks=[{"tactic": {"name": "Execution"}}])

        assert "Detection" not in as_asff(raw)


class TestVulnerabilities:
    """Packages, scores, exploit and fix."""

    def test_all_parts_are_told(self) -> None:
        """EPSS is a text; what is true or false is YES or NO."""
        [found] = as_asff(vulnerability())["Vulnerabilities"]

        assert 0.71 == found["EpssScore"]
        assert ("YES", "YES") == (found["ExploitAvailable"], found["FixAvailable"])
        assert [7.4, 9.8] == [each["BaseScore"] for each in found["Cvss"]]
        assert ["ALAS2023-2026-1"] == found["RelatedVulnerabilities"]
        assert "dnf update libexample" == found["VulnerablePackages"][0]["Remediation"]
        assert "2026-11-19T02:55:00.000Z" == found["LastKnownExploitAt"]
        assert {"VendorSeverity": "Important"} == found["Vendor"]

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"fix_coverage": "Partial"}, "PARTIAL"),
            ({"is_fix_available": False}, "NO"),
            ({"is_fix_available": "yes"}, None),
        ],
    )
    def test_the_fix_is_told(self, changes: Json, expected: str | None) -> None:
        """For all packages, for some, or none yet."""
        raw = vulnerability()
        raw["vulnerabilities"][0] |= changes

        assert expected == as_asff(raw)["Vulnerabilities"][0].get("FixAvailable")

    def test_code_is_placed(self) -> None:
        """File and lines."""
        code = {"file": {"path": "src/a.py"}, "start_line": 3, "end_line": 5}
        [found] = as_asff(vulnerability(vulnerabilities=[{"affected_code": [code]}]))[
            "Vulnerabilities"
        ]

        expected = {"FilePath": "src/a.py", "StartLine": 3.0, "EndLine": 5.0}
        assert [{"FilePath": expected}] == found["CodeVulnerabilities"]


def test_a_bucket_comes_first_with_what_it_holds() -> None:
    """And the object has the bucket in its ARN."""
    bucket, held = as_asff(data_security())["Resources"]

    assert ("arn:aws:s3:::data-lake", "arn:aws:s3:::data-lake/crm/customers.csv") == (
        bucket["Id"],
        held["Id"],
    )
    assert "true" == text_at(bucket, "Details", "AwsS3Bucket", "IsPublic")
    [found] = items_at(bucket, "DataClassification", "Result", "SensitiveData")
    assert ("PERSONAL_INFORMATION", 398) == (found["Category"], found["TotalCount"])


def test_the_bucket_itself_is_not_told_twice() -> None:
    """It is in `databucket` and among the resources; a category that is not known stays."""
    raw = data_security(resources=[resource("AWS::S3::Bucket", "data-lake")])
    raw["databucket"]["file"]["data_classifications"] = [{"category": "Odd"}]
    [bucket] = as_asff(raw)["Resources"]

    assert "Odd" == value_at(bucket, "DataClassification", "Result", "SensitiveData", 0, "Category")
    raw["databucket"] = {"uid": "arn:aws:s3:::b"}
    assert "DataClassification" not in as_asff(raw)["Resources"][0]


def test_a_control_has_requirements_parameters_and_reasons() -> None:
    """An assessment that is met is no reason."""
    assert {
        "Status": "FAILED",
        "SecurityControlId": "S3.1",
        "AssociatedStandards": [
            {"StandardsId": "standards/aws-foundational-security-best-practices/v/1.0.0"}
        ],
        "RelatedRequirements": ["CIS AWS Foundations 2.1.4"],
        "StatusReasons": [{"ReasonCode": "PUBLIC", "Description": "The bucket is public."}],
        "SecurityControlParameters": [{"Name": "days", "Value": ["90", "30"]}],
    } == as_asff(control())["Compliance"]


class TestForm:
    """Which findings are in OCSF."""

    @pytest.mark.parametrize(
        ("raw", "expected"),
        [
            (detection(), True),
            ({"class_uid": 2004, "metadata": {}}, True),
            ({"finding_info": {}}, True),
            (as_asff(detection()), True),
            ({"Id": "1"}, False),
            ({"finding_info": 3}, False),
            ([], False),
            (None, False),
        ],
    )
    def test_it_shows(self, raw: object, expected: object) -> None:
        """By the object of OCSF, or the number of the class."""
        assert expected is is_ocsf(raw)

    def test_the_view_is_made_once(self) -> None:
        """A view is returned as it is, and a stored one is the same again."""
        view = as_asff(detection())

        assert in_asff(view) is view
        assert view == as_asff(dict(view)) == in_asff(dict(view))

    def test_asff_is_left_alone(self) -> None:
        """It is no view of anything."""
        raw = {"Id": "1"}

        assert in_asff(raw) is raw


@pytest.mark.parametrize(
    ("kind_", "uid", "arn"),
    [
        ("AWS::RDS::DBInstance", "db-1", f"arn:aws:rds:eu-west-1:{ACCOUNT}:db:db-1"),
        ("AWS::DynamoDB::Table", "orders", f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orders"),
        (
            "AWS::SQS::Queue",
            f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/jobs",
            f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs",
        ),
        ("AWS::IAM::Role", "deploy", f"arn:aws:iam::{ACCOUNT}:role/deploy"),
    ],
)
def test_a_control_is_about_the_same_resource_in_both_forms(kind_: str, uid: str, arn: str) -> None:
    """By its ARN, also where OCSF has a bare id or a URL, or calls its Region global."""
    one = resource(kind_, uid, region="global")
    finding = read_finding(control(resources=[one]))

    assert [arn] == [each.id for each in finding.resources]
