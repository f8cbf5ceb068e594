"""The edits of one burst: each item as it was before the first of them, and after the last."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finding_router.routing.items.item_key import ItemKey, key_of

type Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One record of the table's stream; an item that is not there is None."""

    key: ItemKey
    before: Item | None
    after: Item | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """An item before and after a burst of changes."""

    key: ItemKey
    before: Item | None
    after: Item | None

    @property
    def kind(self) -> str:
        """Return the kind of the item."""
        return self.key[0]

    @property
    def name(self) -> str:
        """Return the name of the item."""
        return self.key[1]

    @property
    def verb(self) -> str:
        """Return "added", "changed" or "deleted"."""
        if self.before is None:
            return "added"
        return "deleted" if self.after is None else "changed"


def edits_of(changes: Iterable[Change]) -> list[Edit]:
    """Return an edit for each item that is not as it was before *changes*, which are in order."""
    first: dict[ItemKey, Change] = {}
    last: dict[ItemKey, Change] = {}
    for change in changes:
        first.setdefault(change.key, change)
        last[change.key] = change
    edits = [
        Edit(key=key, before=first[key].before, after=change.after) for key, change in last.items()
    ]
    return [edit for edit in edits if edit.before != edit.after]


def undone(items: Iterable[Item], edits: Sequence[Edit]) -> list[Item]:
    """Return *items* as they were before *edits*."""
    return _replaced(items, {edit.key: edit.before for edit in edits})


def done(items: Iterable[Item], edits: Sequence[Edit]) -> list[Item]:
    """Return *items* as they were after *edits*, without later ones of the same items."""
    return _replaced(items, {edit.key: edit.after for edit in edits})


def _replaced(items: Iterable[Item], versions: Mapping[ItemKey, Item | None]) -> list[Item]:
    others = [item for item in items if key_of(item) not in versions]
    return [*others, *(version for version in versions.values() if version is not None)]
