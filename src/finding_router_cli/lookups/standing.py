"""The state of a finding in the Ledger: its alerts, the bins that hold it, and its digests."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from finding_router.aws import keys
from finding_router.aws.digests import DynamoDigests
from finding_router.aws.items import Items
from finding_router.aws.ledger import DynamoLedger
from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.identity import (
    REQUESTED,
    AlertKey,
    finding_hash,
    former_subject_of,
    subject_of,
)
from finding_router.delivery.alerts.ledger import Channels
from finding_router.delivery.held.due import due_at
from finding_router.errors import UnreadableError
from finding_router.findings.finding import Finding
from finding_router.routing.hold import HoldKind
from finding_router.routing.table import Decision, RoutingTable
from finding_router.slack.kit.links import message_url
from finding_router.stored import Stored

_LISTS: Final = frozenset({keys.CHANNELS, keys.HELD_IN})


class State(StrEnum):
    """The state of a finding in a channel."""

    UNSAID = "unsaid"
    """The Ledger has nothing about it there."""
    HELD = "held"
    """It waits, and nothing was said there."""
    POSTING = "posting"
    """A worker posts it now."""
    INTERRUPTED = "interrupted"
    """A worker began to post it, and its lease is over: the next try looks in the channel first."""
    OPEN = "open"
    """Its message says that it is there."""
    OVER = "over"
    """Its message says that it is over."""
    FORGOTTEN = "forgotten"
    """A silence forgot it, and no message was posted."""
    UNREADABLE = "unreadable"
    """The item of the Ledger cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A message in Slack: a *channel* by its id, its *ts*, and a link to it."""

    channel: str
    ts: str
    link: str

    def as_json(self) -> dict[str, str]:
        """Return it for programs."""
        return {"channel": self.channel, "ts": self.ts, "link": self.link}


@dataclass(frozen=True, slots=True, kw_only=True)
class InChannel:
    """
    The state of the finding in *channel*, as routed.

    *alert* is None if the Ledger has none. *place* is that of its card, or of the digest that lists
    it; *listed_in* is the digest that lists it besides its card. It *is_routed* if the routes of
    today lead there, and *is_requested* if a person sent it by a Custom Action.
    """

    channel: str
    state: State
    alert: Alert | None = None
    member: str = ""
    place: Place | None = None
    listed_in: Place | None = None
    is_routed: bool = False
    is_requested: bool = False
    problem: str = ""

    @property
    def is_notified(self) -> bool:
        """Return True if the router has marked the finding NOTIFIED, as this alert knows."""
        known = self.alert.members.get(self.member) if self.alert else None
        return known is not None and known.is_notified

    @property
    def notified_at(self) -> float | None:
        """Return the Unix second of that; None if it never was, or is not known."""
        known = self.alert.members.get(self.member) if self.alert else None
        return None if known is None else known.notified_at

    def as_json(self) -> dict[str, Any]:
        """Return it for programs; times are in ISO 8601."""
        alert = self.alert
        claim = alert and alert.claim
        return {
            "channel": self.channel,
            "state": self.state,
            "is_routed": self.is_routed,
            "is_requested": self.is_requested,
            "episode": alert.episode if alert else 0,
            "severity_shown": alert.severity if alert and alert.episode else None,
            "posted_at": iso(alert.posted_at) if alert else None,
            "message": self.place and self.place.as_json(),
            "in_digest": bool(alert and alert.digest),
            "listed_in": self.listed_in and self.listed_in.as_json(),
            "claim": claim
            and {
                "for": claim.saying,
                "claimed_at": iso(claim.claimed_at),
                "lease_until": iso(claim.lease_until),
            },
            "owner": alert and alert.care.owner and alert.care.owner.name,
            "ticket": alert and alert.care.ticket and alert.care.ticket.url,
            "findings": len(alert.members) if alert else 0,
            "standards": sorted(alert.standards) if alert else [],
            "notified_at": iso(self.notified_at),
            "is_notified": self.is_notified,
            "problem": self.problem or None,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class InBin:
    """The wait of the finding for *channel*, held by the *kind* called *name*, until *due_at*."""

    kind: HoldKind
    name: str
    channel: str
    since: float
    due_at: float

    def as_json(self) -> dict[str, Any]:
        """Return it for programs; times are in ISO 8601."""
        return {
            "by": self.kind,
            "name": self.name,
            "channel": self.channel,
            "since": iso(self.since),
            "due_at": iso(self.due_at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The *channels* of a finding with its state in each, and what holds it (*held*)."""

    channels: tuple[InChannel, ...]
    held: tuple[InBin, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "channels": [each.as_json() for each in self.channels],
            "held": [each.as_json() for each in self.held],
        }


class Standings:
    """Reads standings from *items*, by the routing *table*; links begin with *slack_url*."""

    def __init__(self, items: Items, table: RoutingTable, slack_url: str, now: float) -> None:
        """Call nothing yet; *now* is in Unix seconds."""
        self._items = items
        self._ledger = DynamoLedger(items, days=1)
        self._digests = DynamoDigests(items, days=1)
        self._table = table
        self._slack_url = slack_url
        self._now = now

    def of(self, finding: Finding, decision: Decision) -> Standing:
        """Return the standing of *finding*, which is decided so. StoreError."""
        member = finding_hash(*finding.key)
        # The other Security Hub's form may have been said first, and about another subject.
        known_as = self._ledger.channels([member]).get(member, Channels()).known_as.get(member)
        alerts = self._alerts({subject_of(finding), former_subject_of(finding), known_as}, member)
        held = tuple(self._held(member))
        waiting = {each.channel for each in held}
        routed = {each.channel for each in decision.channels}
        known = [self._in_channel(key, alert, member, routed) for key, alert in alerts.items()]
        # A finding may wait for a channel that has an older message of it.
        told = {each.channel for each in known if not each.is_requested}
        more = [
            InChannel(
                channel=channel,
                state=State.HELD if channel in waiting else State.UNSAID,
                is_routed=channel in routed,
            )
            for channel in sorted((routed | waiting) - told)
        ]
        ordered = sorted(known, key=lambda each: (each.channel, each.is_requested))
        return Standing(channels=(*ordered, *more), held=held)

    def _alerts(self, subjects: Iterable[str | None], member: str) -> dict[AlertKey, "Alert | str"]:
        """Return the alerts about *subjects*, and those that people asked for about *member*."""
        found = [
            AlertKey(item["finding"], item["channel"])
            for subject in {*filter(None, subjects), member}
            for item in self._items.query(subject, only=("finding", "channel"))
            if item["channel"] not in _LISTS
        ]
        alerts = self._ledger.read(found)
        return {**alerts, **alerts.unreadable}

    def _in_channel(
        self, key: AlertKey, alert: "Alert | str", member: str, routed: Iterable[str]
    ) -> InChannel:
        channel, requested, _ = key.channel.partition(REQUESTED)
        about: dict[str, Any] = {
            "channel": channel,
            "is_routed": channel in routed,
            "is_requested": bool(requested),
        }
        if isinstance(alert, str):
            return InChannel(state=State.UNREADABLE, problem=alert, **about)
        return InChannel(
            state=self._state(alert),
            alert=alert,
            member=member,
            place=self._place(alert.posted_to, alert.ts),
            listed_in=self._place_of_digest(alert.listed_in),
            **about,
        )

    def _state(self, alert: Alert) -> State:
        if alert.claim is not None:
            return State.POSTING if alert.is_leased(self._now) else State.INTERRUPTED
        if alert.episode == 0:
            return State.UNSAID
        if not alert.is_shown:
            return State.OVER
        return State.FORGOTTEN if alert.is_forgotten else State.OPEN

    def _place(self, channel: str | None, ts: str | None) -> Place | None:
        if not (channel and ts):
            return None
        return Place(channel=channel, ts=ts, link=message_url(self._slack_url, channel, ts))

    def _place_of_digest(self, digest_id: str | None) -> Place | None:
        if digest_id is None:
            return None
        try:
            digest = self._digests.about(digest_id)
        except UnreadableError:
            return None
        return None if digest is None else self._place(digest.posted_to, digest.ts)

    def _held(self, member: str) -> Iterable[InBin]:
        """Yield the waits of the finding *member*: the list of its bins only ever grows."""
        names = {
            str(name)
            for item in self._items.read([keys.held_in(member)])
            for name in item.get("bins", ())
        }
        bins = {
            item["channel"]: item for item in self._items.read(keys.bin_(name) for name in names)
        }
        held = {
            str(item["finding"]): item
            for item in self._items.read((keys.held(name), member) for name in names)
        }
        for name in sorted(bins):
            values = held.get(keys.held(name))
            if values is not None:
                try:
                    yield self._items.parsed(bins[name] | _times(values), self._in_bin)
                except UnreadableError:
                    continue

    def _in_bin(self, stored: Stored) -> InBin:
        kind, name = stored.word("kind", HoldKind), stored.text("reason")
        since, at_first = stored.number("since"), stored.number("due_at")
        return InBin(
            kind=kind,
            name=name,
            channel=stored.text("in_channel"),
            since=since,
            # As the router sees it when it next looks.
            due_at=due_at(kind, name, self._table, since=since, at_first=at_first, now=self._now),
        )


def _times(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values.get(name) for name in ("since", "due_at")}


def iso(at: float | None) -> str | None:
    """Return Unix second *at* in ISO 8601; None for none."""
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
