"""A local GitHub: the calls about issues with their limits and faults, and a page to look at."""

from finding_router_local.github.server import GitHubServer
from finding_router_local.github.store import Issue

__all__ = ["GitHubServer", "Issue"]
