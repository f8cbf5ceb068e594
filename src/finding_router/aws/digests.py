"""Digests in the Ledger's table."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from finding_router.aws import keys
from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.delivery.digests.store import Count, DigestState, OpenDigest
from finding_router.findings.digest import Line, Totals


class DynamoDigests:
    """One item for the newest digest of each name, and a partition for the lines of each digest."""

    def __init__(self, items: Items, *, days: int) -> None:
        """Keep them among *items*, for *days*."""
        self._items = items
        self._ttl_seconds = days * DAY_SECONDS

    def open_digests(self, names: Iterable[str]) -> dict[str, OpenDigest]:
        """Return the newest digest of each name that has one."""
        found = map(_to_digest, self._items.read(map(keys.digest, names)))
        return {digest.name: digest for digest in found}

    def write_digest(self, digest: OpenDigest) -> bool:
        """Put *digest* if its version follows the stored one; return False if it does not."""
        return self._items.put_version(self._values(digest, keys.digest(digest.name)))

    def keep_about(self, digest: OpenDigest) -> None:
        """Keep *digest* beside its lines."""
        self._items.put(self._values(digest, keys.about(digest.digest_id)))

    def about(self, digest_id: str) -> OpenDigest | None:
        """Return the digest that `keep_about` kept."""
        found = self._items.read([keys.about(digest_id)])
        return _to_digest(found[0]) if found else None

    def put_lines(self, digest_id: str, lines: Sequence[Line]) -> None:
        """Add *lines* to the digest; a line of a subject that it lists already is replaced."""
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

    def lines(self, digest_id: str) -> list[Line]:
        """Return everything that the digest lists."""
        found = self._items.query(keys.lines(digest_id))
        others = {keys.ABOUT, keys.COUNT}
        return [Line.from_attributes(each) for each in found if each["channel"] not in others]

    def count(self, digest_id: str) -> Count:
        """Return how many lines were put, and how many the totals show."""
        for values in self._items.read([keys.count(digest_id)]):
            return Count(put=values.get("put_so_far", 0), shown=values.get("shown_so_far", -1))
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

    def end_count(self, digest_id: str, *, shown: int | None) -> None:
        """End the lease; the totals show *shown* lines, or as many as before (None)."""
        if shown is None:
            self._items.update(keys.count(digest_id), "REMOVE counting_until", {})
            return
        self._items.update(
            keys.count(digest_id),
            "SET shown_so_far = :shown REMOVE counting_until",
            {":shown": shown},
        )

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
        finding, channel = key
        values = asdict(digest)
        return {
            "state": values.pop("state"),
            "family": "digest",
            **values,
            "shape": keys.SHAPE,
            # The digest's own channel: the name is taken by the sort key.
            "in_channel": digest.channel,
            "finding": finding,
            "channel": channel,
            "mention": list(digest.mention),
            "routes": list(digest.routes),
            "meant_for": list(digest.meant_for),
            "before": digest.before and digest.before.to_attributes(),
            "expires_at": int(digest.last_at) + self._ttl_seconds,
        }


def _to_digest(values: Mapping[str, Any]) -> OpenDigest:
    before = values.get("before")
    return OpenDigest(
        name=values["name"],
        channel=values["in_channel"],
        number=values["number"],
        state=DigestState(values["state"]),
        version=values["version"],
        claimed_at=values["claimed_at"],
        lease_until=values["lease_until"],
        claimed_by=values["claimed_by"],
        started_at=values["started_at"],
        last_at=values["last_at"],
        heading=values["heading"],
        why=values["why"],
        routes=tuple(values["routes"]),
        mention=tuple(values["mention"]),
        meant_for=tuple(values.get("meant_for", ())),
        posted_to=values.get("posted_to"),
        ts=values.get("ts"),
        before=Totals.from_attributes(before) if before else None,
    )
