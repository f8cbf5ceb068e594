"""Notices: the router's own troubles, posted to the ops channel, each at most once an hour."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from finding_router.delivery.limits.lock import Locks
from finding_router.slack.kit.refused import refusal_of
from finding_router.slack.messages.notice import AMBER, EDIT, Point, Words

# The first word of the topics of channels that take no messages.
_CHANNEL: Final = "channel "
_ROUTES_NAMED: Final = 5


@dataclass(slots=True, kw_only=True)
class Notice:
    """A notice, posted once in its period under the lock of its *topic*."""

    topic: str
    words: Words
    together: str = ""
    """Notices with the same word, if it is not empty, are one message under the first headline."""
    colour: str = AMBER
    name: str = field(default_factory=lambda: uuid.uuid4().hex)
    """The holder of the lock, the same for each try."""


class Notices:
    """The notices that wait to be posted, also those that an earlier batch could not post."""

    def __init__(self, *, locks: Locks, channel: str, table: str = "") -> None:
        """Post into *channel*; *locks* are shared; *table* is the page of the routing table."""
        self.locks = locks
        self.channel = channel
        self.table = table
        self._waiting: dict[str, Notice] = {}
        self._refused: dict[str, tuple[str, Sequence[str]]] = {}

    def say(self, topic: str, words: Words, *, together: str = "") -> None:
        """Keep a notice; the last one of a *topic* counts."""
        self.keep(Notice(topic=topic, words=words, together=together))

    def keep(self, notice: Notice) -> None:
        """Keep *notice* in place of one that waits on the same topic."""
        if notice.topic in self._waiting:
            notice.name = self._waiting[notice.topic].name
        self._waiting[notice.topic] = notice

    def waits(self, topic: str) -> bool:
        """Return True if a notice on *topic* was not posted yet."""
        return topic in self._waiting

    def refused(self, channel: str, code: str, routes: Sequence[str]) -> None:
        """Keep a channel of *routes* that takes no messages, for one notice about all of them."""
        _, before = self._refused.get(channel, ("", ()))
        self._refused[channel] = code, tuple(dict.fromkeys((*before, *routes)))

    def waiting(self) -> list[list[Notice]]:
        """Return the notices that wait, those of one message together."""
        groups: dict[str, list[Notice]] = {}
        for notice in self._waiting.values():
            groups.setdefault(notice.together or notice.name, []).append(notice)
        messages = list(groups.values())
        if self._refused:
            messages.append(
                [
                    Notice(
                        topic=f"{_CHANNEL}{channel}",
                        words=_refusal(channel, code, routes, self.table),
                    )
                    for channel, (code, routes) in self._refused.items()
                ]
            )
        return messages

    def told(self, notice: Notice) -> None:
        """Remove *notice*, unless it was made anew meanwhile."""
        if self._waiting.get(notice.topic) is notice:
            del self._waiting[notice.topic]
        self._refused.pop(notice.topic.removeprefix(_CHANNEL), None)


def joined(several: Sequence[Notice]) -> Words:
    """
    Return the words of one message for *several* notices, under the first headline.

    What they have in common is said once.
    """
    first = several[0].words
    details = list(dict.fromkeys(detail for each in several for detail in each.words.details))
    return first._replace(
        # Each refused channel has the same headline.
        headline=f"{len(several)} channels take no messages"
        if len(several) > 1 and several[0].topic.startswith(_CHANNEL)
        else first.headline,
        details=details,
    )


def _refusal(channel: str, code: str, routes: Sequence[str], table: str) -> Words:
    why = refusal_of(code)
    named = f"route{'s' if routes[1:] else ''} {', '.join(routes[:_ROUTES_NAMED])}"
    change = named if routes else "its route"
    return Words(
        f"{channel} takes no messages",
        [Point(f"{why.short} ({code}). {why.remedy}, or change {change}", channel)],
        icon="⚠️",
        consequence="What is for it goes to the default channel, under a banner. Nothing is lost.",
        links=[(EDIT, table)],
    )
