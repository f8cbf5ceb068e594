"""The audit trail: one entry for each press of a button, whatever came of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Protocol

DIGEST: Final = "digest "
"""The subject of a press on a digest begins so; the id of the digest follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    A press: who did what, on what, when (*at*, Unix second), from where, and what came of it.

    *name* is the person's in Slack. *routed_to* is the channel as routed, *channel* Slack's id.
    *subject* is that of an alert, or names a digest; "" where the press named neither.
    *findings* are ids, the first few. *decided* is the effect that was chosen; it stays the same
    for each try. *outcome* is None until the press is done.
    """

    id: str
    at: float
    action: str
    user: str
    name: str
    team: str
    channel: str
    ts: str
    subject: str = ""
    routed_to: str = ""
    findings: tuple[str, ...] = ()
    reason: str = ""
    form: str = ""
    """The choices of a modal in words, as in "this control on this resource, 4h"."""
    decided: str | None = None
    outcome: str | None = None
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the entry as JSON values, under the keys of the log."""
        return {
            "at": self.at,
            "action": self.action,
            "user": self.user,
            "name": self.name,
            "team": self.team,
            "channel": self.channel,
            "routed_to": self.routed_to,
            "ts": self.ts,
            "subject": self.subject,
            "findings": list(self.findings),
            "reason": self.reason,
            "form": self.form,
            "outcome": self.outcome or "unfinished",
            "detail": self.detail,
            "press": self.id,
        }


class AuditTrail(Protocol):
    """The store of entries; every method raises StoreError if it does not answer."""

    def begin(self, entry: Entry) -> Entry:
        """Put *entry*, unless the press has one; return the stored entry."""

    def decide(self, entry: Entry, decided: str) -> Entry:
        """Record the effect *decided*, unless one is recorded; return the stored entry."""

    def end(self, entry: Entry) -> None:
        """Record outcome, detail and findings of *entry*, unless the press has an outcome."""

    def newest(self, *, since: float, now: float) -> Iterator[Entry]:
        """Yield the entries of presses *since* then, newest first."""
