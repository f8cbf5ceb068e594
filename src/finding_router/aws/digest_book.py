"""Digests in the Ledger's table."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.delivery.digest_book import OpenDigest
from finding_router.delivery.ledger import State
from finding_router.findings.digest import Line, Totals

OPEN: Final = "open"
# No subject is called so: they are hashes.
ABOUT: Final = "about"
COUNT: Final = "count"


class DynamoDigestBook:
    """One item for what is open under a name, and a partition for each digest's lines."""

    def __init__(self, items: Items, *, days: int) -> None:
        """Keep them among *items*, for *days*."""
        self._items = items
        self._ttl_seconds = days * DAY_SECONDS

    def open_digests(self, names: Iterable[str]) -> dict[str, OpenDigest]:
        """Give the newest digest of each name that has one."""
        found = self._items.read([(_name(name), OPEN) for name in names])
        digests = [_to_digest(values) for values in found]
        return {digest.name: digest for digest in digests}

    def write_digest(self, digest: OpenDigest) -> bool:
        """Put *digest* if its version is the one after the stored; tell whether it was."""
        return self._items.put_version(self._values(digest, _name(digest.name), OPEN))

    def keep_about(self, digest: OpenDigest) -> None:
        """Keep what is to be known of *digest* beside its lines."""
        self._items.put(self._values(digest, _lines(digest.digest_id), ABOUT))

    def about(self, digest_id: str) -> OpenDigest | None:
        """Give what `keep_about` kept."""
        found = self._items.read([(_lines(digest_id), ABOUT)])
        return _to_digest(found[0]) if found else None

    def put_lines(self, digest_id: str, lines: Sequence[Line]) -> None:
        """Let the digest list *lines*; one that it lists already is replaced."""
        self._items.put_all(
            {
                **line.to_attributes(),
                "finding": _lines(digest_id),
                "channel": line.subject,
                "expires_at": int(time.time()) + self._ttl_seconds,
            }
            for line in lines
        )
        self._items.update(
            (_lines(digest_id), COUNT),
            "SET expires_at = :expires_at ADD put_so_far :count",
            {":expires_at": int(time.time()) + self._ttl_seconds, ":count": len(lines)},
        )

    def lines(self, digest_id: str) -> list[Line]:
        """Give everything that the digest lists."""
        found = self._items.query(_lines(digest_id))
        return [
            Line.from_attributes(each) for each in found if each["channel"] not in {ABOUT, COUNT}
        ]

    def put_so_far(self, digest_id: str) -> int:
        """Count the lines that were ever put."""
        found = self._items.read([(_lines(digest_id), COUNT)])
        return found[0].get("put_so_far", 0) if found else 0

    def begin_count(self, digest_id: str) -> None:
        """Say that somebody counts the lines."""
        self._items.update((_lines(digest_id), COUNT), "REMOVE counted_at", {})

    def count_later(self, digest_id: str, *, at: float, now: float) -> bool:
        """Say that somebody counts at *at*, unless another one is to come."""
        _, is_noted = self._items.update(
            (_lines(digest_id), COUNT),
            "SET counted_at = :at",
            {":at": at, ":now": now},
            "attribute_not_exists(counted_at) OR counted_at <= :now",
        )
        return is_noted

    def _values(self, digest: OpenDigest, finding: str, channel: str) -> dict[str, Any]:
        return {
            **asdict(digest),
            # The digest's own channel: the name is taken by the sort key.
            "in_channel": digest.channel,
            "finding": finding,
            "channel": channel,
            "mention": list(digest.mention),
            "routes": list(digest.routes),
            "before": digest.before and digest.before.to_attributes(),
            "expires_at": int(digest.last_at) + self._ttl_seconds,
        }


def _name(name: str) -> str:
    return f"digest#{name}"


def _lines(digest_id: str) -> str:
    return f"lines#{digest_id}"


def _to_digest(values: Mapping[str, Any]) -> OpenDigest:
    before = values.get("before")
    return OpenDigest(
        name=values["name"],
        channel=values["in_channel"],
        number=values["number"],
        state=State(values["state"]),
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
        banner=values.get("banner"),
        posted_to=values.get("posted_to"),
        ts=values.get("ts"),
        before=Totals.from_attributes(before) if before else None,
    )
