"""The cross-Region aggregation of Security Hub V2: at most one aggregator an account."""

import uuid
from collections.abc import Sequence
from typing import Any, Final

from moto.securityhub.exceptions import SecurityHubClientError

# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_CreateAggregatorV2.html
_ALL: Final = "ALL_REGIONS"


class AggregatorsV2:
    """The aggregator, if there is one; findings of other Regions come in whether or not."""

    def __init__(self, region: str, account_id: str) -> None:
        """Start without one."""
        self._region = region
        self._account_id = account_id
        self._aggregators: dict[str, dict[str, Any]] = {}

    def create(self, mode: str, linked_regions: Sequence[str]) -> dict[str, Any]:
        """
        Make the aggregator and return it as GetAggregatorV2 does.

        Raises:
            SecurityHubClientError: there is one.

        """
        if self._aggregators:
            raise SecurityHubClientError("ConflictException", "the account has an aggregator")
        arn = f"arn:aws:securityhub:{self._region}:{self._account_id}:aggregatorv2/{uuid.uuid4()}"
        made: dict[str, Any] = {
            "AggregatorV2Arn": arn,
            "AggregationRegion": self._region,
            "RegionLinkingMode": mode,
        }
        self._aggregators[arn] = made | (
            {} if mode == _ALL else {"LinkedRegions": [*linked_regions]}
        )
        return self._aggregators[arn]

    def arns(self) -> list[str]:
        """Return the ARN of the aggregator, or nothing."""
        return list(self._aggregators)

    def get(self, arn: str) -> dict[str, Any]:
        """
        Return the aggregator with this *arn* as GetAggregatorV2 does.

        Raises:
            SecurityHubClientError: there is none.

        """
        if arn not in self._aggregators:
            raise SecurityHubClientError("ResourceNotFoundException", f"there is no {arn}")
        return self._aggregators[arn]
