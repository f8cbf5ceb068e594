"""The entry of the worker: a batch of presses, or the schedule's call."""

from collections.abc import Mapping
from typing import Any


def lambda_handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001 -- Lambda's
    """Take nothing yet: every press of *event* comes again."""
    records = event.get("Records", [])
    return {"batchItemFailures": [{"itemIdentifier": each["messageId"]} for each in records]}
