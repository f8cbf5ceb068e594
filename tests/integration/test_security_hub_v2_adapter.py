"""AWS Security Hub: a hundred findings a call, each refusal read, and no mark but the one asked."""

from typing import Any

import pytest

from fakes import Clock, late
from faults.twins import in_ocsf
from finding_router.aws.security_hub_v2 import COMMENT, SecurityHubV2
from finding_router.delivery.workflow import INVALID_INPUT, NOT_FOUND, OUT_OF_TIME, FindingKey
from finding_router.errors import HubDeniedError, WorkflowUpdateError
from finding_router.findings.finding import Severity
from finding_router.findings.ocsf import in_asff
from finding_router.findings.ocsf.marks import V2Status
from finding_router_local.aws import AwsServer
from finding_router_local.faults import Effect
from hub_adapter import AdaptedHub
from hub_events import ACCOUNT, PRODUCT_ARN_V2, raw_finding

UPDATE = ("securityhub", "BatchUpdateFindingsV2")
GET = ("securityhub", "GetFindingsV2")


class Hub(AdaptedHub):
    """The adapter, and AWS Security Hub behind it."""

    REFUSAL = "ValidationException"

    def hold(self, *ids: str, **changes: Any) -> list[FindingKey]:
        """Make findings known."""
        for each in ids:
            self.aws.security_hub.v2.load(in_ocsf(raw_finding(each), **changes))
        return [key(each) for each in ids]


def key(finding_id: str, product: str = PRODUCT_ARN_V2) -> FindingKey:
    """Return the name of a finding in the calls."""
    return product, finding_id, ACCOUNT


@pytest.fixture
def hub(aws_environment: AwsServer) -> Hub:
    """Return an AWS Security Hub without findings."""
    return Hub(aws_environment, SecurityHubV2(V2Status.IN_PROGRESS))


def test_a_call_takes_a_hundred_findings(hub: Hub) -> None:
    """Security Hub refuses more, which boto3 does not check."""
    keys = hub.hold(*(f"finding-{number:03}" for number in range(201)))

    assert {} == hub.mark(keys)
    assert [100, 100, 1] == [
        len(body["FindingIdentifiers"]) for body in hub.bodies("BatchUpdateFindingsV2")
    ]
    assert {"NOTIFIED"} == set(hub.statuses(keys).values())


@pytest.mark.parametrize(
    ("mode", "status", "change"),
    [
        (V2Status.IN_PROGRESS, "NOTIFIED", {"StatusId": 2}),
        (V2Status.COMMENT, "NOTIFIED", {"Comment": COMMENT}),
        (V2Status.COMMENT, "SUPPRESSED", {"StatusId": 3}),
        (V2Status.NONE, "SUPPRESSED", {"StatusId": 3}),
    ],
)
def test_a_call_changes_what_its_parameter_says_and_nothing_else(
    hub: Hub, mode: V2Status, status: Any, change: dict[str, Any]
) -> None:
    """The function's role allows no more."""
    keys = hub.hold("one")

    SecurityHubV2(mode).mark(keys, status, deadline=late(Clock(), 90))

    [body] = hub.bodies("BatchUpdateFindingsV2")
    assert change == {name: value for name, value in body.items() if name != "FindingIdentifiers"}


def test_a_finding_named_twice_is_sent_once(hub: Hub) -> None:
    """Or Security Hub would refuse it."""
    keys = hub.hold("one")

    assert {} == hub.mark([*keys, *keys])


@pytest.mark.parametrize(
    ("code", "known_as"),
    [
        ("ResourceNotFoundException", NOT_FOUND),
        ("ValidationException", INVALID_INPUT),
        ("InternalServerException", "InternalServerException"),
        ("ConflictException", "ConflictException"),
    ],
)
def test_each_unprocessed_finding_comes_with_its_code(hub: Hub, code: str, known_as: str) -> None:
    """HTTP 200 does not mean success for them; CSPM's words stand for the same."""
    keys = hub.hold("bad", "good")
    hub.fail("BatchUpdateFindingsV2", effect=Effect.UNPROCESSED, containing="bad", code=code)

    assert {keys[0]: known_as} == hub.mark(keys)
    assert {keys[0]: "NEW", keys[1]: "NOTIFIED"} == hub.statuses(keys)


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"effect": Effect.ERROR, "code": "AccessDeniedException", "status": 403}, None),
        ({"effect": Effect.ERROR, "code": "ConflictException", "status": 409}, None),
        ({"effect": Effect.ERROR, "code": "InternalServerException", "status": 500}, None),
        ({"effect": Effect.THROTTLE}, "ThrottlingException"),
        ({"effect": Effect.OUTAGE}, "ConnectionClosedError"),
    ],
)
def test_a_call_that_fails_as_a_whole_refuses_each_of_its_findings(
    hub: Hub, how: dict[str, Any], code: str | None
) -> None:
    """The next hundred are tried all the same."""
    keys = hub.hold(*(f"finding-{number:03}" for number in range(101)))
    hub.fail("BatchUpdateFindingsV2", containing="finding-000", times=None, **how)

    assert dict.fromkeys(keys[:100], code or how["code"]) == hub.mark(keys)
    assert "NOTIFIED" == hub.statuses(keys)[keys[100]]


def test_an_identifier_that_spoils_its_call_hurts_only_itself(hub: Hub) -> None:
    """Security Hub refuses the whole call for one, which is found by halving."""
    keys = hub.hold(*(f"finding-{number:03}" for number in range(100)))
    hub.refuse("BatchUpdateFindingsV2", "finding-042")

    assert {key("finding-042"): INVALID_INPUT} == hub.mark(keys)
    assert 99 == list(hub.statuses(keys).values()).count("NOTIFIED")
    assert 15 >= hub.aws.gate.counts[UPDATE]


def test_out_of_time_no_call_starts(hub: Hub) -> None:
    """One that might not end in time is not begun."""
    keys = hub.hold("one")

    assert {keys[0]: OUT_OF_TIME} == hub.mark(keys, left=10)
    with pytest.raises(WorkflowUpdateError, match="GetFindingsV2: out of time"):
        hub.statuses(keys, left=10)
    assert {} == hub.aws.gate.counts


def test_a_hundred_statuses_are_asked_for_at_once(hub: Hub) -> None:
    """In composite filters of twenty texts, ten of which a call takes."""
    keys = hub.hold(*(f"finding-{number:03}" for number in range(145)))

    assert dict.fromkeys(keys, "NEW") == hub.statuses(keys)
    bodies = hub.bodies("GetFindingsV2")
    sizes = [
        [len(each["StringFilters"]) for each in body["Filters"]["CompositeFilters"]]
        for body in bodies
    ]
    assert [[20] * 5, [20, 20, 5]] == sizes


def test_all_pages_are_read(hub: Hub) -> None:
    """The same id may be of several products and accounts."""
    products = [f"arn:aws:securityhub:eu-west-1::productv2/{number:03}" for number in range(130)]
    for each in products:
        metadata = {"uid": each, "product": {"uid": each}}
        hub.hold("one", metadata=metadata)

    keys = [key("one", each) for each in products]

    assert dict.fromkeys(keys, "NEW") == hub.statuses(keys)
    assert 2 == hub.aws.gate.counts[GET]


@pytest.mark.parametrize(
    "finding_id", ['quo"ted', "back\\slash", "with space", "<&>", "ü/é", "%41", "a:b*c?"]
)
def test_an_id_of_any_characters_is_found_and_marked(hub: Hub, finding_id: str) -> None:
    """And no other that looks like it."""
    keys = hub.hold(finding_id, "another")

    assert {} == hub.mark(keys[:1])
    assert {keys[0]: "NOTIFIED", keys[1]: "NEW"} == hub.statuses(keys)


@pytest.mark.parametrize(
    ("how", "code"),
    [
        (
            {"effect": Effect.ERROR, "code": "AccessDeniedException", "status": 403},
            "AccessDeniedException",
        ),
        ({"effect": Effect.OUTAGE}, "ConnectionClosedError"),
        ({"effect": Effect.THROTTLE}, "ThrottlingException"),
    ],
)
def test_statuses_that_cannot_be_read_are_an_error(
    hub: Hub, how: dict[str, Any], code: str
) -> None:
    """Not findings that are not there; and no call is halved."""
    keys = hub.hold("one", "two")
    hub.fail("GetFindingsV2", times=None, **how)

    with pytest.raises(WorkflowUpdateError, match=code) as raised:
        hub.statuses(keys)
    assert 3 >= hub.aws.gate.counts[GET]
    assert isinstance(raised.value, HubDeniedError) is code.startswith("AccessDenied")


def test_an_identifier_that_cannot_be_asked_for_hurts_only_itself(hub: Hub) -> None:
    """GetFindingsV2 refuses its whole call, too; marking refuses the one for good."""
    keys = hub.hold(*(f"finding-{number:03}" for number in range(20)))
    hub.refuse("GetFindingsV2", "finding-007")

    assert {*keys} - {key("finding-007")} == hub.statuses(keys).keys()
    assert 12 >= hub.aws.gate.counts[GET]


@pytest.mark.parametrize("odd", [{"status_id": [2]}, {"resources": "none"}, {"time": {}}])
def test_a_finding_of_odd_types_is_read_all_the_same(hub: Hub, odd: dict[str, Any]) -> None:
    """The model of V2 leaves findings untyped."""
    keys = hub.hold("one", "odd", "two")
    [each] = [
        one for one in hub.aws.security_hub.v2._by_uid.values()
        if one["finding_info"]["uid"] == "odd"
    ]  # fmt: skip
    each.update(odd)

    assert {*keys} == hub.statuses(keys).keys()


def test_what_cannot_be_named_is_no_answer(hub: Hub) -> None:
    """A finding without a product's uid is left out, and no other."""
    keys = hub.hold("one")
    hub.hold("nameless", metadata={"uid": "1"})

    assert {keys[0]: "NEW"} == hub.statuses([*keys, key("nameless")])


@pytest.mark.parametrize(
    ("changes", "status", "severity"),
    [
        ({"status_id": 2}, "NOTIFIED", Severity.HIGH),
        ({"status_id": 3}, "SUPPRESSED", None),
        ({"status_id": 4}, "RESOLVED", None),
        ({"status_id": 5}, "NEW", None),
        ({"activity_id": 3}, "NEW", None),
        ({"compliance": {"status_id": 1}}, "NEW", None),
        ({"severity_id": 6}, "NEW", Severity.CRITICAL),
    ],
)
def test_the_state_is_read_as_cspm_words_it(
    hub: Hub, changes: dict[str, Any], status: str, severity: Severity | None
) -> None:
    """Closed, archived, passed, resolved or suppressed: it is over."""
    keys = hub.hold("one", **changes)

    answers = hub.adapter.severities(keys, deadline=late(Clock(), 90))

    assert {keys[0]: status} == hub.statuses(keys)
    assert {keys[0]: severity} == answers


def test_a_mark_of_somebody_is_one(hub: Hub) -> None:
    """A status or comment of a person stays."""
    commented = hub.hold("commented", comment="mine")
    taken = hub.hold("taken", status_id=2)
    hub.hold("new")

    adapter = SecurityHubV2(V2Status.COMMENT)
    standings = adapter.statuses([*commented, *taken, key("new")], deadline=late(Clock(), 90))

    assert [True, True, False] == [
        standings[each].has_mark for each in (*commented, *taken, key("new"))
    ]


def test_a_finding_that_spoils_an_answer_hurts_only_itself(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks is told so, and knows all others: it is found by halving."""
    keys = hub.hold("one", "odd", "two")

    def read(raw: dict[str, Any]) -> Any:
        if raw["finding_info"]["uid"] == "odd":
            raise KeyError("odd")
        return in_asff(raw)

    monkeypatch.setattr("finding_router.aws.security_hub_v2.in_asff", read)

    answers = hub.adapter.statuses(keys, deadline=late(Clock(), 90))

    assert {keys[0], keys[2]} == answers.keys()
    assert {keys[1]} == answers.unread.keys()
