"""Exposures of Security Hub: a risk that several findings about connected resources add up to."""

from typing import Final

from finding_router.findings.finding import Finding
from finding_router.findings.reading import text_at
from finding_router.slack.kit.detail import Detail, facts, joined
from finding_router.slack.kit.headlines import HEADLINE_CHARS, headline, resources_name, title_words
from finding_router.slack.kit.sequence import sequence_detail
from finding_router.slack.kit.text import Mrkdwn, one_line, says_nothing, words

_WORD_CHARS: Final = 30


def lay_out(finding: Finding) -> Detail:
    """Return the risk, its findings with their resources and traits, and how bad it would be."""
    sequence = sequence_detail(finding) or Detail()
    title = title_words(finding)
    name = resources_name(finding)
    # The risk comes first in the title, and the way to it behind a colon.
    risk, _, path = title.partition(": ")
    is_long = path and len(f"{title}: {name}") > HEADLINE_CHARS
    description = one_line(finding.description or "")
    own = None if says_nothing(description) or description.startswith(title) else description
    return Detail(
        headline=headline(risk if is_long else title, name),
        occurrence=sequence.occurrence,
        sentence=None if own else path[:1].upper() + path[1:],
        facts=(
            *facts(
                (
                    "Risk",
                    joined(
                        " · ",
                        _rated(finding, "likelihood"),
                        _rated(finding, "impact"),
                    ),
                ),
            ),
            *sequence.facts,
        ),
    )


def _rated(finding: Finding, name: str) -> Mrkdwn | None:
    """Return a rating that only OCSF has: "high impact"."""
    rating = text_at(finding.raw, name)
    shown = None if rating is None else words(rating.lower(), _WORD_CHARS)
    return Mrkdwn(f"{shown} {name}") if shown else None
