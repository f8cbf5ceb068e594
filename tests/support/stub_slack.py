"""A Slack that takes forms and answers, and keeps them."""

import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl

from presses import TEAM


class StubSlack:
    """Slack on loopback, as a context manager; *answers* are by method."""

    def __init__(self, answers: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """Answer *answers*, or ok."""
        self.answers: dict[str, Mapping[str, Any]] = {
            "auth.test": {"ok": True, "team_id": TEAM},
            "users.info": {"ok": True, "user": {"id": "U1JANE", "tz": "Europe/Zurich"}},
            **(answers or {}),
        }
        self.calls: list[tuple[str, Any, str | None]] = []
        """Path behind the last slash, content and authorization of each request."""

    def __enter__(self) -> Self:
        """Serve."""
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                method = self.path.rpartition("/")[2]
                is_json = self.headers["content-type"].startswith("application/json")
                content = json.loads(body) if is_json else dict(parse_qsl(body.decode()))
                # As Slack, most of whose methods take form fields alone.
                assert is_json == (method == "views.open" or "/answers/" in self.path)
                stub.calls.append((method, content, self.headers["authorization"]))
                answer = json.dumps(stub.answers.get(method, {"ok": True})).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Write nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """Address of the API."""
        return f"http://127.0.0.1:{self._server.server_port}/api/"

    @property
    def response_url(self) -> str:
        """Address of ephemeral answers."""
        return f"http://127.0.0.1:{self._server.server_port}/answers/T1"
