"""OCSF findings of Security Hub ("V2") in the shape of ASFF, so that routes and cards take both."""

from collections.abc import Mapping
from typing import Any, TypeGuard, overload


def is_ocsf(raw: object) -> TypeGuard[Mapping[str, Any]]:
    """Return True if *raw* is a finding in OCSF, or the view of one."""
    return isinstance(raw, Mapping) and (
        isinstance(raw.get("finding_info"), Mapping) or "class_uid" in raw
    )


class View(dict[str, Any]):
    """The view of a finding in OCSF: its own fields, and beside them those that ASFF has."""


@overload
def in_asff(raw: Mapping[str, Any]) -> Mapping[str, Any]: ...


@overload
def in_asff(raw: object) -> object: ...


def in_asff(raw: object) -> object:
    """Return the ASFF-shaped view of *raw* if it is in OCSF; what makes it is imported then."""
    if isinstance(raw, View) or not is_ocsf(raw):
        return raw
    # Most events are of Security Hub CSPM, and a start of the function does not need it.
    from finding_router.findings.ocsf.view import as_asff  # noqa: PLC0415 -- see above

    return as_asff(raw)
