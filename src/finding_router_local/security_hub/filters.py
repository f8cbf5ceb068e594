"""
The filters of GetFindings that the project uses.

https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_AwsSecurityFindingFilters.html
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from finding_router.findings.timestamps import parse_timestamp

type Passes = Callable[[Mapping[str, Any]], bool]
type _Compare = Callable[[str, str], bool]

_PATHS: Final[Mapping[str, str]] = {
    "AwsAccountId": "AwsAccountId",
    "AwsAccountName": "AwsAccountName",
    "CompanyName": "CompanyName",
    "ComplianceSecurityControlId": "Compliance.SecurityControlId",
    "ComplianceStatus": "Compliance.Status",
    "GeneratorId": "GeneratorId",
    "Id": "Id",
    "ProductArn": "ProductArn",
    "ProductName": "ProductName",
    "RecordState": "RecordState",
    "Region": "Region",
    "ResourceId": "Resources.Id",
    "ResourceType": "Resources.Type",
    "SeverityLabel": "Severity.Label",
    "Title": "Title",
    "Type": "Types",
    "WorkflowStatus": "Workflow.Status",
}
_DATES: Final = ("CreatedAt", "UpdatedAt")
COMPARISONS: Final[Mapping[str, _Compare]] = {
    "EQUALS": lambda value, wanted: value == wanted,
    "PREFIX": lambda value, wanted: value.startswith(wanted),
    "CONTAINS": lambda value, wanted: wanted in value,
}
NEGATIONS: Final[Mapping[str, str]] = {
    "NOT_EQUALS": "EQUALS",
    "PREFIX_NOT_EQUALS": "PREFIX",
    "NOT_CONTAINS": "CONTAINS",
}


def compile_filters(filters: Mapping[str, Any]) -> Passes:
    """
    Return the predicate of *filters*: all fields must pass.

    Of the conditions of a field, one positive must hold, and every negative one.

    Raises:
        ValueError: names a filter or comparison that is not known here.

    """
    tests = [_field(name, conditions) for name, conditions in filters.items()]
    return lambda finding: all(passes(finding) for passes in tests)


def _field(name: str, conditions: list[Mapping[str, Any]]) -> Passes:
    if name in _DATES:
        return _date(name, conditions)
    if name not in _PATHS:
        known = ", ".join((*_PATHS, *_DATES))
        message = f"the filter {name} is not known here; known are {known}"
        raise ValueError(message)
    path = _PATHS[name].split(".")
    positive: list[tuple[_Compare, str]] = []
    negative: list[tuple[_Compare, str]] = []
    for condition in conditions:
        comparison = condition.get("Comparison", "EQUALS")
        if comparison not in {*COMPARISONS, *NEGATIONS}:
            message = f"the comparison {comparison} is not known here"
            raise ValueError(message)
        kind = negative if comparison in NEGATIONS else positive
        compare = COMPARISONS[NEGATIONS.get(comparison, comparison)]
        kind.append((compare, condition.get("Value", "")))

    def passes(finding: Mapping[str, Any]) -> bool:
        values = list(_values(finding, path))

        def holds(compare: _Compare, wanted: str) -> bool:
            return any(compare(value, wanted) for value in values)

        if any(holds(*test) for test in negative):
            return False
        return not positive or any(holds(*test) for test in positive)

    return passes


def _date(name: str, conditions: list[Mapping[str, Any]]) -> Passes:
    """Return the predicate of a DateFilter: a range, or a number of days until now."""
    now = datetime.now(UTC)
    ranges = [_range(condition, now) for condition in conditions]

    def passes(finding: Mapping[str, Any]) -> bool:
        at = parse_timestamp(finding.get(name))
        return at is not None and any(start <= at <= end for start, end in ranges)

    return passes


def _range(condition: Mapping[str, Any], now: datetime) -> tuple[datetime, datetime]:
    if (within := condition.get("DateRange")) is not None:
        return now - timedelta(days=within["Value"]), now
    start, end = (parse_timestamp(condition.get(key)) for key in ("Start", "End"))
    if start is None or end is None:
        message = "a filter of a date has Start and End, or DateRange"
        raise ValueError(message)
    return start, end


def _values(value: object, path: list[str]) -> Iterator[str]:
    if isinstance(value, list):
        for element in value:
            yield from _values(element, path)
    elif path and isinstance(value, dict):
        yield from _values(value.get(path[0]), path[1:])
    elif not path and isinstance(value, str):
        yield value
