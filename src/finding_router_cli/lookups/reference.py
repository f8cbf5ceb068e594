"""The names by which a person asks for one finding: its id, a part of it, or a link to Slack."""

import re
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

from finding_router.findings.short_id import short_id

LEAST_CHARS: Final = 4
"""A shorter part of an id is of too many."""
_SCHEMES: Final = ("http://", "https://")
_LINK: Final = re.compile(r"/archives/(?P<channel>[A-Za-z0-9]+)/p(?P<digits>\d{16})/?")
_TS: Final = re.compile(r"\d{10}\.\d{6}")
_SECONDS_DIGITS: Final = 10
# A short id, a UUID or a hash, or a part of one: no usual name of a file.
_HEX: Final = re.compile(r"[0-9a-f]{4,}(-[0-9a-f]+)*-?", re.IGNORECASE)
_UUID_OR_HASH: Final = re.compile(
    r"[0-9a-f]{8}|[0-9a-f]{32,}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
_SEPARATORS: Final = re.compile(r"[/:]")


class MessageLink(NamedTuple):
    """
    A message of Slack: the *channel* by its id, and its *ts*.

    Of a reply it is the first message of the thread, where a card or a digest stands.
    """

    channel: str
    ts: str


def read_link(text: str) -> MessageLink | None:
    """Return the message that *text*, the link of Slack's "Copy link", leads to; None if none."""
    if not text.startswith(_SCHEMES):
        return None
    address = urlsplit(text)
    found = _LINK.fullmatch(address.path)
    if found is None:
        return None
    digits = found["digits"]
    own = f"{digits[:_SECONDS_DIGITS]}.{digits[_SECONDS_DIGITS:]}"
    [thread] = parse_qs(address.query).get("thread_ts", [own])[:1]
    return MessageLink(found["channel"], thread if _TS.fullmatch(thread) else own)


def is_reference(text: str) -> bool:
    """Return True if *text* names a finding, and no file: one that is there is always a file."""
    if text == "-" or Path(text).exists():
        return False
    is_named = text.startswith(("arn:", *_SCHEMES)) or _HEX.fullmatch(text) is not None
    return is_named or _UUID_OR_HASH.fullmatch(_last_part(text).lower()) is not None


def is_called(finding_id: str, wanted: str) -> bool:
    """Return True if *wanted* is *finding_id*, its short id, or a beginning or an end of it."""
    return (
        finding_id.startswith(wanted)
        or finding_id.endswith(wanted)
        or _last_part(finding_id).startswith(wanted)
        or short_id(finding_id) == wanted.lower()
    )


def is_of_one(wanted: str) -> bool:
    """Return True if *wanted* is long enough that no two findings are called so."""
    return _UUID_OR_HASH.fullmatch(wanted.lower()) is not None


def _last_part(finding_id: str) -> str:
    return _SEPARATORS.split(finding_id)[-1]
