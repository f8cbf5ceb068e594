"""The Slack token: found where its ARN points, and never shown."""

from collections.abc import Iterator
from typing import Any

import pytest

from finding_router.aws import token
from finding_router.aws.token import fetch_token
from finding_router.errors import ConfigurationError
from finding_router_local.aws import AwsServer

TOKEN = "xoxb-1234567890-secret"
NEW = "xoxb-0987654321-another"


class Keeper:
    """Keeps the token in one of the two services."""

    def __init__(self, aws: AwsServer, service: str) -> None:
        """Use *service*."""
        self._aws = aws
        self._service = service
        self.arn = ""

    def put(self, value: str) -> str:
        """Store *value*, in place of an earlier one, and return the ARN."""
        client = self._aws.client(self._service)
        if self._service == "ssm":
            client.put_parameter(
                Name="/slack/token", Value=value, Type="SecureString", Overwrite=True
            )
            self.arn = (
                f"arn:aws:ssm:{self._aws.region}:{self._aws.account_id}:parameter/slack/token"
            )
        elif self.arn:
            client.put_secret_value(SecretId=self.arn, SecretString=value)
        else:
            self.arn = client.create_secret(Name="slack", SecretString=value)["ARN"]
        return self.arn


@pytest.fixture(autouse=True)
def _new_worker(aws_environment: AwsServer) -> Iterator[None]:
    """Forget clients and cached values, as a new worker does."""
    token._client.cache_clear()
    token._CACHE.clear()
    yield
    token._client.cache_clear()
    token._CACHE.clear()


@pytest.fixture(params=["secretsmanager", "ssm"])
def keeper(request: pytest.FixtureRequest, aws: AwsServer) -> Keeper:
    """Return each of the two services."""
    return Keeper(aws, request.param)


@pytest.mark.parametrize("value", [TOKEN, f" {TOKEN}\n", f'{{"token": "{TOKEN}"}}'])
def test_the_token_is_found_by_its_arn(keeper: Keeper, value: str) -> None:
    """Alone, or in the JSON that the console of Secrets Manager makes of it."""
    assert TOKEN == fetch_token(keeper.put(value), fresh=False)


def test_the_token_is_read_once_by_a_worker(keeper: Keeper, aws: AwsServer) -> None:
    """Each read of a secret costs."""
    arn = keeper.put(TOKEN)
    aws.gate.counts.clear()

    for _ in range(3):
        fetch_token(arn, fresh=False)

    assert 1 == sum(
        count for (_, operation), count in aws.gate.counts.items() if operation.startswith("Get")
    )


def test_a_rotated_token_is_read_when_it_is_asked_for(keeper: Keeper) -> None:
    """The cache is passed by."""
    fetch_token(keeper.put(TOKEN), fresh=False)
    keeper.put(NEW)

    assert TOKEN == fetch_token(keeper.arn, fresh=False)
    assert NEW == fetch_token(keeper.arn, fresh=True)
    assert NEW == fetch_token(keeper.arn, fresh=False)


@pytest.mark.parametrize(
    "value", ["hunter2-secret", '{"password": "hunter2-secret"}', '{"token": 7, hunter2-secret']
)
def test_what_is_no_token_is_refused_and_not_repeated(keeper: Keeper, value: str) -> None:
    """It may be another secret, put there by mistake."""
    with pytest.raises(ConfigurationError) as refused:
        fetch_token(keeper.put(value), fresh=False)

    assert keeper.arn in str(refused.value)
    assert "hunter2" not in _everything(refused.value)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:secretsmanager:us-east-1:123456789012:secret:none-AbCdEf",
        "arn:aws:ssm:us-east-1:123456789012:parameter/none",
    ],
)
def test_a_token_that_is_not_there_says_where_it_should_be(arn: str) -> None:
    """The error names the place of the token, and the settings to check."""
    with pytest.raises(ConfigurationError) as refused:
        fetch_token(arn, fresh=False)

    assert arn in str(refused.value)
    assert "check" in str(refused.value)


def _everything(error: BaseException | None) -> str:
    """Return the texts of an error and its causes."""
    said: list[Any] = []
    while error is not None:
        said += [str(error), repr(error)]
        error = error.__cause__ or error.__context__
    return " ".join(map(str, said))
