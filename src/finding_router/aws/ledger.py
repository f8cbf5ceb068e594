"""The Ledger in DynamoDB: one item for each alert."""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from itertools import batched
from typing import Any, Final

from finding_router.aws import keys
from finding_router.aws.items import DAY_SECONDS, Items
from finding_router.delivery.alerts.alert import (
    Alert,
    Claim,
    Event,
    Form,
    Heard,
    Member,
    Saying,
    Status,
)
from finding_router.delivery.alerts.care import Care
from finding_router.delivery.alerts.identity import REQUESTED, AlertKey
from finding_router.delivery.alerts.ledger import (
    ALERTS_AT_ONCE,
    Alerts,
    Channels,
    KnownAs,
    Mark,
)
from finding_router.errors import UnreadableError
from finding_router.findings.ending import Ended
from finding_router.findings.finding import Severity
from finding_router.stored import AttributeProblemError, Stored

# It makes a new version: a worker that read the alert before must not overwrite this.
NOTIFY: Final = (
    "SET members.#member.notified_at = :at, members.#member.is_notified = :true ADD version :one"
)
# Earlier versions need the channels.
_KNOWN_AS: Final = (
    "ADD channels :channels, known_as :known_as SET expires_at = :expires_at, shape = :shape"
)
_CLAIMED: Final = "claimed"
_SAID: Final = "posted"
_UNSAID: Final = "released"
_STATES: Final = frozenset({_CLAIMED, _SAID, _UNSAID})
# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
_ACTIONS_AT_ONCE: Final = 100
# Items beside the alerts of a subject.
_LISTS: Final = frozenset({keys.CHANNELS, keys.HELD_IN})


class DynamoLedger:
    """One item per subject and channel, gone *days* after its last change."""

    def __init__(self, items: Items, *, days: int) -> None:
        """Keep them among *items*."""
        self._items = items
        self._ttl_seconds = days * DAY_SECONDS

    def read(self, keys_: Iterable[AlertKey]) -> Alerts:
        """Return the stored alerts, strongly consistent."""
        wanted = [keys.alert(key.subject, key.channel) for key in keys_]
        alerts = Alerts()
        for values in self._items.read(wanted):
            key = AlertKey(values["finding"], values["channel"])
            try:
                alerts[key] = self._items.parsed(values, partial(_to_alert, key))
            except UnreadableError as error:
                alerts.unreadable[key] = str(error)
        return alerts

    def write(self, alert: Alert) -> bool:
        """Put *alert* if its version follows the stored one; return False if it does not."""
        return self._items.put_version(self._values(alert), partial(_to_alert, alert.key))

    def write_all(self, alerts: Sequence[Alert], *, note_channels: bool = False) -> set[AlertKey]:
        """Put each of *alerts* whose version follows; return the keys of those written."""
        noted: dict[str, AlertKey] = {}
        for each in alerts if note_channels else ():
            if noted.setdefault(each.key.subject, each.key) != each.key:
                # A transaction changes an item once.
                self.note_channel(each.key)
        written = self._items.put_versions(
            [self._values(each) for each in alerts],
            _to_stored_alert,
            besides=[self._items.change(*self._noted(key)) for key in noted.values()],
        )
        return {AlertKey(each["finding"], each["channel"]) for each in written}

    def channels(self, subjects: Iterable[str]) -> dict[str, Channels]:
        """
        Return the channels with an alert about each of *subjects*; one call for a hundred.

        Where the list cannot be read, the alerts themselves are asked for, one more call.
        """
        found: dict[str, Channels] = {}
        for values in self._items.read(map(keys.channels, subjects)):
            subject = values["finding"]
            try:
                found[subject] = self._items.parsed(values, _to_channels)
            except UnreadableError:
                stored = (each["channel"] for each in self._items.query(subject, only=["channel"]))
                known = Channels(
                    each for each in stored if each not in _LISTS and REQUESTED not in each
                )
                found |= {subject: known} if known else {}
        return found

    def claim_subjects(self, those: Sequence[KnownAs]) -> list[str]:
        """Keep each of *those* at whose name nothing is kept; return the names of those kept."""
        return self._note_subjects(those, "attribute_not_exists(finding)")

    def note_subjects(self, those: Sequence[KnownAs]) -> None:
        """Keep each of *those* beside what is kept at its name."""
        self._note_subjects(those)

    def _note_subjects(self, those: Sequence[KnownAs], condition: str | None = None) -> list[str]:
        by_name: dict[str, list[KnownAs]] = defaultdict(list)
        for each in those:
            by_name[each.name].append(each)
        # They live as long as an alert that is written now.
        expires_at = int(time.time()) + self._ttl_seconds
        changes = {
            name: (
                keys.channels(name),
                _KNOWN_AS,
                {
                    ":channels": {channel for each in several for channel in each.channels},
                    ":known_as": {f"{each.member} {each.subject}" for each in several},
                    ":expires_at": expires_at,
                    ":shape": keys.SHAPE,
                },
                condition,
            )
            for name, several in by_name.items()
        }
        if len(changes) == 1:
            [(name, change)] = changes.items()
            # A write alone costs half of one in a transaction; what cannot be read stays as it is.
            with suppress(UnreadableError):
                return [name] if self._items.update(*change)[1] else []
            return []
        kept: list[str] = []
        for some in batched(changes.items(), _ACTIONS_AT_ONCE, strict=False):
            actions = {name: self._items.change(*change) for name, change in some}
            done = self._items.change_all([*actions.values()])
            kept += [name for name, action in actions.items() if action in done]
        return kept

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
        "members": {name: _member_values(each) for name, each in alert.members.items()},
        "risen_at": alert.risen_at and list(alert.risen_at),
        "names": {
            name: {form: list(key) for form, key in forms.items()}
            for name, forms in alert.names.items()
        },
        "care": alert.care.to_attributes(),
    }
    del values["key"]
    # Only where people may act from messages, where routes have reminders, or when it is over.
    for name in ("names", "care", "marks_until", "remind_at", "ended_as"):
        if not values[name]:
            del values[name]
    claimed = asdict(claim) | {"moment": list(claim.moment)} if claim else None
    return {"state": state, "family": "alert"} | values | {"claim": claimed}


def _to_stored_alert(stored: Stored) -> Alert:
    return _to_alert(AlertKey(stored.text("finding"), stored.text("channel")), stored)


def _to_channels(stored: Stored) -> Channels:
    pairs = (each.partition(" ") for each in stored.texts("known_as", ()))
    known_as = {member: subject for member, _, subject in pairs if subject}
    return Channels(stored.texts("channels"), known_as=known_as)


def _to_alert(key: AlertKey, stored: Stored) -> Alert:
    claim = stored.optional_inner("claim")
    # Nothing else is read of it; a state that is not known means that a newer version has a say.
    if (state := stored.text("state")) not in _STATES:
        raise AttributeProblemError(f"state: {state[:40]!r} is not known")
    return Alert(
        key=key,
        version=stored.whole("version", least=1),
        members={name: _to_member(each) for name, each in stored.inners("members").items()},
        episode=stored.whole("episode"),
        sequence=stored.whole("sequence"),
        is_shown=stored.flag("is_shown"),
        ended_as=stored.optional_word("ended_as", Ended),
        severity=stored.word("severity", Severity),
        worst=stored.word("worst", Severity),
        risen_from=stored.optional_word("risen_from", Severity),
        risen_at=stored.optional_moment("risen_at"),
        is_card_stale=stored.flag("is_card_stale", default=False),
        posted_to=stored.optional_text("posted_to"),
        ts=stored.optional_text("ts"),
        posted_at=stored.optional_number("posted_at"),
        digest=stored.optional_text("digest"),
        is_unlisted=stored.flag("is_unlisted", default=False),
        listed_in=stored.optional_text("listed_in"),
        title=stored.optional_text("title"),
        titled_by=stored.optional_text("titled_by"),
        claim=None if claim is None else _to_claim(claim),
        names=_to_names(stored.optional_inner("names")),
        care=Care.stored(stored.optional_inner("care")),
        marks_until=stored.optional_number("marks_until"),
        remind_at=stored.optional_number("remind_at"),
        touched_at=stored.number("touched_at"),
    )


def _to_names(stored: Stored | None) -> dict[str, dict[Form, tuple[str, ...]]]:
    if stored is None:
        return {}
    return {
        member: {form: forms.texts(form) for form in Form if form in forms.values}
        for member in stored.values
        for forms in [stored.inner(member)]
    }


def _member_values(member: Member) -> dict[str, Any]:
    """Return the form that decides, beside the other, which earlier versions do not read."""
    decisive = member.decisive
    others = [_heard_values(each) for each in member.heard.values() if each is not decisive]
    marks = {"notified_at": member.notified_at, "is_notified": member.is_notified}
    return _heard_values(decisive) | marks | ({"other": others[0]} if others else {})


def _heard_values(heard: Heard) -> dict[str, Any]:
    values = asdict(heard.newest) | {"turned_at": heard.turned_at, "graded_at": heard.graded_at}
    return {name: value for name, value in values.items() if value not in (None, Form.ASFF)}


def _to_member(stored: Stored) -> Member:
    decisive = _to_heard(stored)
    other = stored.optional_inner("other")
    heard = [decisive] if other is None else [decisive, _to_heard(other)]
    return Member(
        heard={each.newest.form: each for each in heard},
        notified_at=stored.optional_number("notified_at"),
        is_notified=stored.flag("is_notified"),
    )


def _to_heard(stored: Stored) -> Heard:
    newest = Event(
        member=stored.text("member"),
        status=stored.word("status", Status),
        severity=stored.word("severity", Severity),
        updated_at=stored.optional_text("updated_at"),
        sent_at=stored.optional_number("sent_at"),
        standard=stored.optional_text("standard"),
        # Earlier versions knew one form.
        form=stored.optional_word("form", Form) or Form.ASFF,
    )
    turned_at = stored.optional_number("turned_at")
    if turned_at is None:
        return Heard.first(newest)
    return Heard(newest=newest, turned_at=turned_at, graded_at=stored.optional_number("graded_at"))


def _to_claim(stored: Stored) -> Claim:
    return Claim(
        saying=stored.word("saying", Saying),
        severity=stored.word("severity", Severity),
        moment=stored.moment("moment"),
        claimed_at=stored.number("claimed_at"),
        lease_until=stored.number("lease_until"),
        worker=stored.text("worker"),
        digest=stored.optional_text("digest"),
    )
