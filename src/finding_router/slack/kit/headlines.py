"""Headlines: the fact and the short name of its resource, in plain text."""

from re import Match
from re import compile as regex
from typing import Final

from finding_router.findings.finding import Finding, Resource
from finding_router.slack.kit.resources import given_name, is_account, kind_of, short_name
from finding_router.slack.kit.text import ELLIPSIS, one_line, says_nothing

# A phone shows about two lines of a headline of this length, and a push about one and a half.
HEADLINE_CHARS: Final = 84
_LEAST_CHARS: Final = 30
NAME_CHARS: Final = 44
_FULL_CHARS: Final = 56
# Ids of EC2, whose first letters people know.
_EVIDENT: Final = regex("[a-z]{1,8}-[0-9a-f]{8,}")
# Resources whose ids are unreadable, and those whose names show the kind.
_UNREAD: Final = frozenset({"AwsEcrContainerImage", "Container", "Other"})
_SELF_EVIDENT: Final = frozenset({"AwsEcrContainerImage", "AwsEc2Instance"})
_KINDS: Final = {"access key": "key", "container image": "image", "S3 object": "object"}
# Titles repeat the resource's ARN, often behind its type: ``AwsS3Bucket/arn:aws:s3:::x/ allows``.
_ARN: Final = regex(r"(?:[A-Za-z0-9:]{3,60}/)?(arn:[a-z-]{3,20}:[^\s,;]+)")
_CLOSING: Final = ".,;:/"


def headline(fact: str, name: str | None, between: str = ": ") -> str:
    """Return *fact* and *name* in one line; the fact is cut at a word, unless it has the name."""
    said = one_line(fact)
    named = one_line(name or "")
    if not named or any(each in said for each in (named, named.rpartition(" ")[2])):
        return cut(said, HEADLINE_CHARS if not named else 2 * HEADLINE_CHARS)
    room = HEADLINE_CHARS - len(between) - len(named)
    return f"{cut(said, max(room, _LEAST_CHARS))}{between}{named}"


def cut(text: str, limit: int) -> str:
    """Return *text*, cut at a word to *limit* characters."""
    if len(text) <= limit:
        return text
    start = text[: limit - 1]
    whole, _, _ = start.rpartition(" ")
    kept = whole if len(whole) > limit // 2 else start
    return kept.rstrip(_CLOSING + " ") + ELLIPSIS


def title_words(finding: Finding) -> str:
    """Return the finding's title in one line, with short names in place of ARNs."""

    def short(found: Match[str]) -> str:
        bare = found[1].rstrip(_CLOSING)
        return short_name(Resource(id=bare)) + found[1][len(bare) :].strip("/")

    title = _ARN.sub(short, one_line(finding.title)) or one_line(finding.id)
    return title.rstrip(". ")


def resources_name(finding: Finding) -> str | None:
    """Return the name of the first resource and the number of others; None if it is an account."""
    named = [each for each in finding.resources if not is_account(short_name(each))]
    if not named or not full_name(named[0]):
        return None
    rest = len(named) - 1
    return full_name(named[0]) + (f" + {rest} more" if rest else "")


def full_name(resource: Resource) -> str:
    """
    Return the kind and short name of *resource* and, in brackets, the name that people gave it.

    Ids such as sg-0a1b need no kind, and the given name alone stands for unreadable ids.
    """
    short, given = short_name(resource), given_name(resource)
    name = None if given is None else abridged(given)
    kind = kind_of(resource)
    if kind == resource.type or _EVIDENT.match(short):
        kind = None
    of_kind = f"{_KINDS.get(kind, kind)} " if kind else ""
    if says_nothing(short):
        return f"{of_kind}{name}" if name else ""
    if name is None or name in short:
        return of_kind + abridged(short)
    both = f"{of_kind}{abridged(short)} ({name})"
    is_unread = resource.type in _UNREAD or len(both) > _FULL_CHARS
    return (of_kind if resource.type not in _SELF_EVIDENT else "") + name if is_unread else both


def called(resource: Resource, limit: int = NAME_CHARS) -> str:
    """Return the name that people gave *resource*, else its short name."""
    return abridged(given_name(resource) or short_name(resource), limit)


def abridged(name: str, limit: int = NAME_CHARS) -> str:
    """Return *name* in one line of *limit* characters, without its middle or its "https://"."""
    line = one_line(name).removeprefix("https://")
    end = limit // 3
    return line if len(line) <= limit else f"{line[: limit - end - 1]}{ELLIPSIS}{line[-end:]}"
