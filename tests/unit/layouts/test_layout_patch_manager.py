"""Patch Manager's layout."""

from factories import make_finding
from finding_router.slack.kit.detail import Detail
from finding_router.slack.layouts.patch_manager import lay_out


def test_counts_that_are_not_zero_are_shown() -> None:
    """Missing patches come first; a zero is not shown."""
    summary = {
        "Id": "pb-0c10e65780EXAMPLE",
        "InstalledCount": 214,
        "MissingCount": 9,
        "FailedCount": "2",
        "InstalledRejectedCount": 0,
        "Operation": "Scan",
    }

    assert lay_out(make_finding({"PatchSummary": summary})).facts == (
        ("Missing", "9"),
        ("Failed", "2"),
        ("Installed", "214"),
        ("Baseline", "`pb-0c10e65780EXAMPLE`"),
        ("Operation", "Scan"),
    )


def test_without_a_summary_nothing_is_added() -> None:
    """Without known fields, nothing is shown."""
    assert lay_out(make_finding()) == Detail()
