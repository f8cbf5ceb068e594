"""An invocation of the function: the protocol, its result, and the batch it was for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One run of the function; without an answer, *error* is the reason."""

    answer: Any = None
    error: str | None = None
    log: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One batch of the queue that the function worked on."""

    event: Mapping[str, Any]
    invocation: Invocation
    failed: frozenset[str]
    """Ids of the messages that stay in the queue."""


class Invoke(Protocol):
    """Runs the function once, with an event; never raises for a failure of the function."""

    def __call__(self, event: Mapping[str, Any], /) -> Invocation: ...  # noqa: D102
