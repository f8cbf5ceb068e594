"""The base model and the validators that all kinds of items share."""

from collections.abc import Sized
from enum import StrEnum
from typing import Final

from pydantic import BaseModel, BeforeValidator, ConfigDict

from finding_router.routing.patterns.mistake import MistakeError, did_you_mean, shown

MAX_NAME_BYTES: Final = 512
"""
A bin of held findings has the sort key ``kind#name#channel``, of at most 1,024 bytes.

A channel has at most 80 characters of four bytes, with a "#" before them.
"""

AS_WRITTEN: Final = ConfigDict(strict=True, frozen=True, extra="forbid", defer_build=True)
"""Strict types, immutable, no unknown attributes; validators are built on first use."""


class Item(BaseModel):
    """The attributes of every kind of item."""

    model_config = AS_WRITTEN

    description: str | None = None


def one_of(words: type[StrEnum]) -> BeforeValidator:
    """Return a validator that accepts one of *words* and suggests the closest for an unknown."""

    def read(written: object) -> StrEnum:
        if isinstance(written, str) and written in words:
            return words(written)
        word = written if isinstance(written, str) else ""
        problem = f"is {shown(written)}"
        raise MistakeError(problem, did_you_mean(word, words))

    return BeforeValidator(read)


def whole(written: object) -> object:
    """Return 100 for 100.0: DynamoDB and JSON do not distinguish the two."""
    return int(written) if isinstance(written, float) and written.is_integer() else written


def read_list(written: object, example: str) -> list[object]:
    """
    Return the entries of *written*, a list or a single text.

    Raises:
        MistakeError: It is neither.

    """
    entries = [written] if isinstance(written, str) else written
    if isinstance(entries, list):
        return entries
    problem = f"is {shown(written)}"
    raise MistakeError(problem, f"write a list such as {example}")


def check_count(
    entries: Sized, most: int, *, noun: str = "entries", remedy: str = "write fewer"
) -> None:
    """
    Check the number of *entries*, which the message calls *noun*.

    Raises:
        MistakeError: There are more than *most*.

    """
    if len(entries) > most:
        problem = f"has more than {most} {noun}"
        raise MistakeError(problem, remedy)


def read_name(written: str) -> str:
    """
    Return the name of an item unchanged.

    Raises:
        MistakeError: The name is blank or too long.

    """
    if not written.strip():
        problem = "is empty"
        raise MistakeError(problem, "write a name that says what the item is for")
    if (size := len(written.encode("utf-8", "surrogatepass"))) > MAX_NAME_BYTES:
        problem = f"has {size:,} bytes in UTF-8"
        remedy = f"write at most {MAX_NAME_BYTES}, and the rest into the description"
        raise MistakeError(problem, remedy)
    return written
