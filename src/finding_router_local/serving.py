"""HTTP on this machine: the server under both AWS and Slack, which keeps connections open."""

import io
import socket
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, NoReturn, override
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Response

from finding_router_local import http_speed

LOOPBACK: Final = "127.0.0.1"
_BACKLOG: Final = 128
_WITHOUT_BODY: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})

http_speed.speed_up()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the stack itself: *value* as JSON, and an HTTP status; no body with a 204."""

    value: object = None
    status: int = HTTPStatus.OK


class HttpServer:
    """
    Serves *app* at *host* and *port* (0: any free port) from its construction to `close`.

    Raises:
        OSError: the port is taken.

    """

    def __init__(self, app: WSGIApplication, *, host: str = LOOPBACK, port: int = 0) -> None:
        """Listen, and serve in a thread."""
        self._app = app
        self._mounted: dict[str, WSGIApplication] = {}
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        # Werkzeug ends the process if it cannot bind; create_server raises OSError instead.
        with socket.create_server((host, port), family=family, backlog=_BACKLOG) as bound:
            self._server = _Server(host, port, self._dispatch, handler=_Handler, fd=bound.fileno())
        self.port = int(self._server.port)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._thread.start()

    @property
    def opened_connections(self) -> int:
        """Number of connections opened since the start."""
        return self._server.opened

    def mount(self, prefix: str, app: WSGIApplication) -> None:
        """Send requests whose path starts with *prefix* to *app*."""
        self._mounted[prefix] = app

    def cut_connections(self) -> None:
        """End all open connections, also those in the middle of a request."""
        self._server.cut_connections()

    def close(self) -> None:
        """Stop listening and end all connections."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.cut_connections()

    def _dispatch(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        for prefix, app in self._mounted.items():
            if environ["PATH_INFO"].startswith(prefix):
                return app(environ, start_response)
        return self._app(environ, start_response)


def hang_up(environ: WSGIEnvironment) -> NoReturn:
    """End the connection of a request, if it has one, before any byte of the answer is written."""
    if "werkzeug.socket" in environ:
        _cut(environ["werkzeug.socket"])
    raise ConnectionAbortedError


def _cut(connection: socket.socket) -> None:
    """End *connection* for both sides, without closing the file that its thread holds."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Server(ThreadedWSGIServer):
    """A server that can end all its open connections."""

    def __init__(self, *args: Any, **named: Any) -> None:
        self.opened = 0
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(*args, **named)

    @override
    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
            self.opened += 1
        super().process_request(request, client_address)

    @override
    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report no error of a client that disconnected before its answer."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def cut_connections(self) -> None:
        with self._lock:
            for connection in self._open:
                _cut(connection)


class _Handler(WSGIRequestHandler):
    """
    Serves request after request on one connection, as AWS and Slack do.

    Werkzeug's own handler ends each connection because part of a body may be unread.
    """

    protocol_version = "HTTP/1.1"
    # Headers and body leave in one packet and at once: two small packets cost 40 ms of waiting.
    wbufsize = -1
    disable_nagle_algorithm = True

    @override
    def run_wsgi(self) -> None:
        """Answer one request; a body of unknown length is sent piece by piece, up to its end."""
        self.environ = environ = self.make_environ()
        # Read the whole body, whether the application does or not: the next request follows it.
        length = int(environ.get("CONTENT_LENGTH") or 0)
        environ["wsgi.input"] = io.BytesIO(self.rfile.read(length))
        environ.pop("wsgi.input_terminated", None)
        with Response.from_app(self.server.app, environ) as response:
            code, headers = response.status_code, response.headers
            is_stream = "Content-Length" not in headers and code not in _WITHOUT_BODY
            self.send_response(code)
            for name, value in headers:
                self.send_header(name, value)
            if is_stream:
                self.send_header("Connection", "close")
            self.end_headers()
            for piece in response.iter_encoded():
                self.wfile.write(piece)
                if is_stream:
                    self.wfile.flush()
            self.wfile.flush()

    @override
    def log(self, *_: object) -> None:
        """Log nothing: the commands print the events that matter."""
