"""Load the routes for commands, from a file or from the table of a stack."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from finding_router.errors import ConfigurationError
from finding_router.errors import UnreadableError as UnreadableItemError
from finding_router.routing.last_valid import Versions
from finding_router.routing.organization import Organization
from finding_router.routing.table import RoutingTable
from finding_router_cli.account import Account, account_options
from finding_router_cli.documents import BLANKS, UnreadableError, documents, read_text
from finding_router_cli.options import together
from finding_router_cli.routes_at_hand import RoutesAtHand
from finding_router_cli.stack import LEDGER, Stack, deployed_stack

YAML_SUFFIXES: Final = frozenset({".yaml", ".yml"})
_SUFFIXES: Final = YAML_SUFFIXES | {".json"}
DEFAULT_CHANNEL: Final = "#default-channel"
_WANTED: Final = "write a list of items, or what aws dynamodb scan prints"
_RULE_WANTED: Final = (
    'paste its pattern (the value of "EventPattern") as the match of a route: '
    '{"kind": "route", "name": "mine", "channel": "#mine", "match": …}'
)
_YOURS: Final = "give yours with --routes FILE, or with --table NAME of the RoutingTable"
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html
_DYNAMODB_TYPES: Final = frozenset({"S", "N", "BOOL", "NULL", "M", "L", "SS", "NS", "B", "BS"})


stack_options = together(
    account_options,
    click.option(
        "--table",
        metavar="NAME",
        envvar="ROUTING_TABLE",
        help="DynamoDB table to read where no file is given.  [env: ROUTING_TABLE]",
    ),
    click.option(
        "--default-channel",
        metavar="CHANNEL",
        envvar="DEFAULT_CHANNEL",
        help=f"The stack's DefaultChannel.  [env: DEFAULT_CHANNEL; default: {DEFAULT_CHANNEL}]",
    ),
    click.option(
        "--allow-suppress",
        is_flag=True,
        envvar="ALLOW_SUPPRESS",
        help="The stack's AllowSuppress.  [env: ALLOW_SUPPRESS]",
    ),
)
"""The options for the parameters of `load_table` other than the file."""


class Loaded(NamedTuple):
    """
    A routing table, and the accounts of AWS Organizations that its stack has.

    *names_accounts* is the stack's OrganizationNames; None if it is not known.
    """

    table: RoutingTable
    organization: Organization
    names_accounts: bool | None


def load_table(**source: Any) -> RoutingTable:
    """Return the table alone of `load`."""
    return load(**source).table


def load(
    *,
    routes: str | None,
    table: str | None,
    default_channel: str | None,
    allow_suppress: bool,
    stack: str | Stack | None = None,
    profile: str | None = None,
    region: str | None = None,
    at_hand: Callable[[], RoutesAtHand | None] = lambda: None,
) -> Loaded:
    """
    Return the routing table from the file *routes*, else of the *stack*, else from the *table*.

    The *stack* is a deployed one, by its name or looked up already, and knows its default channel
    and whether it may suppress. Without any of these, load the routes *at_hand*, and print their
    origin.

    Raises:
        click.ClickException: No source is given, or the items cannot be read.

    """
    if (profile or region) and not (routes or stack or table):
        raise click.UsageError("name the stack with --stack, or its table with --table")
    account = Account(profile=profile, region=region)
    found: RoutesAtHand | None = None
    if routes is not None:
        items = read_items_at(routes)
    elif stack:
        known = stack if isinstance(stack, Stack) else deployed_stack(account, stack)
        found = _routes_of_stack(known)
        items = found.items
    elif table:
        items = _items_of_table(account, table)
    elif found := at_hand():
        click.echo(f"routes: {found.origin}; {_YOURS}", err=True)
        items = found.items
    else:
        message = "no routes: give a file of them, or --table with the name of the RoutingTable"
        raise click.UsageError(f"{message}, or --stack with the name of the stack")
    if found is not None:
        default_channel = found.default_channel if default_channel is None else default_channel
        allow_suppress = allow_suppress or found.allow_suppress
    try:
        loaded = RoutingTable.from_items(
            items,
            default_channel=DEFAULT_CHANNEL if default_channel is None else default_channel,
            allow_suppress=allow_suppress,
            last_valid=dict if found is None else found.last_valid,
        )
        return Loaded(
            loaded,
            found.organization if found else Organization(),
            found.organization_names if found else None,
        )
    except ConfigurationError as error:
        raise click.UsageError(str(error)) from error


def read_items_at(path: str) -> list[object]:
    """
    Return the items in the file or folder at *path*, or in standard input for "-".

    Files of a folder are those with YAML and JSON, in the order of their paths.

    Raises:
        UnreadableError: A file cannot be read, or the folder has none.

    """
    folder = Path(path)
    if not folder.is_dir():
        return read_items(read_text(path), path)
    files = item_files(folder)
    if not files:
        raise UnreadableError(path, "has no file with items", "name them *.yaml or *.json")
    return [item for file in files for item in read_items(read_text(str(file)), str(file))]


def item_files(folder: Path) -> list[Path]:
    """Return the files of *folder* that hold items, without hidden ones."""
    found = (each for each in folder.rglob("*") if each.suffix.lower() in _SUFFIXES)
    return sorted(
        each
        for each in found
        if each.is_file()
        and not any(part.startswith(".") for part in each.relative_to(folder).parts)
    )


def is_yaml(text: str, source: str) -> bool:
    """Return True if *text* is to be read as YAML, by its file's name or else by its start."""
    suffix = Path(source).suffix.lower()
    return suffix in YAML_SUFFIXES or (source == "-" and text.lstrip(BLANKS)[:1] not in {"[", "{"})


def read_items(text: str, source: str) -> list[object]:
    """
    Return the items of a routing table in *text*; *source* is its file name, for errors.

    Accepted are a list, JSON lines, a single item, the output of ``aws dynamodb scan`` or
    ``query``, and the input of ``batch-write-item``. Values may be plain or DynamoDB's typed form.
    A file called ``*.yaml`` or ``*.yml`` holds YAML.

    Raises:
        UnreadableError: The text has another format.

    """
    items = [
        _untyped(item)
        for place, document in _documents(text, source)
        for item in _items(document, place)
    ]
    if not items and not text.strip(BLANKS):
        raise UnreadableError(source, "is empty", _WANTED)
    return items


def _documents(text: str, source: str) -> Iterator[tuple[str, object]]:
    if not is_yaml(text, source):
        return documents(text, source)
    # Imported late: it takes as long as all else together.
    from finding_router_cli.items.yaml_text import read_documents  # noqa: PLC0415 -- see above

    return ((source, document) for document in read_documents(text, source) if document is not None)


def _items(document: object, place: str) -> Iterator[object]:
    match document:
        case list():
            yield from document
        case {"Items": list() as items}:
            yield from items
        case {"kind": _} | {"name": _}:
            yield document
        case {"Item": item} | {"PutRequest": {"Item": item}}:
            yield item
        case (
            {"EventPattern": _}
            | {"Rules": [{"EventPattern": _}, *_]}
            | {"source": [str(), *_]}
            | {"detail": dict()}
        ):
            raise UnreadableError(place, "is a rule of EventBridge, and no route", _RULE_WANTED)
        case dict() if len(document) == 1 and isinstance(next(iter(document.values())), list):
            [requests] = document.values()
            for number, request in enumerate(requests, 1):
                yield from _items(request, f"{place}, request {number}")
        case _:
            problem = "holds no items of a routing table"
            raise UnreadableError(place, problem, _WANTED)


def _untyped(item: object) -> object:
    if not (isinstance(item, dict) and item and all(map(_is_typed, item.values()))):
        return item
    # Imported late, since it imports boto3.
    from finding_router.aws.attributes import readable_item  # noqa: PLC0415 -- see above

    return readable_item(item)


def _is_typed(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and not _DYNAMODB_TYPES.isdisjoint(value)


def _items_of_table(account: Account, table: str) -> list[object]:
    from finding_router.aws.routing_table import DynamoRoutingTable  # noqa: PLC0415 -- loads boto3

    with account.in_sentences(table=table):
        return list(DynamoRoutingTable(table, account.dynamodb()).items())


def _routes_of_stack(found: Stack) -> RoutesAtHand:
    return RoutesAtHand(
        origin=f"those of the {found.origin}",
        items=_items_of_table(found.account, found.routing_table),
        default_channel=found.default_channel,
        allow_suppress=found.allow_suppress,
        organization_names=found.names_accounts,
        organization=_organization(found) if found.names_accounts else Organization(),
        last_valid=lambda: _last_valid(found),
    )


def _organization(stack: Stack) -> Organization:
    """Return the accounts in the Ledger; none, with a note, if they are damaged, as the router."""
    from finding_router.aws.organization import DynamoOrganization  # noqa: PLC0415 -- loads boto3
    from finding_router.delivery.organization import CURRENT, read_current  # noqa: PLC0415

    with stack.account.in_sentences(table=stack.resource(LEDGER)):
        store = DynamoOrganization(stack.ledger(), days=1)
        try:
            return store.load(CURRENT, read_current) or Organization()
        except UnreadableItemError as error:
            message = f"decided without the accounts of AWS Organizations, as the router: {error}"
            click.echo(message, err=True)
            return Organization()


def _last_valid(stack: Stack) -> Versions:
    """Return the last valid versions in the Ledger; none, with a note, if it cannot be read."""
    ledger = stack.resources.get(LEDGER)
    if not ledger:
        return {}
    from finding_router.aws.last_valid import DynamoLastValid  # noqa: PLC0415 -- loads boto3

    try:
        with stack.account.in_sentences(table=ledger):
            return DynamoLastValid(stack.ledger()).read().items
    except click.ClickException as error:
        message = f"which versions of wrong items are in force is not known: {error.message}"
        click.echo(message, err=True)
        return {}
