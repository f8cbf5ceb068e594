"""A digest's way into its channel: claim its findings, post the parent, list them, add them up."""

from dataclasses import replace
from typing import Final

from finding_router.delivery.backoff import FIRST_SECONDS
from finding_router.delivery.batch import Batch
from finding_router.delivery.deadline import AWS_SECONDS
from finding_router.delivery.digest import line_of
from finding_router.delivery.digest_book import OpenDigest
from finding_router.delivery.digest_opening import Opener
from finding_router.delivery.digests import Digests, parent
from finding_router.delivery.episodes import Verdict
from finding_router.delivery.job import Delivery, DigestWork, Progress
from finding_router.delivery.ledger import State, digest_of
from finding_router.delivery.searching import Searcher
from finding_router.errors import StoreError
from finding_router.findings.digest import Line
from finding_router.slack.client import Posted
from finding_router.slack.digest_thread import render_replies
from finding_router.telemetry import logger

_SAY: Final = frozenset({Verdict.POST, Verdict.RESUME, Verdict.RECOVER})


class DigestTeller:
    """Takes the digests of one batch step by step; each step may be the last of this worker."""

    def __init__(self, batch: Batch, digests: Digests) -> None:
        """Work on *batch*; *digests* keeps the totals."""
        self._digests = digests
        self._opener = Opener(batch, digests)
        self._book = batch.book
        self._searcher = Searcher(batch)
        self._slack = batch.slack
        self._claims = batch.claims
        self._slots = batch.slots
        self._pace = batch.pace
        self._default_channel = batch.default_channel
        self._deadline = batch.deadline
        self._clock = batch.clock

    def step(self, work: DigestWork) -> None:
        """Do the next thing that is not done: open, claim, post the parent, list, add up."""
        channel = work.channel(self._default_channel)
        digest = work.digest or self._opener.open(work)
        if digest is None:
            return
        if not work.is_claimed:
            self._claim(work, digest)
            return
        if not self._waiting(work) and not work.also:
            self._add_up(work, digest)
            return
        if not self._slots.is_now(channel) or not self._deadline.allows():
            return
        if digest.state is State.POSTED:
            self._list(work, digest, channel)
        else:
            self._post_parent(work, digest, channel)

    def record(self, work: DigestWork) -> None:
        """Write down what was posted: the parent, or a reply with what it lists."""
        posted, digest = work.posted, work.digest
        if posted is None or digest is None:
            return
        if digest.state is not State.POSTED:
            posted_digest = digest.posted(channel=posted.channel, ts=posted.ts)
            # First: without it, nobody could ever bring the totals up to date.
            self._book.keep_about(posted_digest)
            if not self._book.write_digest(posted_digest):
                logger.error("digest posted after its claim was lost", ts=posted.ts)
            work.digest = posted_digest
            # One that was found may say less than is listed now.
            work.is_parent_new = not work.is_doubtful
        else:
            lines = self._lines(work)
            # A try before this one may have failed after some of them.
            self._book.put_lines(
                digest.digest_id, [lines[each] for each in work.in_reply if each in lines]
            )
            for delivery in self._waiting(work):
                if delivery.key.finding in work.in_reply:
                    self._record(delivery, digest)
            work.also = [each for each in work.also if each.key.finding not in work.in_reply]
            work.put_so_far += len(work.in_reply)
            work.in_reply = ()
            if not posted.is_in_thread and self.is_saying(work):
                # Slack posts into the channel where the parent is gone.
                self.detach(work)
        work.posted = None
        work.is_plain = work.is_doubtful = False

    def detach(self, work: DigestWork) -> None:
        """Begin another digest: the thread of this one is gone, or in a channel that is."""
        if work.digest is not None and work.digest.state is State.POSTED:
            work.before = work.digest
            work.digest = None
            # Its own channel may take messages again.
            work.banner = None
            work.put_so_far = 0
            work.is_forced = True

    def release(self, work: DigestWork) -> None:
        """Give back what was claimed and not listed."""
        for delivery in work.deliveries:
            if delivery.progress is Progress.PENDING:
                # Listed and not recorded is as doubtful as listed without an answer.
                may_be_listed = work.is_doubtful or work.posted is not None
                delivery.is_doubtful = delivery.is_doubtful or (
                    may_be_listed and delivery.key.finding in work.in_reply
                )
                self._claims.release(delivery)
        digest = work.digest
        if digest is None:
            return
        if digest.state is State.POSTED:
            # What was listed before it came to this has to be added up all the same.
            self._digests.touch(digest.digest_id)
        elif digest.state is State.CLAIMED and self._deadline.leaves(AWS_SECONDS):
            may_be_there = work.is_doubtful or work.posted is not None
            state = State.CLAIMED if may_be_there else State.RELEASED
            self._give_back(digest, state)

    def is_saying(self, work: DigestWork) -> bool:
        """Tell whether something is left to list; adding up only changes the parent."""
        return bool(self._waiting(work) or work.also)

    def _claim(self, work: DigestWork, digest: OpenDigest) -> None:
        """Claim each finding of the digest; those that another worker has are left to it."""
        for delivery in work.deliveries:
            verdict = self._claims.judge(delivery)
            delivery.is_doubtful = verdict is Verdict.RECOVER
            if verdict is Verdict.BUSY:
                why = "another worker is at it"
                delivery.end(Progress.FAILED, why, retry_seconds=FIRST_SECONDS)
            elif verdict not in _SAY:
                # Said before, by whomever: the next try finds out where what is left belongs.
                why = "to be said by itself"
                delivery.end(Progress.FAILED, why, retry_seconds=FIRST_SECONDS)
            elif not self._claims.claim(delivery, verdict, digest=digest.digest_id):
                why = "another worker was first"
                delivery.end(Progress.FAILED, why, retry_seconds=FIRST_SECONDS)
            if not self._deadline.allows():
                return
        work.is_claimed = True

    def _post_parent(self, work: DigestWork, digest: OpenDigest, channel: str) -> None:
        if work.is_doubtful:
            places = dict.fromkeys([channel, self._default_channel])
            looked = self._searcher.look([digest.digest_id], places, claimed_at=digest.claimed_at)
            work.posted = looked.posted.get(digest.digest_id)
            # What is found stays doubtful until it is recorded.
            work.is_doubtful = work.posted is not None or not looked.is_sure
            if work.posted is not None or not self._deadline.allows():
                return
        # It may have been meant for another channel.
        work.digest = digest = replace(digest, banner=work.banner)
        if digest.mention and not self._pace.may_call(channel, digest.digest_id):
            digest = replace(digest, mention=())
        lines = list(self._lines(work).values())
        self._slots.use(channel)
        work.posted = self._slack.post(
            channel,
            parent(digest, lines, is_plain=work.is_plain),
            delivery_ids=[digest.digest_id],
            seconds=self._deadline.for_slack(),
        )
        self._pace.worked(channel)

    def _list(self, work: DigestWork, digest: OpenDigest, channel: str) -> None:
        """Post the next reply; what an earlier try may have listed is looked for before."""
        if self._found(work, digest, channel) or not self._deadline.allows():
            return
        reply = render_replies(list(self._lines(work).values()), listed_before=work.put_so_far)[0]
        work.in_reply = reply.subjects
        self._slots.use(channel)
        names = {
            **{each.key.finding: _name(each) for each in self._waiting(work)},
            **{each.key.finding: _also_name(each, digest) for each in work.also},
        }
        work.posted = self._slack.post(
            digest.posted_to or channel,
            reply.plain if work.is_plain else reply.message,
            delivery_ids=[names[subject] for subject in reply.subjects],
            thread_ts=digest.ts,
            seconds=self._deadline.for_slack(),
        )
        self._pace.worked(channel)

    def _found(self, work: DigestWork, digest: OpenDigest, channel: str) -> bool:
        """Look, for all at once, whether an earlier try has listed them; record those it has."""
        doubtful = {
            **{_name(each): each for each in self._waiting(work) if each.is_doubtful},
            **{_also_name(each, digest): each for each in work.also if each.is_listing_doubtful},
        }
        if not doubtful:
            return False
        place = {digest.posted_to or channel: digest.ts}
        looked = self._searcher.look(doubtful, place, claimed_at=digest.claimed_at)
        for name, each in doubtful.items():
            # What is found stays doubtful until it is recorded.
            is_doubtful = name in looked.posted or not looked.is_sure
            if each in work.also:
                each.is_listing_doubtful = is_doubtful
            else:
                each.is_doubtful = is_doubtful
        found = [each for name, each in doubtful.items() if name in looked.posted]
        if found:
            lines = self._lines(work)
            self._book.put_lines(digest.digest_id, [lines[each.key.finding] for each in found])
        for each in found:
            if each in work.also:
                work.also.remove(each)
            else:
                self._record(each, digest)
        return bool(found)

    def _add_up(self, work: DigestWork, digest: OpenDigest) -> None:
        """End; the totals are counted anew, unless the parent was posted with all that there is."""
        if not work.is_parent_new or not self._is_newest(digest):
            self._digests.touch(digest.digest_id)
        work.end(Progress.POSTED)

    def _is_newest(self, digest: OpenDigest) -> bool:
        """Tell whether nobody has gone on with *digest* meanwhile, and counted less."""
        try:
            newest = self._book.open_digests([digest.name]).get(digest.name)
        except StoreError as error:
            logger.warning("digest not read again", reason=str(error))
            return False
        return newest is not None and newest.version == digest.version

    def _record(self, delivery: Delivery, digest: OpenDigest) -> None:
        where = Posted(digest.posted_to or "", digest.ts or "")
        if delivery.entry is not None:
            # Claimed for another, whose thread may be gone since.
            delivery.entry = replace(delivery.entry, digest=digest.digest_id)
        if not self._claims.record(delivery, where):
            logger.error("listed after the claim was lost", channel=where.channel, ts=where.ts)
        delivery.end(Progress.DIGESTED)

    def _waiting(self, work: DigestWork) -> list[Delivery]:
        return [each for each in work.deliveries if each.progress is Progress.PENDING]

    def _lines(self, work: DigestWork) -> dict[str, Line]:
        """Give what is still to be listed, by subject."""
        return {
            each.key.finding: replace(
                line_of(
                    each.job.finding,
                    subject=each.key.finding,
                    account_alias=each.card.context.account_alias,
                    portal=each.card.context.portal,
                ),
                is_ended=each.key.finding in work.over,
                severity=each.severity,
            )
            for each in (*self._waiting(work), *work.also)
            if each.job.finding is not None
        }

    def _give_back(self, digest: OpenDigest, state: State) -> None:
        """Let the next worker begin at once; where that fails, the lease runs out."""
        try:
            self._book.write_digest(digest.given_back(state))
        except StoreError as error:
            logger.warning("digest not released", reason=str(error))


def _name(delivery: Delivery) -> str:
    """Name the place of *delivery*, which is claimed, in a reply."""
    return delivery.entry.delivery_id if delivery.entry else ""


def _also_name(delivery: Delivery, digest: OpenDigest) -> str:
    """Name the place in a reply of what has a card of its own, too."""
    return digest_of(["also", digest.digest_id, delivery.key.finding])
