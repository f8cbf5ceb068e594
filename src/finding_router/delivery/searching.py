"""Looking for what an earlier try may have posted, before it is posted again."""

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from finding_router.delivery.batch import Batch
from finding_router.errors import (
    ChannelError,
    CredentialError,
    RateLimitedError,
    SearchLimitedError,
)
from finding_router.slack.client import Found, Posted
from finding_router.slack.refusals import MISSING_SCOPE
from finding_router.telemetry import logger

# A search starts this long before the claim, for the difference between two clocks.
MARGIN_SECONDS: Final = 60.0


class Looked(NamedTuple):
    """What a search found, by delivery; *is_sure* tells that the others are nowhere."""

    posted: Mapping[str, Posted]
    is_sure: bool


class Searcher:
    """Looks in Slack, as far as the app may."""

    def __init__(self, batch: Batch) -> None:
        """Look as long as the deadline of *batch* allows."""
        self._slack = batch.slack
        self._deadline = batch.deadline
        self._closed: set[str] = set()

    def look(
        self, delivery_ids: Collection[str], places: Mapping[str, str | None], *, claimed_at: float
    ) -> Looked:
        """
        Look in *places*, channels with a thread in each or None, since the claim.

        Raises:
            DeliveryError: Slack does not answer, or refuses the token.

        """
        posted: dict[str, Posted] = {}
        is_sure = True
        for channel, thread_ts in places.items():
            left = [each for each in delivery_ids if each not in posted]
            if not left:
                return Looked(posted, is_sure=True)
            found = self._find(channel, left, since=claimed_at - MARGIN_SECONDS, thread=thread_ts)
            posted |= found.messages
            is_sure = is_sure and found.is_complete
        return Looked(posted, is_sure or len(posted) == len(delivery_ids))

    def _find(
        self, channel: str, delivery_ids: Collection[str], *, since: float, thread: str | None
    ) -> Found:
        """Look in one place; where nobody may, nothing is found, and that is not all there is."""
        if channel in self._closed:
            return Found({}, is_complete=False)
        try:
            return self._slack.find(
                channel,
                delivery_ids,
                since=since,
                thread_ts=thread,
                seconds=self._deadline.for_slack(),
            )
        except RateLimitedError as error:
            raise SearchLimitedError(
                str(error),
                channel=channel,
                code=error.code,
                retry_after_seconds=error.retry_after_seconds,
            ) from error
        except (ChannelError, CredentialError) as error:
            if isinstance(error, CredentialError) and error.code != MISSING_SCOPE:
                raise
            # Without the scope, or outside the channel, nobody can look: then a message that a
            # dying worker did post is posted once more.
            self._closed.add(channel)
            logger.warning("history not searched", channel=channel, code=error.code)
            return Found({}, is_complete=False)
