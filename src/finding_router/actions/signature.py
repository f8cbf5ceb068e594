"""
Requests as Lambda hands them over, and Slack's signature of them.

A function URL and an HTTP API send the same event, payload format 2.0. What anybody on the internet
may send never raises. https://docs.slack.dev/authentication/verifying-requests-from-slack
"""

import base64
import hashlib
import hmac
import re
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MAX_AGE_SECONDS: Final = 300
TIMESTAMP: Final = "x-slack-request-timestamp"
SIGNATURE: Final = "x-slack-signature"
_VERSION: Final = "v0"
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")
_SIGNATURE: Final = re.compile(rf"{_VERSION}=[0-9a-f]{{64}}")
_ID_CHARS: Final = 40


@dataclass(frozen=True, slots=True)
class Request:
    """A request in the form of Slack's, not yet verified: its *body* is raw."""

    body: bytes
    timestamp: str
    signature: str

    @property
    def at(self) -> int:
        """The Unix second at which it was signed."""
        return int(self.timestamp)

    @property
    def id(self) -> str:
        """Return the id of the press, 40 hex digits; a replay has the same."""
        return hashlib.sha256(self.signature.encode()).hexdigest()[:_ID_CHARS]

    def is_signed_with(self, secret: str) -> bool:
        """Return True if *secret* signed it, in the same time for any signature."""
        expected = sign(secret, self.body, self.timestamp)
        return bool(secret) and hmac.compare_digest(expected, self.signature)


def sign(secret: str, body: bytes, timestamp: str) -> str:
    """Return Slack's signature of *body*, sent at *timestamp* (Unix seconds, as in the header)."""
    signed = b":".join((_VERSION.encode(), timestamp.encode(), body))
    return f"{_VERSION}={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


def read_request(event: object, now: float) -> Request | None:
    """
    Return the request in *event*; None if it cannot be Slack's, or not of the last five minutes.

    Five minutes ahead count as well, since clocks differ.
    """
    match event:
        case {"headers": Mapping() as headers, "body": str(text), **rest}:
            body = _bytes(text, is_base64=rest.get("isBase64Encoded") is True)
        case _:
            return None
    named = {str(name).lower(): value for name, value in headers.items()}
    timestamp, signature = named.get(TIMESTAMP), named.get(SIGNATURE)
    if body is None or not _is(_TIMESTAMP, timestamp) or not _is(_SIGNATURE, signature):
        return None
    request = Request(body, str(timestamp), str(signature))
    return request if abs(now - request.at) <= MAX_AGE_SECONDS else None


def _is(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _bytes(text: str, *, is_base64: bool) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True) if is_base64 else text.encode()
    except (Base64Error, ValueError):
        # Also for half of a surrogate pair, which has no bytes.
        return None
