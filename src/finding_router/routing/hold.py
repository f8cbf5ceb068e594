"""Why a message waits, and until when."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class HoldKind(StrEnum):
    """What makes a message wait."""

    SCHEDULE = "schedule"
    HOURS = "hours"
    SILENCE = "silence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """
    A message waits until *due_at*, in UTC.

    *name* is that of the route or silence which says so. With *forget* nothing is said then either.
    """

    kind: HoldKind
    name: str
    due_at: datetime
    forget: bool = False

    def __str__(self) -> str:
        """Say who makes it wait, and until when, for the log."""
        who = "silence" if self.kind is HoldKind.SILENCE else "route"
        return f"{who} {self.name}, until {self.due_at:%Y-%m-%d %H:%M} UTC"
