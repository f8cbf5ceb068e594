"""Control over HTTP, for tests and tools in other processes."""

from typing import Any

from flask import Flask, Response, jsonify, request

from finding_router_local.slack.api import WebApi
from finding_router_local.slack.workspace import STANDINGS


def add_control(app: Flask, api: WebApi) -> None:
    """Add ``/_control/…``: faults, channels, messages, token, statistics, clear."""
    _add_faults(app, api)
    _add_channels(app, api)
    _add_token(app, api)
    _add_results(app, api)

    @app.errorhandler(_MistakeError)
    def mistake(error: _MistakeError) -> tuple[Response, int]:
        return jsonify({"problem": str(error)}), 400


class _MistakeError(Exception):
    """The caller sent what this control does not take."""


def _sent() -> dict[str, Any]:
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict):
        problem = "send a JSON object, with Content-Type: application/json"
        raise _MistakeError(problem)
    return sent


def _add_faults(app: Flask, api: WebApi) -> None:
    @app.get("/_control/faults")
    def planned_faults() -> Response:
        return jsonify(api.faults.describe())

    @app.post("/_control/faults")
    def add_fault() -> tuple[Response, int]:
        try:
            api.faults.add_described(_sent())
        except (TypeError, ValueError) as error:
            raise _MistakeError(str(error)) from error
        return jsonify(api.faults.describe()), 201

    @app.delete("/_control/faults")
    def clear_faults() -> tuple[str, int]:
        api.faults.clear()
        return "", 204


def _add_channels(app: Flask, api: WebApi) -> None:
    @app.get("/_control/channels")
    def channels() -> Response:
        return jsonify(api.workspace.channels())

    @app.post("/_control/channels")
    def add_channel() -> tuple[Response, int]:
        sent = _sent()
        try:
            return jsonify(api.workspace.add_channel(str(sent.pop("name")), **sent)), 201
        except (KeyError, TypeError) as error:
            problem = "a channel has name, and may have archived, member, private"
            raise _MistakeError(problem) from error


def _add_token(app: Flask, api: WebApi) -> None:
    workspace = api.workspace

    @app.post("/_control/token")
    def change_token() -> Response:
        sent = _sent()
        if sent.get("state", "active") not in STANDINGS:
            problem = f"state is one of {', '.join(STANDINGS)}"
            raise _MistakeError(problem)
        with workspace.lock:
            if "rotate_to" in sent:
                workspace.rotate_token(str(sent["rotate_to"]))
            workspace.standing = sent.get("state", workspace.standing)
            workspace.scopes = tuple(sent.get("scopes", workspace.scopes))
        return jsonify({"state": workspace.standing, "scopes": workspace.scopes})


def _add_results(app: Flask, api: WebApi) -> None:
    @app.get("/_control/messages")
    def messages() -> Response:
        found = api.workspace.messages(request.args.get("channel"))
        return jsonify([message.as_json() for message in found])

    @app.get("/_control/statistics")
    def statistics() -> Response:
        return jsonify(api.statistics.as_json())

    @app.post("/_control/clear")
    def clear() -> tuple[str, int]:
        api.clear()
        return "", 204
