"""The Slack token and other secrets, from Secrets Manager or Systems Manager's parameters."""

import json
import time
from functools import cache
from typing import Any, Final

from finding_router.aws.clients import AWS_ERRORS, make_client
from finding_router.errors import ConfigurationError

MAX_AGE_SECONDS: Final = 900


def fetch_token(arn: str, *, fresh: bool) -> str:
    """
    Return the Slack bot token stored under *arn*, cached for 15 minutes unless *fresh*.

    The secret or parameter holds the token itself, or a JSON object with the key `token`.

    Raises:
        ConfigurationError: The value cannot be read or is no token. The message omits the value.

    """
    return token_in(arn, fetch_text(arn, fresh=fresh))


def fetch_text(arn: str, *, fresh: bool) -> str:
    """
    Return the text of the secret or parameter *arn*, cached for 15 minutes unless *fresh*.

    Raises:
        ConfigurationError: It cannot be read.

    """
    value, read_at = _CACHE.get(arn, ("", 0.0))
    if fresh or not value or time.time() - read_at > MAX_AGE_SECONDS:
        value = read_secret(arn)
        _CACHE[arn] = value, time.time()
    return value


# Powertools' parameters would do the same, but they import all of boto3.
_CACHE: Final[dict[str, tuple[str, float]]] = {}


def read_secret(arn: str) -> str:
    """
    Return the text under *arn*, or "" for a binary secret.

    Raises:
        ConfigurationError: It cannot be read.

    """
    try:
        return _read(arn)
    except AWS_ERRORS as error:
        message = f"{arn}: cannot be read; check that it exists and that the function may read it"
        raise ConfigurationError(message) from error


def _read(arn: str) -> str:
    if ":secretsmanager:" in arn:
        return str(_client("secretsmanager").get_secret_value(SecretId=arn).get("SecretString", ""))
    answer = _client("ssm").get_parameter(Name=arn, WithDecryption=True)
    return str(answer["Parameter"]["Value"])


@cache
def _client(service: str) -> Any:
    return make_client(service)


def token_in(arn: str, value: str) -> str:
    """
    Return the token in *value*, the text that is stored under *arn*.

    Raises:
        ConfigurationError: It is no token. The message omits the value.

    """
    value = value.strip()
    if value.startswith("{"):
        try:
            content = json.loads(value)
        except ValueError:
            content = {}
        value = str(content.get("token", "")).strip()
    if not value.startswith("xox"):
        message = (
            f"{arn}: holds no Slack token; "
            'put the bot token (xoxb-…) there, alone or as {"token": "xoxb-…"}'
        )
        raise ConfigurationError(message)
    return value
