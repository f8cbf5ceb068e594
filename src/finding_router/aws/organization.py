"""The accounts of AWS Organizations in the Ledger's table, compressed, in few items."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from finding_router.aws import keys
from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.aws.packed import packed, unpacked
from finding_router.delivery.organization import Sheet
from finding_router.stored import Stored

# Below that of `packed`: what is known about the accounts takes a part of the first item.
MAX_BLOB_BYTES: Final = 250_000
_TRIES: Final = 2


class _Head(NamedTuple):
    version: int
    parts: int


class DynamoOrganization:
    """One item has the first accounts and the version; further ones are written before it."""

    def __init__(self, items: Items, *, days: int) -> None:
        """Keep sheets among *items*, for *days* after they were written."""
        self._items = items
        self._keep_seconds = days * DAY_SECONDS

    def load[Value](self, name: str, parse: Callable[[Sheet], Value]) -> Value | None:
        """Return a sheet: a single read, and one more for a large one."""
        key = keys.organization(name)
        for _ in range(_TRIES):
            found = self._items.read([key])
            if not found:
                return None
            head = self._items.parsed(found[0], _to_head)
            more = [keys.more_organization(name, head.version, n) for n in range(1, head.parts)]
            parts = self._items.read(more) if more else []
            if len(parts) == len(more):
                rest = [self._items.parsed(each, _to_accounts) for each in parts]
                return self._items.parsed(found[0], partial(_as_read, parse, rest))
            # Another worker has just written the next version, and deletes this one.
        raise self._items.unreadable.note("/".join(key), "accounts of it are missing")

    def save(self, name: str, sheet: Sheet, *, at: float) -> bool:
        """Write the further accounts under keys of their own, then the first item in one write."""
        before = self._head(name)
        version = (before.version if before else 0) + 1
        first, *more = _blobs(sheet.accounts)
        common = {"shape": keys.SHAPE, "expires_at": int(at + self._keep_seconds)}
        further = [
            {**keys.named(keys.more_organization(name, version, part)), "accounts": blob, **common}
            for part, blob in enumerate(more, start=1)
        ]
        # A call takes 16 MB.
        self._items.put_all(further)
        head = {
            **keys.named(keys.organization(name)),
            "version": version,
            "parts": 1 + len(more),
            "about": packed(sheet.about),
            "accounts": first,
            **common,
        }
        is_written = self._items.put_version(head, _to_head)
        if is_written and before:
            self._remove_parts(name, before)
        return is_written

    def remove(self, name: str) -> None:
        """Delete the first item, then the further accounts."""
        before = self._head(name)
        if before is not None:
            condition, given = "version = :version", {":version": before.version}
            if self._items.delete(keys.organization(name), condition, given):
                self._remove_parts(name, before)

    def _head(self, name: str) -> _Head | None:
        found = self._items.read([keys.organization(name)])
        return self._items.parsed(found[0], _to_head) if found else None

    def _remove_parts(self, name: str, head: _Head) -> None:
        for part in range(1, head.parts):
            key = keys.more_organization(name, head.version, part)
            self._items.delete(key, "attribute_exists(finding)", {})


def _blobs(accounts: Mapping[str, Sequence[Any]]) -> list[bytes]:
    """Return *accounts* as JSON, compressed, in parts that an item holds."""
    blob = packed(accounts)
    if len(blob) <= MAX_BLOB_BYTES or len(accounts) == 1:
        return [blob]
    several = list(accounts.items())
    middle = len(several) // 2
    return [*_blobs(dict(several[:middle])), *_blobs(dict(several[middle:]))]


def _as_read[Value](
    parse: Callable[[Sheet], Value], rest: Sequence[Mapping[str, Any]], stored: Stored
) -> Value:
    accounts = _to_accounts(stored)
    for each in rest:
        accounts |= each
    return parse(Sheet(unpacked(stored, "about"), accounts))


def _to_head(stored: Stored) -> _Head:
    for name in ("about", "accounts"):
        stored.blob(name)
    return _Head(version=stored.whole("version", least=1), parts=stored.whole("parts", least=1))


def _to_accounts(stored: Stored) -> dict[str, Any]:
    accounts: dict[str, Any] = unpacked(stored, "accounts")
    return accounts
