"""The details that a product's layout adds to a card: short values, most important first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from finding_router.slack.kit.text import Mrkdwn, code, listed, says_nothing, words

# Longer values cannot be read at a glance, and the finding itself is one click away.
VALUE_CHARS: Final = 200
_MOST_ITEMS: Final = 3
_MOST_STANDARDS: Final = 8
STANDARDS: Final = "Standards"


class Fact(NamedTuple):
    """A labelled value in the card's two columns."""

    label: str
    value: Mrkdwn


class Listing(NamedTuple):
    """Lines under a title, the worst first; *nouns* are the singular and plural of an item."""

    title: str
    items: tuple[Mrkdwn, ...]
    nouns: tuple[str, str]


class Page(NamedTuple):
    """A link of the card: *label* names the page ("GuardDuty", "CloudTrail of the key")."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """
    The details of one product, from its layout.

    *headline* is the fact in plain text, with the resource it is about, without severity
    ("EC2.19 failed: sg-0a1b (web-alb)"); None takes the finding's title. *sentence* is what
    happened in one plain sentence; None takes the start of the finding's description. *facts*
    are the values special to the product, one line each. *pages* are links of the product: its
    own console page, AWS's page on the finding type, CloudTrail for the key or user.
    *small_print* are values of low importance: the rule's text, standards, the finding type.
    """

    headline: str | None = None
    sentence: str | None = None
    facts: tuple[Fact, ...] = ()
    listings: tuple[Listing, ...] = ()
    pages: tuple[Page, ...] = ()
    small_print: tuple[Mrkdwn, ...] = ()
    description: str | None = None


def facts(*pairs: tuple[str, Mrkdwn | None]) -> tuple[Fact, ...]:
    """Return a fact for each pair of label and value, without those that have no value."""
    return tuple(Fact(label, value) for label, value in pairs if value)


def listings(title: str, nouns: tuple[str, str], *items: Mrkdwn | None) -> tuple[Listing, ...]:
    """Return a listing of the non-empty *items*; an empty tuple if there is none."""
    present = tuple(item for item in items if item)
    return (Listing(title, present, nouns),) if present else ()


def said(text: str | None) -> Mrkdwn | None:
    """Return *text* as prose; None if it says nothing."""
    return None if text is None or says_nothing(text) else words(text, VALUE_CHARS)


def exact(text: str | None) -> Mrkdwn | None:
    """Return *text* as code, to be copied; None if it says nothing."""
    return None if text is None or says_nothing(text) else code(text, VALUE_CHARS)


def several(*texts: str | None) -> Mrkdwn | None:
    """Return the non-empty *texts* without repeats: the first three, and the number of others."""
    items = [item for item in map(said, dict.fromkeys(texts)) if item]
    return listed(items, _MOST_ITEMS, _MOST_ITEMS * VALUE_CHARS) if items else None


def joined(between: str, *items: Mrkdwn | None) -> Mrkdwn | None:
    """Return the non-empty *items* joined by *between*; None if there is none."""
    return Mrkdwn(between.join(item for item in items if item)) or None


def with_standards(detail: Detail, standards: Sequence[str]) -> Detail:
    """Return *detail* with *standards*, if not empty, in place of the finding's own standards."""
    items = [item for item in map(said, standards) if item]
    named = listed(items, _MOST_STANDARDS, _MOST_STANDARDS * VALUE_CHARS)
    if not named:
        return detail
    others = tuple(fact for fact in detail.facts if fact.label != STANDARDS)
    return replace(detail, facts=(Fact(STANDARDS, named), *others))
