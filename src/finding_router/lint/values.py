"""The values that a field of a finding may have, and whether an entry of a pattern accepts one."""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Final, Protocol

from finding_router.routing.patterns.caseless import AsciiCaseless, Caseless, Part
from finding_router.routing.patterns.leaf import AnythingBut, Leaf, NumberRange
from finding_router.routing.patterns.mistake import closest, did_you_mean, shown
from finding_router.routing.patterns.wildcard import Wildcard

ACCOUNT_DIGITS: Final = 12
_MAX_LISTED: Final = 8
_MAX_SHOWN_CHARS: Final = 80
_LEAST_LIKENESS: Final = 0.9
_LIKE_A_REGION: Final = re.compile(r"[a-z]{2,4}(-[a-z]+){1,2}-\d+", re.IGNORECASE)
# The end of a ProductArn with the name of an AWS service, complete or cut at its start.
_SERVICE: Final = re.compile(r"/aws/([^/]*)$")
# AWS lists these integrations without their ARNs: any name that starts so may be right.
# https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-internal-providers.html
_UNLISTED_SERVICES: Final = ("iot-", "route")


class Values(Protocol):
    """The values of one field."""

    def admits(self, leaf: Leaf) -> bool:
        """Return True if *leaf*, of one entry of a pattern, accepts one of these values."""

    def problem(self, entry: object) -> tuple[str, str]:
        """Return problem and remedy for an *entry* that accepts none of these values."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """A closed set of values; null counts as one, since other products may send it."""

    values: tuple[object, ...]
    meaning: str = "value that ASFF has for it"

    def admits(self, leaf: Leaf) -> bool:
        """Return True if *leaf* accepts one of the values."""
        return any(map(leaf.allows, (*self.values, None)))

    def problem(self, entry: object) -> tuple[str, str]:
        """Return the closest value as remedy, or all of them if they are few."""
        texts = [value for value in self.values if isinstance(value, str)]
        word = _only_text(entry)
        right = closest(word, texts) if word else None
        if right or len(texts) <= _MAX_LISTED:
            remedy = did_you_mean(word, texts)
        else:
            remedy = "check its spelling"
        if isinstance(self.values[0], bool):
            remedy = "write true or false, without quotes"
        elif not texts and len(self.values) <= _MAX_LISTED:
            *others, last = map(str, self.values)
            remedy = f"write {', '.join(others)} or {last}, without quotes"
        elif not texts:
            remedy = f"write a number from {self.values[0]} to {self.values[-1]}, without quotes"
        return f"has {entry_shown(entry)}, which is no {self.meaning}", remedy


@dataclass(frozen=True, slots=True)
class Texts:
    """Any text."""

    def admits(self, leaf: Leaf) -> bool:
        """Return True if *leaf* accepts a text or null."""
        return bool(
            leaf.present
            or leaf.prefixes
            or leaf.suffixes
            or any(isinstance(value, str) or value == _NULL for value in leaf.literals)
            or any(not isinstance(condition, NumberRange) for condition in leaf.conditions)
        )

    def problem(self, entry: object) -> tuple[str, str]:
        """Return quotes as remedy, or a comparison of texts."""
        problem = f"has {entry_shown(entry)}, but the field is a text"
        if isinstance(entry, dict):
            return problem, 'compare it as a text, such as ["5"] or [{"prefix": "5"}]'
        return problem, f"write it in quotes, {json.dumps(str(entry).lower())}"


@dataclass(frozen=True, slots=True)
class Numbers:
    """Any number."""

    def admits(self, leaf: Leaf) -> bool:
        """Return True if *leaf* accepts a number or null."""
        return bool(
            leaf.present
            or any(_is_number(value) or value == _NULL for value in leaf.literals)
            or any(isinstance(one, NumberRange | AnythingBut) for one in leaf.conditions)
        )

    def problem(self, entry: object) -> tuple[str, str]:
        """Return the number without quotes as remedy."""
        problem = f"has {entry_shown(entry)}, but the field is a number"
        remedy = 'write a number, or a range such as {"numeric": [">=", 70]}'
        word = _only_text(entry)
        return problem, f"write {word}, without quotes" if _reads_as_number(word) else remedy


@dataclass(frozen=True, slots=True)
class Regions:
    """The Regions of AWS, and *with_others*, texts that do not look like one: other clouds have."""

    names: tuple[str, ...]
    with_others: bool = False

    def admits(self, leaf: Leaf) -> bool:
        """Return True if *leaf* accepts a Region or null."""
        if OneOf(self.names).admits(leaf):
            return True
        if not self.with_others or not Texts().admits(leaf):
            return False
        return not all(map(_LIKE_A_REGION.fullmatch, _literals_alone(leaf) or [""]))

    def problem(self, entry: object) -> tuple[str, str]:
        """Return the closest Region as remedy."""
        return OneOf(self.names, "Region of AWS").problem(entry)


@dataclass(frozen=True, slots=True)
class AccountIds:
    """Texts of twelve digits."""

    def admits(self, leaf: Leaf) -> bool:
        """Return True if *leaf* accepts a text of twelve digits, or null."""
        return leaf.present or any(
            (
                any(value == _NULL or _is_part(value, whole=True) for value in leaf.literals),
                any(map(_is_part, (*leaf.prefixes, *leaf.suffixes))),
                any(map(_admits_account_id, leaf.conditions)),
            )
        )

    def problem(self, entry: object) -> tuple[str, str]:
        """Return the id as text as remedy."""
        remedy = f"write its {ACCOUNT_DIGITS} digits in quotes"
        digits = str(entry) if isinstance(entry, int) else "".join(_only_text(entry).split("-"))
        if digits.isascii() and digits.isdigit() and len(digits) <= ACCOUNT_DIGITS:
            is_short = len(digits) < ACCOUNT_DIGITS and not isinstance(entry, int)
            example = "" if is_short else f', "{digits.zfill(ACCOUNT_DIGITS)}"'
            remedy += example
        problem = f"has {entry_shown(entry)}, which is no account id"
        return problem, remedy


@dataclass(frozen=True, slots=True)
class ProductNames:
    """
    The names of products: any text, but AWS's own products are called in one way only.

    *known* are the names that AWS's products have, by their letters and digits in lower case.
    """

    known: dict[str, str]

    def admits(self, leaf: Leaf) -> bool:
        """Return False if *leaf* accepts only a misspelt name of an AWS product."""
        if not Texts().admits(leaf):
            return False
        texts = _literals_alone(leaf)
        return not texts or any(self._right_for(text) in {None, text} for text in texts)

    def problem(self, entry: object) -> tuple[str, str]:
        """Return the product's name as remedy."""
        right = self._right_for(_only_text(entry))
        if right is None:
            return Texts().problem(entry)
        problem = f"has {entry_shown(entry)}, a name that no product of AWS has"
        return problem, f'did you mean "{right}"?'

    def _right_for(self, text: str) -> str | None:
        """Return the name of the AWS product that *text* seems to mean; None if it means none."""
        if text in self.known.values():
            return text
        bare = letters(text).removeprefix("aws").removeprefix("amazon")
        if bare in self.known:
            return self.known[bare]
        for name, right in self.known.items():
            if SequenceMatcher(None, bare, name).ratio() >= _LEAST_LIKENESS:
                return right
        return None


@dataclass(frozen=True, slots=True)
class ProductArns:
    """
    The ARNs of products; those of AWS's own end with one of *services*.

    *heads* are their starts, ``arn:aws:securityhub:eu-west-1:``, for every Region.
    """

    heads: tuple[str, ...]
    services: tuple[str, ...]

    def admits(self, leaf: Leaf) -> bool:
        """Return True if *leaf* accepts an ARN of a partner's or of one of AWS's products."""
        return leaf.present or any(
            (
                any(value == _NULL or self._is_arn(value) for value in leaf.literals),
                any(map(self._may_start, leaf.prefixes)),
                any(map(self._may_end, leaf.suffixes)),
                any(map(self._admits, leaf.conditions)),
            )
        )

    def problem(self, entry: object) -> tuple[str, str]:
        """Return the closest service as remedy."""
        service = _service_in(_last_text(entry)) or _last_text(entry).rpartition("/")[2]
        right = closest(service, self.services)
        remedy = 'match on its end, such as {"suffix": "/aws/guardduty"}'
        if right is not None and right != service:
            remedy = f'did you mean {{"suffix": "/aws/{right}"}}?'
        elif right is not None:
            remedy = f'write {{"suffix": "/aws/{right}"}}'
        return f"has {entry_shown(entry)}, which no product's ARN agrees with", remedy

    def _is_arn(self, value: object) -> bool:
        return isinstance(value, str) and value.startswith(self.heads) and self._may_end(value)

    def _may_start(self, start: str) -> bool:
        if ":product/aws/" in start:
            ends = (f":product/aws/{service}" for service in self.services)
            begun = start[start.index(":product/aws/") :]
            if not any(end.startswith(begun) for end in ends) and not self._is_unlisted(begun):
                return False
        return any(head.startswith(start) or start.startswith(head) for head in self.heads)

    def _may_end(self, end: str) -> bool:
        service = _service_in(end)
        return service is None or service in self.services or self._is_unlisted(end)

    def _is_unlisted(self, end: str) -> bool:
        return end.rpartition("/")[2].startswith(_UNLISTED_SERVICES)

    def _admits(self, condition: object) -> bool:
        match condition:
            case AnythingBut() | Caseless():
                return True
            case Wildcard():
                heads = self.heads
                begun = any(h.startswith(condition.head) for h in heads)
                goes_on = condition.head.startswith(heads)
                return (begun or goes_on) and self._may_end(condition.tail)
            case AsciiCaseless(lower, Part.WHOLE):
                return self._is_arn(lower)
            case AsciiCaseless(lower, Part.START):
                return self._may_start(lower)
            case AsciiCaseless(lower, Part.END):
                return self._may_end(lower)
            case _:
                return False


def entry_shown(entry: object) -> str:
    """Return an *entry* of a pattern in words, cut if it is long."""
    if not isinstance(entry, dict):
        return shown(entry)
    text = json.dumps(entry, ensure_ascii=False)
    return text if len(text) <= _MAX_SHOWN_CHARS else f"{text[:_MAX_SHOWN_CHARS]}…"


def known_names(names: Collection[str], aliases: dict[str, str]) -> ProductNames:
    """Return `ProductNames` of *names*; *aliases* maps other words for them to the right one."""
    by_letters = {letters(name): name for name in names}
    return ProductNames(by_letters | {letters(word): right for word, right in aliases.items()})


def letters(text: str) -> str:
    """Return the letters and digits of *text* in lower case, to compare names by."""
    return "".join(filter(str.isalnum, text)).lower()


# The key of null among the literals of a leaf, see `finding_router.routing.patterns.scalar`.
_NULL: Final = (type(None), None)


def _is_number(literal: object) -> bool:
    """Return True for the key of a number among the literals of a leaf."""
    match literal:
        case float():
            return True
        case (kind, _):
            return kind is int
        case _:
            return False


def _reads_as_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii()


def _is_part(text: object, *, whole: bool = False) -> bool:
    """Return True if *text* can be a part, or the *whole*, of twelve digits."""
    if not isinstance(text, str) or not (text == "" or (text.isascii() and text.isdigit())):
        return False
    return len(text) == ACCOUNT_DIGITS if whole else len(text) <= ACCOUNT_DIGITS


def _admits_account_id(condition: object) -> bool:
    match condition:
        case AnythingBut():
            return True
        case Wildcard(head, middle, tail):
            return _is_part("".join((head, *middle, tail)))
        case AsciiCaseless(lower, part):
            return _is_part(lower, whole=part is Part.WHOLE)
        case _:
            return False


def _literals_alone(leaf: Leaf) -> list[str]:
    """Return the texts that *leaf* accepts, if it accepts nothing else."""
    others = leaf.prefixes or leaf.suffixes or leaf.conditions or leaf.present or leaf.absent
    texts = [value for value in leaf.literals if isinstance(value, str)]
    return [] if others or len(texts) < len(leaf.literals) else texts


def _only_text(entry: object) -> str:
    """Return the text in *entry*, a literal or a test of one text; "" if there is none."""
    return next(_texts(entry), "")


def _last_text(entry: object) -> str:
    """Return the text in *entry* after its last star."""
    return _only_text(entry).rpartition("*")[2]


def _texts(entry: Any) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, dict):
        for inner in entry.values():
            yield from _texts(inner)
    elif isinstance(entry, list):
        for inner in entry:
            yield from _texts(inner)


def _service_in(text: str) -> str | None:
    """Return the name of the AWS service at the end of a ProductArn; None if it names none."""
    found = _SERVICE.search(text)
    return found[1] if found else None
