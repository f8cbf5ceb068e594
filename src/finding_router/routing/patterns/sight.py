"""
Which values of an event stand at the paths that patterns look at, and in which array elements.

A path is dotted, as the engine of EventBridge has it: the field "a.b" and the field "b" inside "a"
are the same to it. Arrays on the way are no part of the path.
"""

from collections.abc import Iterator


class Element:
    """
    One element of an array that has several to choose from; *outer* is the one around it, if any.

    *scope* is the path of the array with a dot after it, with which begin all paths inside it.
    """

    __slots__ = ("outer", "scope", "wider")

    def __init__(self, outer: "Element | None", scope: str) -> None:
        self.outer = outer
        self.scope = scope
        # An array inside an array has the same path: to leave the one is to leave the other.
        self.wider: Element | None = outer.wider if outer and outer.scope == scope else outer


# Where a value stands: in which element of which arrays, or outside of any.
type Place = Element | None

# The strings, numbers, truth values and nulls at each path, and where each stands.
type Sight = dict[str, list[tuple[object, Place]]]


class _Step:
    """One name on the way to a path; *path* is set where one ends."""

    __slots__ = ("path", "scope", "steps")

    def __init__(self, scope: str) -> None:
        self.scope = scope
        self.path: str | None = None
        self.steps: dict[str, _Step] = {}

    def after(self, name: str) -> "_Step | None":
        """Find the step to a field whose *name* has dots."""
        step = self
        for part in name.split("."):
            if part not in step.steps:
                return None
            step = step.steps[part]
        return step


class Paths:
    """The paths to look at; nothing else of an event is visited."""

    def __init__(self) -> None:
        self._first = _Step("")

    def add(self, path: str) -> None:
        """Look at this *path*, too."""
        step = self._first
        for name in path.split("."):
            if name not in step.steps:
                step.steps[name] = _Step(f"{step.scope}{name}.")
            step = step.steps[name]
        step.path = path

    def look(self, event: object) -> Sight:
        """Find the values in *event*, which may be nested to any depth."""
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
    Place the elements of *array*.

    Only objects and arrays in it bind a pattern to an element, and only where there is a choice: of
    an array of strings, one may satisfy one field and another the next.
    """
    choice = sum(isinstance(element, dict | list) for element in array) > 1
    for element in array:
        binds = choice and isinstance(element, dict | list)
        yield element, step, Element(place, step.scope) if binds else place
