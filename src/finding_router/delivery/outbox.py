"""Bringing deliveries to their channels: what one batch needs for it, put together."""

from collections.abc import Callable, Sequence

from finding_router.delivery.backoff import backoff_seconds
from finding_router.delivery.batch import Batch
from finding_router.delivery.claims import Claims
from finding_router.delivery.deadline import Deadline
from finding_router.delivery.digest_telling import DigestTeller
from finding_router.delivery.digests import Digests, Later, apart
from finding_router.delivery.job import Delivery, DigestWork, Progress, Work
from finding_router.delivery.notices import Notices
from finding_router.delivery.pace import Pace
from finding_router.delivery.posting import Poster
from finding_router.delivery.reviving import Reviver
from finding_router.delivery.slots import Slots
from finding_router.delivery.stores import Stores
from finding_router.delivery.telling import DeliveryTeller
from finding_router.settings import Settings
from finding_router.slack.client import SlackClient


class Outbox:
    """Sends what is to be said; methods raise StoreError where the Ledger does not answer."""

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        *,
        slack: SlackClient,
        notices: Notices,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        """*clock* gives Unix seconds, *sleep* takes seconds."""
        self._settings = settings
        self._stores = stores
        self._slack = slack
        self._notices = notices
        self._clock = clock
        self._sleep = sleep
        self._pace = Pace(ledger=stores.ledger, clock=clock)

    def send(
        self, deliveries: Sequence[Delivery], *, default_channel: str, deadline: Deadline
    ) -> None:
        """Bring *deliveries* to their ends, those of a burst as a digest."""
        batch = self._batch(deliveries, default_channel, deadline)
        digests = self._digests(batch)
        _run(batch, digests, digests.gather(deliveries), patiently=False)

    def begun(self, deliveries: Sequence[Delivery]) -> set[str]:
        """Name the digests that some of *deliveries* were claimed for, and that were not said."""
        entries = self._stores.ledger.read([each.key for each in deliveries]).values()
        return {each.digest for each in entries if each.digest is not None and each.ts is None}

    def send_digest(self, work: DigestWork, *, default_channel: str, deadline: Deadline) -> None:
        """Bring a digest that was waited for to its end, and by itself what is no news there."""
        batch = self._batch([*work.deliveries, *work.also], default_channel, deadline)
        _run(batch, self._digests(batch), apart(work, batch.claims), patiently=True)

    def _batch(
        self, deliveries: Sequence[Delivery], default_channel: str, deadline: Deadline
    ) -> Batch:
        claims = Claims(
            self._stores.ledger,
            settle_seconds=self._settings.settle_minutes * 60,
            deadline=deadline,
            clock=self._clock,
        )
        claims.load(deliveries)
        return Batch(
            slack=self._slack,
            book=self._stores.digests,
            claims=claims,
            slots=Slots(self._pace, deadline=deadline, clock=self._clock, sleep=self._sleep),
            pace=self._pace,
            notices=self._notices,
            default_channel=default_channel,
            deadline=deadline,
            clock=self._clock,
            sleep=self._sleep,
        )

    def _digests(self, batch: Batch) -> Digests:
        return Digests(
            batch,
            threshold=self._settings.burst_threshold,
            quiet_seconds=self._settings.burst_quiet_minutes * 60,
        )


def _run(batch: Batch, digests: Digests, work: Sequence[Work], *, patiently: bool) -> None:
    reviver = Reviver(batch, digests)
    deliveries = DeliveryTeller(batch, digests, reviver)
    Poster(batch, deliveries=deliveries, digests=DigestTeller(batch, digests)).run(work)
    reviver.run()
    for digest_id, later in digests.refresh(patiently=patiently).items():
        _come_back(work, digest_id, later)


def _come_back(work: Sequence[Work], digest_id: str, later: Later) -> None:
    """Let one finding of a digest come back to have it add up; the least severe waits best."""
    concerned = [each for each in work if _is_about(each, digest_id)]
    told = [*later.told, *(each for each in concerned if isinstance(each, Delivery))]
    for each in concerned:
        if isinstance(each, DigestWork):
            _fail(each, later)
            told += each.deliveries or each.beside
    settled = [each for each in told if each.progress is not Progress.FAILED]
    if settled:
        _fail(min(settled, key=lambda each: each.severity.rank), later)


def _is_about(work: Work, digest_id: str) -> bool:
    if isinstance(work, DigestWork):
        return work.digest is not None and work.digest.digest_id == digest_id
    return isinstance(work, Delivery) and work.entry is not None and work.entry.digest == digest_id


def _fail(work: Work, later: Later) -> None:
    seconds = later.seconds
    retry_seconds = backoff_seconds(work.job.record.tries) if seconds is None else seconds
    work.end(Progress.FAILED, later.why, retry_seconds=retry_seconds)
