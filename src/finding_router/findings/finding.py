"""A finding as the rest of the router sees it: read once, never changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """Severity labels of ASFF; `rank` orders them, INFORMATIONAL lowest."""

    INFORMATIONAL = "INFORMATIONAL"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"
    CRITICAL = "CRITICAL"

    @property
    def rank(self) -> int:
        """Give 0 for INFORMATIONAL to 4 for CRITICAL."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One affected resource; *id* need not be an ARN, *raw* is as it came."""

    id: str
    type: str | None = None
    region: str | None = None
    partition: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One finding, with every fall-back of ASFF already applied.

    Strings are as the product wrote them (hostile, untrimmed, never empty: an empty one is None);
    timestamps are kept as strings, since ASFF has six shapes of them. *raw* is the finding's JSON,
    which routes match and product layouts read.
    """

    id: str
    product_arn: str
    account_id: str | None
    account_name: str | None
    region: str | None
    partition: str
    product: str
    """Short display name: "GuardDuty", "Security Hub", "Inspector", a company's product name."""
    severity: Severity
    title: str
    description: str | None
    workflow_status: str
    """"NEW" when the finding says nothing."""
    record_state: str
    """"ACTIVE" when the finding says nothing."""
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

    @property
    def key(self) -> tuple[str, str]:
        """Identity in Security Hub: (ProductArn, Id)."""
        return self.product_arn, self.id
