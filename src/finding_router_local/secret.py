"""Store the Slack token in the local AWS, where the function reads it."""

from typing import Final, Literal

from finding_router_local.aws import AwsServer

_NAME: Final = "finding-router/slack-token"

type Keeper = Literal["secretsmanager", "ssm"]


def keep_token(aws: AwsServer, token: str, keeper: Keeper) -> str:
    """Put *token* into the service *keeper*, and return its ARN."""
    client = aws.client(keeper)
    if keeper == "secretsmanager":
        return str(client.create_secret(Name=_NAME, SecretString=token)["ARN"])
    client.put_parameter(Name=f"/{_NAME}", Value=token, Type="SecureString")
    return f"arn:aws:ssm:{aws.region}:{aws.account_id}:parameter/{_NAME}"
