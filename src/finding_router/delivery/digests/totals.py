"""The parent of a digest: the totals of everything that its thread lists."""

from collections.abc import Sequence

from finding_router.delivery.digests.store import OpenDigest
from finding_router.findings.digest import Figures, Line, Totals, Trend
from finding_router.slack.kit.durations import duration_words
from finding_router.slack.kit.message import Message
from finding_router.slack.messages.digest import Digest, render_parent, render_parent_plain


def parent(digest: OpenDigest, lines: Sequence[Line], *, is_plain: bool) -> Message:
    """Return the parent of *digest*, which lists *lines*."""
    said = Digest(
        occasion=digest.heading or (_occasion(digest) if lines else ""),
        figures=Figures.of(lines),
        why=digest.why,
        routes=digest.routes,
        mention=digest.mention,
        banner=digest.banner,
        trend=Trend.between(digest.before, Totals.of(lines)) if digest.before else None,
    )
    return render_parent_plain(said) if is_plain else render_parent(said)


def _occasion(digest: OpenDigest) -> str:
    """Return how long the burst of *digest* took so far; "" within its first second."""
    lasted = digest.last_at - digest.started_at
    return f"New within {duration_words(lasted)}" if lasted >= 1 else ""
