"""The local AWS: moto's server, with additions that the router needs."""

import itertools
import os
import re
import threading
from collections.abc import Iterable
from functools import cache
from typing import Any, Final, Self
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import boto3
from botocore.config import Config
from moto.core.base_backend import BackendDict
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.sqs.models import sqs_backends

from finding_router_local import boto_speed, moto_speed, security_hub
from finding_router_local.direct import answer_directly
from finding_router_local.faults import FaultBoard
from finding_router_local.gate import Gate
from finding_router_local.moto_dispatch import answer_past_moto
from finding_router_local.serving import LOOPBACK, HttpServer

REGION: Final = "us-east-1"
CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}

_SCOPE_REGION: Final = re.compile(r"(Credential=[^/]+/\d+/)[^/]+")
# A session makes one client at a time.
_CLIENTS_LOCK: Final = threading.Lock()
_ACCOUNTS: Final = itertools.count(int(DEFAULT_ACCOUNT_ID))

boto_speed.speed_up()
moto_speed.speed_up()


class AwsServer:
    """
    AWS on a port of this machine, of one account and Region, whichever its callers are set up for.

    moto keeps its state in the process, by account: each server of a process is another one.
    """

    region: Final = REGION

    def __init__(self, *, host: str = LOOPBACK, port: int = 0) -> None:
        """Listen at *host* and *port* (0: any that is free)."""
        # moto opens sessions of its own, which fail where the user's profile is not there.
        os.environ.pop("AWS_PROFILE", None)
        os.environ.pop("AWS_DEFAULT_PROFILE", None)
        self.account_id = str(next(_ACCOUNTS))
        self.faults = FaultBoard()
        self.gate = Gate(answer_past_moto(DomainDispatcherApplication(_create_app)), self.faults)
        self.gate.is_empty = self._is_empty
        self._host = host
        self._port = port
        self._clients: dict[str, Any] = {}

    def __enter__(self) -> Self:
        """Serve; raise OSError if the port is taken."""
        self._server = HttpServer(self._call, host=self._host, port=self._port)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop serving and end all connections."""
        for client in self._clients.values():
            client.close()
        self._server.close()

    @property
    def port(self) -> int:
        """Return the port that it listens at."""
        return self._server.port

    @property
    def url(self) -> str:
        """Return the address for programs on this machine."""
        return f"http://{LOOPBACK}:{self.port}"

    def client(self, service: str) -> Any:
        """Return a boto3 client of *service*, the same for each call, for any thread."""
        with _CLIENTS_LOCK:
            if service not in self._clients:
                session: Any = _session()
                config = Config(retries={"total_max_attempts": 1}, max_pool_connections=20)
                client = session.client(service, endpoint_url=self.url, config=config)
                answer_directly(client, self._call)
                self._clients[service] = client
            return self._clients[service]

    @property
    def security_hub(self) -> security_hub.SecurityHubBackend:
        """Return the findings of the account and Region."""
        return security_hub.securityhub_backends[self.account_id][self.region]

    def mount(self, prefix: str, app: WSGIApplication) -> None:
        """Pass requests below *prefix* to *app*, past the gate."""
        self._server.mount(prefix, app)

    def reset(self) -> None:
        """Forget everything: resources, findings, faults."""
        for each in BackendDict._instances:  # type: ignore[misc]  # noqa: SLF001 -- moto resets all
            if self.account_id in each:
                each[self.account_id].reset()
        self.faults.clear()

    def _is_empty(self, queue_url: str) -> bool:
        """Return True if the queue is there and shows no message."""
        queues = sqs_backends[self.account_id][self.region].queues
        queue = queues.get(queue_url.rpartition("/")[2])
        return queue is not None and not queue.messages

    def _call(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = self.account_id
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        environ["HTTP_AUTHORIZATION"] = _SCOPE_REGION.sub(rf"\g<1>{REGION}", authorization)
        return self.gate(environ, start_response)


@cache
def _session() -> boto3.Session:
    """Return the session of all servers: it reads the model of each service once."""
    return boto3.Session(
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )


def _create_app(service: Any) -> Any:
    return security_hub.create_app() if service == "securityhub" else create_backend_app(service)
