"""
The filters of GetFindings that the project uses.

https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_AwsSecurityFindingFilters.html
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

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
_COMPARISONS: Final[Mapping[str, _Compare]] = {
    "EQUALS": lambda value, wanted: value == wanted,
    "PREFIX": lambda value, wanted: value.startswith(wanted),
    "CONTAINS": lambda value, wanted: wanted in value,
}
_NEGATIONS: Final[Mapping[str, str]] = {
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


def _field(name: str, conditions: list[Mapping[str, str]]) -> Passes:
    if name not in _PATHS:
        message = f"the filter {name} is not known here; known are {', '.join(_PATHS)}"
        raise ValueError(message)
    path = _PATHS[name].split(".")
    positive: list[tuple[_Compare, str]] = []
    negative: list[tuple[_Compare, str]] = []
    for condition in conditions:
        comparison = condition.get("Comparison", "EQUALS")
        if comparison not in {*_COMPARISONS, *_NEGATIONS}:
            message = f"the comparison {comparison} is not known here"
            raise ValueError(message)
        kind = negative if comparison in _NEGATIONS else positive
        compare = _COMPARISONS[_NEGATIONS.get(comparison, comparison)]
        kind.append((compare, condition.get("Value", "")))

    def passes(finding: Mapping[str, Any]) -> bool:
        values = list(_values(finding, path))

        def holds(compare: _Compare, wanted: str) -> bool:
            return any(compare(value, wanted) for value in values)

        if any(holds(*test) for test in negative):
            return False
        return not positive or any(holds(*test) for test in positive)

    return passes


def _values(value: object, path: list[str]) -> Iterator[str]:
    if isinstance(value, list):
        for element in value:
            yield from _values(element, path)
    elif path and isinstance(value, dict):
        yield from _values(value.get(path[0]), path[1:])
    elif not path and isinstance(value, str):
        yield value
