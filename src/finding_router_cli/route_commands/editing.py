"""`routes add`, `edit`, `enable`, `disable` and `rm`: change single routes of a stack."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click

from finding_router_cli import plan as plans
from finding_router_cli.documents import UnreadableError
from finding_router_cli.help_text import example
from finding_router_cli.items.changes import write
from finding_router_cli.items.item import InvalidItemsError, Item, Key, ordered
from finding_router_cli.items.opened import OpenTable, impact_choice, impact_options, open_table
from finding_router_cli.items.yaml_text import dump_item, load, plain, read_documents
from finding_router_cli.matchers import MATCHERS, matcher_options, pattern
from finding_router_cli.options import together
from finding_router_cli.output import remark
from finding_router_cli.plan import consent, write_options
from finding_router_cli.routing_items import stack_options

_HEADER: Final = """\
# The {key} of {origin}. Save and close to see the change;
# leave it as it is, or empty, to change nothing.
"""
_WRONG: Final = "# Wrong: "
_RULE: Final = (
    "who may press the buttons of messages that {name} posted is decided without its rule from "
    "then on; finding-router routes disable '{name}' keeps the rule"
)


_attribute_options = together(
    click.option("--channel", metavar="CHANNEL", help="Where its findings go."),
    click.option("--order", type=int, metavar="NUMBER", help="Lower goes first.  [default: 100]"),
    click.option("--stop", is_flag=True, help="Later routes are not looked at."),
    click.option("--mention", metavar="WHOM", multiple=True, help="Such as @here."),
    click.option("--description", metavar="TEXT", help="For those who read the table."),
    click.option("--disabled", is_flag=True, help="Add it switched off."),
    click.option("--shadow", is_flag=True, help="Only try it: it posts nothing."),
    click.option(
        "--set",
        "attributes",
        metavar="ATTRIBUTE=VALUE",
        multiple=True,
        help="Any other attribute, its value as YAML; for example deliver=digest.",
    ),
)


def _attributes(options: dict[str, Any]) -> dict[str, Any]:
    """Take those of `_attribute_options` out of *options*, and return the attributes they set."""
    given = {name: options.pop(name) for name in ("description", "order", "channel")}
    given["mention"] = list(options.pop("mention")) or None
    given["stop"] = options.pop("stop") or None
    given["enabled"] = False if options.pop("disabled") else None
    given["mode"] = "shadow" if options.pop("shadow") else None
    set_ = _set(options.pop("attributes"))
    return {name: value for name, value in given.items() if value is not None} | set_


@click.command(
    epilog=example(
        "finding-router routes add payments-threats --channel '#payments' "
        "--account payments --product GuardDuty --severity CRITICAL,HIGH"
    )
)
@click.argument("name")
@_attribute_options
@matcher_options
@impact_options
@write_options
@stack_options
def add(name: str, **options: Any) -> None:
    """
    Add the route NAME.

    It is for the findings that the options choose, or for all without one. Several values of one
    option match either; several options must all match.
    """
    agreed, measure = consent(options), impact_choice(options)
    attributes = _attributes(options)
    matchers = {one: options.pop(one) for one in MATCHERS}
    opened = open_table(**options)
    key = Key("route", name)
    if key in opened.stored.items:
        message = f"there is a {key} already; change it with: finding-router routes edit {name}"
        raise click.ClickException(message)
    match = pattern(**matchers, aliases=opened.table.aliases)
    item = {**key._asdict(), **({"match": match} if match else {}), **attributes}
    plan = opened.plan_with_impact({key: item}, **measure)
    write(opened.stored, plan, **agreed)


@click.command(epilog=example("EDITOR=nano finding-router routes edit guardduty-payments"))
@click.argument("name")
@impact_options
@write_options
@stack_options
def edit(name: str, **options: Any) -> None:
    """
    Edit the route NAME as YAML.

    The editor is that of $VISUAL or $EDITOR. What is wrong is told, and can be corrected in the
    editor again.
    """
    agreed, measure = consent(options), impact_choice(options)
    opened = open_table(**options)
    item = opened.item("route", name)
    key = Key("route", name)
    header = _HEADER.format(key=key, origin=opened.stack.origin)
    text, notes = dump_item(item), ""
    while True:
        edited = click.edit(f"{header}{notes}{text}", extension=".yaml")
        if edited is None or not _body(edited).strip():
            remark("nothing was changed")
            return
        try:
            after = _edited(edited, key)
            plan = opened.plan_with_impact({key: after}, **measure)
            break
        except (InvalidItemsError, UnreadableError) as error:
            remark(error.format_message())
            if not plans.is_interactive() or not click.confirm(
                "edit it again?", default=True, err=True
            ):
                raise click.exceptions.Exit(1) from error
            text = _body(edited)
            notes = "".join(f"{_WRONG}{one}\n" for one in error.format_message().splitlines())
    write(opened.stored, plan, **agreed)


@click.command(epilog=example("finding-router routes enable guardduty-payments"))
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@impact_options
@write_options
@stack_options
def enable(names: Sequence[str], **options: Any) -> None:
    """Switch routes on."""
    _switch(names, is_on=True, **options)


@click.command(epilog=example("finding-router routes disable guardduty-payments"))
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@impact_options
@write_options
@stack_options
def disable(names: Sequence[str], **options: Any) -> None:
    """Switch routes off; they stay in the table."""
    _switch(names, is_on=False, **options)


@click.command("rm", epilog=example("finding-router routes rm buckets-by-team"))
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
@impact_options
@write_options
@stack_options
def remove(names: Sequence[str], **options: Any) -> None:
    """Delete routes."""
    agreed, measure = consent(options), impact_choice(options)
    opened = open_table(**options)
    items = [opened.item("route", name) for name in names]
    after: dict[Key, Item | None] = dict.fromkeys(Key("route", str(item["name"])) for item in items)
    for item in items:
        if item.get("actions") is not None:
            remark(_RULE.format(name=item["name"]))
    _write(opened, after, measure, **agreed)


def _switch(names: Sequence[str], *, is_on: bool, **options: Any) -> None:
    agreed, measure = consent(options), impact_choice(options)
    opened = open_table(**options)
    after: dict[Key, Item | None] = {}
    for name in names:
        item = opened.item("route", name)
        # A route without the attribute is on.
        is_other = item.get("enabled", True) is not is_on
        after[Key("route", name)] = {**item, "enabled": is_on} if is_other else item
    _write(opened, after, measure, **agreed)


def _write(
    opened: OpenTable,
    after: Mapping[Key, Item | None],
    measure: dict[str, Any],
    **agreed: bool,
) -> None:
    plan = opened.plan_with_impact(after, **measure)
    write(opened.stored, plan, **agreed)


def _set(attributes: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for attribute in attributes:
        name, sign, value = attribute.partition("=")
        if not sign or not name.strip():
            problem = f"{attribute} has no value; write it as deliver=digest"
            raise click.BadParameter(problem, param_hint="--set")
        documents = load(value, f"--set {name}")
        found[name.strip()] = plain(documents[0], f"--set {name}") if documents else ""
    return found


def _edited(text: str, key: Key) -> dict[str, Any]:
    """Return the item in *text*, which was edited."""
    source = f"the {key}"
    documents = [one for one in read_documents(text, source) if one is not None]
    match documents:
        case [dict() as item]:
            pass
        case _:
            raise UnreadableError(source, "is no map of attributes", "write one item")
    for attribute, value in key._asdict().items():
        if item.get(attribute) != value:
            problem = (
                f"has the {attribute} {json.dumps(item.get(attribute))}, not {json.dumps(value)}"
            )
            remedy = "kind and name stay; add the other one with: finding-router routes add"
            raise UnreadableError(source, problem, remedy)
    return ordered(item)


def _body(text: str) -> str:
    """Return the lines of *text* without those that the command itself wrote above it."""
    ours = (*_HEADER.splitlines()[1:], _WRONG, "# The route")
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(ours))
