"""Read the JSON documents of a file or of standard input, each with its position."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, ClassVar, Final

import click

# White space of JSON, and the byte order mark.
BLANKS: Final = " \t\r\n\ufeff"


class UnreadableError(click.ClickException):
    """The input cannot be read; the exit code is 2, as for wrong usage."""

    exit_code: ClassVar[int] = 2

    def __init__(self, place: str, problem: str, remedy: str) -> None:
        """Name the *place*, which starts with the file, the *problem* and the *remedy*."""
        super().__init__(f"{place} {problem}; {remedy}")


def read_text(path: str) -> str:
    """
    Return the text of the file at *path*, or of standard input for "-".

    Raises:
        UnreadableError: The file cannot be opened or is not UTF-8.

    """
    with open_text(path) as file:
        return str(file.read())


@contextmanager
def open_text(path: str) -> Iterator[IO[str]]:
    """
    Open the file at *path*, or standard input for "-", as UTF-8.

    Raises:
        UnreadableError: The file cannot be opened, or what the block reads is not UTF-8.

    """
    try:
        with click.open_file(path, encoding="utf-8") as file:
            yield file
    except OSError as error:
        problem = f"cannot be opened ({error.strerror})"
        raise UnreadableError(path, problem, "check the path") from error
    except UnicodeDecodeError as error:
        problem = "is no UTF-8 text"
        raise UnreadableError(path, problem, "save it as JSON in UTF-8") from error


def documents(text: str, source: str) -> Iterator[tuple[str, object]]:
    """
    Yield the JSON documents of *text*, usually one or one per line, each with its place.

    *source* is the file name, used in the place.

    Raises:
        UnreadableError: The text is not valid JSON; the message has the line and column.

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
            remedy = "reduce its nesting depth or the length of its numbers"
            raise UnreadableError(f"{source}, line {line}", problem, remedy) from error
        next_start = _after_blanks(text, end)
        is_alone = start == first and next_start == len(text)
        yield source if is_alone else f"{source}, line {line}", document
        line += text.count("\n", start, next_start)
        start = next_start


def _after_blanks(text: str, position: int) -> int:
    """Return the start of the next document, after white space and byte order marks."""
    while position < len(text) and text[position] in BLANKS:
        position += 1
    return position
