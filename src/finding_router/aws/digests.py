"""Digests in the Ledger's table."""

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any, Final

from finding_router.aws import keys
from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.delivery.alerts.care import Person
from finding_router.delivery.digests.store import Count, DigestState, Lines, OpenDigest
from finding_router.errors import UnreadableError
from finding_router.findings.digest import Line, Totals
from finding_router.stored import Stored

_STATES: Final = {f":{each}": each.value for each in DigestState}


class DynamoDigests:
    """One item for the newest digest of each name, and a partition for the lines of each digest."""

    def __init__(self, items: Items, *, days: int) -> None:
        """Keep them among *items*, for *days*."""
        self._items = items
        self._ttl_seconds = days * DAY_SECONDS

    def open_digests(self, names: Iterable[str]) -> dict[str, OpenDigest]:
        """Return the newest digest of each name that has one."""
        found = []
        for values in self._items.read(map(keys.digest, names)):
            with suppress(UnreadableError):
                found.append(self._items.parsed(values, _to_digest))
        return {digest.name: digest for digest in found}

    def write_digest(self, digest: OpenDigest) -> bool:
        """Put *digest* if its version follows the stored one; return False if it does not."""
        values = self._values(digest, keys.digest(digest.name))
        return self._items.put_version(values, _to_digest)

    def keep_about(self, digest: OpenDigest) -> None:
        """Keep *digest* beside its lines."""
        self._items.put(
            self._values(digest, keys.about(digest.digest_id)),
            f"attribute_not_exists(finding) OR #state IN ({', '.join(_STATES)})",
            _STATES,
            names={"#state": "state"},
            parse=_to_digest,
        )

    def about(self, digest_id: str) -> OpenDigest | None:
        """Return the digest that `keep_about` kept."""
        found = self._items.read([keys.about(digest_id)])
        return self._items.parsed(found[0], _to_digest) if found else None

    def put_lines(self, digest_id: str, lines: Sequence[Line]) -> None:
        """
        Add *lines* to the digest; a line of a subject that it lists already is replaced.

        That is safe without a condition: the writer of a line knows all of its values.
        """
        self._items.put_all(
            {
                **line.to_attributes(),
                "finding": keys.lines(digest_id),
                "channel": line.subject,
                "shape": keys.SHAPE,
                "expires_at": int(time.time()) + self._ttl_seconds,
            }
            for line in lines
        )
        self._items.update(
            keys.count(digest_id),
            "SET expires_at = :expires_at, shape = :shape ADD put_so_far :count",
            {
                ":expires_at": int(time.time()) + self._ttl_seconds,
                ":count": len(lines),
                ":shape": keys.SHAPE,
            },
        )

    def lines(self, digest_id: str) -> Lines:
        """Return everything that the digest lists."""
        lines = Lines()
        others = {keys.ABOUT, keys.COUNT}
        # Page by page: as they come they take several times the room of lines.
        for values in self._items.each(keys.lines(digest_id)):
            if values["channel"] not in others:
                try:
                    lines.append(self._items.parsed(values, _to_line))
                except UnreadableError:
                    lines.unreadable.add(values["channel"])
        return lines

    def count(self, digest_id: str) -> Count:
        """Return how many lines were put, and how many the totals show."""
        for values in self._items.read([keys.count(digest_id)]):
            return self._items.parsed(values, _to_count)
        return Count()

    def begin_count(self, digest_id: str, *, now: float, until: float) -> bool:
        """Take the lease to count the lines; it replaces the turn in `counted_at`."""
        _, is_taken = self._items.update(
            keys.count(digest_id),
            "SET counting_until = :until REMOVE counted_at",
            {":until": until, ":now": now},
            "attribute_not_exists(counting_until) OR counting_until <= :now",
        )
        return is_taken

    def end_count(self, digest_id: str, *, shown: int | None, at: float = 0.0) -> None:
        """End the lease; the totals show *shown* lines since *at*, or as many as before (None)."""
        if shown is None:
            self._items.update(keys.count(digest_id), "REMOVE counting_until", {})
            return
        self._items.update(
            keys.count(digest_id),
            "SET shown_so_far = :shown, shown_at = :at REMOVE counting_until",
            {":shown": shown, ":at": at},
        )

    def own(self, digest_id: str, person: Person, *, is_given_back: bool) -> bool:
        """Make *person* the owner, or nobody; return False if somebody did so later."""
        given = {
            ":id": person.id,
            ":at": person.at,
            ":one": 1,
            ":expires_at": int(time.time()) + self._ttl_seconds,
            ":shape": keys.SHAPE,
        }
        change = "SET owner_id = :id, owner_name = :name, owned_at = :at, "
        condition = "attribute_not_exists(owned_at) OR owned_at <= :at"
        if is_given_back:
            # The moment stays: an earlier press that comes again must not take it.
            change = "REMOVE owner_id, owner_name SET owned_at = :at, "
            condition = f"({condition}) AND (attribute_not_exists(owner_id) OR owner_id = :id)"
        else:
            given[":name"] = person.name
        _, is_done = self._items.update(
            keys.count(digest_id),
            f"{change}expires_at = :expires_at, shape = :shape ADD put_so_far :one",
            given,
            condition,
        )
        return is_done

    def count_later(self, digest_id: str, *, at: float, now: float) -> bool:
        """Note that a worker counts at *at*; return False if another will do so before long."""
        _, is_noted = self._items.update(
            keys.count(digest_id),
            "SET counted_at = :at",
            {":at": at, ":now": now},
            "attribute_not_exists(counted_at) OR counted_at <= :now",
        )
        return is_noted

    def _values(self, digest: OpenDigest, key: keys.Key) -> dict[str, Any]:
        values = asdict(digest)
        return {
            "state": values.pop("state"),
            "family": "digest",
            **values,
            "shape": keys.SHAPE,
            # The digest's own channel: the name is taken by the sort key.
            "in_channel": digest.channel,
            **keys.named(key),
            "mention": list(digest.mention),
            "routes": list(digest.routes),
            "meant_for": list(digest.meant_for),
            "before": digest.before and digest.before.to_attributes(),
            "expires_at": int(digest.last_at) + self._ttl_seconds,
        }


def _to_digest(stored: Stored) -> OpenDigest:
    before = stored.optional_inner("before")
    return OpenDigest(
        name=stored.text("name"),
        channel=stored.text("in_channel"),
        number=stored.whole("number"),
        state=stored.word("state", DigestState),
        version=stored.whole("version", least=1),
        claimed_at=stored.number("claimed_at"),
        lease_until=stored.number("lease_until"),
        claimed_by=stored.text("claimed_by"),
        started_at=stored.number("started_at"),
        last_at=stored.number("last_at"),
        heading=stored.text("heading"),
        why=stored.text("why"),
        routes=stored.texts("routes", ()),
        mention=stored.texts("mention", ()),
        meant_for=stored.texts("meant_for", ()),
        posted_to=stored.optional_text("posted_to"),
        ts=stored.optional_text("ts"),
        before=None if before is None else Totals.from_attributes(before.values),
    )


def _to_line(stored: Stored) -> Line:
    return Line.from_attributes(stored.values)


def _to_count(stored: Stored) -> Count:
    # These two are compared by conditions only, which hold for no other type.
    stored.compared_number("counting_until")
    stored.compared_number("counted_at")
    return Count(
        put=stored.whole("put_so_far", 0),
        shown=stored.whole("shown_so_far", -1, least=-1),
        # The version before did not write it.
        shown_at=stored.optional_number("shown_at") or 0.0,
        owner=_to_owner(stored),
    )


def _to_owner(stored: Stored) -> Person | None:
    id_ = stored.optional_text("owner_id")
    if id_ is None:
        return None
    name = stored.optional_text("owner_name") or ""
    return Person(id_, name, stored.optional_number("owned_at") or 0.0)
