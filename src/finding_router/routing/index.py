"""
The public name of `finding_router.routing.patterns.index` for other programs.

Other programs import `PatternIndex` from here; this project does not.
"""

from finding_router.routing.patterns.index import PatternIndex

__all__ = ["PatternIndex"]
