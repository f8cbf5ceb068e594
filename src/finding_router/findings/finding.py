"""A parsed finding; immutable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from finding_router.findings.products import service_of


class Severity(StrEnum):
    """Severity labels of ASFF, lowest first."""

    INFORMATIONAL = "INFORMATIONAL"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"

    @property
    def rank(self) -> int:
        """Return 0 for INFORMATIONAL to 4 for CRITICAL."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One affected resource; *id* may not be an ARN, and *raw* is its unchanged JSON."""

    id: str
    type: str | None = None
    region: str | None = None
    partition: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationAccount:
    """
    An account, as AWS Organizations has it.

    *ou* has the names of its organizational units, the highest first: "Workloads/Prod"; None for an
    account directly below the root.
    """

    name: str
    state: str | None = None
    ou: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def as_matched(self) -> dict[str, Any]:
        """Return the account as the patterns of routes see it."""
        seen = {"Name": self.name, "State": self.state, "Ou": self.ou, "Tags": dict(self.tags)}
        return {name: value for name, value in seen.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One finding, with a fallback for each field that ASFF leaves out.

    Strings are as the product wrote them: untrusted and untrimmed, but never empty (None instead).
    Timestamps stay strings, since products use many formats. *raw* is the finding's JSON, which
    routes match and product layouts read.
    """

    id: str
    product_arn: str
    account_id: str | None
    account_name: str | None
    region: str | None
    partition: str
    product: str
    """
    Short display name: "GuardDuty", "Security Hub", a partner's or an account's own name.

    It is for people; rules ask for the `service`.
    """
    severity: Severity
    title: str
    description: str | None
    workflow_status: str
    """"NEW" if the finding has no Workflow status."""
    record_state: str
    """"ACTIVE" if the finding has no RecordState."""
    compliance_status: str | None
    control_id: str | None
    generator_id: str | None
    types: tuple[str, ...]
    resources: tuple[Resource, ...]
    first_seen: str | None
    last_seen: str | None
    updated_at: str | None
    remediation_text: str | None
    remediation_url: str | None
    source_url: str | None
    raw: Mapping[str, Any] = field(repr=False)
    claims: str | None = None
    """Name of a service of AWS by which the finding calls its product, unproven by its ARN."""
    account: OrganizationAccount | None = None
    """None without AWS Organizations, or if the account is not in the organization."""

    @property
    def key(self) -> tuple[str, str]:
        """Identity in Security Hub: (ProductArn, Id)."""
        return self.product_arn, self.id

    @property
    def service(self) -> str | None:
        """Return the short name of the service of AWS that the ProductArn proves."""
        return service_of(self.product_arn)
