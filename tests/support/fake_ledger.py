"""The Ledger's parts in memory: alerts, slots and locks, which fail as planned."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import replace
from typing import Any

from fakes import Faults
from finding_router.delivery.account_claims import Claims
from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.identity import AlertKey
from finding_router.delivery.alerts.ledger import (
    ALERTS_AT_ONCE,
    Alerts,
    Channels,
    KnownAs,
    Mark,
)
from finding_router.delivery.decided import Decided
from finding_router.delivery.limits.rate import Slot
from finding_router.delivery.tally import Tally
from finding_router.routing.last_valid import LastValid


class FakeLedger:
    """Alerts in a dict."""

    def __init__(self, faults: Faults) -> None:
        """Start empty."""
        self._faults = faults
        self.alerts: dict[AlertKey, Alert] = {}
        self.known: dict[str, set[str]] = {}
        self.known_as: dict[str, dict[str, str]] = {}

    def read(self, keys: Iterable[AlertKey]) -> Alerts:
        """Return the stored alerts."""
        with self._faults.around("read"):
            return Alerts({key: self.alerts[key] for key in keys if key in self.alerts})

    def write(self, alert: Alert) -> bool:
        """Put *alert* if its version follows."""
        with self._faults.around("write", state_of(alert)):
            stored = self.alerts.get(alert.key)
            if (stored.version if stored else 0) != alert.version - 1:
                return stored == alert
            self.alerts[alert.key] = alert
            return True

    def write_all(self, alerts: Sequence[Alert], *, note_channels: bool = False) -> set[AlertKey]:
        """Put those of *alerts* whose version follows; a fault strikes at one of them."""
        assert len(alerts) <= ALERTS_AT_ONCE
        if note_channels:
            for alert in alerts:
                self.note_channel(alert.key)
        return {alert.key for alert in alerts if self.write(alert)}

    def channels(self, subjects: Iterable[str]) -> dict[str, Channels]:
        """Return the channels that were noted."""
        with self._faults.around("channels"):
            return {
                each: Channels(self.known[each], known_as={**self.known_as.get(each, {})})
                for each in subjects
                if each in self.known
            }

    def claim_subjects(self, those: Sequence[KnownAs]) -> list[str]:
        """Keep those at whose name nothing is kept."""
        with self._faults.around("claim_subjects"):
            free = [each for each in those if each.name not in self.known]
            self._note(free)
            return [each.name for each in free]

    def note_subjects(self, those: Sequence[KnownAs]) -> None:
        """Keep those beside what is there."""
        with self._faults.around("note_subjects"):
            self._note(those)

    def _note(self, those: Sequence[KnownAs]) -> None:
        for each in those:
            self.known.setdefault(each.name, set()).update(each.channels)
            self.known_as.setdefault(each.name, {})[each.member] = each.subject

    def note_channel(self, key: AlertKey) -> None:
        """Note the channel."""
        with self._faults.around("note_channel", key.channel):
            self.known.setdefault(key.subject, set()).add(key.channel)

    def record_notified(self, marks: Sequence[Mark], *, at: float) -> None:
        """Note the time, if there is such a member."""
        with self._faults.around("record_notified"):
            for member, key in marks:
                alert = self.alerts.get(key)
                if alert is not None and member in alert.members:
                    notified = replace(alert.members[member], notified_at=at, is_notified=True)
                    self.alerts[key] = replace(
                        alert,
                        members={**alert.members, member: notified},
                        version=alert.version + 1,
                    )


def state_of(alert: Alert) -> str:
    """Return the state of *alert* by which faults are planned."""
    if alert.claim is not None:
        return "claimed"
    return "posted" if alert.episode else "released"


class FakeRates:
    """Slots in dicts."""

    def __init__(self, faults: Faults) -> None:
        """Start with every slot free."""
        self._faults = faults
        self._next_at: dict[str, float] = {}
        self._refusals: dict[str, tuple[int, float]] = {}

    def slot(self, name: str, *, every_seconds: float, now: float, latest: float) -> Slot:
        """Take the next slot, if it starts by *latest*."""
        with self._faults.around("slot", name):
            at = max(self._next_at.get(name, now), now)
            if at > latest:
                return Slot(at=at, is_taken=False)
            self._next_at[name] = at + every_seconds
            return Slot(at=at, is_taken=True)

    def slow_down(self, name: str, *, now: float, until: float, row_seconds: float) -> int:
        """Move the next slot on to *until*, and count."""
        with self._faults.around("slow_down", name):
            self._next_at[name] = max(self._next_at.get(name, until), until)
            count, slowed_until = self._refusals.get(name, (0, now))
            is_in_row = slowed_until >= now - row_seconds
            self._refusals[name] = count + 1 if is_in_row else 1, until
            return self._refusals[name][0]

    def speed_up(self, name: str) -> None:
        """Count anew."""
        with self._faults.around("speed_up", name):
            self._refusals.pop(name, None)


class FakeLocks:
    """Locks in a dict."""

    def __init__(self, faults: Faults) -> None:
        """Start with every topic due."""
        self._faults = faults
        self._granted: dict[str, tuple[str, float]] = {}
        self._seats: dict[str, tuple[tuple[str, ...], float]] = {}

    def once(self, topic: str, *, by: str, every_seconds: float, now: float) -> bool:
        """Return True if *topic* is due, or granted to *by*."""
        with self._faults.around("once", topic):
            granted_to, due_at = self._granted.get(topic, (by, now))
            if granted_to != by and due_at > now:
                return False
            self._granted[topic] = by, now + every_seconds
            return True

    def seats(
        self, topic: str, names: Sequence[str], *, most: int, since: float, now: float
    ) -> set[str]:
        """Return those of *names* that have a seat."""
        with self._faults.around("seats", topic):
            taken, given_at = self._seats.get(topic, ((), now))
            taken = taken if given_at >= since else ()
            new = [name for name in dict.fromkeys(names) if name not in taken]
            new = new[: max(most - len(taken), 0)]
            if new:
                self._seats[topic] = (*taken, *new), now
            return {*taken, *new} & {*names}


class FakeAccountNames:
    """Claims in a dict."""

    def __init__(self, faults: Faults) -> None:
        """Start with no name claimed."""
        self._faults = faults
        self._claims: dict[str, dict[str, float]] = {}

    def claims(self, names: Iterable[str]) -> dict[str, Claims | None]:
        """Return the claims to each of *names* that has any."""
        with self._faults.around("claims"):
            return {each: dict(self._claims[each]) for each in names if each in self._claims}

    def claim(self, name: str, account_id: str, *, at: float) -> None:
        """Note the claim."""
        with self._faults.around("claim", name):
            self._claims.setdefault(name, {})[account_id] = at

    def claim_first(self, accounts: Mapping[str, str], *, at: float) -> set[str]:
        """Note the claims to names without any."""
        with self._faults.around("claim", ", ".join(accounts)):
            free = {name: id_ for name, id_ in accounts.items() if name not in self._claims}
            self._claims |= {name: {id_: at} for name, id_ in free.items()}
            return set(free)


class FakeLastValid:
    """The last valid versions of routes in memory."""

    def __init__(self, faults: Faults) -> None:
        """Start with none."""
        self._faults = faults
        self.stored = LastValid()
        self.writes = 0

    def read(self) -> LastValid:
        """Return the versions."""
        with self._faults.around("read_last_valid"):
            return self.stored

    def write(self, versions: LastValid) -> bool:
        """Put *versions* if their version follows."""
        with self._faults.around("write_last_valid"):
            if self.stored.version != versions.version - 1:
                return self.stored == versions
            self.stored = versions
            self.writes += 1
            return True


class FakeDecided:
    """The findings that were decided lately in memory."""

    def __init__(self, faults: Faults) -> None:
        """Start with none."""
        self._faults = faults
        self.batches: list[list[Decided]] = []

    def add(self, summaries: Sequence[Any], *, at: float) -> None:
        """Add the summaries of one batch."""
        with self._faults.around("add_decided"):
            if summaries:
                self.batches.append([Decided(at, each) for each in summaries])

    def newest(self, *, since: float, now: float) -> Iterator[Decided]:
        """Yield the summaries, newest first."""
        with self._faults.around("read_decided"):
            for batch in sorted(self.batches, key=lambda each: each[0].at, reverse=True):
                yield from (each for each in batch if since <= each.at <= now)


class FakeTallies:
    """The tallies of runs in memory."""

    def __init__(self, faults: Faults) -> None:
        """Start with none."""
        self._faults = faults
        self.tallies: list[Tally] = []

    def add(self, tally: Tally) -> None:
        """Add the tally of one run."""
        with self._faults.around("add_tally"):
            self.tallies.append(tally)

    def newest(self, *, since: float, now: float) -> Iterator[Tally]:
        """Yield the tallies, newest first."""
        with self._faults.around("read_tallies"):
            for tally in sorted(self.tallies, key=lambda each: each.at, reverse=True):
                if since <= tally.at <= now:
                    yield tally
