"""
The event-pattern language of EventBridge.

The semantics are those of EventBridge's engine, https://github.com/aws/event-ruler, and are
specified in docs/patterns.md.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain
from typing import Any, Final

from finding_router.errors import ConfigurationError, legible
from finding_router.routing.patterns.mistake import MistakeError, shown
from finding_router.routing.patterns.notation import read_leaf
from finding_router.routing.patterns.rule import Field, Rule, holds
from finding_router.routing.patterns.sight import Paths

_OR: Final = "$or"

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
_MAX_ALTERNATIVES: Final = 1000
# The engine refuses rules with more fields (its class GenericMachine).
_MAX_FIELDS: Final = 256

# Not allowed as field names inside $or: the engine reads them as tests (its class Constants).
# fmt: off
_RESERVED: Final = frozenset({
    "exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard",
    "numeric", "cidr", "=", "<", "<=", ">", ">=", "regex", "not-wildcard",
    "not-equals-ignore-case", "date-after", "date-on-or-after", "date-before",
    "date-on-or-before", "in-date-range", "ip-address-in-range", "ip-address-not-in-range",
})
# fmt: on


class PatternError(ConfigurationError, ValueError):
    """
    A pattern is invalid.

    The message reads ``path: problem; remedy``. The *path* is dotted, with the position of an
    alternative after ``$or``; it is "" for the pattern as a whole.
    """

    def __init__(self, path: str, problem: str, remedy: str) -> None:
        """Keep the *path*, the *problem* there and its *remedy*."""
        path, problem, remedy = map(legible, (path, problem, remedy))
        super().__init__(f"{path or 'the pattern'}: {problem}; {remedy}")
        self.path = path
        self.problem = problem
        self.remedy = remedy


class Pattern:
    """A compiled pattern; *rules* are its alternatives."""

    __slots__ = ("_paths", "rules")

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules: Final = rules
        # Created on first use: patterns in an index never need it.
        self._paths: Paths | None = None

    def matches(self, event: dict[str, Any]) -> bool:
        """Return True if the pattern matches *event*, parsed JSON."""
        if self._paths is None:
            self._paths = Paths()
            for field in chain.from_iterable(self.rules):
                self._paths.add(field.path)
        sight = self._paths.look(event)
        # Alternatives share the fields outside $or, so results are cached.
        places = cache(lambda field: field.places(sight))
        return any(holds(rule, sight, places) for rule in self.rules)


def compile_pattern(pattern: dict[str, Any], *, inside: tuple[str, ...] = ()) -> Pattern:
    """
    Compile *pattern*, parsed JSON, for events that have its fields below the fields *inside*.

    Raises:
        PatternError: The pattern is invalid for EventBridge's engine too.

    """
    reader = _Reader(inside)
    # An explicit stack, since a pattern may be nested deeper than Python's recursion limit.
    stack = [reader.read_root(pattern)]
    while stack:
        deeper = next(stack[-1], None)
        if deeper is None:
            stack.pop()
        else:
            stack.append(deeper)
    return Pattern(tuple(map(_to_rule, reader.alternatives)))


def _to_rule(fields: dict[str, Field]) -> Rule:
    # The order of Java strings, as in the engine: it determines the fields before one that may be
    # absent.
    paths = sorted(fields, key=lambda path: path.encode("utf-16-be", "surrogatepass"))
    return tuple(fields[path] for path in paths)


type _Task = Iterator[_Task]


class _Reader:
    """
    Parses a pattern in document order.

    Every ``$or`` multiplies the *alternatives* so far. A repeated field replaces its earlier
    occurrence. Each method yields the tasks that must finish before it continues.
    """

    def __init__(self, inside: Iterable[str]) -> None:
        self.alternatives: list[dict[str, Field]] = [{}]
        self._names = list(inside)
        # Like _names, but with each $or and the position in it.
        self._trail: list[str] = []

    def read_root(self, pattern: object) -> _Task:
        if not isinstance(pattern, dict):
            raise self._error(
                f"is {shown(pattern)}", 'write a map such as {"Region": ["eu-west-1"]}'
            )
        yield self._read_map(pattern, in_or=False)

    def _read_map(self, fields: dict[str, Any], *, in_or: bool) -> _Task:
        if not fields:
            raise self._error("is an empty map", "name at least one field in it")
        for name, inner in fields.items():
            self._trail.append(name)
            if name == _OR:
                yield self._read_or(inner)
            else:
                self._names.append(name)
                if in_or and name in _RESERVED:
                    remedy = "write the name of the field before it, and the test into a list"
                    raise self._error("is the name of a test, not of a field", remedy)
                if isinstance(inner, dict):
                    yield self._read_map(inner, in_or=in_or)
                else:
                    self._read_field(inner)
                self._names.pop()
            self._trail.pop()

    def _read_or(self, branches: object) -> _Task:
        if not isinstance(branches, list) or len(branches) < 2:  # noqa: PLR2004 -- one is no choice
            remedy = 'write a list of at least two maps, such as [{"a": ["b"]}, {"c": ["d"]}]'
            raise self._error("is no list of alternatives", remedy)
        before = self.alternatives
        after: list[dict[str, Field]] = []
        for position, branch in enumerate(branches):
            self._trail.append(str(position))
            if not isinstance(branch, dict):
                remedy = 'write a map such as {"Region": ["eu-west-1"]}'
                raise self._error(f"is {shown(branch)}", remedy)
            self.alternatives = [alternative.copy() for alternative in before]
            yield self._read_map(branch, in_or=True)
            after += self.alternatives
            if len(after) > _MAX_ALTERNATIVES:
                problem = f"makes more than {_MAX_ALTERNATIVES} combinations of alternatives"
                raise self._error(problem, "write fewer, or several patterns")
            self._trail.pop()
        self.alternatives = after

    def _read_field(self, values: object) -> None:
        if not isinstance(values, list):
            raise self._error(f"is {shown(values)}, not a list", "put it into a list")
        try:
            leaf = read_leaf(values)
        except MistakeError as mistake:
            raise self._error(mistake.problem, mistake.remedy) from mistake
        field = Field(".".join(self._names), leaf)
        for alternative in self.alternatives:
            alternative[field.path] = field
            if len(alternative) > _MAX_FIELDS:
                problem = f"is one of more than {_MAX_FIELDS} fields"
                raise self._error(problem, "write several patterns")

    def _error(self, problem: str, remedy: str) -> PatternError:
        return PatternError(".".join(self._trail), problem, remedy)
