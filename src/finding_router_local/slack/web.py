"""The HTTP of the local Slack: the Web API, its control, and the page."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, request

from finding_router_local.slack.api import Answer, WebApi
from finding_router_local.slack.control import add_control
from finding_router_local.slack.page import render_page

_NEWS_SECONDS = 15.0


def make_app(api: WebApi, stopping: threading.Event) -> Flask:
    """Give the WSGI application; requests that wait return soon after *stopping* is set."""
    app = Flask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it

    @app.route("/api/", methods=["GET", "POST"], defaults={"method": ""})
    @app.route("/api/<method>", methods=["GET", "POST"])
    def call(method: str) -> Response:
        return _send(_called(api, method), stopping)

    add_control(app, api)
    _add_page(app, api, stopping)
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


def _send(answer: Answer, stopping: threading.Event) -> Response:
    if answer.delay_seconds:
        stopping.wait(answer.delay_seconds)
    if answer.drop:
        _drop_connection()
        return Response(status=204)
    if isinstance(answer.body, str):
        return Response(answer.body, answer.status, dict(answer.headers), mimetype="text/html")
    body = json.dumps(answer.body)
    return Response(body, answer.status, dict(answer.headers), mimetype="application/json")


def _drop_connection() -> None:
    """
    Close the caller's connection before a byte of the answer is written.

    Werkzeug hands out the socket; it then finds it closed, and takes that for a caller who left.
    """
    connection: socket.socket = request.environ["werkzeug.socket"]
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _add_page(app: Flask, api: WebApi, stopping: threading.Event) -> None:
    workspace = api.workspace

    def page(channel: str | None = None) -> Response:
        with workspace.lock:
            html = render_page(
                workspace.messages(),
                workspace.channels(),
                selected=channel,
                live=True,
                workspace=workspace.name,
            )
        return Response(html, mimetype="text/html")

    @app.get("/")
    def home() -> Response:
        return page()

    @app.get("/archives/<channel>")
    @app.get("/archives/<channel>/<_message>")
    def archive(channel: str, _message: str = "") -> Response:
        return page(channel)

    @app.get("/_page/news")
    def news() -> Response:
        def stream() -> Iterator[str]:
            version = -1
            while not stopping.is_set():
                seen = workspace.wait_for_news(version, _NEWS_SECONDS)
                yield f"data: {seen}\n\n" if seen != version else ": still here\n\n"
                version = seen

        return Response(stream(), mimetype="text/event-stream")
