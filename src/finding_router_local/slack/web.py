"""The HTTP of the local Slack: the Web API, its control, and the page."""

import json
import threading
from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, request

from finding_router_local.slack.api import Answer, WebApi
from finding_router_local.slack.connections import cut
from finding_router_local.slack.control import add_control
from finding_router_local.slack.page import render_page
from finding_router_local.slack.workspace import Workspace

_NEWS_SECONDS = 15.0


def make_app(api: WebApi, stopping: threading.Event, *, latency_seconds: float = 0.0) -> Flask:
    """
    Return the WSGI application.

    Requests that wait return soon after *stopping* is set. Answers of the API take
    *latency_seconds* more than they need.
    """
    app = Flask(__name__, static_folder=None)

    @app.route("/api/", methods=["GET", "POST"], defaults={"method": ""})
    @app.route("/api/<method>", methods=["GET", "POST"])
    def call(method: str) -> Response:
        answer = _called(api, method)
        if delay_seconds := latency_seconds + answer.delay_seconds:
            stopping.wait(delay_seconds)
        return _response(answer)

    add_control(app, api)
    _add_page(app, api.workspace, stopping)
    return app


def _called(api: WebApi, method: str) -> Answer:
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
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        token = str(values.get("token", ""))
    return api.call(method, token.strip(), values)


def _response(answer: Answer) -> Response:
    if answer.drop:
        _drop_connection()
        return Response(status=204)
    if isinstance(answer.body, str):
        return Response(answer.body, answer.status, dict(answer.headers), mimetype="text/html")
    body = json.dumps(answer.body)
    return Response(body, answer.status, dict(answer.headers), mimetype="application/json")


def _drop_connection() -> None:
    """
    End the caller's connection before a byte of the answer is written.

    Werkzeug hands out the socket; the server then finds it closed, as if the caller had left.
    """
    cut(request.environ["werkzeug.socket"])


def _add_page(app: Flask, workspace: Workspace, stopping: threading.Event) -> None:
    @app.get("/")
    @app.get("/archives/<channel>")
    @app.get("/archives/<channel>/<_message>")
    def page(channel: str | None = None, _message: str = "") -> str:
        with workspace.lock:
            messages, channels = workspace.messages(), workspace.channels()
            version = workspace.version
        return render_page(
            messages, channels, selected=channel, live=version, workspace=workspace.name
        )

    @app.get("/_page/news")
    def news() -> Response:
        return Response(_news(workspace, stopping), mimetype="text/event-stream")


def _news(workspace: Workspace, stopping: threading.Event) -> Iterator[str]:
    """Send the version of the workspace when it changes, and a sign of life in between."""
    seen = workspace.version
    yield f"data: {seen}\n\n"
    while not stopping.is_set():
        version = workspace.wait_for_news(seen, _NEWS_SECONDS)
        yield f"data: {version}\n\n" if version != seen else ": still here\n\n"
        seen = version
