"""The thread of a digest: all of its findings, in as few replies as Slack's limits allow."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from finding_router.counts import counted
from finding_router.findings.digest import Group, Line, groups, kinds
from finding_router.slack.kit import blocks
from finding_router.slack.kit.detail import joined, said
from finding_router.slack.kit.frame import CIRCLES, ENDED_SIGN, account_words
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.text import (
    SECTION_CHARS,
    SUMMARY_CHARS,
    Budget,
    Mrkdwn,
    length,
    says_nothing,
    words,
)
from finding_router.slack.messages.digest import (
    alike,
    kind_name,
    kinds_in_short,
    linked,
    resource_of,
)

# A link takes ten times the room of its label: a reply holds 20 findings instead of 100.
FINDINGS_WITH_LINKS: Final = 20
MOST_REPLIES_WITH_LINKS: Final = 5
_TITLE_CHARS: Final = 160
_UNNAMED: Final = "finding"
_NO_LINKS: Final = Mrkdwn("Links are left out to keep the thread short")


class Reply(NamedTuple):
    """
    One message of the thread, and the *subjects* of the findings in it.

    *plain* has the same content without blocks, in case Slack refuses *message*.
    """

    message: Message
    plain: Message
    subjects: tuple[str, ...]


class _Item(NamedTuple):
    """One finding below its *heading* and its *place*; "" where it has them itself."""

    heading: Mrkdwn
    place: Mrkdwn
    is_first: bool
    text: Mrkdwn
    bare: Mrkdwn
    """*text* without a link."""
    line: Line


def render_replies(
    lines: Sequence[Line],
    *,
    listed_before: int = 0,
    most_with_links: int = MOST_REPLIES_WITH_LINKS,
) -> list[Reply]:
    """
    Return replies that list all of *lines*, in the order of their groups.

    The replies have no links if the thread, which already lists *listed_before* findings, would
    need more than *most_with_links* replies with links in total.
    """
    most_with_links = max(most_with_links - listed_before // FINDINGS_WITH_LINKS, 0)
    made, same_names = groups(lines), alike(lines)
    # One reply more than allowed is enough to decide, so a flood is not rendered twice.
    replies = list(islice(_packed(made, same_names, has_links=True), most_with_links + 1))
    if len(replies) <= most_with_links:
        return replies
    return list(_packed(made, same_names, has_links=False))


def _items(group: Group, same_names: Collection[str], *, has_links: bool) -> Iterator[_Item]:
    """Yield the items of *group*; kind and place of several findings become headings."""
    heading, place = Mrkdwn(""), Mrkdwn("")
    is_shared = group.count > 1 and len({line.title for line in group.lines}) == 1
    for line in group.lines:
        if group.count > 1:
            heading, place = _heading(group), _place(line)
        has_kind = line.resource in same_names

        def text(url: str | None, line: Line = line, *, has_kind: bool = has_kind) -> Mrkdwn:
            if group.count > 1:
                return _text_below(line, group, is_shared=is_shared, has_kind=has_kind, url=url)
            return _text_alone(line, has_kind=has_kind, url=url)

        bare = text(None)
        shown = text(line.url) if has_links and line.url else bare
        yield _Item(heading, place, line is group.lines[0], shown, bare, line)


def _heading(group: Group) -> Mrkdwn:
    title = words(group.title, _TITLE_CHARS) if group.title else None
    if group.is_of_resource:
        title = Mrkdwn(counted(group.count, "vulnerability", "vulnerabilities"))
    return joined(" · ", kind_name(group), title) or Mrkdwn(_UNNAMED)


def _place(line: Line) -> Mrkdwn:
    account = account_words(line.account_name, line.account_id)
    return joined(" · ", account, said(line.region)) or Mrkdwn("")


def _text_below(
    line: Line, group: Group, *, is_shared: bool, has_kind: bool, url: str | None
) -> Mrkdwn:
    """Return severity, and the title or the resource, whichever the headings do not have."""
    resource = resource_of(line)
    label = (resource or _account(line)) if is_shared else line.title
    is_unsaid = resource not in label and not group.is_of_resource
    return _text(line, label, resource if is_unsaid else "", has_kind=has_kind, url=url)


def _text_alone(line: Line, *, has_kind: bool, url: str | None) -> Mrkdwn:
    """Return severity, title, account, Region and resource; the title links to the finding."""
    resource = resource_of(line)
    # A resource that the title already names would be a repetition.
    unsaid = "" if resource in line.title else resource
    return _text(line, line.title, unsaid, has_kind=has_kind, url=url, place=_place(line))


def _text(
    line: Line,
    label: str,
    resource: str,
    *,
    has_kind: bool,
    url: str | None,
    place: Mrkdwn | None = None,
) -> Mrkdwn:
    more = counted(line.more_resources, "more resource") if line.more_resources else ""
    text = joined(
        " · ",
        linked(label, url, _TITLE_CHARS) or Mrkdwn(_UNNAMED),
        place,
        said(resource),
        said(line.resource_kind) if has_kind else None,
        Mrkdwn(f"+ {more}") if more else None,
        Mrkdwn("resolved") if line.is_ended else None,
    )
    return Mrkdwn(f"{ENDED_SIGN if line.is_ended else CIRCLES[line.severity]} {text}")


def _account(line: Line) -> str:
    name = "" if says_nothing(line.account_name or "") else line.account_name or ""
    number = line.account_id or ""
    return f"{name} ({number})" if name and number else name or number or _UNNAMED


def _packed(
    made: Iterable[Group], same_names: Collection[str], *, has_links: bool
) -> Iterator[Reply]:
    note = None if has_links else _NO_LINKS
    page = _Page(note)
    for group in made:
        for item in _items(group, same_names, has_links=has_links):
            if not page.add(item):
                yield page.reply()
                page = _Page(note)
                page.add(item)
    if page.items:
        yield page.reply()


class _Page:
    """A reply under construction; an empty one has room for any item."""

    def __init__(self, note: Mrkdwn | None) -> None:
        self.items: list[_Item] = []
        self._foot = [blocks.context(note)] if note else []
        self._paragraphs: list[str] = []
        self._budget = Budget()
        self._budget.chars -= SUMMARY_CHARS
        for block in self._foot:
            self._budget.take(block)

    def add(self, item: _Item) -> bool:
        """Add *item* below its headings and return True; return False if there is no room."""
        last = self.items[-1] if self.items else None
        is_below = last is not None and last.heading == item.heading
        place = item.place if last is None or last.place != item.place else ""
        added = f"\n{place}\n{item.text}" if place else f"\n{item.text}"
        if is_below and length(self._paragraphs[-1] + added) <= SECTION_CHARS:
            if length(added) > self._budget.chars:
                return False
            self._paragraphs[-1] += added
        else:
            added = _below(item)
            if length(added) > self._budget.chars or not self._budget.blocks:
                return False
            self._paragraphs.append(added)
            self._budget.blocks -= 1
        self._budget.spend(added)
        self.items.append(item)
        return True

    def reply(self) -> Reply:
        """Return the reply with the items added so far."""
        lines = [item.line for item in self.items]
        found = counted(len(lines), "finding")
        text = f"{found}: {kinds_in_short(kinds(lines), SUMMARY_CHARS - length(found) - 2)}"
        body = [blocks.section(Mrkdwn(paragraph)) for paragraph in self._paragraphs]
        return Reply(
            message=Message(text=text, blocks=[*body, *self._foot]),
            plain=Message(text="\n".join(self._bare())),
            subjects=tuple(line.subject for line in lines),
        )

    def _bare(self) -> Iterator[str]:
        heading = place = ""
        for item in self.items:
            if item.heading != heading:
                place = ""
                if item.heading:
                    yield item.heading
            if item.place and item.place != place:
                yield item.place
            heading, place = item.heading, item.place
            yield item.bare


def _below(item: _Item) -> str:
    """Return *item* below its headings, the first marked "(continued)" if repeated."""
    heading = f"{item.heading}{'' if item.is_first else ' (continued)'}" if item.heading else ""
    return "\n".join(part for part in (heading, item.place, item.text) if part)
