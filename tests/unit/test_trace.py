"""Why a route took a finding or did not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import make_finding
from finding_router.routing.items.match import read_match
from finding_router.routing.patterns.pattern import compile_pattern
from finding_router.routing.table import RoutingTable
from finding_router.routing.trace import explain_mismatch

FINDING = {
    "Severity": {"Label": "HIGH", "Normalized": 70},
    "Title": "x" * 100,
    "Types": ["a", "b", "c", "d", "e"],
    "Note": None,
    "Sample": False,
    "Resources": [
        {"Type": "AwsS3Bucket", "Tags": {"env": "test"}},
        {"Type": "AwsEc2Instance", "Tags": {"env": "prod"}},
    ],
}
EVENT = {"source": "aws.securityhub", "detail": {"findings": [FINDING]}}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (
            {"Severity": {"Label": ["HIGH"], "Normalized": [5]}, "Title": ["y"]},
            "Severity.Normalized is 70, wanted [5]",
        ),
        ({"Region": ["eu-west-1"]}, 'Region is absent, wanted ["eu-west-1"]'),
        ({"Severity": {"Label": {"Deep": ["x"]}}}, 'Severity.Label.Deep is absent, wanted ["x"]'),
        ({"Title": ["y"]}, f'Title is "{"x" * 78}…, wanted ["y"]'),
        ({"Note": ["y"]}, 'Note is null, wanted ["y"]'),
        ({"Sample": [True]}, "Sample is false, wanted [true]"),
        ({"Types": ["z"]}, 'Types is "a", "b", "c" and 2 more, wanted ["z"]'),
        (
            {"Severity": {"Label": [{"anything-but": ["HIGH"]}]}},
            'Severity.Label is "HIGH", wanted [{"anything-but": ["HIGH"]}]',
        ),
        (
            {"Region": [{"exists": True}]},
            'Region is absent, wanted [{"exists": true}]',
        ),
        (
            {"Resources": {"Type": ["AwsIamRole"]}},
            'Resources.Type is "AwsS3Bucket", "AwsEc2Instance", wanted ["AwsIamRole"]',
        ),
        (
            {"Resources": {"Type": ["AwsS3Bucket"], "Tags": {"env": ["prod"]}}},
            "Resources.Tags.env matches, but not in the same array element as the rest",
        ),
        (
            {"Severity": {"Label": ["HIGH"]}, "$or": [{"Title": ["y"]}, {"Types": ["z"]}]},
            "none of the 2 alternatives of $or matches",
        ),
        (
            {"source": ["aws.guardduty"], "detail": {"findings": {"Title": ["y"]}}},
            'source is "aws.securityhub", wanted ["aws.guardduty"]',
        ),
        (
            {"source": ["aws.securityhub"], "detail": {"findings": {"Title": ["y"]}}},
            f'detail.findings.Title is "{"x" * 78}…, wanted ["y"]',
        ),
        ({"Severity": {"Label": ["HIGH"]}}, "matches"),
    ],
)
def test_the_first_field_that_says_no_is_named(pattern: dict[str, Any], expected: str) -> None:
    """It has the finding's value, and the values that the route accepts."""
    assert expected == explain_mismatch(read_match(pattern), EVENT)


def test_a_value_from_outside_stays_on_its_line() -> None:
    """A finding's text is quoted, so that it cannot break or colour the lines of a terminal."""
    event = {"detail": {"findings": [{"Title": "a\nb\x1b[31m"}]}}

    reason = explain_mismatch(read_match({"Title": ["c"]}), event)

    assert r'Title is "a\nb\u001b[31m", wanted ["c"]' == reason


def test_every_route_says_what_it_did() -> None:
    """Posting, dropping, suppressing, stopping, shadows, disabled, not matching, not reached."""
    routes: list[dict[str, Any]] = [
        {"name": "posts", "order": 1, "channel": "#{account}"},
        {"name": "off", "order": 2, "channel": "#a", "enabled": False},
        {"name": "drops", "order": 3, "action": "drop", "match": {"Title": ["x"]}},
        {"name": "misses", "order": 4, "channel": "#a", "match": {"Title": ["y"]}},
        {"name": "shadow", "order": 4, "channel": "#s", "mode": "shadow", "stop": True},
        {"name": "shadow-drop", "order": 4, "action": "drop", "mode": "shadow"},
        {"name": "shadow-suppress", "order": 4, "action": "suppress", "mode": "shadow"},
        {"name": "suppresses", "order": 5, "action": "suppress", "stop": True,
         "match": {"Title": ["x"], "Severity": {"Label": ["HIGH"]}}},
        {"name": "late", "order": 6, "channel": "#a"},
        {"name": "late-and-off", "order": 7, "channel": "#a", "enabled": False},
    ]  # fmt: skip
    table = RoutingTable.from_items(
        [{"kind": "route"} | route for route in routes],
        default_channel="#default",
        allow_suppress=True,
    )

    decision = table.decide(make_finding({"Title": "x", "Severity": {"Label": "HIGH"}}))

    expected = [
        ("posts", 1, True, "posts to #{account}; matches every finding"),
        ("off", 2, False, "is not enabled"),
        ("drops", 3, True, "says nothing; matches on Title"),
        ("misses", 4, False, 'Title is "x", wanted ["y"]'),
        ("shadow", 4, True, "would post to #s, and stop; matches every finding"),
        ("shadow-drop", 4, True, "would say nothing; matches every finding"),
        ("shadow-suppress", 4, True, "would say nothing and suppress; matches every finding"),
        (
            "suppresses",
            5,
            True,
            "says nothing and suppresses, and stops; matches on Title, Severity.Label",
        ),
        ("late", 6, False, 'is not reached: "suppresses" stops before it'),
        ("late-and-off", 7, False, "is not enabled"),
    ]
    assert expected == [
        (step.route, step.order, step.matched, step.reason) for step in decision.trace
    ]


def test_a_shadow_at_the_end_stops_nothing() -> None:
    """Routes after it that do not match have the reason."""
    items = [
        {"kind": "route", "name": "a", "channel": "#a", "mode": "shadow", "stop": True},
        {"kind": "route", "name": "b", "channel": "#b", "match": {"Title": ["y"]}},
    ]
    table = RoutingTable.from_items(items, default_channel="#default")

    [_, last] = table.decide(make_finding({"Title": "x"})).trace

    assert 'Title is "x", wanted ["y"]' == last.reason


LEAVES = st.lists(
    st.sampled_from(["a", "b", 1, None, {"prefix": "a"}, {"exists": True}, {"exists": False}]),
    min_size=1,
    max_size=2,
)
PATTERNS = st.recursive(
    st.dictionaries(st.sampled_from("ABC"), LEAVES, min_size=1, max_size=3),
    lambda inner: (
        st.dictionaries(st.sampled_from("ABC"), inner | LEAVES, min_size=1, max_size=3)
        | st.fixed_dictionaries({"$or": st.lists(inner, min_size=2, max_size=2)})
    ),
    max_leaves=5,
)
FINDINGS = st.dictionaries(
    st.sampled_from("ABC"),
    st.recursive(
        st.sampled_from(["a", "b", 1, None]),
        lambda inner: (
            st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ABC"), inner, max_size=2)
        ),
        max_leaves=6,
    ),
)


@given(PATTERNS, FINDINGS)
def test_every_miss_has_a_reason(pattern: dict[str, Any], finding: dict[str, Any]) -> None:
    """A reason is found whenever the pattern does not match."""
    reason = explain_mismatch(read_match(pattern), {"detail": {"findings": [finding]}})

    if not compile_pattern(pattern).matches(finding):
        assert reason != "matches"
