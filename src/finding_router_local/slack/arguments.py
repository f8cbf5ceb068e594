"""The arguments of one call, as JSON, form or query string bring them."""

from collections.abc import Mapping, Sequence
from typing import Any

from finding_router_local.slack.limits import DEFAULT_PAGE
from finding_router_local.slack.refusal import Refusal

_TRUE = frozenset({"1", "true", "t", "yes"})


class Arguments:
    """Read *values* leniently in type, as Slack does: all values of a form are strings."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def has(self, name: str) -> bool:
        """Return True if *name* was sent, and not as null."""
        return self.values.get(name) is not None

    def text(self, name: str) -> str:
        """Return a string, empty where nothing was sent."""
        value = self.values.get(name)
        return "" if value is None else str(value)

    def flag(self, name: str) -> bool:
        """Return a boolean, false where nothing was sent."""
        return self.text(name).lower() in _TRUE

    def page_size(self, maximum: int) -> int:
        """Return *limit*; raise invalid_limit outside 1 to *maximum*."""
        if not self.has("limit"):
            return DEFAULT_PAGE
        try:
            size = int(self.text("limit"))
        except ValueError:
            size = 0
        if not 1 <= size <= maximum:
            raise Refusal("invalid_limit")
        return size

    def objects(self, name: str, malformed: str) -> Sequence[Any] | None:
        """Return a list, None if nothing was sent; raise *malformed* for anything else."""
        return self._of_type(name, list, malformed)

    def mapping(self, name: str, malformed: str) -> Mapping[str, Any] | None:
        """Return an object, None if nothing was sent; raise *malformed* for anything else."""
        return self._of_type(name, dict, malformed)

    def _of_type[T](self, name: str, kind: type[T], malformed: str) -> T | None:
        value = self.values.get(name)
        if value is not None and not isinstance(value, kind):
            raise Refusal(malformed)
        return value
