"""The task of a message that is said once, of whatever was due until then: claim, post, record."""

from collections.abc import Callable
from copy import replace
from dataclasses import dataclass
from typing import Final

from finding_router.delivery.digests.store import DigestState, OpenDigest
from finding_router.delivery.posting.recovery import look
from finding_router.delivery.posting.run import (
    ANOTHER_IS_AT_IT,
    ANOTHER_WAS_FIRST,
    Run,
)
from finding_router.delivery.posting.task import Rank, Task
from finding_router.errors import StoreError
from finding_router.slack.api.client import Posted
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.refused import Banner
from finding_router.telemetry import logger

type LayOut = Callable[[tuple[str, ...], Banner | None], Message]
"""From those whom the message may mention, and its banner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """
    A message about everything in *channel* that is due *until* then, in Unix seconds.

    *name* tells it from other messages of the channel; *before* is the newest one of that name, as
    the Ledger has it. *thread* is the channel and ts of a card that it answers, shown in the
    channel as well.
    """

    name: str
    channel: str
    until: float
    lay_out: LayOut
    lay_out_plain: LayOut
    mention: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    thread: tuple[str, str] | None = None
    before: OpenDigest | None = None


class OnceTask(Task):
    """
    Posts one message of a name; the Ledger keeps it like the parent of a digest without lines.

    `said_until` is the Unix second until which everything due is said, once the message stands in
    Slack. What a worker that died has posted is found by its name.
    """

    def __init__(self, run: Run, once: Once) -> None:
        """Post *once* within *run*."""
        super().__init__(run, channel=once.channel)
        self.once = once
        self.said_until: float | None = None
        self.why = ""
        """Why it was not said."""
        self._digest: OpenDigest | None = None
        self._refused_with: str | None = None

    @property
    def rank(self) -> Rank:
        """Return the rank of a change: news goes first."""
        return Rank.CHANGE

    @property
    def needs_slot(self) -> bool:
        """Return True once the message is claimed."""
        return self._digest is not None and self.posted is None

    def step(self) -> None:
        """Claim the message, post it in a slot, and record it."""
        run = self.run
        if self.posted is not None:
            self._record(self.posted)
        elif self._digest is None:
            self._claim()
        elif run.rate.is_now(self.channel) and run.deadline.allows():
            self._post(self._digest)

    def stand_alone(self) -> None:
        """Post into the channel: the card is gone."""
        super().stand_alone()
        self.once = replace(self.once, thread=None)

    def redirect(self, code: str) -> None:
        """Turn to the default channel, out of any thread."""
        self.once = replace(self.once, thread=None)
        self.channel = self.run.default_channel
        self._refused_with = code

    def release(self) -> None:
        """Release the claim, as in doubt if the message may be posted."""
        may_be_posted = self.is_doubtful or self.posted is not None
        digest = self._digest
        if digest is None or digest.state is not DigestState.CLAIMED:
            return
        try:
            self.run.digests.write_digest(digest.given_back(may_be_posted=may_be_posted))
        except StoreError as error:
            logger.warning("message not released", channel=self.channel, detail=str(error))
        self._digest = None

    def fail(self, why: str, *, retry_seconds: float) -> None:  # noqa: ARG002 -- the next call
        """Leave it to the next call."""
        self.why = why
        self.is_done = True

    def _claim(self) -> None:
        """Claim the message of the name; what a dead worker had begun is searched for first."""
        run, now = self.run, self.run.clock()
        before = self.once.before
        if before is not None and before.is_leased(now):
            self.fail(ANOTHER_IS_AT_IT, retry_seconds=0.0)
            return
        if before is not None and before.state is DigestState.CLAIMED:
            found = self._found(before)
            if found is not None:
                if run.digests.write_digest(before.posted(channel=found.channel, ts=found.ts)):
                    self.said_until = before.started_at
                    self.is_done = True
                else:
                    self.fail(ANOTHER_WAS_FIRST, retry_seconds=0.0)
                return
        digest = self._claimed(before, now)
        if run.digests.write_digest(digest):
            self._digest = digest
        else:
            self.fail(ANOTHER_WAS_FIRST, retry_seconds=0.0)

    def _found(self, before: OpenDigest) -> Posted | None:
        """Search the places where a dead worker may have posted."""
        run = self.run
        name = before.digest_id
        threads = {before.posted_to: before.ts} if before.posted_to else {}
        # The thread and the channel may have the same key.
        for places in (threads, dict.fromkeys((self.once.channel, run.default_channel))):
            looked = look(run, [name], places, claimed_at=before.claimed_at)
            if name in looked.posted:
                return looked.posted[name]
        return None

    def _claimed(self, before: OpenDigest | None, now: float) -> OpenDigest:
        """Return the message as this run claims it: what is due until now goes into it."""
        run, once = self.run, self.once
        lease_until = run.lease_until()
        posted_to, ts = once.thread or (None, None)
        if before is not None and before.state is not DigestState.POSTED:
            again = before.again(now=now, lease_until=lease_until, worker=run.worker)
            return replace(again, started_at=once.until, posted_to=posted_to, ts=ts)
        return OpenDigest(
            name=once.name,
            channel=once.channel,
            number=before.number + 1 if before else 1,
            state=DigestState.CLAIMED,
            version=before.version + 1 if before else 1,
            claimed_at=now,
            lease_until=lease_until,
            claimed_by=run.worker,
            started_at=once.until,
            last_at=now,
            routes=once.routes,
            mention=once.mention,
            posted_to=posted_to,
            ts=ts,
        )

    def _post(self, digest: OpenDigest) -> None:
        run, once = self.run, self.once
        mention = once.mention
        if mention and not run.rate.may_call(self.channel, digest.digest_id):
            mention = ()
        code = self._refused_with
        banner = None
        if code is not None:
            banner = Banner(refused=((once.channel, code),), routes=once.routes)
        lay_out = once.lay_out_plain if self.is_plain else once.lay_out
        message = lay_out(mention, banner)
        channel, ts = once.thread or (self.channel, None)
        run.rate.use(self.channel)
        self.posted = run.slack.post(
            channel,
            message,
            delivery_ids=[digest.digest_id],
            thread_ts=ts,
            broadcast=ts is not None,
            seconds=run.deadline.for_slack(),
        )
        run.rate.worked(self.channel)
        self._record(self.posted)

    def _record(self, posted: Posted) -> None:
        digest = self._digest
        if digest is None:
            return
        after = digest.posted(channel=posted.channel, ts=posted.ts)
        if not self.run.digests.write_digest(after):
            logger.error("posted after the claim was lost", channel=posted.channel, ts=posted.ts)
        self._digest = after
        self.posted = None
        self.is_doubtful = False
        self.said_until = digest.started_at
        self.is_done = True


ONCE_LISTED: Final = "open"
ONCE_REMINDED: Final = "reminder"
