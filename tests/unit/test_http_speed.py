"""Headers are read as Python reads them."""

import io
from http import client

import pytest

from finding_router_local import http_speed


@pytest.mark.parametrize(
    "head",
    [
        b"\r\n",
        b"",
        b"Content-Length: 2\r\nX-Two:\t a b \r\nx-two:again\r\nEmpty:\r\n\r\nbody",
        b"Only-Newlines: yes\nNext: 1\n\n",
        b"Folded: one\r\n two\r\nNext: 1\r\n\r\n",
        b"Latin: na\xefve\r\n\r\n",
        b"From somebody\r\nA: 1\r\n\r\n",
        b"no colon\r\nA: 1\r\n\r\n",
        b"Alone: a\rB: 2\r\n\r\n",
        b"Bad name: 1\r\nA: 1\r\n\r\n",
        b"A: cut off",
    ],
)
def test_headers_are_those_of_python(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is no plain line goes to Python's own parser."""
    fast, slow = io.BytesIO(head), io.BytesIO(head)
    monkeypatch.setattr(client, "parse_headers", http_speed._parse_any_headers)
    expected = client.parse_headers(slow)
    http_speed.speed_up()

    found = client.parse_headers(fast)

    assert expected.items() == found.items()
    assert slow.read() == fast.read()


def test_too_many_headers_are_refused_all_the_same() -> None:
    """Its limits are Python's."""
    head = b"".join(b"A%d: 1\r\n" % number for number in range(200))

    with pytest.raises(client.HTTPException, match="more than 100"):
        http_speed._parse_headers(io.BytesIO(head + b"\r\n"))
