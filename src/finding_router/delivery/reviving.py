"""Cards of what was said in their threads: brought up to date once everything new is said."""

from typing import Final

from finding_router.delivery.backoff import FIRST_SECONDS
from finding_router.delivery.batch import Batch
from finding_router.delivery.changing import Changer
from finding_router.delivery.digests import Digests
from finding_router.delivery.job import Delivery, Progress
from finding_router.delivery.ledger import Saying
from finding_router.delivery.moments import is_newer
from finding_router.delivery.slots import AT_SLACKS_PACE
from finding_router.errors import ChannelError, DeliveryError, GoneError, StoreError
from finding_router.slack.client import Posted
from finding_router.telemetry import logger

_BACK: Final = frozenset({Saying.REOPEN, Saying.RISE})


class Reviver:
    """Lets cards say again that it is there, and how bad it is, at Slack's pace for changes."""

    def __init__(self, batch: Batch, digests: Digests) -> None:
        """Work on *batch*; *digests* hear what is back of what they list."""
        self._digests = digests
        self._changer = Changer(batch)
        self._claims = batch.claims
        self._slots = batch.slots
        self._waiting: list[Delivery] = []

    def later(self, work: Delivery) -> None:
        """Bring the card of *work* up to date, if it was back or worse that was said."""
        if work.entry is not None and work.entry.saying in _BACK and work.entry.is_open:
            self._waiting.append(work)

    def again(self, work: Delivery) -> None:
        """Do so for what an earlier try has said, if nothing newer was said since."""
        members = work.entry.members if work.entry is not None else {}
        told = [
            (members[name].said_at, news) for name, news in work.news.items() if name in members
        ]
        if not any(is_newer(said_at, news.updated_at) for said_at, news in told):
            self.later(work)

    def run(self) -> None:
        """Change the cards; those of which one could not be changed come back for it."""
        for work in self._waiting:
            try:
                self._revive(work)
            except (GoneError, ChannelError) as error:
                # Nobody sees it any more.
                logger.warning("card not changed", channel=error.channel, detail=str(error))
            except (DeliveryError, StoreError) as error:
                logger.warning("card not changed", detail=str(error))
                work.end(Progress.FAILED, str(error), retry_seconds=FIRST_SECONDS)

    def _revive(self, work: Delivery) -> None:
        entry = work.entry
        if entry is None or entry.posted_to is None or entry.ts is None:
            return
        if self._claims.version(work.key) != entry.version:
            # What came after it in this batch has changed the card already.
            return
        if entry.digest is not None:
            self._digests.change(
                entry.digest, entry.key.finding, is_ended=False, severity=entry.shown
            )
            return
        if seconds := self._slots.seconds_to_change():
            work.end(Progress.FAILED, AT_SLACKS_PACE, retry_seconds=seconds)
            return
        where = Posted(entry.posted_to, entry.ts)
        message, plain = work.card.full(entry, None), work.card.plain(entry, None)
        self._changer.change(where, message, plain=plain)
