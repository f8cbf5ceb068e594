"""Notices: messages about the router itself."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from finding_router.slack.kit import blocks
from finding_router.slack.kit.detail import joined
from finding_router.slack.kit.frame import preface
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.refused import Banner
from finding_router.slack.kit.text import Mrkdwn, Url, clean, code, link, one_line, unmarked, words

MAX_DETAILS: Final = 10
MAX_DETAIL_CHARS: Final = 240
MAX_CONSEQUENCE_CHARS: Final = 300
MAX_EXPLANATION_CHARS: Final = 1000
MAX_SUMMARY_CHARS: Final = 220
MAX_CODE_CHARS: Final = 60
MAX_LABEL_CHARS: Final = 60
AMBER: Final = "#ECB22E"
GEAR: Final = "⚙️"
CLOCK: Final = "⏰"
A_DAY: Final = 86_400.0
EVERY_SECONDS: Final = 3600.0
# The words of a link to the routing table.
EDIT: Final = "Edit the table"


class Point(NamedTuple):
    """A detail about a field or command, *code*, which stands before it."""

    text: str
    code: str = ""


class Words(NamedTuple):
    """
    The words of a notice.

    *headline* is the event, *consequence* its effect on findings, *details* are causes,
    *explanation* is a paragraph of quoted text. *remedy* is the router's own markup, and
    *links* are labels with the page to look at. The same is said once in *every_seconds*.
    """

    headline: str
    details: Sequence[str | Point] = ()
    icon: str = GEAR
    consequence: str = ""
    explanation: str = ""
    remedy: Mrkdwn = Mrkdwn("")
    links: Sequence[tuple[str, str]] = ()
    every_seconds: float = EVERY_SECONDS
    banner: Banner | None = None


def notice(said: Words, *, colour: str = AMBER) -> Message:
    """Return the message of *said*: headline, consequence and details, remedy and small print."""
    headline = one_line(said.headline)
    consequence = words(said.consequence, MAX_CONSEQUENCE_CHARS)
    body = [joined("\n", consequence, *_details(said.details))]
    if explanation := clean(said.explanation).strip():
        body.append(words(explanation, MAX_EXPLANATION_CHARS))
    links = [link(Url(url), label, MAX_LABEL_CHARS) for label, url in said.links if url]
    small = joined(" · ", said.remedy, *links, _how_often(said.every_seconds))
    summary = f"{headline}. {said.consequence}" if said.consequence else headline
    return Message(
        text=f"{said.icon} {unmarked(summary, MAX_SUMMARY_CHARS)}",
        lead=[
            *preface(said.banner, ()),
            blocks.header(headline, icon=said.icon),
            *(blocks.section(part) for part in body if part),
        ],
        blocks=_small_print(small),
        colour=colour,
    )


def _details(details: Sequence[str | Point]) -> list[Mrkdwn | None]:
    """Return a line for each of the first ten *details*, and one for the number of others."""
    lines = [_line(each) for each in details[:MAX_DETAILS]]
    rest = len(details) - MAX_DETAILS
    return [*lines, Mrkdwn(f"… and {rest} more") if rest > 0 else None]


def _line(detail: str | Point) -> Mrkdwn | None:
    point = detail if isinstance(detail, Point) else Point(detail)
    about = code(point.code, MAX_CODE_CHARS) if point.code else None
    text = joined(" ", about, words(point.text, MAX_DETAIL_CHARS))
    return Mrkdwn(f"• {text}") if text else None


def _how_often(every_seconds: float) -> Mrkdwn:
    if every_seconds > A_DAY:
        return Mrkdwn("said once")
    if every_seconds == A_DAY:
        return Mrkdwn("said again in a day at most")
    return Mrkdwn("said again in an hour at most")


def _small_print(text: Mrkdwn | None) -> list[dict[str, Any]]:
    return [blocks.context(text)] if text else []
