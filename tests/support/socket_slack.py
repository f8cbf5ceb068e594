"""A small server of Slack's Socket Mode: a websocket on loopback that sends envelopes."""

import base64
import hashlib
import json
import queue
import secrets
import socket
import struct
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.wrappers import Request, Response

from finding_router_local.slack import Answered, App, Delivery

APP_TOKEN = "xapp-1-A0ROUTERAPP-1-local"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10


class SocketServer:
    """Accepts one client after another; `send` waits for the acknowledgement of an envelope."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"ws://127.0.0.1:{self._listener.getsockname()[1]}/link"
        self.connected = threading.Event()
        self.connections = 0
        self._connection: socket.socket | None = None
        self._acknowledged: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Stop listening, and end the connection."""
        self._listener.close()
        self.drop()

    def drop(self) -> None:
        """End the connection, as networks do."""
        if self._connection is not None:
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message of Slack's."""
        self._write(_TEXT, json.dumps(message).encode())

    def ask(
        self, kind: str, payload: Mapping[str, Any], seconds: float = 3.0
    ) -> dict[str, Any] | None:
        """Send an envelope and return its acknowledgement; None if none comes in time."""
        envelope_id = secrets.token_hex(8)
        self.send({"type": kind, "envelope_id": envelope_id, "payload": payload})
        with suppress(queue.Empty):
            while True:
                answer = self._acknowledged.get(timeout=seconds)
                if answer["envelope_id"] == envelope_id:
                    return answer
        return None

    def opens(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer apps.connections.open, for the app-level token alone."""
        is_ours = Request(environ).headers.get("Authorization") == f"Bearer {APP_TOKEN}"
        body = {"ok": True, "url": self.url} if is_ours else {"ok": False, "error": "invalid_auth"}
        response = Response(json.dumps(body), mimetype="application/json")
        return response(environ, start_response)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connection = connection
                self.connections += 1
                with suppress(OSError, EOFError), connection:
                    self._shake_hands(connection)
                    self.send({"type": "hello", "num_connections": 1})
                    self.connected.set()
                    while True:
                        self._read(connection)

    def _shake_hands(self, connection: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += _exactly(connection, 1)
        lines = head.decode().split("\r\n")
        [key] = (line.split(": ")[1] for line in lines if line.startswith("Sec-WebSocket-Key"))
        accepted = base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest()).decode()
        connection.sendall(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accepted}\r\n\r\n".encode()
        )

    def _read(self, connection: socket.socket) -> None:
        first, second = _exactly(connection, 2)
        length = second & 127
        if length == 126:
            [length] = struct.unpack("!H", _exactly(connection, 2))
        elif length == 127:
            [length] = struct.unpack("!Q", _exactly(connection, 8))
        mask = _exactly(connection, 4)
        masked = _exactly(connection, length)
        data = bytes(byte ^ mask[number % 4] for number, byte in enumerate(masked))
        match first & 15:
            case 9:
                self._write(_PONG, data)
            case 1:
                self._acknowledged.put(json.loads(data))
            case 8:
                raise EOFError

    def _write(self, opcode: int, data: bytes) -> None:
        assert self._connection is not None
        size = len(data)
        if size < 126:
            header = struct.pack("!BB", 128 | opcode, size)
        elif size < 65_536:
            header = struct.pack("!BBH", 128 | opcode, 126, size)
        else:
            header = struct.pack("!BBQ", 128 | opcode, 127, size)
        self._connection.sendall(header + data)


class SocketApp(App):
    """An app in Socket Mode: its interactions are envelopes."""

    def __init__(self, server: SocketServer) -> None:
        super().__init__()
        self._server = server

    def send(
        self,
        payload: Mapping[str, Any],
        *,
        now: float,  # noqa: ARG002 -- nothing is signed
        delivery: Delivery,  # noqa: ARG002 -- nor delivered otherwise
    ) -> Answered:
        """Send *payload* as an envelope."""
        answer = self._server.ask("interactive", payload)
        if answer is None:
            return Answered(statuses=(None,), seconds=3.0, warning="operation_timeout")
        said = answer.get("payload")
        return Answered(statuses=(200,), seconds=0.0, body=json.dumps(said) if said else "")


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        chunk = connection.recv(count - len(data))
        if not chunk:
            raise EOFError
        data += chunk
    return data
