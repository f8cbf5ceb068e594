"""The audit trail in the Ledger's table."""

from collections.abc import Iterator
from copy import replace
from dataclasses import asdict
from typing import Any, Final

from finding_router.aws import keys
from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.delivery.audit import Entry
from finding_router.stored import Stored

# Names of the table's keys: attributes of an entry have others.
_RENAMED: Final = {"channel": "from_channel", "findings": "finding_ids"}


class DynamoAudit:
    """One item for each press, in a partition for each UTC day, gone after *days*."""

    def __init__(self, items: Items, *, days: int) -> None:
        """Keep them among *items*, for *days*."""
        self._items = items
        self._days = days

    def begin(self, entry: Entry) -> Entry:
        """Put *entry*, unless the press has one; return the stored entry."""
        values = {
            **keys.named(_key(entry)),
            "shape": keys.SHAPE,
            "expires_at": int(entry.at) + self._days * DAY_SECONDS,
            **_to_values(entry),
        }
        if self._items.put(values, "attribute_not_exists(finding)", parse=_to_entry):
            return entry
        return self._stored(entry)

    def decide(self, entry: Entry, decided: str) -> Entry:
        """Record the effect *decided*, unless one is recorded; return the stored entry."""
        values, is_done = self._items.update(
            _key(entry),
            "SET decided = :decided",
            {":decided": decided},
            "attribute_not_exists(decided)",
        )
        return replace(entry, decided=decided if is_done else str(values["decided"]))

    def end(self, entry: Entry) -> None:
        """Record outcome, detail and findings of *entry*, unless the press has an outcome."""
        self._items.update(
            _key(entry),
            "SET outcome = :outcome, detail = :detail, finding_ids = :ids, subject = :subject",
            {
                ":outcome": entry.outcome or "done",
                ":detail": entry.detail,
                ":ids": list(entry.findings),
                ":subject": entry.subject,
            },
            "attribute_exists(finding) AND attribute_not_exists(outcome)",
        )

    def newest(self, *, since: float, now: float) -> Iterator[Entry]:
        """Yield the entries of presses *since* then, newest first."""
        for entry in self._items.newest(keys.audit, _to_entry, since=since, now=now):
            if entry.at >= since:
                yield entry

    def _stored(self, entry: Entry) -> Entry:
        found = self._items.read([_key(entry)])
        return self._items.parsed(found[0], _to_entry) if found else entry


def _key(entry: Entry) -> keys.Key:
    return keys.audit(keys.utc_day(entry.at), f"{entry.at:017.6f}#{entry.id}")


def _to_values(entry: Entry) -> dict[str, Any]:
    values = asdict(entry) | {"findings": list(entry.findings)}
    return {_RENAMED.get(name, name): value for name, value in values.items() if value is not None}


def _to_entry(stored: Stored) -> Entry:
    return Entry(
        id=stored.text("id"),
        at=stored.number("at"),
        action=stored.text("action"),
        user=stored.text("user"),
        name=stored.text("name"),
        team=stored.text("team"),
        channel=stored.text("from_channel"),
        ts=stored.text("ts"),
        subject=stored.optional_text("subject") or "",
        routed_to=stored.optional_text("routed_to") or "",
        findings=stored.texts("finding_ids", ()),
        reason=stored.optional_text("reason") or "",
        form=stored.optional_text("form") or "",
        decided=stored.optional_text("decided"),
        outcome=stored.optional_text("outcome"),
        detail=stored.optional_text("detail") or "",
    )
