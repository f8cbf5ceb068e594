"""The gate of all calls to the local AWS: one at a time per service, faults, a record."""

import io
import json
import re
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from finding_router_local.faults import Effect, Fault, FaultBoard
from finding_router_local.serving import Reply, hang_up

# REST-JSON carries the operation in method and path, unlike the other services' X-Amz-Target.
# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_Operations.html
_REST_OPERATIONS: Final[Mapping[tuple[str, str], str]] = {
    ("PATCH", "/findings/batchupdate"): "BatchUpdateFindings",
    ("POST", "/findings/import"): "BatchImportFindings",
    ("POST", "/findings"): "GetFindings",
    ("GET", "/accounts"): "DescribeHub",
    ("GET", "/organization/configuration"): "DescribeOrganizationConfiguration",
    ("GET", "/administrator"): "GetAdministratorAccount",
    ("GET", "/findingAggregator/list"): "ListFindingAggregators",
    ("PATCH", "/findingsv2/batchupdatev2"): "BatchUpdateFindingsV2",
    ("POST", "/findingsv2"): "GetFindingsV2",
    ("POST", "/ticketsv2"): "CreateTicketV2",
    ("GET", "/hubv2"): "DescribeSecurityHubV2",
    ("POST", "/aggregatorv2/create"): "CreateAggregatorV2",
    ("GET", "/aggregatorv2/get"): "GetAggregatorV2",
    ("GET", "/aggregatorv2/list"): "ListAggregatorsV2",
}
# Its path goes on with the ARN.
_GET_AGGREGATOR: Final = "/aggregatorv2/get"
# The field of the answer that lists the unprocessed part.
_PARTS: Final[Mapping[str, str]] = {
    "BatchGetItem": "UnprocessedKeys",
    "BatchWriteItem": "UnprocessedItems",
}
_SCOPE: Final = re.compile(r"Credential=[^/]+/\d+/[^/]+/(?P<service>[^/]+)/")
_CALLER: Final = re.compile(r"\bapp/(?P<name>[\w-]+)")
_POLL_SECONDS: Final = 0.25
_RECENT_CALLS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Call:
    """One call; *caller* is its client's AWS_SDK_UA_APP_ID, which is the name of a worker."""

    service: str
    operation: str
    body: bytes = field(repr=False)
    caller: str | None


type Killer = Callable[[Call], None]


@dataclass(slots=True)
class _Answer:
    status: str
    headers: list[tuple[str, str]]
    body: bytes


class Gate:
    """
    WSGI middleware in front of moto.

    moto changes its lists and dicts without locks: two workers at once would lose messages and
    break conditional writes, so that each service takes one call at a time. Long polling of a
    queue, which would hold that lock, happens here instead.
    """

    def __init__(self, app: WSGIApplication, faults: FaultBoard) -> None:
        """Guard *app*; *faults* strike here."""
        self._app = app
        self.faults = faults
        self.counts: Counter[tuple[str, str]] = Counter()
        self.recent: deque[Call] = deque(maxlen=_RECENT_CALLS)
        self.kill: Killer = lambda _: None
        self.own: dict[tuple[str, str], Callable[[bytes], Reply]] = {}
        """Answers in place of moto's, by service and operation, each given the request's body."""
        self.prepare: dict[str, Callable[[], object]] = {}
        """Called before the first call of a service, by service."""
        self.is_empty: Callable[[str], bool] = lambda _: False
        """Returns True if the queue of a URL has no message to see; moto takes longer to say so."""
        self._locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)
        self._arrival = threading.Condition()
        self._announced = 0
        self._is_closing = False

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one HTTP request."""
        call = _read(environ)
        if call.service in self.prepare:
            with self._locks[call.service]:
                self.prepare.pop(call.service, lambda: None)()
        self.record(call)
        answer = self._answer(call, environ)
        if answer is None:
            hang_up(environ)
        start_response(answer.status, answer.headers)
        return [answer.body]

    def record(self, call: Call) -> None:
        """Count and keep *call*."""
        self.counts[call.service, call.operation] += 1
        self.recent.append(call)

    @property
    def is_closing(self) -> bool:
        """Return True once waiting for messages has ended."""
        return self._is_closing

    @contextmanager
    def holding(self, service: str) -> Iterator[None]:
        """Keep calls of *service* out, to look into moto's state or change it."""
        with self._locks[service]:
            yield

    def announce(self) -> None:
        """Wake those who wait for messages: one may be visible now."""
        with self._arrival:
            self._announced += 1
            self._arrival.notify_all()

    @property
    def announced(self) -> int:
        """Return how often there was news of messages."""
        return self._announced

    def wait(self, announced: int, seconds: float) -> None:
        """Wait for news since that of *announced*, for *seconds* at most."""
        with self._arrival:
            self._arrival.wait_for(lambda: self._announced != announced, seconds)

    def close(self) -> None:
        """Answer all calls that wait for messages, and end waiting."""
        self._is_closing = True
        self.announce()

    def _answer(self, call: Call, environ: WSGIEnvironment) -> _Answer | None:
        """Return the answer, or None to break the connection without one."""
        fault = self.faults.strike(call.service, call.operation, call.body)
        if fault is None:
            return self._perform(call, environ)
        time.sleep(fault.seconds)
        if fault.effect is Effect.PARTIAL:
            return self._perform_partly(call, environ)
        if fault.effect in {Effect.THROTTLE, Effect.ERROR}:
            return _error(call, fault)
        if fault.effect in {Effect.OUTAGE, Effect.KILL_BEFORE}:
            answer = None
        else:
            answer = self._perform(call, environ)
        if fault.effect in {Effect.KILL_BEFORE, Effect.KILL_AFTER}:
            self.kill(call)
        return answer if fault.effect is Effect.DELAY else None

    def _perform(self, call: Call, environ: WSGIEnvironment) -> _Answer:
        if (call.service, call.operation) == ("sqs", "ReceiveMessage"):
            return self._receive(call, environ)
        if (own := self.own.get((call.service, call.operation))) is not None:
            reply = own(call.body)
            return _json(f"{reply.status} {HTTPStatus(reply.status).phrase}", reply.value)
        answer = self._forward(call, environ, call.body)
        if call.service == "sqs":
            self.announce()
        return answer

    def _perform_partly(self, call: Call, environ: WSGIEnvironment) -> _Answer:
        """Do the first half of a batch for DynamoDB, and return the second half as unprocessed."""
        given = _PARTS.get(call.operation)
        if given is None:
            return self._perform(call, environ)
        request = json.loads(call.body)
        now, left = _halves(request["RequestItems"])
        content: dict[str, Any] = {"Responses": {}}
        if now:
            body = json.dumps(request | {"RequestItems": now}).encode()
            answer = self._forward(call, environ, body)
            if answer.status[0] != "2":
                return answer
            content = json.loads(answer.body)
        return _json("200 OK", content | {given: left})

    def _receive(self, call: Call, environ: WSGIEnvironment) -> _Answer:
        request = json.loads(call.body or b"{}")
        until = time.monotonic() + float(request.get("WaitTimeSeconds") or 0)
        body = json.dumps(request | {"WaitTimeSeconds": 0}).encode()
        while True:
            announced = self._announced
            answer = self._look(call, environ, body, str(request.get("QueueUrl")))
            left = 0.0 if self._is_closing else until - time.monotonic()
            if left <= 0 or json.loads(answer.body).get("Messages") or answer.status[0] != "2":
                return answer
            # A message may also become visible by time alone, without a call of announce.
            self.wait(announced, min(left, _POLL_SECONDS))

    def _look(self, call: Call, environ: WSGIEnvironment, body: bytes, url: str) -> _Answer:
        with self._locks[call.service]:
            return _json("200 OK", {}) if self.is_empty(url) else self._forward(call, environ, body)

    def _forward(self, call: Call, environ: WSGIEnvironment, body: bytes) -> _Answer:
        given: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> Any:
            given[:] = [status, headers]

        request = environ | {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        with self._locks[call.service]:
            chunks = self._app(request, start_response)
            content = b"".join(chunks)
        return _Answer(given[0], given[1], content)


def _read(environ: WSGIEnvironment) -> Call:
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    service = scope["service"] if scope else ""
    path = environ.get("PATH_INFO", "")
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    shortened = _GET_AGGREGATOR if path.startswith(f"{_GET_AGGREGATOR}/") else path
    operation = target.rpartition(".")[2] or _REST_OPERATIONS.get(
        (environ["REQUEST_METHOD"], shortened), path
    )
    caller = _CALLER.search(environ.get("HTTP_USER_AGENT", ""))
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return Call(service, operation, body, caller["name"] if caller else None)


def _halves(tables: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split the keys or writes of each table into halves; of an odd number, more are left."""
    now: dict[str, Any] = {}
    left: dict[str, Any] = {}
    for table, asked in tables.items():
        # Keys stand beside how they are to be read, writes by themselves.
        each = asked["Keys"] if isinstance(asked, dict) else asked
        middle = len(each) // 2
        for part, some in ((now, each[:middle]), (left, each[middle:])):
            if some:
                part[table] = asked | {"Keys": some} if isinstance(asked, dict) else some
    return now, left


def _error(call: Call, fault: Fault) -> _Answer:
    code, status = fault.error(call.service, call.operation)
    message = f"{call.operation} fails because a fault was asked for"
    content = {"__type": code, "message": message, "Message": message}
    return _json(f"{status} {code}", content, ("X-Amzn-ErrorType", code))


def _json(status: str, content: object, *headers: tuple[str, str]) -> _Answer:
    body = json.dumps(content).encode()
    length = ("Content-Length", str(len(body)))
    return _Answer(status, [("Content-Type", "application/json"), length, *headers], body)
