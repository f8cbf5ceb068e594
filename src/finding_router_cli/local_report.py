"""Format the outcomes of findings as text."""

import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import click

from finding_router.counts import counted
from finding_router_local.outcomes import FAILED, FILTERED, MISSING, Delivered, FindingOutcome

_SEVERITY_WIDTH: Final = 13
_TITLE_WIDTH: Final = 50
_LEAST_TITLE_WIDTH: Final = 30
_ACCOUNT_WIDTH: Final = 27
_PRODUCT_WIDTH: Final = 22
# Arguments for click.style.
_SEVERITY_STYLES: Final[dict[str, dict[str, Any]]] = {
    "CRITICAL": {"fg": "white", "bg": "red", "bold": True},
    "HIGH": {"fg": "red", "bold": True},
    "MEDIUM": {"fg": "yellow"},
    "LOW": {"fg": "blue"},
}
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
    Return one line on a finding, or, on a terminal, two lines of its width.

    In text from the finding, control characters are replaced by spaces.
    """
    severity = outcome.severity or "-"
    severity_column = " " * (_SEVERITY_WIDTH - len(severity))
    is_terminal = sys.stdout.isatty()
    title_width = _TITLE_WIDTH
    if is_terminal:
        others = _SEVERITY_WIDTH + _ACCOUNT_WIDTH + _PRODUCT_WIDTH + 4
        title_width = max(_LEAST_TITLE_WIDTH, shutil.get_terminal_size().columns - others)
    what = " ".join(
        [
            _styled(severity, _SEVERITY_STYLES.get(severity, _QUIET)) + severity_column,
            _column(outcome.title or outcome.detail, title_width),
            _column(_account(outcome), _ACCOUNT_WIDTH),
            _column(outcome.product or "", _PRODUCT_WIDTH),
        ]
    )
    where = f"{_destinations(outcome)}  {_end(outcome)}"
    if is_terminal:
        return f"{what.rstrip()}\n{' ' * (_SEVERITY_WIDTH + 1)}{where}"
    return f"{what} {where}"


def summary(outcomes: Sequence[FindingOutcome]) -> str:
    """Return the number of findings by outcome, most frequent first, as text."""
    counts = Counter(outcome.outcome for outcome in outcomes)
    words = ", ".join(f"{count} {_word(name)}" for name, count in counts.most_common())
    return f"{counted(len(outcomes), 'finding')}: {words}"


def _destinations(outcome: FindingOutcome) -> str:
    if outcome.channels:
        return "→ " + ", ".join(map(_destination, outcome.channels))
    return _styled("→ nowhere", _QUIET)


def _destination(delivered: Delivered) -> str:
    by = ", ".join(delivered.routes) or "default channel"
    note = f"; {_clean(delivered.note)}" if delivered.note else ""
    return f"{_styled(_clean(delivered.channel), {'bold': True})} ({_clean(by)}{note})"


def _end(outcome: FindingOutcome) -> str:
    end = _styled(_word(outcome.outcome), _OUTCOME_STYLES.get(outcome.outcome, _QUIET))
    if outcome.workflow_status:
        end += f", {outcome.workflow_status}"
    is_explained = outcome.outcome == FILTERED or (outcome.channels and outcome.is_settled)
    if outcome.detail and outcome.title and not is_explained:
        end += f": {_clean(outcome.detail)}"
    return end


def _account(outcome: FindingOutcome) -> str:
    return " ".join(part for part in (outcome.account_id, outcome.account_name) if part)


def _word(name: str) -> str:
    return _WORDS.get(name, name)


def _column(text: str, width: int) -> str:
    text = _clean(text)
    return text.ljust(width) if len(text) <= width else f"{text[: width - 1]}…"


def _clean(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def _styled(text: str, style: dict[str, Any]) -> str:
    return click.style(text, **style)
