"""Whatever an OCSF finding looks like: it is read, or refused in words, and has a card."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from finding_router.errors import FindingError
from finding_router.findings.asff import read_finding
from finding_router.findings.finding import Finding
from finding_router.findings.ocsf import is_ocsf
from finding_router.findings.ocsf.view import as_asff
from finding_router.findings.outline import read_outline
from finding_router.slack.messages.card import CardContext, render
from neighbours import JSON, changed_somewhere
from ocsf_findings import KINDS
from slack_limits import acts, says_nothing, violations

CONTEXT = CardContext(("route",))
NAMES = st.sampled_from(
    (
        *("class_uid", "activity_id", "severity_id", "severity", "status", "status_id", "cloud"),
        *("account", "uid", "name", "type", "region", "finding_info", "title", "desc", "types"),
        *("metadata", "product", "resources", "evidences", "actor", "process", "ancestry", "file"),
        *("vulnerabilities", "cve", "cvss", "base_score", "epss", "score", "databucket", "data"),
        *("related_events", "traits", "values", "observables", "compliance", "control", "count"),
        *(
            "time",
            "time_dt",
            "first_seen_time",
            "tags",
            "value",
            "src_endpoint",
            "ip",
            "remediation",
        ),
        *("ProductArn", "Id", "Resources", "Severity"),
    )
)
NUMBERS = st.sampled_from((-1, 0, 1, 3, 6, 99, 2004, 1672531200, 1795230760310, 1e300, 10**400))
TEXTS = st.sampled_from(
    (
        *("", "\u200b", "<!channel>", "prowler", "arn:aws:s3:::b", "AWS::EC2::Instance", "i-1"),
        *("2026-11-21T03:12:40.310118002Z", "High", "Fatal", "\ud800", "x" * 5000, "0.94"),
        "arn:aws:securityhub:eu-west-1::productv2/aws/guardduty",
    )
)
LIKE_OCSF = st.recursive(
    JSON | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=30,
)


def read(raw: Any) -> Finding | None:
    """Return the finding, or None if it is refused in words."""
    try:
        return read_finding(raw)
    except FindingError:
        return None


def check(raw: dict[str, Any]) -> None:
    """Check that the view of *raw* is that of itself, and its card is one that Slack takes."""
    view = as_asff(raw)
    assert repr(as_asff(dict(view))) == repr(view)
    finding = read(raw)
    if finding is not None:
        assert read_outline(view).key == finding.key
        arguments = render(finding, CONTEXT).arguments()
        assert [] == violations(arguments) + acts(arguments) + says_nothing(arguments)


@st.composite
def mutants(draw: st.DrawFn) -> dict[str, Any]:
    """Make an example finding with junk in one to three places."""
    raw = KINDS[draw(st.sampled_from(sorted(KINDS)))]()
    for _ in range(draw(st.integers(1, 3))):
        raw = changed_somewhere(draw, raw) or {"class_uid": 2004}
    return raw


@given(mutants())
def test_an_odd_place_spoils_nothing_else(raw: dict[str, Any]) -> None:
    """Wrong types and missing objects anywhere."""
    check(raw)


@given(st.dictionaries(NAMES, LIKE_OCSF, max_size=12))
def test_anything_like_ocsf_is_read_or_refused(raw: dict[str, Any]) -> None:
    """Whatever stands under the names of OCSF."""
    if is_ocsf(raw | {"class_uid": 2004}):
        check(raw | {"class_uid": 2004})


@given(st.sampled_from(sorted(KINDS)), st.data())
def test_objects_count_by_presence_not_by_class(name: str, data: st.DataObject) -> None:
    """A class that nobody has seen, or none, changes no card."""
    raw = KINDS[name]()
    without = {key: each for key, each in raw.items() if key != "class_uid"}
    odd = {**without, "class_uid": data.draw(JSON), "metadata": raw["metadata"]}
    odd["metadata"] = {**raw["metadata"], "version": data.draw(JSON)}

    cards = [render(read_finding(each), CONTEXT).arguments() for each in (raw, without, odd)]

    assert cards[0] == cards[1] == cards[2]


def test_what_is_stored_is_read_again() -> None:
    """A held finding is the JSON of its view."""
    for make in KINDS.values():
        finding = read_finding(make())

        assert finding == read_finding(json.loads(json.dumps(finding.raw)))
