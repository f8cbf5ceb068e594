"""The body of a card: the blocks beside the colour bar."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple

from finding_router.findings.finding import Finding
from finding_router.findings.reading import text_at
from finding_router.slack.kit import blocks
from finding_router.slack.kit.detail import Detail, Fact, Listing, exact, facts, joined, said
from finding_router.slack.kit.links import AccessPortal, Outside, finding_url, outside
from finding_router.slack.kit.resources import resource_lines
from finding_router.slack.kit.text import (
    FIELDS,
    SECTION_CHARS,
    Budget,
    Mrkdwn,
    code,
    length,
    lines,
    link,
    one_line,
    plain,
    says_nothing,
    words,
)

_ID_CHARS: Final = 200
_HOST_CHARS: Final = 100
_LISTED: Final = 5
_LISTING_CHARS: Final = 1500
_DESCRIPTION_CHARS: Final = 1500
_REMEDIATION_CHARS: Final = 700
_LINKS_CHARS: Final = 1800
# A shorter extract of a description is of no use.
_LEAST_CHARS: Final = 100
_TITLE_CHARS: Final = 800
_HEADING_CHARS: Final = 40
_DESCRIPTION_CUT: Final = "… (description cut)"
# Parts that are left out once a finding has ended.
_WHILE_OPEN: Final = frozenset({"description", "remediation"})
# Reserved for the line that names the parts left out.
_LEFT_OUT_CHARS: Final = 150

type _Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """The content of the body; *account* is the account's name and id."""

    finding: Finding
    detail: Detail
    account: Mrkdwn | None
    portal: AccessPortal | None
    full_title: str | None
    """The finding's title if the headline cuts it, else None."""


class _Part(NamedTuple):
    """A part of the body; *make* returns its block within a number of characters, or None."""

    name: str
    importance: int
    make: Callable[[Source, int], _Block | None]


def body(source: Source, budget: Budget, *, is_over: bool = False) -> list[_Block]:
    """
    Return the blocks of the body that fit into *budget*, and deduct them from it.

    The least important parts are cut or left out first, and the last line names those left out. If
    the finding *is_over*, the description and the remediation are omitted.
    """
    budget.chars -= _LEFT_OUT_CHARS
    parts = [part for part in _parts(source) if not (is_over and part.name in _WHILE_OPEN)]
    made: dict[str, _Block] = {}
    left_out: list[str] = []
    for part in sorted(parts, key=lambda part: part.importance):
        block = part.make(source, budget.room(SECTION_CHARS))
        if block is not None and budget.take(block):
            made[part.name] = block
        elif part.make(source, SECTION_CHARS) is not None:
            left_out.append(part.name)
    budget.chars += _LEFT_OUT_CHARS
    shown = [made[part.name] for part in parts if part.name in made]
    note = words(f"Left out for length: {', '.join(left_out)}", _LEFT_OUT_CHARS)
    return [*shown, blocks.context(note)] if left_out else shown


def _parts(source: Source) -> list[_Part]:
    """Return the parts from top to bottom, each with its importance, 0 the highest."""
    known = (*_place(source), *source.detail.facts)
    return [
        _Part("title", 0, _title),
        _Part("facts", 1, partial(_facts, known[:FIELDS])),
        _Part("more facts", 4, partial(_facts, known[FIELDS : 2 * FIELDS])),
        *(_Part(each.title.lower(), 5, partial(_listing, each)) for each in source.detail.listings),
        _Part("resources", 3, _resources),
        _Part("description", 7, _description),
        _Part("remediation", 6, _remediation),
        _Part("links", 2, _links),
    ]


def _title(source: Source, room: int) -> _Block | None:
    if source.full_title is None:
        return None
    return blocks.paragraph(plain(source.full_title, min(room, _TITLE_CHARS)))


def _place(source: Source) -> tuple[Fact, ...]:
    finding = source.finding
    workflow = None if finding.workflow_status == "NEW" else finding.workflow_status
    record = None if finding.record_state == "ACTIVE" else finding.record_state
    return facts(
        ("Account", source.account),
        ("Region", said(finding.region)),
        ("Product", said(finding.product)),
        ("Not from AWS", _claimed(finding)),
        ("Control", said(finding.control_id)),
        ("Compliance", _compliance(finding)),
        ("Status", joined(" · ", said(workflow), said(record))),
    )


def _claimed(finding: Finding) -> Mrkdwn | None:
    """Return the name of the service of AWS that the finding claims to be from without proof."""
    claimed = said(finding.claims)
    product = finding.product_arn.rpartition("product/")[2]
    proof = exact(product) or Mrkdwn("no product")
    return claimed and Mrkdwn(f"calls itself {claimed}, but its ARN says {proof}")


def _compliance(finding: Finding) -> Mrkdwn | None:
    previous = text_at(finding.raw, "ProductFields", "PreviousComplianceStatus")
    now = said(finding.compliance_status)
    before = said(previous) if previous != finding.compliance_status else None
    return Mrkdwn(f"{now}, was {before}") if now and before else now


def _facts(known: tuple[Fact, ...], source: Source, room: int) -> _Block | None:
    """Return a block of facts in columns; facts are short, so the block is never cut."""
    del source, room
    return blocks.columns(known) if known else None


def _listing(listing: Listing, source: Source, room: int) -> _Block | None:
    del source
    limit = min(room, _LISTING_CHARS) - len(blocks.titled(listing.title, Mrkdwn("")))
    text = lines(listing.items, _LISTED, limit, listing.nouns)
    return blocks.section(blocks.titled(listing.title, text)) if text else None


def _resources(source: Source, room: int) -> _Block | None:
    title = "Resource" if len(source.finding.resources) == 1 else "Resources"
    limit = room - len(blocks.titled(title, Mrkdwn("")))
    text = resource_lines(source.finding, source.portal, limit)
    return blocks.section(blocks.titled(title, text)) if text else None


def _description(source: Source, room: int) -> _Block | None:
    text = source.detail.description or source.finding.description
    # Many products repeat the title as the description.
    if text is None or says_nothing(text) or one_line(text) == one_line(source.finding.title):
        return None
    if room < _LEAST_CHARS:
        return None
    shown = plain(text, min(room, _DESCRIPTION_CHARS), more=_DESCRIPTION_CUT)
    return blocks.paragraph(shown)


def _remediation(source: Source, room: int) -> _Block | None:
    finding = source.finding
    guide = outside(finding.remediation_url, finding.account_id, source.portal)
    to_guide = _linked("Guide", guide, room // 2) if guide else None
    limit = min(room - length(to_guide or "") - _HEADING_CHARS, _REMEDIATION_CHARS)
    advice = finding.remediation_text
    shown = None if advice is None or says_nothing(advice) else words(advice, limit)
    text = joined("\n", shown, to_guide)
    return blocks.section(blocks.titled("Remediation", text)) if text else None


def _links(source: Source, room: int) -> _Block | None:
    """Return links to the finding and its source; the finding's id if it has no link."""
    finding = source.finding
    url = finding_url(finding, source.portal)
    to_finding = link(url, "Open in Security Hub", _HOST_CHARS) if url else None
    named = None if to_finding else Mrkdwn(f"Finding {code(finding.id, _ID_CHARS)}")
    product = outside(finding.source_url, finding.account_id, source.portal)
    limit = min(room, _LINKS_CHARS) - length(to_finding or "")
    to_product = _linked("Source", product, limit) if product else None
    text = joined("  ·  ", to_finding, named, to_product)
    return blocks.section(text) if text else None


def _linked(label: str, target: Outside, limit: int) -> Mrkdwn:
    """Return a link to *target* that shows its host; only the host if the link is too long."""
    shown = link(target.url, f"{label} on {target.host}", _HOST_CHARS)
    if length(shown) <= limit:
        return shown
    return words(f"{label} on {target.host}, its address left out for length", 2 * _HOST_CHARS)
