"""The Ledger in DynamoDB: what was said about findings, and the slots of the channels."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.delivery.ledger import Entry, EntryKey, Member, Saying, Slot, State
from finding_router.findings.finding import Severity

# No channel is called so: the item that lists the channels of a finding.
CHANNELS: Final = "*"


class DynamoLedger:
    """One item per finding and channel, gone *days* after its last change."""

    def __init__(self, items: Items, *, days: int) -> None:
        """Keep it among *items*."""
        self._items = items
        self._ttl_seconds = days * DAY_SECONDS

    def read(self, keys: Iterable[EntryKey]) -> dict[EntryKey, Entry]:
        """Give the entries there are, strongly consistent."""
        wanted = [(key.finding, key.channel) for key in keys]
        entries = [_to_entry(values) for values in self._items.read(wanted)]
        return {entry.key: entry for entry in entries}

    def write(self, entry: Entry) -> bool:
        """Put *entry* if its version is the one after the stored; tell whether it was."""
        return self._items.put_version(
            {
                **asdict(entry),
                "key": None,
                "finding": entry.key.finding,
                "channel": entry.key.channel,
                "members": {name: asdict(member) for name, member in entry.members.items()},
                "expires_at": int(entry.claimed_at) + self._ttl_seconds,
            }
        )

    def channels(self, findings: Iterable[str]) -> dict[str, list[str]]:
        """Give the channels that have an entry about each of these; one call for a hundred."""
        found = self._items.read([(finding, CHANNELS) for finding in findings])
        return {values["finding"]: values["channels"] for values in found}

    def note_channel(self, key: EntryKey) -> None:
        """Let `channels` know of *key*."""
        # As long as the entry, which is written next.
        expires_at = int(time.time()) + self._ttl_seconds
        self._items.update(
            (key.finding, CHANNELS),
            "ADD channels :channel SET expires_at = :expires_at",
            {":channel": {key.channel}, ":expires_at": expires_at},
        )

    def record_notified(self, member: str, keys: Sequence[EntryKey], *, at: float) -> None:
        """Remember that Security Hub took NOTIFIED for these; one that is gone is left alone."""
        for key in keys:
            self._items.update(
                (key.finding, key.channel),
                # A new version, so that nobody who read the entry before overwrites this.
                "SET members.#member.notified_at = :at ADD version :one",
                {":at": at, ":one": 1},
                "attribute_exists(members.#member)",
                {"#member": member},
            )

    def once(self, topic: str, *, by: str, every_seconds: float, now: float) -> bool:
        """Tell whether *topic* is due, or was granted to *by*; then it is not for others."""
        due_at = now + every_seconds
        return self._items.put(
            {
                "finding": f"notice#{topic}",
                "channel": "notice",
                "granted_to": by,
                "due_at": due_at,
                "expires_at": int(due_at) + DAY_SECONDS,
            },
            "attribute_not_exists(finding) OR due_at <= :now OR granted_to = :by",
            {":now": now, ":by": by},
        )

    def slot(self, name: str, *, every_seconds: float, now: float, latest: float) -> Slot:
        """
        Take the next free slot of *name* that starts by *latest*, for all workers together.

        `next_at` is when the next slot starts. A single conditional update takes it: where slots
        are waited for it moves on by one, where none is it starts from now.
        """
        queued, is_taken = self._items.update(
            _slots(name),
            "SET next_at = next_at + :every",
            {":every": every_seconds, ":now": now, ":latest": latest},
            "next_at > :now AND next_at <= :latest",
        )
        if is_taken:
            return Slot(at=queued["next_at"] - every_seconds, is_taken=True)
        if queued.get("next_at", 0.0) > now:
            return Slot(at=queued["next_at"], is_taken=False)
        idle, is_taken = self._items.update(
            _slots(name),
            "SET next_at = :next, expires_at = :expires_at",
            {":next": now + every_seconds, ":now": now, ":expires_at": int(now) + DAY_SECONDS},
            "attribute_not_exists(next_at) OR next_at <= :now",
        )
        # Where another worker was first, the next try finds it waiting.
        return Slot(at=now if is_taken else idle["next_at"], is_taken=is_taken)

    def slow_down(self, name: str, *, now: float, until: float, row_seconds: float) -> int:
        """Give no slot of *name* before *until*; tell how often in a row that was asked for."""
        times = {":until": until, ":expires_at": int(until) + DAY_SECONDS}
        slowed, is_in_row = self._items.update(
            _slots(name),
            "SET slowed_until = :until, expires_at = :expires_at ADD refusals :one",
            {**times, ":one": 1, ":row_began": now - row_seconds},
            "slowed_until >= :row_began",
        )
        if not is_in_row:
            slowed, _ = self._items.update(
                _slots(name),
                "SET slowed_until = :until, expires_at = :expires_at, refusals = :one",
                {**times, ":one": 1},
            )
        # Slots that are taken already are not given to others again.
        self._items.update(
            _slots(name),
            "SET next_at = :until",
            {":until": until},
            "attribute_not_exists(next_at) OR next_at < :until",
        )
        return int(slowed["refusals"])

    def speed_up(self, name: str) -> None:
        """Forget how often *name* was slowed down."""
        self._items.update(_slots(name), "REMOVE refusals", {})


def _slots(name: str) -> tuple[str, str]:
    return f"pace#{name}", "pace"


def _to_entry(values: Mapping[str, Any]) -> Entry:
    return Entry(
        key=EntryKey(values["finding"], values["channel"]),
        state=State(values["state"]),
        saying=Saying(values["saying"]),
        episode=values["episode"],
        sequence=values["sequence"],
        version=values["version"],
        claimed_at=values["claimed_at"],
        lease_until=values["lease_until"],
        claimed_by=values["claimed_by"],
        severity=Severity(values["severity"]),
        shown=Severity(values["shown"]),
        members={name: _to_member(member) for name, member in values["members"].items()},
        posted_to=values.get("posted_to"),
        ts=values.get("ts"),
        posted_at=values.get("posted_at"),
        digest=values.get("digest"),
        said_before=_to_severity(values.get("said_before")),
    )


def _to_member(values: Mapping[str, Any]) -> Member:
    # What is None is left out of the item.
    known = {"said_at": None, "heard_at": None, **values}
    gap = values.get("gap")
    known["gap"] = gap and tuple(moment and tuple(moment) for moment in gap)
    return Member(**known | {"severity": _to_severity(known.get("severity"))})


def _to_severity(label: str | None) -> Severity | None:
    return None if label is None else Severity(label)
