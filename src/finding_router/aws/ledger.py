"""The Ledger in DynamoDB: one item for each alert."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from finding_router.aws import keys
from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.delivery.alerts.alert import (
    Alert,
    Claim,
    Event,
    Member,
    Saying,
    Status,
)
from finding_router.delivery.alerts.identity import AlertKey
from finding_router.delivery.alerts.ledger import ALERTS_AT_ONCE, Mark
from finding_router.findings.finding import Severity
from finding_router.telemetry import logger

# It makes a new version: a worker that read the alert before must not overwrite this.
NOTIFY: Final = (
    "SET members.#member.notified_at = :at, members.#member.is_notified = :true ADD version :one"
)
_CLAIMED: Final = "claimed"
_SAID: Final = "posted"
_UNSAID: Final = "released"


class DynamoLedger:
    """One item per subject and channel, gone *days* after its last change."""

    def __init__(self, items: Items, *, days: int) -> None:
        """Keep them among *items*."""
        self._items = items
        self._ttl_seconds = days * DAY_SECONDS

    def read(self, keys_: Iterable[AlertKey]) -> dict[AlertKey, Alert]:
        """Return the stored alerts, strongly consistent."""
        wanted = [keys.alert(key.subject, key.channel) for key in keys_]
        alerts = {}
        for values in self._items.read(wanted):
            key = AlertKey(values["finding"], values["channel"])
            try:
                alerts[key] = _to_alert(key, values)
            # Left out, it counts as not stored, and no write can overwrite it: its own delivery
            # fails, and no other.
            except (KeyError, TypeError, ValueError):
                logger.exception("alert not read", subject=key.subject, channel=key.channel)
        return alerts

    def write(self, alert: Alert) -> bool:
        """Put *alert* if its version follows the stored one; return False if it does not."""
        return self._items.put_version(self._values(alert))

    def write_all(self, alerts: Sequence[Alert], *, note_channels: bool = False) -> set[AlertKey]:
        """Put each of *alerts* whose version follows; return the keys of those written."""
        noted: dict[str, AlertKey] = {}
        for each in alerts if note_channels else ():
            if noted.setdefault(each.key.subject, each.key) != each.key:
                # A transaction changes an item once.
                self.note_channel(each.key)
        written = self._items.put_versions(
            [self._values(each) for each in alerts],
            besides=[self._items.change(*self._noted(key)) for key in noted.values()],
        )
        return {AlertKey(each["finding"], each["channel"]) for each in written}

    def channels(self, subjects: Iterable[str]) -> dict[str, list[str]]:
        """Return the channels with an alert about each of *subjects*; one call for a hundred."""
        found = self._items.read(map(keys.channels, subjects))
        return {values["finding"]: values["channels"] for values in found}

    def note_channel(self, key: AlertKey) -> None:
        """Make *key* known to `channels`."""
        self._items.update(*self._noted(key))

    def record_notified(self, marks: Sequence[Mark], *, at: float) -> None:
        """Set `notified_at` for each of *marks* whose alert has the member, in order."""
        for some in _apart(marks):
            changes = [
                (
                    keys.alert(each.key.subject, each.key.channel),
                    NOTIFY,
                    {":at": at, ":true": True, ":one": 1},
                    "attribute_exists(members.#member)",
                    {"#member": each.member},
                )
                for each in some
            ]
            if len(changes) == 1:
                self._items.update(*changes[0])
            else:
                self._items.change_all([self._items.change(*each) for each in changes])

    def _values(self, alert: Alert) -> dict[str, Any]:
        expires_at = int(alert.touched_at) + self._ttl_seconds
        return {**_to_values(alert), "expires_at": expires_at}

    def _noted(self, key: AlertKey) -> tuple[keys.Key, str, dict[str, Any]]:
        """Return the update that makes *key* known to `channels`."""
        # It lives as long as the alert, which is written next.
        expires_at = int(time.time()) + self._ttl_seconds
        return (
            keys.channels(key.subject),
            "ADD channels :channel SET expires_at = :expires_at, shape = :shape",
            {":channel": {key.channel}, ":expires_at": expires_at, ":shape": keys.SHAPE},
        )


def _apart(marks: Sequence[Mark]) -> Iterator[list[Mark]]:
    """Yield *marks* in order, in parts of different items that a transaction may have."""
    part: dict[AlertKey, Mark] = {}
    for each in marks:
        if each.key in part or len(part) == ALERTS_AT_ONCE:
            yield list(part.values())
            part = {}
        part[each.key] = each
    if part:
        yield list(part.values())


def _to_values(alert: Alert) -> dict[str, Any]:
    """
    Return the attributes of *alert*; the claim's stand beside its own.

    `state` is "claimed" while a claim stands, else "posted" once anything was said.
    """
    claim = alert.claim
    state = _CLAIMED if claim else _SAID if alert.episode else _UNSAID
    values = asdict(alert) | {
        "finding": alert.key.subject,
        "channel": alert.key.channel,
        "shape": keys.SHAPE,
        "members": {
            name: {
                **asdict(each.newest),
                "notified_at": each.notified_at,
                "is_notified": each.is_notified,
            }
            for name, each in alert.members.items()
        },
        "risen_at": alert.risen_at and list(alert.risen_at),
    }
    del values["key"]
    claimed = asdict(claim) | {"moment": list(claim.moment)} if claim else None
    return {"state": state, "family": "alert"} | values | {"claim": claimed}


def _to_alert(key: AlertKey, values: Mapping[str, Any]) -> Alert:
    claim, risen_at = values.get("claim"), values.get("risen_at")
    return Alert(
        key=key,
        version=values["version"],
        members={name: _to_member(each) for name, each in values["members"].items()},
        episode=values["episode"],
        sequence=values["sequence"],
        is_shown=values["is_shown"],
        severity=Severity(values["severity"]),
        worst=Severity(values["worst"]),
        risen_from=_to_severity(values.get("risen_from")),
        risen_at=(risen_at[0], risen_at[1]) if risen_at else None,
        is_card_stale=values["is_card_stale"],
        posted_to=values.get("posted_to"),
        ts=values.get("ts"),
        posted_at=values.get("posted_at"),
        digest=values.get("digest"),
        is_unlisted=values["is_unlisted"],
        listed_in=values.get("listed_in"),
        claim=None if claim is None else _to_claim(claim),
        touched_at=values["touched_at"],
    )


def _to_member(values: Mapping[str, Any]) -> Member:
    return Member(
        newest=Event(
            member=values["member"],
            status=Status(values["status"]),
            severity=Severity(values["severity"]),
            updated_at=values.get("updated_at"),
            sent_at=values.get("sent_at"),
            standard=values.get("standard"),
        ),
        notified_at=values.get("notified_at"),
        is_notified=values["is_notified"],
    )


def _to_claim(values: Mapping[str, Any]) -> Claim:
    updated_at, sent_at = values["moment"]
    return Claim(
        saying=Saying(values["saying"]),
        severity=Severity(values["severity"]),
        moment=(updated_at, sent_at),
        claimed_at=values["claimed_at"],
        lease_until=values["lease_until"],
        worker=values["worker"],
        digest=values.get("digest"),
    )


def _to_severity(label: str | None) -> Severity | None:
    return None if label is None else Severity(label)
