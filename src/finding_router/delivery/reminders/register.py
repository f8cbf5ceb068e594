"""Registers reminders before a message is claimed, so that none is lost if the worker dies."""

from collections.abc import Iterable
from copy import replace

from finding_router.delivery.alerts.alert import Alert, form_of
from finding_router.delivery.deliveries import Delivery
from finding_router.delivery.hubs import hub_key
from finding_router.delivery.reminders.store import Due, Listed, Names, ReminderStore
from finding_router.routing.reminder import Reminder, ReminderKind


def register(store: ReminderStore, deliveries: Iterable[Delivery]) -> None:
    """
    Keep the reminders that follow the messages of *deliveries*; raises StoreError.

    If a message is not posted after all, its reminder finds that when it is due.
    """
    due: list[Due] = []
    lists: dict[str, Due] = {}
    listed: list[Listed] = []
    for each in deliveries:
        for reminder in each.destination.reminders:
            one = _due(each, reminder)
            if reminder.kind is ReminderKind.LIST:
                lists[one.name] = one
                listed.append(
                    Listed(
                        channel=each.key.channel,
                        subject=each.key.subject,
                        episode=each.alert.episode + 1,
                        names=names_of(each),
                    )
                )
            else:
                due.append(one)
    if due:
        store.put(due)
    if listed:
        store.list_open(listed)
    for one in lists.values():
        store.begin(one)


def first_at(delivery: Delivery) -> float | None:
    """Return when the first reminder of *delivery* is due, in whole Unix seconds; None if never."""
    for reminder in delivery.destination.reminders:
        if reminder.kind is ReminderKind.ALERT:
            return float(_seconds(reminder))
    return None


def remind_after_snooze(store: ReminderStore, alert: Alert, until: float) -> None:
    """
    Keep a reminder for the end of the snooze of *alert*; raises StoreError.

    Call it before the alert is written: without a snooze that is over the reminder is void.
    """
    store.put(
        [
            Due(
                kind=ReminderKind.SNOOZE,
                at=-int(-until // 1),
                channel=alert.key.channel,
                subject=alert.key.subject,
                names=alert.names,
            )
        ]
    )


def names_of(delivery: Delivery) -> Names:
    """Return the keys of the findings of *delivery*, as far as they are known."""
    names = {member: dict(forms) for member, forms in delivery.alert.names.items()}
    for job in delivery.jobs:
        if job.finding is not None and (key := hub_key(job.finding)) is not None:
            names.setdefault(job.facts.member, {})[form_of(job.finding)] = key
    return names


def moved(due: Due, at: float) -> Due:
    """Return *due* at Unix second *at*, rounded up."""
    return replace(due, at=-int(-at // 1))


def _due(delivery: Delivery, reminder: Reminder) -> Due:
    is_list = reminder.kind is ReminderKind.LIST
    at = _seconds(reminder)
    return Due(
        kind=reminder.kind,
        at=at,
        channel=delivery.key.channel,
        route=reminder.route,
        subject="" if is_list else delivery.key.subject,
        first_at=float(at),
        names={} if is_list else names_of(delivery),
    )


def _seconds(reminder: Reminder) -> int:
    return -int(-reminder.at.timestamp() // 1)
