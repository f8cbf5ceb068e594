"""The top of a card: the blocks that Slack never folds."""

from collections.abc import Iterator
from re import split
from typing import Any, Final, NamedTuple

from finding_router.findings.finding import Finding, Resource
from finding_router.findings.reading import text_at
from finding_router.slack.kit import blocks
from finding_router.slack.kit.detail import Detail, joined, said
from finding_router.slack.kit.links import (
    AccessPortal,
    Outside,
    finding_url,
    is_of_aws,
    outside,
    resource_url,
)
from finding_router.slack.kit.resources import (
    MOST_SHOWN,
    is_account,
    is_named_in,
    kind_of,
    resource_line,
    short_name,
)
from finding_router.slack.kit.text import (
    SECTION_CHARS,
    Budget,
    Mrkdwn,
    Url,
    bold,
    length,
    link,
    one_line,
    says_nothing,
    words,
)

# The rest of a message is for the facts and the small print.
TOP_CHARS: Final = 5200
_SENTENCE_CHARS: Final = 160
_ACCOUNT_CHARS: Final = 80
_LABEL_CHARS: Final = 100
_LINK_CHARS: Final = 2200
# Compliance statuses that the card leaves out.
_EXPECTED: Final = frozenset({None, "FAILED"})
_UNTOUCHED: Final = frozenset({"NEW", "NOTIFIED"})

type _Block = dict[str, Any]


class Source(NamedTuple):
    """The content of a card; *account* is the name of the account, or else its id."""

    finding: Finding
    detail: Detail
    account: str | None
    portal: AccessPortal | None

    @property
    def headline(self) -> str:
        """Return the fact in plain text."""
        finding = self.finding
        texts = (self.detail.headline or "", finding.title, finding.id)
        return next(filter(None, map(one_line, texts)), "")

    @property
    def sentence(self) -> str:
        """Return the event in one line; "" if the finding has no more than the headline."""
        if self.detail.sentence is not None:
            return one_line(self.detail.sentence)
        own = self.detail.description
        text = (self.finding.description if own is None else own) or ""
        # Many products repeat the title as the description.
        if says_nothing(text) or one_line(text).rstrip(".") in {
            one_line(self.finding.title).rstrip("."),
            self.headline.rstrip("."),
        }:
            return ""
        return _start_of(one_line(text), _SENTENCE_CHARS)


class _Piece(NamedTuple):
    """A part of the top; *texts* are its forms, the fullest first; *before* goes between."""

    name: str
    importance: int
    before: str
    texts: tuple[Mrkdwn, ...]


def top(
    source: Source, budget: Budget, *, is_short: bool = False
) -> tuple[list[_Block], list[str]]:
    """
    Return the sections of *source* that fit into *budget*, and the names of the parts left out.

    They are the place, the resources, the sentence (unless it *is_short*) and the links.
    """
    room = budget.room(TOP_CHARS)
    pieces = [
        *_place(source),
        *_resources(source),
        *([] if is_short else _sentence(source)),
        *_links(source),
    ]
    chosen: dict[int, Mrkdwn] = {}
    left_out: list[str] = []
    for index, piece in sorted(enumerate(pieces), key=lambda each: each[1].importance):
        for text in piece.texts:
            size = length(piece.before + text)
            if size <= min(room, SECTION_CHARS):
                chosen[index] = text
                room -= size
                break
        else:
            left_out.append(piece.name)
    made: list[str] = []
    for index in sorted(chosen):
        added = pieces[index].before + chosen[index]
        if made and length(made[-1] + added) <= SECTION_CHARS:
            made[-1] += added
        else:
            made.append(chosen[index])
    sections = [blocks.section(Mrkdwn(text)) for text in made]
    for section in sections:
        budget.take(section)
    return sections, left_out


def place(source: Source) -> Mrkdwn:
    """Return account, Region and product in one line, and unusual states of the finding."""
    finding = source.finding
    previous = text_at(finding.raw, "ProductFields", "PreviousComplianceStatus")
    now = finding.compliance_status
    workflow = finding.workflow_status
    line = joined(
        " · ",
        bold(source.account, _ACCOUNT_CHARS) if source.account else None,
        said(finding.region),
        said(finding.product),
        source.detail.occurrence,
        None if now in _EXPECTED else said(now),
        said(f"was {previous}") if now and previous and previous.upper() != now else None,
        None if workflow in _UNTOUCHED else said(workflow),
        None if finding.record_state == "ACTIVE" else said(finding.record_state),
    )
    return line or Mrkdwn("")


def _place(source: Source) -> Iterator[_Piece]:
    if line := place(source):
        yield _Piece("place", 0, "", (line,))


def _resources(source: Source) -> Iterator[_Piece]:
    resources = _listed(source)
    share = TOP_CHARS // (MOST_SHOWN + 1)
    for number, resource in enumerate(resources[:MOST_SHOWN]):
        full = resource_line(resource, source.finding, source.portal, share)
        bare = resource_line(resource, source.finding, source.portal, 0)
        yield _Piece("resources", 2 if number == 0 else 5, "\n", (full, bare))
    rest = len(resources) - MOST_SHOWN
    if rest > 0:
        more = Mrkdwn(f"+ {rest} more {'resource' if rest == 1 else 'resources'}")
        yield _Piece("resources", 2, "\n", (more,))


def _listed(source: Source) -> list[Resource]:
    """Return the resources that need a line: not the account, nor the one in the headline."""
    finding = source.finding
    own = f"account {finding.account_id}"
    resources = [each for each in finding.resources if short_name(each) != own]
    if len(resources) == 1 and is_named_in(source.headline, resources[0]):
        return []
    return resources


def _sentence(source: Source) -> Iterator[_Piece]:
    if text := source.sentence:
        yield _Piece("description", 3, "\n", (words(text, _SENTENCE_CHARS * 2),))


def _links(source: Source) -> Iterator[_Piece]:
    """Yield the links to the resource, Security Hub, the product's pages, and the guide."""
    finding, portal = source.finding, source.portal
    found: list[tuple[str, int, str, Outside]] = []
    if not _listed(source):
        for resource in finding.resources[:1]:
            url = resource_url(resource, finding, portal)
            label = kind_of(resource) or (
                "account" if is_account(short_name(resource)) else "resource"
            )
            if url:
                found.append(("resource", 2, label[:1].upper() + label[1:], Outside(url, "")))
    if url := finding_url(finding, portal):
        found.append(("Security Hub", 1, "Security Hub", Outside(url, "")))
    seen: set[str] = set()
    for page in source.detail.pages:
        target = outside(page.url, finding.account_id, portal)
        if target and target.url not in seen:
            seen.add(target.url)
            found.append((page.label, 6, page.label, target))
    target = outside(finding.source_url, finding.account_id, portal)
    if target and target.url not in seen:
        seen.add(target.url)
        found.append(("source", 5, finding.product, target))
    target = outside(finding.remediation_url, finding.account_id, portal)
    if target and target.url not in seen:
        fix = f"How to fix {finding.control_id}" if finding.control_id else "How to fix"
        found.append(("guide", 4, fix, target))
    before = "\n"
    for name, importance, label, each in found:
        yield _Piece(name, importance, before, _linked(label, each))
        before = " · "


def _linked(label: str, target: Outside) -> tuple[Mrkdwn, ...]:
    """Return a link to *target*, which names a host that is not AWS's; then one without address."""
    is_known = not target.host or is_of_aws(target.host)
    shown = label if is_known else f"{label} on {target.host}"
    full = link(Url(target.url), shown, _LABEL_CHARS)
    bare = words(f"{label} on {target.host}, its address left out for length", 2 * _LABEL_CHARS)
    if length(full) > _LINK_CHARS:
        return (bare,)
    return (full,) if is_known else (full, bare)


def _start_of(line: str, limit: int) -> str:
    """Return the first sentences of *line* that fit into *limit* characters, or its beginning."""
    if len(line) <= limit:
        return line
    shown = ""
    for sentence in split(r"(?<=[.!?]) (?=[A-Z])", line):
        if len(shown) + len(sentence) + 1 > limit:
            break
        shown = f"{shown} {sentence}".strip()
    return shown or line[:limit].rsplit(" ", 1)[0].rstrip(",;:") + "…"
