"""Security Hub: a hundred findings a call, and each refusal read."""

from typing import Any

import pytest

from fakes import Clock, late
from finding_router.aws.security_hub import SecurityHub
from finding_router.delivery.workflow import INVALID_INPUT, OUT_OF_TIME, FindingKey
from finding_router.errors import WorkflowUpdateError
from finding_router_local.aws import AwsServer
from finding_router_local.faults import Effect
from hub_adapter import AdaptedHub
from hub_events import PRODUCT_ARN, raw_finding

UPDATE = ("securityhub", "BatchUpdateFindings")
GET = ("securityhub", "GetFindings")


class Hub(AdaptedHub):
    """The adapter, and the Security Hub behind it."""

    REFUSAL = "InvalidInputException"

    def hold(self, *ids: str) -> list[FindingKey]:
        """Make findings known."""
        for each in ids:
            self.aws.security_hub.load(raw_finding(each))
        return [(PRODUCT_ARN, each) for each in ids]


@pytest.fixture
def hub(aws_environment: AwsServer) -> Hub:
    """Return a Security Hub without findings."""
    return Hub(aws_environment, SecurityHub())


def test_a_call_takes_a_hundred_findings(hub: Hub) -> None:
    """Security Hub refuses more, which boto3 does not check."""
    keys = hub.hold(*(f"finding-{number:03}" for number in range(230)))

    assert {} == hub.mark(keys)
    assert [100, 100, 30] == [
        len(body["FindingIdentifiers"]) for body in hub.bodies("BatchUpdateFindings")
    ]
    assert {"NOTIFIED"} == set(hub.statuses(keys).values())


def test_a_call_changes_the_workflow_status_and_nothing_else(hub: Hub) -> None:
    """The function's role allows no more."""
    hub.mark(hub.hold("one"))

    [body] = hub.bodies("BatchUpdateFindings")
    assert {"Workflow": {"Status": "NOTIFIED"}} == {
        name: value for name, value in body.items() if name != "FindingIdentifiers"
    }


def test_a_finding_named_twice_is_sent_once(hub: Hub) -> None:
    """Or Security Hub would answer DuplicatedFindingIdentifier."""
    keys = hub.hold("one")

    assert {} == hub.mark([*keys, *keys])


@pytest.mark.parametrize(
    "code",
    [
        "ConcurrentUpdateError",
        "DuplicatedFindingIdentifier",
        "FindingNotFound",
        "FindingSizeExceeded",
        "InternalFailure",
        "InvalidInput",
    ],
)
def test_each_unprocessed_finding_comes_with_its_code(hub: Hub, code: str) -> None:
    """HTTP 200 does not mean success for them."""
    keys = hub.hold("bad", "good")
    hub.fail("BatchUpdateFindings", effect=Effect.UNPROCESSED, containing="bad", code=code)

    assert {keys[0]: code} == hub.mark(keys)
    assert {keys[0]: "NEW", keys[1]: "NOTIFIED"} == hub.statuses(keys)


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"effect": Effect.ERROR, "code": "AccessDeniedException", "status": 403}, None),
        ({"effect": Effect.ERROR, "code": "InvalidAccessException", "status": 401}, None),
        ({"effect": Effect.THROTTLE}, "LimitExceededException"),
        ({"effect": Effect.OUTAGE}, "ConnectionClosedError"),
    ],
)
def test_a_call_that_fails_as_a_whole_refuses_each_of_its_findings(
    hub: Hub, how: dict[str, Any], code: str | None
) -> None:
    """The next hundred are tried all the same."""
    keys = hub.hold(*(f"finding-{number:03}" for number in range(101)))
    hub.fail("BatchUpdateFindings", containing="finding-000", times=None, **how)

    assert dict.fromkeys(keys[:100], code or how["code"]) == hub.mark(keys)
    assert "NOTIFIED" == hub.statuses(keys)[keys[100]]


def test_a_passing_trouble_is_not_noticed(hub: Hub) -> None:
    """boto3 asks again."""
    keys = hub.hold("one")
    hub.fail("BatchUpdateFindings", effect=Effect.OUTAGE)

    assert {} == hub.mark(keys)


def test_an_identifier_that_spoils_its_call_hurts_only_itself(hub: Hub) -> None:
    """Security Hub refuses the whole call for one, which is found by halving."""
    keys = hub.hold(*(f"finding-{number:03}" for number in range(100)))
    hub.refuse("BatchUpdateFindings", "finding-042")

    assert {(PRODUCT_ARN, "finding-042"): INVALID_INPUT} == hub.mark(keys)
    assert 99 == list(hub.statuses(keys).values()).count("NOTIFIED")
    assert 15 >= hub.aws.gate.counts[UPDATE]


def test_out_of_time_no_call_starts(hub: Hub) -> None:
    """One that might not end in time is not begun."""
    keys = hub.hold("one")

    assert {keys[0]: OUT_OF_TIME} == hub.mark(keys, left=10)
    with pytest.raises(WorkflowUpdateError, match="out of time"):
        hub.statuses(keys, left=10)
    assert {} == hub.aws.gate.counts


def test_twenty_statuses_are_asked_for_at_once(hub: Hub) -> None:
    """A filter takes no more values."""
    keys = hub.hold(*(f"finding-{number}" for number in range(45)))

    assert dict.fromkeys(keys, "NEW") == hub.statuses(keys)
    assert [20, 20, 5] == [len(body["Filters"]["Id"]) for body in hub.bodies("GetFindings")]


def test_the_same_id_of_another_product_is_another_finding(hub: Hub) -> None:
    """Only both together make a finding."""
    hub.aws.security_hub.load(raw_finding("one"))
    hub.aws.security_hub.load(
        raw_finding("one", ProductArn="arn:other", Workflow={"Status": "RESOLVED"})
    )

    assert {("arn:other", "one"): "RESOLVED"} == hub.statuses([("arn:other", "one")])


@pytest.mark.parametrize(
    ("how", "code"),
    [
        (
            {"effect": Effect.ERROR, "code": "AccessDeniedException", "status": 403},
            "AccessDeniedException",
        ),
        ({"effect": Effect.OUTAGE}, "ConnectionClosedError"),
    ],
)
def test_statuses_that_cannot_be_read_are_an_error(
    hub: Hub, how: dict[str, Any], code: str
) -> None:
    """Not findings that are not there."""
    keys = hub.hold("one")
    hub.fail("GetFindings", times=None, **how)

    with pytest.raises(WorkflowUpdateError, match=code):
        hub.statuses(keys)


def test_an_identifier_that_cannot_be_asked_for_hurts_only_itself(hub: Hub) -> None:
    """GetFindings refuses its whole call, too; marking refuses the one for good."""
    keys = hub.hold(*(f"finding-{number:03}" for number in range(20)))
    hub.refuse("GetFindings", "finding-007")

    assert {*keys} - {(PRODUCT_ARN, "finding-007")} == hub.statuses(keys).keys()
    assert 12 >= hub.aws.gate.counts[GET]


def test_a_finding_that_spoils_an_answer_hurts_only_itself(hub: Hub) -> None:
    """boto3 cannot read it: whoever asks is told so, and knows all others."""
    keys = hub.hold("one", "odd", "two")
    hub.aws.security_hub._by_key[PRODUCT_ARN, "odd"]["Workflow"] = "NEW"

    answers = hub.adapter.statuses(keys, deadline=late(Clock(), 90))

    assert {keys[0], keys[2]} == answers.keys()
    assert {keys[1]} == answers.unread.keys()


def test_a_throttled_call_is_not_halved(hub: Hub) -> None:
    """More calls would be throttled, too."""
    keys = hub.hold("one", "two", "three", "four")
    hub.fail("GetFindings", effect=Effect.THROTTLE, times=None)

    with pytest.raises(WorkflowUpdateError, match="LimitExceededException"):
        hub.statuses(keys)
    assert 3 >= hub.aws.gate.counts[GET]


def test_no_more_is_kept_of_a_finding_than_is_asked_for(hub: Hub) -> None:
    """A hundred findings of 240 KB would not fit."""
    keys = hub.hold("one")

    answers = hub.adapter.severities(keys, deadline=late(Clock(), 90))

    assert {keys[0]: "HIGH"} == answers
