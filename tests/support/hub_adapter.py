"""An adapter of a Security Hub, and the local hub behind it, which fails as asked."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from fakes import Clock, late
from finding_router.delivery.workflow import FindingKey, Workflow
from finding_router_local.aws import AwsServer
from finding_router_local.faults import Effect, Fault


class AdaptedHub:
    """A Security Hub with its adapter, as the tests of CSPM and of V2 share it."""

    REFUSAL: ClassVar[str]
    """The error code with which the hub refuses a whole call."""

    def __init__(self, aws: AwsServer, adapter: Workflow) -> None:
        """Start without calls."""
        aws.gate.recent.clear()
        aws.gate.counts.clear()
        self.aws = aws
        self.adapter = adapter

    def fail(self, operation: str, **how: Any) -> None:
        """Make the hub fail."""
        self.aws.security_hub.faults = self.aws.faults
        self.aws.faults.add(Fault(service="securityhub", operation=operation, **how))

    def refuse(self, operation: str, finding_id: str) -> None:
        """Refuse each call of *operation* that names the finding, and all others in the call."""
        self.fail(
            operation,
            effect=Effect.ERROR,
            code=self.REFUSAL,
            status=400,
            containing=finding_id,
            times=None,
        )

    def mark(self, keys: list[FindingKey], *, left: float = 90) -> Mapping[FindingKey, str]:
        """Set NOTIFIED, or the mark that stands for it, with that many seconds left."""
        return self.adapter.mark(keys, "NOTIFIED", deadline=late(Clock(), left))

    def statuses(self, keys: list[FindingKey], *, left: float = 90) -> dict[FindingKey, str]:
        """Read the statuses, with that many seconds left."""
        standings = self.adapter.statuses(keys, deadline=late(Clock(), left))
        return {key: each.workflow_status for key, each in standings.items()}

    def bodies(self, operation: str) -> list[dict[str, Any]]:
        """Return the bodies of the requests."""
        return [
            json.loads(call.body) for call in self.aws.gate.recent if call.operation == operation
        ]
