"""Whatever AWS or Slack answer: the neighbours of what it concerns end as they would without it."""

import json
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from dynamo_router import DynamoRouter
from examples import examples
from finding_router.aws.security_hub import SecurityHub
from finding_router.slack.api.client import SlackClient
from finding_router.slack.api.transport import KeepAliveWebClient
from finding_router_local.slack.api import WebApi
from finding_router_local.slack.faults import FaultPlan
from finding_router_local.slack.pace import Pace
from finding_router_local.slack.workspace import DEFAULT_SCOPES, Workspace
from hub_events import PRODUCT_ARN, imported, raw_finding
from neighbours import JSON, NEIGHBOURS, deliver
from slack_caller import TOKEN

ODD = "odd"
ODD_EVENT = json.dumps(imported(raw_finding(ODD, Severity={"Label": "MEDIUM"})))
OPERATIONS = (
    "BatchGetItem",
    "BatchWriteItem",
    "PutItem",
    "Query",
    "TransactWriteItems",
    "UpdateItem",
)
CODES = (
    "InternalServerError",
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "ValidationException",
)
DONE = {"plain": 1, "urgent": 2, "waits": 2}


class StubHub:
    """The client of Security Hub, with what the router's fake holds; *odd* has the odd answers."""

    def __init__(self, router: DynamoRouter) -> None:
        """Answer well."""
        self._router = router
        self.odd_get: Any = None
        self.odd_mark: Any = None

    def get_paginator(self, _operation: str) -> "StubHub":
        """Return the paginator of GetFindings."""
        return self

    def paginate(self, Filters: Any) -> Iterator[Any]:  # noqa: N803 -- boto3's name
        """Answer GetFindings."""
        ids = {each["Value"] for each in Filters["Id"]}
        if ODD in ids and self.odd_get is not None:
            yield _answered(self.odd_get)
            return
        yield {
            "Findings": [
                raw_finding(id_, ProductArn=arn, Workflow={"Status": status})
                for (arn, id_), status in self._router.workflow.status.items()
                if id_ in ids
            ]
        }

    def batch_update_findings(self, FindingIdentifiers: Any, Workflow: Any) -> Any:  # noqa: N803
        """Answer BatchUpdateFindings."""
        keys = [(each["ProductArn"], each["Id"]) for each in FindingIdentifiers]
        is_odd = (PRODUCT_ARN, ODD) in keys and self.odd_mark is not None
        if is_odd and isinstance(self.odd_mark, Exception):
            raise self.odd_mark
        self._router.workflow.status |= dict.fromkeys(keys, Workflow["Status"])
        return self.odd_mark if is_odd else {"UnprocessedFindings": []}


def _answered(answer: Any) -> Any:
    if isinstance(answer, Exception):
        raise answer
    return answer


def _statuses(router: DynamoRouter) -> dict[str, str]:
    return {name: router.workflow.status[PRODUCT_ARN, name] for name in NEIGHBOURS}


def refused(code: str) -> ClientError:
    """Return an error that AWS answers."""
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "Operation")


FINDINGS = st.lists(JSON, max_size=3) | st.just([{"ProductArn": PRODUCT_ARN, "Id": ODD}])
ODD_ANSWERS = (
    JSON
    | st.builds(lambda value: {"Findings": value}, FINDINGS | JSON)
    | st.builds(lambda value: {"UnprocessedFindings": value}, st.lists(JSON, max_size=2) | JSON)
    | st.sampled_from(["InvalidInputException", "ValidationException"]).map(refused)
)


@given(odd_get=ODD_ANSWERS, odd_mark=st.none() | ODD_ANSWERS)
@examples(12)
def test_whatever_security_hub_answers_about_one_the_others_are_marked(
    odd_get: Any, odd_mark: Any
) -> None:
    """An answer that cannot be read, or a refusal, hurts only the finding that it comes with."""
    router = DynamoRouter()
    hub = SecurityHub()
    stub = StubHub(router)
    stub.odd_get, stub.odd_mark = odd_get, odd_mark
    hub.__dict__["client"] = stub
    router.workflow.mark = hub.mark  # type: ignore[method-assign]
    router.workflow.statuses = hub.statuses  # type: ignore[method-assign]
    router.workflow.severities = hub.severities  # type: ignore[method-assign]

    deliver(router, ODD_EVENT)

    assert dict.fromkeys(NEIGHBOURS, "NOTIFIED") == _statuses(router)


def test_a_passing_trouble_of_security_hub_is_not_halved() -> None:
    """Nobody would be helped by more calls."""
    router = DynamoRouter()
    hub, stub = SecurityHub(), StubHub(router)
    calls = []
    error = ReadTimeoutError(endpoint_url="https://securityhub")

    def paginate(**_: Any) -> Any:
        calls.append(1)
        raise error

    stub.paginate = paginate  # type: ignore[method-assign]
    hub.__dict__["client"] = stub
    router.workflow.statuses = hub.statuses  # type: ignore[method-assign]

    router.send(*(raw_finding(f"finding-{number}") for number in range(5)))

    assert [1] == calls


@given(
    operation=st.sampled_from(OPERATIONS),
    skip=st.integers(0, 12),
    answer=JSON | st.sampled_from(CODES).map(refused),
    is_carried_out=st.booleans(),
)
@examples(25)
def test_whatever_dynamodb_answers_once_all_end_well(
    operation: str, skip: int, answer: Any, *, is_carried_out: bool
) -> None:
    """The records that it concerns come back, and are said."""
    router = DynamoRouter()
    left = [skip]

    def strikes(name: str) -> bool:
        if name == operation:
            left[0] -= 1
        return name == operation and left[0] == -1

    def before(name: str) -> None:
        if not is_carried_out and strikes(name):
            _answered(answer if isinstance(answer, Exception) else refused(CODES[0]))

    def after(name: str, well: Any) -> Any:
        return _answered(answer) if is_carried_out and strikes(name) else well

    router.dynamo.before, router.dynamo.after = before, after

    deliver(router, ODD_EVENT)

    assert dict.fromkeys(NEIGHBOURS, "NOTIFIED") == _statuses(router)
    said = [each.all for each in router.slack.posted]
    for name, times in DONE.items():
        assert times <= sum(f"Title of {name}" in text for text in said)


class WireSlack:
    """The local Slack behind the real client, without a socket; some of its answers are odd."""

    def __init__(self, router: DynamoRouter) -> None:
        """Answer well."""
        workspace = Workspace(
            token=TOKEN,
            clock=router.clock,
            scopes=(*DEFAULT_SCOPES, "channels:history"),
            auto_create=True,
        )
        self._api = WebApi(workspace, FaultPlan(), Pace(router.clock))
        self.client = SlackClient(token=lambda _: TOKEN, base_url="http://slack/api/")
        web = KeepAliveWebClient(token=TOKEN, base_url="http://slack/api/")
        web._perform_urllib_http_request_internal = self._send  # type: ignore[method-assign]
        self.client._web = web
        self.posted: list[str] = []
        self.answer: Any = None
        self.is_carried_out = False
        self.is_odd = lambda _method, _text: False

    def _send(self, url: str, request: Any) -> dict[str, Any]:
        method, text = url.rsplit("/", 1)[1], request.data.decode()
        is_odd = self.is_odd(method, text)
        if is_odd and not self.is_carried_out:
            return dict(self.answer)
        values = json.loads(text) if text.startswith("{") else _form(text)
        answer = self._api.call(method, TOKEN, values)
        if method == "chat.postMessage" and answer.body["ok"]:  # type: ignore[index]
            self.posted.append(json.dumps(json.loads(text), ensure_ascii=False))
        if is_odd:
            return dict(self.answer)
        return {"status": 200, "headers": {}, "body": json.dumps(answer.body)}


def _form(text: str) -> dict[str, str]:
    from urllib.parse import parse_qsl  # noqa: PLC0415

    return dict(parse_qsl(text))


BODIES = (
    JSON.map(json.dumps)
    | st.text(max_size=30)
    | st.builds(
        lambda code: json.dumps({"ok": False, "error": code}),
        st.sampled_from(["fatal_error", "brand_new", "invalid_blocks", "msg_too_long", ""])
        | st.text(max_size=10),
    )
    | st.builds(
        lambda rest: json.dumps({"ok": True} | rest),
        st.dictionaries(st.sampled_from(["ts", "channel", "message"]), JSON, max_size=3),
    )
)
HEADERS = st.dictionaries(
    st.sampled_from(["Retry-After", "x-oauth-scopes", "Content-Type"]), st.text(max_size=8)
)
ANSWERS = st.fixed_dictionaries(
    {"status": st.sampled_from([200, 200, 302, 400, 500, 503]), "headers": HEADERS, "body": BODIES}
)


@given(answer=ANSWERS, is_carried_out=st.booleans(), is_always=st.booleans())
@examples(25)
def test_whatever_slack_answers_about_one_the_others_are_said(
    answer: dict[str, Any], *, is_carried_out: bool, is_always: bool
) -> None:
    """Once or for ever: its neighbours are said once in each channel, and marked."""
    router = DynamoRouter()
    wire = WireSlack(router)
    wire.answer, wire.is_carried_out = answer, is_carried_out
    struck: list[str] = []

    def is_odd(method: str, text: str) -> bool:
        if method != "chat.postMessage" or f"Title of {ODD}" not in text:
            return False
        struck.append(text)
        return is_always or len(struck) == 1

    wire.is_odd = is_odd
    router.slack = wire.client  # type: ignore[assignment]
    router.restart()

    deliver(router, ODD_EVENT)

    said = {name: sum(f"Title of {name}" in text for text in wire.posted) for name in NEIGHBOURS}
    assert said == DONE
    assert dict.fromkeys(NEIGHBOURS, "NOTIFIED") == _statuses(router)
