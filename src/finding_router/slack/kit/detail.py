"""What a product's layout adds to the card: small values, the most important first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from finding_router.slack.kit.text import Mrkdwn, code, listed, says_nothing, words

# Longer values are no longer read at a glance; the finding itself is one click away.
VALUE_CHARS: Final = 200
_MOST_ITEMS: Final = 3
_MOST_STANDARDS: Final = 8
STANDARDS: Final = "Standards"


class Fact(NamedTuple):
    """A labelled value in the card's two columns."""

    label: str
    value: Mrkdwn


class Listing(NamedTuple):
    """Lines under a title, the worst first; *nouns* name one and several of them."""

    title: str
    items: tuple[Mrkdwn, ...]
    nouns: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """What is special to one product; *description* stands in for the finding's own."""

    facts: tuple[Fact, ...] = ()
    listings: tuple[Listing, ...] = ()
    description: str | None = None


def facts(*pairs: tuple[str, Mrkdwn | None]) -> tuple[Fact, ...]:
    """Make facts of labels and values; one without a value is none."""
    return tuple(Fact(label, value) for label, value in pairs if value)


def listings(title: str, nouns: tuple[str, str], *items: Mrkdwn | None) -> tuple[Listing, ...]:
    """Make a listing of *items* that say something; without any there is none."""
    present = tuple(item for item in items if item)
    return (Listing(title, present, nouns),) if present else ()


def said(text: str | None) -> Mrkdwn | None:
    """Give *text* to be read; None where it says nothing."""
    return None if text is None or says_nothing(text) else words(text, VALUE_CHARS)


def exact(text: str | None) -> Mrkdwn | None:
    """Give *text* to be copied, as code; None where it says nothing."""
    return None if text is None or says_nothing(text) else code(text, VALUE_CHARS)


def several(*texts: str | None) -> Mrkdwn | None:
    """Give those of *texts* that say something, each once, the first three by name."""
    items = [item for item in map(said, dict.fromkeys(texts)) if item]
    return listed(items, _MOST_ITEMS, _MOST_ITEMS * VALUE_CHARS) if items else None


def joined(between: str, *items: Mrkdwn | None) -> Mrkdwn | None:
    """Join those of *items* that say something."""
    return Mrkdwn(between.join(item for item in items if item)) or None


def with_standards(detail: Detail, standards: Sequence[str]) -> Detail:
    """Name *standards*, if there are any, in place of those that the finding itself names."""
    items = [item for item in map(said, standards) if item]
    named = listed(items, _MOST_STANDARDS, _MOST_STANDARDS * VALUE_CHARS)
    if not named:
        return detail
    others = tuple(fact for fact in detail.facts if fact.label != STANDARDS)
    return replace(detail, facts=(Fact(STANDARDS, named), *others))
