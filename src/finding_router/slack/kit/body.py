"""The body of a card: the facts beside the colour bar, which Slack may fold."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from finding_router.findings.finding import Finding
from finding_router.findings.reading import text_at
from finding_router.slack.kit import blocks
from finding_router.slack.kit.detail import STANDARDS, Fact, Listing, exact, facts, joined, said
from finding_router.slack.kit.links import outside
from finding_router.slack.kit.text import (
    SECTION_CHARS,
    Budget,
    Mrkdwn,
    Url,
    length,
    lines,
    link,
    listed,
    one_line,
    says_nothing,
    words,
)
from finding_router.slack.kit.top import Source

_LISTING_CHARS: Final = 1500
_REST_CHARS: Final = 200
# Beside so many facts, the rest of a description would be more than a screen of a phone.
_MANY_FACTS: Final = 9
_ADVICE_CHARS: Final = 120
_NOTE_CHARS: Final = 200
_FIELDS_SHOWN: Final = 5
_FIELDS_CHARS: Final = 600
_FIELD_CHARS: Final = 100
_LEAST_CHARS: Final = 60
# Advice that only points to what the card has: Inspector's to the fixed version, and that of
# Security Hub to the page that it links.
_POINTERS: Final = (
    "Remediation is available. Please refer to the Fixed version",
    "Please review the remediation guidance provided in the referenced documentation",
)

type _Block = dict[str, Any]


class _Part(NamedTuple):
    """A part of the body; *make* returns its block within a number of characters, or None."""

    name: str
    importance: int
    make: Callable[[int], _Block | None]


def body(
    source: Source, budget: Budget, show_tags: Sequence[str] = ()
) -> tuple[list[_Block], list[str]]:
    """Return the blocks that fit into *budget*, and the names of the parts that are left out."""
    parts = _parts(source, show_tags)
    made: dict[int, _Block] = {}
    left_out: list[str] = []
    for index, part in sorted(enumerate(parts), key=lambda each: each[1].importance):
        block = part.make(budget.room(SECTION_CHARS))
        if block is not None and budget.take(block):
            made[index] = block
        elif part.make(SECTION_CHARS) is not None:
            left_out.append(part.name)
    return [made[index] for index in sorted(made)], left_out


def owner_facts(
    source: Source,
    show_tags: Sequence[str],
    most: int = _FIELDS_SHOWN,
    limit: int = _FIELD_CHARS,
) -> tuple[Fact, ...]:
    """
    Return who cares for it: the tags with the names *show_tags*, and people's own fields.

    Of each the first *most* are listed. A tag has at most *limit* characters, a field's value twice
    as many.
    """
    return facts(
        ("Tags", _tags(source, show_tags, most, limit)), ("Fields", _fields(source, most, limit))
    )


def note_of(source: Source, limit: int = _NOTE_CHARS) -> Mrkdwn | None:
    """Return the note on the finding, in one line."""
    text = text_at(source.finding.raw, "Note", "Text")
    return None if text is None or says_nothing(text) else words(text, limit)


def _parts(source: Source, show_tags: Sequence[str]) -> Iterator[_Part] | list[_Part]:
    """Return the parts from top to bottom, each with its importance, 0 the highest."""
    known = (
        *facts(("Not from AWS", _claimed(source.finding))),
        *(fact for fact in source.detail.facts if fact.label != STANDARDS),
        *owner_facts(source, show_tags),
        *facts(("Note", note_of(source)), ("Advice", _advice(source))),
    )
    rest = (_Part("description", 2, partial(_description, source)),)
    return [
        _Part("facts", 0, partial(_facts, known)),
        *(_Part(each.title.lower(), 1, partial(_listing, each)) for each in source.detail.listings),
        *(rest if len(known) < _MANY_FACTS else ()),
    ]


def _facts(known: Sequence[Fact], room: int) -> _Block | None:
    """Return the first of the facts that fit into *room*, a line each."""
    shown: list[str] = []
    for fact in known:
        line = blocks.labelled(fact.label, fact.value)
        room -= length(line) + 1
        if room < 0:
            break
        shown.append(line)
    return blocks.section(Mrkdwn("\n".join(shown))) if shown else None


def _claimed(finding: Finding) -> Mrkdwn | None:
    """Return the name of the service of AWS that the finding claims to be from without proof."""
    claimed = said(finding.claims)
    product = finding.product_arn.rpartition("product/")[2]
    proof = exact(product) or Mrkdwn("no product")
    return claimed and Mrkdwn(f"calls itself {claimed}, but its ARN says {proof}")


def _listing(listing: Listing, room: int) -> _Block | None:
    limit = min(room, _LISTING_CHARS) - len(blocks.titled(listing.title, Mrkdwn("")))
    text = lines(listing.items, listing.most, limit, listing.nouns)
    return blocks.section(blocks.titled(listing.title, text)) if text else None


def _description(source: Source, room: int) -> _Block | None:
    """Return the part of the description that the sentence at the top lacks."""
    own = source.detail.description
    text = source.finding.description if own is None else own
    if text is None or says_nothing(text) or room < _LEAST_CHARS:
        return None
    line, said_before = one_line(text), source.sentence.removesuffix("…")
    if source.detail.sentence is None and (not said_before or len(line) <= len(source.sentence)):
        return None
    line = line.removeprefix(said_before).lstrip(" ,;:")
    if not line or line in {source.sentence, one_line(source.finding.title)}:
        return None
    return blocks.context(words(line, min(room, _REST_CHARS)))


def _advice(source: Source) -> Mrkdwn | None:
    finding = source.finding
    text = finding.remediation_text
    # The advice on a control is where its guide is, which is linked anyway.
    is_pointer = finding.control_id is not None and finding.remediation_url is not None
    if text is None or says_nothing(text) or is_pointer:
        return None
    return None if text.startswith(_POINTERS) else words(text, _ADVICE_CHARS)


def _tags(source: Source, names: Sequence[str], most: int, limit: int) -> Mrkdwn | None:
    """Return the tags called *names*, in any case, of all resources, without repeats."""
    shown: dict[str, None] = {}
    for name in names:
        for resource in source.finding.resources:
            for key, value in resource.tags.items():
                if key.lower() == name.lower() and not says_nothing(value):
                    shown[f"{key}={value}"] = None
    items = [item for item in (words(each, limit) for each in shown) if item]
    return listed(items, most, _FIELDS_CHARS) if items else None


def _fields(source: Source, most: int, limit: int) -> Mrkdwn | None:
    """Return the fields that people or their tools put onto the finding; a URL is linked."""
    written = source.finding.raw.get("UserDefinedFields")
    if not isinstance(written, dict):
        return None
    items = []
    for key in written:
        value = text_at(written, key)
        if value is None or says_nothing(value):
            continue
        target = outside(value, source.finding.account_id, source.portal)
        shown = link(Url(target.url), target.host, limit) if target else words(value, 2 * limit)
        if item := joined(": ", words(key, limit), shown):
            items.append(item)
    return listed(items, most, _FIELDS_CHARS) if items else None
