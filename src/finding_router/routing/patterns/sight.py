"""
Find the values of an event at the paths of patterns, and the array elements that contain them.

Paths are dotted, as in EventBridge's engine, which treats the field "a.b" and the field "b" inside
"a" as the same. Arrays on the way are not part of the path.
"""

from collections.abc import Iterator


class Element:
    """
    One element of an array with two or more objects or arrays; *outer* is the one that encloses it.

    *scope* is the path of the array with a trailing dot, the prefix of all paths inside the array.
    """

    __slots__ = ("outer", "scope", "wider")

    def __init__(self, outer: "Element | None", scope: str) -> None:
        self.outer = outer
        self.scope = scope
        # An array directly inside an array has the same path, so both are left together.
        self.wider: Element | None = outer.wider if outer and outer.scope == scope else outer


# The innermost element that contains a value, or None outside all such arrays.
type Place = Element | None

# The strings, numbers, booleans and nulls at each path, each with its place.
type Sight = dict[str, list[tuple[object, Place]]]


class _Step:
    """A node of the tree of names in paths; *path* is set if a path ends here."""

    __slots__ = ("path", "scope", "steps")

    def __init__(self, scope: str) -> None:
        self.scope = scope
        self.path: str | None = None
        self.steps: dict[str, _Step] = {}

    def after(self, name: str) -> "_Step | None":
        """Return the node of a field whose *name* has dots, or None."""
        step = self
        for part in name.split("."):
            if part not in step.steps:
                return None
            step = step.steps[part]
        return step


class Paths:
    """The paths to search; no other part of an event is visited."""

    def __init__(self) -> None:
        self._first = _Step("")

    def add(self, path: str) -> None:
        """Add *path* to those searched."""
        step = self._first
        for name in path.split("."):
            if name not in step.steps:
                step.steps[name] = _Step(f"{step.scope}{name}.")
            step = step.steps[name]
        step.path = path

    def look(self, event: object) -> Sight:
        """Return the values at all paths in *event*, which may be nested to any depth."""
        sight: Sight = {}
        ahead: list[tuple[object, _Step, Place]] = [(event, self._first, None)]
        while ahead:
            value, step, place = ahead.pop()
            if isinstance(value, dict):
                steps = step.steps
                for name, inner in value.items():
                    below = steps.get(name)
                    if below is None and "." in name:
                        below = step.after(name)
                    if below is not None:
                        ahead.append((inner, below, place))
            elif isinstance(value, list):
                ahead.extend(_elements(value, step, place))
            elif step.path is not None:
                sight.setdefault(step.path, []).append((value, place))
        return sight


def _elements(
    array: list[object], step: _Step, place: Place
) -> Iterator[tuple[object, _Step, Place]]:
    """
    Yield the elements of *array*, each with its step and place.

    Only objects and arrays bind a pattern to an element, and only if the array has more than one.
    In an array of strings, different elements may match different fields.
    """
    choice = sum(isinstance(element, dict | list) for element in array) > 1
    for element in array:
        binds = choice and isinstance(element, dict | list)
        yield element, step, Element(place, step.scope) if binds else place
