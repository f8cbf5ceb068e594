"""One summary a channel, posted by the router's own loop: claimed, posted, recorded, once."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from copy import replace
from dataclasses import dataclass, field
from itertools import batched
from typing import Final

from finding_router.aws.digests import DynamoDigests
from finding_router.aws.items import Items
from finding_router.aws.ledger import DynamoLedger
from finding_router.aws.locks import DynamoLocks
from finding_router.aws.rates import DynamoRates
from finding_router.counts import counted
from finding_router.delivery.alerts.advance import advance
from finding_router.delivery.alerts.alert import Alert, Event, Status
from finding_router.delivery.alerts.identity import AlertKey
from finding_router.delivery.deliveries import Delivery, Job, Record
from finding_router.delivery.digests.grouping import Rules
from finding_router.delivery.limits.circuit import Circuit
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.limits.rate import RateLimit
from finding_router.delivery.notices import Notices
from finding_router.delivery.outcome import DELIVERED
from finding_router.delivery.posting.layout import Card
from finding_router.delivery.posting.loop import Loop
from finding_router.delivery.posting.run import Run
from finding_router.findings.finding import Severity
from finding_router.routing.items.route import Deliver
from finding_router.routing.table import Destination
from finding_router.slack.api.client import Messenger
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.refused import Banner
from finding_router.slack.messages.card import CardContext
from finding_router.slack.messages.notice import A_DAY, Point, Words, notice
from finding_router_cli.baselines.record import Baseline
from finding_router_cli.baselines.survey import ChannelCount
from finding_router_cli.stack import SETTLE_SECONDS

# A claim that a kill leaves behind is leased for a little longer than this.
RUN_SECONDS: Final = 40.0
_TOGETHER: Final = 10
TRIES: Final = 6
_LONGEST_REST_SECONDS: Final = 60.0
_PRODUCTS: Final = 5
_NO_RULES: Final = Rules(threshold=500, quiet_seconds=0, critical_cards=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryCard(Card):
    """The message of a summary, where the router has the card of a finding."""

    words: Words

    def full(self, alert: Alert, banner: Banner | None) -> Message:  # noqa: ARG002 -- as a card
        """Return the summary."""
        return notice(self.words._replace(banner=banner))

    def said(self, alert: Alert, *, now: float, banner: Banner | None) -> Message:  # noqa: ARG002 -- as a card
        """Return the summary."""
        return self.full(alert, banner)

    def plain(self, alert: Alert, banner: Banner | None) -> Message:
        """Return its first line, for when Slack refuses the rest."""
        return Message(text=self.full(alert, banner).text)


@dataclass(slots=True)
class Told:
    """The *channels* that have their summary, and why the others have none."""

    channels: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)


class Teller:
    """Posts the summaries of *baseline*."""

    def __init__(
        self,
        items: Items,
        slack: Messenger,
        *,
        default_channel: str,
        ops_channel: str,
        days: int,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Keep the claims among *items*, for *days*."""
        self._items = items
        self._slack = slack
        self._default_channel = default_channel
        self._ledger = DynamoLedger(items, days=days)
        self._digests = DynamoDigests(items, days=days)
        self._locks = DynamoLocks(items)
        self._notices = Notices(locks=self._locks, channel=ops_channel)
        self._clock = clock
        self._sleep = sleep

    def told(self, baseline: Baseline, channels: Sequence[str]) -> set[str]:
        """Return those of *channels* that have the summary of *baseline*. StoreError."""
        alerts = self._ledger.read([AlertKey(baseline.name, each) for each in channels])
        return {key.channel for key, each in alerts.items() if each.ts is not None}

    def tell(
        self,
        baseline: Baseline,
        counts: Mapping[str, ChannelCount],
        progress: Callable[[int], object],
    ) -> Told:
        """Post a summary of *counts* into each channel that has none. StoreError."""
        told = Told(self.told(baseline, list(counts)))
        progress(len(told.channels))
        for _ in range(TRIES):
            left = sorted(counts.keys() - told.channels)
            if not left:
                break
            told.failed, rest = {}, 1.0
            for some in batched(left, _TOGETHER, strict=False):
                for delivery in self._deliver(baseline, {each: counts[each] for each in some}):
                    channel = delivery.key.channel
                    if delivery.progress in DELIVERED or delivery.alert.ts is not None:
                        told.channels.add(channel)
                        progress(1)
                    else:
                        told.failed[channel] = delivery.detail or "not posted"
                        rest = max(rest, delivery.retry_seconds)
            if told.failed:
                self._sleep(min(rest, _LONGEST_REST_SECONDS))
        return told

    def _deliver(self, baseline: Baseline, counts: Mapping[str, ChannelCount]) -> list[Delivery]:
        keys = {channel: AlertKey(baseline.name, channel) for channel in counts}
        alerts = self._ledger.read(keys.values())
        deliveries = [
            self._delivery(baseline, key, alerts.get(key) or Alert(key=key), counts[channel])
            for channel, key in keys.items()
        ]
        Loop(self._run()).deliver(deliveries)
        return deliveries

    def _delivery(
        self, baseline: Baseline, key: AlertKey, alert: Alert, count: ChannelCount
    ) -> Delivery:
        worst = max(count.severities, key=lambda each: each.rank, default=Severity.INFORMATIONAL)
        event = Event(
            member=key.subject, status=Status.NEW, severity=worst, sent_at=baseline.begun_at
        )
        step = advance(replace(alert, claim=None), [event], settle_seconds=SETTLE_SECONDS)
        job = Job(record=Record(body=None))
        return Delivery(
            key=key,
            # Without a digest: that would list findings.
            destination=Destination(channel=key.channel, deliver=Deliver.CARD),
            jobs=[job],
            job=job,
            card=SummaryCard(
                raw=None,
                finding=None,
                problem="",
                context=CardContext(),
                words=summary(count, keep=baseline.keep),
            ),
            events=[event],
            alert=alert,
            step=step,
        )

    def _run(self) -> Run:
        deadline = Deadline(RUN_SECONDS)
        return Run(
            slack=self._slack,
            ledger=self._ledger,
            digests=self._digests,
            rate=RateLimit(
                DynamoRates(self._items),
                self._locks,
                deadline=deadline,
                clock=self._clock,
                sleep=self._sleep,
                slowed=set(),
            ),
            circuit=Circuit(),
            notices=self._notices,
            rules=_NO_RULES,
            default_channel=self._default_channel,
            settle_seconds=SETTLE_SECONDS,
            deadline=deadline,
            clock=self._clock,
            sleep=self._sleep,
            worker=uuid.uuid4().hex,
            is_patient=True,
        )


def summary(count: ChannelCount, *, keep: Severity | None) -> Words:
    """Return the words of the summary of one channel."""
    there = "was" if count.total == 1 else "were"
    severities = [(each, count.severities[each]) for each in reversed(Severity)]
    by_severity = ", ".join(
        f"{number:,} {each.value.lower()}" for each, number in severities if number
    )
    products = ", ".join(
        f"{name} {number:,}" for name, number in count.products.most_common(_PRODUCTS)
    )
    worst = sorted(count.worst, reverse=True)
    named = [each for each in worst if each.rank == worst[0].rank] if worst else []
    kept = "" if keep is None else f" Those of {keep.value} and above are said one by one."
    return Words(
        f"{counted(count.total, 'finding')} {there} here before",
        [
            f"{by_severity}, in {counted(len(count.accounts), 'account')}",
            f"Most from: {products}",
            *(Point(f"{each.title} ({each.account})", each.severity) for each in named),
        ],
        icon="📋",
        consequence="They are marked NOTIFIED, and not said one by one. "
        f"One that comes back or gets worse is said.{kept}",
        every_seconds=2 * A_DAY,
    )
