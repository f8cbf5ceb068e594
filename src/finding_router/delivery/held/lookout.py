"""Batches look for held findings that are overdue: wake-ups may have stopped coming."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from finding_router.delivery.held.store import HeldStore
from finding_router.delivery.held.take import WHYS, Taking, overdue_topic
from finding_router.delivery.limits.deadline import AWS_SECONDS
from finding_router.delivery.session import Session
from finding_router.errors import StoreError
from finding_router.slack.kit.text import Mrkdwn
from finding_router.slack.messages.notice import CLOCK, Point, Words
from finding_router.telemetry import logger

# A look is one query, of an item for each bin.
LOOK_SECONDS: Final = 600.0
# More bins than a notice names.
MAX_BINS: Final = 50
HEADLINE: Final = "Held findings are overdue, and no wake-up has said them"


class Lookout:
    """Tells operators of overdue bins; it releases nothing."""

    def __init__(self, store: HeldStore, *, clock: Callable[[], float]) -> None:
        """Look into *store*; *clock* gives Unix seconds."""
        self._taking = Taking(store, clock=clock)
        self._clock = clock
        self._look_at = 0.0

    def look(self, session: Session) -> None:
        """
        Keep a notice of each overdue bin in *session*, once in ten minutes for each worker.

        The notices of one look are one message. A bin of which a wake-up told within the hour is
        left out: it has the same topic.
        """
        if self._clock() < self._look_at or not session.run.deadline.leaves(AWS_SECONDS):
            return
        self._look_at = self._clock() + LOOK_SECONDS
        try:
            overdue = self._taking.overdue(session.planner.table)
        except StoreError as error:
            logger.warning("held findings not looked for", detail=str(error))
            return
        for bin_, since in overdue[:MAX_BINS]:
            due = f"{datetime.fromtimestamp(since, UTC):%Y-%m-%d %H:%M} UTC"
            session.run.notices.say(
                overdue_topic(bin_),
                Words(
                    HEADLINE,
                    [Point(f"{WHYS[bin_.kind]}, {bin_.reason}, due since {due}", bin_.channel)],
                    icon=CLOCK,
                    consequence="They stay held, and NEW in Security Hub, until a wake-up comes.",
                    remedy=Mrkdwn("See the alarm …-wake-ups in `docs/operations.md`"),
                ),
                together="overdue",
            )
