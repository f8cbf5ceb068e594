"""The thread of a digest: all of its findings, in as few replies as Slack's limits allow."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, NamedTuple

from finding_router.counts import counted
from finding_router.findings.digest import Group, Line, groups
from finding_router.slack.kit import blocks
from finding_router.slack.kit.detail import joined, said
from finding_router.slack.kit.frame import CIRCLES, ENDED_SIGN, account_words
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.resources import is_account
from finding_router.slack.kit.text import (
    SECTION_CHARS,
    SUMMARY_CHARS,
    Budget,
    Mrkdwn,
    Url,
    length,
    link,
    says_nothing,
    words,
)
from finding_router.slack.messages.digest import group_name, summed_up

# A link takes ten times the room of its label: a reply holds 20 findings instead of 100.
FINDINGS_WITH_LINKS: Final = 20
MOST_REPLIES_WITH_LINKS: Final = 5
_TITLE_CHARS: Final = 160
_LINK_CHARS: Final = 1500
_UNNAMED: Final = "finding"
_NO_LINKS: Final = Mrkdwn("Links are left out to keep the thread short")


@dataclass(frozen=True, slots=True)
class Reply:
    """
    One message of the thread, and the *subjects* of the findings in it.

    *plain* has the same content without blocks, in case Slack refuses *message*.
    """

    message: Message
    plain: Message
    subjects: tuple[str, ...]


class _Item(NamedTuple):
    """One finding below its *heading*; "" if the item needs no heading."""

    heading: Mrkdwn
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
    made = groups(lines)
    # One reply more than allowed is enough to decide, so a flood is not rendered twice.
    replies = list(islice(_packed(made, has_links=True), most_with_links + 1))
    if len(replies) <= most_with_links:
        return replies
    return list(_packed(made, has_links=False))


def _items(group: Group, *, has_links: bool) -> Iterator[_Item]:
    """Yield the items of *group*; a title that all findings share becomes their heading."""
    is_shared = group.count > 1 and len({line.title for line in group.lines}) == 1
    heading = _heading(group) if is_shared else Mrkdwn("")
    for line in group.lines:
        bare = _text(line, is_shared=is_shared, url=None)
        linked = has_links and line.url
        text = _text(line, is_shared=is_shared, url=line.url) if linked else bare
        yield _Item(heading, line is group.lines[0], text, bare, line)


def _heading(group: Group) -> Mrkdwn:
    title = words(group.title, _TITLE_CHARS) if group.title else None
    return joined(" · ", group_name(group), title) or Mrkdwn(_UNNAMED)


def _text(line: Line, *, is_shared: bool, url: str | None) -> Mrkdwn:
    """Return severity, title, account, Region and resource; the first text links to the finding."""
    resource = line.resource if line.resource and not is_account(line.resource) else ""
    account = account_words(line.account_name, line.account_id)
    label = line.title
    if is_shared:
        label = resource or _account(line)
        account = account if resource else None
    # A resource that the label already names would be a repetition.
    resource = "" if resource in label else resource
    more = counted(line.more_resources, "more resource") if line.more_resources else ""
    text = joined(
        " · ",
        _linked(label, url) or Mrkdwn(_UNNAMED),
        account,
        said(line.region),
        said(resource),
        Mrkdwn(f"+ {more}") if more else None,
        Mrkdwn("resolved") if line.is_ended else None,
    )
    return Mrkdwn(f"{ENDED_SIGN if line.is_ended else CIRCLES[line.severity]} {text}")


def _account(line: Line) -> str:
    name = "" if says_nothing(line.account_name or "") else line.account_name or ""
    number = line.account_id or ""
    return f"{name} ({number})" if name and number else name or number or _UNNAMED


def _linked(label: str, url: str | None) -> Mrkdwn:
    shown = words(label, _TITLE_CHARS)
    if url is None:
        return shown
    linked = link(Url(url), label, _TITLE_CHARS)
    return linked if length(linked) <= _LINK_CHARS else shown


def _packed(made: Iterable[Group], *, has_links: bool) -> Iterator[Reply]:
    note = None if has_links else _NO_LINKS
    page = _Page(note)
    for group in made:
        for item in _items(group, has_links=has_links):
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
        """Add *item* below its heading and return True; return False if there is no room."""
        is_below = bool(self.items) and self.items[-1].heading == item.heading
        added = f"\n{item.text}"
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
        text = Mrkdwn(f"{found}: {summed_up(groups(lines), SUMMARY_CHARS - length(found) - 2)}")
        body = [blocks.section(Mrkdwn(paragraph)) for paragraph in self._paragraphs]
        return Reply(
            message=Message(text=text, blocks=[*body, *self._foot]),
            plain=Message(text="\n".join(self._bare())),
            subjects=tuple(line.subject for line in lines),
        )

    def _bare(self) -> Iterator[str]:
        heading = ""
        for item in self.items:
            if item.heading and item.heading != heading:
                yield item.heading
            heading = item.heading
            yield item.bare


def _below(item: _Item) -> str:
    """Return *item* below its heading, which is marked "(continued)" if repeated."""
    if not item.heading:
        return item.text
    return f"{item.heading}{'' if item.is_first else ' (continued)'}\n{item.text}"
