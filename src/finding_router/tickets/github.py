"""
The five calls of GitHub that tickets need, and what its errors mean for them.

GitHub knows no idempotency key: after a lost answer `find` looks for the marker of the issue in the
list of the newest ones, which is consistent, unlike the search.
"""

import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPMethod, HTTPStatus
from math import isfinite
from typing import Any, Final, Self
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError, NewConnectionError

from finding_router.errors import TicketError, TicketGoneError
from finding_router.isolation import isolated
from finding_router.tickets.issue import Draft, has_marker
from finding_router.tickets.pace import Pace

# Kept working for two years after the next one.
API_VERSION: Final = "2022-11-28"
TIMEOUT_SECONDS: Final = 10.0
# A connection idle for longer may have been closed, unnoticed, while Lambda was frozen.
IDLE_SECONDS: Final = 20.0
# "Wait for at least one minute", says GitHub where no header says for how long.
REST_SECONDS: Final = 60.0
# Its limits are by the hour, and clocks differ.
LONGEST_REST_SECONDS: Final = 7_200.0
UNAVAILABLE_SECONDS: Final = 60.0
PAGE: Final = 100
MAX_PAGES: Final = 5
# The clocks of GitHub and Lambda differ.
SINCE_MARGIN_SECONDS: Final = 120.0
_MAX_REDIRECTS: Final = 3
_MESSAGE_CHARS: Final = 200
_MOVED: Final = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)
_LIMITED: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """An issue as it is in GitHub."""

    number: int
    url: str
    is_open: bool
    body: str = ""
    labels: tuple[str, ...] = ()
    closed_at: float | None = None

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> Self:
        """Return the issue in an answer; raise LookupError, TypeError or ValueError for none."""
        closed_at = answer.get("closed_at")
        return cls(
            number=int(answer["number"]),
            url=str(answer["html_url"]),
            is_open=answer["state"] != "closed",
            body=str(answer.get("body") or ""),
            labels=tuple(str(each.get("name")) for each in _maps(answer.get("labels"))),
            closed_at=datetime.fromisoformat(closed_at).timestamp() if closed_at else None,
        )


class GitHub:
    """
    The issues of one *repository*, called with *token*, at the *pace* of all workers together.

    *token* returns the token; True asks for a fresh one. Every method raises TicketError, and
    StoreError if the Ledger does not answer.
    """

    def __init__(
        self,
        repository: str,
        *,
        base_url: str,
        token: Callable[[bool], str],
        pace: Pace,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """*base_url* has no slash at its end; *clock* gives Unix seconds."""
        self._repository = repository
        self._base_url = base_url
        self._token = token
        self._pace = pace
        self._clock = clock

    @property
    def place(self) -> str:
        """Return the address of the repository in the API."""
        return f"{self._base_url}/repos/{self._repository}"

    def create(self, draft: Draft) -> Issue:
        """Make an issue; without the people or labels that GitHub does not take."""
        sent: dict[str, Any] = {"title": draft.title, "body": draft.body}
        if draft.labels:
            sent["labels"] = list(draft.labels)
        if draft.assignees:
            sent["assignees"] = list(draft.assignees)
        try:
            return self._issue(self._call(HTTPMethod.POST, "issues", sent))
        except _InvalidError as error:
            if not error.fields & sent.keys() & {"assignees", "labels"}:
                raise
        # A ticket without them is better than none.
        for field in ("assignees", "labels"):
            sent.pop(field, None)
        return self._issue(self._call(HTTPMethod.POST, "issues", sent))

    def find(self, marker: str, *, since: float) -> Issue | None:
        """Return the issue that has *marker*, and was made after Unix second *since*."""
        for answer in self._newest(since - SINCE_MARGIN_SECONDS):
            if has_marker(answer.get("body"), marker):
                return self._issue(answer)
        return None

    def issue(self, number: int) -> Issue:
        """Return an issue as it is now; raise TicketGoneError if it was deleted."""
        return self._issue(self._call(HTTPMethod.GET, f"issues/{number}"))

    def comment(self, number: int, text: str) -> None:
        """Comment on an issue."""
        self._call(HTTPMethod.POST, f"issues/{number}/comments", {"body": text})

    def has_comment(self, number: int, marker: str, *, since: float) -> bool:
        """Return True if an issue has a comment with *marker*, made after Unix second *since*."""
        query = {"since": _moment(since - SINCE_MARGIN_SECONDS), "per_page": PAGE}
        found = self._call(HTTPMethod.GET, f"issues/{number}/comments?{urlencode(query)}")
        return any(has_marker(each.get("body"), marker) for each in _maps(found))

    def set_state(self, number: int, *, is_open: bool, body: str | None = None) -> None:
        """Close an issue or open it again, with a new *body* if there is one."""
        sent: dict[str, Any] = {
            "state": "open" if is_open else "closed",
            "state_reason": "reopened" if is_open else "completed",
        }
        self._call(HTTPMethod.PATCH, f"issues/{number}", sent | ({"body": body} if body else {}))

    def set_body(self, number: int, body: str) -> None:
        """Write the *body* of an issue."""
        self._call(HTTPMethod.PATCH, f"issues/{number}", {"body": body})

    def _newest(self, since: float) -> Iterator[Mapping[str, Any]]:
        """
        Yield the issues changed after *since*, the newest first.

        Those without our labels as well: GitHub drops them where the token may not set any.
        """
        for page in range(1, MAX_PAGES + 1):
            query = {
                "state": "all",
                "sort": "created",
                "direction": "desc",
                "since": _moment(since),
                "per_page": PAGE,
                "page": page,
            }
            found = list(_maps(self._call(HTTPMethod.GET, f"issues?{urlencode(query)}")))
            yield from found
            if len(found) < PAGE:
                return

    def _issue(self, answer: object) -> Issue:
        with isolated("answer of GitHub not read"):
            if isinstance(answer, Mapping):
                return Issue.read(answer)
        raise self._unreadable()

    def _call(self, method: HTTPMethod, path: str, sent: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON of the answer to a call about the repository."""
        if wait := self._pace.seconds_to_rest():
            raise TicketError("GitHub asked for a rest", retry_seconds=wait)
        if method is not HTTPMethod.GET and (wait := self._pace.seconds_to_write()):
            raise TicketError("GitHub takes only so many changes a minute", retry_seconds=wait)
        url = f"{self.place}/{path}"
        answer = send(method, url, sent, token=self._token(False))  # noqa: FBT003 -- as the caller's
        if answer.status == HTTPStatus.UNAUTHORIZED:
            # It may have been rotated a moment ago.
            answer = send(method, url, sent, token=self._token(True))  # noqa: FBT003
        if answer.is_ok:
            self._pace.worked()
            content = answer.content
            if content is None:
                raise self._unreadable()
            return content
        raise self._refusal(answer)

    def _refusal(self, answer: "Answer") -> TicketError:  # noqa: PLR0911 -- one line a case
        """Return the error that *answer* means."""
        where, said = f"GitHub, {self._repository}", answer.message
        if answer.is_limit:
            seconds = self._pace.rest(answer.seconds_to_rest(self._clock()))
            return TicketError(f"{where}: asked for a rest ({said})", retry_seconds=seconds)
        match answer.status:
            case HTTPStatus.UNAUTHORIZED:
                return TicketError(f"{where}: the token is not valid; store a new one ({said})")
            case HTTPStatus.FORBIDDEN:
                return TicketError(
                    f"{where}: the token may not do that; it needs to write issues ({said})"
                )
            case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
                return TicketGoneError(
                    f"{where}: not found, or the token may not see it, or issues are off ({said})"
                )
            case HTTPStatus.UNPROCESSABLE_ENTITY | HTTPStatus.BAD_REQUEST:
                return _InvalidError(f"{where}: refused the issue ({said})", fields=answer.fields)
            case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                return TicketError(
                    f"{where}: does not answer (status {status})",
                    retry_seconds=UNAVAILABLE_SECONDS,
                    ambiguous=True,
                )
        return TicketError(f"{where}: refused with status {answer.status} ({said})")

    def _unreadable(self) -> TicketError:
        return TicketError(
            f"GitHub, {self._repository}: the answer cannot be read",
            retry_seconds=UNAVAILABLE_SECONDS,
            ambiguous=True,
        )


class _InvalidError(TicketError):
    """GitHub refuses a value; *fields* are the names of those that it named."""

    def __init__(self, message: str, *, fields: frozenset[str]) -> None:
        super().__init__(message)
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Answer:
    """A response of GitHub."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_ok(self) -> bool:
        """Return True if the call had its effect."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def content(self) -> Any:
        """Return the JSON of the body; None if it has none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    @property
    def message(self) -> str:
        """Return what GitHub says of an error, which repeats nothing that was sent."""
        content = self.content
        said = content.get("message") if isinstance(content, dict) else None
        text = " ".join(said.split()) if isinstance(said, str) else "no reason given"
        return text[:_MESSAGE_CHARS]

    @property
    def fields(self) -> frozenset[str]:
        """Return the fields with values that GitHub refuses."""
        content = self.content
        errors = content.get("errors") if isinstance(content, dict) else None
        named = (each.get("field") for each in _maps(errors))
        return frozenset(each for each in named if isinstance(each, str))

    @property
    def is_limit(self) -> bool:
        """Return True if it is a rate limit, the first kind or the second."""
        return self.status in _LIMITED and (
            self.status == HTTPStatus.TOO_MANY_REQUESTS
            or "retry-after" in self.headers
            or self.headers.get("x-ratelimit-remaining") == "0"
            or "rate limit" in self.message.lower()
        )

    def seconds_to_rest(self, now: float) -> float:
        """Return the seconds to wait after a rate limit, from Unix second *now*."""
        wait = _number(self.headers.get("retry-after"))
        reset = _number(self.headers.get("x-ratelimit-reset"))
        if wait is None and reset is not None and self.headers.get("x-ratelimit-remaining") == "0":
            wait = reset - now
        return REST_SECONDS if wait is None else min(max(wait, 1.0), LONGEST_REST_SECONDS)


_pools: Final[dict[str, urllib3.PoolManager]] = {}
_used_at: Final[dict[str, float]] = {}


def send(
    method: HTTPMethod,
    url: str,
    sent: Mapping[str, Any] | None,
    *,
    token: str,
) -> Answer:
    """
    Return GitHub's answer; a repository that moved is followed, to the same host alone.

    Raises:
        TicketError: There is none; of a call that was sent the outcome is not known.

    """
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {token}",
        "User-Agent": "finding-router",
        "X-GitHub-Api-Version": API_VERSION,
    }
    body = None if sent is None else json.dumps(sent).encode()
    if body is not None:
        headers["Content-Type"] = "application/json"
    scheme, _, rest = url.partition("://")
    origin = f"{scheme}://{rest.partition('/')[0]}/"
    for _ in range(_MAX_REDIRECTS):
        answer = _send(method, url, body, headers, origin=origin)
        url = answer.headers.get("location", "")
        if answer.status not in _MOVED or not url.startswith(origin):
            break
    return answer


def _send(
    method: HTTPMethod,
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    *,
    origin: str,
) -> Answer:
    is_ambiguous = method is not HTTPMethod.GET
    try:
        response = _pool(origin).request(
            method,
            url,
            body=body,
            headers=headers,
            timeout=urllib3.Timeout(total=TIMEOUT_SECONDS),
            redirect=False,
            retries=False,
        )
    except NewConnectionError as error:
        raise _unreachable(error, ambiguous=False) from None
    except HTTPError as error:
        raise _unreachable(error, ambiguous=is_ambiguous) from None
    return Answer(
        response.status,
        {name.lower(): value for name, value in response.headers.items()},
        response.data,
    )


def _pool(origin: str) -> urllib3.PoolManager:
    """Return the connections to *origin*, without those that are idle for long."""
    if origin not in _pools:
        # urllib3 otherwise reads the file of certificates again for each connection.
        context = ssl.create_default_context() if origin.startswith("https:") else None
        _pools[origin] = urllib3.PoolManager(num_pools=1, maxsize=1, ssl_context=context)
    # Wall time, since a monotonic clock may stop while Lambda is frozen.
    now = time.time()
    if now - _used_at.get(origin, now) > IDLE_SECONDS:
        _pools[origin].clear()
    _used_at[origin] = now
    return _pools[origin]


def _unreachable(error: Exception, *, ambiguous: bool) -> TicketError:
    return TicketError(
        f"GitHub: cannot be reached ({type(error).__name__})",
        retry_seconds=UNAVAILABLE_SECONDS,
        ambiguous=ambiguous,
    )


def _maps(found: object) -> Iterator[Mapping[str, Any]]:
    return (
        (each for each in found if isinstance(each, Mapping))
        if isinstance(found, list)
        else iter(())
    )


def _number(text: str | None) -> float | None:
    try:
        number = float(text) if text else None
    except ValueError:
        return None
    return number if number is not None and isfinite(number) else None


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(max(at, 0.0), UTC):%Y-%m-%dT%H:%M:%SZ}"
