"""The details that a product's layout adds to a card: short values, most important first."""

from typing import Final, NamedTuple

from finding_router.slack.kit.text import Mrkdwn, code, listed, says_nothing, words

# Longer values cannot be read at a glance, and the finding itself is one click away.
VALUE_CHARS: Final = 200
_MOST_ITEMS: Final = 3
STANDARDS: Final = "Standards"


class Fact(NamedTuple):
    """A labelled value: one line of a card, ``*Label* value``."""

    label: str
    value: Mrkdwn


class Listing(NamedTuple):
    """
    Lines under a title, the worst first; *nouns* are the singular and plural of an item.

    A card shows the first *most*, and counts the others.
    """

    title: str
    items: tuple[Mrkdwn, ...]
    nouns: tuple[str, str]
    most: int = 5


class Page(NamedTuple):
    """A link of the card: *label* names the page ("GuardDuty", "CloudTrail of the key")."""

    label: str
    url: str


class Detail(NamedTuple):
    """
    The details of one product, from its layout.

    *headline* is the fact in plain text, with the resource it is about, without severity
    ("EC2.19 failed: sg-0a1b (web-alb)"); None takes the finding's title. *sentence* states
    the event in one plain sentence; None takes the start of the finding's description, "" shows
    none. *occurrence* stands in the line of the place: the count and the period, where they matter
    ("46 times in 33 min"). *facts* are the values special to the product, one line each, the most
    important first: Slack may fold all after the fifth line. *pages* are links of the product: its
    own console page, AWS's page on the finding type, CloudTrail for the key or user.
    *small_print* are values of low importance, such as the finding type. *standards* are the
    standards that require the control. *description* and *title* replace the finding's; "" shows
    none, as the headline puts it in words.

    The card itself adds the title where the headline is another, account, Region, product,
    resources, links to Security Hub and to the guide, tags, note, dates, ids and route.
    """

    headline: str | None = None
    sentence: str | None = None
    occurrence: Mrkdwn | None = None
    facts: tuple[Fact, ...] = ()
    listings: tuple[Listing, ...] = ()
    pages: tuple[Page, ...] = ()
    small_print: tuple[Mrkdwn, ...] = ()
    standards: tuple[str, ...] = ()
    description: str | None = None
    title: str | None = None


def facts(*pairs: tuple[str, Mrkdwn | None]) -> tuple[Fact, ...]:
    """Return a fact for each pair of label and value, without those that have no value."""
    return tuple(Fact(label, value) for label, value in pairs if value)


def pages(*pairs: tuple[str, str | None]) -> tuple[Page, ...]:
    """Return a page for each pair of label and address, without those that have no address."""
    return tuple(Page(label, url) for label, url in pairs if url)


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
