"""The steps of one delivery: judge, claim, post, record, or change what was posted."""

from dataclasses import replace
from typing import Final

from finding_router.delivery.backoff import FIRST_SECONDS
from finding_router.delivery.batch import Batch
from finding_router.delivery.cards import Card
from finding_router.delivery.changing import Changer
from finding_router.delivery.digests import Digests
from finding_router.delivery.episodes import Verdict
from finding_router.delivery.job import Delivery, Progress
from finding_router.delivery.ledger import Entry, Saying
from finding_router.delivery.reviving import Reviver
from finding_router.delivery.searching import Searcher
from finding_router.delivery.slots import AT_SLACKS_PACE
from finding_router.errors import ChannelError, GoneError
from finding_router.routing.hold import Hold
from finding_router.slack.client import Posted
from finding_router.slack.message import Message
from finding_router.telemetry import logger

_SAY: Final = frozenset(
    {Verdict.RECOVER, Verdict.RESUME, Verdict.POST, Verdict.REOPEN, Verdict.RISE}
)
# What was begun before is finished: only what is new waits.
_WAITS: Final = frozenset({Verdict.POST, Verdict.REOPEN, Verdict.RISE})
_ENDS: Final = {
    Verdict.DUPLICATE: Progress.DUPLICATE,
    Verdict.UNKNOWN: Progress.UNKNOWN,
}
_NOTED: Final = {Verdict.NOTE: Progress.DUPLICATE}


class DeliveryTeller:
    """Says one thing about one finding, or changes the card that said it."""

    def __init__(self, batch: Batch, digests: Digests, reviver: Reviver) -> None:
        """Work on *batch*; *digests* and *reviver* hear what becomes of what stands there."""
        self._digests = digests
        self._reviver = reviver
        self._searcher = Searcher(batch)
        self._changer = Changer(batch)
        self._slack = batch.slack
        self._claims = batch.claims
        self._slots = batch.slots
        self._pace = batch.pace
        self._default_channel = batch.default_channel
        self._deadline = batch.deadline
        self._clock = batch.clock

    def step(self, work: Delivery) -> None:
        """Do what the Ledger's verdict asks for."""
        if work.is_claimed:
            self._say(work)
            return
        verdict = self._claims.judge(work)
        if work.destination.hold is not None and verdict in _WAITS:
            self._put_aside(work, verdict, work.destination.hold)
        elif verdict in _ENDS:
            work.end(_ENDS[verdict])
            if work.entry is not None and work.entry.is_forgotten:
                work.end(Progress.UNKNOWN)
            self._complete(work)
        elif verdict is Verdict.BUSY:
            work.end(Progress.FAILED, "another worker is at it", retry_seconds=FIRST_SECONDS)
        elif verdict not in _SAY:
            self._change(work, verdict)
        elif work.entry is not None and work.entry.digest is not None and work.entry.ts is None:
            # Nobody would look for it outside of the digest that it was claimed for.
            work.end(Progress.FAILED, "to be listed in a digest", retry_seconds=FIRST_SECONDS)
        elif self._slots.is_now(work.channel(self._default_channel)):
            work.is_doubtful = verdict is Verdict.RECOVER
            if self._claim(work, verdict):
                self._say(work)

    def record(self, work: Delivery) -> None:
        """Write where the message stands."""
        posted, entry = work.posted, work.entry
        if posted is None or entry is None:
            return
        if not self._claims.record(work, posted):
            logger.error("posted after the claim was lost", channel=posted.channel, ts=posted.ts)
        if entry.saying is Saying.END:
            work.end(Progress.UPDATED)
            return
        work.end(Progress.POSTED)
        if work.entry is not None and work.entry.ts != posted.ts:
            self._reviver.later(work)

    def detach(self, work: Delivery) -> None:
        """Say without a thread what was to be said in one that is gone; an end is no news then."""
        entry = work.entry
        if entry is not None and entry.saying is Saying.END:
            work.posted = Posted(entry.posted_to or "", entry.ts or "")
        else:
            self._claims.detach(work)

    def release(self, work: Delivery) -> None:
        """Give the claim back."""
        self._claims.release(work)

    def is_saying(self, work: Delivery) -> bool:
        """Tell whether it is claimed: what only changes a card is not."""
        return work.is_claimed

    def _put_aside(self, work: Delivery, verdict: Verdict, hold: Hold) -> None:
        """Let it wait for what holds it; what is to be forgotten is forgotten now."""
        if hold.forget and not self._claims.forget(work, verdict):
            work.end(Progress.FAILED, "another worker was first", retry_seconds=FIRST_SECONDS)
        else:
            work.end(Progress.HELD, str(hold))

    def _claim(self, work: Delivery, verdict: Verdict) -> bool:
        if self._claims.claim(work, verdict):
            return True
        work.end(Progress.FAILED, "another worker was first", retry_seconds=FIRST_SECONDS)
        return False

    def _say(self, work: Delivery) -> None:
        """Post what was claimed, unless an earlier try may have, and it is found."""
        entry = work.entry
        channel = work.channel(self._default_channel)
        if entry is None or not self._slots.is_now(channel):
            return
        if work.is_doubtful:
            work.posted = self._search(work, entry)
        if work.posted is not None or not self._deadline.allows():
            return
        message = self._message(work, entry, card=self._calling_once(work, entry, channel))
        self._slots.use(channel)
        is_reply = entry.ts is not None and work.banner is None
        work.posted = self._slack.post(
            (entry.posted_to if is_reply else None) or channel,
            message,
            delivery_ids=[entry.delivery_id],
            thread_ts=entry.ts if is_reply else None,
            broadcast=is_reply and entry.saying is not Saying.END,
            seconds=self._deadline.for_slack(),
        )
        self._pace.worked(channel)

    def _calling_once(self, work: Delivery, entry: Entry, channel: str) -> Card:
        """Give the card without its mention where people were called into *channel* just before."""
        context = work.card.context
        if not context.mention or self._pace.may_call(channel, entry.delivery_id):
            return work.card
        return replace(work.card, context=replace(context, mention=()))

    def _message(self, work: Delivery, entry: Entry, *, card: Card) -> Message:
        if work.is_plain:
            return card.plain(entry, work.banner)
        return card.said(
            entry.saying,
            entry,
            now=self._clock(),
            banner=work.banner,
        )

    def _search(self, work: Delivery, entry: Entry) -> Posted | None:
        """Look for the message that an earlier try may have posted, wherever it may be."""
        own = entry.posted_to or work.destination.channel
        # Where its channel was dead, it stands in the default channel, in no thread.
        places = {self._default_channel: None, own: entry.ts if entry.posted_to else None}
        looked = self._searcher.look(
            [entry.delivery_id], dict(reversed(places.items())), claimed_at=entry.claimed_at
        )
        work.is_doubtful = not looked.is_sure
        return looked.posted.get(entry.delivery_id)

    def _change(self, work: Delivery, verdict: Verdict) -> None:
        """Change the card to what is true now; where it is gone, an end is said in its thread."""
        entry = work.entry
        if entry is None or entry.is_forgotten:
            # Nobody was ever told: only the Ledger hears of it.
            self._note(work, verdict, Progress.UNKNOWN)
            return
        if verdict is not Verdict.NOTE and entry.digest is not None:
            changed = self._claims.refreshed(work, verdict)
            self._digests.change(
                entry.digest,
                entry.key.finding,
                is_ended=not changed.is_open,
                severity=changed.shown,
            )
        elif verdict is not Verdict.NOTE and not self._update(work, entry, verdict):
            return
        self._note(work, verdict, _NOTED.get(verdict, Progress.UPDATED))
        if work.progress is Progress.DUPLICATE:
            self._complete(work)

    def _note(self, work: Delivery, verdict: Verdict, progress: Progress) -> None:
        if self._claims.note(work, verdict):
            work.end(progress)
        else:
            work.end(Progress.FAILED, "another worker was first", retry_seconds=FIRST_SECONDS)

    def _complete(self, work: Delivery) -> None:
        """Have done what a try before this one may have left out: it may have died over it."""
        if work.entry is None or not work.job.may_have_been_tried(self._clock()):
            return
        if work.job.record.tries > 1:
            self._reviver.again(work)
        if work.entry.digest is not None:
            self._digests.touch(work.entry.digest)

    def _update(self, work: Delivery, entry: Entry, verdict: Verdict) -> bool:
        """Change the card; tell whether that is all there is to do."""
        if wait := self._slots.seconds_to_change():
            work.end(Progress.FAILED, AT_SLACKS_PACE, retry_seconds=wait)
            return False
        message = self._changed(work, entry, verdict)
        where = Posted(entry.posted_to or "", entry.ts or "")
        try:
            self._changer.change(where, message, plain=Message(text=message.text))
        except GoneError:
            if verdict is Verdict.CLOSE:
                if self._claim(work, verdict):
                    self._say(work)
                return False
        except ChannelError as error:
            # Nobody sees a card in a channel that is gone.
            logger.warning("card not changed", channel=error.channel, code=error.code)
        return True

    def _changed(self, work: Delivery, entry: Entry, verdict: Verdict) -> Message:
        if verdict is Verdict.CLOSE:
            return work.card.ended(entry, self._clock())
        return work.card.full(self._claims.refreshed(work, verdict), None)
