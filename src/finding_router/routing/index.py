"""
The name of `finding_router.routing.patterns.index`, for other programs.

They import `PatternIndex` from here; the project itself does not.
"""

from finding_router.routing.patterns.index import PatternIndex

__all__ = ["PatternIndex"]
