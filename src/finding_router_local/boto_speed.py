"""botocore made quicker, for thousands of calls and dozens of sessions in a process."""

import select
import socket
from functools import cache
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from botocore import parsers, serialize, session, useragent
from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.awsrequest import AWSResponse
from botocore.compat import get_current_datetime
from botocore.exceptions import (
    ConnectionClosedError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from botocore.httpsession import URLLib3Session

from finding_router_local.direct import Raw, content_of, headers_of

ATTRIBUTE: Final = "AttributeValue"
_SIMPLE: Final = frozenset({"S", "N", "BOOL", "NULL", "SS", "NS"})
# botocore checks no types in these modules.
_PARSER: Final[Any] = parsers.BaseJSONParser
_SERIALIZER: Final[Any] = serialize.JSONSerializer
_handle_any_map: Final = _PARSER._handle_map  # noqa: SLF001 -- botocore's own
_serialize_any_map: Final = _SERIALIZER._serialize_type_map  # noqa: SLF001 -- same
_sign: Final = SigV4Auth.add_auth
_send_any: Final = URLLib3Session.send
_close_any: Final = URLLib3Session.close
_CHUNK: Final = 65_536


def is_plain(attribute: Any) -> bool:
    """Return True for an attribute of DynamoDB without bytes, which would be converted."""
    if not isinstance(attribute, dict) or len(attribute) != 1:
        return False
    [(kind, value)] = attribute.items()
    if value is None:
        return False
    if kind == "M":
        return isinstance(value, dict) and all(map(is_plain, value.values()))
    if kind == "L":
        return isinstance(value, list) and all(map(is_plain, value))
    return kind in _SIMPLE


def holds_plain(shape: Any, values: Any) -> bool:
    """Return True for a map, such as an item, of plain attributes alone."""
    return shape.value.name == ATTRIBUTE and all(map(is_plain, values.values()))


def _handle_map(self: Any, shape: Any, value: Any) -> Any:
    return value if holds_plain(shape, value) else _handle_any_map(self, shape, value)


def _serialize_map(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    if holds_plain(shape, value):
        serialized[key] = value
    else:
        _serialize_any_map(self, serialized, value, shape, key)


def speed_up() -> None:
    """Replace slow parts of botocore in this process."""
    # It looks at each letter of the same words at each call: a tenth of the call's time.
    harmless = useragent.sanitize_user_agent_string_component
    useragent.sanitize_user_agent_string_component = cache(harmless)
    # Each session reads the models of its services anew: nine tenths of the time of a new client.
    session.create_loader = cache(session.create_loader)
    # It looks for ten members in each attribute of an item.
    _PARSER._handle_map = _handle_map  # noqa: SLF001 -- botocore's own
    _SERIALIZER._serialize_type_map = _serialize_map  # noqa: SLF001 -- same


def sign_nothing() -> None:
    """
    Send requests of this process with a signature that nobody checks: a sixth of a call's time.

    It is for processes that reach the local AWS alone.
    """
    SigV4Auth.add_auth = _name_scope  # type: ignore[method-assign]  # the same arguments


def _name_scope(self: Any, request: Any) -> None:
    """Write who calls which service, by which the local AWS goes, and no signature."""
    if self.credentials is None:
        _sign(self, request)
        return
    request.context["timestamp"] = get_current_datetime().strftime(SIGV4_TIMESTAMP)
    self._modify_request_before_signing(request)
    scope = f"AWS4-HMAC-SHA256 Credential={self.scope(request)}"
    request.headers["Authorization"] = f"{scope}, SignedHeaders=host, Signature=unchecked"


def send_plainly() -> None:
    """
    Send requests of this process by a socket that stays open: half the time of urllib3's way.

    It is for processes that reach the local AWS alone, whose answers have a length.
    """
    URLLib3Session.send = _send  # type: ignore[method-assign]  # the same arguments
    URLLib3Session.close = _close  # type: ignore[method-assign]  # same


def _send(self: Any, request: Any) -> AWSResponse:
    url = urlsplit(request.url)
    is_special = request.stream_output or self._get_request_timeout(request) is not None
    if url.scheme != "http" or is_special:
        answer: AWSResponse = _send_any(self, request)
        return answer
    idle: dict[str, list[socket.socket]] = self.__dict__.setdefault("idle", {})
    ours = idle.setdefault(url.netloc, [])
    connection = _connection(ours, url, self._timeout.connect_timeout)
    try:
        connection.settimeout(self._timeout.read_timeout)
        connection.sendall(_written(request, url))
        status, headers, content = _read(connection)
    except TimeoutError as error:
        connection.close()
        raise ReadTimeoutError(endpoint_url=request.url, error=error) from error
    except OSError as error:
        connection.close()
        raise ConnectionClosedError(
            endpoint_url=request.url, request=request, error=error
        ) from error
    if headers.get("connection", "").lower() == "close":
        connection.close()
    else:
        ours.append(connection)
    return AWSResponse(request.url, status, headers, Raw(content))


def _close(self: Any) -> None:
    for connections in self.__dict__.pop("idle", {}).values():
        for connection in connections:
            connection.close()
    _close_any(self)


def _connection(idle: list[socket.socket], url: SplitResult, seconds: float) -> socket.socket:
    """Return one of the *idle* connections that its server has not closed, or a new one."""
    while idle:
        connection = idle.pop()
        if not select.select([connection], [], [], 0)[0]:
            return connection
        connection.close()
    try:
        connection = socket.create_connection((url.hostname, url.port or 80), seconds)
    except OSError as error:
        raise EndpointConnectionError(endpoint_url=url.geturl(), error=error) from error
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _written(request: Any, url: SplitResult) -> bytes:
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    lines = [f"{request.method} {target} HTTP/1.1", f"Host: {url.netloc}"]
    lines += (f"{name}: {text}" for name, text in headers_of(request))
    return "\r\n".join([*lines, "\r\n"]).encode("latin-1") + content_of(request)


def _read(connection: socket.socket) -> tuple[int, Any, bytes]:
    """Return status, headers in small letters, and body of an answer."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _received(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    named = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in named}
    length = int(headers.get("content-length") or 0)
    while len(body) < length:
        body += _received(connection)
    return int(first.split()[1]), headers, body


def _received(connection: socket.socket) -> bytes:
    data = connection.recv(_CHUNK)
    if not data:
        raise ConnectionResetError("the connection was closed before the end of the answer")
    return data
