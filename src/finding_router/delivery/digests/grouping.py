"""Which findings of a batch are said together. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from finding_router.delivery.alerts.advance import Verdict
from finding_router.delivery.deliveries import Delivery
from finding_router.delivery.digests.store import OpenDigest
from finding_router.findings.digest import Totals
from finding_router.findings.finding import Severity
from finding_router.routing.items.route import Deliver
from finding_router.routing.table import Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """More than *threshold* new cards are a burst, which lasts until *quiet_seconds* of quiet."""

    threshold: int
    quiet_seconds: float

    def is_on(self, digest: OpenDigest, now: float) -> bool:
        """Return True while the burst of *digest* lasts."""
        return now - digest.last_at <= self.quiet_seconds


@dataclass(slots=True, kw_only=True)
class Group:
    """
    Deliveries to be listed in one digest, of which *before* is the newest of its *name*.

    *also* have a card of their own, or are *over* (subjects), and are listed besides. A digest that
    was waited for has a *heading*; that of a burst grows, and is left out.
    """

    name: str
    channel: str
    destination: Destination
    severity: Severity
    deliveries: list[Delivery]
    also: list[Delivery] = field(default_factory=list)
    before: OpenDigest | None = None
    heading: str = ""
    why: str = ""
    compared_with: Totals | None = None
    over: frozenset[str] = frozenset()


def channel_of(delivery: Delivery, default_channel: str) -> str:
    """Return the channel that takes *delivery*: its own, or the default one if that refused."""
    if delivery.refused_with is not None:
        return default_channel
    return delivery.destination.channel


def by_channel(
    deliveries: Sequence[Delivery], *, default_channel: str, now: float
) -> dict[str, list[Delivery]]:
    """Return the deliveries that a digest of their channel may list."""
    found: dict[str, list[Delivery]] = {}
    for each in deliveries:
        if may_join(each, now) or is_unlisted(each):
            found.setdefault(channel_of(each, default_channel), []).append(each)
    return found


def group(
    candidates: Mapping[str, Sequence[Delivery]],
    *,
    digests: Mapping[str, OpenDigest],
    rules: Rules,
    now: float,
) -> list[Group]:
    """Put together the *candidates* of each channel; *digests* are the newest ones by channel."""
    groups = (
        _group(channel, those, digests.get(channel), rules, now)
        for channel, those in candidates.items()
    )
    return [each for each in groups if each is not None]


def _group(
    channel: str,
    those: Sequence[Delivery],
    before: OpenDigest | None,
    rules: Rules,
    now: float,
) -> Group | None:
    is_on = before is not None and rules.is_on(before, now)
    said = [each for each in those if is_unlisted(each)]
    begun = [each for each in those if _is_begun(each)]
    free = [each for each in those if each not in said and each not in begun]
    # One that was claimed as a card stays a card.
    wanted = [
        each
        for each in free
        if each.destination.deliver is Deliver.DIGEST and each.alert.claim is None
    ]
    choice = [each for each in free if each.destination.deliver is Deliver.AUTO]
    is_put_off = any(channel in each.job.record.digests for each in (*choice, *said))
    is_burst = is_on or is_put_off or len(choice) + len(said) > rules.threshold
    # Each critical finding has a card of its own.
    critical = [each for each in choice if each.severity is Severity.CRITICAL]
    together = [*begun, *wanted]
    if is_burst:
        together += [each for each in choice if each not in critical and each.alert.claim is None]
    beside = [each for each in critical if each.alert.listed_in is None]
    also = [*beside, *said] if is_burst or begun else said
    if not together and not (is_on or is_put_off or (said and before)):
        return None
    listed = [*together, *also]
    worst = max(together or also, key=lambda each: each.severity.rank, default=None)
    if worst is None:
        return None
    return Group(
        name=channel,
        channel=channel,
        # It calls everybody whom the findings would have called one by one.
        destination=replace(
            worst.destination,
            routes=united(*(each.destination.routes for each in listed)),
            mention=united(*(each.destination.mention for each in listed)),
        ),
        severity=worst.severity,
        deliveries=together,
        also=also,
        before=before,
    )


def may_join(delivery: Delivery, now: float) -> bool:
    """Return True if *delivery* would be a new card, and its route leaves a choice."""
    alert = delivery.alert
    if delivery.job.finding is None or delivery.is_requested or alert.is_leased(now):
        return False
    if delivery.step.verdict is not Verdict.POST or delivery.is_news_here:
        return False
    # An alert that was claimed for a digest may be listed there, whatever its route says now.
    if delivery.destination.deliver is Deliver.CARD and not _is_begun(delivery):
        return False
    return delivery.destination.hold is None or alert.claim is not None


def is_unlisted(delivery: Delivery) -> bool:
    """Return True if *delivery* has a card, and is missing in the digest beside it."""
    alert = delivery.alert
    return alert.is_unlisted and alert.episode > 0 and alert.claim is None


def united(*several: Sequence[str]) -> tuple[str, ...]:
    """Return each element of *several* once, in the order of their first mention."""
    return tuple(dict.fromkeys(each for some in several for each in some))


def _is_begun(delivery: Delivery) -> bool:
    """Return True if a worker that died may have listed *delivery* in a digest."""
    return delivery.alert.claim is not None and delivery.alert.claim.digest is not None
