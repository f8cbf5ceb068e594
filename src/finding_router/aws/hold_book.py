"""What waits, in the Ledger's table."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.delivery.hold_book import Bin, Held
from finding_router.routing.hold import HoldKind

BINS: Final = "bins"


class DynamoHoldBook:
    """One item for each bin, all in one partition, and a partition for what each holds."""

    def __init__(self, items: Items, *, days: int) -> None:
        """Keep it among *items*, for *days* after it was due."""
        self._items = items
        self._ttl_seconds = days * DAY_SECONDS

    def hold(self, bin_: Bin, held: Held) -> None:
        """Keep *held* in *bin_*; it comes first, so that no bin is closed over it."""
        due_at = bin_.due_at or held.held_at
        self._items.put_all(
            [
                {
                    "finding": _held(bin_.name),
                    "channel": held.subject,
                    "json": held.finding,
                    "held_at": held.held_at,
                    "expires_at": int(due_at) + self._ttl_seconds,
                }
            ]
        )
        self._items.update(
            (BINS, bin_.name),
            "SET kind = :kind, reason = :reason, in_channel = :channel, routes = :routes, "
            "mention = :mention, touched_at = :touched_at, "
            # What is due stays due: a later opening does not make anybody wait longer.
            "due_at = if_not_exists(due_at, :due_at)",
            {
                ":kind": bin_.kind.value,
                ":reason": bin_.reason,
                ":channel": bin_.channel,
                ":routes": list(bin_.routes),
                ":mention": list(bin_.mention),
                ":touched_at": bin_.touched_at,
                ":due_at": due_at,
            },
        )

    def bins(self) -> list[Bin]:
        """Give every bin there is."""
        return [_to_bin(values) for values in self._items.query(BINS)]

    def held(self, bin_name: str) -> list[Held]:
        """Give what waits in a bin, the oldest first."""
        found = [
            Held(subject=each["channel"], finding=each["json"], held_at=each["held_at"])
            for each in self._items.query(_held(bin_name))
        ]
        return sorted(found, key=lambda held: held.held_at)

    def holds(self, bin_names: Collection[str], subjects: Collection[str]) -> set[str]:
        """Give those of *subjects* that wait in any of these bins."""
        keys = [(_held(name), subject) for name in bin_names for subject in subjects]
        return {each["channel"] for each in self._items.read(keys)}

    def let_go(self, bin_name: str, subjects: Iterable[str]) -> None:
        """Forget what was said."""
        self._items.delete_all((_held(bin_name), subject) for subject in subjects)

    def close(self, bin_: Bin, *, digest: str | None) -> bool:
        """Let nothing be due in *bin_*, unless it was touched since; tell whether that is so."""
        change = "REMOVE due_at"
        given: dict[str, Any] = {":touched_at": bin_.touched_at}
        if digest is not None:
            change = f"SET digest = :digest {change}"
            given[":digest"] = digest
        _, is_closed = self._items.update(
            (BINS, bin_.name), change, given, "touched_at = :touched_at"
        )
        return is_closed


def _held(bin_name: str) -> str:
    return f"held#{bin_name}"


def _to_bin(values: Mapping[str, Any]) -> Bin:
    return Bin(
        name=values["channel"],
        kind=HoldKind(values["kind"]),
        reason=values["reason"],
        channel=values["in_channel"],
        routes=tuple(values["routes"]),
        mention=tuple(values["mention"]),
        due_at=values.get("due_at"),
        touched_at=values["touched_at"],
        digest=values.get("digest"),
    )
