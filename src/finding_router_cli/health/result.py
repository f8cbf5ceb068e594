"""The result of a check, with the one thing that cures it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Mark(StrEnum):
    """The end of a check."""

    GOOD = "good"
    BAD = "bad"
    UNSURE = "unsure"
    """It could not be checked, or is worth a look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """
    What a check of *topic* found, and the command or sentence that cures it.

    *facts* are for programs.
    """

    topic: str
    mark: Mark
    found: str
    cure: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        told = {"topic": self.topic, "mark": self.mark, "found": self.found, "cure": self.cure}
        return {**told, **self.facts}


def good(topic: str, found: str, **facts: Any) -> Result:
    """Return the result of a check that found nothing wrong."""
    return Result(topic=topic, mark=Mark.GOOD, found=found, facts=facts)


def bad(topic: str, found: str, cure: str, **facts: Any) -> Result:
    """Return the result of a check that found a fault."""
    return Result(topic=topic, mark=Mark.BAD, found=found, cure=cure, facts=facts)


def unsure(topic: str, found: str, cure: str = "", **facts: Any) -> Result:
    """Return the result of a check that could not be made, or that is no fault for certain."""
    return Result(topic=topic, mark=Mark.UNSURE, found=found, cure=cure, facts=facts)
