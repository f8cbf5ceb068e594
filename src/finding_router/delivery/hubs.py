"""The two Security Hubs, CSPM and the one in OCSF: a finding may be in one of them, or in both."""

from abc import ABC, abstractmethod
from typing import override

from finding_router.delivery.alerts.alert import Form
from finding_router.delivery.workflow import FindingKey, Workflow
from finding_router.findings.finding import Finding
from finding_router.findings.ocsf import is_ocsf
from finding_router.findings.ocsf.marks import V2Status, identifier_of, is_to_mark


def hub_key(finding: Finding) -> FindingKey | None:
    """Return the key of *finding* in the calls of the hub that sent it; None if it has none."""
    return identifier_of(finding.raw) if is_ocsf(finding.raw) else finding.key


class Hub(ABC):
    """One Security Hub, with its calls and its way to name a finding."""

    knows_notified: bool
    """Whether a finding can be NOTIFIED there, which the Ledger remembers."""

    def __init__(self, workflow: Workflow) -> None:
        """Call *workflow*."""
        self.workflow = workflow

    @abstractmethod
    def key_of(self, finding: Finding) -> FindingKey | None:
        """Return the name of *finding* in the calls, or None if they cannot name it."""

    @abstractmethod
    def is_to_notify(self, finding: Finding) -> bool:
        """Return True if *finding* gets a mark there once it was said."""


class Cspm(Hub):
    """Security Hub CSPM, in ASFF."""

    knows_notified = True

    @override
    def key_of(self, finding: Finding) -> FindingKey:
        return finding.key

    @override
    def is_to_notify(self, finding: Finding) -> bool:
        return True


class Ocsf(Hub):
    """AWS Security Hub, in OCSF."""

    knows_notified = False

    def __init__(self, workflow: Workflow, status: V2Status) -> None:
        """Call *workflow*, which sets *status*."""
        super().__init__(workflow)
        self._status = status

    @override
    def key_of(self, finding: Finding) -> FindingKey | None:
        return identifier_of(finding.raw)

    @override
    def is_to_notify(self, finding: Finding) -> bool:
        return is_to_mark(finding.raw, self._status)


class Hubs:
    """Both Security Hubs."""

    def __init__(self, cspm: Workflow, v2: Workflow, *, v2_status: V2Status) -> None:
        """Call *cspm* about findings in ASFF and *v2*, which sets *v2_status*, about the others."""
        self._cspm = Cspm(cspm)
        self._ocsf = Ocsf(v2, v2_status)

    def of(self, finding: Finding) -> Hub:
        """Return the one that sent *finding*."""
        return self._ocsf if is_ocsf(finding.raw) else self._cspm

    def of_form(self, form: Form) -> Hub:
        """Return the one that sends findings in *form*."""
        return self._ocsf if form is Form.OCSF else self._cspm
