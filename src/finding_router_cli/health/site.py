"""The stack that is checked, with its clients."""

import threading
import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from botocore.config import Config

from finding_router.aws.last_valid import DynamoLastValid
from finding_router.aws.organization import DynamoOrganization
from finding_router.aws.routing_table import DynamoRoutingTable
from finding_router.delivery.organization import OrganizationCache
from finding_router.routing.organization import Organization
from finding_router.routing.table import RoutingTable
from finding_router_cli.stack import Stack

if TYPE_CHECKING:
    from finding_router_cli.health.slack_calls import SlackCalls

# A call takes eight seconds at most, of the fifteen that all checks have together.
CONFIG: Final = Config(
    connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 2}
)
SECONDS: Final = 14.0


class Site:
    """The *stack*, whose checks end within `SECONDS`; safe to use from many threads."""

    def __init__(self, stack: Stack) -> None:
        """Start the time."""
        self.stack = stack
        self.slack: SlackCalls | None = None
        """Slack with the stack's token, once that was read."""
        self._until = time.monotonic() + SECONDS
        self._lock = threading.RLock()
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Return the client of *service*."""
        with self._lock:
            # A session makes one client at a time.
            if service not in self._clients:
                self._clients[service] = self.stack.account.client(service, config=CONFIG)
            return self._clients[service]

    def remaining(self) -> float:
        """Return the seconds that are left for all checks."""
        return self._until - time.monotonic()

    @property
    def region(self) -> str:
        """Return the stack's Region."""
        return str(self.stack.account.session.region_name)

    @property
    def parameters(self) -> Mapping[str, str]:
        """Return the parameters of the template."""
        return self.stack.parameters

    @property
    def options(self) -> str:
        """Return the option that names the stack in a command, with a blank before it."""
        return f" --stack {self.stack.name}" if self.stack.name else ""

    def knows(self, logical_id: str) -> bool:
        """Return True if the stack has a resource of that name."""
        return bool(self.stack.resources.get(logical_id))

    @cached_property
    def table(self) -> RoutingTable:
        """Return the routing table as the router reads it."""
        items = DynamoRoutingTable(self.stack.routing_table, self.stack.account.dynamodb()).items()
        return RoutingTable.from_items(
            items,
            default_channel=self.stack.default_channel or "#default-channel",
            allow_suppress=self.stack.allow_suppress,
            last_valid=lambda: DynamoLastValid(self.stack.ledger()).read().items,
        )

    @cached_property
    def organization(self) -> Organization:
        """Return the accounts of AWS Organizations as the router knows them."""
        if not self.stack.names_accounts:
            return Organization()
        store = DynamoOrganization(self.stack.ledger(), days=1)
        return OrganizationCache(store, clock=time.time).current()

    @property
    def slack_api_url(self) -> str:
        """Return the address of Slack's Web API."""
        return self.stack.slack_api_url

    @property
    def default_channel(self) -> str:
        """Return the channel for findings without a route."""
        return self.table.default_channel

    @property
    def ops_channel(self) -> str:
        """Return the channel for the router's own troubles."""
        return self.parameters.get("OpsChannel") or self.default_channel
