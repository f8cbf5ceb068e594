"""The one place that names the concrete adapters and puts the router together."""

import time
from typing import TYPE_CHECKING

from finding_router.aws.account_names import DynamoAccountNames
from finding_router.aws.clients import DynamoDB
from finding_router.aws.decided import DynamoDecided, DynamoTallies
from finding_router.aws.digests import DynamoDigests
from finding_router.aws.held import DynamoHeld
from finding_router.aws.items import Items
from finding_router.aws.last_valid import DynamoLastValid
from finding_router.aws.ledger import DynamoLedger
from finding_router.aws.locks import DynamoLocks
from finding_router.aws.queue import Queue, Queues
from finding_router.aws.rates import DynamoRates
from finding_router.aws.reminders import DynamoReminders
from finding_router.aws.routing_table import DynamoRoutingTable
from finding_router.aws.security_hub import SecurityHub
from finding_router.aws.security_hub_v2 import SecurityHubV2
from finding_router.aws.ticket_outbox import DynamoTicketOutbox
from finding_router.delivery.hubs import Hubs
from finding_router.delivery.stores import Stores
from finding_router.errors import ConfigurationError
from finding_router.pipeline import Pipeline
from finding_router.routing.cache import RouteCache
from finding_router.settings import Settings
from finding_router.slack.api.client import SlackClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from finding_router.delivery.alerts.alert import Alert
    from finding_router.routing.table import RoutingTable
    from finding_router.tickets.claims import Refresh
    from finding_router.tickets.desk import TicketDesk
    from finding_router.tickets.making import Look


def make_slack(settings: Settings) -> SlackClient:
    """Make the client of Slack; its token is fetched at the first call."""

    def token(fresh: bool) -> str:  # noqa: FBT001 -- called back by position
        # Imported late: it takes longer than everything else here together.
        from finding_router.aws.token import fetch_token  # noqa: PLC0415

        return fetch_token(settings.slack_token_arn, fresh=fresh)

    return SlackClient(token=token, base_url=settings.slack_api_url)


def make_stores(settings: Settings, items: Items) -> Stores:
    """Make the parts of the Ledger, which are *items* of one table."""
    organization = None
    if settings.organization_names:
        # Imported late: only some read the accounts of their organization.
        from finding_router.aws.organization import DynamoOrganization  # noqa: PLC0415 -- see above

        organization = DynamoOrganization(items, days=settings.ledger_days)
    return Stores(
        ledger=DynamoLedger(items, days=settings.ledger_days),
        digests=DynamoDigests(items, days=settings.ledger_days),
        held=DynamoHeld(items, days=settings.ledger_days),
        rates=DynamoRates(items),
        locks=DynamoLocks(items),
        names=DynamoAccountNames(items),
        organization=organization,
        decided=DynamoDecided(items) if settings.answer_edits else None,
        tallies=DynamoTallies(items),
        reminders=DynamoReminders(items, days=settings.ledger_days),
        tickets=DynamoTicketOutbox(items) if settings.actions else None,
        unreadable=items.unreadable,
    )


def make_routes(settings: Settings, items: Items, dynamodb: DynamoDB) -> RouteCache:
    """Make the cache of the routing table, whose last valid versions are among *items*."""
    return RouteCache(
        DynamoRoutingTable(settings.routing_table, dynamodb).items,
        default_channel=settings.default_channel,
        allow_suppress=settings.allow_suppress,
        cache_seconds=settings.route_cache_seconds,
        last_valid=DynamoLastValid(items),
    )


def make_pipeline(settings: Settings, dynamodb: DynamoDB | None = None) -> Pipeline:
    """Put the pipeline together; nothing is called before the first batch."""
    dynamodb = dynamodb or DynamoDB()
    items = Items(settings.ledger_table, dynamodb)
    routes = make_routes(settings, items, dynamodb)
    organizations = None
    if settings.organization_names:
        from finding_router.aws.organizations import AwsOrganizations  # noqa: PLC0415 -- as above

        organizations = AwsOrganizations()
    return Pipeline(
        settings,
        make_stores(settings, items),
        routes=routes,
        slack=make_slack(settings),
        hubs=Hubs(SecurityHub(), SecurityHubV2(settings.v2_status), v2_status=settings.v2_status),
        organizations=organizations,
    )


def make_desk(
    settings: Settings,
    stores: Stores,
    table: "Callable[[], RoutingTable]",
    look: "Look",
    refresh: "Refresh",
    *,
    card_url: "Callable[[Alert], str | None]" = lambda _: None,
    clock: "Callable[[], float]" = time.time,
) -> "TicketDesk":
    """
    Make the desk of tickets, for the function of the buttons.

    *look* reads the findings of an alert, *refresh* changes its card, and *card_url* returns the
    address of that.
    """
    # Imported late: the router makes no tickets.
    from finding_router.aws.ticket_calls import AwsConnectors, sign  # noqa: PLC0415 -- see above
    from finding_router.aws.token import fetch_text  # noqa: PLC0415
    from finding_router.slack.kit.links import AccessPortal  # noqa: PLC0415
    from finding_router.tickets.claims import Claims  # noqa: PLC0415
    from finding_router.tickets.credentials import Keyring  # noqa: PLC0415
    from finding_router.tickets.desk import TicketDesk  # noqa: PLC0415
    from finding_router.tickets.making import Office  # noqa: PLC0415
    from finding_router.tickets.places import Places  # noqa: PLC0415

    if stores.tickets is None:
        raise ConfigurationError("ACTIONS: is not true; deploy the template again to set it")
    portal = (
        AccessPortal(settings.access_portal_url, settings.access_portal_role)
        if settings.access_portal_url
        else None
    )
    keyring = Keyring(secret=lambda arn, fresh: fetch_text(arn, fresh=fresh), sign=sign)
    office = Office(
        claims=Claims(
            stores.ledger, stores.tickets, locks=stores.locks, refresh=refresh, clock=clock
        ),
        tracker=Places(
            table, rates=stores.rates, keyring=keyring, connectors=AwsConnectors(), clock=clock
        ),
        look=look,
        alias=lambda account_id: table().alias(account_id),
        card_url=card_url,
        portal=portal,
    )
    return TicketDesk(office, table=table, burst_threshold=settings.burst_threshold)


def make_queues(settings: Settings) -> Queues:
    """Make the queues of the stack; a laptop may have none."""
    findings, backlog = settings.findings_queue_url, settings.backlog_queue_url
    return Queues(Queue(findings) if findings else None, Queue(backlog) if backlog else None)
