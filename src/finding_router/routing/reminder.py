"""Reminders: the next times at which something is said again in a channel."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class ReminderKind(StrEnum):
    """What is said again."""

    ALERT = "alert"
    """An alert that is still open."""
    LIST = "list"
    """All alerts that are still open in the channel."""
    SNOOZE = "snooze"
    """An alert whose snooze is over."""


class Reminder(NamedTuple):
    """A reminder of *route*, due *at* a moment in UTC."""

    kind: ReminderKind
    route: str
    at: datetime
