"""boto3 clients, made when they are first used, and its errors in one place."""

from typing import Final

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

# boto3 retries throttling and connection errors by itself: nothing here loops around it.
CONFIG: Final = Config(
    connect_timeout=3,
    read_timeout=10,
    retries={"mode": "standard", "max_attempts": 4},
    tcp_keepalive=True,
)
AWS_ERRORS: Final = (ClientError, BotoCoreError)


def error_code(error: Exception) -> str:
    """Give AWS's own code for *error*, or the name of what broke on the way there."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "Unknown"))
    return type(error).__name__
