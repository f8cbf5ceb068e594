"""The stack that a command works on: a deployed one, or the one that runs on this machine."""

from collections.abc import Mapping
from contextlib import suppress
from copy import replace
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import click

from finding_router.settings import Settings
from finding_router_cli.account import Account
from finding_router_cli.routes_at_hand import running_stack

if TYPE_CHECKING:
    from finding_router.aws.items import Items

ROUTING_TABLE: Final = "RoutingTable"
LEDGER: Final = "Ledger"
SETTLE_SECONDS: Final[float] = Settings._field_defaults["settle_minutes"] * 60
"""The router's default."""
SLACK_API_URL: Final[str] = Settings._field_defaults["slack_api_url"]
_FUNCTION: Final = "RouterFunction"
_SETTLE_MINUTES: Final = "SETTLE_MINUTES"
_NONE: Final = (
    "no stack: name a deployed one with --stack NAME, "
    "or start one on this machine with: finding-router local up"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """
    A stack of the router, and its *account*; *origin* says in words which one it is.

    *resources* has physical ids by logical id, a queue's being its URL; *parameters* are those of
    the template. *name* is None for the stack on this machine, and where a table stands for it.
    """

    account: Account
    origin: str
    resources: Mapping[str, str]
    parameters: Mapping[str, str]
    name: str | None = None
    is_local: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    """The environment of its function, on this machine."""
    rule_pattern: Mapping[str, Any] | None = None
    """Pattern of its rule as the template has it; None if AWS is to be asked for it."""
    creates_channels: bool = False
    """Its Slack makes a channel when something is posted into it."""

    def resource(self, logical_id: str) -> str:
        """
        Return the physical id of a resource.

        Raises:
            click.ClickException: The stack has none, or only its table is known.

        """
        physical_id = self.resources.get(logical_id)
        if physical_id:
            return physical_id
        if self.name or self.is_local:
            message = f"{self.origin} has no {logical_id}: it is not one of this router"
            raise click.ClickException(message)
        message = f"{self.origin} does not tell its {logical_id}; name the stack with --stack NAME"
        raise click.ClickException(message)

    @property
    def routing_table(self) -> str:
        """Return the name of its RoutingTable."""
        return self.resource(ROUTING_TABLE)

    def ledger(self) -> "Items":
        """
        Return the items of its Ledger.

        Raises:
            click.ClickException: It has none, or only its table is known.

        """
        from finding_router.aws.items import Items  # noqa: PLC0415 -- loads boto3

        return Items(self.resource(LEDGER), self.account.dynamodb())

    def settle_seconds(self) -> float:
        """Return the settle time of its function; the router's default if it cannot be asked."""
        from finding_router.aws.clients import AWS_ERRORS  # noqa: PLC0415 -- loads boto3

        environment, function = self.environment, self.resources.get(_FUNCTION)
        if self.name and function:
            # No parameter of the template: somebody may have set it at the function.
            with suppress(*AWS_ERRORS):
                client = self.account.client("lambda")
                told = client.get_function_configuration(FunctionName=function)
                environment = told.get("Environment", {}).get("Variables", {})
        try:
            return float(environment[_SETTLE_MINUTES]) * 60
        except (KeyError, ValueError):
            return SETTLE_SECONDS

    @property
    def default_channel(self) -> str | None:
        """Return the channel for findings that no route posts; None if only a table is known."""
        return self.parameters.get("DefaultChannel")

    @property
    def allow_suppress(self) -> bool:
        """Return True if its routes may suppress findings."""
        return self.parameters.get("AllowSuppress") == "true"

    @property
    def takes_v2(self) -> bool:
        """Return True if it takes findings of AWS Security Hub V2, or if that is not known."""
        return self.parameters.get("TakeV2", "true") == "true"

    @property
    def slack_api_url(self) -> str:
        """Return the address of Slack's Web API."""
        return self.parameters.get("SlackApiUrl") or SLACK_API_URL

    @property
    def slack_url(self) -> str:
        """Return the address of Slack without a workspace, which links to messages begin with."""
        return self.slack_api_url.removesuffix("api/")

    @property
    def names_accounts(self) -> bool:
        """Return True if it reads AWS Organizations; a stack of an older version does not."""
        return self.parameters.get("OrganizationNames") == "true"


def find_stack(
    *,
    stack: str | None,
    profile: str | None = None,
    region: str | None = None,
    table: str | None = None,
    config: Any = None,
) -> Stack:
    """
    Return the deployed *stack*, else that of the routing *table*, else the one that runs here.

    Every command looks for its stack in this order. *config* is botocore's, for a deployed one.

    Raises:
        click.ClickException: AWS refuses, or no stack is named and none runs on this machine.

    """
    account = Account(profile=profile, region=region, config=config)
    if stack:
        return deployed_stack(account, stack)
    if table:
        resources = {ROUTING_TABLE: table}
        return Stack(account=account, origin=f"table {table}", resources=resources, parameters={})
    if profile or region:
        raise click.UsageError("name the stack with --stack, or its table with --table")
    running = running_stack()
    if running is None:
        raise click.UsageError(_NONE)
    return Stack(
        account=Account.of_running(running.url, running.region),
        origin=f"the stack that runs at {running.url}",
        resources={**running.tables, **running.queues, **running.resources},
        parameters=running.parameters,
        is_local=True,
        environment=running.environment,
        rule_pattern=running.rule_pattern,
        creates_channels=running.creates_channels,
    )


def deployed_stack(account: Account, name: str) -> Stack:
    """
    Return the stack *name* of *account*.

    Raises:
        click.ClickException: AWS refuses, or the stack is not one of this router.

    """
    found = Stack(
        account=account,
        origin=f"stack {name}",
        resources={key: physical_id for key, (physical_id, _) in account.resources(name).items()},
        parameters={},
        name=name,
    )
    # A wrong stack is told before its parameters are asked for.
    found.resource(ROUTING_TABLE)
    return replace(found, parameters=account.parameters(name))
