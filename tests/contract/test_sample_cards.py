"""Cards of real findings, and of the project's own sample events."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from finding_router.findings.asff import read_finding
from finding_router.findings.ending import Ended
from finding_router.findings.finding import Resource
from finding_router.slack.kit.links import AccessPortal
from finding_router.slack.kit.refused import Banner
from finding_router.slack.kit.text import unmarked
from finding_router.slack.messages.card import CardContext, render, render_plain, render_raw
from finding_router.slack.messages.thread import render_ended
from finding_router_cli.inputs import read_events
from slack_limits import acts, says_nothing, unplain, violations

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT.parent / "shared" / "samples" / "findings.ndjson"
OCSF = SAMPLES.with_name("ocsf.ndjson")
GOLDEN = ROOT / "tests" / "golden"
# sqs-batch.json repeats findings of the others.
EVENTS = sorted([*ROOT.glob("events/imported-*.json"), *ROOT.glob("events/custom-action-*.json")])
# A shorter beginning of a fact says nothing.
MOST_CUT_FACT = 15
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
        odd = render_raw(raw, "an example of a problem", context)
        for message in (
            render(finding, context),
            render_plain(finding, context),
            odd,
            odd.in_one(),
            render_ended(finding, context, how=Ended.RESOLVED, ended_at=2e9, said_at=None),
        ):
            arguments = message.arguments()
            found = violations(arguments) + acts(arguments) + says_nothing(arguments)
            problems += [f"{finding.id}: {problem}" for problem in found]

    assert problems == []


def _raws() -> Iterator[dict[str, Any]]:
    """Yield the findings of the project's events, and the collected ones if they are there."""
    for event in EVENTS:
        yield from _findings_of(event)
    if SAMPLES.is_file():
        with SAMPLES.open(encoding="utf-8") as lines:
            yield from (json.loads(line)["finding"] for line in lines)
    if OCSF.is_file():
        for event in read_events(OCSF.read_text("utf-8"), OCSF.name):
            yield from event["detail"]["findings"]


def _is_named(resource: Resource, text: str) -> bool:
    """Return True if *text* has the Name tag, the end of the id, or the beginning of either."""
    names = [resource.tags.get("Name", ""), re.split("[/:]", resource.id.strip())[-1]]
    names += [resource.id.strip().partition(":::")[2], resource.id.strip().split(":", 5)[-1]]
    starts = [unmarked(name, 200)[:12] for name in names if name.strip()]
    return any(start in text or start.partition("/")[2][:6] in text for start in starts)


def test_the_beginning_of_every_notification_says_where_what_and_which() -> None:
    """A lock screen shows a hundred characters: account, fact and resource are among them."""
    problems = []
    for raw in _raws():
        finding = read_finding(raw)
        text = render(finding, CONTEXTS[0]).text
        first = text[:100]
        account = unmarked(finding.account_name or finding.account_id or "", 20).removesuffix("…")
        own = finding.account_id or "-"
        resources = [each for each in finding.resources if not each.id.strip().endswith(own)]
        problems += [f"{finding.id}: {problem}" for problem in unplain(text)]
        if account not in first:
            problems.append(f"{finding.id}: no account in {first!r}")
        fact = first.split(" · ")[bool(account)]
        if len(fact) < MOST_CUT_FACT and fact.endswith("…"):
            problems.append(f"{finding.id}: no fact in {first!r}")
        if resources and not _is_named(resources[0], first):
            problems.append(f"{finding.id}: no resource in {first!r}")

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
