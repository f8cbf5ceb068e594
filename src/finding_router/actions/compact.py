"""JSON as short text: of the queue's messages, and of what a form keeps while it is open."""

import json
from collections.abc import Mapping
from typing import Any


def written(values: Mapping[str, Any]) -> str:
    """Return *values* as JSON without blanks."""
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False)


def read(text: object) -> Any:
    """Return the value that *text* is the JSON of; None if it is of none."""
    if not isinstance(text, str):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
