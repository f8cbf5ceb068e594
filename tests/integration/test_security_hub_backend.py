"""The local Security Hub answers as the real one does."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from finding_router.routing.patterns.pattern import compile_pattern
from finding_router_local.aws import AwsServer
from finding_router_local.faults import Fault

ARN = "arn:aws:securityhub:eu-west-1::product/aws/guardduty"
FINDING = {
    "SchemaVersion": "2018-10-08",
    "Id": "finding-1",
    "ProductArn": ARN,
    "AwsAccountId": "111122223333",
    "Title": "A port is probed",
    "UpdatedAt": "2026-01-01T00:00:00Z",
    "Severity": {"Label": "HIGH"},
    "Resources": [{"Type": "AwsEc2Instance", "Id": "i-1"}],
}


def finding(id_: str = "finding-1", **changes: Any) -> Any:
    """Make a finding."""
    return copy.deepcopy(FINDING) | {"Id": id_} | changes


def identifiers(*ids: str) -> Any:
    """Name findings as BatchUpdateFindings takes them."""
    return [{"Id": id_, "ProductArn": ARN} for id_ in ids]


@pytest.fixture
def hub(aws: AwsServer) -> Any:
    """Return a boto3 client of the local Security Hub."""
    return aws.client("securityhub")


def stored(hub: Any, id_: str = "finding-1") -> Any:
    """Read a finding back."""
    found = hub.get_findings(Filters={"Id": [{"Value": id_, "Comparison": "EQUALS"}]})["Findings"]
    return found[0]


class TestBatchUpdateFindings:
    """The one call that the router makes."""

    def test_sets_workflow_and_leaves_updated_at(self, aws: AwsServer, hub: Any) -> None:
        """The status changes, the time of the last update does not."""
        aws.security_hub.load(finding())

        answer = hub.batch_update_findings(
            FindingIdentifiers=identifiers("finding-1"), Workflow={"Status": "NOTIFIED"}
        )

        assert identifiers("finding-1") == answer["ProcessedFindings"]
        assert [] == answer["UnprocessedFindings"]
        assert {"Status": "NOTIFIED"} == stored(hub)["Workflow"]
        assert FINDING["UpdatedAt"] == stored(hub)["UpdatedAt"]

    def test_echoes_an_imported_event(
        self, aws: AwsServer, hub: Any, published: list[dict[str, Any]]
    ) -> None:
        """Every update comes back as an event that carries the new status."""
        aws.security_hub.load(finding())

        hub.batch_update_findings(
            FindingIdentifiers=identifiers("finding-1"), Workflow={"Status": "NOTIFIED"}
        )

        [event] = published
        pattern = {
            "source": ["aws.securityhub"],
            "detail-type": ["Security Hub Findings - Imported"],
            "detail": {"findings": {"Id": ["finding-1"], "Workflow": {"Status": ["NOTIFIED"]}}},
        }
        assert compile_pattern(pattern).matches(event)

    def test_answers_200_for_a_finding_it_does_not_have(self, aws: AwsServer, hub: Any) -> None:
        """A finding that is not updated is in UnprocessedFindings, under HTTP 200."""
        aws.security_hub.load(finding())

        answer = hub.batch_update_findings(
            FindingIdentifiers=identifiers("finding-1", "gone"), Workflow={"Status": "NOTIFIED"}
        )

        assert 200 == answer["ResponseMetadata"]["HTTPStatusCode"]
        [left] = answer["UnprocessedFindings"]
        assert ("gone", "FindingNotFound") == (left["FindingIdentifier"]["Id"], left["ErrorCode"])

    def test_refuses_a_repeated_identifier(self, aws: AwsServer, hub: Any) -> None:
        """The second mention of a finding is not processed."""
        aws.security_hub.load(finding())

        answer = hub.batch_update_findings(
            FindingIdentifiers=identifiers("finding-1", "finding-1"),
            Workflow={"Status": "NOTIFIED"},
        )

        assert ["DuplicatedFindingIdentifier"] == [
            each["ErrorCode"] for each in answer["UnprocessedFindings"]
        ]

    @pytest.mark.parametrize("count", [0, 101])
    def test_refuses_a_call_of_the_wrong_size(self, hub: Any, count: int) -> None:
        """From 1 to 100 findings go into a call, though botocore lets others through."""
        many = identifiers(*(f"finding-{number}" for number in range(count)))

        with pytest.raises(ClientError) as raised:
            hub.batch_update_findings(FindingIdentifiers=many, Workflow={"Status": "NOTIFIED"})

        assert "InvalidInputException" == raised.value.response["Error"]["Code"]

    def test_refuses_a_status_that_is_none(self, hub: Any) -> None:
        """A word that is no Workflow status is an error of the caller."""
        with pytest.raises(ClientError, match="InvalidInputException"):
            hub.batch_update_findings(
                FindingIdentifiers=identifiers("finding-1"), Workflow={"Status": "DONE"}
            )

    @pytest.mark.parametrize(
        "code",
        [
            "ConcurrentUpdateError",
            "InternalFailure",
            "DuplicatedFindingIdentifier",
            "FindingNotFound",
            "FindingSizeExceeded",
            "InvalidInput",
        ],
    )
    def test_leaves_findings_unprocessed_when_told(
        self, aws: AwsServer, hub: Any, published: list[dict[str, Any]], code: str
    ) -> None:
        """Any code can be asked for, for one finding of a call, as often as asked."""
        aws.security_hub.load(finding())
        aws.security_hub.load(finding("finding-2"))
        aws.security_hub.faults.add(Fault(effect="unprocessed", code=code, containing="finding-1"))

        codes = [
            [each["ErrorCode"] for each in answer["UnprocessedFindings"]]
            for answer in (
                hub.batch_update_findings(
                    FindingIdentifiers=identifiers("finding-1", "finding-2"),
                    Workflow={"Status": "NOTIFIED"},
                )
                for _ in range(2)
            )
        ]

        assert [[code], []] == codes
        assert 3 == len(published)

    def test_takes_a_note(self, aws: AwsServer, hub: Any) -> None:
        """The other fields of a customer can be changed as well."""
        aws.security_hub.load(finding())

        hub.batch_update_findings(
            FindingIdentifiers=identifiers("finding-1"),
            Note={"Text": "seen", "UpdatedBy": "me"},
        )

        assert "seen" == stored(hub)["Note"]["Text"]


class TestBatchImportFindings:
    """Imports of products."""

    def test_new_finding_is_new_and_active(self, hub: Any, published: list[dict[str, Any]]) -> None:
        """Security Hub adds the missing fields, and sends an event with them."""
        hub.batch_import_findings(Findings=[_complete(finding())])

        assert "NEW" == stored(hub)["Workflow"]["Status"]
        assert "ACTIVE" == stored(hub)["RecordState"]
        assert ["finding-1"] == [event["detail"]["findings"][0]["Id"] for event in published]

    def test_leaves_what_belongs_to_the_customer(self, aws: AwsServer, hub: Any) -> None:
        """An import does not undo a status."""
        aws.security_hub.load(finding(Workflow={"Status": "SUPPRESSED"}))

        hub.batch_import_findings(
            Findings=[_complete(finding(Workflow={"Status": "NEW"}, Title="Again"))]
        )

        assert "SUPPRESSED" == stored(hub)["Workflow"]["Status"]
        assert "Again" == stored(hub)["Title"]

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ({"RecordState": "ARCHIVED"}, {"RecordState": "ACTIVE"}),
            ({"Compliance": {"Status": "PASSED"}}, {"Compliance": {"Status": "FAILED"}}),
            ({"Compliance": {"Status": "PASSED"}}, {"Compliance": {"Status": "WARNING"}}),
        ],
    )
    @pytest.mark.parametrize(
        ("status", "expected"),
        [("NOTIFIED", "NEW"), ("RESOLVED", "NEW"), ("SUPPRESSED", "SUPPRESSED")],
    )
    def test_reopens(
        self,
        aws: AwsServer,
        hub: Any,
        before: dict[str, Any],
        after: dict[str, Any],
        status: int,
        expected: object,
    ) -> None:
        """A finding that comes back is NEW again, unless a person suppressed it."""
        aws.security_hub.load(finding(Workflow={"Status": status}, **before))

        hub.batch_import_findings(Findings=[_complete(finding(**after))])

        assert expected == stored(hub)["Workflow"]["Status"]

    def test_names_what_it_does_not_take(self, hub: Any) -> None:
        """A finding without resources fails, its neighbour does not."""
        answer = hub.batch_import_findings(
            Findings=[_complete(finding()), _complete(finding("finding-2", Resources=[]))]
        )

        assert (1, 1) == (answer["SuccessCount"], answer["FailedCount"])
        assert ["finding-2"] == [each["Id"] for each in answer["FailedFindings"]]

    @pytest.mark.parametrize(
        ("changes", "problem"),
        [
            ({"Title": " "}, "Title is blank"),
            ({"Title": "x" * 257}, "Title is longer than 256"),
            ({"Description": None}, "Description is missing"),
            ({"Resources": [{"Id": "i-1"}]}, "Resources[0].Type is missing"),
            ({"Severity": {"Label": "TERRIBLE"}}, "Severity.Label is none of"),
            ({"Workflow": "NEW"}, "Workflow is no structure"),
            ({"Id": "x" * 513}, "Id is longer than 512"),
            ({"RecordState": "GONE"}, "RecordState is none of"),
            ({"Resources": [{"Type": "Other", "Id": "x"}] * 33}, "Resources is longer than 32"),
        ],
    )
    def test_refuses_what_the_real_one_refuses(
        self, aws: AwsServer, changes: dict[str, Any], problem: str
    ) -> None:
        """By the model of boto3, and by the lengths that are documented."""
        complete = _complete(finding())

        failed, imported, those = aws.security_hub.batch_import_findings(
            [complete, _complete(finding("finding-2")) | changes]
        )

        assert (1, 1) == (failed, imported)
        assert problem in those[0]["ErrorMessage"]

    def test_an_event_may_not_load_what_no_answer_could_hold(self, aws: AwsServer) -> None:
        """It would spoil GetFindings for the others."""
        assert aws.security_hub.load(finding(Workflow="NEW")) is None
        assert aws.security_hub.load(finding(Title=None)) is not None


class TestGetFindings:
    """Reading findings back."""

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ({}, ["a-1", "a-2", "b-1"]),
            ({"Id": [("EQUALS", "a-2")]}, ["a-2"]),
            ({"Id": [("PREFIX", "a-")]}, ["a-1", "a-2"]),
            ({"Id": [("EQUALS", "a-1"), ("EQUALS", "b-1")]}, ["a-1", "b-1"]),
            ({"Id": [("NOT_EQUALS", "a-1"), ("PREFIX_NOT_EQUALS", "b")]}, ["a-2"]),
            ({"WorkflowStatus": [("EQUALS", "NEW")]}, ["a-1", "b-1"]),
            ({"SeverityLabel": [("EQUALS", "LOW")], "Id": [("PREFIX", "a")]}, ["a-2"]),
            ({"ResourceId": [("EQUALS", "i-2")]}, ["b-1"]),
            ({"RecordState": [("EQUALS", "ACTIVE")]}, ["a-1", "a-2", "b-1"]),
            ({"Title": [("CONTAINS", "port")]}, ["a-1", "a-2", "b-1"]),
            ({"AwsAccountId": [("EQUALS", "000000000000")]}, []),
        ],
    )
    def test_filters(
        self, aws: AwsServer, hub: Any, filters: dict[str, Any], expected: object
    ) -> None:
        """One positive condition of a field must hold, all negatives, and every field."""
        aws.security_hub.load(finding("a-1"))
        aws.security_hub.load(
            finding("a-2", Workflow={"Status": "RESOLVED"}, Severity={"Label": "LOW"})
        )
        resources = [{"Type": "Other", "Id": "i-1"}, {"Type": "Other", "Id": "i-2"}]
        aws.security_hub.load(finding("b-1", Resources=resources))
        given = {
            name: [{"Comparison": comparison, "Value": value} for comparison, value in conditions]
            for name, conditions in filters.items()
        }

        found = hub.get_findings(Filters=given)["Findings"]

        assert expected == [each["Id"] for each in found]

    def test_pages(self, aws: AwsServer, hub: Any) -> None:
        """More than a page are read page by page, each finding once."""
        for number in range(230):
            aws.security_hub.load(finding(f"finding-{number}"))

        pages = [page["Findings"] for page in hub.get_paginator("get_findings").paginate()]

        assert [100, 100, 30] == [len(page) for page in pages]
        assert 230 == len({each["Id"] for page in pages for each in page})

    def test_names_a_filter_that_it_does_not_know(self, hub: Any) -> None:
        """A filter is never silently ignored."""
        with pytest.raises(ClientError, match="Keyword"):
            hub.get_findings(Filters={"Keyword": [{"Value": "x"}]})


class TestLoad:
    """Taking over findings from events."""

    def test_late_event_does_not_undo_a_status(self, aws: AwsServer, hub: Any) -> None:
        """An event with NEW is older than another status in Security Hub."""
        aws.security_hub.load(finding(Workflow={"Status": "NOTIFIED"}))

        aws.security_hub.load(finding(Workflow={"Status": "NEW"}))

        assert "NOTIFIED" == stored(hub)["Workflow"]["Status"]

    def test_other_status_is_taken(self, aws: AwsServer, hub: Any) -> None:
        """A status that a person has set comes with the event."""
        aws.security_hub.load(finding())

        aws.security_hub.load(finding(Workflow={"Status": "RESOLVED"}))

        assert "RESOLVED" == stored(hub)["Workflow"]["Status"]

    def test_finding_without_identity_is_in_no_hub(self, aws: AwsServer) -> None:
        """A finding without ProductArn cannot be looked up."""
        assert aws.security_hub.load({"Id": "x"}) is None


def _complete(given: Any) -> Any:
    """Add the fields that botocore requires."""
    needed = {"GeneratorId": "g", "CreatedAt": given["UpdatedAt"], "Description": "d"}
    return given | needed


class TestDates:
    """Filters of dates."""

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [
            ({"Start": "1970-01-01T00:00:00Z", "End": "2026-01-01T00:00:00.000Z"}, ["old"]),
            ({"Start": "2026-01-02T00:00:00Z", "End": "9999-01-01T00:00:00Z"}, ["new"]),
            ({"DateRange": {"Value": 7, "Unit": "DAYS"}}, ["new"]),
        ],
    )
    def test_a_range(
        self, aws: AwsServer, hub: Any, condition: dict[str, Any], expected: list[str]
    ) -> None:
        """From start to end, both included, or the days until now; no date passes none."""
        now = datetime.now(UTC).isoformat()
        aws.security_hub.load(finding("old", UpdatedAt="2026-01-01T00:00:00Z"))
        aws.security_hub.load(finding("new", UpdatedAt=now))
        aws.security_hub.load(finding("none", UpdatedAt="soon"))

        found = hub.get_findings(Filters={"UpdatedAt": [condition]})["Findings"]

        assert expected == [each["Id"] for each in found]

    def test_half_a_range(self, hub: Any) -> None:
        """It has both ends."""
        with pytest.raises(ClientError, match="Start and End"):
            hub.get_findings(Filters={"CreatedAt": [{"Start": "2026-01-01T00:00:00Z"}]})
