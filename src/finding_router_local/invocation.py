"""What it is to invoke a function, whoever runs it, and with what."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One run of the function; without an answer, *error* says why there is none."""

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
    """Runs the function once, with an event; never raises for what the function does."""

    def __call__(self, event: Mapping[str, Any], /) -> Invocation: ...  # noqa: D102
