"""The HTTP of the local Slack: the Web API and the page."""

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from finding_router_local.serving import hang_up
from finding_router_local.slack.api import Answer, WebApi
from finding_router_local.slack.page import Viewer, render_page
from finding_router_local.slack.people import FIRST_PERSON, PEOPLE, TEAM_ID
from finding_router_local.slack.workspace import PostedMessage, Workspace

# As of Slack's own: https://hooks.slack.com/actions/T…/1234567890123/…
RESPONSE_PATH: Final = f"/actions/{TEAM_ID}"
_NEWS_SECONDS: Final = 15.0
_CALL, _PAGE, _NEWS, _RESPONSE = "call", "page", "news", "response"
_ADDRESSES: Final = Map(
    [
        Rule("/api/", endpoint=_CALL, methods=["GET", "POST"]),
        Rule("/api/<method>", endpoint=_CALL, methods=["GET", "POST"]),
        Rule("/", endpoint=_PAGE, methods=["GET"]),
        Rule("/archives/<channel>", endpoint=_PAGE, methods=["GET"]),
        Rule("/archives/<channel>/<message>", endpoint=_PAGE, methods=["GET"]),
        Rule("/_page/news", endpoint=_NEWS, methods=["GET"]),
        Rule(f"{RESPONSE_PATH}/<path:token>", endpoint=_RESPONSE, methods=["POST"]),
    ]
)


def make_app(
    api: WebApi, stopping: threading.Event, *, latency_seconds: float = 0.0
) -> WSGIApplication:
    """
    Return the WSGI application.

    Requests that wait return soon after *stopping* is set. Answers of the API are delayed by
    *latency_seconds*.
    """

    def view(request: Request, endpoint: str, values: Mapping[str, Any]) -> Response:
        if endpoint == _PAGE:
            return _page(api.workspace, values.get("channel"), request.args.get("as"))
        if endpoint == _NEWS:
            return Response(_news(api.workspace, stopping), mimetype="text/event-stream")
        if endpoint == _RESPONSE:
            sent = request.get_json(force=True, silent=True)
            answer = api.respond(values["token"], sent if isinstance(sent, dict) else {})
        else:
            answer = _called(api, values.get("method", ""), request)
        if delay_seconds := latency_seconds + answer.delay_seconds:
            stopping.wait(delay_seconds)
        if answer.drop:
            hang_up(request.environ)
        return _response(answer)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        response = _ADDRESSES.bind_to_environ(environ).dispatch(
            lambda endpoint, values: view(request, endpoint, values), catch_http_exceptions=True
        )
        return response(environ, start_response)

    return app


def _called(api: WebApi, method: str, request: Request) -> Answer:
    values: dict[str, Any] = dict(request.values.items())
    # WebClient names JSON also where it sends nothing, or only a query string.
    if request.mimetype == "application/json" and (data := request.get_data()):
        try:
            sent = json.loads(data)
        except ValueError:
            return Answer({"ok": False, "error": "invalid_json"})
        if not isinstance(sent, dict):
            return Answer({"ok": False, "error": "json_not_object"})
        values |= sent
    token = request.headers.get("Authorization", "").removeprefix("Bearer").strip()
    return api.call(method, token, values)


def _response(answer: Answer) -> Response:
    if isinstance(answer.body, str):
        return Response(answer.body, answer.status, dict(answer.headers), mimetype="text/html")
    body = json.dumps(answer.body)
    return Response(body, answer.status, dict(answer.headers), mimetype="application/json")


def _page(workspace: Workspace, channel: str | None, reader: str | None) -> Response:
    """Draw the page for *reader*, a person's name or id, or for the first person."""
    with workspace.lock:
        person = workspace.find_person(reader or FIRST_PERSON) or PEOPLE[0]
        interactions = workspace.interactions
        own = interactions.ephemerals_of(person.id)
        messages: list[PostedMessage] = workspace.messages()
        viewer = Viewer(
            person=person,
            people=list(workspace.people.values()),
            modal=interactions.modal(person.id),
        )
        channels, version = workspace.channels(), workspace.version
    page = render_page(
        sorted([*messages, *own], key=lambda each: each.ts) if own else messages,
        channels,
        selected=channel,
        live=version,
        workspace=workspace.name,
        viewer=viewer,
    )
    return Response(page, mimetype="text/html")


def _news(workspace: Workspace, stopping: threading.Event) -> Iterator[str]:
    """Send the version of the workspace when it changes, and a comment every 15 seconds."""
    seen = workspace.version
    yield f"data: {seen}\n\n"
    while not stopping.is_set():
        version = workspace.wait_for_news(seen, _NEWS_SECONDS)
        yield f"data: {version}\n\n" if version != seen else ": still here\n\n"
        seen = version
