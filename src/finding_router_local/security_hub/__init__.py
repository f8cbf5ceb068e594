"""
Security Hub for moto: operations that its own backend lacks, in the form of its backends.

moto 5.2.5 has no BatchUpdateFindings, ignores the filters of GetFindings, allows an import to
change fields that only a customer may change, and sends no events.
"""

from finding_router_local.security_hub.models import SecurityHubBackend, securityhub_backends
from finding_router_local.security_hub.responses import create_app

__all__ = ["SecurityHubBackend", "create_app", "securityhub_backends"]
