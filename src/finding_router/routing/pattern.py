"""
The public names of `finding_router.routing.patterns.pattern` for other programs.

Other programs import `compile_pattern`, `Pattern` and `PatternError` from here; this project
does not.
"""

from finding_router.routing.patterns.pattern import Pattern, PatternError, compile_pattern

__all__ = ["Pattern", "PatternError", "compile_pattern"]
