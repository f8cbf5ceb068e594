"""The Slack token, from Secrets Manager or the Systems Manager parameter store."""

import json
from functools import cache
from typing import Final

import boto3
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parameters import SecretsProvider, SSMProvider

from finding_router.aws.clients import CONFIG
from finding_router.errors import ConfigurationError

MAX_AGE_SECONDS: Final = 900


def fetch_token(arn: str, *, fresh: bool) -> str:
    """
    Return the Slack bot token stored under *arn*, cached for 15 minutes unless *fresh*.

    The secret or parameter holds the token itself, or a JSON object with the key `token`.

    Raises:
        ConfigurationError: The value cannot be read or is no token. The message omits the value.

    """
    try:
        if ":secretsmanager:" in arn:
            value = _secrets().get(arn, max_age=MAX_AGE_SECONDS, force_fetch=fresh)
        else:
            value = _parameters().get(arn, decrypt=True, max_age=MAX_AGE_SECONDS, force_fetch=fresh)
    except parameters.exceptions.GetParameterError as error:
        message = f"{arn}: cannot be read; check that it exists and that the function may read it"
        raise ConfigurationError(message) from error
    return _token_in(arn, value if isinstance(value, str) else "")


@cache
def _secrets() -> SecretsProvider:
    # Without a client, SecretsProvider creates a new session, which loads botocore's data again.
    return SecretsProvider(boto3_client=boto3.client("secretsmanager", config=CONFIG))


@cache
def _parameters() -> SSMProvider:
    return SSMProvider(boto3_client=boto3.client("ssm", config=CONFIG))


def _token_in(arn: str, value: str) -> str:
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
