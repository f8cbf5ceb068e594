"""The channel of a route: a name, an id, or a template filled from each finding."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from finding_router.findings.finding import Finding
from finding_router.findings.products import UNKNOWN
from finding_router.routing.patterns.mistake import MistakeError, closest, shown

# https://api.slack.com/methods/conversations.create#naming
MAX_NAME_CHARS: Final = 80
# More have no room, and shortening their values takes time for each finding.
MAX_PLACEHOLDERS: Final = 10

# Every id contains a digit; a name in capitals usually does not.
_ID = re.compile(r"[CG](?=[A-Z]*[0-9])[A-Z0-9]{8,}")
_PASTED_ID = re.compile(rf"(?<![A-Za-z0-9]){_ID.pattern}(?![A-Za-z0-9])")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_UNSAFE = re.compile(r"[^a-z0-9_-]")
_SEPARATORS = re.compile(r"[-_]+")
_MARKS: Final = frozenset({"Mn", "Mc"})
_CASELESS: Final = frozenset({"Lo", "Lm"})
_ACCOUNT_ID = re.compile(r"[0-9]{12}")


class UnfilledError(LookupError):
    """A finding has no value for a placeholder."""

    def __init__(self, placeholder: str, lacks: str) -> None:
        """Name the *placeholder*, without braces, and the value that the finding *lacks*."""
        super().__init__(f"{{{placeholder}}} cannot be filled: the finding has no {lacks}")


class ChannelTemplate(NamedTuple):
    """
    A channel in normalised spelling: a name starts with "#", an id does not.

    *parts* alternates between fixed text (even positions, possibly "") and placeholders without
    their braces (odd positions).
    """

    text: str
    parts: tuple[str, ...]

    @property
    def of_organization(self) -> tuple[str, ...]:
        """Return the placeholders that AWS Organizations fills."""
        return tuple(
            each for each in self.parts[1::2] if each == _OU or each.startswith(_ACCOUNT_TAG)
        )

    @property
    def is_fixed(self) -> bool:
        """Return True if the channel has no placeholders."""
        return len(self.parts) == 1

    def fill(self, finding: Finding, aliases: Mapping[str, str]) -> str:
        """
        Return the channel for *finding*; *aliases* maps account ids to the names of the table.

        If the name would be too long for Slack, values are shortened, the longest first.

        Raises:
            UnfilledError: The finding has no usable value for a placeholder.

        """
        if self.is_fixed:
            return self.text
        values = [_value(placeholder, finding, aliases) for placeholder in self.parts[1::2]]
        _shorten(values, MAX_NAME_CHARS - sum(map(len, self.parts[0::2])))
        filled = list(self.parts)
        filled[1::2] = values
        return "#" + "".join(filled)


def read_channel(written: str) -> ChannelTemplate:
    """
    Parse a channel from the routing table; "#x" and "x" are the same.

    Raises:
        MistakeError: Slack allows no such channel name, or a placeholder is unknown.

    """
    text = written.strip()
    if _ID.fullmatch(text):
        if len(text) > MAX_NAME_CHARS:
            problem = f"is {shown(text)}, which is no channel id"
            raise MistakeError(
                problem, "copy the id from the foot of the channel's details in Slack"
            )
        return ChannelTemplate(text, (text,))
    name = text.removeprefix("#")
    if not name:
        problem = "is empty"
        remedy = 'write a name such as "#security-alerts" or an id such as C0123456789'
        raise MistakeError(problem, remedy)
    parts = tuple(_PLACEHOLDER.split(name))
    if len(parts) // 2 > MAX_PLACEHOLDERS:
        problem = f"has more than {MAX_PLACEHOLDERS} placeholders"
        raise MistakeError(problem, "write fewer: a name has room for a few")
    for placeholder in parts[1::2]:
        _check_placeholder(placeholder)
    _check_name(written, parts)
    return ChannelTemplate(f"#{name}", parts)


def channel_safe(text: str) -> str:
    """
    Return *text* as part of a channel name: "Zürich - Prod (EU)" becomes "zürich-prod-eu".

    Letters and digits of every script stay, in lower case. Anything else becomes a hyphen, and
    separators that follow one another become one. The result may be "".
    """
    kept = _UNSAFE.sub("-", text.lower()) if text.isascii() else _letters(text)
    return _SEPARATORS.sub(_separator, kept).strip("-_")


def _letters(text: str) -> str:
    """Return *text* in lower case and composed, with hyphens for other characters."""
    letters: list[str] = []
    base = ""
    for letter in unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower()):
        kind = unicodedata.category(letter)
        if kind not in _MARKS:
            is_kept = (
                kind == "Nd" or letter in "-_" or (kind[0] == "L" and letter.lower() == letter)
            )
            base = kind if is_kept else ""
            letters.append(letter if is_kept else "-")
        elif base in _CASELESS:
            # A vowel of Hindi or Thai is a mark after its consonant.
            letters.append(letter)
        # Elsewhere it is an accent for which there is no letter.
    return "".join(letters)


def _separator(run: re.Match[str]) -> str:
    return "_" if set(run[0]) == {"_"} else "-"


def _product(finding: Finding) -> str | None:
    return None if finding.product == UNKNOWN else finding.product


_OU: Final = "ou"
# For each placeholder, a function that reads its value, and a name for the missing value.
_READERS: Final[Mapping[str, tuple[Callable[[Finding], str | None], str]]] = {
    "account_id": (lambda finding: finding.account_id, "account id"),
    "product": (_product, "product name"),
    "severity": (lambda finding: finding.severity.value, "severity"),
    "region": (lambda finding: finding.region, "Region"),
    "control": (lambda finding: finding.control_id, "control id"),
    _OU: (
        lambda finding: finding.account.ou if finding.account else None,
        "account in an OU of AWS Organizations",
    ),
}
_ACCOUNT: Final = "account"
_TAG: Final = "tag:"
_ACCOUNT_TAG: Final = "account_tag:"
PLACEHOLDERS: Final = (_ACCOUNT, *_READERS, "tag:KEY", "account_tag:KEY")
_BRACED: Final = tuple(f"{{{placeholder}}}" for placeholder in PLACEHOLDERS)


def _value(placeholder: str, finding: Finding, aliases: Mapping[str, str]) -> str:
    """Return the value of *placeholder* in *finding*, fit for a channel name and not empty."""
    if placeholder == _ACCOUNT:
        candidates = [_account(finding, aliases), finding.account_id]
        lacks = "account"
    elif placeholder.startswith(_TAG):
        key = placeholder.removeprefix(_TAG)
        candidates = [resource.tags.get(key) for resource in finding.resources]
        lacks = f'resource with a tag "{key}"'
    elif placeholder.startswith(_ACCOUNT_TAG):
        key = placeholder.removeprefix(_ACCOUNT_TAG)
        candidates = [finding.account.tags.get(key) if finding.account else None]
        lacks = f'account with a tag "{key}" in AWS Organizations'
    else:
        read, lacks = _READERS[placeholder]
        candidates = [read(finding)]
    for candidate in candidates:
        if candidate and (safe := channel_safe(candidate)):
            return safe
    raise UnfilledError(placeholder, lacks)


def _account(finding: Finding, aliases: Mapping[str, str]) -> str | None:
    """
    Return the name of the finding's account; None if only its id may stand for it.

    The importer of a finding chooses its account name, and so could reach the channels of another
    account: the alias in the table goes first, and an alias of another account, or an id of
    twelve digits, is no name. Names are compared as in channels.
    """
    if alias := aliases.get(finding.account_id or ""):
        return alias
    name = channel_safe(finding.account_name or "")
    is_anothers = _ACCOUNT_ID.fullmatch(name) or name in map(_safe_alias, aliases.values())
    return None if is_anothers else finding.account_name


@lru_cache(maxsize=10_000)
def _safe_alias(alias: str) -> str:
    return channel_safe(alias)


def _shorten(values: list[str], room: int) -> None:
    """Shorten the longest of *values* until they fit into *room* characters in total."""
    values[:] = [value[:MAX_NAME_CHARS] for value in values]
    while sum(map(len, values)) > room:
        longest = max(range(len(values)), key=lambda place: len(values[place]))
        values[longest] = values[longest][:-1].rstrip("-_")


def _check_placeholder(placeholder: str) -> None:
    known = placeholder == _ACCOUNT or placeholder in _READERS
    has_key = any(
        placeholder.startswith(prefix) and placeholder != prefix for prefix in (_TAG, _ACCOUNT_TAG)
    )
    if known or has_key:
        return
    problem = f'has the unknown placeholder "{{{placeholder}}}"'
    # The name {ou} is so short that many a misspelt one is like it.
    is_like_it = placeholder.lower().startswith(_OU)
    near = [each for each in _BRACED if is_like_it or each != f"{{{_OU}}}"]
    right = closest(f"{{{placeholder}}}", near)
    known_ones = ", ".join(_BRACED)
    remedy = (
        f'did you mean "{right}"? There are {known_ones}' if right else f"write one of {known_ones}"
    )
    raise MistakeError(problem, remedy)


def _check_name(written: str, parts: tuple[str, ...]) -> None:
    """Check the text around the placeholders against Slack's rules for channel names."""
    problem = f"is {shown(written)}, which is no channel name"
    fixed = "".join(parts[0::2])
    if pasted := _PASTED_ID.search(written):
        raise MistakeError(problem, f"write the id alone: {pasted[0]}")
    if "{" in fixed or "}" in fixed:
        raise MistakeError(problem, "close every { with a }, as in {account}")
    if not all(map(_is_name_letter, fixed)):
        remedy = "names have lower-case letters, digits, hyphens and underscores only"
        raise MistakeError(problem, f"{remedy}{_suggestion(parts)}")
    if len(fixed) + len(parts) // 2 > MAX_NAME_CHARS:
        raise MistakeError(problem, f"names have at most {MAX_NAME_CHARS} characters")


def _is_name_letter(letter: str) -> bool:
    # Slack also accepts letters of other scripts, but no capitals.
    if letter.isascii():
        return letter.islower() or letter.isdigit() or letter in "-_"
    return letter.isprintable() and letter == letter.lower()


def _suggestion(parts: tuple[str, ...]) -> str:
    tidy = [f"{{{part}}}" if place % 2 else _tidy(part) for place, part in enumerate(parts)]
    name = "".join(tidy).strip("-_")
    return f': did you mean "#{name}"?' if name else ""


def _tidy(text: str) -> str:
    return "".join(letter if _is_name_letter(letter) else "-" for letter in text.lower())
