"""The one loop of a run: it makes every call to Slack that writes, and answers for every error."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import replace
from typing import Final

from finding_router.delivery.backlog import FOR_A_DIGEST
from finding_router.delivery.deliveries import Delivery
from finding_router.delivery.digests.grouping import Group, by_channel, critical_of, group
from finding_router.delivery.digests.store import OpenDigest
from finding_router.delivery.limits.backoff import backoff_seconds
from finding_router.delivery.limits.deadline import AWS_SECONDS
from finding_router.delivery.limits.rate import Pause
from finding_router.delivery.posting.card import CardTask
from finding_router.delivery.posting.digest import DigestTask
from finding_router.delivery.posting.policy import Next, Response, is_ambiguous, respond
from finding_router.delivery.posting.run import Run
from finding_router.delivery.posting.task import Rank, Task
from finding_router.delivery.posting.totals import TotalsTask
from finding_router.errors import (
    CredentialError,
    DeliveryError,
    RateLimitedError,
    RouterError,
    StoreError,
)
from finding_router.findings.finding import Severity
from finding_router.isolation import isolated
from finding_router.routing.items.route import Deliver
from finding_router.slack.kit.refused import refusal_of
from finding_router.slack.kit.text import Mrkdwn
from finding_router.slack.messages.notice import Words
from finding_router.telemetry import CREDENTIAL_FAILURES, DELIVERIES_DEGRADED, count, logger

# "Retry-After: 0" would make a busy loop of waiting.
SHORTEST_WAIT_SECONDS: Final = 1.0
NO_TIME: Final = "out of time"


class Loop:
    """Brings the tasks of one run to their ends: news, changes, refreshes, then notices."""

    def __init__(self, run: Run, *, meanwhile: Callable[[float], bool] = lambda _: False) -> None:
        """
        Stop taking new steps when the deadline of *run* is near.

        *meanwhile* does something useful that takes less than so many seconds, until the next
        slot, and returns False if there is nothing.
        """
        self._run = run
        self._meanwhile = meanwhile
        self._pending: list[Task] = []
        self._refused: dict[str, str] = {}
        self._redirected: list[Delivery] = []
        self._is_token_good: bool | None = None

    def deliver(self, deliveries: Sequence[Delivery]) -> None:
        """Complete *deliveries*, those of a burst in a digest; raises StoreError."""
        self._run.note_all(deliveries)
        self.run(self._tasks(deliveries))

    def run(self, tasks: Iterable[Task]) -> None:
        """Run *tasks* step by step; a failure ends one task, not the run."""
        self._pending += tasks
        while task := self._next():
            self._advance(task)
            if task.is_done:
                self._pending.remove(task)
            elif task.posted is not None:
                # It stands in Slack, and is recorded after the others have been posted.
                self._pending.append(self._pending.pop(self._pending.index(task)))
        for task in self._pending:
            self._give_back(task)
        for delivery in self._redirected:
            self._fail_delivery(delivery, NO_TIME)
        self._pending, self._redirected = [], []
        for digest_id, concerned in self._run.touched.items():
            self._count_at_last(TotalsTask(self._run, digest_id, concerned))
        self._run.touched.clear()

    def _tasks(self, deliveries: Sequence[Delivery]) -> list[Task]:
        """Return a task for each digest and each delivery that stands alone."""
        run, now = self._run, self._run.clock()
        candidates = by_channel(deliveries, default_channel=run.default_channel, now=now)
        digests = run.digests.open_digests(candidates) if candidates else {}
        groups = group(
            candidates,
            digests=digests,
            rules=run.rules,
            now=now,
            listed=self._without_card(candidates, digests, now),
        )
        grouped = {id(each) for one in groups for each in one.deliveries}
        for one in groups:
            for each in one.also:
                each.is_beside = True
        if run.puts_off_digests:
            urgent = map(_put_off, groups)
            groups = [one for one in urgent if one.deliveries]
        # Cards first: a worker that dies between a card and its line has left a note to list it.
        return [
            *(CardTask(run, each) for each in deliveries if id(each) not in grouped),
            *(DigestTask(run, each) for each in groups),
        ]

    def _without_card(
        self,
        candidates: Mapping[str, Sequence[Delivery]],
        digests: Mapping[str, OpenDigest],
        now: float,
    ) -> list[Delivery]:
        """Return the critical findings of bursts that are listed, because others have the cards."""
        run = self._run
        listed: list[Delivery] = []
        critical = critical_of(candidates, digests=digests, rules=run.rules, now=now)
        for channel, several in critical.items():
            with_card = run.rate.cards_of(
                channel,
                [each.alert.delivery_id for each in several],
                most=run.rules.critical_cards,
                since=run.rules.since(digests.get(channel), now),
            )
            listed += [each for each in several if each.alert.delivery_id not in with_card]
        return listed

    def _next(self) -> Task | None:
        """Return the first task whose channel is free, waiting for one if the time allows it."""
        if not self._run.deadline.allows():
            return None
        ready = self._ready()
        is_news_now = ready is not None and ready[0] == 0 and ready[1].rank is Rank.NEWS
        if self._redirected and not is_news_now:
            # Together, so that many channels that refuse make one digest.
            redirected, self._redirected = self._redirected, []
            try:
                self._pending += self._tasks(redirected)
            except StoreError as error:
                for delivery in redirected:
                    self._fail_delivery(delivery, str(error))
            ready = self._ready()
        if ready is None and self._run.touched:
            touched = dict(self._run.touched)
            self._run.touched.clear()
            self._pending += [TotalsTask(self._run, *each) for each in touched.items()]
            ready = self._ready()
        if ready is None:
            return None
        wait, task = ready
        if wait > 0:
            # A slot that is later than this run is patient was set by a refusal of Slack's.
            is_patient = wait <= task.patience_seconds or self._run.rate.is_patient(wait)
            if not self._run.deadline.allows(wait) or not is_patient:
                return None
            if self._meanwhile(wait):
                return self._next()
            self._run.sleep(wait)
        return task

    def _ready(self) -> tuple[float, Task] | None:
        """Return the task whose slot comes first, and the seconds until then."""
        waits = [(self._wait(task), task) for task in self._pending if self._may_go(task)]
        if not waits:
            return None
        return min(waits, key=lambda each: (each[0], each[1].rank, each[1].urgency))

    def _may_go(self, task: Task) -> bool:
        if self._run.circuit.reason(task.channel) or self._is_blocked(task):
            return False
        return not (task.needs_slot and self._run.rate.is_full(task.channel))

    def _is_blocked(self, task: Task) -> bool:
        """
        Return True while the totals of a digest that counts the task's findings are wrong.

        The totals themselves wait until the digest is listed.
        """
        if isinstance(task, TotalsTask):
            digests = (each for each in self._pending if isinstance(each, DigestTask))
            return any(each.lists_in(task.digest_id) for each in digests)
        if not task.waits_for:
            return False
        counting = {each.digest_id for each in self._pending if isinstance(each, TotalsTask)}
        return not task.waits_for.isdisjoint(counting | self._run.touched.keys())

    def _wait(self, task: Task) -> float:
        rest = max(task.rests_until - self._run.clock(), 0.0)
        return max(self._run.rate.wait(task.channel), rest) if task.needs_slot else rest

    def _advance(self, task: Task) -> None:
        """Run one step of *task*; an error ends this task alone."""
        channel, was_posted = task.channel, task.posted is not None
        with isolated("task failed", channel=channel) as trouble:
            try:
                if task.needs_slot and not task.is_dispensable and channel in self._refused:
                    self._redirect(task, channel, self._refused[channel])
                    return
                task.step()
                if was_posted or task.is_done:
                    self._run.circuit.worked(channel)
            except (DeliveryError, StoreError) as error:
                if isinstance(error, StoreError) and was_posted:
                    task.is_doubtful = True
                self._answer(task, channel, error)
        if trouble.error is not None:
            task.is_doubtful = True
            self._fail(task, str(trouble.error) or type(trouble.error).__name__)

    def _answer(self, task: Task, channel: str, error: RouterError) -> None:
        """Carry out the policy's response to *error*."""
        run = self._run
        is_believed = isinstance(error, CredentialError) and self._is_believed(channel)
        response = respond(
            error, task, default_channel=run.default_channel, is_believed=is_believed
        )
        if isinstance(error, DeliveryError):
            task.is_doubtful = task.is_doubtful or is_ambiguous(error)
        if response.stops:
            count(CREDENTIAL_FAILURES)
            logger.error("slack token refused", detail=str(error))
            run.circuit.stop(str(error))
        if response.closes:
            run.circuit.close(response.closes, str(error))
        if response.fails_at:
            run.circuit.failed(response.fails_at, str(error), is_everywhere=response.is_everywhere)
        wait = max(response.retry_seconds, SHORTEST_WAIT_SECONDS)
        if response.slows:
            wait = self._slow_down(response.slows, wait)
        self._carry_out(task, channel, error, response, wait)

    def _carry_out(
        self, task: Task, channel: str, error: RouterError, response: Response, wait: float
    ) -> None:
        match response.task:
            case Next.WAIT:
                pass
            case Next.PLAIN:
                task.is_plain = True
                count(DELIVERIES_DEGRADED)
                logger.warning("message refused", channel=channel, detail=str(error))
            case Next.ALONE:
                task.stand_alone()
            case Next.GIVE_UP:
                logger.warning("message not changed", channel=channel, detail=str(error))
                task.give_up()
            case Next.REDIRECT:
                code = error.code if isinstance(error, DeliveryError) else ""
                logger.warning("channel refused", channel=channel, code=code)
                self._refused[channel] = code
                self._redirect(task, channel, code)
            case Next.FAIL:
                if response.closes:
                    self._run.notices.say(f"channel {channel}", _closed(channel, error))
                least = wait if isinstance(error, RateLimitedError) else 0.0
                self._fail(task, str(error), at_least=least)

    def _is_believed(self, channel: str) -> bool:
        """Return True if Slack, or a second channel, confirms that the token is refused."""
        if self._run.circuit.is_credential_refused_twice(channel):
            return True
        if self._is_token_good is None:
            try:
                self._run.slack.check(seconds=self._run.deadline.for_slack())
                self._is_token_good = True
            except DeliveryError as error:
                logger.warning("slack token not confirmed", detail=str(error))
                self._is_token_good = False
        return not self._is_token_good

    def _slow_down(self, name: str, wait: float) -> float:
        """Slow all workers down as Slack asks; return the seconds to wait."""
        try:
            pause = self._run.rate.slow_down(name, wait)
        except StoreError as trouble:
            logger.warning("rate limit not shared", channel=name, detail=str(trouble))
            return wait
        if pause.is_rest:
            self._run.notices.say(f"pace of {name}", _resting(name, pause))
        return pause.seconds

    def _redirect(self, task: Task, channel: str, code: str) -> None:
        """Send *task* to the default channel, together with other redirected tasks."""
        count(DELIVERIES_DEGRADED)
        if task.rank is not Rank.NOTICE:
            self._run.notices.refused(channel, code, _routes_of(task))
        if isinstance(task, DigestTask) and task.is_burst:
            # Before it forgets its digest: what that one's parent counts stays claimed for it.
            task.release()
            task.redirect(code)
            self._redirected += task.left
            task.is_done = True
            return
        task.redirect(code)
        if isinstance(task, CardTask):
            task.release()
            self._redirected.append(task.delivery)
            task.is_done = True

    def _give_back(self, task: Task) -> None:
        """End a task that this run will not get to."""
        if task.posted is not None and self._run.deadline.leaves(AWS_SECONDS):
            self._advance(task)
        if task.is_done:
            return
        channel = task.channel
        reason = self._run.circuit.reason(channel)
        if reason:
            self._fail(task, reason)
        elif task.needs_slot and self._run.rate.is_full(channel):
            task.release()
            wait = self._run.rate.come_back(channel)
            task.put_off("the channel is at Slack's pace", retry_seconds=wait)
        else:
            wait = self._wait(task)
            task.release()
            task.put_off(NO_TIME, retry_seconds=wait)

    def _count_at_last(self, task: TotalsTask) -> None:
        """Count a list that is complete when time is up, or send one finding back for it."""
        if self._run.deadline.leaves(AWS_SECONDS):
            self._advance(task)
        if not task.is_done:
            self._fail(task, NO_TIME)

    def _fail(self, task: Task, why: str, *, at_least: float = 0.0) -> None:
        task.release()
        task.fail(why, retry_seconds=max(backoff_seconds(task.tries), at_least))

    def _fail_delivery(self, delivery: Delivery, why: str) -> None:
        delivery.fail(why, retry_seconds=backoff_seconds(delivery.job.record.tries))


def _put_off(one: Group) -> Group:
    """
    Leave the digest of *one* to the backlog; findings with a card besides get the card now.

    Return the group of those that would have one, were they not so many: they are listed now.
    """
    urgent = [each for each in one.deliveries if _is_urgent(each)]
    later = [each for each in one.deliveries if not _is_urgent(each)]
    for each in later:
        each.wait(FOR_A_DIGEST)
    for job in (job for each in (*later, *one.also) for job in each.jobs):
        job.digests.add(one.channel)
    return replace(one, deliveries=urgent, also=[])


def _is_urgent(delivery: Delivery) -> bool:
    is_auto = delivery.destination.deliver is Deliver.AUTO
    return is_auto and delivery.severity is Severity.CRITICAL


def _closed(channel: str, error: RouterError) -> Words:
    """Return the words about the default channel, which refused with *error*."""
    why = refusal_of(error.code if isinstance(error, DeliveryError) else "")
    return Words(
        f"Channel {channel} takes no messages",
        [str(error)],
        icon="⚠️",
        consequence="Findings for it wait in the queue and are tried again. Nothing is lost.",
        remedy=Mrkdwn(f"{why.remedy}, or change the parameter `DefaultChannel`"),
    )


def _resting(channel: str, pause: Pause) -> Words:
    """Return the words about a channel that Slack refuses for its pace."""
    return Words(
        f"Channel {channel} rests for {pause.seconds / 60:.0f} min",
        [f"Slack refused {pause.refusals} messages in a row: others may post there too often"],
        icon="⏸️",
        consequence="Its findings wait, and other channels go on. Nothing is lost.",
        remedy=Mrkdwn("Move what others post there to a channel of its own"),
    )


def _routes_of(task: Task) -> Sequence[str]:
    """Return the routes to the channel of *task*."""
    if isinstance(task, CardTask):
        return task.delivery.destination.routes
    return task.group.destination.routes if isinstance(task, DigestTask) else ()
