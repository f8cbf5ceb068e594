"""Systems Manager Patch Manager: instances that lack patches of their baseline."""

from typing import Final

from finding_router.findings.finding import Finding
from finding_router.findings.reading import number_at, text_at
from finding_router.slack.kit.detail import Detail, exact, facts, said
from finding_router.slack.kit.text import Mrkdwn

# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_PatchSummary.html
_COUNTS: Final = {
    "Missing": "MissingCount",
    "Failed": "FailedCount",
    "Waiting for a reboot": "InstalledPendingReboot",
    "Rejected but installed": "InstalledRejectedCount",
    "Installed": "InstalledCount",
}


def lay_out(finding: Finding) -> Detail:
    """Return the number of patches in each state, the baseline and the operation."""
    summary = finding.raw.get("PatchSummary")
    counts = {label: number_at(summary, name) for label, name in _COUNTS.items()}
    return Detail(
        facts=facts(
            *((label, Mrkdwn(f"{count:.0f}")) for label, count in counts.items() if count),
            ("Baseline", exact(text_at(summary, "Id"))),
            ("Operation", said(text_at(summary, "Operation"))),
        )
    )
