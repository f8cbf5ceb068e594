"""Isolation: an exception that no code foresaw ends the work on one item, not on its neighbours."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from finding_router.telemetry import logger


@dataclass(slots=True)
class Trouble:
    """The exception that ended the work on an item; None if there was none."""

    error: Exception | None = None

    def while_(self, doing: str) -> str:
        """Return the reason for people: the exception's type, and *doing*, as in "reading it"."""
        return f"{type(self.error).__name__} while {doing}"


@contextmanager
def contained() -> Iterator[Trouble]:
    """Confine any exception of the block, like `isolated`, for callers that report the Trouble."""
    trouble = Trouble()
    try:
        yield trouble
    except Exception as error:  # noqa: BLE001 -- nothing is known of it but the item it concerns
        trouble.error = error


@contextmanager
def isolated(message: str, **item: Any) -> Iterator[Trouble]:
    """
    Confine any exception of the block to one item, logged as *message* with the keys of the *item*.

    The block gets the Trouble, which has the exception afterwards. Errors with a meaning of their
    own are handled within the block.
    """
    with contained() as trouble:
        yield trouble
    if trouble.error is not None:
        logger.error(message, exc_info=trouble.error, **item)
