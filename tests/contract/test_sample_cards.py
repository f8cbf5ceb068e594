"""Cards of real findings, and of the project's own sample events."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from finding_router.findings.asff import read_finding
from finding_router.slack.kit.links import AccessPortal
from finding_router.slack.kit.refused import Banner
from finding_router.slack.messages.card import CardContext, render, render_plain, render_raw
from slack_limits import acts, says_nothing, violations

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT.parent / "shared" / "samples" / "findings.ndjson"
GOLDEN = ROOT / "tests" / "golden"
# sqs-batch.json repeats findings of the others.
EVENTS = sorted([*ROOT.glob("events/imported-*.json"), *ROOT.glob("events/custom-action-*.json")])
CONTEXTS = [
    CardContext(("every-account",)),
    CardContext(
        banner=Banner(refused=(("#payments", "channel_not_found"),), routes=("payments",)),
        mention=("@here",),
        action_name="Send to Slack",
        portal=AccessPortal("https://acme.awsapps.com/start", "ReadOnly"),
    ),
]


def _findings_of(event: Path) -> list[dict[str, Any]]:
    findings: list[dict[str, Any]] = json.loads(event.read_text("utf-8"))["detail"]["findings"]
    return findings


@pytest.mark.skipif(
    not SAMPLES.is_file(), reason=f"the collected findings are not part of the project: {SAMPLES}"
)
@pytest.mark.parametrize("context", CONTEXTS, ids=["plain", "with everything"])
def test_every_real_finding_makes_a_card_that_slack_takes(context: CardContext) -> None:
    """Findings of many publishers hold every limit, act on nothing, and print nothing missing."""
    with SAMPLES.open(encoding="utf-8") as lines:
        raws = [json.loads(line)["finding"] for line in lines]
    problems = []
    for raw in raws:
        finding = read_finding(raw)
        for message in (
            render(finding, context),
            render_plain(finding, context),
            render_raw(raw, "an example of a problem", context),
        ):
            arguments = message.arguments()
            found = violations(arguments) + acts(arguments) + says_nothing(arguments)
            problems += [f"{finding.id}: {problem}" for problem in found]

    assert problems == []


@pytest.mark.parametrize("event", EVENTS, ids=lambda path: path.stem)
def test_sample_events_look_as_they_were_reviewed(
    event: Path, golden: Callable[[str, object], Any]
) -> None:
    """The cards are kept as JSON: `pytest --update-goldens` writes them anew, for review."""
    cards = [
        render(read_finding(raw), CardContext(("every-account",))).arguments()
        for raw in _findings_of(event)
    ]

    assert golden(event.stem, cards) == cards
    assert [problem for card in cards for problem in violations(card) + acts(card)] == []


def test_no_golden_is_left_behind() -> None:
    """Each golden file belongs to an event that is still there, or to a unit test."""
    by_unit_tests = {"whole-card", "least-card", "raw-card"}

    assert {path.stem for path in EVENTS} | by_unit_tests == {
        path.stem for path in GOLDEN.glob("*.json")
    }
