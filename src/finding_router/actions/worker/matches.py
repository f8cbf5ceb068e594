"""The pattern of what a press is about: for silences, routes and automation rules."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from finding_router.delivery.people import Alike
from finding_router.findings.finding import Finding, Severity
from finding_router.findings.ocsf import is_ocsf
from finding_router.findings.reading import items_at, text_at


class Scope(StrEnum):
    """The findings that a submitted modal is about."""

    FINDING = "finding"
    RESOURCE = "resource"
    """This control, or this type of finding, on this resource."""
    ACCOUNT = "account"
    """This control, or this type of finding, in this account."""


class About(NamedTuple):
    """
    What *scope* means for a finding: its *control*, or else its *kind*, a type of its product.

    None if the finding has neither, or no account, or for a resource not that.
    """

    scope: Scope
    account: str
    control: str | None
    kind: str | None
    product: str
    resource: str | None


def about(finding: Finding, scope: Scope) -> About | None:
    """Return what *scope* means for *finding*."""
    kind = next(iter(finding.types), None)
    resource = finding.resources[0].id if finding.resources else None
    is_known = finding.account_id and (finding.control_id or kind)
    if not is_known or (scope is Scope.RESOURCE and resource is None):
        return None
    return About(
        scope=scope,
        account=finding.account_id or "",
        control=finding.control_id,
        kind=kind,
        product=finding.product_arn,
        resource=resource if scope is Scope.RESOURCE else None,
    )


def alike(finding: Finding, scope: Scope) -> Alike | None:
    """Return what to ask the hub that sent *finding* for, by the names that it has itself."""
    meant = about(finding, scope)
    if meant is None:
        return None
    product, resource = meant.product, meant.resource
    if is_ocsf(finding.raw):
        product = text_at(finding.raw, "metadata", "product", "uid") or product
        own = [text_at(each, "uid") for each in items_at(finding.raw, "resources")]
        resource = next(filter(None, own), resource) if resource is not None else None
    return Alike(
        account=meant.account,
        control=meant.control,
        kind=meant.kind,
        product=product,
        resource=resource,
    )


def match_of(findings: Sequence[Finding], scope: Scope) -> dict[str, Any]:
    """
    Return the pattern for findings like *findings*, that are not worse than the worst of them.

    By the names of ASFF it matches the findings of both Security Hubs. What has no control and no
    type, or no account, is matched by its identity.
    """
    worst = max((each.severity for each in findings), key=lambda each: each.rank)
    labels = [each.value for each in Severity if each.rank <= worst.rank]
    meant = about(findings[0], scope) if scope is not Scope.FINDING else None
    pattern: dict[str, Any]
    if meant is None:
        pattern = {
            "ProductArn": sorted({each.product_arn for each in findings}),
            "Id": sorted({each.id for each in findings}),
        }
    else:
        pattern = {"AwsAccountId": [meant.account]}
        if meant.control is not None:
            pattern["Compliance"] = {"SecurityControlId": [meant.control]}
        else:
            pattern |= {"ProductArn": [meant.product], "Types": [meant.kind]}
        if meant.resource is not None:
            pattern["Resources"] = {"Id": [meant.resource]}
    return {**pattern, "Severity": {"Label": labels}}
