"""Systems Manager Patch Manager: instances that lack patches of their baseline."""

from typing import Final

from finding_router.findings.finding import Finding
from finding_router.findings.reading import number_at, text_at
from finding_router.slack.kit.detail import Detail, exact, facts, joined, pages, said
from finding_router.slack.kit.headlines import called, headline, title_words
from finding_router.slack.kit.links import product_url
from finding_router.slack.kit.text import Mrkdwn

# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_PatchSummary.html
_COUNTS: Final = {
    "MissingCount": "missing",
    "FailedCount": "failed",
    "InstalledPendingReboot": "waiting for a reboot",
    "InstalledRejectedCount": "rejected but installed",
    "InstalledCount": "installed",
}
_FAULTS: Final = ("MissingCount", "FailedCount")
_PAGE: Final = "systems-manager/patch-manager?region={region}"


def lay_out(finding: Finding) -> Detail:
    """Return the number of patches in each state, the baseline and the operation."""
    summary = finding.raw.get("PatchSummary")
    counts = {name: number_at(summary, name) for name in _COUNTS}
    shown = {
        name: f"{count:,.0f} {_COUNTS[name]}"
        for name, count in counts.items()
        if count is not None and count > 0
    }
    faults = ", ".join(shown[name] for name in _FAULTS if name in shown)
    name = called(finding.resources[0]) if finding.resources else None
    operation = said(text_at(summary, "Operation"))
    return Detail(
        headline=headline(f"Patches: {faults}" if faults else title_words(finding), name, " on "),
        facts=facts(
            ("Patches", joined(" · ", *map(Mrkdwn, shown.values()))),
            ("Baseline", exact(text_at(summary, "Id"))),
        ),
        pages=pages(("Patch Manager", product_url(finding, _PAGE))),
        title="" if faults else None,
        small_print=(Mrkdwn(f"operation {operation}"),) if operation else (),
    )
