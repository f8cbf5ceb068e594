"""Search for messages that an earlier try may have posted, before they are posted again."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.posting.run import Run
from finding_router.errors import UnreadableError
from finding_router.slack.api.client import Posted

# A search starts this long before the claim, for the difference between two clocks.
MARGIN_SECONDS: Final = 60.0


class Looked(NamedTuple):
    """The messages that a search found, by delivery id; *is_sure* if the others are nowhere."""

    posted: Mapping[str, Posted]
    is_sure: bool
    unreadable: Mapping[str, str] = MappingProxyType({})
    """By id, the reason for each digest whose thread cannot be determined."""


def look(
    run: Run,
    delivery_ids: Collection[str],
    places: Mapping[str, str | None],
    *,
    claimed_at: float,
) -> Looked:
    """
    Search *places*, channels with a thread's ts or None, for messages since the claim.

    Where the app may not look, nothing is found and the search is not sure: then a message that a
    dying worker did post is posted once more.

    Raises:
        DeliveryError: Slack does not answer, or asks to wait.

    """
    posted: dict[str, Posted] = {}
    is_sure = True
    for channel, thread_ts in places.items():
        left = [each for each in delivery_ids if each not in posted]
        if not left:
            break
        found = run.slack.find(
            channel,
            left,
            since=claimed_at - MARGIN_SECONDS,
            thread_ts=thread_ts,
            seconds=run.deadline.for_slack(),
        )
        posted |= found.messages
        is_sure = is_sure and found.is_complete
    return Looked(posted, is_sure or len(posted) == len(delivery_ids))


def look_for_claims(run: Run, alerts: Sequence[Alert]) -> Looked:
    """
    Search for the messages of *alerts* whose claims are left, one pass for each place.

    A card stands in the alert's channel or, if that refused it, in the default channel; a line
    stands in the thread of the digest that it was claimed for, if that has a parent.

    Raises:
        DeliveryError: Slack does not answer, or asks to wait.
        StoreError: the Ledger does not answer.

    """
    posted: dict[str, Posted] = {}
    is_sure = True
    by_digest: dict[str, list[Alert]] = {}
    for alert in alerts:
        if alert.claim is None:
            continue
        if alert.claim.digest is not None:
            by_digest.setdefault(alert.claim.digest, []).append(alert)
            continue
        own = alert.posted_to or alert.key.channel
        places = {own: alert.ts if alert.posted_to else None, run.default_channel: None}
        looked = look(run, [alert.delivery_id], places, claimed_at=alert.claim.claimed_at)
        posted |= looked.posted
        is_sure = is_sure and looked.is_sure
    unreadable: dict[str, str] = {}
    for digest_id, those in by_digest.items():
        try:
            digest = run.digests.about(digest_id)
        except UnreadableError as error:
            unreadable[digest_id] = str(error)
            continue
        if digest is not None and digest.posted_to is not None:
            since = min(each.claim.claimed_at for each in those if each.claim)
            names = [each.delivery_id for each in those]
            looked = look(run, names, {digest.posted_to: digest.ts}, claimed_at=since)
            posted |= looked.posted
            is_sure = is_sure and looked.is_sure
    return Looked(posted, is_sure, unreadable)
