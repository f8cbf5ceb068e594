"""An app that stands behind a request URL: it verifies what comes, and answers as it is told."""

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.wrappers import Request, Response

from finding_router_local.serving import HttpServer

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"

type Payload = dict[str, Any]
type Handle = Callable[[Payload], Any]


class StandIn:
    """Keeps each payload that is signed well; *handle* returns an answer's body, or a Response."""

    def __init__(self, handle: Handle = lambda _: "") -> None:
        self.handle = handle
        self.payloads: list[Payload] = []
        self.requests: list[tuple[bytes, dict[str, str]]] = []
        self.clock: Callable[[], float] = time.time

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        self.requests.append((request.get_data(), dict(request.headers)))
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        body, at = request.get_data(), request.headers["X-Slack-Request-Timestamp"]
        signed = hmac.new(SECRET.encode(), f"v0:{at}:".encode() + body, hashlib.sha256)
        if request.headers["X-Slack-Signature"] != f"v0={signed.hexdigest()}":
            return Response("", 401)
        if abs(self.clock() - int(at)) > 300:
            return Response("", 401)
        payload = json.loads(parse_qs(body.decode())["payload"][0])
        self.payloads.append(payload)
        said = self.handle(payload)
        if isinstance(said, Response):
            return said
        if isinstance(said, dict):
            return Response(json.dumps(said), 200, mimetype="application/json")
        return Response(said or "", 200)


@contextmanager
def serve_app(app: StandIn) -> Iterator[str]:
    """Serve *app* until the end of the block; yield its request URL."""
    server = HttpServer(app)
    yield f"http://127.0.0.1:{server.port}/"
    server.close()
