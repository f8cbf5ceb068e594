"""Findings in OCSF of several producers, read as they are."""

import json
from pathlib import Path
from typing import Any

import pytest

import finding_router_local
from finding_router.findings.asff import read_finding
from finding_router.findings.ending import Ended
from finding_router.findings.events import EventKind
from finding_router.findings.ocsf.view import as_asff
from finding_router.findings.screening import screen
from finding_router.routing.table import RoutingTable
from finding_router.slack.kit.links import AccessPortal, finding_url
from finding_router.slack.messages.card import CardContext, render, render_plain
from finding_router.slack.messages.thread import render_ended
from finding_router_cli.inputs import read_events
from slack_limits import acts, says_nothing, violations

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples" / "ocsf.ndjson"
EXAMPLE_ROUTES = Path(finding_router_local.__file__).with_name("example_routes.json")
pytestmark = pytest.mark.skipif(
    not SAMPLES.is_file(), reason=f"the collected findings are not part of the project: {SAMPLES}"
)
CONTEXTS = [
    CardContext(("every-account",)),
    CardContext(portal=AccessPortal("https://acme.awsapps.com/start", "ReadOnly")),
]
# By their number in the collection: screened, severity, product, and a part of the headline.
EXPECTED = {
    1: (None, "MEDIUM", "GuardDuty", "i-0123456789abcdef0 (example-action-runner)"),
    2: (None, "CRITICAL", "Security Hub", "Config.1 failed"),
    4: ("passed", "INFORMATIONAL", "Security Hub", "SQS.3 passed"),
    5: (None, "MEDIUM", "Security Hub", "SQS.1 failed: SQS queue securityhubfinding"),
    7: (None, "MEDIUM", "Security Hub", "SSM.1 failed: i-0abcd1235cdef1234"),
    9: (None, "HIGH", "Inspector", "CVE-2023-44487 (7.5, exploit known)"),
    10: (None, "HIGH", "Inspector", "python on i-0abcd1235cdef1234: CVE-2025-8194 (7.5)"),
    12: (None, "MEDIUM", "Inspector", "kernel on i-0abcd1235cdef1234: CVE-2021-47412 (5.5)"),
    14: ("not_new", "LOW", "GuardDuty", "cis_automation disabled CloudTrail logging"),
    16: (None, "HIGH", "Inspector", "CVE-2024-1234: i-0abc"),
    17: (None, "HIGH", "GuardDuty", "Console logins of AKIAIOSFODNN7EXAMPLE"),
    19: (None, "MEDIUM", "Security Hub", "S3.1 failed: S3 bucket test-bucket"),
    21: (None, "MEDIUM", "Macie", "Personal data in object.gz of bucket my-bucket"),
    22: (None, "HIGH", "Security Hub", "S3.1 failed: S3 bucket my-public-bucket"),
    23: (None, "MEDIUM", "Security Hub", "Config.1 failed"),
    24: (None, "LOW", "GuardDuty", "Admin disabled CloudTrail logging"),
    26: (None, "LOW", "Prowler", "Check if IAM Access Analyzer is enabled"),
}


def samples() -> dict[int, dict[str, Any]]:
    """Return the findings by their numbers."""
    found = {}
    for line in map(json.loads, SAMPLES.read_text("utf-8").splitlines()):
        [raw] = line["event"]["detail"]["findings"] if line["is_event"] else [line["finding"]]
        found[line["n"]] = raw
    return found


def test_every_sample_ends_in_a_named_outcome() -> None:
    """Posted, or the reason against it; each with its severity, product and fact."""
    found = {}
    for number, raw in samples().items():
        finding = read_finding(raw)
        [header] = [
            block
            for block in render(finding, CONTEXTS[0]).arguments()["blocks"]
            if block["type"] == "header"
        ]
        expected = EXPECTED.get(number, ("", "", "", "not expected"))
        headline = header["text"]["text"]
        found[number] = (
            screen(finding, EventKind.IMPORTED),
            finding.severity,
            finding.product,
            expected[3] if expected[3] in headline else headline,
        )

    assert {number: EXPECTED[number] for number in found} == found
    assert len(found) >= 17


@pytest.mark.parametrize("context", CONTEXTS, ids=["plain", "through a portal"])
def test_every_sample_makes_cards_that_slack_takes(context: CardContext) -> None:
    """They hold every limit, act on nothing, and print nothing missing."""
    problems = []
    for number, raw in samples().items():
        finding = read_finding(raw)
        for message in (
            render(finding, context),
            render_plain(finding, context),
            render_ended(finding, context, how=Ended.RESOLVED, ended_at=2e9, said_at=None),
        ):
            arguments = message.arguments()
            wrong = violations(arguments) + acts(arguments) + says_nothing(arguments)
            problems += [f"{number}: {problem}" for problem in wrong]

    assert [] == problems


def test_every_sample_is_linked_in_its_own_console() -> None:
    """By Security Hub's form, for the finding's own Region."""
    for raw in samples().values():
        finding = read_finding(raw)
        url = finding_url(finding, None) or ""

        start = f"https://console.aws.amazon.com/securityhub/v2/home?region={finding.region}#/"
        assert url.startswith(f"{start}findings?search=finding_info.uid%3D%255C")


def test_every_sample_has_one_view() -> None:
    """The view of a view is the same, and OCSF's own fields are unchanged in it."""
    for raw in samples().values():
        view = as_asff(raw)

        assert view == as_asff(dict(view))
        assert raw == {name: each for name, each in view.items() if name in raw}


def test_every_sample_goes_somewhere_for_a_reason() -> None:
    """The example routes name a channel, as for the other form."""
    items = json.loads(EXAMPLE_ROUTES.read_text("utf-8"))
    table = RoutingTable.from_items(items, default_channel="#default")
    for event in read_events(SAMPLES.read_text("utf-8"), SAMPLES.name):
        for raw in event["detail"]["findings"]:
            decision = table.decide(read_finding(raw), event=event)

            assert decision.channels or decision.dropped_by
