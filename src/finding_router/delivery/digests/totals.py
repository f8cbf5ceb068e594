"""The parent of a digest: the totals of everything that its thread lists."""

from collections.abc import Sequence

from finding_router.counts import counted
from finding_router.delivery.digests.store import OpenDigest
from finding_router.findings.digest import Line, Totals, Trend
from finding_router.slack.kit.durations import duration_words
from finding_router.slack.kit.message import Message
from finding_router.slack.messages.digest import Digest, render_parent, render_parent_plain


def parent(digest: OpenDigest, lines: Sequence[Line], *, is_plain: bool) -> Message:
    """Return the parent of *digest*, which lists *lines*."""
    said = Digest(
        heading=digest.heading or _burst_heading(digest, lines),
        lines=lines,
        why=digest.why,
        routes=digest.routes,
        mention=digest.mention,
        banner=digest.banner,
        trend=Trend.between(digest.before, Totals.of(lines)) if digest.before else None,
    )
    return render_parent_plain(said) if is_plain else render_parent(said)


def _burst_heading(digest: OpenDigest, lines: Sequence[Line]) -> str:
    lasted = digest.last_at - digest.started_at
    during = f" in {duration_words(lasted)}" if lasted >= 1 else ""
    return f"{counted(len(lines), 'new finding')}{during}"
