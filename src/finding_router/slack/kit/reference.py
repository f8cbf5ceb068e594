"""References: what a button of a message is about, as it comes back from Slack with a press."""

import hashlib
import json
from typing import Final, NamedTuple

_VERSION: Final = 1
_KEY_CHARS: Final = 8
# Slack takes 2,000 characters as the value of a button.
_MOST_CHARS: Final = 2_000


class AlertReference(NamedTuple):
    """An alert: its subject, and its channel as routed."""

    subject: str
    channel: str


class DigestReference(NamedTuple):
    """A digest: its id, and its channel as routed."""

    digest: str
    channel: str


def alert_reference(subject: str, channel: str) -> str:
    """Return the reference of an alert; everybody in the channel can read it."""
    return _written("s", subject, channel)


def digest_reference(digest: str, channel: str) -> str:
    """Return the reference of a digest."""
    return _written("d", digest, channel)


def read_reference(text: object) -> AlertReference | DigestReference | None:
    """Return what *text* refers to; None for anything that the router did not write."""
    if not isinstance(text, str) or len(text) > _MOST_CHARS:
        return None
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return None
    match values:
        case {"v": 1, "s": str(subject), "c": str(channel), "k": str(key), **rest}:
            is_ours = not rest and key == _key("s", subject, channel)
            return AlertReference(subject, channel) if is_ours else None
        case {"v": 1, "d": str(digest), "c": str(channel), "k": str(key), **rest}:
            is_ours = not rest and key == _key("d", digest, channel)
            return DigestReference(digest, channel) if is_ours else None
    return None


def _written(letter: str, name: str, channel: str) -> str:
    values = {"v": _VERSION, letter: name, "c": channel, "k": _key(letter, name, channel)}
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False)


def _key(letter: str, name: str, channel: str) -> str:
    """Return a checksum: it shows a reference that was cut, and is no secret."""
    text = json.dumps([_VERSION, letter, name, channel])
    return hashlib.sha256(text.encode()).hexdigest()[:_KEY_CHARS]
