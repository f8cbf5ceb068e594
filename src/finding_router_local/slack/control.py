"""Control over HTTP, for tests and tools in other processes."""

from typing import Any

from flask import Flask, Response, jsonify, request

from finding_router_local.slack.api import WebApi


def add_control(app: Flask, api: WebApi) -> None:
    """Add ``/_control/…``: faults, channels, messages, token, statistics, clear."""
    workspace = api.workspace

    @app.get("/_control/faults")
    def planned_faults() -> Response:
        return jsonify(api.faults.describe())

    @app.post("/_control/faults")
    def add_fault() -> tuple[Response, int]:
        try:
            fault = api.faults.add_described(_sent())
        except (TypeError, ValueError) as error:
            return jsonify({"problem": str(error)}), 400
        return jsonify({"times": fault.times}), 201

    @app.delete("/_control/faults")
    def clear_faults() -> tuple[str, int]:
        api.faults.clear()
        return "", 204

    @app.get("/_control/channels")
    def channels() -> Response:
        return jsonify(workspace.channels())

    @app.post("/_control/channels")
    def add_channel() -> tuple[Response, int]:
        try:
            return jsonify(workspace.add_channel(**_sent())), 201
        except TypeError as error:
            return jsonify({"problem": str(error)}), 400

    @app.get("/_control/messages")
    def messages() -> Response:
        found = workspace.messages(request.args.get("channel"))
        return jsonify([message.as_json() for message in found])

    @app.post("/_control/token")
    def change_token() -> tuple[Response, int]:
        sent = _sent()
        with workspace.lock:
            if "rotate_to" in sent:
                workspace.rotate_token(str(sent["rotate_to"]))
            workspace.token_state = sent.get("state", workspace.token_state)
            workspace.scopes = tuple(sent.get("scopes", workspace.scopes))
        return jsonify({"state": workspace.token_state, "scopes": workspace.scopes}), 200

    @app.get("/_control/statistics")
    def statistics() -> Response:
        return jsonify(api.statistics.as_json())

    @app.post("/_control/clear")
    def clear() -> tuple[str, int]:
        workspace.clear()
        api.faults.clear()
        api.clear_statistics()
        return "", 204


def _sent() -> dict[str, Any]:
    sent = request.get_json()
    if not isinstance(sent, dict):
        problem = "send a JSON object"
        raise TypeError(problem)
    return sent
