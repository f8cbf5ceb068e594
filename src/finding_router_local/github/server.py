"""The local GitHub as an HTTP server: the API, a page of the issues, and the control plane."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from http import HTTPStatus
from typing import Any, Final, Self
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from finding_router_local.control import ControlPlane, MistakeError, doing, sent_object
from finding_router_local.github import api as calls
from finding_router_local.github.api import Answer, Api, App
from finding_router_local.github.limits import Pace
from finding_router_local.github.store import Issue, Store
from finding_router_local.serving import LOOPBACK, HttpServer, Reply, hang_up
from finding_router_local.slack.control import CONTROL_PREFIX, fault_operations
from finding_router_local.slack.faults import FaultPlan

DEFAULT_TOKEN: Final = "ghp_local"  # noqa: S105 -- opens nothing but this server
DEFAULT_REPOSITORY: Final = "acme/security"
_PAGE: Final = "page"
_ISSUES: Final = "/repos/<owner>/<repository>/issues"
_ADDRESSES: Final = Map(
    [
        Rule(_ISSUES, endpoint=calls.CREATE, methods=["POST"]),
        Rule(_ISSUES, endpoint=calls.LIST, methods=["GET"]),
        Rule(f"{_ISSUES}/<int:number>", endpoint=calls.GET, methods=["GET"]),
        Rule(f"{_ISSUES}/<int:number>", endpoint=calls.UPDATE, methods=["PATCH"]),
        Rule(f"{_ISSUES}/<int:number>/comments", endpoint=calls.COMMENT, methods=["POST"]),
        Rule(f"{_ISSUES}/<int:number>/comments", endpoint=calls.COMMENTS, methods=["GET"]),
        Rule(
            "/app/installations/<installation>/access_tokens",
            endpoint=calls.TOKEN,
            methods=["POST"],
        ),
        Rule("/", endpoint=_PAGE, methods=["GET"]),
        Rule("/<owner>/<repository>/issues", endpoint=_PAGE, methods=["GET"]),
        Rule("/<owner>/<repository>/issues/<int:number>", endpoint=_PAGE, methods=["GET"]),
    ]
)
_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "article{border:1px solid #8884;border-radius:6px;padding:0 1em;margin:1em 0}"
    "pre{white-space:pre-wrap;overflow-wrap:anywhere}small{opacity:.7}"
)


class GitHubServer:
    """
    A GitHub of its own, on loopback, from `start` (or ``with``) to `stop`.

    *port* 0 takes any free one. Without *repositories* every one is there. *pace* False lifts the
    limits. *clock* returns Unix seconds.
    """

    def __init__(
        self,
        *,
        host: str = LOOPBACK,
        port: int = 0,
        token: str = DEFAULT_TOKEN,
        repositories: Sequence[str] = (),
        pace: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.store = Store(clock)
        self.store.repositories.update(repositories)
        self.faults = FaultPlan()
        self.api = Api(
            self.store,
            self.faults,
            token=token,
            auto_create=not repositories,
            pace=Pace(clock) if pace else None,
            clock=clock,
        )
        self._host = host
        self._port = port
        self._server: HttpServer | None = None
        self._stopping = threading.Event()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Listen; raise OSError where the port is taken."""
        self._stopping.clear()
        self._server = HttpServer(self._answer, host=self._host, port=self._port)
        self._server.mount(CONTROL_PREFIX, _control(self))
        self._port = self._server.port
        self.api.page_url = self.page_url
        return self

    def stop(self) -> None:
        """Close the port; the issues stay."""
        if self._server is not None:
            self._stopping.set()
            self._server.close()
            self._server = None

    @property
    def base_url(self) -> str:
        """Return the address of the API, without a slash at its end."""
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def page_url(self) -> str:
        """Return the address of the page."""
        return f"{self.base_url}/"

    @property
    def token(self) -> str:
        """Return the good token."""
        return self.api.token

    @property
    def secret(self) -> str:
        """Return the token as the router wants it stored: with the address that it is for."""
        return json.dumps({"token": self.token, "base_url": self.base_url})

    def add_app(self, app: App) -> None:
        """Install an app."""
        self.api.apps.append(app)

    def issues(self, repository: str | None = None) -> list[Issue]:
        """Return the issues of *repository*, or of all, oldest first."""
        return self.store.issues(repository)

    def clear(self) -> None:
        """Forget issues, faults and counts."""
        self.api.clear()

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        response = _ADDRESSES.bind_to_environ(environ).dispatch(
            lambda endpoint, values: self._view(request, endpoint, values),
            catch_http_exceptions=True,
        )
        return response(environ, start_response)

    def _view(self, request: Request, endpoint: str, values: Mapping[str, Any]) -> Response:
        if endpoint == _PAGE:
            return Response(_page(self, values), mimetype="text/html")
        token = request.headers.get("Authorization", "").removeprefix("Bearer").strip()
        sent = request.get_json(silent=True)
        if request.method != "GET" and not isinstance(sent, dict):
            return _response(Answer(HTTPStatus.BAD_REQUEST, {"message": "Problems parsing JSON"}))
        given = {**dict(request.args.items()), **values}
        answer = self.api.call(endpoint, token, given, sent if isinstance(sent, dict) else {})
        if answer.delay_seconds:
            self._stopping.wait(answer.delay_seconds)
        if answer.drop:
            hang_up(request.environ)
        return _response(answer)


def _response(answer: Answer) -> Response:
    body = json.dumps(answer.body)
    return Response(body, answer.status, dict(answer.headers), mimetype="application/json")


def _page(server: GitHubServer, values: Mapping[str, Any]) -> str:
    """Return the page of all issues, of a repository's, or of one, without their formatting."""
    owner, number = values.get("owner"), values.get("number")
    repository = f"{owner}/{values['repository']}" if owner else None
    shown = [each for each in reversed(server.issues(repository)) if number in {None, each.number}]
    articles = "".join(map(_article, shown)) or "<p>No issues.</p>"
    return (
        f'<!doctype html><meta charset="utf-8"><title>Local GitHub</title><style>{_STYLE}</style>'
        f'<h1><a href="/">Local GitHub</a></h1>{articles}'
    )


def _article(issue: Issue) -> str:
    where = f"/{escape(issue.repository)}/issues/{issue.number}"
    labels = "".join(f" <small>[{escape(each)}]</small>" for each in issue.labels)
    people = f" <small>→ {escape(', '.join(issue.assignees))}</small>" if issue.assignees else ""
    comments = "".join(
        f"<hr><small>{escape(each.author)}</small><pre>{escape(each.body)}</pre>"
        for each in issue.comments
    )
    return (
        f'<article data-state="{escape(issue.state)}"><h2><a href="{where}">'
        f"{escape(issue.title)}</a> #{issue.number}</h2>"
        f"<small>{escape(issue.repository)} · {escape(issue.state)}</small>{labels}{people}"
        f"<pre>{escape(issue.body)}</pre>{comments}</article>"
    )


def _control(server: GitHubServer) -> ControlPlane:
    """Return the control plane: ``/_control`` of docs/local.md."""
    store = server.store

    def issues(_: Request) -> Reply:
        return Reply(
            [
                {
                    **each.as_json(server.page_url),
                    "repository": each.repository,
                    "comments": each.comments_as_json(),
                }
                for each in server.issues()
            ]
        )

    def change(request: Request) -> Reply:
        sent = sent_object(request)
        found = [each for each in server.issues() if each.number == sent.get("number")]
        found = [each for each in found if sent.get("repository") in {None, each.repository}]
        if len(found) != 1:
            raise MistakeError('name one issue by "number", and by "repository" if need be')
        if sent.get("state", "open") not in {"open", "closed"}:
            raise MistakeError("state is open or closed")
        store.change(found[0], state=sent.get("state"), labels=sent.get("labels"))
        if "comment" in sent:
            store.comment(found[0], str(sent["comment"]))
        return Reply(found[0].as_json(server.page_url))

    def statistics(_: Request) -> Reply:
        return Reply({"calls": dict(server.api.calls), "statuses": dict(server.api.statuses)})

    return ControlPlane(
        CONTROL_PREFIX,
        {
            "GET /issues": issues,
            "POST /issues": change,
            **fault_operations(server.faults, place="repository"),
            "GET /statistics": statistics,
            "POST /clear": doing(server.clear),
        },
    )
