"""Review a burst of edits: keep the last valid versions, and compare the table before and after."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from finding_router.delivery.decided import DAYS, DecidedStore
from finding_router.edits.edit import Change, Edit, Item, done, edits_of, undone
from finding_router.edits.impact import Impact, impact_of
from finding_router.errors import RouteError, StoreError
from finding_router.isolation import isolated
from finding_router.lint.fields import Odd
from finding_router.lint.table import OddItem, odd_item, out_of_reach
from finding_router.routing.items.item_key import ItemKey, key_of
from finding_router.routing.items.silence import Silence
from finding_router.routing.last_valid import LastValid, LastValidStore, Versions
from finding_router.routing.table import RoutingTable

if TYPE_CHECKING:
    from finding_router.routing.items.route import Route

# Workers and this function write the last valid versions at once; each try has one winner.
_TRIES: Final = 5
_DAY_SECONDS: Final = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """
    A burst of *edits*, and the tables around it.

    *odd* are the parts of edited items that cannot match, and the routes that are out of reach only
    now. *impact* is None if the findings of the last days are not known.
    """

    edits: Sequence[Edit]
    before: RoutingTable
    after: RoutingTable
    odd: Sequence[OddItem]
    impact: Impact | None
    now: datetime

    def problems(self, edit: Edit) -> list[RouteError]:
        """Return the mistakes in the item after *edit*."""
        return self.after.problems_of(*edit.key)

    def was_invalid(self, edit: Edit) -> bool:
        """Return True if the item was not valid before *edit*."""
        return bool(self.before.problems_of(*edit.key))

    def is_kept(self, edit: Edit) -> bool:
        """Return True if the last valid version of the item is in force."""
        return edit.key in self.after.kept

    def silences(self, edit: Edit) -> tuple[Silence | None, Silence | None]:
        """Return the silence in force before *edit* and after it; None if it held nothing then."""
        if edit.kind != "silence":
            return None, None
        was, is_ = (table.silence(edit.name) for table in (self.before, self.after))
        return _in_force(was, self.now), _in_force(is_, self.now)


class Reviewer:
    """Reviews bursts of edits; the collaborators come from bootstrap."""

    def __init__(
        self,
        read: Callable[[], list[dict[str, Any]]],
        last_valid: LastValidStore,
        decided: DecidedStore,
        *,
        default_channel: str,
        allow_suppress: bool,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """*read* reads the items of the routing table, *clock* gives Unix seconds."""
        self._read = read
        self._last_valid = last_valid
        self._decided = decided
        self._default_channel = default_channel
        self._allow_suppress = allow_suppress
        self._clock = clock

    def review(
        self, changes: Sequence[Change], *, is_late: Callable[[], bool] = lambda: False
    ) -> Review | None:
        """
        Return the review of *changes*; None if every item is as it was before.

        Raises:
            StoreError: The routing table or the Ledger does not answer.

        """
        items, table, stored, versions = self._remember(changes)
        edits = edits_of(changes)
        if not edits:
            return None
        before = self._table(undone(items, edits), stored)
        present = {key_of(item): item for item in items}
        is_newest = all(present.get(edit.key) == edit.after for edit in edits)
        after = table if is_newest else self._table(done(items, edits), versions)
        return Review(
            edits=edits,
            before=before,
            after=after,
            odd=list(_odd(before, after, {edit.key for edit in edits})),
            impact=self._impact(before, after, is_late),
            now=datetime.fromtimestamp(self._clock(), UTC),
        )

    def _remember(
        self, changes: Sequence[Change]
    ) -> tuple[list[Item], RoutingTable, Versions, Versions]:
        """
        Store the last valid versions after *changes*.

        Return the items of the table, the table, the versions before *changes*, and those after.
        """
        for _ in range(_TRIES):
            began = self._clock()
            items = self._read()
            stored = self._last_valid.read()
            if stored.read_at > began:
                # Another worker may know a later edit.
                continue
            versions = self._after(stored.items, changes)
            table = self._table(items, versions)
            valid = table.in_force(items, versions)
            if valid == stored.items or self._last_valid.write(
                LastValid(items=valid, read_at=began, version=stored.version + 1)
            ):
                return [*items], table, stored.items, versions
        message = "the last valid routes are written by others all the time; tried again"
        raise StoreError(message)

    def _after(self, versions: Versions, changes: Iterable[Change]) -> Versions:
        """Return the last valid *versions* after *changes*."""
        after: dict[ItemKey, Item] = dict(versions)
        for change in changes:
            if change.after is None:
                after.pop(change.key, None)
            elif self._is_valid(change.after):
                after[change.key] = change.after
            elif change.before is None:
                after.pop(change.key, None)
            elif self._is_valid(change.before):
                after[change.key] = change.before
        return after

    def _is_valid(self, item: Item) -> bool:
        return not self._table([item], {}).problems

    def _table(self, items: Iterable[Item], last_valid: Versions) -> RoutingTable:
        return RoutingTable.from_items(
            items,
            default_channel=self._default_channel,
            allow_suppress=self._allow_suppress,
            last_valid=lambda: last_valid,
        )

    def _impact(
        self, before: RoutingTable, after: RoutingTable, is_late: Callable[[], bool]
    ) -> Impact | None:
        now = self._clock()
        # The answer is posted without the effect rather than not at all.
        with isolated("impact of an edit not known"):
            findings = self._decided.newest(since=now - DAYS * _DAY_SECONDS, now=now)
            return impact_of(before, after, findings, is_late=is_late)
        return None


def _odd(before: RoutingTable, after: RoutingTable, edited: set[ItemKey]) -> Iterator[OddItem]:
    items: list[Route | Silence] = [*after.routes, *after.silences]
    in_force = edited.difference(after.kept)
    for item in items:
        if (item.kind, item.name) in in_force:
            yield from odd_item(item)
    known = {each.key for each in out_of_reach(before)}
    for each in out_of_reach(after):
        if each.key in edited or each.key not in known:
            yield each
    known = {(each.kind, each.name) for each in before.unmet}
    for unmet in after.unmet:
        odd = OddItem(unmet.kind, unmet.name, Odd(unmet.field, unmet.problem, unmet.remedy))
        if odd.key in edited or odd.key not in known:
            yield odd


def _in_force(silence: Silence | None, now: datetime) -> Silence | None:
    return None if silence is None or silence.is_over(now) else silence
