"""Python's http made quicker, for thousands of small requests and answers in a process."""

import re
from http import client
from http.client import HTTPMessage
from typing import Any, Final

_parse_any_headers: Final = client.parse_headers
# A header of one line; whoever writes others is read as ever.
_HEADER: Final = re.compile(rb"([!-9;-~]+):[ \t]*([^\r\n]*)\r?\n")


class _Lines:
    """Lines that were read already."""

    def __init__(self, lines: list[bytes]) -> None:
        self._lines = iter(lines)

    def readline(self, _: int = -1) -> bytes:
        return next(self._lines, b"")


def _parse_headers(fp: Any, _class: type[HTTPMessage] = HTTPMessage) -> HTTPMessage:
    """Split lines at their colons; Python's own takes the parser of e-mails, for half the time."""
    lines: list[bytes] = client._read_headers(fp)  # type: ignore[attr-defined]  # noqa: SLF001 -- with its limits
    message = _class()
    for line in lines[:-1]:
        match = _HEADER.fullmatch(line)
        if match is None:
            return _parse_any_headers(_Lines(lines), _class)
        name, value = match.groups()
        message._headers.append((name.decode("ascii"), value.decode("iso-8859-1")))  # type: ignore[attr-defined]  # noqa: SLF001 -- as the parser does
    return message


def speed_up() -> None:
    """Replace the parser of headers in this process."""
    client.parse_headers = _parse_headers  # type: ignore[assignment]  # the same arguments
