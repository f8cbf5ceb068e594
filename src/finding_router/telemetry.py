"""Names of what the router logs and counts, and the Powertools objects that do it."""

import logging
import warnings
from collections.abc import Callable
from typing import Any, Final, cast

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from finding_router.settings import tracing_is_on

SERVICE: Final = "finding-router"
NAMESPACE: Final = "FindingRouter"

# Ten custom metrics at most: each costs $0.30 a month. The single dimension is the service, so
# none of them multiplies. What needs a finer look is in the logs, by the outcome's name.
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

# At DEBUG botocore logs every answer as it came, the Slack token in one of them; slack_sdk logs as
# an error what the router handles and names itself. The runtime sets the root logger to LogLevel.
for _name, _level in (
    ("boto3", logging.WARNING),
    ("botocore", logging.WARNING),
    ("urllib3", logging.WARNING),
    ("slack_sdk", logging.CRITICAL),
):
    logging.getLogger(_name).setLevel(_level)

# Most calls of the schedule have nothing to count, which is no trouble.
warnings.filterwarnings("ignore", message="No application metrics to publish")

logger = Logger(service=SERVICE)
metrics = Metrics(namespace=NAMESPACE, service=SERVICE)


def count(metric: str, by: int = 1) -> None:
    """Add *by* to one of the metrics above."""
    metrics.add_metric(name=metric, unit=MetricUnit.Count, value=by)


def traced[Handler: Callable[..., Any]](handler: Handler) -> Handler:
    """Trace *handler* with X-Ray, where the stack asks for it."""
    if not tracing_is_on():
        return handler
    # Even a disabled Tracer imports the X-Ray SDK, which takes longer than the router itself.
    from aws_lambda_powertools import Tracer  # noqa: PLC0415

    tracer = Tracer(service=SERVICE)
    return cast("Handler", tracer.capture_lambda_handler(handler, capture_response=False))
