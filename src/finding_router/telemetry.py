"""Names of what the router logs and counts, and the Powertools objects that do it."""

from typing import Final

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.metrics import MetricUnit

SERVICE: Final = "finding-router"
NAMESPACE: Final = "FindingRouter"

# Ten custom metrics at most: each costs $0.30 a month. The single dimension is the service, so
# none of them multiplies. What needs a finer look is in the logs, by the outcome's name.
FINDINGS_POSTED: Final = "FindingsPosted"
FINDINGS_DUPLICATE: Final = "FindingsDuplicate"
FINDINGS_QUIET: Final = "FindingsQuiet"
FINDINGS_FAILED: Final = "FindingsFailed"
EVENTS_REFUSED: Final = "EventsRefused"
INVALID_ROUTES: Final = "InvalidRoutes"
CREDENTIAL_FAILURES: Final = "CredentialFailures"
DELIVERIES_DEGRADED: Final = "DeliveriesDegraded"

logger = Logger(service=SERVICE)
metrics = Metrics(namespace=NAMESPACE, service=SERVICE)
# Traces only where the template asks for them: the X-Ray SDK is imported then, and only then.
tracer = Tracer(service=SERVICE)


def count(metric: str, by: int = 1) -> None:
    """Add *by* to one of the metrics above."""
    metrics.add_metric(name=metric, unit=MetricUnit.Count, value=by)
