"""
The issue of GitHub about one finding, or about those of a burst, and the comments on it. Pure.

The first line is a marker, which readers do not see: by it the router finds an issue of its own
after an answer of GitHub was lost. Nobody knows it before the issue is there.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from finding_router.counts import counted
from finding_router.findings.finding import Severity
from finding_router.routing.items.ticket import ANY, MAX_ASSIGNEES, MAX_TITLE_CHARS, GitHub
from finding_router.tickets.facts import Facts
from finding_router.tickets.markdown import Markdown, block, code, link, title

# GitHub takes 65,536 characters: "body is too long (maximum is 65536 characters)".
MAX_BODY_CHARS: Final = 60_000
MAX_LINES: Final = 80
"""Findings that one task list has at most."""
_VALUE_CHARS: Final = 300
_LINE_TITLE_CHARS, _LINE_VALUE_CHARS, _LINE_URL_CHARS = 150, 80, 200
_TEXT_CHARS: Final = 10_000
_REMEDY_CHARS: Final = 4_000
_RESOURCES: Final = 10
_MARKER: Final = "<!-- finding-router: v1 {} -->"
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_BLANKS: Final = re.compile(r"\(\s*\)|\[\s*\]")
_FENCE: Final = re.compile("`{3,}")
_OPEN, _DONE = "- [ ] ", "- [x] "


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An issue to be made; *marker* is in its first line."""

    marker: str
    title: str
    body: str
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()


def draft(several: Sequence[Facts], marker: str, github: GitHub, former: str | None) -> Draft:
    """
    Return the issue about the finding, or *several* of a burst, as *github* wants it.

    *former* is the address of the ticket of the same finding before, which was closed long ago.
    """
    first = several[0]
    is_burst = len(several) > 1
    return Draft(
        marker=marker,
        title=_burst_title(several) if is_burst else title_of(first, github.title),
        body=_body(_list(several) if is_burst else _facts(first), marker, former),
        labels=github.labels,
        assignees=_assignees(several, github.assignees),
    )


def marker_line(marker: str) -> str:
    """Return the first line of the issue that *marker* marks."""
    return _MARKER.format(marker)


def has_marker(body: str | None, marker: str) -> bool:
    """Return True if *body* is that of the issue that *marker* marks."""
    return (body or "").lstrip().startswith(marker_line(marker))


def title_of(facts: Facts, template: str) -> str:
    """Return the title by *template*."""
    filled = _PLACEHOLDER.sub(lambda found: facts.value(found[1]), template)
    return title(_BLANKS.sub("", filled), MAX_TITLE_CHARS) or title(facts.title, MAX_TITLE_CHARS)


def ended() -> Markdown:
    """Return the comment on the end of a finding."""
    return Markdown("✅ The finding is over.")


def returned(severity: Severity) -> Markdown:
    """Return the comment on a finding that is there again."""
    return Markdown(f"🔁 The finding is there again, {severity.value}.")


def risen(severity: Severity, line: str | None) -> Markdown:
    """Return the comment on a rise to *severity* of a finding, or of that in a *line* of a list."""
    which = f". It was: {line}" if line else "."
    return Markdown(f"⬆️ The severity rose to {severity.value}{which}")


def commented(text: str, marker: str) -> str:
    """Return the comment *text* with its marker in the first line."""
    return f"{marker_line(marker)}\n{text}\n"


def is_listed(body: str | None, name: str) -> bool:
    """Return True if the task list in *body* has a line of *name*."""
    return any(is_own and _is_of(name, line) for line, is_own in _lines(body or ""))


def line_of(body: str | None, name: str) -> str | None:
    """Return the line of *name* in the task list of *body*, without its box; None if none is."""
    for line, is_own in _lines(body or ""):
        if is_own and _is_of(name, line):
            return line[len(_OPEN) :].rstrip().removesuffix(_line_marker(name)).rstrip()
    return None


def ticked(body: str, name: str, *, is_done: bool) -> str:
    """Return *body* with the line of *name* ticked, or no longer."""
    old, new = (_OPEN, _DONE) if is_done else (_DONE, _OPEN)
    return "\n".join(
        new + line.removeprefix(old)
        if is_own and line.startswith(old) and _is_of(name, line)
        else line
        for line, is_own in _lines(body)
    )


def is_all_done(body: str) -> bool:
    """Return True if no line of the task list is left open."""
    return not any(
        is_own and line.startswith(_OPEN) and line.rstrip().endswith("-->")
        for line, is_own in _lines(body)
    )


def _lines(body: str) -> Iterator[tuple[str, bool]]:
    """Yield each line of *body*, and False for those in blocks of code: text of a finding."""
    fence = ""
    for line in body.splitlines():
        ticks = _FENCE.match(line)
        if not fence:
            fence = ticks[0] if ticks else ""
            yield line, not fence
            continue
        yield line, False
        if ticks and len(ticks[0]) >= len(fence) and line.strip() == ticks[0]:
            fence = ""


def _is_of(name: str, line: str) -> bool:
    return line.startswith((_OPEN, _DONE)) and line.rstrip().endswith(_line_marker(name))


def _line_marker(name: str) -> str:
    return f"<!-- {name} -->"


def _body(content: Markdown, marker: str, former: str | None) -> str:
    before = f"Before: {former}\n\n" if former else ""
    foot = "<sub>Kept by Finding Router: it closes and opens this issue with the finding.</sub>"
    room = MAX_BODY_CHARS - len(before) - len(foot)
    # The parts are far shorter than that; nothing of them may be cut in the middle of a fence.
    text = content if len(content) <= room else "The finding has more text than an issue may have."
    return f"{marker_line(marker)}\n{before}{text}\n\n{foot}\n"


def _facts(facts: Facts) -> Markdown:
    rows: list[tuple[str, str | None]] = [
        ("Severity", facts.severity.value),
        ("Account", _account(facts)),
        ("Region", facts.region),
        ("Product", facts.product),
        ("Control", facts.control),
        ("First seen", facts.first_seen),
        ("Finding", facts.finding_id),
        ("Asked for by", facts.asked_by),
    ]
    lines = [f"- **{name}:** {code(value, _VALUE_CHARS)}" for name, value in rows if value]
    lines += [
        f"- **Resource:** {code(each, _VALUE_CHARS)}" for each in facts.resources[:_RESOURCES]
    ]
    if more := len(facts.resources[_RESOURCES:]):
        lines.append(f"- and {counted(more, 'more resource')}")
    parts = [block(facts.title, _VALUE_CHARS), "\n".join(lines)]
    if facts.description:
        parts.append(f"**Description**\n\n{block(facts.description, _TEXT_CHARS)}")
    if facts.remediation:
        parts.append(f"**Remediation**\n\n{block(facts.remediation, _REMEDY_CHARS)}")
    if facts.links:
        parts.append(" · ".join(link(label, url) for label, url in facts.links))
    return Markdown("\n\n".join(parts))


def _list(several: Sequence[Facts]) -> Markdown:
    return Markdown("\n".join(map(_line, several)))


def _line(facts: Facts) -> str:
    account = _account(facts)
    resource = facts.resources[0] if facts.resources else None
    parts = [
        facts.severity.value,
        code(facts.title, _LINE_TITLE_CHARS),
        *(code(each, _LINE_VALUE_CHARS) for each in (account, resource) if each),
        *(link(label, url) for label, url in facts.links[:1] if len(url) < _LINE_URL_CHARS),
    ]
    return f"{_OPEN}{' · '.join(parts)} {_line_marker(facts.name)}"


def _account(facts: Facts) -> str | None:
    if facts.account and facts.account_id and facts.account != facts.account_id:
        return f"{facts.account} ({facts.account_id})"
    return facts.account or facts.account_id


def _burst_title(several: Sequence[Facts]) -> str:
    worst = max((each.severity for each in several), key=lambda severity: severity.rank)
    return title(f"[{worst}] {len(several)} findings: {several[0].title}", MAX_TITLE_CHARS)


def _assignees(
    several: Sequence[Facts], assignees: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """Return the people by the tags of each finding, else those of all others."""
    people: dict[str, None] = {}
    for facts in several:
        own = [
            login
            for tag, value in facts.tags.items()
            for login in assignees.get(f"{tag.strip()}={value.strip()}", ())
        ]
        people |= dict.fromkeys(own or assignees.get(ANY, ()))
    return tuple(people)[:MAX_ASSIGNEES]
