"""The calls of the local GitHub: who calls, whether in time, and what the call does."""

import base64
import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from finding_router_local.github import limits
from finding_router_local.github.store import APP, Issue, Store, moment
from finding_router_local.slack.faults import Fault, FaultPlan

CREATE, LIST, GET, UPDATE = "create", "list", "get", "update"
COMMENT, COMMENTS, TOKEN = "comment", "comments", "token"
_WRITES: Final = frozenset({CREATE, UPDATE, COMMENT})
_SHA256: Final = bytes.fromhex("3031300d060960864801650304020105000420")


class RefusedError(Exception):
    """A call is answered with *status* and *message*."""

    def __init__(
        self, status: int, message: str, *, errors: list[dict[str, Any]] | None = None
    ) -> None:
        """*errors* name the fields that are wrong."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors


@dataclass(frozen=True, slots=True)
class App:
    """A GitHub App with one installation, and the modulus and exponent of its public key."""

    app_id: str
    installation_id: str
    modulus: int
    exponent: int = 65_537


@dataclass(frozen=True, slots=True)
class Answer:
    """A response; *drop* ends the connection instead."""

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False
    delay_seconds: float = 0.0


class Api:
    """Answers calls about *store*; *pace* None lifts the limits."""

    def __init__(
        self,
        store: Store,
        faults: FaultPlan,
        *,
        token: str,
        auto_create: bool,
        pace: limits.Pace | None,
        clock: Callable[[], float],
    ) -> None:
        """*token* is the good one; with *auto_create* every repository is there."""
        self.store = store
        self.faults = faults
        self.token = token
        self.page_url = "/"
        self.apps: list[App] = []
        self.calls: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self._auto_create = auto_create
        self._pace = pace
        self.clock = clock
        self._installed: dict[str, float] = {}

    def clear(self) -> None:
        """Forget issues, faults, counts and the tokens of apps."""
        self.store.clear()
        self.faults.clear()
        self.calls.clear()
        self.statuses.clear()
        self._installed.clear()
        if self._pace is not None:
            self._pace.clear()

    def call(
        self, method: str, token: str, values: Mapping[str, Any], sent: Mapping[str, Any]
    ) -> Answer:
        """Answer a call of *method*, with the *values* of its address and what was *sent*."""
        self.calls[method] += 1
        repository = f"{values.get('owner', '')}/{values.get('repository', '')}"
        fault = self.faults.strike(method, frozenset({repository}))
        if fault is None or fault.takes_effect:
            answer = self._limited(method, token, repository, values, sent)
            if fault is not None and fault.meanwhile is not None:
                fault.meanwhile()
            answer = answer if fault is None else _struck(fault, answer)
        else:
            answer = _struck(fault, None)
        self.statuses[answer.status] += 1
        return answer

    def _limited(
        self,
        method: str,
        token: str,
        repository: str,
        values: Mapping[str, Any],
        sent: Mapping[str, Any],
    ) -> Answer:
        try:
            if method == TOKEN:
                return Answer(HTTPStatus.CREATED, self._token(token, str(values["installation"])))
            self._check_token(token)
            if (limit := self._limit(method)) is not None:
                return limit
            self._check_repository(repository)
            with self.store.lock:
                return self._done(method, repository, values, sent)
        except RefusedError as refused:
            body: dict[str, Any] = {"message": refused.message, "status": str(refused.status)}
            if refused.errors is not None:
                body["errors"] = refused.errors
            return Answer(refused.status, body)

    def _check_token(self, token: str) -> None:
        is_installed = self._installed.get(token, 0.0) > self.clock()
        if token != self.token and not is_installed:
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "Bad credentials")

    def _check_repository(self, repository: str) -> None:
        if not self._auto_create and repository not in self.store.repositories:
            raise RefusedError(HTTPStatus.NOT_FOUND, "Not Found")

    def _limit(self, method: str) -> Answer | None:
        if self._pace is None:
            return None
        if wait := self._pace.wait_for_request():
            return Answer(
                HTTPStatus.FORBIDDEN,
                {"message": "API rate limit exceeded for user ID 1."},
                {
                    "x-ratelimit-remaining": "0",
                    "x-ratelimit-reset": str(int(self.clock() + wait) + 1),
                },
            )
        if wait := self._pace.wait_for_second_limit(is_write=method in _WRITES):
            # GitHub answers with either.
            is_even = self.statuses.total() % 2 == 0
            status = HTTPStatus.FORBIDDEN if is_even else HTTPStatus.TOO_MANY_REQUESTS
            return Answer(
                status,
                {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."},
                {"retry-after": str(int(wait) + 1)},
            )
        return None

    def _done(
        self, method: str, repository: str, values: Mapping[str, Any], sent: Mapping[str, Any]
    ) -> Answer:
        if method == CREATE:
            issue = self._create(repository, sent)
            return Answer(HTTPStatus.CREATED, issue.as_json(self.page_url))
        if method == LIST:
            return Answer(HTTPStatus.OK, self._list(repository, values))
        issue = self._issue(repository, values)
        if method == UPDATE:
            _check(sent)
            if sent.get("state", "open") not in {"open", "closed"}:
                raise _invalid("state", "invalid")
            self.store.change(
                issue,
                state=sent.get("state"),
                reason=sent.get("state_reason"),
                body=sent.get("body"),
                title=sent.get("title"),
                labels=sent.get("labels"),
            )
        elif method == COMMENT:
            _check(sent)
            if not sent.get("body"):
                raise _invalid("body", "missing_field")
            self.store.comment(issue, str(sent["body"]), author=APP)
            return Answer(HTTPStatus.CREATED, issue.comments_as_json()[-1])
        elif method == COMMENTS:
            since = _seconds(values.get("since"))
            return Answer(HTTPStatus.OK, _page(issue.comments_as_json(since), values))
        return Answer(HTTPStatus.OK, issue.as_json(self.page_url))

    def _create(self, repository: str, sent: Mapping[str, Any]) -> Issue:
        _check(sent)
        if not isinstance(sent.get("title"), str) or not sent["title"].strip():
            raise _invalid("title", "missing_field")
        labels = [str(each) for each in sent.get("labels", ())]
        if any(len(each) > limits.MAX_LABEL for each in labels):
            raise _invalid("labels", "invalid")
        assignees = list(dict.fromkeys(sent.get("assignees", ())))
        if len(assignees) > limits.MAX_ASSIGNEES:
            raise _invalid("assignees", "invalid")
        known = self.store.collaborators
        if known and not known.issuperset(assignees):
            raise _invalid("assignees", "invalid")
        return self.store.add(
            repository,
            title=sent["title"],
            body=str(sent.get("body") or ""),
            labels=[] if self.store.drops_labels else labels,
            assignees=assignees,
            author=APP,
        )

    def _list(self, repository: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        state, since = values.get("state", "open"), _seconds(values.get("since"))
        wanted = {*filter(None, str(values.get("labels", "")).split(","))}
        found = [
            each
            for each in self.store.issues(repository)
            if state in {"all", each.state}
            and each.updated_at >= since
            and wanted <= {*each.labels}
        ]
        key = "updated_at" if values.get("sort") == "updated" else "number"
        found.sort(key=lambda each: getattr(each, key), reverse=values.get("direction") != "asc")
        return [each.as_json(self.page_url) for each in _page(found, values)]

    def _issue(self, repository: str, values: Mapping[str, Any]) -> Issue:
        issue = self.store.issue(repository, int(values["number"]))
        if issue is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "Not Found")
        return issue

    def _token(self, jwt: str, installation: str) -> dict[str, Any]:
        """Return a token for an hour, for a JWT of an app that is installed."""
        app = next((each for each in self.apps if each.installation_id == installation), None)
        if app is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, "Not Found")
        claims = _verified(jwt, app)
        now = self.clock()
        is_timely = claims["iat"] <= now < claims["exp"] <= now + limits.MAX_JWT_SECONDS
        if str(claims["iss"]) != app.app_id or not is_timely:
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "A JSON web token could not be decoded")
        token, until = f"ghs_{secrets.token_hex(18)}", now + limits.TOKEN_SECONDS
        self._installed[token] = until
        return {"token": token, "expires_at": moment(until)}


def _verified(jwt: str, app: App) -> dict[str, Any]:
    """Return the claims of *jwt*, if the key of *app* signed it with RS256."""
    try:
        head, claims, signature = jwt.split(".")
        is_rs256 = json.loads(_bytes(head))["alg"] == "RS256"
        size = (app.modulus.bit_length() + 7) // 8
        digest = _SHA256 + hashlib.sha256(f"{head}.{claims}".encode()).digest()
        padded = b"\x00\x01" + b"\xff" * (size - len(digest) - 3) + b"\x00" + digest
        opened = pow(int.from_bytes(_bytes(signature)), app.exponent, app.modulus)
        values = json.loads(_bytes(claims))
        if is_rs256 and opened == int.from_bytes(padded) and isinstance(values, dict):
            return {"iat": 0, "exp": 0, "iss": "", **values}
    except (ValueError, LookupError):
        pass
    raise RefusedError(HTTPStatus.UNAUTHORIZED, "A JSON web token could not be decoded")


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _check(sent: Mapping[str, Any]) -> None:
    title, body = sent.get("title"), sent.get("body")
    if isinstance(title, str) and len(title) > limits.MAX_TITLE:
        raise _invalid("title", "custom", "title is too long (maximum is 256 characters)")
    if isinstance(body, str) and len(body) > limits.MAX_BODY:
        raise _invalid("body", "custom", "body is too long (maximum is 65536 characters)")


def _invalid(name: str, code: str, message: str | None = None) -> RefusedError:
    error = {"resource": "Issue", "field": name, "code": code}
    return RefusedError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Validation Failed",
        errors=[error | ({"message": message} if message else {})],
    )


def _page[One](found: list[One], values: Mapping[str, Any]) -> list[One]:
    size = min(int(values.get("per_page", limits.DEFAULT_PAGE)), limits.MAX_PAGE)
    start = (int(values.get("page", 1)) - 1) * size
    return found[start : start + size]


def _seconds(text: object) -> float:
    return datetime.fromisoformat(text).timestamp() if isinstance(text, str) and text else 0.0


def _struck(fault: Fault, answer: Answer | None) -> Answer:
    """Return the answer that *fault* gives in place of *answer*, None if the call had no effect."""
    if fault.drop is not None:
        return Answer(0, drop=True, delay_seconds=fault.delay_seconds)
    if not fault.answers:
        kept = answer or Answer(HTTPStatus.OK)
        return Answer(kept.status, kept.body, kept.headers, delay_seconds=fault.delay_seconds)
    limited = HTTPStatus.TOO_MANY_REQUESTS if fault.is_rate_limit else HTTPStatus.BAD_GATEWAY
    headers = {} if fault.retry_after is None else {"retry-after": str(fault.retry_after)}
    return Answer(
        fault.http_status or limited,
        {"message": fault.error or "planned fault"},
        headers,
        delay_seconds=fault.delay_seconds,
    )
