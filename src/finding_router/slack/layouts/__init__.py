"""
What is special to one product, a file each.

A layout is the module named as the product in snake case ("IAM Access Analyzer" is
`iam_access_analyzer`), with a pure function ``lay_out(finding) -> Detail``. A new product needs
its file and a test, and nothing else. Only the layouts that findings ask for are imported.
"""

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from re import fullmatch, sub

from finding_router.findings.finding import Finding
from finding_router.slack.kit.detail import Detail
from finding_router.slack.layouts import generic

type Layout = Callable[[Finding], Detail]


def lay_out(finding: Finding) -> Detail:
    """Give what the layout of the finding's product adds to its card."""
    return _layout(finding.product)(finding)


@lru_cache(maxsize=64)
def _layout(product: str) -> Layout:
    name = sub("[^a-z0-9]+", "_", product.lower())
    # The name comes from the finding: it can find a module of this package, and nothing else.
    if fullmatch("[a-z][a-z0-9_]{0,60}", name) and find_spec(f"{__name__}.{name}"):
        layout: Layout = import_module(f"{__name__}.{name}").lay_out
        return layout
    return generic.lay_out
