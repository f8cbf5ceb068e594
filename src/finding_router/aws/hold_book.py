"""What waits, in the Ledger's table."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.delivery.hold_book import Bin, Waiting
from finding_router.routing.hold import HoldKind

BINS: Final = "bins"
# No channel is called so: the item that names the bins in which a finding waits, or has waited.
HELD_IN: Final = "*held"
# What is read of all that waits: the events are most of it, and read some at a time.
_WITHOUT_EVENT: Final = (
    "channel",
    "subject",
    "routes",
    "mention",
    "since",
    "due_at",
    "held_at",
    "is_owed",
)


class DynamoHoldBook:
    """
    One item for each bin, all in one partition, and a partition for what each holds.

    Besides, one item for each finding names the bins where it may wait. It only ever grows, so
    that no worker takes out what another has just put in; what is there is asked of the bins.
    """

    def __init__(self, items: Items, *, days: int) -> None:
        """Keep it among *items*, for *days* after it was due."""
        self._items = items
        self._ttl_seconds = days * DAY_SECONDS

    def hold(self, bin_: Bin, waiting: Waiting, event: bytes) -> None:
        """
        Keep *waiting* with its *event*.

        It is known where it may wait before it does, and does so before its bin is touched, so
        that nothing is marked and no bin is closed over it.
        """
        expires_at = int(waiting.due_at) + self._ttl_seconds
        self._items.update(
            (waiting.name, HELD_IN),
            "ADD bins :bin SET expires_at = :expires_at",
            {":bin": {bin_.name}, ":expires_at": expires_at},
        )
        held, _ = self._items.update(
            (_held(bin_.name), waiting.name),
            "SET subject = :subject, routes = :routes, mention = :mention, held_at = :held_at, "
            "is_owed = :is_owed, event = :event, expires_at = :expires_at, "
            # Or what comes anew every day would wait for ever.
            "since = if_not_exists(since, :since), due_at = if_not_exists(due_at, :due_at)",
            {
                ":subject": waiting.subject,
                ":routes": list(waiting.routes),
                ":mention": list(waiting.mention),
                ":held_at": waiting.held_at,
                ":is_owed": waiting.is_owed,
                ":event": event,
                ":expires_at": expires_at,
                ":since": waiting.since,
                ":due_at": waiting.due_at,
            },
        )
        key, times = (BINS, bin_.name), {":due_at": held["due_at"], ":since": held["since"]}
        touched, _ = self._items.update(
            key,
            "SET kind = :kind, reason = :reason, in_channel = :channel, "
            "touched_at = :touched_at, "
            "due_at = if_not_exists(due_at, :due_at), since = if_not_exists(since, :since)",
            {
                ":kind": bin_.kind.value,
                ":reason": bin_.reason,
                ":channel": bin_.channel,
                ":touched_at": bin_.touched_at,
                **times,
            },
        )
        if touched["since"] > held["since"]:
            # Another worker decided later, and was quicker.
            change = "SET due_at = :due_at, since = :since"
            self._items.update(key, change, times, "since > :since")

    def bins(self) -> list[Bin]:
        """Give every bin there is."""
        return [_to_bin(values) for values in self._items.query(BINS)]

    def waiting(self, bin_name: str) -> list[Waiting]:
        """Give what waits in a bin, the oldest first."""
        found = map(_to_waiting, self._items.query(_held(bin_name), only=_WITHOUT_EVENT))
        return sorted(found, key=lambda waiting: waiting.since)

    def events(self, bin_name: str, names: Iterable[str]) -> dict[str, bytes]:
        """Give the events of those of *names* that wait in a bin."""
        found = self._items.read((_held(bin_name), name) for name in names)
        return {each["channel"]: each["event"] for each in found}

    def held_elsewhere(self, bin_name: str, names: Collection[str]) -> set[str]:
        """Give those of *names* that wait in another bin, of which something is ever due."""
        known = self._items.read((name, HELD_IN) for name in names)
        places = {
            (each, values["finding"]) for values in known for each in {*values["bins"]} - {bin_name}
        }
        bins = self._items.read((BINS, each) for each, _ in places)
        due = {values["channel"] for values in bins if "due_at" in values}
        held = self._items.read((_held(each), name) for each, name in places if each in due)
        return {values["channel"] for values in held}

    def let_go(self, bin_name: str, waiting: Iterable[Waiting]) -> None:
        """Forget what was said; what was put aside anew since then waits on."""
        for each in waiting:
            key = (_held(bin_name), each.name)
            self._items.delete(key, "held_at = :held_at", {":held_at": each.held_at})

    def close(self, bin_: Bin, *, digest: str | None, left: Waiting | None) -> bool:
        """Let *bin_* be due for what is *left*, or not at all, unless it was touched since."""
        key = (BINS, bin_.name)
        if digest is not None:
            self._items.update(key, "SET digest = :digest", {":digest": digest})
        change = "REMOVE due_at, since"
        given: dict[str, Any] = {":touched_at": bin_.touched_at}
        if left is not None:
            change = "SET due_at = :due_at, since = :since"
            given |= {":due_at": left.due_at, ":since": left.since}
        _, is_closed = self._items.update(key, change, given, "touched_at = :touched_at")
        return is_closed


def _held(bin_name: str) -> str:
    return f"held#{bin_name}"


def _to_waiting(values: Mapping[str, Any]) -> Waiting:
    return Waiting(
        name=values["channel"],
        subject=values["subject"],
        routes=tuple(values["routes"]),
        mention=tuple(values["mention"]),
        since=values["since"],
        due_at=values["due_at"],
        held_at=values["held_at"],
        is_owed=values["is_owed"],
    )


def _to_bin(values: Mapping[str, Any]) -> Bin:
    return Bin(
        name=values["channel"],
        kind=HoldKind(values["kind"]),
        reason=values["reason"],
        channel=values["in_channel"],
        due_at=values.get("due_at"),
        since=values.get("since"),
        touched_at=values["touched_at"],
        digest=values.get("digest"),
    )
