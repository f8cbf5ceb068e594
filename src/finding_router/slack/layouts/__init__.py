"""
The layouts of AWS services, one module each.

A layout is a module named like the service in snake case ("IAM Access Analyzer" is
`iam_access_analyzer`) with a pure function ``lay_out(finding) -> Detail``. To support a new
service, add its module and a test. Layouts are imported on first use. The finding's ARN proves its
service; its names choose no layout.
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
    """Return the details from the layout of the finding's service, else from the generic one."""
    return (_layout(finding.service) if finding.service else generic.lay_out)(finding)


@lru_cache(maxsize=64)
def _layout(service: str) -> Layout:
    name = sub("[^a-z0-9]+", "_", service.lower())
    # The name comes from the finding, so it is restricted to modules of this package.
    if fullmatch("[a-z][a-z0-9_]{0,60}", name) and find_spec(f"{__name__}.{name}"):
        layout: Layout = import_module(f"{__name__}.{name}").lay_out
        return layout
    return generic.lay_out
