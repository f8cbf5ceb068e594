"""
The layouts of AWS services, one module each.

A layout is a module named like the service in snake case ("IAM Access Analyzer" is
`iam_access_analyzer`) with a pure function ``lay_out(finding) -> Detail``. To support a new
service, add its module and a test. Layouts are imported on first use. The finding's ARN proves its
service; its names choose no layout. Of the findings of services, exposures have one of their own.
"""

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from re import fullmatch, sub
from typing import Final

from finding_router.findings.finding import Finding
from finding_router.slack.kit.detail import Detail
from finding_router.slack.kit.sequence import is_exposure
from finding_router.slack.layouts import generic

_EXPOSURE: Final = "exposure"

type Layout = Callable[[Finding], Detail]


def lay_out(finding: Finding) -> Detail:
    """Return the details from the layout of the finding's service, else from the generic one."""
    if not finding.service:
        return generic.lay_out(finding)
    # The ARN of exposures has changed; their types have not.
    return _layout(_EXPOSURE if is_exposure(finding) else finding.service)(finding)


@lru_cache(maxsize=64)
def _layout(service: str) -> Layout:
    name = sub("[^a-z0-9]+", "_", service.lower())
    # The name comes from the finding, so it is restricted to modules of this package.
    if fullmatch("[a-z][a-z0-9_]{0,60}", name) and find_spec(f"{__name__}.{name}"):
        layout: Layout = import_module(f"{__name__}.{name}").lay_out
        return layout
    return generic.lay_out
