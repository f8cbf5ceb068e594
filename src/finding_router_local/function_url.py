"""A function behind an address, as a function URL or an HTTP API has it: payload format 2.0."""

import base64
import json
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, cast
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.wrappers import Request, Response

from finding_router_local.invocation import Invoke
from finding_router_local.serving import LOOPBACK, HttpServer

# https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html: other bodies, forms among them,
# come in base64.
_TEXT: Final = (
    "text/",
    "application/json",
    "application/javascript",
    "application/xml",
    "application/vnd.api+json",
)


class FunctionUrl:
    """
    Serves *invoke* at *host* and *port* (0: any free one) from its construction to `close`.

    Raises:
        OSError: the port is taken.

    """

    def __init__(self, invoke: Invoke, *, host: str = LOOPBACK, port: int = 0) -> None:
        """Listen, and serve in a thread."""
        self._invoke = invoke
        self._server = HttpServer(self._serve, host=host, port=port)

    @property
    def url(self) -> str:
        """Return the address for programs on this machine."""
        return f"http://{LOOPBACK}:{self._server.port}/"

    def close(self) -> None:
        """Stop listening."""
        self._server.close()

    def _serve(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        event = url_event(
            request.get_data(),
            {name: value for name, value in request.headers.items() if value},
            method=request.method,
            path=request.path,
            query=request.query_string.decode(),
            source=request.remote_addr or LOOPBACK,
        )
        invocation = self._invoke(event)
        if invocation.error is not None:
            response = _json({"Message": "Internal Server Error"}, HTTPStatus.BAD_GATEWAY)
        else:
            response = _response(invocation.answer)
        return response(environ, start_response)


def url_event(
    body: bytes,
    headers: Mapping[str, str],
    *,
    method: str = "POST",
    path: str = "/",
    query: str = "",
    source: str = LOOPBACK,
) -> dict[str, Any]:
    """Return the event of a request, with its header names in small letters."""
    lower = {name.lower(): value for name, value in headers.items()}
    is_text = lower.get("content-type", "text/plain").startswith(_TEXT)
    now = datetime.now(UTC)
    text = body.decode(errors="replace") if is_text else base64.b64encode(body).decode()
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": lower,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "local",
            "domainName": lower.get("host", ""),
            "domainPrefix": "local",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": source,
                "userAgent": lower.get("user-agent", ""),
            },
            "requestId": str(uuid.uuid4()),
            "routeKey": "$default",
            "stage": "$default",
            "time": f"{now:%d/%b/%Y:%H:%M:%S +0000}",
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "body": text,
        "isBase64Encoded": not is_text,
    }


def body_of(answer: object) -> tuple[int, dict[str, str], bytes]:
    """Return the status, headers and body of the response that a function's *answer* stands for."""
    match answer:
        case {"statusCode": int(status), **rest}:
            said = cast("dict[str, Any]", rest)
            body = str(said.get("body") or "")
            headers = {str(key): str(each) for key, each in (said.get("headers") or {}).items()}
            is_base64 = bool(said.get("isBase64Encoded"))
            return status, headers, base64.b64decode(body) if is_base64 else body.encode()
    # An answer that is no response is the body of one.
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return HTTPStatus.OK, {"content-type": "application/json"}, text.encode()


def _response(answer: object) -> Response:
    status, headers, body = body_of(answer)
    response = Response(body, status, content_type="application/json")
    response.headers.update(headers)
    return response


def _json(value: object, status: int) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")
