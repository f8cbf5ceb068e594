"""The match of a route, as people write it."""

import json
from typing import Any

import pytest

from finding_router.routing.items.match import (
    EVERYTHING,
    FINDING_FIELDS,
    Match,
    read_match,
    top_fields,
)
from finding_router.routing.patterns.mistake import MistakeError
from finding_router.routing.patterns.pattern import PatternError

HIGH = {"Severity": {"Label": ["HIGH"]}}
RULE = {"source": ["aws.securityhub"], "detail": {"findings": HIGH}}
EXAMPLE = 'write a map such as {"Severity": {"Label": ["CRITICAL", "HIGH"]}}'


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({}, EVERYTHING),
        ("{}", EVERYTHING),
        (HIGH, Match(HIGH)),
        (json.dumps(HIGH), Match(HIGH)),
        ({"$or": [HIGH, {"Title": ["x"]}]}, Match({"$or": [HIGH, {"Title": ["x"]}]})),
        ({"Unheard": ["x"]}, Match({"Unheard": ["x"]})),
        (RULE, Match(RULE, of_event=True)),
        ({"detail-type": ["x"]}, Match({"detail-type": ["x"]}, of_event=True)),
        ({"$or": [RULE, RULE]}, Match({"$or": [RULE, RULE]}, of_event=True)),
        (
            {"source": ["x"], "account": ["1"], "resources": ["arn"]},
            Match({"source": ["x"], "account": ["1"], "resources": ["arn"]}, of_event=True),
        ),
    ],
)
def test_a_pattern_is_for_a_finding_or_for_its_event(written: object, expected: Match) -> None:
    """A pattern in the form of a rule is one, JSON may be text, and nothing matches everything."""
    assert expected == read_match(written)


@pytest.mark.parametrize("match", [Match(HIGH), Match(RULE, of_event=True)])
def test_every_pattern_can_be_put_to_an_event(match: Match) -> None:
    """Patterns for findings and for events all work on the event, side by side."""
    pattern = match.compiled
    event = {"source": "aws.securityhub", "detail": {"findings": [{"Severity": {"Label": "HIGH"}}]}}

    assert pattern
    assert pattern.matches(event)
    assert not pattern.matches({**event, "detail": {"findings": [{}]}})


def test_everything_has_no_pattern() -> None:
    """The language has no pattern that matches all, so there is none."""
    assert EVERYTHING.compiled is None


@pytest.mark.parametrize(
    ("written", "problem", "remedy"),
    [
        (None, "is null", EXAMPLE),
        ([HIGH], "is a list", EXAMPLE),
        ("[]", "is a list", EXAMPLE),
        (
            "{Severity}",
            (
                'is the text "{Severity}", which is no JSON (Expecting property name enclosed in '
                "double quotes: line 1 column 2 (char 1))"
            ),
            EXAMPLE,
        ),
        (
            {"severity": {"Label": ["HIGH"]}},
            'has "severity", a field that no finding has',
            'did you mean "Severity"?',
        ),
        (
            {"severity": {"label": ["HIGH"]}},
            'has "severity", a field that no finding has',
            'did you mean "Severity"?',
        ),
        (
            {"$or": [HIGH, {"resources": {"tags": {"Team": ["red"]}}}]},
            'has "resources", a field that no finding has',
            'did you mean "Resources"?',
        ),
        (
            {"$or": [HIGH, {"region": ["eu-west-1"]}]},
            'has "region", a field that no finding has',
            'did you mean "Region"?',
        ),
        (
            {"source": ["aws.securityhub"], "Severity": {"Label": ["HIGH"]}},
            'has "Severity" beside the fields of a whole rule',
            'move it into {"detail": {"findings": {"Severity": …}}}',
        ),
    ],
)
def test_what_would_never_match_is_refused(written: object, problem: str, remedy: str) -> None:
    """A pattern that cannot match any finding is a mistake, however well-formed."""
    with pytest.raises(MistakeError) as caught:
        read_match(written)

    assert (problem, remedy) == (caught.value.problem, caught.value.remedy)


def test_json_nested_without_end_is_refused() -> None:
    """Text that no parser can take is a mistake like any other."""
    with pytest.raises(MistakeError, match="which is no JSON"):
        read_match("[" * 200_000)


def test_a_pattern_nested_without_end_is_refused() -> None:
    """So that recursive functions need not fear the depth of a pattern."""
    pattern: dict[str, object] = {"Title": ["x"]}
    for _ in range(5000):
        pattern = {"$or": [pattern, {"Title": ["y"]}]}

    with pytest.raises(MistakeError) as caught:
        read_match(pattern)

    assert caught.value.problem == "is nested deeper than 64 levels"


def test_what_is_no_pattern_is_refused_by_its_path() -> None:
    """The pattern language names where the pattern is wrong."""
    with pytest.raises(PatternError) as caught:
        read_match({"Severity": {"Label": "HIGH"}})

    assert caught.value.path == "Severity.Label"


def test_alternatives_count_as_fields_at_the_top() -> None:
    """Fields inside of $or are found, however deep it is nested."""
    pattern = {"$or": [{"Title": ["a"]}, {"Types": ["b"], "$or": [{"Id": ["c"]}]}], "Note": {}}

    assert ["Title", "Types", "Id", "Note"] == list(top_fields(pattern))


def test_no_field_of_a_finding_is_one_of_an_event() -> None:
    """So a whole rule can be distinguished from a pattern for findings."""
    assert all(field[0].isupper() for field in FINDING_FIELDS)


@pytest.mark.parametrize(
    "written",
    [
        {"severity": ["High"]},
        {"compliance": {"control": ["S3.1"]}},
        {"resources": {"tags": {"name": ["team"]}, "$or": [{"uid": ["a"]}, {"name": ["b"]}]}},
        {
            "$or": [
                {"vulnerabilities": {"cve": {"uid": ["CVE-1"]}}},
                {"Severity": {"Label": ["LOW"]}},
            ]
        },
        {"remediation": {"desc": [{"exists": True}]}, "malware": {"name": ["x"]}},
    ],
)
def test_names_of_ocsf_are_taken(written: dict[str, Any]) -> None:
    """Though some differ from those of ASFF in their case only."""
    assert written == read_match(written).pattern
