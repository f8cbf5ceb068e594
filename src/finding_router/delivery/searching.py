"""Looking for what an earlier try may have posted, before it is posted again."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from finding_router.delivery.batch import Batch
from finding_router.errors import ChannelError, CredentialError
from finding_router.slack.client import Posted
from finding_router.slack.refusals import MISSING_SCOPE
from finding_router.telemetry import logger

# A search starts this long before the claim, for the difference between two clocks.
MARGIN_SECONDS: Final = 60.0


class Looked(NamedTuple):
    """What a search found; without anything, *is_sure* tells that it is nowhere."""

    posted: Posted | None
    is_sure: bool


class Searcher:
    """Looks in Slack, as far as the app may."""

    def __init__(self, batch: Batch) -> None:
        """Look as long as the deadline of *batch* allows."""
        self._slack = batch.slack
        self._deadline = batch.deadline

    def look(
        self, delivery_id: str, places: Mapping[str, str | None], *, claimed_at: float
    ) -> Looked:
        """
        Look in *places*, channels with a thread in each or None, since the claim.

        Raises:
            DeliveryError: Slack does not answer, or refuses the token.

        """
        is_sure = True
        for channel, thread_ts in places.items():
            try:
                posted = self._slack.find(
                    channel,
                    delivery_id,
                    since=claimed_at - MARGIN_SECONDS,
                    thread_ts=thread_ts,
                    seconds=self._deadline.for_slack(),
                )
            except (ChannelError, CredentialError) as error:
                if isinstance(error, CredentialError) and error.code != MISSING_SCOPE:
                    raise
                # Without the scope, or outside the channel, nobody can look: then a message that
                # a dying worker did post is posted once more.
                is_sure = False
                logger.warning("history not searched", channel=channel, code=error.code)
                continue
            if posted is not None:
                return Looked(posted, is_sure=True)
        return Looked(None, is_sure)
