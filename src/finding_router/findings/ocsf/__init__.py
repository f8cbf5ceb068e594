"""OCSF findings of Security Hub ("V2") in the shape of ASFF, so that routes and cards take both."""

from collections.abc import Mapping
from typing import Any, TypeIs


def is_ocsf(raw: object) -> TypeIs[Mapping[str, Any]]:
    """Return True if *raw* is a finding in OCSF, or the view of one."""
    return isinstance(raw, Mapping) and (
        isinstance(raw.get("finding_info"), Mapping) or "class_uid" in raw
    )
