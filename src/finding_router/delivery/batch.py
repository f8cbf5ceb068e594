"""What everything that works on one batch works with."""

from collections.abc import Callable
from dataclasses import dataclass

from finding_router.delivery.claims import Claims
from finding_router.delivery.deadline import Deadline
from finding_router.delivery.digest_book import DigestBook
from finding_router.delivery.notices import Notices
from finding_router.delivery.pace import Pace
from finding_router.delivery.slots import Slots
from finding_router.slack.client import SlackClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The collaborators of one batch; *clock* gives Unix seconds, *sleep* takes seconds."""

    slack: SlackClient
    book: DigestBook
    claims: Claims
    slots: Slots
    pace: Pace
    notices: Notices
    default_channel: str
    deadline: Deadline
    clock: Callable[[], float]
    sleep: Callable[[float], None]
