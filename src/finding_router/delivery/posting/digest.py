"""The task of a digest: recover, open, claim its findings, post the parent, list, add up."""

from collections.abc import Collection
from copy import replace
from itertools import batched
from typing import Final

from finding_router.delivery.alerts.advance import Verdict, advance
from finding_router.delivery.alerts.identity import hash_of
from finding_router.delivery.alerts.ledger import ALERTS_AT_ONCE
from finding_router.delivery.deliveries import Delivery
from finding_router.delivery.digests.grouping import Group, united
from finding_router.delivery.digests.lines import line_of
from finding_router.delivery.digests.store import DigestState, OpenDigest
from finding_router.delivery.digests.totals import parent
from finding_router.delivery.limits.backoff import FIRST_SECONDS, backoff_seconds
from finding_router.delivery.limits.deadline import AWS_SECONDS
from finding_router.delivery.outcome import Progress
from finding_router.delivery.posting.recovery import Looked, look, look_for_claims
from finding_router.delivery.posting.run import (
    ANOTHER_IS_AT_IT,
    ANOTHER_WAS_FIRST,
    Run,
)
from finding_router.delivery.posting.task import Rank, Task
from finding_router.errors import StoreError
from finding_router.findings.digest import Line
from finding_router.slack.api.client import Posted
from finding_router.slack.messages.digest_thread import render_replies
from finding_router.telemetry import logger

# Another worker posts the parent in so many seconds, most likely.
PARENT_SECONDS: Final = 3.0
# A run that may wait for slots looks so often whether it has.
LOOK_SECONDS: Final = 0.5


class DigestTask(Task):
    """Lists the deliveries of a group in the thread of one parent."""

    def __init__(self, run: Run, group: Group) -> None:
        """List *group* within *run*."""
        several = group.deliveries or group.also
        super().__init__(
            run,
            channel=group.channel,
            urgency=-group.severity.rank,
            tries=several[-1].job.record.tries,
        )
        self.group = group
        self.digest: OpenDigest | None = None
        self._before = group.before
        self._also = list(group.also)
        self._meant_for = _meant_for(group.deliveries)
        self._is_forced = False
        """A digest of its own is begun, though another one still goes on."""
        self._is_recovered = False
        self._is_claimed = False
        self._in_new_parent: int | None = None
        """Number of findings in the parent, if it was posted in this run."""
        self._is_counted = False
        """The parent, of this run or of one that died, may count what is not listed yet."""
        self._doubtful_also = group.over | {
            each.key.subject for each in self._also if each.alert.is_unlisted
        }
        """Subjects that a try before this one may have listed besides."""
        self._doubt_since: dict[str, float] = {}
        """By subject: Unix second of a claim whose line may stand where the app may not search."""
        self._rests_since: float | None = None
        """Unix second since when it waits for the parent of another worker."""
        self._put_so_far = 0
        self._rendered: dict[str, Line] = {}
        self._in_reply: tuple[str, ...] = ()
        """Subjects in the reply that is being posted."""

    @property
    def rank(self) -> Rank:
        """Return the rank of news."""
        return Rank.NEWS

    @property
    def needs_slot(self) -> bool:
        """Return True if the next step posts the parent or a reply."""
        is_left = self._also or any(
            each.progress is Progress.PENDING for each in self.group.deliveries
        )
        return self._is_claimed and self.posted is None and bool(is_left)

    @property
    def is_burst(self) -> bool:
        """Return True unless the digest was waited for."""
        return not self.group.heading

    def lists_in(self, digest_id: str) -> bool:
        """Return True if it goes on with the digest of that id, whose totals it changes."""
        return self.digest is not None and self.digest.digest_id == digest_id

    @property
    def left(self) -> list[Delivery]:
        """Return the deliveries that are still to be listed."""
        return [each for each in self.group.deliveries if each.progress is Progress.PENDING]

    def step(self) -> None:
        """Do the next thing that is not done."""
        run = self.run
        if self.posted is not None:
            self._record(self.posted)
        elif not self._is_recovered:
            self._recover()
        elif self.digest is None:
            self._open()
        elif not self._is_claimed:
            self._claim(self.digest)
        elif not self.left and not self._also:
            self._add_up(self.digest)
        elif not run.rate.is_now(self.channel) or not run.deadline.allows():
            return
        elif self.digest.state is DigestState.POSTED:
            self._list(self.digest)
        else:
            self._post_parent(self.digest)

    def stand_alone(self) -> None:
        """Begin another digest: the thread of this one is gone, or in a channel that is."""
        super().stand_alone()
        digest = self.digest
        if digest is None or digest.state is not DigestState.POSTED:
            return
        self.run.touch(digest.digest_id, *self._settled)
        self._before, self.digest = digest, None
        self._put_so_far = 0
        self._is_forced = True
        self._is_claimed = self._is_counted = False
        self._in_new_parent = None

    def redirect(self, code: str) -> None:
        """Turn to the default channel."""
        own = f"{self.group.destination.channel}: {code}"
        self._meant_for = united(self._meant_for, (own,))
        for each in self.left:
            each.refused_with = code
        self.stand_alone()
        self.channel = self.run.default_channel

    def release(self) -> None:
        """Release every claim without a record; never raises StoreError."""
        run, digest = self.run, self.digest
        # Posted and not recorded is as doubtful as posted without an answer.
        may_be_posted = self.is_doubtful or self.posted is not None
        is_claimed = digest is not None and digest.state is not DigestState.POSTED
        # A parent that this run or a dead one posted, or may have, counts all of them.
        is_counted = self._is_counted or (may_be_posted and is_claimed)
        doubtful = {
            each.key.subject
            for each in self.left
            if is_counted
            or _is_claimed_elsewhere(each, digest)
            or each.key.subject in self._doubt_since
            or (may_be_posted and each.key.subject in self._in_reply)
        }
        for is_doubtful in (False, True):
            some = [each for each in self.left if (each.key.subject in doubtful) is is_doubtful]
            run.release(*some, may_be_posted=is_doubtful)
        if digest is None:
            return
        if digest.state is DigestState.POSTED:
            # Its totals count everything that was to be listed.
            run.touch(digest.digest_id, *self._settled)
        elif digest.state is DigestState.CLAIMED and run.deadline.leaves(AWS_SECONDS):
            try:
                run.digests.write_digest(digest.given_back(may_be_posted=may_be_posted))
            except StoreError as error:
                logger.warning("digest not released", detail=str(error))
        self.digest = None

    def fail(self, why: str, *, retry_seconds: float) -> None:
        """Send everything that was not listed back, also findings with a card of their own."""
        for each in (*self.left, *self._also):
            each.fail(why, retry_seconds=retry_seconds)
        self.is_done = True

    def put_off(self, why: str, *, retry_seconds: float) -> None:
        """Put off everything that was not listed."""
        for each in (*self.left, *self._also):
            each.wait(why, retry_seconds=retry_seconds)
        self.is_done = True

    @property
    def _settled(self) -> list[Delivery]:
        """Return the deliveries of which one may come back for the totals."""
        return [*self.group.deliveries, *self.group.also]

    def _recover(self) -> None:
        """Search for the lines of dead workers, in one pass for each digest."""
        run = self.run
        begun = [each for each in self.left if each.alert.claim is not None]
        looked = look_for_claims(run, [each.alert for each in begun])
        begun = _readable(begun, looked)
        left: dict[str, list[Delivery]] = {}
        for each in begun:
            claim, alert = each.alert.claim, each.alert
            posted = looked.posted.get(alert.delivery_id)
            if claim is not None and claim.digest is not None:
                left.setdefault(claim.digest, []).append(each)
            if posted is None or claim is None:
                if not looked.is_sure and claim is not None:
                    self._doubt_since[each.key.subject] = claim.claimed_at
                each.alert = replace(alert, claim=None)
                continue
            digest = run.digests.about(claim.digest or "")
            if digest is not None:
                run.digests.put_lines(digest.digest_id, [self._line(each)])
                posted = Posted(digest.posted_to or posted.channel, digest.ts or posted.ts)
            after = alert.said(
                channel=posted.channel,
                ts=posted.ts,
                at=run.clock(),
                marks_until=run.marks_until(),
            )
            if run.write(each, after):
                each.step = advance(after, each.events, settle_seconds=run.settle_seconds)
                each.end(Progress.DIGESTED, each.step.why)
            else:
                each.fail(ANOTHER_WAS_FIRST, retry_seconds=FIRST_SECONDS)
        self._is_recovered = True
        for digest_id, those in left.items():
            run.touch(digest_id, *those)
            is_open = self._before is not None and self._before.digest_id == digest_id
            if is_open and self._goes_on_with:
                self._is_counted = True
            else:
                self.waits_for.add(digest_id)
        if not self.left and not self._also:
            self.is_done = True

    def _open(self) -> None:
        """Claim the open digest of the name, or the next one."""
        run, now = self.run, self.run.clock()
        if self._rests_since is not None:
            self._before = run.digests.open_digests([self.group.name]).get(self.group.name)
        before = self._before
        if before is not None and before.is_leased(now):
            if self._may_rest(now):
                self.rests_until = now + LOOK_SECONDS
                return
            # Unless that worker died, and its lease has to run out.
            wait = backoff_seconds(self.tries, first=PARENT_SECONDS, longest=2 * FIRST_SECONDS)
            self.fail(ANOTHER_IS_AT_IT, retry_seconds=wait)
            return
        if before is not None and not self._goes_on(before, now) and self._found_rest(before):
            self.is_done = True
            return
        digest = self._opened(before, now)
        if self._is_forced and before is not None:
            run.touch(before.digest_id, *self._settled)
        if not run.digests.write_digest(digest):
            # Another worker was first: the next step goes on from its state.
            self._before = run.digests.open_digests([self.group.name]).get(self.group.name)
            self._is_forced = self._is_forced and before == self._before
            return
        self.digest = digest
        if digest.state is DigestState.POSTED:
            # The time that it took so far.
            run.digests.keep_about(digest)
            self._put_so_far = run.digests.count(digest.digest_id).put

    def _may_rest(self, now: float) -> bool:
        """Return True if the run may wait a moment longer for the parent of another worker."""
        if self._rests_since is None:
            self._rests_since = now
        is_soon = now + LOOK_SECONDS <= self._rests_since + PARENT_SECONDS
        return is_soon and self.run.rate.is_patient(LOOK_SECONDS) and self.run.deadline.allows()

    def _opened(self, before: OpenDigest | None, now: float) -> OpenDigest:
        """Return the digest to list in, as this run claims it."""
        run = self.run
        lease_until = run.lease_until()
        if before is not None and self._goes_on(before, now):
            self.is_doubtful = before.state is DigestState.CLAIMED
            again = before.again(now=now, lease_until=lease_until, worker=run.worker)
            return replace(
                again,
                routes=united(again.routes, self.group.destination.routes),
                mention=united(again.mention, self.group.destination.mention),
                meant_for=united(again.meant_for, self._meant_for),
            )
        return OpenDigest(
            name=self.group.name,
            channel=self.channel,
            number=before.number + 1 if before else 1,
            state=DigestState.CLAIMED,
            version=before.version + 1 if before else 1,
            claimed_at=now,
            lease_until=lease_until,
            claimed_by=run.worker,
            started_at=now,
            last_at=now,
            heading=self.group.heading,
            why=self.group.why,
            routes=self.group.destination.routes,
            mention=self.group.destination.mention,
            meant_for=self._meant_for,
            before=self.group.compared_with,
        )

    @property
    def _goes_on_with(self) -> bool:
        before = self._before
        return before is not None and self._goes_on(before, self.run.clock())

    def _goes_on(self, before: OpenDigest, now: float) -> bool:
        """Return True if *before* is the digest to list in."""
        if before.state is not DigestState.POSTED:
            return True
        # Only a burst ends; a digest that was waited for is begun once. A burst that is over still
        # lists the cards that it brought.
        is_on = not self.is_burst or self.run.rules.is_on(before, now)
        return (is_on or not self.group.deliveries) and not self._is_forced

    def _claim(self, digest: OpenDigest) -> None:
        """Claim each delivery for *digest*; those of other workers are left to them."""
        run = self.run
        for each in self.left:
            if each.step.verdict is not Verdict.POST and not self._is_ours(each, digest):
                # Another worker said it: the next try plans the rest anew.
                each.fail("to be said by itself", retry_seconds=FIRST_SECONDS)
        unclaimed = [each for each in self.left if not self._is_ours(each, digest)]
        run.claim_all(unclaimed, digest.digest_id, doubt_since=self._doubt_since)
        self._is_claimed = all(self._is_ours(each, digest) for each in self.left)

    def _is_ours(self, delivery: Delivery, digest: OpenDigest) -> bool:
        """Return True if this run has claimed *delivery* for *digest*."""
        claim = delivery.alert.claim
        own = (self.run.worker, digest.digest_id)
        return claim is not None and (claim.worker, claim.digest) == own

    def _post_parent(self, digest: OpenDigest) -> None:
        run, channel = self.run, self.channel
        if self.is_doubtful:
            places = dict.fromkeys([channel, run.default_channel])
            looked = look(run, [digest.digest_id], places, claimed_at=digest.claimed_at)
            found = looked.posted.get(digest.digest_id)
            if found is not None:
                # It may say less than is listed now, and is in doubt until it is recorded.
                self._record_parent(digest, found, is_new=False)
            self.is_doubtful = False
            if found is not None or not run.deadline.allows():
                return
        # It may have been meant for another channel.
        self.digest = digest = replace(digest, meant_for=self._meant_for)
        # Whoever meets a claim of it can find its parent, though this run may die over it.
        run.digests.keep_about(digest)
        said = digest
        if digest.mention and not run.rate.may_call(channel, digest.digest_id):
            said = replace(digest, mention=())
        lines = list(self._lines().values())
        self._in_new_parent = len(lines)
        message = parent(said, lines, is_plain=self.is_plain, has_actions=run.has_actions)
        run.rate.use(channel)
        self.posted = run.slack.post(
            channel,
            message,
            delivery_ids=[digest.digest_id],
            seconds=run.deadline.for_slack(),
        )
        self._count_message()
        run.rate.worked(channel)
        self._record(self.posted)

    def _list(self, digest: OpenDigest) -> None:
        """Post the next reply; lines that an earlier try may have posted are searched for first."""
        run, channel = self.run, self.channel
        if self._doubtful_also and self._found_also(digest):
            return
        # One whose card could not be claimed comes back for both.
        over = self.group.over
        self._also = [
            each for each in self._also if each.alert.version > 0 or each.key.subject in over
        ]
        lines = list(self._lines().values())
        if not lines or not run.deadline.allows():
            return
        reply = render_replies(lines, listed_before=self._put_so_far)[0]
        names = {
            **{each.key.subject: each.alert.delivery_id for each in self.left},
            **{each.key.subject: _also_name(each, digest) for each in self._also},
        }
        self._in_reply = reply.subjects
        run.rate.use(channel)
        self.posted = run.slack.post(
            digest.posted_to or channel,
            reply.plain if self.is_plain else reply.message,
            delivery_ids=[names[subject] for subject in reply.subjects],
            thread_ts=digest.ts,
            seconds=run.deadline.for_slack(),
        )
        self._count_message()
        run.rate.worked(channel)
        self._record(self.posted)

    def _count_message(self) -> None:
        planned = self.group.destination
        self.run.digest_messages[planned.channel, planned.routes] += 1

    def _found_rest(self, before: OpenDigest) -> bool:
        """
        Search for cards that a run that died listed in *before*; return True if nothing is left.

        Findings with a card of their own have no claim that names the digest.
        """
        if before.ts is None or not self._doubtful_also:
            return False
        several = tuple(self._also)
        if self._found_also(before):
            self.run.touch(before.digest_id, *(each for each in several if each not in self._also))
        return not self.left and not self._also

    def _found_also(self, digest: OpenDigest) -> bool:
        """Search once for all cards that an earlier try may have listed; record the found ones."""
        doubtful = {
            _also_name(each, digest): each
            for each in self._also
            if each.key.subject in self._doubtful_also
        }
        place = {digest.posted_to or self.channel: digest.ts}
        looked = look(self.run, doubtful, place, claimed_at=digest.claimed_at)
        self._doubtful_also = frozenset()
        found = [each for name, each in doubtful.items() if name in looked.posted]
        if found:
            self.run.digests.put_lines(digest.digest_id, [self._line(each) for each in found])
            self._record_also(digest, {each.key.subject for each in found})
        return bool(found)

    def _record_also(self, digest: OpenDigest, subjects: Collection[str]) -> None:
        """Remember that the cards of *subjects* are listed besides."""
        for each in self._also:
            if each.key.subject in subjects:
                each.is_beside, each.listed_in = False, digest.digest_id
                if each.alert.is_unlisted:
                    self.run.write(each, each.alert.listed(digest.digest_id))
        self._also = [each for each in self._also if each.key.subject not in subjects]

    def _record(self, posted: Posted) -> None:
        """Record a posted message: the parent, or a reply with its lines."""
        digest = self.digest
        if digest is None:
            return
        if digest.state is not DigestState.POSTED:
            self._record_parent(digest, posted, is_new=True)
        else:
            self._record_reply(digest, posted)

    def _record_parent(self, digest: OpenDigest, posted: Posted, *, is_new: bool) -> None:
        posted_digest = digest.posted(channel=posted.channel, ts=posted.ts)
        # First: the totals can only be updated with it.
        self.run.digests.keep_about(posted_digest)
        if not self.run.digests.write_digest(posted_digest):
            logger.error("digest posted after its claim was lost", ts=posted.ts)
        self.digest = posted_digest
        self._is_counted = True
        if is_new:
            self._doubtful_also = frozenset()
        else:
            self._in_new_parent = None
        self.posted = None
        self.is_plain = False

    def _record_reply(self, digest: OpenDigest, posted: Posted) -> None:
        run = self.run
        lines = self._lines()
        # A try before this one may have failed after some of them.
        listed = [lines[each] for each in self._in_reply if each in lines]
        run.digests.put_lines(digest.digest_id, listed)
        channel, ts, now = digest.posted_to or "", digest.ts or "", run.clock()
        in_reply = [each for each in self.left if each.key.subject in self._in_reply]
        for some in batched(in_reply, ALERTS_AT_ONCE, strict=False):
            after = [
                each.alert.said(channel=channel, ts=ts, at=now, marks_until=run.marks_until())
                for each in some
            ]
            if run.write_all(some, after):
                logger.error("listed after the claim was lost", channel=channel)
            for each, alert in zip(some, after, strict=True):
                each.alert = alert
                each.end(Progress.DIGESTED, each.step.why)
        self._record_also(digest, self._in_reply)
        self._put_so_far += len(listed)
        self._in_reply = ()
        self.posted = None
        self.is_plain = False
        if not posted.is_in_thread and (self.left or self._also):
            # Slack posts into the channel if the parent is gone.
            self.stand_alone()

    def _add_up(self, digest: OpenDigest) -> None:
        """End; the totals are counted, unless the parent was posted with all that there is."""
        run = self.run
        self.is_done = True
        try:
            count = run.digests.count(digest.digest_id)
            # Another worker that lists there may have counted before this one was ready.
            is_as_posted = self._in_new_parent == self._put_so_far == count.put
            is_complete = is_as_posted and count.shown < 0
            if is_complete:
                run.digests.end_count(digest.digest_id, shown=self._put_so_far, at=run.clock())
        except StoreError as error:
            logger.warning("totals not settled", detail=str(error))
            is_complete = False
        if not is_complete:
            run.touch(digest.digest_id, *self._settled)

    def _lines(self) -> dict[str, Line]:
        """Return the lines that are still to be listed, by subject."""
        several = (*self.left, *self._also)
        return {each.key.subject: self._line(each) for each in several}

    def _line(self, delivery: Delivery) -> Line:
        """Return the line of *delivery*, which is the same for each message of this task."""
        subject = delivery.key.subject
        if subject not in self._rendered:
            self._rendered[subject] = self._new_line(delivery)
        return self._rendered[subject]

    def _new_line(self, delivery: Delivery) -> Line:
        finding, context = delivery.job.finding, delivery.card.context
        if finding is None:
            raise LookupError("a finding that cannot be read joins no digest")
        line = line_of(
            finding,
            subject=delivery.key.subject,
            account_alias=context.account_alias,
            portal=context.portal,
        )
        is_ended = delivery.key.subject in self.group.over
        has_card = not is_ended and any(each is delivery for each in self.group.also)
        return replace(line, is_ended=is_ended, severity=delivery.severity, has_card=has_card)


def _readable(begun: list[Delivery], looked: Looked) -> list[Delivery]:
    """Return those of *begun* whose digest could be read; the others come back."""
    readable = []
    for each in begun:
        claim = each.alert.claim
        why = looked.unreadable.get(claim.digest) if claim and claim.digest else None
        if why is None:
            readable.append(each)
        else:
            each.fail(why, retry_seconds=backoff_seconds(each.job.record.tries))
    return readable


def _is_claimed_elsewhere(delivery: Delivery, digest: OpenDigest | None) -> bool:
    """Return True if the parent of another than *digest* may count *delivery*."""
    claim = delivery.alert.claim
    own = digest.digest_id if digest else None
    return claim is not None and claim.digest is not None and claim.digest != own


def _meant_for(deliveries: list[Delivery]) -> tuple[str, ...]:
    """Return the channels that refused *deliveries*, each with Slack's code."""
    refused = (each for each in deliveries if each.refused_with is not None)
    return tuple(
        dict.fromkeys(f"{each.destination.channel}: {each.refused_with}" for each in refused)
    )


def _also_name(delivery: Delivery, digest: OpenDigest) -> str:
    """Return the name of a line in a reply for a finding that has a card of its own, too."""
    return hash_of(["also", digest.digest_id, delivery.key.subject])
