"""Which findings of a batch are said together, and what a digest says once more of them end."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from finding_router.counts import counted
from finding_router.delivery.batch import Batch
from finding_router.delivery.changing import Changer
from finding_router.delivery.claims import Claims
from finding_router.delivery.digest_book import OpenDigest
from finding_router.delivery.episodes import Verdict
from finding_router.delivery.job import Delivery, DigestWork, Work
from finding_router.delivery.ledger import Entry, Saying, State
from finding_router.delivery.slots import AT_SLACKS_PACE
from finding_router.errors import (
    ChannelError,
    DeliveryError,
    GoneError,
    StoreError,
)
from finding_router.findings.digest import Line, Totals, Trend
from finding_router.findings.finding import Severity
from finding_router.routing.route import Deliver
from finding_router.slack.client import Posted
from finding_router.slack.digest import Digest, render_parent, render_parent_plain
from finding_router.slack.durations import duration_words
from finding_router.slack.message import Message
from finding_router.telemetry import logger

# A few of the longest back-offs: within that, what has its card comes back to be listed.
_LISTED_SECONDS: Final = 3600.0
# The cards of a batch may be posted so long before its digest is opened.
_BEFORE_SECONDS: Final = 900.0
_FRESH: Final = frozenset({Verdict.POST, Verdict.RESUME, Verdict.RECOVER})


class Later(NamedTuple):
    """
    Why a digest does not add up yet, and in how many seconds to try again, if that is known.

    *told* have a card, and nothing in the Ledger says that the digest lists them besides.
    """

    why: str
    seconds: float | None = None
    told: tuple[Delivery, ...] = ()


class Digests:
    """
    The digests of one batch.

    More than *threshold* new cards for a channel become one digest; further ones join it until the
    channel was quiet for *quiet_seconds*.
    """

    def __init__(self, batch: Batch, *, threshold: int, quiet_seconds: float) -> None:
        """Work on *batch*."""
        self._batch = batch
        self._book = batch.book
        self._changer = Changer(batch)
        self._clock = batch.clock
        self._threshold = threshold
        self._quiet_seconds = quiet_seconds
        self._lines: dict[str, dict[str, Line]] = {}
        self._touched: dict[str, tuple[Delivery, ...]] = {}

    def gather(self, deliveries: Sequence[Delivery]) -> list[Work]:
        """
        Put together what is said together; the rest is as it was.

        Raises:
            StoreError: the Ledger does not answer.

        """
        by_channel: dict[str, list[Delivery]] = defaultdict(list)
        for delivery in deliveries:
            if self._may_join(delivery) or _may_be_unlisted(delivery, self._clock()):
                by_channel[delivery.destination.channel].append(delivery)
        if not by_channel:
            return list(deliveries)
        open_digests = self._book.open_digests(by_channel)
        works: list[Work] = []
        taken: set[int] = set()
        for channel, those in by_channel.items():
            work = self._digest(channel, those, open_digests.get(channel))
            if work is not None:
                works.append(work)
                taken.update(id(each) for each in work.deliveries)
        return [*works, *(each for each in deliveries if id(each) not in taken)]

    def change(self, digest_id: str, subject: str, *, is_ended: bool, severity: Severity) -> None:
        """Let the digest know that what it lists ended, is back or differs; `refresh` shows it."""
        if digest_id not in self._lines:
            self._lines[digest_id] = {line.subject: line for line in self._book.lines(digest_id)}
        line = self._lines[digest_id].get(subject)
        if line is not None:
            line = replace(line, is_ended=is_ended, severity=severity)
            self._lines[digest_id][subject] = line
            self._book.put_lines(digest_id, [line])
            self.touch(digest_id)

    def touch(self, digest_id: str, *told: Delivery) -> None:
        """Have `refresh` count the digest's totals anew; see `Later` for *told*."""
        self._touched[digest_id] = (*self._touched.get(digest_id, ()), *told)

    def refresh(self, *, patiently: bool) -> dict[str, Later]:
        """
        Bring the parents of the digests that were touched up to date.

        Give when to come back for those that are not: at Slack's pace for changes, unless
        *patiently*, and once for a digest, however many workers have listed something in it.
        """
        later = {}
        for digest_id, told in self._touched.items():
            if each := self.correct(digest_id, patiently=patiently):
                later[digest_id] = each._replace(told=told)
        return later

    def correct(self, digest_id: str, *, patiently: bool = True) -> Later | None:
        """Let the parent say what is listed below it, or give when that has to be tried again."""
        try:
            return self._count(digest_id, patiently=patiently)
        except (GoneError, ChannelError) as error:
            # Nobody sees it any more.
            logger.warning("digest not changed", digest=digest_id, detail=str(error))
            return None
        except (DeliveryError, StoreError) as error:
            logger.warning("digest not changed", digest=digest_id, detail=str(error))
            return Later(str(error))

    def _count(self, digest_id: str, *, patiently: bool) -> Later | None:
        digest = self._book.about(digest_id)
        if digest is None:
            return None
        shown = None
        # Another worker may list more while this one counts: then its count comes second.
        while shown != (so_far := self._book.put_so_far(digest_id)):
            if patiently:
                self._batch.slots.wait_for_change(digest.channel)
            elif seconds := self._batch.slots.seconds_to_change():
                now = self._clock()
                # Whoever comes for it already counts what this batch has listed.
                is_mine = self._book.count_later(digest_id, at=now + seconds, now=now)
                return Later(AT_SLACKS_PACE, seconds) if is_mine else None
            self._book.begin_count(digest_id)
            lines = self._book.lines(digest_id)
            where = Posted(digest.posted_to or "", digest.ts or "")
            full, plain = (parent(digest, lines, is_plain=each) for each in (False, True))
            self._changer.change(where, full, plain=plain)
            shown = so_far
        return None

    def is_on(self, digest: OpenDigest) -> bool:
        """Tell whether the burst of *digest* still goes on."""
        return self._clock() - digest.last_at <= self._quiet_seconds

    def _may_join(self, delivery: Delivery) -> bool:
        """Tell whether *delivery* would be a new card, and its route leaves a choice."""
        if delivery.job.finding is None or delivery.job.action_name is not None:
            return False
        if not delivery.is_new:
            return False
        verdict = self._batch.claims.judge(delivery)
        # What was claimed for a digest may be there: it stays one, whatever its route says now.
        is_begun = delivery.entry is not None and delivery.entry.digest is not None
        if delivery.destination.deliver is Deliver.CARD and not is_begun:
            return False
        if verdict is Verdict.POST and delivery.destination.hold is not None:
            return False
        return is_fresh(verdict, delivery.entry)

    def _digest(
        self, channel: str, those: Sequence[Delivery], before: OpenDigest | None
    ) -> DigestWork | None:
        is_on = before is not None and self.is_on(before)
        said = [each for each in those if _may_be_unlisted(each, self._clock())]
        those = [each for each in those if each not in said]
        begun = [each for each in those if each.entry is not None and each.entry.digest]
        free = [each for each in those if each.entry is None or not each.entry.digest]
        # Every critical finding has a card of its own; one claimed as a card stays a card.
        wanted = [
            each
            for each in free
            if each.destination.deliver is Deliver.DIGEST and each.entry is None
        ]
        choice = [each for each in free if each.destination.deliver is Deliver.AUTO]
        critical = [each for each in choice if each.severity is Severity.CRITICAL]
        if before is not None and is_on:
            also = [*critical, *(each for each in said if _is_of(each, before))]
        else:
            also = self._unlisted([*critical, *said], before, is_same=bool(begun))
        is_burst = len({*map(id, choice), *map(id, also)}) > self._threshold
        if not is_burst and not is_on:
            choice = []
            if not begun:
                also = []
        together = [
            *begun,
            *wanted,
            *(each for each in choice if each not in critical and each.entry is None),
        ]
        if not together and not (is_on and also):
            return None
        listed = [*together, *also]
        worst = max(together or also, key=lambda each: each.severity.rank)
        return DigestWork(
            # It calls everybody whom the findings would have called one by one.
            destination=replace(
                worst.destination,
                routes=united(*(each.destination.routes for each in listed)),
                mention=united(*(each.destination.mention for each in listed)),
            ),
            severity=worst.severity,
            jobs=[job for each in (together or also) for job in each.jobs],
            name=channel,
            deliveries=together,
            also=also,
            before=before,
        )

    def _unlisted(
        self, those: Sequence[Delivery], before: OpenDigest | None, *, is_same: bool
    ) -> list[Delivery]:
        """
        Give those that have a card, or are to have one, and are in no list.

        The burst of *before* is over: it is added up for those that it lists. What was said long
        ago was listed long ago, unless *is_same*: the burst that it came with is not said yet.
        """
        told = [each for each in those if each.entry is not None]
        listed: set[str] = set()
        if told and before is not None:
            listed = {line.subject for line in self._book.lines(before.digest_id)}
            if those_listed := [each for each in told if each.key.finding in listed]:
                self.touch(before.digest_id, *those_listed)
        return [
            each
            for each in those
            if each.key.finding not in listed and (is_same or not self._is_old(each))
        ]

    def _is_old(self, delivery: Delivery) -> bool:
        posted_at = _posted_at(delivery)
        return posted_at is not None and self._clock() - posted_at > _LISTED_SECONDS


def is_fresh(verdict: Verdict, entry: Entry | None) -> bool:
    """Tell whether it was never said, neither in a card nor in a digest, and is to be now."""
    return verdict in _FRESH and (
        entry is None or (entry.saying is Saying.CARD and entry.ts is None)
    )


def apart(work: DigestWork, claims: Claims) -> list[Work]:
    """
    Take out of *work* what was said before, and give both.

    That is said again where it was said, or nowhere. Of what is over nothing is said again, and
    what a worker that failed had begun to say is listed as if it were not over: the Ledger knows.
    """
    new: list[Delivery] = []
    again: list[Delivery] = []
    ended: list[Delivery] = []
    for each in work.deliveries:
        is_new = each.after is None and each.job.finding is not None
        is_new = is_new and is_fresh(claims.judge(each), each.entry)
        (new if is_new else again).append(each)
    for each in work.also:
        verdict = claims.judge(each)
        if verdict is Verdict.POST:
            ended.append(each)
        elif verdict is Verdict.BUSY:
            again.append(each)
        elif is_fresh(verdict, each.entry):
            new.append(each)
    work.deliveries, work.also = new, ended
    return [work, *again] if new or ended else list(again)


def _may_be_unlisted(delivery: Delivery, now: float) -> bool:
    """Tell whether *delivery* has a card already, and may be missing in the digest beside it."""
    return (
        delivery.severity is Severity.CRITICAL
        and delivery.destination.deliver is Deliver.AUTO
        and delivery.job.may_have_been_tried(now)
        and delivery.is_new
        and delivery.destination.hold is None
        and delivery.entry is not None
        and delivery.entry.state is State.POSTED
        and delivery.entry.digest is None
    )


def _is_of(delivery: Delivery, digest: OpenDigest) -> bool:
    """Tell whether *delivery*, which has a card, may have it from the burst of *digest*."""
    posted_at = _posted_at(delivery)
    is_recent = posted_at is not None and posted_at > digest.started_at - _BEFORE_SECONDS
    return delivery.job.record.tries > 1 or is_recent


def _posted_at(delivery: Delivery) -> float | None:
    return delivery.entry.posted_at if delivery.entry is not None else None


def parent(digest: OpenDigest, lines: Sequence[Line], *, is_plain: bool) -> Message:
    """Lay out the parent of the thread."""
    heading = digest.heading or _burst_heading(digest, lines)
    said = Digest(
        heading=heading,
        lines=lines,
        why=digest.why,
        routes=digest.routes,
        mention=digest.mention,
        banner=digest.banner,
        trend=Trend.between(digest.before, Totals.of(lines)) if digest.before else None,
    )
    return render_parent_plain(said) if is_plain else render_parent(said)


def _burst_heading(digest: OpenDigest, lines: Sequence[Line]) -> str:
    lasted = digest.last_at - digest.started_at
    during = f" in {duration_words(lasted)}" if lasted >= 1 else ""
    return f"{counted(len(lines), 'new finding')}{during}"


def united(*several: Sequence[str]) -> tuple[str, ...]:
    """Give what is in any of them, each once, in the order that it comes."""
    return tuple(dict.fromkeys(each for some in several for each in some))
