"""The RoutingTable of a stack, opened for commands that read and write its items."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import click

from finding_router.routing.items.route import label_of
from finding_router.routing.table import RoutingTable
from finding_router_cli.documents import read_text
from finding_router_cli.inputs import read_events
from finding_router_cli.items.changes import ItemsPlan
from finding_router_cli.items.impact import Impact, impact
from finding_router_cli.items.item import InvalidItemsError, Item, Key
from finding_router_cli.items.stored import StoredItems
from finding_router_cli.options import together
from finding_router_cli.recent import recent_or_why
from finding_router_cli.routing_items import DEFAULT_CHANNEL
from finding_router_cli.stack import Stack, find_stack

IMPACT_DAYS = 7


no_impact_option = click.option(
    "--no-impact", is_flag=True, help="Do not count findings that would go elsewhere."
)
impact_options = together(
    click.option(
        "--findings",
        metavar="FILE",
        help="Count which of these would go elsewhere.  [default: last week's of Security Hub]",
    ),
    no_impact_option,
)
"""The options that choose the findings by which a change is measured."""


def impact_choice(options: dict[str, Any]) -> dict[str, Any]:
    """Take those of `impact_options` out of *options*, and return them."""
    return {name: options.pop(name) for name in ("findings", "no_impact")}


@dataclass(kw_only=True)
class OpenTable:
    """The items of *stack*, and the settings with which they decide."""

    stack: Stack
    stored: StoredItems
    default_channel: str
    allow_suppress: bool

    @cached_property
    def table(self) -> RoutingTable:
        """Return the routing table as it is now."""
        return self._table_of(self.stored.items.values())

    def item(self, kind: str, name: str) -> Item:
        """
        Return an item.

        Raises:
            click.ClickException: There is none of this name; the closest are named.

        """
        item = self.stored.items.get(Key(kind, name))
        if item is not None:
            return item
        names = [key.name for key in self.stored.items if key.kind == kind]
        close = difflib.get_close_matches(name, names, n=1)
        hint = f'did you mean "{close[0]}"?' if close else f"see: finding-router {_LISTS[kind]}"
        raise click.ClickException(f'{self.stack.origin} has no {kind} "{name}"; {hint}')

    def plan(self, after: Mapping[Key, Item | None]) -> ItemsPlan:
        """
        Return the plan to write *after*.

        Raises:
            InvalidItemsError: An item would be wrong.

        """
        plan, _ = self.planned(after)
        return plan

    def planned(self, after: Mapping[Key, Item | None]) -> tuple[ItemsPlan, RoutingTable]:
        """
        Return the plan to write *after*, and the routing table after it.

        Raises:
            InvalidItemsError: An item would be wrong, or would leave another no room.

        """
        stored = self.stored.items
        then = self._table_of(item for item in {**stored, **after}.values() if item is not None)
        known = {str(problem) for problem in (*self.table.problems, *self.table.unmet)}
        touched = {(key.kind, label_of(item)) for key, item in after.items() if item is not None}
        wrong = [
            problem
            for problem in (*then.problems, *then.unmet)
            if (problem.kind, problem.name) in touched or str(problem) not in known
        ]
        if wrong:
            raise InvalidItemsError(wrong)
        return ItemsPlan(before=stored, after=after), then

    def plan_with_impact(
        self, after: Mapping[Key, Item | None], *, findings: str | None, no_impact: bool
    ) -> ItemsPlan:
        """
        Return the plan, with its impact on the findings of the file *findings*, else of last week.

        The parameters are those of `impact_options`.

        Raises:
            InvalidItemsError: An item would be wrong.
            UnreadableError: The file cannot be read.

        """
        plan, then = self.planned(after)
        if plan.is_empty or no_impact:
            return plan
        found = self._impact(then, findings)
        if isinstance(found, str):
            plan.notes.append(f"where findings would go is not known: {found}")
        else:
            plan.notes.append(found.sentence())
            plan.facts["impact"] = found.as_json()
        return plan

    def _table_of(self, items: Iterable[Item]) -> RoutingTable:
        return RoutingTable.from_items(
            items, default_channel=self.default_channel, allow_suppress=self.allow_suppress
        )

    def _impact(self, then: RoutingTable, findings: str | None) -> Impact | str:
        """Return the impact, or the reason why it is not known."""
        moment = datetime.now(UTC)
        if findings is not None:
            events = read_events(read_text(findings), findings)
            return impact(self.table, then, events, origin=f"in {findings}", now=moment)
        recent, why = recent_or_why(self.stack, IMPACT_DAYS)
        if recent is None:
            return why
        origin = "of last week" if recent.is_all else "of last week, the newest,"
        return impact(self.table, then, recent.events, origin=origin, now=moment)


_LISTS = {
    "route": "routes list",
    "silence": "silence list",
    "account": "routes export",
    "ticket": "routes export",
}


def open_table(
    *,
    table: str | None,
    default_channel: str | None,
    allow_suppress: bool,
    stack: str | None,
    profile: str | None,
    region: str | None,
) -> OpenTable:
    """
    Return the table of the stack that the options of `stack_options` choose.

    Raises:
        click.ClickException: There is none, or AWS refuses.

    """
    found = find_stack(stack=stack, profile=profile, region=region, table=table)
    return OpenTable(
        stack=found,
        stored=StoredItems(found),
        default_channel=default_channel or found.default_channel or DEFAULT_CHANNEL,
        allow_suppress=allow_suppress or found.allow_suppress,
    )
