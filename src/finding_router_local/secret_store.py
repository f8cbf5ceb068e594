"""The secrets of the local stack, stored where its functions read them."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from finding_router_local.aws import AwsServer
from finding_router_local.github import GitHubServer
from finding_router_local.slack.app import App
from finding_router_local.template import declares

TICKET_TOKENS: Final = "TicketTokenArns"
_SIGNING_SECRET: Final = "SlackSigningSecretArn"  # noqa: S105 -- the name of a parameter

type Keeper = Literal["secretsmanager", "ssm"]


@dataclass(frozen=True, slots=True)
class SecretStore:
    """The service *keeper* of *aws*; parameters of *template* name the secrets by their ARNs."""

    aws: AwsServer
    keeper: Keeper
    template: Path

    def store_token(self, token: str) -> dict[str, str]:
        """Store the bot token; return the parameter that names it."""
        return {"SlackTokenArn": self._store("finding-router/slack-token", token)}

    def store_signing_secret(self, app: App) -> dict[str, str]:
        """Store the signing secret of *app*, a new one if it has none; the template has buttons."""
        if not declares(self.template, _SIGNING_SECRET):
            return {}
        app.signing_secret = app.signing_secret or secrets.token_hex(16)
        arn = self._store("finding-router/slack-signing-secret", app.signing_secret)
        return {_SIGNING_SECRET: arn}

    def store_ticket_token(self, github: GitHubServer) -> dict[str, str]:
        """Store the token of the local GitHub, which the worker may read."""
        if not (
            declares(self.template, _SIGNING_SECRET) and declares(self.template, TICKET_TOKENS)
        ):
            return {}
        return {TICKET_TOKENS: self._store("finding-router/github-token", github.secret)}

    def _store(self, name: str, value: str) -> str:
        """Store a secret, and return its ARN."""
        client = self.aws.client(self.keeper)
        if self.keeper == "secretsmanager":
            return str(client.create_secret(Name=name, SecretString=value)["ARN"])
        client.put_parameter(Name=f"/{name}", Value=value, Type="SecureString")
        return f"arn:aws:ssm:{self.aws.region}:{self.aws.account_id}:parameter/{name}"
