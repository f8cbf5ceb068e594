"""The local AWS: moto's server, with what it lacks."""

import io
import itertools
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final, Self, override
from wsgiref.types import StartResponse, WSGIEnvironment

import boto3
from botocore.config import Config
from moto import backends
from moto.core.base_backend import BackendDict
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.sqs import models as sqs_models
from werkzeug.serving import ThreadedWSGIServer

from finding_router_local import dynamodb, security_hub
from finding_router_local.faults import FaultBoard
from finding_router_local.gate import Gate

REGION: Final = "us-east-1"
LOOPBACK: Final = "127.0.0.1"
CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}

_SCOPE_REGION: Final = re.compile(r"(Credential=[^/]+/\d+/)[^/]+")
_ACCOUNTS: Final = itertools.count(int(DEFAULT_ACCOUNT_ID))


def _milliseconds(dt: datetime | None = None) -> float:  # noqa: ARG001 -- moto's signature
    return time.time() * 1000


# What a flood would spend most of its time with: moto looks into its folders at every request, and
# reckons with calendars to see which messages of a queue are visible.
backends.list_of_moto_modules = tuple(backends.list_of_moto_modules()).__iter__
sqs_models.unix_time_millis = _milliseconds  # type: ignore[attr-defined]  # moto imports it
dynamodb.speed_up()

type Page = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]


class AwsServer:
    """
    AWS on a port of this machine, of one account and Region, whichever its callers are set up for.

    moto keeps its state in the process, by account: each server of a process is another one.
    """

    region: Final = REGION

    def __init__(self, *, host: str = LOOPBACK, port: int = 0, seed: int = 0) -> None:
        """Listen at *host* and *port* (0: any that is free); *seed* is for random faults."""
        # moto opens sessions of its own, which fail where the user's profile is not there.
        os.environ.pop("AWS_PROFILE", None)
        os.environ.pop("AWS_DEFAULT_PROFILE", None)
        self.account_id = str(next(_ACCOUNTS))
        self.faults = FaultBoard(seed)
        self.gate = Gate(DomainDispatcherApplication(_create_app), self.faults)
        self._pages: dict[str, Page] = {}
        self._server = _Server(host, port, self._dispatch)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )
        self._clients: dict[str, Any] = {}
        self._clients_lock = threading.Lock()

    def __enter__(self) -> Self:
        """Serve."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and break what connections are left."""
        for client in self._clients.values():
            client.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        """Return the port that it listens at."""
        return int(self._server.server_port)

    @property
    def url(self) -> str:
        """Return the address for programs on this machine."""
        return self.url_at(LOOPBACK)

    def url_at(self, host: str) -> str:
        """Return the address for programs that know this machine as *host*."""
        return f"http://{host}:{self.port}"

    def client(self, service: str) -> Any:
        """Return a boto3 client of *service*, the same for each call, for any thread."""
        with self._clients_lock:
            if service not in self._clients:
                session: Any = boto3.Session(
                    aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
                    aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
                    region_name=REGION,
                )
                config = Config(retries={"total_max_attempts": 1}, max_pool_connections=20)
                self._clients[service] = session.client(
                    service, endpoint_url=self.url, config=config
                )
            return self._clients[service]

    @property
    def security_hub(self) -> security_hub.SecurityHubBackend:
        """Return the findings of the account and Region."""
        return security_hub.securityhub_backends[self.account_id][self.region]

    def mount(self, prefix: str, page: Page) -> None:
        """Let *page* answer what is asked below *prefix*, past the gate."""
        self._pages[prefix] = page

    def reset(self) -> None:
        """Forget everything: resources, findings, faults."""
        for each in BackendDict._instances:  # type: ignore[misc]  # noqa: SLF001 -- moto resets all
            if self.account_id in each:
                each[self.account_id].reset()
        self.faults.clear()

    def _dispatch(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        for prefix, page in self._pages.items():
            if environ["PATH_INFO"].startswith(prefix):
                return page(environ, start_response)
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self.account_id
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        environ["HTTP_AUTHORIZATION"] = _SCOPE_REGION.sub(rf"\g<1>{REGION}", authorization)
        return self.gate(environ, start_response)


def _create_app(service: Any) -> Any:
    return security_hub.create_app() if service == "securityhub" else create_backend_app(service)


class _Handler(MotoRequestHandler):
    """Keeps connections open, as AWS does and werkzeug's handler does not."""

    protocol_version = "HTTP/1.1"
    # Headers and body leave together and at once: two small packets would cost 40 ms of waiting.
    wbufsize = -1
    disable_nagle_algorithm = True

    @override
    def run_wsgi(self) -> None:
        given: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], *_: object) -> Any:
            given[:] = [status, headers]

        environ = self.make_environ()
        # Read here, whatever the application does with it: the next request follows it.
        size = int(environ.get("CONTENT_LENGTH") or 0)
        environ["wsgi.input"] = io.BytesIO(self.rfile.read(size))
        body = b"".join(self.server.app(environ, start_response))
        status, headers = given
        self.send_response(int(status.split()[0]), status.partition(" ")[2])
        for name, value in headers:
            if name.lower() not in {"content-length", "connection"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    @override
    def log(self, *_: object) -> None:
        """Say nothing: the commands print what matters."""


class _Server(ThreadedWSGIServer):
    """Knows its open connections, to end them with itself."""

    daemon_threads = True

    def __init__(self, host: str, port: int, app: Page) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(host, port, app, handler=_Handler)

    @override
    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    @override
    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    @override
    def server_close(self) -> None:
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                self._open.discard(connection)
        super().server_close()
