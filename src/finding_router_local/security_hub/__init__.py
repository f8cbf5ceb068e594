"""
Security Hub for moto: what its own backend lacks, written as its backends are.

moto 5.2.5 knows no BatchUpdateFindings, ignores the filters of GetFindings, lets an import change
what only a customer may change, and sends no events.
"""

from finding_router_local.security_hub.models import SecurityHubBackend, securityhub_backends
from finding_router_local.security_hub.urls import create_app

__all__ = ["SecurityHubBackend", "create_app", "securityhub_backends"]
