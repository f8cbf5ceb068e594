"""The line of a notification, with all essentials in its first hundred characters."""

from typing import Final

from finding_router.findings.finding import Resource
from finding_router.slack.kit.frame import CIRCLES
from finding_router.slack.kit.resources import given_name, is_named_in, short_name
from finding_router.slack.kit.text import ELLIPSIS, SUMMARY_CHARS, length, shortened, unmarked
from finding_router.slack.kit.top import Source

# A phone's lock screen shows about as much.
FIRST_CHARS: Final = 100
_ACCOUNT_CHARS: Final = 30
_RESOURCE_CHARS: Final = 34
_ID_CHARS: Final = 11
_REGION_CHARS: Final = 30
_BETWEEN: Final = " · "


def push_text(source: Source, *, sign: str = "", news: str = "") -> str:
    """
    Return severity, account, fact, resource and Region in one line of plain text.

    Account, fact and resource stand within the first hundred characters. *sign* replaces the
    circle of the severity, and *news*, the router's own words, go before the fact.
    """
    finding = source.finding
    account = unmarked(source.account or "", _ACCOUNT_CHARS)
    circle = sign or CIRCLES[finding.severity]
    start = f"{circle} {account}{_BETWEEN}" if account else f"{circle} "
    room = FIRST_CHARS - length(start)
    own = f"account {finding.account_id}"
    others = [each for each in finding.resources if short_name(each) != own]
    said = f"{news}: {source.headline}" if news else source.headline
    fact = unmarked(said, SUMMARY_CHARS)
    # Every sign that is replaced has a look-alike of one sign.
    if others and not is_named_in(said, others[0], within=room):
        name = f"{_BETWEEN}{unmarked(_name(others[0]), _RESOURCE_CHARS)}"
        fact = unmarked(said, room - length(name)) + name
    more = f" + {len(others) - 1} more" if others[1:] else ""
    if more in fact:
        more = ""
    region = unmarked(finding.region or "", _REGION_CHARS)
    return f"{start}{fact}{more}{_BETWEEN if region else ''}{region}"


def _name(resource: Resource) -> str:
    """Return the id of *resource*, behind the name that people gave it: many share one name."""
    given, name = given_name(resource), short_name(resource)
    if given is None:
        return shortened(name, _RESOURCE_CHARS)
    both = f"{given} ({name})"
    if length(both) <= _RESOURCE_CHARS:
        return both
    beginning = name if length(name) <= _ID_CHARS else f"{name[:_ID_CHARS]}{ELLIPSIS}"
    return f"{shortened(given, _RESOURCE_CHARS - _ID_CHARS - 4)} ({beginning})"
