"""
The AWS clients, created on first use from one session, and the errors that they raise.

The session is botocore's own, of which boto3's is made: importing boto3 besides would take a tenth
of a cold start, for transfers to S3.
"""

import ssl
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.httpsession import create_urllib3_context, get_cert_path
from botocore.parsers import ResponseParserError
from botocore.session import Session

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# botocore retries throttling and connection errors itself, so no caller adds a retry loop. A call
# makes three attempts with up to 1 s and 2 s between them: at most 15 s, or 21 s for Security Hub.
# The time budgets in delivery/limits/deadline.py rest on these maxima.
CONFIG: Final = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 3},
    tcp_keepalive=True,
)
SECURITY_HUB_CONFIG: Final = CONFIG.merge(Config(read_timeout=5))
AWS_ERRORS: Final = (ClientError, BotoCoreError, ResponseParserError)


def make_client(service: str, config: Config = CONFIG) -> Any:
    """Return a new client of *service*; its types are those of mypy_boto3_SERVICE."""
    client = _session().create_client(service, config=config)
    _share_certificates(client)
    return client


class DynamoDB:
    """The DynamoDB client that all tables share; a second client costs as much as the first."""

    @cached_property
    def client(self) -> "DynamoDBClient":
        """Return the client, created on the first call."""
        # A transaction of a hundred items takes botocore longer to check than to send.
        config = CONFIG.merge(Config(parameter_validation=False))
        client: DynamoDBClient = make_client("dynamodb", config)
        return client


def error_code(error: Exception) -> str:
    """Return the AWS error code of *error*, or the class name where AWS did not answer."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "Unknown"))
    return type(error).__name__


@cache
def _session() -> Session:
    return Session()


def _share_certificates(client: Any) -> None:
    """
    Make *client* verify servers by a context that all clients share.

    botocore has no setting for it, and reads the file of certificates again for each connection,
    which takes 20 ms of CPU.
    """
    http = client._endpoint.http_session  # noqa: SLF001 -- see above; tests call it over TLS
    if http._verify is not False:  # noqa: SLF001
        http._manager.connection_pool_kw["ssl_context"] = _ssl_context()  # noqa: SLF001
        http._setup_ssl_cert = _use_certificates  # noqa: SLF001


def _use_certificates(connection: Any, url: str, verify: bool | str) -> None:  # noqa: FBT001 -- botocore's
    """Prepare *connection* as botocore does, but leave the certificates to the context."""
    if url.lower().startswith("https"):
        _load_certificates(verify)
        connection.cert_reqs = "CERT_REQUIRED"


@cache
def _ssl_context() -> ssl.SSLContext:
    context: ssl.SSLContext = create_urllib3_context()
    return context


@cache
def _load_certificates(verify: bool | str) -> None:  # noqa: FBT001 -- botocore's
    _ssl_context().load_verify_locations(cafile=get_cert_path(verify))  # type: ignore[arg-type]  # or a path
