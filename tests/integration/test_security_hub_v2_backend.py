"""The local Security Hub V2 answers boto3 over HTTP as AWS documents it."""

import copy
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

from finding_router.routing.patterns.pattern import compile_pattern
from finding_router_local.aws import AwsServer
from finding_router_local.faults import Fault

GUARDDUTY = "arn:aws:securityhub:eu-west-1::productv2/aws/guardduty"
CREATED = 1_767_225_600_000
FINDING = {
    "activity_id": 1,
    "activity_name": "Create",
    "category_uid": 2,
    "class_name": "Detection Finding",
    "class_uid": 2004,
    "cloud": {"account": {"uid": "111122223333"}, "provider": "AWS", "region": "eu-west-1"},
    "finding_info": {
        "created_time": CREATED,
        "modified_time": CREATED,
        "title": "A port is probed",
        "types": ["Threats"],
        "uid": "arn:aws:guardduty:eu-west-1:111122223333:detector/1/finding/1",
    },
    "metadata": {
        "product": {"name": "GuardDuty", "uid": GUARDDUTY, "vendor_name": "AWS"},
        "uid": "uid-1",
        "version": "1.6.0",
    },
    "resources": [{"type": "AWS::EC2::Instance", "uid": "i-1"}],
    "severity": "High",
    "severity_id": 4,
    "status": "New",
    "status_id": 1,
    "type_name": "Detection Finding: Create",
    "type_uid": 200401,
    "vendor_attributes": {"severity": "High", "severity_id": 4},
}


def finding(uid: str | None = "uid-1", **changes: Any) -> Any:
    """Make a finding, of a provider's id of its own; without *uid* it lacks metadata.uid."""
    made = copy.deepcopy(FINDING) | changes
    if uid is None:
        del made["metadata"]["uid"]
    else:
        made["metadata"]["uid"] = uid
        made["finding_info"]["uid"] = f"finding of {uid}"
    return made


def identifier(of: Any) -> Any:
    """Name a finding as FindingIdentifiers does."""
    return {
        "CloudAccountUid": of["cloud"]["account"]["uid"],
        "FindingInfoUid": of["finding_info"]["uid"],
        "MetadataProductUid": of["metadata"]["product"]["uid"],
    }


DAYS = {
    "FieldName": "finding_info.created_time_dt",
    "Filter": {"DateRange": {"Value": 7, "Unit": "DAYS"}},
}


def text_filter(field: str, value: str, comparison: str = "EQUALS") -> Any:
    """Make a filter of StringFilters."""
    return {"FieldName": field, "Filter": {"Value": value, "Comparison": comparison}}


@pytest.fixture
def hub(aws_environment: AwsServer) -> Any:
    """Return a boto3 client that calls by HTTP, as other programs do."""
    assert aws_environment.url.startswith("http://127.0.0.1:")
    return boto3.client("securityhub", config=Config(retries={"total_max_attempts": 1}))


def stored(hub: Any, uid: str = "uid-1") -> Any:
    """Read a finding back."""
    filters = {"CompositeFilters": [{"StringFilters": [text_filter("metadata.uid", uid)]}]}
    [found] = hub.get_findings_v2(Filters=filters)["Findings"]
    return found


class TestBatchUpdateFindingsV2:
    """The call that changes findings."""

    def test_changes_status_comment_and_severity(self, aws: AwsServer, hub: Any) -> None:
        """Numbers and captions change together; the provider's severity is kept."""
        aws.security_hub.v2.load(finding())
        aws.security_hub.clock = lambda: 1_800_000_000.25

        answer = hub.batch_update_findings_v2(
            MetadataUids=["uid-1"], StatusId=2, Comment="seen", SeverityId=6
        )

        assert [{"MetadataUid": "uid-1", "FindingIdentifier": identifier(finding())}] == answer[
            "ProcessedFindings"
        ]
        assert [] == answer["UnprocessedFindings"]
        now = stored(hub)
        assert (2, "In Progress") == (now["status_id"], now["status"])
        assert (6, "Fatal") == (now["severity_id"], now["severity"])
        assert FINDING["vendor_attributes"] == now["vendor_attributes"]
        assert "seen" == now["comment"]
        assert (2, "Update") == (now["activity_id"], now["activity_name"])
        assert (200402, "Detection Finding: Update") == (now["type_uid"], now["type_name"])
        info = now["finding_info"]
        assert (CREATED, 1_800_000_000_250) == (info["created_time"], info["modified_time"])
        assert "2027-01-15T08:00:00.250Z" == info["modified_time_dt"]

    def test_keeps_the_severity_that_a_person_changes(self, aws: AwsServer, hub: Any) -> None:
        """The provider's severity is written down if it was not."""
        given = finding()
        del given["vendor_attributes"]
        aws.security_hub.v2.load(given)

        hub.batch_update_findings_v2(MetadataUids=["uid-1"], SeverityId=1)

        now = stored(hub)
        assert "Informational" == now["severity"]
        assert {"severity_id": 4, "severity": "High"} == now["vendor_attributes"]

    def test_takes_identifiers_in_place_of_uids(self, aws: AwsServer, hub: Any) -> None:
        """A finding without metadata.uid is found by account, provider's id and product."""
        bare = finding(None)
        aws.security_hub.v2.load(bare)

        answer = hub.batch_update_findings_v2(FindingIdentifiers=[identifier(bare)], StatusId=4)

        assert [identifier(bare)] == [
            each["FindingIdentifier"] for each in answer["ProcessedFindings"]
        ]
        [now] = hub.get_findings_v2()["Findings"]
        assert "Resolved" == now["status"]

    def test_echoes_an_event(
        self, aws: AwsServer, hub: Any, published: list[dict[str, Any]]
    ) -> None:
        """Every update comes back as an event that carries the new status and comment."""
        aws.security_hub.v2.load(finding())

        hub.batch_update_findings_v2(MetadataUids=["uid-1"], StatusId=2, Comment="seen")

        [event] = published
        pattern = {
            "source": ["aws.securityhub"],
            "detail-type": ["Findings Imported V2"],
            "resources": ["uid-1"],
            "detail": {
                "findings": {
                    "metadata": {"uid": ["uid-1"]},
                    "status_id": [2],
                    "activity_id": [2],
                    "comment": ["seen"],
                }
            },
        }
        assert compile_pattern(pattern).matches(event)
        assert 1 == len(event["detail"]["findings"])

    def test_closed_finding_stays_closed(self, aws: AwsServer, hub: Any) -> None:
        """A person's comment on it is no sign that the provider sees it again."""
        aws.security_hub.v2.load(finding(activity_id=3))

        hub.batch_update_findings_v2(MetadataUids=["uid-1"], Comment="seen")

        assert (3, "Close") == (stored(hub)["activity_id"], stored(hub)["activity_name"])

    def test_answers_200_for_a_finding_it_does_not_have(self, aws: AwsServer, hub: Any) -> None:
        """A finding that is not updated is in UnprocessedFindings, under HTTP 200."""
        aws.security_hub.v2.load(finding())

        answer = hub.batch_update_findings_v2(MetadataUids=["uid-1", "gone"], StatusId=2)
        other = hub.batch_update_findings_v2(
            FindingIdentifiers=[identifier(finding("gone"))], StatusId=2
        )

        [left] = answer["UnprocessedFindings"]
        assert ("gone", "ResourceNotFoundException") == (left["MetadataUid"], left["ErrorCode"])
        [left] = other["UnprocessedFindings"]
        assert identifier(finding("gone")) == left["FindingIdentifier"]
        assert "ResourceNotFoundException" == left["ErrorCode"]

    def test_processes_a_repeated_finding_once(
        self, aws: AwsServer, hub: Any, published: list[dict[str, Any]]
    ) -> None:
        """The second mention of a finding is not processed."""
        aws.security_hub.v2.load(finding())

        answer = hub.batch_update_findings_v2(MetadataUids=["uid-1", "uid-1"], StatusId=2)

        [left] = answer["UnprocessedFindings"]
        assert "ValidationException" == left["ErrorCode"]
        assert 1 == len(published)

    @pytest.mark.parametrize(
        ("request_", "mistake"),
        [
            ({"StatusId": 2}, "either MetadataUids or FindingIdentifiers"),
            ({"MetadataUids": [], "StatusId": 2}, "either MetadataUids or FindingIdentifiers"),
            (
                {
                    "MetadataUids": ["uid-1"],
                    "FindingIdentifiers": [identifier(FINDING)],
                    "StatusId": 2,
                },
                "either MetadataUids or FindingIdentifiers",
            ),
            ({"MetadataUids": ["uid"] * 101, "StatusId": 2}, "101 members"),
            (
                {"FindingIdentifiers": [identifier(FINDING)] * 101, "StatusId": 2},
                "101 members",
            ),
            ({"MetadataUids": ["uid-1"]}, "at least one of Comment, SeverityId, StatusId"),
            ({"MetadataUids": ["uid-1"], "Comment": ""}, "Comment must have 1 to 512"),
            ({"MetadataUids": ["uid-1"], "Comment": " "}, "Comment must have 1 to 512"),
            ({"MetadataUids": ["uid-1"], "Comment": "x" * 513}, "Comment must have 1 to 512"),
            ({"MetadataUids": ["uid-1"], "StatusId": 6}, "StatusId must be one of 0, 1, 2, 3"),
            ({"MetadataUids": ["uid-1"], "SeverityId": 7}, "SeverityId must be one of 0, 1, 2"),
        ],
    )
    def test_refuses_a_request_that_is_not_valid(
        self, aws: AwsServer, hub: Any, request_: dict[str, Any], mistake: str
    ) -> None:
        """The client lets it through, and the service refuses the whole call."""
        aws.security_hub.v2.load(finding())

        with pytest.raises(hub.exceptions.ValidationException, match=mistake) as raised:
            hub.batch_update_findings_v2(**request_)

        assert 400 == raised.value.response["ResponseMetadata"]["HTTPStatusCode"]
        assert "New" == stored(hub)["status"]

    def test_takes_a_call_of_the_largest_size(self, aws: AwsServer, hub: Any) -> None:
        """100 findings, a comment of 512 characters, and the last of the numbers."""
        uids = [f"uid-{number}" for number in range(100)]
        for uid in uids:
            aws.security_hub.v2.load(finding(uid))

        answer = hub.batch_update_findings_v2(
            MetadataUids=uids, Comment="x" * 512, StatusId=99, SeverityId=99
        )

        assert uids == [each["MetadataUid"] for each in answer["ProcessedFindings"]]
        assert ("Other", "Other") == (stored(hub)["status"], stored(hub)["severity"])


class TestFaults:
    """The operations go wrong as others do."""

    @pytest.mark.parametrize(
        "code",
        [
            "",
            "ConflictException",
            "InternalServerException",
            "ResourceNotFoundException",
            "ValidationException",
        ],
    )
    def test_leaves_findings_unprocessed_when_told(
        self, aws: AwsServer, hub: Any, published: list[dict[str, Any]], code: str
    ) -> None:
        """Any code can be asked for, for one finding of a call, as often as asked."""
        aws.security_hub.v2.load(finding())
        aws.security_hub.v2.load(finding("uid-2"))
        aws.security_hub.faults.add(Fault(effect="unprocessed", code=code, containing="uid-1"))

        codes = [
            [each["ErrorCode"] for each in answer["UnprocessedFindings"]]
            for answer in (
                hub.batch_update_findings_v2(MetadataUids=["uid-1", "uid-2"], StatusId=2)
                for _ in range(2)
            )
        ]

        assert [[code or "InternalServerException"], []] == codes
        assert 3 == len(published)

    def test_fault_of_cspm_is_none_of_v2(self, aws: AwsServer, hub: Any) -> None:
        """A fault with an operation is about that operation alone."""
        aws.security_hub.v2.load(finding())
        for effect in ("unprocessed", "throttle"):
            aws.faults.add(Fault(effect=effect, operation="BatchUpdateFindings", times=None))
        aws.security_hub.faults = aws.faults

        answer = hub.batch_update_findings_v2(MetadataUids=["uid-1"], StatusId=2)

        assert [] == answer["UnprocessedFindings"]

    @pytest.mark.parametrize(
        "operation",
        [
            "BatchUpdateFindingsV2",
            "CreateAggregatorV2",
            "DescribeSecurityHubV2",
            "GetAggregatorV2",
            "GetFindingsV2",
            "ListAggregatorsV2",
        ],
    )
    def test_throttles_by_name(self, aws: AwsServer, hub: Any, operation: str) -> None:
        """With the exception and the HTTP status of the V2 operations."""
        calls = {
            "BatchUpdateFindingsV2": lambda: hub.batch_update_findings_v2(MetadataUids=["x"]),
            "CreateAggregatorV2": lambda: hub.create_aggregator_v2(RegionLinkingMode="ALL_REGIONS"),
            "DescribeSecurityHubV2": hub.describe_security_hub_v2,
            "GetAggregatorV2": lambda: hub.get_aggregator_v2(AggregatorV2Arn="arn:aws:x/y"),
            "GetFindingsV2": hub.get_findings_v2,
            "ListAggregatorsV2": hub.list_aggregators_v2,
        }
        aws.faults.add(Fault(effect="throttle", operation=operation))

        with pytest.raises(hub.exceptions.ThrottlingException) as raised:
            calls[operation]()

        assert 429 == raised.value.response["ResponseMetadata"]["HTTPStatusCode"]
        assert {("securityhub", operation)} <= set(aws.gate.counts)

    def test_answers_with_the_error_asked_for(self, aws: AwsServer, hub: Any) -> None:
        """A Security Hub that is not enabled can be asked for so."""
        aws.faults.add(
            Fault(
                effect="error",
                operation="DescribeSecurityHubV2",
                code="ResourceNotFoundException",
                status=404,
            )
        )

        with pytest.raises(hub.exceptions.ResourceNotFoundException):
            hub.describe_security_hub_v2()

    @pytest.mark.parametrize(
        ("effect", "expected"), [("outage", "New"), ("lose_answer", "In Progress")]
    )
    def test_connection_breaks(self, aws: AwsServer, hub: Any, effect: str, expected: str) -> None:
        """An outage comes before the update, a lost answer after it."""
        aws.security_hub.v2.load(finding())
        aws.faults.add(Fault(effect=effect, operation="BatchUpdateFindingsV2"))

        with pytest.raises(ConnectionClosedError):
            hub.batch_update_findings_v2(MetadataUids=["uid-1"], StatusId=2)

        assert expected == stored(hub)["status"]


class TestImport:
    """Findings of products come in at the control address, as AWS has no public operation."""

    def test_new_finding_gets_what_security_hub_adds(
        self, aws: AwsServer, hub: Any, published: list[dict[str, Any]]
    ) -> None:
        """Identity, status and the provider's severity, and an event with them."""
        given = finding(None)
        for name in ("status", "status_id", "severity_id", "vendor_attributes"):
            del given[name]
        given["activity_id"] = None

        uids, failed = aws.security_hub.v2.import_findings([given])

        [uid] = uids
        assert (64, []) == (len(uid), failed)
        now = stored(hub, uid)
        assert (1, "New") == (now["status_id"], now["status"])
        assert {"severity_id": 4, "severity": "High"} == now["vendor_attributes"]
        assert (1, 200401) == (now["activity_id"], now["type_uid"])
        [event] = published
        assert ("Findings Imported V2", [uid]) == (event["detail-type"], event["resources"])
        assert [now] == event["detail"]["findings"]

    def test_leaves_what_belongs_to_the_customer(self, aws: AwsServer, hub: Any) -> None:
        """An import does not undo status, comment and severity, which a person has set."""
        aws.security_hub.v2.import_findings([finding()])
        hub.batch_update_findings_v2(
            MetadataUids=["uid-1"], StatusId=3, Comment="ours", SeverityId=2
        )
        again = finding(severity_id=5, vendor_attributes={"severity_id": 5}, activity_id=2)
        again["finding_info"]["title"] = "Again"

        aws.security_hub.v2.import_findings([again])

        now = stored(hub)
        assert ("Suppressed", "ours", "Low") == (now["status"], now["comment"], now["severity"])
        assert ("Again", {"severity_id": 5}) == (
            now["finding_info"]["title"],
            now["vendor_attributes"],
        )

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ({"activity_id": 3}, {"activity_id": 2}),
            ({"compliance": {"status_id": 1}}, {"compliance": {"status_id": 3}}),
            ({"compliance": {"status_id": 1}}, {"compliance": {"status_id": 2}}),
        ],
    )
    @pytest.mark.parametrize(
        ("status", "expected"), [(2, "New"), (4, "New"), (5, "New"), (3, "Suppressed")]
    )
    def test_reopens(
        self,
        aws: AwsServer,
        hub: Any,
        before: dict[str, Any],
        after: dict[str, Any],
        status: int,
        expected: str,
    ) -> None:
        """A finding that comes back is New again, unless a person suppressed it."""
        aws.security_hub.v2.load(finding(status_id=status, **before))

        aws.security_hub.v2.import_findings([finding(**after)])

        assert expected == stored(hub)["status"]

    @pytest.mark.parametrize(
        ("bad", "problem"),
        [
            ("text", "it is no object"),
            ({}, "metadata.uid is missing"),
            ({"metadata": {"uid": ["x"]}}, "metadata.uid is missing"),
            (finding("x", status_id="1"), "status_id is no integer"),
            (finding("x", activity_id=[]), "activity_id is no integer"),
            (finding("x", severity_id=True), "severity_id is no integer"),
        ],
    )
    def test_names_what_it_does_not_take(
        self, aws: AwsServer, hub: Any, bad: Any, problem: str
    ) -> None:
        """A finding that no answer could hold fails, its neighbour does not."""
        uids, failed = aws.security_hub.v2.import_findings([bad, finding()])

        assert ["uid-1"] == uids
        [left] = failed
        assert 0 == left["index"]
        assert left["problem"].startswith(problem)
        assert ["uid-1"] == [each["metadata"]["uid"] for each in hub.get_findings_v2()["Findings"]]


class TestLoad:
    """Taking over findings from events."""

    def test_late_event_does_not_undo_a_status(self, aws: AwsServer, hub: Any) -> None:
        """An event with New is older than another status in Security Hub."""
        aws.security_hub.v2.load(finding(status_id=2, status="In Progress"))

        aws.security_hub.v2.load(finding())

        assert (2, "In Progress") == (stored(hub)["status_id"], stored(hub)["status"])

    def test_other_status_is_taken(self, aws: AwsServer, hub: Any) -> None:
        """A status that a person has set comes with the event."""
        aws.security_hub.v2.load(finding())

        aws.security_hub.v2.load(finding(status_id=4, status="Resolved"))

        assert "Resolved" == stored(hub)["status"]

    def test_finding_that_comes_back_is_new(self, aws: AwsServer, hub: Any) -> None:
        """An event after that of the closing shows the finding open again."""
        aws.security_hub.v2.load(finding(activity_id=3, status_id=4, status="Resolved"))

        aws.security_hub.v2.load(finding(activity_id=2))

        assert "New" == stored(hub)["status"]

    def test_is_shown_as_it_came(self, aws: AwsServer, hub: Any) -> None:
        """Nothing is added to it, nor left out."""
        given = finding(unknown={"deep": [1, {"a": None}]})
        aws.security_hub.v2.load(given)

        assert given == stored(hub)

    def test_finding_without_identity_is_in_no_hub(self, aws: AwsServer) -> None:
        """A finding that nothing names cannot be looked up."""
        assert aws.security_hub.v2.load({"finding_info": {"uid": "x"}}) is None
        assert aws.security_hub.v2.load(finding(status_id="New")) is None

    def test_status_is_told_by_either_identity(self, aws: AwsServer) -> None:
        """By metadata.uid, or by the provider's id and product, be it named as in CSPM."""
        hub = aws.security_hub.v2
        hub.load(finding(status_id=2))
        source = "finding of uid-1"
        product = GUARDDUTY.replace("productv2", "product")

        told = [hub.status("", "uid-1"), hub.status(GUARDDUTY, source), hub.status(product, source)]

        assert ["In Progress"] * 3 == told
        assert hub.status(GUARDDUTY, "gone") is None

    def test_cspm_and_v2_are_apart(self, aws: AwsServer, hub: Any) -> None:
        """Neither product has the findings of the other."""
        aws.security_hub.v2.load(finding())

        assert [] == hub.get_findings()["Findings"]
        aws.security_hub.forget()
        assert [] == hub.get_findings_v2()["Findings"]


class TestGetFindingsV2:
    """Reading findings back."""

    @pytest.fixture(autouse=True)
    def _findings(self, aws: AwsServer) -> None:
        """Store three findings."""
        hub = aws.security_hub.v2
        hub.load(finding("a-1"))
        hub.load(
            finding(
                "a-2",
                status_id=4,
                status="Resolved",
                severity_id=2,
                severity="Low",
                resources=[
                    {"uid": "i-1", "tags": [{"name": "team", "value": "red"}]},
                    {"uid": "i-2", "tags": [{"name": "team", "value": "blue"}]},
                ],
            )
        )
        hub.load(
            finding(
                "b-1",
                class_name="Vulnerability Finding",
                class_uid=2002,
                activity_id=3,
                cloud={"account": {"uid": "444455556666"}},
                vulnerabilities=[{"is_exploit_available": True}],
            )
        )

    def uids(self, hub: Any, **request: Any) -> list[str]:
        """Return the metadata.uid of what is found."""
        return [each["metadata"]["uid"] for each in hub.get_findings_v2(**request)["Findings"]]

    @pytest.mark.parametrize(
        ("field", "value", "comparison", "expected"),
        [
            ("metadata.uid", "a-2", "EQUALS", ["a-2"]),
            ("metadata.uid", "a-", "PREFIX", ["a-1", "a-2"]),
            ("metadata.uid", "a-1", "NOT_EQUALS", ["a-2", "b-1"]),
            ("metadata.uid", "b", "PREFIX_NOT_EQUALS", ["a-1", "a-2"]),
            ("finding_info.uid", "finding of b-1", "EQUALS", ["b-1"]),
            ("cloud.account.uid", "444455556666", "EQUALS", ["b-1"]),
            ("metadata.product.uid", GUARDDUTY, "EQUALS", ["a-1", "a-2", "b-1"]),
            ("metadata.product.uid", "inspector", "CONTAINS", []),
            ("status", "New", "EQUALS", ["a-1", "b-1"]),
            ("severity", "Low", "NOT_EQUALS", ["a-1", "b-1"]),
            ("class_name", "Vulnerability Finding", "EQUALS", ["b-1"]),
            ("class_name", "Finding", "CONTAINS_WORD", ["a-1", "a-2", "b-1"]),
            ("class_name", "Find", "CONTAINS_WORD", []),
            ("finding_info.types", "Threat", "NOT_CONTAINS", []),
            ("resources.uid", "i-2", "EQUALS", ["a-2"]),
            ("comment", "x", "NOT_EQUALS", ["a-1", "a-2", "b-1"]),
        ],
    )
    def test_filters_texts(
        self, hub: Any, field: str, value: str, comparison: str, expected: list[str]
    ) -> None:
        """Of a list one element must compare; of a negation none may."""
        filters = {"CompositeFilters": [{"StringFilters": [text_filter(field, value, comparison)]}]}

        assert expected == self.uids(hub, Filters=filters)

    @pytest.mark.parametrize(
        ("field", "condition", "expected"),
        [
            ("status_id", {"Eq": 4}, ["a-2"]),
            ("severity_id", {"Gte": 3}, ["a-1", "b-1"]),
            ("severity_id", {"Gt": 1, "Lt": 4}, ["a-2"]),
            ("activity_id", {"Lte": 1}, ["a-1", "a-2"]),
        ],
    )
    def test_filters_numbers(
        self, hub: Any, field: str, condition: dict[str, float], expected: list[str]
    ) -> None:
        """All bounds must hold."""
        numbers = [{"FieldName": field, "Filter": condition}]

        found = self.uids(hub, Filters={"CompositeFilters": [{"NumberFilters": numbers}]})

        assert expected == found

    @pytest.mark.parametrize(
        "times",
        [
            {"created_time_dt": "2026-01-02T01:00:00+01:00"},
            {"created_time": 1_767_312_000_000},
            {"created_time_dt": "soon", "created_time": 1_767_312_000},
        ],
    )
    @pytest.mark.parametrize(("day", "is_found"), [("01", False), ("02", True), ("03", False)])
    def test_filters_times(
        self, aws: AwsServer, hub: Any, times: dict[str, Any], day: str, *, is_found: bool
    ) -> None:
        """From a start to an end, as text or as a number."""
        aws.security_hub.v2.load(finding("c-1") | {"finding_info": {"uid": "c", **times}})
        condition = {"Start": f"2026-01-{day}T00:00:00Z", "End": f"2026-01-{day}T23:00:00Z"}
        dates = [{"FieldName": "finding_info.created_time_dt", "Filter": condition}]

        found = self.uids(hub, Filters={"CompositeFilters": [{"DateFilters": dates}]})

        assert is_found is ("c-1" in found)

    def test_filters_flags_and_tags(self, hub: Any) -> None:
        """A flag compares as it is, a tag by its key and value."""
        flag = {"FieldName": "vulnerabilities.is_exploit_available", "Filter": {"Value": True}}
        tag = {
            "FieldName": "resources.tags",
            "Filter": {"Key": "team", "Value": "blue", "Comparison": "EQUALS"},
        }

        flagged = self.uids(hub, Filters={"CompositeFilters": [{"BooleanFilters": [flag]}]})
        tagged = self.uids(hub, Filters={"CompositeFilters": [{"MapFilters": [tag]}]})

        assert (["b-1"], ["a-2"]) == (flagged, tagged)

    @pytest.mark.parametrize(
        ("inner", "outer", "expected"),
        [
            ("AND", "AND", []),
            ("OR", "AND", ["a-1"]),
            ("AND", "OR", ["a-1", "b-1"]),
            ("OR", "OR", ["a-1", "a-2", "b-1"]),
            (None, None, []),
        ],
    )
    def test_operators(
        self, hub: Any, inner: str | None, outer: str | None, expected: list[str]
    ) -> None:
        """AND is meant if none is given, within a composite filter and between them."""
        first: dict[str, Any] = {
            "StringFilters": [text_filter("metadata.uid", "a-1"), text_filter("status", "Resolved")]
        }
        second: dict[str, Any] = {
            "StringFilters": [text_filter("status", "New")],
            "NumberFilters": [{"FieldName": "severity_id", "Filter": {"Eq": 4}}],
        }
        filters: dict[str, Any] = {"CompositeFilters": [first, second]}
        if inner and outer:
            first["Operator"] = inner
            filters["CompositeOperator"] = outer

        assert expected == self.uids(hub, Filters=filters)

    def test_nested_filters(self, hub: Any) -> None:
        """A composite filter may hold others, which may hold none."""
        nested: dict[str, Any] = {
            "StringFilters": [
                text_filter("metadata.uid", "a-1"),
                text_filter("status", "Resolved"),
            ],
            "Operator": "OR",
        }
        composite = {
            "NumberFilters": [{"FieldName": "severity_id", "Filter": {"Eq": 4}}],
            "NestedCompositeFilters": [nested],
        }

        assert ["a-1"] == self.uids(hub, Filters={"CompositeFilters": [composite]})

        nested["NestedCompositeFilters"] = [{}]
        with pytest.raises(hub.exceptions.ValidationException, match="nested once"):
            hub.get_findings_v2(Filters={"CompositeFilters": [composite]})

    @pytest.mark.parametrize(
        ("filters", "mistake"),
        [
            ({"CompositeFilters": [{}] * 11}, "more than 10"),
            (
                {"CompositeFilters": [{"StringFilters": [text_filter("status", "New")] * 21}]},
                "more than 20",
            ),
            (
                {"CompositeFilters": [{"StringFilters": [text_filter("status_id", "1")]}]},
                "status_id",
            ),
            ({"CompositeFilters": [{"StringFilters": [text_filter("x", "1")]}]}, "x is no field"),
            (
                {"CompositeFilters": [{"StringFilters": [text_filter("status", "1", "LIKE")]}]},
                "LIKE",
            ),
            ({"CompositeFilters": [{"Operator": "XOR"}]}, "XOR"),
            ({"CompositeFilters": [{"DateFilters": [DAYS]}]}, "only times from a Start to an End"),
            ({"CompositeFilters": [{"IpFilters": []}]}, "IpFilters"),
        ],
    )
    def test_names_a_filter_that_it_does_not_know(
        self, hub: Any, filters: dict[str, Any], mistake: str
    ) -> None:
        """A filter is never silently ignored."""
        with pytest.raises(hub.exceptions.ValidationException, match=mistake):
            hub.get_findings_v2(Filters=filters)

    def test_pages(self, aws: AwsServer, hub: Any) -> None:
        """More than a page are read page by page, each finding once."""
        for number in range(227):
            aws.security_hub.v2.load(finding(f"c-{number}"))

        pages = [page["Findings"] for page in hub.get_paginator("get_findings_v2").paginate()]

        assert [100, 100, 30] == [len(page) for page in pages]
        assert 230 == len({each["metadata"]["uid"] for page in pages for each in page})
        assert ["a-1"] == self.uids(hub, MaxResults=1)

    @pytest.mark.parametrize(
        "request_",
        [{"MaxResults": 101}, {"NextToken": "x"}, {"SortCriteria": [{"Field": "title"}]}],
    )
    def test_refuses_a_request_that_is_not_valid(self, hub: Any, request_: dict[str, Any]) -> None:
        """More than a page, a token of its own making, an order that is none of time."""
        with pytest.raises(ClientError, match="ValidationException"):
            hub.get_findings_v2(**request_)

    def test_sorts_by_time(self, aws: AwsServer, hub: Any) -> None:
        """Times compare as texts, milliseconds or seconds; a finding without one comes last."""
        aws.security_hub.forget()
        for uid, times in {
            "third": {"modified_time_dt": "2026-01-03T00:00:00.123456789Z"},
            "first": {"modified_time_dt": "2026-01-01T00:00:00"},
            "none": {"modified_time_dt": "yesterday"},
            "second": {"modified_time_dt": "2026-01-02T01:00:00+01:00"},
        }.items():
            aws.security_hub.v2.load(
                finding(uid) | {"finding_info": {"uid": uid, **times}, "time": len(uid)}
            )
        by_time = {"Field": "finding_info.modified_time_dt"}

        ascending = self.uids(hub, SortCriteria=[by_time | {"SortOrder": "asc"}])
        descending = self.uids(hub, SortCriteria=[by_time | {"SortOrder": "desc"}])

        assert ["first", "second", "third", "none"] == ascending
        assert ["third", "second", "first", "none"] == descending

    def test_sorts_seconds_and_milliseconds(self, aws: AwsServer, hub: Any) -> None:
        """A number is a time in either unit."""
        aws.security_hub.forget()
        for uid, time in {"late": 1_790_000_000_000, "early": 1_780_000_000, "none": []}.items():
            aws.security_hub.v2.load(finding(uid, time=time))

        found = self.uids(hub, SortCriteria=[{"Field": "time", "SortOrder": "asc"}])

        assert ["early", "late", "none"] == found


class TestHub:
    """The product itself, and its Regions."""

    def test_is_enabled(self, aws: AwsServer, hub: Any) -> None:
        """Its ARN is the one that permissions name."""
        answer = hub.describe_security_hub_v2()

        assert answer["HubV2Arn"].startswith(
            f"arn:aws:securityhub:us-east-1:{aws.account_id}:hubv2/"
        )
        assert answer["SubscribedAt"]

    def test_has_an_aggregator_once_it_is_made(self, hub: Any) -> None:
        """One Region alone at first, then linked ones; an account has one aggregator."""
        assert [] == hub.list_aggregators_v2()["AggregatorsV2"]

        made = hub.create_aggregator_v2(
            RegionLinkingMode="SPECIFIED_REGIONS", LinkedRegions=["eu-west-1"]
        )

        arn = made["AggregatorV2Arn"]
        assert [{"AggregatorV2Arn": arn}] == hub.list_aggregators_v2()["AggregatorsV2"]
        read = hub.get_aggregator_v2(AggregatorV2Arn=arn)
        assert ("us-east-1", ["eu-west-1"]) == (read["AggregationRegion"], read["LinkedRegions"])
        with pytest.raises(hub.exceptions.ConflictException):
            hub.create_aggregator_v2(RegionLinkingMode="ALL_REGIONS")
        with pytest.raises(hub.exceptions.ResourceNotFoundException):
            hub.get_aggregator_v2(AggregatorV2Arn=f"{arn}-other")
