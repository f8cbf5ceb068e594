"""Held findings in the Ledger's table."""

import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from finding_router.aws import keys
from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.delivery.held.store import (
    MAX_EVENT_BYTES,
    Bin,
    HeldEvents,
    HeldFinding,
    HeldFindings,
)
from finding_router.errors import UnreadableError
from finding_router.routing.hold import HoldKind
from finding_router.stored import AttributeProblemError, Stored

# The events are most of an item, and are read some at a time.
_WITHOUT_EVENT: Final = (
    "finding",
    "channel",
    "shape",
    "subject",
    "routes",
    "mention",
    "since",
    "due_at",
    "held_at",
    "is_owed",
    "event_bytes",
)
# `hold` changes no attribute that it cannot read.
_IS_HELD: Final = (
    "attribute_not_exists(finding) OR attribute_type(subject, :text) AND "
    "attribute_type(event, :bytes) AND attribute_type(routes, :list) AND "
    "attribute_type(mention, :list) AND attribute_type(held_at, :number) AND "
    "attribute_type(since, :number) AND attribute_type(due_at, :number)"
)
_IS_BIN: Final = (
    "attribute_not_exists(finding) OR kind = :kind AND reason = :reason AND "
    "in_channel = :channel AND attribute_type(touched_at, :number) AND "
    "(attribute_not_exists(since) OR attribute_type(since, :number)) AND "
    "(attribute_not_exists(due_at) OR attribute_type(due_at, :number))"
)
_TYPES: Final = {":text": "S", ":bytes": "B", ":list": "L", ":number": "N"}


class DynamoHeld:
    """
    One item for each bin that holds findings, all in one partition, and a partition for its
    findings. The digest that was said last is an item of its own, which outlives the bin.

    Besides, one item for each finding names the bins that may hold it. It only ever grows, so that
    no worker takes out a name that another has just put in; the bins themselves are asked.
    """

    def __init__(self, items: Items, *, days: int) -> None:
        """Keep them among *items*, for *days* after they were due."""
        self._items = items
        self._ttl_seconds = days * DAY_SECONDS

    def hold(self, bin_: Bin, held: HeldFinding, event: bytes) -> None:
        """
        Keep *held* with its *event*.

        Its list of bins is written first and its bin is touched last, so that nothing is marked and
        no bin is closed over it.
        """
        expires_at = int(held.due_at) + self._ttl_seconds
        self._items.update(
            keys.held_in(held.name),
            "ADD bins :bin SET expires_at = :expires_at, shape = :shape",
            {":bin": {bin_.name}, ":expires_at": expires_at, ":shape": keys.SHAPE},
        )
        stored, is_held = self._items.update(
            (keys.held(bin_.name), held.name),
            "SET subject = :subject, routes = :routes, mention = :mention, held_at = :held_at, "
            "is_owed = :is_owed, event = :event, event_bytes = :event_bytes, "
            "expires_at = :expires_at, shape = :shape, "
            # Otherwise a finding that is imported every day would wait for ever.
            "since = if_not_exists(since, :since), due_at = if_not_exists(due_at, :due_at)",
            {
                ":subject": held.subject,
                ":routes": list(held.routes),
                ":mention": list(held.mention),
                ":held_at": held.held_at,
                ":is_owed": held.is_owed,
                ":event": event,
                ":event_bytes": held.event_bytes,
                ":shape": keys.SHAPE,
                ":expires_at": expires_at,
                ":since": held.since,
                ":due_at": held.due_at,
                **_TYPES,
            },
            _IS_HELD,
        )
        first = self._items.parsed(stored, _to_held)
        if not is_held:
            item = f"{keys.held(bin_.name)}/{held.name}"
            raise self._items.unreadable.note(item, "no event, or other attributes")
        key = keys.bin_(bin_.name)
        times = {":due_at": first.due_at, ":since": first.since}
        stored, is_touched = self._items.update(
            key,
            "SET kind = :kind, reason = :reason, in_channel = :channel, "
            "touched_at = :touched_at, expires_at = :expires_at, shape = :shape, "
            "due_at = if_not_exists(due_at, :due_at), since = if_not_exists(since, :since)",
            {
                ":kind": bin_.kind.value,
                ":reason": bin_.reason,
                ":channel": bin_.channel,
                ":touched_at": bin_.touched_at,
                ":expires_at": expires_at,
                ":shape": keys.SHAPE,
                ":number": "N",
                **times,
            },
            _IS_BIN,
        )
        touched = self._items.parsed(stored, _to_bin)
        if not is_touched:
            raise self._items.unreadable.note("/".join(key), "a bin of something else")
        if touched.since is not None and touched.since > first.since:
            # Another worker decided later, and was quicker.
            change = "SET due_at = :due_at, since = :since"
            self._items.update(key, change, times, "since > :since")

    def bins(self) -> list[Bin]:
        """Return every bin that holds findings."""
        bins = []
        for values in self._items.query(keys.BINS):
            with suppress(UnreadableError):
                if values.keys().isdisjoint({"due_at", "since"}):
                    self._retire(values)
                else:
                    bins.append(self._items.parsed(values, _to_bin))
        return bins

    def last_digest(self, bin_name: str) -> str | None:
        """Return the id of the digest that was said last for a bin."""
        # The version before kept it in the bin.
        found = self._items.read([keys.last_digest(bin_name), keys.bin_(bin_name)])
        by_key = {values["finding"]: values.get("digest") for values in found}
        digest = by_key.get(keys.last_digest(bin_name)[0]) or by_key.get(keys.BINS)
        return None if digest is None else str(digest)

    def held(self, bin_name: str) -> HeldFindings:
        """Return the findings in a bin, the oldest first."""
        found = HeldFindings()
        for values in self._items.query(keys.held(bin_name), only=_WITHOUT_EVENT):
            try:
                found.append(self._items.parsed(values, _to_held))
            except UnreadableError:
                found.unreadable.append(values["channel"])
        found.sort(key=lambda held: held.since)
        return found

    def events(self, bin_name: str, names: Iterable[str]) -> HeldEvents:
        """Return the events of those of *names* that are held in a bin."""
        events = HeldEvents()
        for values in self._items.read((keys.held(bin_name), name) for name in names):
            try:
                events[values["channel"]] = self._items.parsed(values, _to_event)
            except UnreadableError:
                events.unreadable.append(values["channel"])
        return events

    def held_elsewhere(self, bin_name: str, names: Collection[str]) -> set[str]:
        """
        Return those of *names* that are held in another bin, of which something is ever due.

        Where the list of a finding's bins cannot be read, every bin is asked.
        """
        places: set[tuple[str, str]] = set()
        for values in self._items.read(map(keys.held_in, names)):
            try:
                bins = {*self._items.parsed(values, _to_bins)}
            except UnreadableError:
                bins = {each.name for each in self.bins()}
            places |= {(each, values["finding"]) for each in bins - {bin_name}}
        found = self._items.read(keys.bin_(each) for each, _ in places)
        due = {values["channel"] for values in found if self._may_be_due(values)}
        held = self._items.read((keys.held(each), name) for each, name in places if each in due)
        return {values["channel"] for values in held}

    def _may_be_due(self, values: Mapping[str, Any]) -> bool:
        """Return True unless the bin is known to be empty."""
        try:
            return self._items.parsed(values, _to_bin).due_at is not None
        except UnreadableError:
            return True

    def let_go(self, bin_name: str, held: Iterable[HeldFinding]) -> None:
        """Delete *held*, which were posted; one that was held anew since then stays."""
        for each in held:
            key = (keys.held(bin_name), each.name)
            self._items.delete(key, "held_at = :held_at", {":held_at": each.held_at})

    def close(self, bin_: Bin, *, digest: str | None, left: HeldFinding | None) -> bool:
        """Set the bin's next due time from *left*, or delete it, unless it was touched since."""
        key = keys.bin_(bin_.name)
        if digest is not None:
            self._keep_last_digest(bin_.name, digest)
        given: dict[str, Any] = {":touched_at": bin_.touched_at}
        if left is None:
            return self._items.delete(key, "touched_at = :touched_at", given)
        change = "SET due_at = :due_at, since = :since, expires_at = :expires_at"
        given |= {
            ":due_at": left.due_at,
            ":since": left.since,
            ":expires_at": int(left.due_at) + self._ttl_seconds,
        }
        _, is_closed = self._items.update(key, change, given, "touched_at = :touched_at")
        return is_closed

    def _keep_last_digest(self, bin_name: str, digest: str) -> None:
        self._items.update(
            keys.last_digest(bin_name),
            "SET digest = :digest, expires_at = :expires_at, shape = :shape",
            {
                ":digest": digest,
                ":expires_at": int(time.time()) + self._ttl_seconds,
                ":shape": keys.SHAPE,
            },
        )

    def _retire(self, values: Mapping[str, Any]) -> None:
        """Delete an emptied bin, which the version before kept for its digest."""
        if "digest" in values:
            self._keep_last_digest(values["channel"], values["digest"])
        self._items.delete(keys.bin_(values["channel"]), "attribute_not_exists(due_at)", {})


def _to_held(stored: Stored) -> HeldFinding:
    return HeldFinding(
        name=stored.text("channel"),
        subject=stored.text("subject"),
        routes=stored.texts("routes"),
        mention=stored.texts("mention"),
        since=stored.number("since"),
        due_at=stored.number("due_at"),
        held_at=stored.number("held_at"),
        is_owed=stored.flag("is_owed", default=False),
        event_bytes=stored.whole("event_bytes", MAX_EVENT_BYTES),
    )


def _to_event(stored: Stored) -> bytes:
    return stored.blob("event")


def _to_bins(stored: Stored) -> tuple[str, ...]:
    return stored.texts("bins")


def _to_bin(stored: Stored) -> Bin:
    if (stored.optional_number("since") is None) is not (stored.optional_number("due_at") is None):
        raise AttributeProblemError("since or due_at: missing beside the other")
    return Bin(
        name=stored.text("channel"),
        kind=stored.word("kind", HoldKind),
        reason=stored.text("reason"),
        channel=stored.text("in_channel"),
        due_at=stored.number("due_at"),
        since=stored.number("since"),
        touched_at=stored.number("touched_at"),
    )
