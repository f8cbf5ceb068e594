"""Metric names, and the Powertools logger, metrics and tracer."""

import json
import logging
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from finding_router import characters
from finding_router.settings import tracing_is_on

SERVICE: Final = "finding-router"
NAMESPACE: Final = "FindingRouter"

# At most ten custom metrics, since each costs $0.30 a month. The service is the only dimension,
# so none of them multiplies. The logs have the details, under the name of the outcome.
FINDINGS_POSTED: Final = "FindingsPosted"
FINDINGS_DUPLICATE: Final = "FindingsDuplicate"
FINDINGS_SILENCED: Final = "FindingsSilenced"
FINDINGS_SHADOWED: Final = "FindingsShadowed"
FINDINGS_QUIET: Final = "FindingsQuiet"
FINDINGS_FAILED: Final = "FindingsFailed"
EVENTS_REFUSED: Final = "EventsRefused"
INVALID_ROUTES: Final = "InvalidRoutes"
CREDENTIAL_FAILURES: Final = "CredentialFailures"
DELIVERIES_DEGRADED: Final = "DeliveriesDegraded"

# At DEBUG, botocore logs every response unredacted, including the one with the Slack token.
# slack_sdk logs errors that the router handles and logs itself. The Lambda runtime sets the level
# of the root logger to LogLevel, hence a level for each logger.
for _name, _level in (
    ("boto3", logging.WARNING),
    ("botocore", logging.WARNING),
    ("urllib3", logging.WARNING),
    ("slack_sdk", logging.CRITICAL),
):
    logging.getLogger(_name).setLevel(_level)

# Most scheduled invocations count nothing, so an empty set of metrics is normal.
warnings.filterwarnings("ignore", message="No application metrics to publish")

# Characters that end a line, or turn it around, in a terminal or a reader of the log.
_UNSAFE: Final = re.compile(f"[\u2028\u2029]|{characters.INVISIBLE.pattern}")


def _line(values: Mapping[str, Any]) -> str:
    """Return the JSON of a log entry: one line of valid UTF-8 for any text."""
    text = json.dumps(values, separators=(",", ":"), default=str, ensure_ascii=False)
    if text.isascii() and text.isprintable():
        return text
    text = characters.HALF_SURROGATES.sub(characters.REPLACEMENT, text)
    return _UNSAFE.sub(lambda found: json.dumps(found[0])[1:-1], text)


logger = Logger(service=SERVICE, json_serializer=_line)
metrics = Metrics(namespace=NAMESPACE, service=SERVICE)


def count(metric: str, by: int = 1) -> None:
    """Add *by* to *metric*, one of the names above."""
    metrics.add_metric(name=metric, unit=MetricUnit.Count, value=by)


def traced[Handler: Callable[..., Any]](handler: Handler) -> Handler:
    """Return *handler* traced with X-Ray if the stack enables tracing, else unchanged."""
    if not tracing_is_on():
        return handler
    # Even a disabled Tracer imports the X-Ray SDK, which takes longer than importing the router.
    from aws_lambda_powertools import Tracer  # noqa: PLC0415

    tracer = Tracer(service=SERVICE)
    return cast("Handler", tracer.capture_lambda_handler(handler, capture_response=False))
