"""A local GitHub: the calls about issues with their limits and faults, and a page to look at."""

from finding_router_local.github.server import DEFAULT_REPOSITORY, GitHubServer
from finding_router_local.github.store import Issue

__all__ = ["DEFAULT_REPOSITORY", "GitHubServer", "Issue"]
