"""Which findings of a batch are said together. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from finding_router.delivery.alerts.advance import Verdict
from finding_router.delivery.alerts.alert import Status
from finding_router.delivery.deliveries import Delivery
from finding_router.delivery.digests.store import OpenDigest
from finding_router.findings.finding import Severity
from finding_router.routing.items.route import Deliver
from finding_router.routing.table import Destination

# A few of the longest back-offs: within that, a finding with a card comes back to be listed.
_LISTED_SECONDS: Final = 3600.0
# The cards of a batch may be posted so long before its digest is opened.
_BEFORE_SECONDS: Final = 900.0


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
    Deliveries to be listed in one digest of *channel*.

    *also* have a card of their own besides; *before* is the newest digest of the channel.
    """

    channel: str
    destination: Destination
    severity: Severity
    deliveries: list[Delivery]
    also: list[Delivery] = field(default_factory=list)
    before: OpenDigest | None = None


@dataclass(slots=True)
class Grouped:
    """The groups of a batch, the deliveries that stand alone, and those listed long before."""

    groups: list[Group] = field(default_factory=list)
    alone: list[Delivery] = field(default_factory=list)
    listed: dict[str, list[Delivery]] = field(default_factory=dict)
    """By digest: deliveries with a card which the digest is known to list."""


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
        if may_join(each, now) or may_be_unlisted(each, now):
            found.setdefault(channel_of(each, default_channel), []).append(each)
    return found


def group(
    deliveries: Sequence[Delivery],
    candidates: Mapping[str, Sequence[Delivery]],
    *,
    digests: Mapping[str, OpenDigest],
    listed: Mapping[str, Collection[str]],
    rules: Rules,
    now: float,
) -> Grouped:
    """
    Put together the *candidates* of each channel that are said together.

    *digests* are the newest ones by channel, *listed* the subjects that each of them lists.
    """
    grouped = Grouped()
    taken: set[int] = set()
    for channel, those in candidates.items():
        made = _Channel(channel, digests.get(channel), listed.get(channel, ()), rules, now)
        found = made.group(those, grouped)
        if found is not None:
            grouped.groups.append(found)
            taken.update(id(each) for each in found.deliveries)
    grouped.alone = [each for each in deliveries if id(each) not in taken]
    return grouped


@dataclass(frozen=True, slots=True)
class _Channel:
    channel: str
    before: OpenDigest | None
    listed: Collection[str]
    rules: Rules
    now: float

    def group(self, those: Sequence[Delivery], grouped: Grouped) -> Group | None:
        before = self.before
        is_on = before is not None and self.rules.is_on(before, self.now)
        said = [each for each in those if may_be_unlisted(each, self.now)]
        those = [each for each in those if each not in said]
        begun = [each for each in those if _is_begun(each)]
        free = [each for each in those if not _is_begun(each)]
        # Each critical finding has a card of its own; one claimed as a card stays a card.
        wanted = [
            each
            for each in free
            if each.destination.deliver is Deliver.DIGEST and each.alert.claim is None
        ]
        choice = [each for each in free if each.destination.deliver is Deliver.AUTO]
        critical = [each for each in choice if each.severity is Severity.CRITICAL]
        if before is not None and is_on:
            also = [*critical, *(each for each in said if _is_of(each, before))]
        else:
            also = self._unlisted([*critical, *said], grouped, is_same=bool(begun))
        is_burst = len({*map(id, choice), *map(id, also)}) > self.rules.threshold
        if not is_burst and not is_on:
            choice = []
            also = also if begun else []
        together = [
            *begun,
            *wanted,
            *(each for each in choice if each not in critical and each.alert.claim is None),
        ]
        if not together and not (is_on and also):
            return None
        listed = [*together, *also]
        worst = max(together or also, key=lambda each: each.severity.rank)
        return Group(
            channel=self.channel,
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

    def _unlisted(
        self, those: Sequence[Delivery], grouped: Grouped, *, is_same: bool
    ) -> list[Delivery]:
        """
        Return those that have a card, or are to have one, and are in no list.

        The burst of *before* is over: its totals are counted for those that it lists. A card of
        long ago was listed long ago, unless *is_same*: its burst is not said yet.
        """
        told = [each for each in those if each.alert.episode > 0]
        if self.before is not None:
            is_listed = [each for each in told if each.key.subject in self.listed]
            if is_listed:
                grouped.listed.setdefault(self.before.digest_id, []).extend(is_listed)
        return [
            each
            for each in those
            if not (each.alert.episode > 0 and each.key.subject in self.listed)
            and (is_same or not self._is_old(each))
        ]

    def _is_old(self, delivery: Delivery) -> bool:
        posted_at = delivery.alert.posted_at
        return posted_at is not None and self.now - posted_at > _LISTED_SECONDS


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


def may_be_unlisted(delivery: Delivery, now: float) -> bool:
    """Return True if *delivery* has a card, and may be missing in the digest beside it."""
    alert = delivery.alert
    return (
        delivery.severity is Severity.CRITICAL
        and delivery.destination.deliver is Deliver.AUTO
        and delivery.job.may_have_been_tried(now)
        and any(event.status is Status.NEW for event in delivery.events)
        and delivery.destination.hold is None
        and alert.episode > 0
        and alert.claim is None
        and alert.digest is None
    )


def united(*several: Sequence[str]) -> tuple[str, ...]:
    """Return each element of *several* once, in the order of their first mention."""
    return tuple(dict.fromkeys(each for some in several for each in some))


def _is_begun(delivery: Delivery) -> bool:
    """Return True if a worker that died may have listed *delivery* in a digest."""
    return delivery.alert.claim is not None and delivery.alert.claim.digest is not None


def _is_of(delivery: Delivery, digest: OpenDigest) -> bool:
    """Return True if *delivery* may have its card from the burst of *digest*."""
    posted_at = delivery.alert.posted_at
    is_recent = posted_at is not None and posted_at > digest.started_at - _BEFORE_SECONDS
    return delivery.job.record.tries > 1 or is_recent
