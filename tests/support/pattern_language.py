"""Patterns and events for Hypothesis, and the meaning of a pattern by trying everything."""

from collections.abc import Iterator
from itertools import product
from random import Random
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# A busy machine is no failure.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

type Json = dict[str, Any]

# Few names and values, so that patterns and events often meet.
NAMES = ("a", "b", "c")
SCALARS = ("", "x", "y", "xy", "X", "10.0.0.1", "ß", 0, 1, 1.0, 2.5, -1, 10**20, True, False, None)
TESTS: tuple[Json, ...] = (
    {"prefix": "x"},
    {"prefix": ""},
    {"prefix": {"equals-ignore-case": "x"}},
    {"suffix": "y"},
    {"suffix": {"equals-ignore-case": "Y"}},
    {"equals-ignore-case": "XY"},
    {"equals-ignore-case": "ß"},
    {"wildcard": "x*"},
    {"wildcard": "*x*y*"},
    {"wildcard": "10.0*0.1"},
    {"anything-but": "x"},
    {"anything-but": [1, 2]},
    {"anything-but": {"prefix": "x"}},
    {"anything-but": {"wildcard": ["*x", "*y"]}},
    {"numeric": ["=", 1]},
    {"numeric": [">", 0, "<=", 2.5]},
    {"cidr": "10.0.0.0/8"},
    {"exactly": "x"},
    {"exists": True},
)
ABSENT: Json = {"exists": False}
LEAVES = (
    *([value] for value in (*SCALARS, *TESTS)),
    ["x", 1],
    [None, {"wildcard": "*y"}],
    [{"suffix": "y"}, {"prefix": "10."}, False],
)
LEAVES_OR_ABSENCE = (*LEAVES, *([[ABSENT], [ABSENT, "x"], [1, ABSENT]] * 4))


def events(depth: int = 3) -> st.SearchStrategy[Json]:
    """Return events with arrays of everything in everything."""
    values = st.sampled_from(SCALARS)
    for _ in range(depth):
        values = st.sampled_from(SCALARS) | st.lists(values, max_size=3) | _maps(values)
    return _maps(values)


def patterns(
    *, absence: bool = True, alternatives: bool = True, depth: int = 2
) -> st.SearchStrategy[Json]:
    """Return valid patterns; those without *absence* stay true when an event grows."""
    leaves = st.sampled_from(LEAVES_OR_ABSENCE if absence else LEAVES)
    inner = leaves
    for _ in range(depth):
        inner = leaves | _maps(inner).filter(bool)
    fields = _maps(inner).filter(bool)
    if not alternatives:
        return fields
    branches = st.lists(fields, min_size=2, max_size=3)
    return fields | st.builds(lambda rest, some: rest | {"$or": some}, fields, branches)


def cases(
    *, absence: bool = True, alternatives: bool = True
) -> st.SearchStrategy[tuple[Json, Json]]:
    """Return patterns, and to each an event that has most of its fields: about a third match."""
    return st.builds(
        lambda pattern, chance: (pattern, _event_for(pattern, chance)),
        patterns(absence=absence, alternatives=alternatives),
        st.randoms(use_true_random=True),
    )


def many_cases() -> st.SearchStrategy[tuple[list[Json], list[Json]]]:
    """Return some patterns, and to each of them an event that has most of its fields."""
    return st.builds(
        lambda some, chance: (some, [_event_for(pattern, chance) for pattern in some]),
        st.lists(patterns(depth=1), min_size=1, max_size=5),
        st.randoms(use_true_random=True),
    )


def _event_for(pattern: Json, chance: Random) -> Json:
    event = {}
    for name, inner in pattern.items():
        if name == "$or":
            event |= _event_for(chance.choice(inner), chance)
        elif chance.random() < 0.95:
            event[name] = _value_for(inner, chance)
    return event


def _value_for(inner: Json | list[Any], chance: Random) -> Any:
    """Return a value that matches a part of a pattern, sometimes in an array with a similar one."""
    if chance.random() < 0.3:
        return [_value_for(inner, chance) for _ in range(chance.randint(1, 3))]
    if isinstance(inner, dict):
        return _event_for(inner, chance)
    values = [value for value in inner if not isinstance(value, dict)]
    return chance.choice(values or ["x", "y", "xy", 1, "10.0.0.1"])


def _maps(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, values))


def leaves_by_path(pattern: Json, above: str = "") -> dict[str, list[Any]]:
    """Return the leaves of a pattern without alternatives by their dotted paths."""
    found: dict[str, list[Any]] = {}
    for name, inner in pattern.items():
        if isinstance(inner, dict):
            found |= leaves_by_path(inner, f"{above}{name}.")
        else:
            found[above + name] = inner
    return found


def single_elements(event: object, path: tuple[str, ...] = ()) -> Iterator[dict[str, list[Any]]]:
    """
    Yield, by path, the values that remain of *event* when one element of each array is chosen.

    Only objects and arrays in an array are chosen from; other elements always remain.
    """
    if isinstance(event, dict):
        fields = [list(single_elements(inner, (*path, name))) for name, inner in event.items()]
        for choice in product(*fields):
            yield _united(choice)
    elif isinstance(event, list):
        here = _united(
            values
            for inner in event
            if not isinstance(inner, dict | list)
            for values in single_elements(inner, path)
        )
        containers = [inner for inner in event if isinstance(inner, dict | list)]
        for inner in containers:
            for values in single_elements(inner, path):
                yield _united((here, values))
        if not containers:
            yield here
    else:
        yield {".".join(path): [event]}


def _united(several: Any) -> dict[str, list[Any]]:
    united: dict[str, list[Any]] = {}
    for values in several:
        for path, some in values.items():
            united[path] = united.get(path, []) + some
    return united
