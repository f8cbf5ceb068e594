"""The match of a route: an event pattern for a finding or for the event that contains it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from finding_router.routing.patterns.mistake import MistakeError, shown
from finding_router.routing.patterns.pattern import Pattern, compile_pattern

# A pattern with one of these fields is one of a whole EventBridge rule: ASFF has no such fields.
_RULE_FIELDS: Final = frozenset({"source", "detail-type", "detail"})
# https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
_EVENT_FIELDS: Final = _RULE_FIELDS | {
    "version",
    "id",
    "account",
    "time",
    "region",
    "resources",
    "replay-name",
}
# Where the answer of ``aws events describe-rule``, or a template, has the pattern of a rule.
_PATTERN_OF_RULE: Final = "EventPattern"
_AROUND_FINDING: Final = ("detail", "findings")
# Added to a finding from AWS Organizations; ASFF has no such field.
ACCOUNT: Final = "Account"
OR: Final = "$or"
# DynamoDB nests at most 32 levels, but JSON text any number; functions that walk a pattern recurse.
MAX_DEPTH: Final = 64
_EXAMPLE: Final = 'write a map such as {"Severity": {"Label": ["CRITICAL", "HIGH"]}}'

# The top level of ASFF.
# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_AwsSecurityFinding.html
# fmt: off
FINDING_FIELDS: Final = (
    "Action", "AwsAccountId", "AwsAccountName", "CompanyName", "Compliance", "Confidence",
    "CreatedAt", "Criticality", "Description", "Detection", "FindingProviderFields",
    "FirstObservedAt", "GeneratorDetails", "GeneratorId", "Id", "LastObservedAt", "Malware",
    "Network", "NetworkPath", "Note", "PatchSummary", "Process", "ProcessedAt", "ProductArn",
    "ProductFields", "ProductName", "RecordState", "Region", "RelatedFindings", "Remediation",
    "Resources", "Sample", "SchemaVersion", "Severity", "SourceUrl", "ThreatIntelIndicators",
    "Threats", "Title", "Types", "UpdatedAt", "UserDefinedFields", "VerificationState",
    "Vulnerabilities", "Workflow", "WorkflowState",
)
# fmt: on
_BY_LOWER_CASE: Final = {field.lower(): field for field in FINDING_FIELDS}
# Fields of OCSF that have the name of one of ASFF, in small letters.
# https://schema.ocsf.io/classes/detection_finding
_ALSO_OF_OCSF: Final = frozenset(
    ("compliance", "malware", "remediation", "resources", "severity", "vulnerabilities")
)


@dataclass(frozen=True)
class Match:
    """
    A valid event pattern, or an empty one, which matches every finding.

    With *of_event*, the pattern is that of a whole EventBridge rule, compared with the event.
    """

    pattern: Mapping[str, Any]
    of_event: bool = False

    @cached_property
    def compiled(self) -> Pattern | None:
        """
        Return the pattern for an event with one finding in ``detail.findings``; None if empty.

        Raises:
            PatternError: The pattern is invalid.

        """
        inside = () if self.of_event else _AROUND_FINDING
        return compile_pattern(dict(self.pattern), inside=inside) if self.pattern else None


EVERYTHING: Final = Match({})


def read_match(written: object) -> Match:
    """
    Parse a pattern, *written* as a map or as JSON text.

    JSON text is the format of the console and of ``aws events describe-rule``.

    Raises:
        MistakeError: The pattern is no map, or mixes fields of the event with those of the finding.
        PatternError: The pattern is no valid event pattern; the message has the path and a remedy.

    """
    pattern = _from_text(written) if isinstance(written, str) else written
    if not isinstance(pattern, dict):
        problem = f"is {shown(pattern)}"
        raise MistakeError(problem, _EXAMPLE)
    _check_depth(pattern)
    _check_extent(pattern)
    fields = frozenset(top_fields(pattern))
    match = Match(pattern, of_event=not _RULE_FIELDS.isdisjoint(fields))
    if match.compiled is None:
        return EVERYTHING
    if match.of_event:
        _check_rule(fields)
    else:
        _check_case(fields - _of_ocsf(pattern))
    return match


def top_fields(pattern: Mapping[str, Any]) -> Iterator[str]:
    """Return the top-level field names of *pattern*, including those inside its ``$or``."""
    for name, inner in pattern.items():
        if name == OR:
            for alternative in inner if isinstance(inner, list) else ():
                if isinstance(alternative, dict):
                    yield from top_fields(alternative)
        else:
            yield name


def _from_text(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        problem = f"is {shown(text)}, which is no JSON ({error})"
        raise MistakeError(problem, _EXAMPLE) from error


def _check_depth(pattern: dict[str, Any]) -> None:
    level: list[Any] = [pattern]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    problem = f"is nested deeper than {MAX_DEPTH} levels"
    raise MistakeError(problem, "name the fields that a finding has")


def _check_extent(pattern: dict[str, Any]) -> None:
    """Refuse a rule with its other fields of ``describe-rule``, ``list-rules`` or a template."""
    inner = pattern.get("Properties"), *_some(pattern.get("Rules"))
    is_around = any(isinstance(one, dict) and _PATTERN_OF_RULE in one for one in inner)
    is_answer = _PATTERN_OF_RULE in pattern and not all(
        isinstance(one, dict | list) for one in pattern.values()
    )
    if is_around or is_answer:
        problem = "is a whole rule, of which the pattern is only a part"
        raise MistakeError(problem, f'paste the value of "{_PATTERN_OF_RULE}" alone')


def _some(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _check_rule(fields: frozenset[str]) -> None:
    if strangers := sorted(fields - _EVENT_FIELDS):
        problem = f'has "{strangers[0]}" beside the fields of a whole rule'
        remedy = f'move it into {{"detail": {{"findings": {{"{strangers[0]}": …}}}}}}'
        raise MistakeError(problem, remedy)


def _of_ocsf(pattern: Mapping[str, Any]) -> frozenset[str]:
    """Return the top-level fields of *pattern* that are OCSF's: all inside is in small letters."""
    found: set[str] = set()
    for name, inner in pattern.items():
        if name == OR:
            for alternative in inner:
                found |= _of_ocsf(alternative)
        elif name in _ALSO_OF_OCSF and not _is_of_asff(name, inner):
            found.add(name)
    return frozenset(found)


def _is_of_asff(name: str, inner: object) -> bool:
    """Return True if the field *name* is meant as ASFF's: its names begin with capitals."""
    if not isinstance(inner, dict):
        return False
    # OCSF's severity is a text.
    return name == "severity" or any(
        deeper[:1].isupper() or _is_of_asff(deeper, below) for deeper, below in inner.items()
    )


def _check_case(fields: frozenset[str]) -> None:
    """Refuse "severity" for "Severity": names are case-sensitive, so the pattern never matches."""
    for field in sorted(fields.difference(FINDING_FIELDS)):
        if right := _BY_LOWER_CASE.get(field.lower()):
            problem = f'has "{field}", a field that no finding has'
            raise MistakeError(problem, f'did you mean "{right}"?')
