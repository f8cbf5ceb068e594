"""boto3 clients, made when they are first used, and its errors in one place."""

from functools import cached_property
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# boto3 retries throttling and connection errors by itself: nothing here loops around it. Three
# attempts with up to 1 s and 2 s of waiting between them: 15 s at worst, 21 s for Security Hub,
# which delivery/deadline.py reckons with.
CONFIG: Final = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 3},
    tcp_keepalive=True,
)
SECURITY_HUB_CONFIG: Final = CONFIG.merge(Config(read_timeout=5))
AWS_ERRORS: Final = (ClientError, BotoCoreError)


class DynamoDB:
    """The client of DynamoDB, which all tables share: a second one costs as much as the first."""

    @cached_property
    def client(self) -> "DynamoDBClient":
        """Make the client, at the first call."""
        return boto3.client("dynamodb", config=CONFIG)


def error_code(error: Exception) -> str:
    """Give AWS's own code for *error*, or the name of what broke on the way there."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "Unknown"))
    return type(error).__name__
