"""The default routes: those of the local stack, or the project's examples."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import click

from finding_router.delivery.organization import Sheet, read_current
from finding_router.routing.items.item_key import key_of
from finding_router.routing.last_valid import Versions
from finding_router.routing.organization import Organization
from finding_router_cli.account import Account
from finding_router_local import EXAMPLE_ROUTES, TEMPLATE
from finding_router_local.running import RunningStack, find_running


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutesAtHand:
    """Items of a routing table, their *origin* in words, and the settings of their stack."""

    origin: str
    items: list[object]
    default_channel: str | None = None
    allow_suppress: bool = False
    organization_names: bool | None = None
    """The stack's OrganizationNames; None if it is not known."""
    organization: Organization = field(default_factory=Organization)
    """Its accounts."""
    last_valid: Callable[[], Versions] = dict
    """Reads the last valid versions that the router keeps, which takes its Ledger."""


def routes_at_hand() -> RoutesAtHand:
    """
    Return the routes of the stack that `local up` keeps running, or else the project's examples.

    Raises:
        click.ClickException: The stack no longer responds.

    """
    running = running_routes()
    if running is not None:
        return running
    items = json.loads(EXAMPLE_ROUTES.read_text("utf-8"))
    return RoutesAtHand(origin="the examples that come with the project", items=items)


def running_routes() -> RoutesAtHand | None:
    """
    Return the routes of the stack that `local up` keeps running; None if none is.

    Raises:
        click.ClickException: The stack no longer responds.

    """
    running = running_stack()
    if running is None:
        return None
    try:
        said = running.routes()
    except OSError as error:
        raise click.ClickException(str(error)) from error
    sheet = said.pop("organization", None)
    organization = Organization() if sheet is None else read_current(Sheet(*sheet))
    versions = {key_of(item): item for item in said.pop("last_valid", ())}
    return RoutesAtHand(
        origin=f"those of the stack that runs at {running.url}",
        **{"organization_names": False, **said},
        organization=organization,
        last_valid=lambda: versions,
    )


def running_account() -> Account | None:
    """Return the AWS of the stack that `local up` keeps running; None if none is."""
    running = running_stack()
    return None if running is None else Account.of_running(running.url, running.region)


def running_stack() -> RunningStack | None:
    """Return the stack that `local up` keeps running; None if none is."""
    return find_running(TEMPLATE.parent)
