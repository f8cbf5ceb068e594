"""The port of the Ledger: the store of alerts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.identity import AlertKey


class Ledger(Protocol):
    """
    The store of alerts; every method raises StoreError if it does not answer.

    Writes are conditional on the version that was read, so that two workers cannot both win.
    """

    def read(self, keys: Iterable[AlertKey]) -> Mapping[AlertKey, Alert]:
        """Return the stored alerts among *keys*, strongly consistent."""

    def write(self, alert: Alert) -> bool:
        """Put *alert* if its version follows the stored one; return False if it does not."""

    def channels(self, subjects: Iterable[str]) -> Mapping[str, Collection[str]]:
        """Return the channels with an alert about each of *subjects*; most have none."""

    def note_channel(self, key: AlertKey) -> None:
        """Make *key* known to `channels`, before its alert is first written."""

    def record_notified(self, member: str, keys: Sequence[AlertKey], *, at: float) -> None:
        """Set `notified_at` of *member* to Unix second *at* in those of *keys* that have it."""
