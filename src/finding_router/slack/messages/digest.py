"""
Digests: one Slack message for many findings, the parent of the thread that lists them.

The headline has the number, the kind and the place; below it stand the comparison with the digest
before and links to the worst findings. All others are counted: the thread lists them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from finding_router.counts import counted
from finding_router.findings.digest import URGENT, Figures, Group, KindCount, Line, Trend
from finding_router.findings.finding import Severity
from finding_router.slack.kit import blocks
from finding_router.slack.kit.detail import joined, said
from finding_router.slack.kit.frame import (
    CIRCLES,
    COLOURS,
    ENDED_COLOUR,
    ENDED_SIGN,
    account_name,
    because,
    preface,
    preface_lines,
)
from finding_router.slack.kit.message import Block, Message
from finding_router.slack.kit.people import Handled, handled_blocks
from finding_router.slack.kit.refused import Banner
from finding_router.slack.kit.resources import is_account
from finding_router.slack.kit.text import (
    SECTION_CHARS,
    SUMMARY_CHARS,
    Mrkdwn,
    Url,
    bold,
    code,
    length,
    link,
    listed,
    one_line,
    shortened,
    unmarked,
    words,
)

# The headline stands within the first 100 characters of a notification.
_KIND_CHARS: Final = 48
_ACCOUNT_CHARS: Final = 28
_OCCASION_CHARS: Final = 140
_NAME_CHARS: Final = 120
_LABEL_CHARS: Final = 60
_LINK_CHARS: Final = 1500
_COMPARED: Final = 5
_COMPARED_CHARS: Final = 60
# A longer name is a type, which the title says in words.
_CONTROL_CHARS: Final = 20
# A hundred of them have room beside the rest of the message.
_OPTION_CHARS: Final = 60
_OPTION_NAME_CHARS: Final = 20
_OWN_CARD: Final = Mrkdwn("has a card")
_KINDS_COUNTED: Final = 4
_KIND_COUNT_CHARS: Final = 36
_MORE_CHARS: Final = 60
_SUMMARISED: Final = 3
_SUMMARISED_CHARS: Final = 60
_NOTHING: Final = "Nothing to report"
_THREAD: Final = "Each finding is listed in the thread"
_MINUS: Final = "\N{MINUS SIGN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """
    The content of one digest.

    *occasion* is the router's text ("New within 3 min", "Digest of “nightly”, Mon 23 Nov") and may
    quote an operator. *why* is shown in small print with the *routes* to the channel. *mention* is
    as written by the operator. *banner* is shown at the top. *handled* says who takes care of it,
    *buttons* are those of people who may act.
    """

    occasion: str
    figures: Figures
    why: str = ""
    routes: tuple[str, ...] = ()
    mention: tuple[str, ...] = ()
    banner: Banner | None = None
    trend: Trend | None = None
    handled: Handled | None = None
    buttons: Sequence[Block] = ()


def render_parent(digest: Digest) -> Message:
    """Return the message of *digest*: headline, comparison, the worst findings, and counts."""
    figures = digest.figures
    first = joined(": ", said(digest.occasion), _compared(digest.trend, figures.count))
    top = joined("\n", first, _changed_groups(digest.trend), _title(figures))
    lead = [
        *preface(digest.banner, digest.mention),
        blocks.header(_headline(figures)),
        *([blocks.section(top)] if top else []),
        *_worst(figures),
        *handled_blocks(digest.handled),
        *digest.buttons,
    ]
    counts = _counts(figures)
    footer = blocks.context(because(digest.routes, _THREAD if figures.count else "", digest.why))
    return Message(
        text=_push(digest),
        lead=lead,
        blocks=[*([blocks.section(counts)] if counts else []), footer],
        colour=_colour(figures),
    )


def render_parent_plain(digest: Digest) -> Message:
    """Return a minimal message for *digest* without blocks, in case Slack refuses the full one."""
    text = joined(
        "\n",
        *preface_lines(digest.banner, digest.mention),
        Mrkdwn(_push(digest)),
        _counts(digest.figures),
        because(digest.routes, digest.why),
    )
    return Message(text=text or "")


def kind_name(group: Group | KindCount) -> Mrkdwn:
    """Return the name of *group*, as code if it is an identifier, as prose if it is a title."""
    is_identifier = " " not in one_line(group.name)
    return (code if is_identifier else words)(group.name, _NAME_CHARS)


def kinds_in_short(kinds: Sequence[KindCount], limit: int) -> str:
    """Return the first *kinds* with their counts, as plain text of at most *limit* characters."""
    names = [Mrkdwn(_kind(each, _SUMMARISED_CHARS)) for each in kinds]
    return listed(names, _SUMMARISED, limit)


def option_of(line: Line) -> str:
    """Return *line* as plain text, to be chosen from a list."""
    circle = CIRCLES[line.severity]
    room = _OPTION_CHARS - length(circle) - 1
    resource = resource_of(line)
    is_named = len(line.group) <= _CONTROL_CHARS and " " not in line.group
    label = f"{line.group} {resource}" if is_named and resource else line.title
    if resource and resource not in label:
        short = shortened(label, room - _OPTION_NAME_CHARS - 3)
        label = f"{short} · {shortened(resource, _OPTION_NAME_CHARS)}"
    return f"{circle} {unmarked(shortened(label, room), room) or 'finding'}"


def _push(digest: Digest) -> str:
    """Return the digest in one line of plain text, for notifications."""
    figures = digest.figures
    compared = _compared_in_total(digest.trend, figures.count)
    closed = f"{figures.ended:,} resolved" if figures.ended else ""
    occasion = unmarked(digest.occasion, _OCCASION_CHARS)
    line = " · ".join(filter(None, (_headline(figures), compared, closed, occasion)))
    limit = SUMMARY_CHARS - length(line) - 2
    if len(figures.kinds) == 1:
        shown = _resources_in_short(figures, limit)
    else:
        shown = kinds_in_short(figures.kinds, limit)
    return f"{line}: {shown}" if shown else line


def _resources_in_short(figures: Figures, limit: int) -> str:
    """Return the worst resources of the one kind as plain text, and the number of others."""
    if figures.kinds[0].is_of_resource:
        return ""
    names = (unmarked(resource_of(each), _SUMMARISED_CHARS) for each in figures.worst)
    shown = [name for name in dict.fromkeys(names) if name][:_SUMMARISED]
    more = figures.resources - len(shown)
    text = ", ".join(shown) + (f" + {more:,} more" if shown and more > 0 else "")
    return text if length(text) <= limit else ""


def _headline(figures: Figures) -> str:
    """Return the number, the kind and the place of the findings in plain text."""
    return f"{_sign(figures)} {_what(figures)}{_where(figures)}{_how_many_are_worst(figures)}"


def _what(figures: Figures) -> str:
    if not figures.count:
        return _NOTHING
    if len(figures.kinds) == 1:
        return _kind(figures.kinds[0], _KIND_CHARS)
    return counted(figures.count, "finding")


def _kind(kind: KindCount, limit: int) -> str:
    """Return the number of findings of *kind*, and its name: "9 × EC2.19"."""
    name = unmarked(shortened(kind.name, limit), limit) or "finding"
    if kind.is_of_resource:
        return f"{counted(kind.count, 'vulnerability', 'vulnerabilities')} of {name}"
    return f"{kind.count:,} × {name}"


def _where(figures: Figures) -> str:
    if figures.accounts > 1:
        return f" in {counted(figures.accounts, 'account')}"
    named = account_name(*figures.account) if figures.account else None
    account = unmarked(named or "", _ACCOUNT_CHARS)
    return f" in {account}" if account else ""


def _how_many_are_worst(figures: Figures) -> str:
    """Return the number of open critical findings, or of high ones, if the others are not."""
    there = figures.open_by_severity
    for severity in (Severity.CRITICAL, Severity.HIGH):
        if number := there.get(severity, 0):
            is_all = number == figures.count
            return "" if is_all else f", {number:,} {severity.lower()}"
    return ""


def _sign(figures: Figures) -> str:
    worst = next(iter(figures.open_by_severity), None)
    return ENDED_SIGN if worst is None else CIRCLES[worst]


def _colour(figures: Figures) -> str:
    worst = next(iter(figures.open_by_severity), None)
    return ENDED_COLOUR if worst is None else COLOURS[worst]


def _compared_in_total(trend: Trend | None, count: int) -> str:
    if trend is None:
        return ""
    change = count - trend.before
    if not change:
        return "as many as last time"
    return f"{abs(change):,} {'more' if change > 0 else 'fewer'} than last time"


def _compared(trend: Trend | None, count: int) -> Mrkdwn | None:
    """Return the change since the digest before, in total and by severity."""
    if trend is None:
        return None
    changes = (
        Mrkdwn(f"{CIRCLES[each]} {'+' if change > 0 else _MINUS}{abs(change):,} {each}")
        for each, change in trend.changes.items()
    )
    total = Mrkdwn(f"{_compared_in_total(trend, count)} ({trend.before:,})")
    return joined(" · ", total, *changes)


def _changed_groups(trend: Trend | None) -> Mrkdwn | None:
    if trend is None:
        return None
    return joined(" · ", _names("New", trend.new), _names("Gone", trend.gone))


def _title(figures: Figures) -> Mrkdwn | None:
    """Return the title of the one kind of all findings, if its name is another."""
    if len(figures.kinds) != 1 or figures.kinds[0].is_of_resource:
        return None
    return said(figures.kinds[0].title)


def _names(label: str, names: Sequence[str]) -> Mrkdwn | None:
    shown = [words(name, _COMPARED_CHARS) for name in names]
    text = listed([each for each in shown if each], _COMPARED, _COMPARED * _COMPARED_CHARS + 20)
    return Mrkdwn(f"{label}: {text}") if text else None


def _worst(figures: Figures) -> list[dict[str, Any]]:
    """Return a block that links the worst findings, and counts those that are as bad."""
    same_names = alike(figures.worst)
    room, shown = SECTION_CHARS - _MORE_CHARS, list[Mrkdwn]()
    for line in figures.worst:
        text = _line(line, figures, has_kind=line.resource in same_names)
        room -= length(text) + 1
        if room < 0:
            break
        shown.append(text)
    if not shown:
        return []
    rest = figures.unlinked + len(figures.worst) - len(shown)
    more = Mrkdwn(f"+ {rest:,} more {_worst_words(figures)} in the thread") if rest else None
    return [blocks.section(joined("\n", *shown, more) or Mrkdwn(""))]


def _worst_words(figures: Figures) -> str:
    there = [each for each in figures.open_by_severity if each in URGENT]
    return " or ".join(each.lower() for each in there)


def alike(lines: Iterable[Line]) -> set[str]:
    """Return the short names that different resources of *lines* have in common."""
    keys: dict[str, set[tuple[str, ...]]] = {}
    for line in lines:
        keys.setdefault(line.resource or "", set()).add(line.resource_key)
    return {name for name, several in keys.items() if name and len(several) > 1}


def linked(label: str, url: str | None, limit: int) -> Mrkdwn:
    """Return *label* as a link to *url*, or as words without a URL or with one that is too long."""
    shown = words(label, limit)
    if url is None:
        return shown
    to_finding = link(Url(url), label, limit)
    return to_finding if length(to_finding) <= _LINK_CHARS else shown


def resource_of(line: Line) -> str:
    """Return the short name of the resource; "" for an account, which is shown as such."""
    return "" if line.resource is None or is_account(line.resource) else line.resource


def _line(line: Line, figures: Figures, *, has_kind: bool) -> Mrkdwn:
    """Return severity, kind and resource, linked, and the facts that the headline lacks."""
    resource = resource_of(line)
    is_one_kind = len(figures.kinds) == 1
    is_control = not line.is_of_resource and len(line.group) <= _CONTROL_CHARS
    is_control = is_control and " " not in line.group
    is_named = bool(resource) and (is_control or (is_one_kind and not line.is_of_resource))
    account = account_name(line.account_name, line.account_id) or ""
    label = resource if is_named else line.title
    if is_one_kind and not resource and account:
        # The headline and the title say all else.
        label, account = account, ""
    is_unsaid = bool(resource) and resource not in label and not is_one_kind
    text = joined(
        " · ",
        joined(
            " ",
            Mrkdwn(CIRCLES[line.severity]),
            code(line.group, _CONTROL_CHARS) if is_control and not is_one_kind else None,
            linked(shortened(label, _LABEL_CHARS), line.url, 2 * _LABEL_CHARS),
        ),
        said(resource) if is_unsaid else None,
        said(line.resource_kind) if has_kind else None,
        bold(account, _LABEL_CHARS) if figures.accounts > 1 else None,
        said(line.region),
        _OWN_CARD if line.has_card else None,
    )
    return text or Mrkdwn(CIRCLES[line.severity])


def _counts(figures: Figures) -> Mrkdwn | None:
    """Return the findings by severity, and the numbers that the headline does not have."""
    severities = figures.by_severity.items()
    places = (
        _several(figures.resources, "resource"),
        Mrkdwn(f"{ENDED_SIGN} {figures.ended:,} resolved") if figures.ended else None,
    )
    kinds = figures.kinds if len(figures.kinds) > 1 else ()
    return joined(
        "\n",
        joined(" · ", *(Mrkdwn(f"{CIRCLES[each]} {count:,} {each}") for each, count in severities)),
        joined(" · ", *places),
        joined(" · ", *map(_counted_kind, kinds[:_KINDS_COUNTED]), _others(kinds[_KINDS_COUNTED:])),
    )


def _several(number: int, noun: str) -> Mrkdwn | None:
    return Mrkdwn(counted(number, noun)) if number else None


def _counted_kind(kind: KindCount) -> Mrkdwn:
    name = words(shortened(kind.name, _KIND_COUNT_CHARS), 2 * _KIND_COUNT_CHARS) or "finding"
    if kind.is_of_resource:
        number = counted(kind.count, "vulnerability", "vulnerabilities")
        return Mrkdwn(f"{number} of {name}")
    return Mrkdwn(f"{kind.count:,} × {name}")


def _others(kinds: Sequence[KindCount]) -> Mrkdwn | None:
    number = sum(kind.count for kind in kinds)
    return Mrkdwn(f"{number:,} of {counted(len(kinds), 'other kind')}") if kinds else None
