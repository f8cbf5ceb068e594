"""Format the outcomes of findings as text."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import click

from finding_router.counts import counted
from finding_router_cli import terminal
from finding_router_local.outcomes import (
    FAILED,
    FILTERED,
    MISSING,
    NOT_TAKEN,
    Delivered,
    FindingOutcome,
)

_SEVERITY_WIDTH: Final = 13
_INDENT: Final = _SEVERITY_WIDTH + 1
_TITLE_WIDTH: Final = 50
_LEAST_TITLE_WIDTH: Final = 30
_ACCOUNT_WIDTH: Final = 27
_PRODUCT_WIDTH: Final = 22
# A wide terminal gives the name of an account so many columns more.
_MORE_ACCOUNT: Final = 20
# Arguments for click.style.
_QUIET: Final[dict[str, Any]] = {"dim": True}
_GOOD: Final[dict[str, Any]] = {"fg": "green"}
_BAD: Final[dict[str, Any]] = {"fg": "red", "bold": True}
_OUTCOME_STYLES: Final[dict[str, dict[str, Any]]] = {
    "posted": _GOOD,
    "posted_raw": {"fg": "yellow"},
    "refused": {"fg": "yellow"},
    FAILED: _BAD,
    MISSING: _BAD,
}
_WORDS: Final = {
    FILTERED: "filtered by the rule",
    "posted_raw": "posted raw",
    "not_available": "not available",
    "not_new": "not new",
}


def line(outcome: FindingOutcome) -> str:
    """
    Return one line on a finding, or, on a terminal, a few lines of its width.

    In text from the finding, control characters are replaced by spaces.
    """
    width = terminal.columns()
    name = outcome.severity or "-"
    severity = terminal.severity(name) + " " * (_SEVERITY_WIDTH - len(name))
    title = terminal.printable(outcome.title or outcome.detail)
    account = terminal.printable(_account(outcome))
    product = terminal.printable(outcome.product or "")
    where = f"{_destinations(outcome)}  {_end(outcome)}"
    if width is None:
        told = terminal.fitted(title, _TITLE_WIDTH)
        others = [(account, _ACCOUNT_WIDTH), (product, _PRODUCT_WIDTH)]
        # No width is given here, and whole names can be searched for.
        padded = [terminal.fitted(text, max(least, terminal.cells(text))) for text, least in others]
        return " ".join([severity, told, *padded, where])
    spare = width - (_INDENT + _LEAST_TITLE_WIDTH + _ACCOUNT_WIDTH + _PRODUCT_WIDTH + 3)
    if spare >= 0:
        more = min(spare // 3, _MORE_ACCOUNT)
        columns = (
            (title, _LEAST_TITLE_WIDTH + spare - more),
            (account, _ACCOUNT_WIDTH + more),
            (product, _PRODUCT_WIDTH),
        )
        told = " ".join([severity, *(terminal.fitted(text, cells) for text, cells in columns)])
        lines = [told.rstrip()]
    else:
        room = max(width - _INDENT, 1)
        lines = [f"{severity} {terminal.fitted(title, room).rstrip()}"]
        if about := " · ".join(filter(None, (account, product))):
            lines.append(terminal.wrapped(about, width, indent=_INDENT))
    return "\n".join([*lines, terminal.wrapped(where, width, indent=_INDENT)])


def summary(outcomes: Sequence[FindingOutcome]) -> str:
    """Return the number of findings by outcome, most frequent first, as text."""
    counts = Counter(outcome.outcome for outcome in outcomes)
    words = ", ".join(f"{count} {_word(name)}" for name, count in counts.most_common())
    text = f"{counted(len(outcomes), 'finding')}: {words}"
    width = terminal.columns()
    return text if width is None else terminal.wrapped(text, width)


def _destinations(outcome: FindingOutcome) -> str:
    if outcome.channels:
        return "→ " + ", ".join(map(_destination, outcome.channels))
    return _styled("→ nowhere", _QUIET)


def _destination(delivered: Delivered) -> str:
    by = ", ".join(delivered.routes) or "default channel"
    note = f"; {terminal.printable(delivered.note)}" if delivered.note else ""
    channel = _styled(terminal.printable(delivered.channel), {"bold": True})
    return f"{channel} ({terminal.printable(by)}{note})"


def _end(outcome: FindingOutcome) -> str:
    end = _styled(_word(outcome.outcome), _OUTCOME_STYLES.get(outcome.outcome, _QUIET))
    if outcome.workflow_status:
        end += f", {outcome.workflow_status}"
    is_explained = outcome.outcome == FILTERED or (outcome.channels and outcome.is_settled)
    if outcome.detail and outcome.title and not is_explained:
        end += f": {terminal.printable(outcome.detail)}"
    elif NOT_TAKEN in outcome.detail:
        reason = outcome.detail[outcome.detail.index(NOT_TAKEN) :]
        end += f": {terminal.printable(reason)}"
    return end


def _account(outcome: FindingOutcome) -> str:
    return " ".join(part for part in (outcome.account_id, outcome.account_name) if part)


def _word(name: str) -> str:
    return _WORDS.get(name, name)


def _styled(text: str, style: dict[str, Any]) -> str:
    return click.style(text, **style)
