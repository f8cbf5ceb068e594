"""The places of tickets: the client that a name of the routing table, or an ARN, stands for."""

import hashlib
from collections.abc import Callable
from typing import Final

from finding_router.delivery.alerts.care import Ticket
from finding_router.delivery.limits.rate import Rates
from finding_router.errors import TicketError
from finding_router.routing.items.ticket import GitHub as GitHubItem
from finding_router.routing.items.ticket import Ticket as Item
from finding_router.routing.table import RoutingTable
from finding_router.tickets.credentials import Keyring, token_of
from finding_router.tickets.github import GitHub
from finding_router.tickets.pace import Pace
from finding_router.tickets.tracker import Connectors, ConnectorTracker, GitHubTracker, Tracker

_ARN: Final = "arn:"
_REPOS: Final = "/repos/"


class Places:
    """Makes the tracker of a place; the clock gives Unix seconds."""

    def __init__(
        self,
        table: Callable[[], RoutingTable],
        *,
        rates: Rates,
        keyring: Keyring,
        connectors: Connectors,
        clock: Callable[[], float],
    ) -> None:
        """Find the items in *table*; *rates* are shared by all workers."""
        self._table = table
        self._rates = rates
        self._keyring = keyring
        self._connectors = connectors
        self._clock = clock

    def __call__(self, to: str, made: Ticket | None) -> Tracker:
        """
        Return the tracker of the item *to*, or of the connector with that ARN.

        A ticket that was *made* before stays where it is, if the item names another repository now.

        Raises:
            TicketError: There is no such item, or it has another address.

        """
        item = Item.of_connector(to) if to.startswith(_ARN) else self._table().tickets.get(to)
        if item is None:
            raise TicketError(f'the routing table has no valid item ticket "{to}"; correct it')
        if item.connector is not None:
            return ConnectorTracker(item.connector.arn, self._connectors)
        if item.github is None:
            raise TicketError(f'the item ticket "{to}" names no place; correct it')
        return self._github(to, item, item.github, made)

    def _github(self, to: str, item: Item, github: GitHubItem, made: Ticket | None) -> Tracker:
        repository = github.repository
        if made is not None and made.place is not None:
            base_url, _, repository = made.place.partition(_REPOS)
            if base_url != github.base_url:
                raise TicketError(f'the item ticket "{to}" has another base_url by now; correct it')
        # All tickets of one token or app share the limits of GitHub.
        arn = github.app.key + github.app.installation_id if github.app else github.token
        name = hashlib.sha256(f"{github.base_url} {arn}".encode()).hexdigest()[:16]
        client = GitHub(
            repository,
            base_url=github.base_url,
            token=token_of(github, self._keyring, self._clock),
            pace=Pace(self._rates, name, self._clock),
            clock=self._clock,
        )
        return GitHubTracker(item, github, client)
