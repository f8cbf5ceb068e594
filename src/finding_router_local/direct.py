"""boto3's calls of this process to its own local AWS, which need no HTTP."""

import io
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit
from wsgiref.types import WSGIApplication, WSGIEnvironment

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError


def answer_directly(client: Any, app: WSGIApplication) -> None:
    """Make *app* answer the requests of *client*, in the calling thread."""

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> Any:
            started[:] = [int(status.split(maxsplit=1)[0]), dict(headers)]

        try:
            content = b"".join(app(_environ(request), start_response))
        except ConnectionAbortedError as error:
            raise ConnectionClosedError(endpoint_url=request.url, request=request) from error
        status, headers = started
        return AWSResponse(request.url, status, headers, Raw(content))

    client.meta.events.register("before-send", answer)


class Raw(io.BytesIO):
    """A body that is read as urllib3's are."""

    def stream(self, **_: object) -> Iterator[bytes]:
        """Yield all of it at once."""
        yield self.read()


def content_of(request: Any) -> bytes:
    """Return the body of boto3's *request*."""
    body = request.body or b""
    return body.encode() if isinstance(body, str) else bytes(body)


def headers_of(request: Any) -> Iterator[tuple[str, str]]:
    """Yield the headers of boto3's *request*, some of which it has in bytes."""
    for name, value in request.headers.items():
        yield name, value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _environ(request: AWSPreparedRequest) -> WSGIEnvironment:
    url = urlsplit(request.url)
    content = content_of(request)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(url.path),
        "QUERY_STRING": url.query,
        "REQUEST_URI": request.url,
        "RAW_URI": request.url,
        "REMOTE_ADDR": url.hostname,
        "SERVER_NAME": url.hostname,
        "SERVER_PORT": str(url.port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(content),
        "wsgi.errors": sys.stderr,
        "HTTP_HOST": url.netloc,
    }
    for name, text in headers_of(request):
        key = name.upper().replace("-", "_")
        environ[key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"] = text
    return environ | {"CONTENT_LENGTH": str(len(content))}
