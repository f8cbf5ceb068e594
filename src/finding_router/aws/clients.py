"""The boto3 clients, created on first use, and the errors that boto3 raises."""

from functools import cached_property
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# boto3 retries throttling and connection errors itself, so no caller adds a retry loop. A call
# makes three attempts with up to 1 s and 2 s between them: at most 15 s, or 21 s for Security Hub.
# The time budgets in delivery/deadline.py rest on these maxima.
CONFIG: Final = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 3},
    tcp_keepalive=True,
)
SECURITY_HUB_CONFIG: Final = CONFIG.merge(Config(read_timeout=5))
AWS_ERRORS: Final = (ClientError, BotoCoreError, ResponseParserError)


class DynamoDB:
    """The DynamoDB client that all tables share; a second client costs as much as the first."""

    @cached_property
    def client(self) -> "DynamoDBClient":
        """Return the client, created on the first call."""
        return boto3.client("dynamodb", config=CONFIG)


def error_code(error: Exception) -> str:
    """Return the AWS error code of *error*, or the class name where AWS did not answer."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "Unknown"))
    return type(error).__name__
