"""The task of one delivery: recover, claim, post, record, or change the card."""

from copy import replace
from typing import Final

from finding_router.delivery.alerts.advance import SAYINGS, Step, Verdict, advance
from finding_router.delivery.alerts.alert import Alert, Saying
from finding_router.delivery.deliveries import Delivery
from finding_router.delivery.digests.grouping import channel_of
from finding_router.delivery.limits.backoff import FIRST_SECONDS, backoff_seconds
from finding_router.delivery.limits.rate import AT_SLACKS_PACE
from finding_router.delivery.outcome import Progress
from finding_router.delivery.posting.layout import Card
from finding_router.delivery.posting.recovery import look_for_claims
from finding_router.delivery.posting.run import ANOTHER_IS_AT_IT, ANOTHER_WAS_FIRST, Run
from finding_router.delivery.posting.task import Rank, Task
from finding_router.errors import StoreError, UnreadableError
from finding_router.slack.api.client import Posted
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.refused import Banner
from finding_router.telemetry import logger

# The slot after that of the card.
APPENDIX_SECONDS: Final = 1.5
# Others may write the same alert between a read and a write.
_TRIES: Final = 5
_CHANGES: Final = frozenset({Verdict.CLOSE, Verdict.REFRESH})


class CardTask(Task):
    """Posts, or changes, the message of one alert."""

    def __init__(self, run: Run, delivery: Delivery) -> None:
        """Work on *delivery* within *run*."""
        super().__init__(
            run,
            channel=channel_of(delivery, run.default_channel),
            urgency=-delivery.severity.rank,
            tries=delivery.job.record.tries,
        )
        self.delivery = delivery
        self._was_begun = delivery.alert.claim is not None
        """An earlier try began to post it: it is finished, even if a silence holds it now."""
        self._doubt_since: float | None = None
        """Unix second of a claim whose message may stand where the app may not search."""
        self._done_as: Progress | None = None
        """How the delivery ends once its card is up to date."""
        self._overtaken = 0
        """How often another worker changed the alert before a change of the card was recorded."""
        self._appendix: Message | None = None
        """The reply to post in the thread of the card that was posted just now."""

    @property
    def rank(self) -> Rank:
        """Return NEWS for a post, REFRESH for a card that an earlier message left stale."""
        if self._done_as is not None:
            return Rank.REFRESH
        if self.delivery.is_news and not self._is_to_hold:
            return Rank.NEWS
        return Rank.REFRESH if self.delivery.step.verdict is Verdict.REFRESH else Rank.CHANGE

    @property
    def needs_slot(self) -> bool:
        """Return True if the next step posts: news, or the reply that stands for a change."""
        is_post = self.rank is Rank.NEWS or self._is_end_reply or self._appendix is not None
        return is_post and self.posted is None and not self._is_to_recover

    @property
    def is_change(self) -> bool:
        """Return True if the next step changes the card."""
        is_change = self._done_as is not None or self.delivery.step.verdict in _CHANGES
        return is_change and not self._is_end_reply and self._appendix is None

    @property
    def patience_seconds(self) -> float:
        """Return the seconds that an appendix waits for the slot after that of its card."""
        return APPENDIX_SECONDS if self._appendix is not None else 0.0

    @property
    def is_dispensable(self) -> bool:
        """Return True for the reply that says an end, and for an appendix."""
        return self._is_end_reply or self._appendix is not None

    @property
    def _is_ours(self) -> bool:
        claim = self.delivery.alert.claim
        return claim is not None and claim.worker == self.run.worker

    @property
    def _is_to_recover(self) -> bool:
        return self.delivery.alert.claim is not None and not self._is_ours

    @property
    def _is_to_hold(self) -> bool:
        return self.delivery.destination.hold is not None and not self._was_begun

    @property
    def _is_end_reply(self) -> bool:
        """Return True if an end is said in the thread, because the card cannot be changed."""
        return self.is_alone and self.delivery.step.verdict is Verdict.CLOSE

    def step(self) -> None:
        """Carry out the verdict."""
        delivery = self.delivery
        if delivery.is_undone:
            # It comes back for the totals of its digest.
            self.is_done = True
        elif self.posted is not None:
            self._record(self.posted)
        elif self._is_to_recover:
            self._recover()
        elif self._done_as is not None:
            self._update()
        elif delivery.is_news and self._is_to_hold:
            self._hold()
        elif delivery.is_news or self._is_end_reply:
            self._say()
        elif delivery.step.verdict in _CHANGES:
            self._change()
        else:
            self._end_quietly()

    def stand_alone(self) -> None:
        """Post the news without the lost thread; leave a lost card as it was."""
        is_change = self.is_change or self._appendix is not None
        super().stand_alone()
        if is_change and self.delivery.step.verdict is not Verdict.CLOSE:
            self.give_up()
        elif not is_change:
            self.delivery.alert = self.delivery.alert.detached()

    def give_up(self) -> None:
        """Record the newest state without a card: the card is gone."""
        self.delivery.alert = replace(self.delivery.alert, claim=None)
        try:
            self._write_shown()
        except StoreError as error:
            self.fail(str(error), retry_seconds=FIRST_SECONDS)

    def redirect(self, code: str) -> None:
        """Turn to the default channel, out of any thread."""
        self.delivery.alert = self.delivery.alert.detached()
        self.delivery.refused_with = code

    def release(self) -> None:
        """Release the claim, as in doubt if the message may be posted."""
        may_be_posted = self.is_doubtful or self.posted is not None
        self.run.release(self.delivery, may_be_posted=may_be_posted)

    def fail(self, why: str, *, retry_seconds: float) -> None:
        """Send the records of the delivery back."""
        self.delivery.fail(why, retry_seconds=retry_seconds)
        self.is_done = True

    def put_off(self, why: str, *, retry_seconds: float) -> None:
        """Put the records of the delivery off."""
        self.delivery.wait(why, retry_seconds=retry_seconds)
        self.is_done = True

    def _end(self, progress: Progress) -> None:
        self.delivery.end(progress, self.delivery.step.why)
        self.is_done = True

    def _recover(self) -> None:
        """Search for the message of a claim whose worker may have died."""
        delivery, run = self.delivery, self.run
        alert = delivery.alert
        if alert.is_leased(run.clock()):
            self.fail(ANOTHER_IS_AT_IT, retry_seconds=FIRST_SECONDS)
            return
        looked = look_for_claims(run, [alert])
        for why in looked.unreadable.values():
            self.fail(why, retry_seconds=backoff_seconds(self.tries))
            return
        posted = looked.posted.get(alert.delivery_id)
        if posted is None:
            if alert.claim is not None and alert.claim.digest is not None:
                # Its parent may count a line that was never listed.
                run.touch(alert.claim.digest, delivery)
                self.waits_for.add(alert.claim.digest)
            if not looked.is_sure and alert.claim is not None:
                self._doubt_since = alert.claim.claimed_at
                self.is_doubtful = True
            delivery.alert = replace(alert, claim=None)
        elif not self._record_found(posted):
            return
        delivery.step = self._step_of(delivery.alert)

    def _record_found(self, posted: Posted) -> bool:
        """Record a message that an earlier try posted; return False if another worker did."""
        delivery, run = self.delivery, self.run
        alert, claim = delivery.alert, delivery.alert.claim
        if claim is not None and claim.digest is not None:
            digest = run.digests.about(claim.digest)
            if digest is not None:
                posted = Posted(digest.posted_to or posted.channel, digest.ts or posted.ts)
                run.touch(claim.digest, delivery)
        is_listed = claim is not None and claim.digest is not None
        if alert.ts is not None and not posted.is_in_thread and not is_listed:
            alert = alert.detached()
        after = self._said(alert, posted)
        if delivery.job.finding is None and not is_listed:
            # Its appendix may be missing: the card takes it in.
            after = replace(after, is_card_stale=True)
        if not run.write(delivery, after):
            self.fail(ANOTHER_WAS_FIRST, retry_seconds=FIRST_SECONDS)
            return False
        is_end = claim is not None and claim.saying is Saying.END
        said = Progress.DIGESTED if is_listed else Progress.POSTED
        self._done_as = Progress.UPDATED if is_end else said
        return True

    def _hold(self) -> None:
        """Hold the alert, or mark it as forgotten at once if its silence says so."""
        delivery, hold = self.delivery, self.delivery.destination.hold
        if hold is not None and hold.forget:
            alert = delivery.step.alert
            if alert.version == 0:
                self.run.ledger.note_channel(delivery.key)
            forgotten = replace(alert, claim=None).forgotten(at=self.run.clock())
            if not self.run.write(delivery, forgotten):
                self.fail(ANOTHER_WAS_FIRST, retry_seconds=FIRST_SECONDS)
                return
        delivery.end(Progress.HELD, str(hold))
        self.is_done = True

    def _say(self) -> None:
        """Claim the alert and post, once the channel has a slot."""
        run = self.run
        if not run.rate.is_now(self.channel):
            return
        saying = SAYINGS.get(self.delivery.step.verdict, Saying.END)
        if not self._is_ours and not run.claim(
            self.delivery, saying, doubt_since=self._doubt_since
        ):
            self.fail(ANOTHER_WAS_FIRST, retry_seconds=FIRST_SECONDS)
            return
        if run.deadline.allows():
            self._post(self.delivery.alert)

    def _post(self, alert: Alert) -> None:
        """Post into the channel, or into the thread of the card."""
        run, channel = self.run, self.channel
        is_reply = alert.ts is not None
        message = self._message(alert, self._card(alert, channel))
        run.rate.use(channel)
        saying = alert.claim.saying if alert.claim else Saying.CARD
        self.posted = run.slack.post(
            (alert.posted_to if is_reply else None) or channel,
            message,
            delivery_ids=[alert.delivery_id],
            thread_ts=alert.ts,
            broadcast=is_reply and saying is not Saying.END,
            seconds=run.deadline.for_slack(),
        )
        run.rate.worked(channel)
        self._appendix = message.appendix
        self._record(self.posted)

    def _append(self, appendix: Message) -> None:
        """
        Post *appendix* into the thread of the card, once the channel has a slot.

        Until it stands there the card counts as stale: the next delivery puts it onto the card.
        """
        run, alert = self.run, self.delivery.alert
        if not run.rate.is_now(self.channel, least_seconds=APPENDIX_SECONDS):
            return
        run.rate.use(self.channel)
        run.slack.post(
            alert.posted_to or self.channel,
            Message(text=appendix.text) if self.is_plain else appendix,
            thread_ts=alert.ts,
            seconds=run.deadline.for_slack(),
        )
        run.rate.worked(self.channel)
        self._appendix = None
        self._write_shown()

    def _card(self, alert: Alert, channel: str) -> Card:
        """Return the card without its mention if people were called into *channel* just before."""
        card = self.delivery.card
        if not card.context.mention or self.run.rate.may_call(channel, alert.delivery_id):
            return card
        return replace(card, context=replace(card.context, mention=()))

    def _message(self, alert: Alert, card: Card) -> Message:
        if self.is_plain:
            return card.plain(alert, self._banner)
        return card.said(alert, now=self.run.clock(), banner=self._banner)

    @property
    def _banner(self) -> Banner | None:
        code = self.delivery.refused_with
        own = self.delivery.destination
        return None if code is None else Banner(refused=((own.channel, code),), routes=own.routes)

    def _record(self, posted: Posted) -> None:
        """Record the place of the message; a stale card is changed later."""
        delivery, run = self.delivery, self.run
        alert = delivery.alert
        saying = alert.claim.saying if alert.claim else Saying.CARD
        if alert.ts is not None and not posted.is_in_thread:
            # The thread was gone: Slack then posts into the channel, and says nothing of it.
            alert = alert.detached()
        after = self._said(alert, posted)
        if self._appendix is not None:
            after = replace(after, is_card_stale=True)
        if not run.write(delivery, after):
            logger.error("posted after the claim was lost", channel=posted.channel, ts=posted.ts)
            delivery.alert = after
        delivery.step = replace(delivery.step, alert=delivery.alert)
        self.posted = None
        self.is_doubtful = False
        self._done_as = Progress.UPDATED if saying is Saying.END else Progress.POSTED
        if not delivery.alert.is_card_stale:
            self._end(self._done_as)

    def _said(self, alert: Alert, posted: Posted) -> Alert:
        run = self.run
        return alert.said(
            channel=posted.channel, ts=posted.ts, at=run.clock(), marks_until=run.marks_until()
        )

    def _update(self) -> None:
        """Update the card after a reply, or after a message that was found."""
        delivery = self.delivery
        if self._appendix is not None:
            self._append(self._appendix)
        elif delivery.alert.is_card_stale:
            self._change()
        elif delivery.is_news and not self._is_to_hold:
            self._done_as = None
        elif delivery.step.verdict in _CHANGES:
            self._change()
        else:
            self._end_quietly()

    def _change(self) -> None:
        """Show the newest state: on the card, or in the digest that lists the alert."""
        run = self.run
        shown = self._shown()
        if shown.is_forgotten:
            # Nobody was ever told: only the Ledger hears of it.
            self._write(shown, Progress.UNKNOWN)
            return
        if shown.digest is not None:
            self._change_line(shown, shown.digest)
            self._write_shown()
            return
        seconds = run.rate.seconds_to_change()
        if seconds:
            self.put_off(AT_SLACKS_PACE, retry_seconds=seconds)
            return
        message = self._changed(shown)
        if self.is_plain:
            message = Message(text=message.text)
        run.slack.update(
            shown.posted_to or "", shown.ts or "", message, seconds=run.deadline.for_slack()
        )
        self._write_shown()

    def _changed(self, shown: Alert) -> Message:
        card = self.delivery.card
        if shown.is_there:
            return card.full(shown, None).in_one()
        return card.ended(shown, self.run.clock())

    def _change_line(self, shown: Alert, digest_id: str) -> None:
        """Change the line of the alert in its digest; the totals follow."""
        stored = self.run.digests.lines(digest_id)
        if shown.key.subject in stored.unreadable:
            raise UnreadableError(f"its line in the digest {digest_id} cannot be read")
        lines = {line.subject: line for line in stored}
        line = lines.get(shown.key.subject)
        if line is not None:
            line = replace(line, is_ended=not shown.is_there, severity=shown.severity)
            self.run.digests.put_lines(digest_id, [line])
            self.run.touch(digest_id, self.delivery)

    def _shown(self) -> Alert:
        """Return the alert with a card that shows the newest state."""
        alert = replace(self.delivery.alert, members=self.delivery.step.alert.members)
        return alert.shown(at=self.run.clock(), ended_as=self.delivery.card.ending(alert))

    def _write_shown(self) -> None:
        self._write(self._shown(), self._done_as or Progress.UPDATED)
        if self.delivery.is_undone and (alert := self._leave_stale()) is not None:
            self._show_again(alert)

    def _leave_stale(self) -> Alert | None:
        """
        Record that the card may show an older state than the Ledger has; return the alert.

        Another worker changed the alert, and the card, before this one changed the card. An alert
        with a claim is shown anew after its message: then return None.
        """
        key, ledger = self.delivery.key, self.run.ledger
        for _ in range(_TRIES):
            alert = ledger.read([key]).get(key)
            if alert is None or alert.claim is not None:
                return None
            if alert.is_card_stale:
                return alert
            outdated = alert.outdated()
            if ledger.write(outdated):
                return outdated
        return None

    def _show_again(self, alert: Alert) -> None:
        """
        Show *alert*, as another worker left it, with the next step, if the record came again.

        A record that came once comes back for it; one that came again may be in the hands of
        another worker besides, who ends it.
        """
        delivery = self.delivery
        if all(job.record.tries == 1 for job in delivery.jobs):
            return
        step = self._step_of(alert)
        if self._overtaken >= _TRIES or step.verdict not in _CHANGES:
            return
        self._overtaken += 1
        delivery.alert, delivery.step = alert, step
        delivery.end(Progress.PENDING)
        self.is_done = False

    def _step_of(self, alert: Alert) -> Step:
        """Return the next step of *alert* by the events of the delivery."""
        return advance(
            alert,
            self.delivery.events,
            settle_seconds=self.run.settle_seconds,
            is_news_here=self.delivery.is_news_here,
        )

    def _write(self, alert: Alert, progress: Progress) -> None:
        if self.run.write(self.delivery, alert):
            self._end(progress)
        else:
            self.fail(ANOTHER_WAS_FIRST, retry_seconds=FIRST_SECONDS)

    def _end_quietly(self) -> None:
        """End an alert without a message; an earlier try may have left the totals uncounted."""
        delivery, run = self.delivery, self.run
        verdict, alert = delivery.step.verdict, delivery.alert
        digest_id = alert.digest or alert.listed_in
        if digest_id and delivery.job.may_have_been_tried(run.clock()):
            run.touch(digest_id, delivery)
        is_unknown = verdict is Verdict.UNKNOWN or alert.is_forgotten
        progress = self._done_as or (Progress.UNKNOWN if is_unknown else Progress.DUPLICATE)
        if verdict is Verdict.NOTE and not delivery.is_noted:
            if alert.version == 0:
                # It was over before it was posted; later events are about it all the same.
                run.ledger.note_channel(delivery.key)
            self._write(delivery.noted(run.clock()), progress)
        else:
            self._end(progress)
