"""The port of the Ledger: the store of alerts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.identity import AlertKey

# Each takes two of the hundred actions that a transaction of DynamoDB may have.
ALERTS_AT_ONCE: Final = 50


class Mark(NamedTuple):
    """A finding that became NOTIFIED, as *member* of the alert *key*."""

    member: str
    key: AlertKey


class Channels(list[str]):
    """
    The channels that have an alert about a subject, or about a finding.

    *known_as* has the subject of each finding whose alert is under another one than this.
    """

    def __init__(
        self, channels: Iterable[str] = (), *, known_as: Mapping[str, str] | None = None
    ) -> None:
        """Start with *channels*."""
        super().__init__(channels)
        self.known_as: Mapping[str, str] = known_as or {}


class KnownAs(NamedTuple):
    """That the finding *member* is known as *subject*, kept at *name* beside its *channels*."""

    name: str
    member: str
    subject: str
    channels: frozenset[str]


class Alerts(dict[AlertKey, Alert]):
    """Stored alerts by key; *unreadable* has the reason for each that cannot be read."""

    def __init__(self, alerts: Mapping[AlertKey, Alert] | None = None) -> None:
        """Start with *alerts*, all of them readable."""
        super().__init__(alerts or {})
        self.unreadable: dict[AlertKey, str] = {}


class Ledger(Protocol):
    """
    The store of alerts; every method raises StoreError if it does not answer.

    Writes are conditional on the version that was read, so that two workers cannot both win. An
    item that cannot be read raises UnreadableError where it would be written.
    """

    def read(self, keys: Iterable[AlertKey]) -> Alerts:
        """Return the stored alerts among *keys*, strongly consistent."""

    def write(self, alert: Alert) -> bool:
        """Put *alert* if its version follows the stored one; return False if it does not."""

    def write_all(
        self, alerts: Sequence[Alert], *, note_channels: bool = False
    ) -> Collection[AlertKey]:
        """
        Put each of *alerts*, 50 at most, whose version follows; return the keys of those written.

        With *note_channels* each is made known to `channels` before. After a StoreError some of
        them may be written.
        """

    def channels(self, subjects: Iterable[str]) -> Mapping[str, Channels]:
        """Return the channels with an alert about each of *subjects*; most have none."""

    def claim_subjects(self, those: Sequence[KnownAs]) -> Collection[str]:
        """
        Keep each of *those* at whose name nothing is kept; return the names of those kept.

        Of two workers one wins, and the other reads by `channels` what the first has kept.
        """

    def note_subjects(self, those: Sequence[KnownAs]) -> None:
        """Keep each of *those* beside what is kept at its name."""

    def note_channel(self, key: AlertKey) -> None:
        """Make *key* known to `channels`, before its alert is first written."""

    def record_notified(self, marks: Sequence[Mark], *, at: float) -> None:
        """
        Set `notified_at` to Unix second *at* for each of *marks* whose alert has the member.

        After a StoreError the first ones may be set: they are set in order.
        """
