"""The grouping of the findings of a batch into digests. Pure."""

from collections.abc import Collection, Mapping, Sequence
from copy import replace
from dataclasses import dataclass, field
from typing import NamedTuple

from finding_router.delivery.alerts.advance import Verdict
from finding_router.delivery.deliveries import Delivery
from finding_router.delivery.digests.store import OpenDigest
from finding_router.findings.digest import Totals
from finding_router.findings.finding import Severity
from finding_router.routing.items.route import Deliver
from finding_router.routing.table import Destination


class Rules(NamedTuple):
    """
    More than *threshold* new cards are a burst, which lasts until *quiet_seconds* of quiet.

    In a burst *critical_cards* critical findings have a card besides; the others are listed only.
    """

    threshold: int
    quiet_seconds: float
    critical_cards: int

    def is_on(self, digest: OpenDigest, now: float) -> bool:
        """Return True while the burst of *digest* lasts."""
        return now - digest.last_at <= self.quiet_seconds

    def since(self, digest: OpenDigest | None, now: float) -> float:
        """Return the Unix second from which cards belong to the burst of *digest*, or of *now*."""
        # The first cards of a burst are posted before its digest is begun.
        begun = digest.started_at if digest is not None and self.is_on(digest, now) else now
        return begun - self.quiet_seconds


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


def critical_of(
    candidates: Mapping[str, Sequence[Delivery]],
    *,
    digests: Mapping[str, OpenDigest],
    rules: Rules,
    now: float,
) -> dict[str, list[Delivery]]:
    """
    Return the critical findings of each burst that have to share its cards.

    Few critical findings without any others are no burst: each is a card.
    """
    found = {}
    for channel, those in candidates.items():
        parts = _parts(channel, those, digests.get(channel), rules, now)
        is_alone = not (parts.is_on or parts.is_put_off or parts.begun or parts.said)
        is_alone = is_alone and len(parts.rivals) == len(parts.choice)
        if parts.rivals and not (is_alone and len(parts.rivals) <= rules.critical_cards):
            found[channel] = parts.rivals
    return found


def group(
    candidates: Mapping[str, Sequence[Delivery]],
    *,
    digests: Mapping[str, OpenDigest],
    rules: Rules,
    now: float,
    listed: Collection[Delivery] = (),
) -> list[Group]:
    """
    Put together the *candidates* of each channel; *digests* are the newest ones by channel.

    Of the `critical_of` a burst *listed* are those that have no card.
    """
    groups = (
        _group(channel, those, digests.get(channel), rules, now, listed)
        for channel, those in candidates.items()
    )
    return [each for each in groups if each is not None]


class _Parts(NamedTuple):
    """The candidates of one channel by their possible treatment."""

    said: list[Delivery]
    begun: list[Delivery]
    wanted: list[Delivery]
    choice: list[Delivery]
    rivals: list[Delivery]
    """The critical ones in *choice* that share the cards of a burst; none without a burst."""
    is_on: bool
    is_put_off: bool
    is_burst: bool


def _parts(
    channel: str,
    those: Sequence[Delivery],
    before: OpenDigest | None,
    rules: Rules,
    now: float,
) -> _Parts:
    is_on = before is not None and rules.is_on(before, now)
    said = [each for each in those if is_unlisted(each)]
    begun = [each for each in those if _is_begun(each)]
    apart = {id(each) for each in (*said, *begun)}
    free = [each for each in those if id(each) not in apart]
    # One that was claimed as a card stays a card.
    wanted = [
        each
        for each in free
        if each.destination.deliver is Deliver.DIGEST and each.alert.claim is None
    ]
    choice = [each for each in free if each.destination.deliver is Deliver.AUTO]
    is_put_off = any(channel in each.job.record.digests for each in (*choice, *said))
    is_burst = is_on or is_put_off or len(choice) + len(said) > rules.threshold
    # One that is listed besides was to have a card: it has one.
    rivals = [
        each
        for each in choice
        if is_burst
        and each.severity is Severity.CRITICAL
        and each.alert.claim is None
        and each.alert.listed_in is None
    ]
    return _Parts(said, begun, wanted, choice, rivals, is_on, is_put_off, is_burst)


def _group(
    channel: str,
    those: Sequence[Delivery],
    before: OpenDigest | None,
    rules: Rules,
    now: float,
    without_card: Collection[Delivery],
) -> Group | None:
    parts = _parts(channel, those, before, rules, now)
    said = parts.said
    only_listed = {id(each) for each in without_card}
    critical = [
        each
        for each in parts.choice
        if each.severity is Severity.CRITICAL and id(each) not in only_listed
    ]
    with_card = {id(each) for each in critical}
    together = [*parts.begun, *parts.wanted]
    if parts.is_burst:
        together += [
            each for each in parts.choice if id(each) not in with_card and each.alert.claim is None
        ]
    beside = [each for each in critical if each.alert.listed_in is None]
    also = [*beside, *said] if parts.is_burst or parts.begun else said
    if not together and not (parts.is_on or parts.is_put_off or (said and before)):
        return None
    listed = [*together, *also]
    worst = max(together or also, key=lambda each: each.severity.rank, default=None)
    if worst is None:
        return None
    return Group(
        name=channel,
        channel=channel,
        # It mentions everyone whom the cards of its findings would have mentioned.
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
    # An alert that was claimed for a digest may be listed there, even if its route has changed.
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
