"""Connections of the local Slack: kept alive between calls, and cut when a test wants it."""

import contextlib
import socket
import threading
from http import HTTPStatus
from io import BytesIO
from typing import Any

from werkzeug.serving import WSGIRequestHandler
from werkzeug.wrappers import Response

_EMPTY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class Connections:
    """All open connections of a server; safe to use from its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._opened = 0

    @property
    def opened(self) -> int:
        """How many were opened since the start."""
        return self._opened

    def add(self, connection: socket.socket) -> None:
        """Keep book of a new one."""
        with self._lock:
            self._open.add(connection)
            self._opened += 1

    def discard(self, connection: socket.socket) -> None:
        """Forget one that ended."""
        with self._lock:
            self._open.discard(connection)

    def cut(self) -> None:
        """End all, in whatever they are."""
        with self._lock:
            for connection in self._open:
                cut(connection)


def cut(connection: socket.socket) -> None:
    """End a connection so that both sides see it, without closing what its thread still holds."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def handler_for(connections: Connections) -> type[WSGIRequestHandler]:
    """Return the class that serves one connection of *connections*."""

    class Handler(_Handler):
        book = connections

    return Handler


class _Handler(WSGIRequestHandler):
    """
    Serve call after call on one connection, as Slack does and werkzeug's own handler does not.

    Werkzeug ends every connection since the rest of a body may be unread: here it is read first.
    """

    book: Connections
    protocol_version = "HTTP/1.1"

    def setup(self) -> None:
        self.book.add(self.request)
        super().setup()

    def finish(self) -> None:
        self.book.discard(self.request)
        super().finish()

    def run_wsgi(self) -> None:
        """Answer one call; a stream of unknown length ends with its connection."""
        self.environ = environ = self.make_environ()
        length = int(self.headers.get("Content-Length") or 0)
        environ["wsgi.input"] = BytesIO(self.rfile.read(length))
        environ.pop("wsgi.input_terminated", None)
        with Response.from_app(self.server.app, environ) as response:
            self.send_response(response.status_code)
            for name, value in response.headers:
                self.send_header(name, value)
            if "Content-Length" not in response.headers and response.status_code not in _EMPTY:
                self.send_header("Connection", "close")
            self.end_headers()
            for piece in response.iter_encoded():
                self.wfile.write(piece)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 -- werkzeug's name
        """Say nothing."""
