"""How items of the RoutingTable are read, whatever their kind."""

from enum import StrEnum
from typing import Final

from pydantic import BaseModel, BeforeValidator, ConfigDict

from finding_router.routing.patterns.mistake import MistakeError, did_you_mean, shown

AS_WRITTEN: Final = ConfigDict(strict=True, frozen=True, extra="forbid", defer_build=True)
"""Nothing is guessed, changed later, or left over; and nothing is built for a kind not in use."""


class Item(BaseModel):
    """What every kind of item has."""

    model_config = AS_WRITTEN

    description: str | None = None


def one_of(words: type[StrEnum]) -> BeforeValidator:
    """Read one of *words*; an unknown one names the closest."""

    def read(written: object) -> StrEnum:
        if isinstance(written, str) and written in words:
            return words(written)
        word = written if isinstance(written, str) else ""
        problem = f"is {shown(written)}"
        raise MistakeError(problem, did_you_mean(word, words))

    return BeforeValidator(read)


def whole(written: object) -> object:
    """Take 100.0 for 100: both are one number in DynamoDB and in JSON."""
    return int(written) if isinstance(written, float) and written.is_integer() else written


def read_name(written: str) -> str:
    """
    Read the name of an item.

    Raises:
        MistakeError: it is blank.

    """
    if written.strip():
        return written
    problem = "is empty"
    raise MistakeError(problem, "write a name that says what the item is for")
