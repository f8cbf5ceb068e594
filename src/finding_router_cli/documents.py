"""The JSON documents of a file or of standard input, and where in it each one stands."""

import json
from collections.abc import Iterator
from typing import ClassVar

import click


class UnreadableError(click.ClickException):
    """What a person gave cannot be read; exits with 2, as wrong usage does."""

    exit_code: ClassVar[int] = 2

    def __init__(self, place: str, problem: str, remedy: str) -> None:
        """Name the *place*, file first, the *problem*, and what would be right."""
        super().__init__(f"{place} {problem}; {remedy}")


def read_text(path: str) -> str:
    """
    Read the file at *path*, or standard input for "-".

    Raises:
        UnreadableError: there is no such file, or it is no text.

    """
    try:
        with click.open_file(path, encoding="utf-8") as file:
            return str(file.read())
    except OSError as error:
        problem = f"cannot be opened ({error.strerror})"
        raise UnreadableError(path, problem, "check the path") from error
    except UnicodeDecodeError as error:
        problem = "is no UTF-8 text"
        raise UnreadableError(path, problem, "save it as JSON in UTF-8") from error


def documents(text: str, source: str) -> Iterator[tuple[str, object]]:
    """
    Give each JSON document of *text* with its place: mostly one, or one a line.

    *source* is the name of its file.

    Raises:
        UnreadableError: names line and column of what is no JSON.

    """
    decoder = json.JSONDecoder()
    first = start = _after_blanks(text, 0)
    line = 1 + text.count("\n", 0, start)
    while start < len(text):
        try:
            document, end = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            place = f"{source}, line {error.lineno}, column {error.colno}"
            problem = f"is no JSON ({error.msg})"
            raise UnreadableError(place, problem, "write a JSON document, or one a line") from error
        except (RecursionError, ValueError) as error:
            problem = f"cannot be read ({error})"
            remedy = "make it less deep and its numbers shorter"
            raise UnreadableError(f"{source}, line {line}", problem, remedy) from error
        next_start = _after_blanks(text, end)
        is_alone = start == first and next_start == len(text)
        yield source if is_alone else f"{source}, line {line}", document
        line += text.count("\n", start, next_start)
        start = next_start


def _after_blanks(text: str, position: int) -> int:
    """Find where the next document begins; a byte order mark is as good as a blank."""
    while position < len(text) and text[position] in " \t\r\n\ufeff":
        position += 1
    return position
