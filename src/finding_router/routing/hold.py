"""Holds: the reason and the end of a message's wait."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class HoldKind(StrEnum):
    """The cause of a hold."""

    SCHEDULE = "schedule"
    HOURS = "hours"
    SILENCE = "silence"


class Hold(NamedTuple):
    """
    The wait of a held message until *due_at*, in UTC.

    *name* is that of the route or silence that holds the message. With *forget*, the message is
    discarded instead of posted.
    """

    kind: HoldKind
    name: str
    due_at: datetime
    forget: bool = False

    def __str__(self) -> str:
        """Return the name of the route or silence and the end of the hold, for the log."""
        who = "silence" if self.kind is HoldKind.SILENCE else "route"
        return f"{who} {self.name}, until {self.due_at:%Y-%m-%d %H:%M} UTC"
