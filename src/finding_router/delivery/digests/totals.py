"""The parent of a digest: the totals of everything that its thread lists."""

from collections.abc import Sequence

from finding_router.delivery.alerts.care import Person
from finding_router.delivery.digests.store import OpenDigest
from finding_router.findings.digest import Figures, Line, Totals, Trend
from finding_router.slack.kit.buttons import MOST_OPTIONS, digest_buttons
from finding_router.slack.kit.durations import duration_words
from finding_router.slack.kit.message import Message
from finding_router.slack.kit.people import Handled
from finding_router.slack.kit.reference import digest_reference
from finding_router.slack.messages.digest import (
    Digest,
    option_of,
    render_parent,
    render_parent_plain,
)


def parent(
    digest: OpenDigest,
    lines: Sequence[Line],
    *,
    is_plain: bool,
    has_actions: bool = False,
    owner: Person | None = None,
) -> Message:
    """
    Return the parent of *digest*, which lists *lines*.

    With *has_actions* it has buttons, and shows its *owner*.
    """
    said = Digest(
        occasion=digest.heading or (_occasion(digest) if lines else ""),
        figures=Figures.of(lines),
        why=digest.why,
        routes=digest.routes,
        mention=digest.mention,
        banner=digest.banner,
        trend=Trend.between(digest.before, Totals.of(lines)) if digest.before else None,
        handled=Handled(owner=owner.id, owned_since=owner.at) if owner else None,
        buttons=digest_buttons(_reference(digest), _options(lines)) if has_actions else (),
    )
    return render_parent_plain(said) if is_plain else render_parent(said)


def _occasion(digest: OpenDigest) -> str:
    """Return how long the burst of *digest* took so far; "" within its first second."""
    lasted = digest.last_at - digest.started_at
    return f"New within {duration_words(lasted)}" if lasted >= 1 else ""


def _reference(digest: OpenDigest) -> str:
    return digest_reference(digest.digest_id, digest.channel)


def _options(lines: Sequence[Line]) -> list[tuple[str, str]]:
    """Return the open findings to choose from, the worst first: subject and words of each."""
    there = sorted(
        (line for line in lines if not line.is_ended),
        key=lambda line: (-line.severity.rank, line.group, line.resource or ""),
    )
    return [(line.subject, option_of(line)) for line in there[:MOST_OPTIONS]]
