"""The arguments of one call, as JSON, form or query string bring them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from finding_router_local.slack.limits import DEFAULT_PAGE
from finding_router_local.slack.refusal import Refusal

_TRUE = frozenset({"1", "true", "t", "yes"})


class Arguments:
    """Read *values* leniently in type, as Slack does: a form knows only strings."""

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
        """Return a list that may be JSON inside a string; raise *malformed* for anything else."""
        value = self._decoded(name, malformed)
        if value is None:
            return None
        if not isinstance(value, list):
            raise Refusal(malformed)
        return value

    def mapping(self, name: str, malformed: str) -> Mapping[str, Any] | None:
        """Return an object that may be JSON inside a string; raise *malformed* otherwise."""
        value = self._decoded(name, malformed)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise Refusal(malformed)
        return value

    def _decoded(self, name: str, malformed: str) -> Any:
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value) if value else None
        except ValueError:
            raise Refusal(malformed) from None
