"""
The filters and the order of GetFindingsV2.

https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_GetFindingsV2.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

import botocore.session

from finding_router.findings.reading import as_text
from finding_router.findings.timestamps import parse_timestamp
from finding_router_local.security_hub.filters import COMPARISONS, NEGATIONS
from finding_router_local.security_hub.v2.findings import Json

type Passes = Callable[[Mapping[str, Any]], bool]
type _Test = Callable[[Mapping[str, Any], Mapping[str, Any], str], bool]

MAX_COMPOSITE_FILTERS: Final = 10
MAX_FILTERS: Final = 20
_COMPARISONS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    **COMPARISONS,
    "CONTAINS_WORD": lambda value, wanted: wanted in value.split(),
}
_BOUNDS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "Eq": lambda value, bound: value == bound,
    "Gt": lambda value, bound: value > bound,
    "Gte": lambda value, bound: value >= bound,
    "Lt": lambda value, bound: value < bound,
    "Lte": lambda value, bound: value <= bound,
}


def compile_filters(filters: Mapping[str, Any]) -> Passes:
    """
    Return the predicate of *filters*, an OcsfFindingFilters.

    Raises:
        ValueError: names a filter, field or comparison that is not known here.

    """
    composites = filters.get("CompositeFilters") or []
    if len(composites) > MAX_COMPOSITE_FILTERS:
        raise ValueError(f"there are more than {MAX_COMPOSITE_FILTERS} CompositeFilters")
    tests = [_composite(each, may_nest=True) for each in composites]
    return _joined(tests, filters.get("CompositeOperator"))


def sort_findings(findings: Iterable[Json], criteria: Sequence[Mapping[str, str]]) -> list[Json]:
    """
    Return *findings* by the times that *criteria* name, the first above the others.

    A finding without such a time comes last.

    Raises:
        ValueError: names a field that is no time.

    """
    ordered = list(findings)
    for criterion in reversed(criteria):
        field = criterion.get("Field", "")
        if not field.removesuffix("_dt").endswith("time"):
            raise ValueError(f"the order by {field or 'no Field'} is not known here, only by times")
        is_backwards = criterion.get("SortOrder", "asc") == "desc"
        dated = [
            (parse_timestamp(as_text(next(_values(each, field), None))), each) for each in ordered
        ]
        with_time = [(moment, each) for moment, each in dated if moment is not None]
        with_time.sort(key=lambda pair: pair[0], reverse=is_backwards)
        ordered = [each for _, each in with_time]
        ordered += [each for moment, each in dated if moment is None]
    return ordered


def _composite(given: Mapping[str, Any], *, may_nest: bool) -> Passes:
    unknown = given.keys() - _TESTS.keys() - {"NestedCompositeFilters", "Operator"}
    if unknown:
        raise ValueError(f"{', '.join(sorted(unknown))} are not known here")
    tests = [_field(kind, each) for kind in _TESTS for each in given.get(kind) or []]
    nested = given.get("NestedCompositeFilters") or []
    if nested and not may_nest:
        raise ValueError("NestedCompositeFilters are nested once only")
    if len(tests) > MAX_FILTERS:
        raise ValueError(f"a composite filter has more than {MAX_FILTERS} filters")
    tests += [_composite(each, may_nest=False) for each in nested]
    return _joined(tests, given.get("Operator"))


def _joined(tests: Sequence[Passes], operator: str | None) -> Passes:
    """Return the predicate that all or any of *tests* hold; without any it always holds."""
    if operator not in {"AND", "OR", None}:
        raise ValueError(f"the operator {operator} is not known here")
    if operator == "OR" and tests:
        return lambda finding: any(passes(finding) for passes in tests)
    return lambda finding: all(passes(finding) for passes in tests)


def _field(kind: str, given: Mapping[str, Any]) -> Passes:
    """Return the predicate of one filter of the member *kind*."""
    shape, test = _TESTS[kind]
    name, condition = given.get("FieldName", ""), given.get("Filter") or {}
    if name not in _fields(shape):
        raise ValueError(f"{name or 'no FieldName'} is no field of {kind}")
    if test is _passes_date and not all(map(parse_timestamp, _range(condition))):
        raise ValueError(f"only times from a Start to an End are known here, of {name}")
    comparison = condition.get("Comparison", "EQUALS")
    if comparison not in {*_COMPARISONS, *NEGATIONS}:
        raise ValueError(f"the comparison {comparison} is not known here")
    return lambda finding: test(finding, condition, name)


@cache
def _fields(shape: str) -> frozenset[str]:
    """Return the fields that the *shape* of boto3's service model names."""
    model = botocore.session.get_session().get_service_model("securityhub")
    return frozenset(model.shape_for(shape).metadata["enum"])


def _passes_string(finding: Mapping[str, Any], condition: Mapping[str, Any], name: str) -> bool:
    texts = [value for value in _values(finding, name) if isinstance(value, str)]
    return _compares(texts, condition)


def _passes_map(finding: Mapping[str, Any], condition: Mapping[str, Any], name: str) -> bool:
    """Compare the values of the tags, or parameters, that have the key."""
    texts = []
    for each in _values(finding, name):
        if isinstance(each, dict) and each.get("name") == condition.get("Key"):
            several = each.get("values", [each.get("value")])
            texts += [text for text in several if isinstance(text, str)]
    return _compares(texts, condition)


def _compares(texts: Sequence[str], condition: Mapping[str, Any]) -> bool:
    comparison, wanted = condition.get("Comparison", "EQUALS"), condition.get("Value", "")
    compare = _COMPARISONS[NEGATIONS.get(comparison, comparison)]
    return any(compare(text, wanted) for text in texts) != (comparison in NEGATIONS)


def _passes_number(finding: Mapping[str, Any], condition: Mapping[str, Any], name: str) -> bool:
    return any(
        all(_BOUNDS[bound](value, limit) for bound, limit in condition.items())
        for value in _values(finding, name)
        if isinstance(value, int | float) and not isinstance(value, bool)
    )


def _passes_date(finding: Mapping[str, Any], condition: Mapping[str, Any], name: str) -> bool:
    """Compare a time that stands as text, or as a number beside where the text would be."""
    start, end = map(parse_timestamp, _range(condition))
    values = [*_values(finding, name), *_values(finding, name.removesuffix("_dt"))]
    moment = next(filter(None, (parse_timestamp(as_text(each)) for each in values)), None)
    return bool(moment and start and end and start <= moment <= end)


def _range(condition: Mapping[str, Any]) -> tuple[str | None, str | None]:
    return as_text(condition.get("Start")), as_text(condition.get("End"))


def _passes_boolean(finding: Mapping[str, Any], condition: Mapping[str, Any], name: str) -> bool:
    return any(value is condition.get("Value") for value in _values(finding, name))


def _values(value: object, path: str) -> Iterator[object]:
    """Yield the values at the dotted *path*, those of every element of a list."""
    if isinstance(value, list):
        for element in value:
            yield from _values(element, path)
    elif not path:
        if value is not None:
            yield value
    elif isinstance(value, dict):
        name, _, rest = path.partition(".")
        yield from _values(value.get(name), rest)


# Each member of a composite filter, with the shape that has its fields.
_TESTS: Final[Mapping[str, tuple[str, _Test]]] = {
    "StringFilters": ("OcsfStringField", _passes_string),
    "DateFilters": ("OcsfDateField", _passes_date),
    "NumberFilters": ("OcsfNumberField", _passes_number),
    "BooleanFilters": ("OcsfBooleanField", _passes_boolean),
    "MapFilters": ("OcsfMapField", _passes_map),
}
