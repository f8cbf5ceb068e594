"""Digests of real findings."""

import json
from pathlib import Path

import pytest

from finding_router.delivery.digests.lines import LINE_BYTES, line_of, size_bytes
from finding_router.findings.asff import read_finding
from finding_router.findings.digest import Figures, Line, Totals
from finding_router.slack.kit.links import AccessPortal
from finding_router.slack.messages.digest import Digest, render_parent, render_parent_plain
from finding_router.slack.messages.digest_thread import render_replies
from slack_limits import acts, says_nothing, violations

SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples" / "findings.ndjson"
SAME_NAMES = SAMPLES.parents[1] / "field" / "digest-same-short-names.json"
PORTAL = AccessPortal("https://acme.awsapps.com/start", "ReadOnly")


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    """Return the line of every collected finding."""
    if not SAMPLES.is_file():
        pytest.skip(f"the collected findings are not part of the project: {SAMPLES}")
    with SAMPLES.open(encoding="utf-8") as written:
        findings = [read_finding(json.loads(each)["finding"]) for each in written]
    return [
        line_of(finding, subject=str(number), account_alias=None, portal=PORTAL)
        for number, finding in enumerate(findings)
    ]


def test_every_line_fits_its_item(lines: list[Line]) -> None:
    """Each line is short enough, and is read back as it was stored."""
    assert max(map(size_bytes, lines)) <= LINE_BYTES
    assert [line for line in lines if Line.from_attributes(line.to_attributes()) != line] == []


def test_all_of_them_make_one_digest_that_slack_takes(lines: list[Line]) -> None:
    """Hundreds of findings of many publishers are one message, and all are in its thread."""
    digest = Digest(occasion="New within 3 min", figures=Figures.of(lines), why="burst")
    replies = render_replies(lines)
    messages = [
        render_parent(digest),
        render_parent_plain(digest),
        *(reply.message for reply in replies),
        *(reply.message for reply in render_replies(lines, most_with_links=len(lines))),
    ]
    problems = [
        problem
        for arguments in (message.arguments() for message in messages)
        for problem in violations(arguments) + acts(arguments) + says_nothing(arguments)
    ]

    assert problems == []
    assert Totals.of(lines).count == len(lines)
    assert sorted(subject for reply in replies for subject in reply.subjects) == sorted(
        line.subject for line in lines
    )


def test_resources_of_one_short_name_are_three() -> None:
    """A role, a policy and a user, each listed with its kind."""
    if not SAME_NAMES.is_file():
        pytest.skip(f"the findings are not part of the project: {SAME_NAMES}")
    findings = map(read_finding, json.loads(SAME_NAMES.read_text("utf-8")))
    lines = [
        line_of(finding, subject=str(number), account_alias=None, portal=None)
        for number, finding in enumerate(findings)
    ]
    parent = render_parent(Digest(occasion="", figures=Figures.of(lines)))
    [reply] = render_replies(lines)

    assert "3 resources" in str(parent.arguments())
    for kind in ("IAM role", "IAM policy", "IAM user"):
        assert f"checkout> · {kind}" in str(parent.arguments())
        assert f"checkout> · {kind}" in str(reply.message.arguments())
        assert f"checkout · {kind}" in reply.plain.text
