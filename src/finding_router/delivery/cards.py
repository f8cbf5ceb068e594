"""The messages about one finding, laid out only when they are about to be posted."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from finding_router.delivery.ledger import Entry, Saying
from finding_router.findings.ending import Ended, ending_of
from finding_router.findings.finding import Finding
from finding_router.slack.card import CardContext, render, render_plain, render_raw
from finding_router.slack.message import Message
from finding_router.slack.thread import ended_reply, render_ended, reopened, risen
from finding_router.telemetry import logger

type _Layout = Callable[[Finding, CardContext], Message]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A finding (None where it could not be read: *problem* says why) and what to say with it."""

    raw: object
    finding: Finding | None
    problem: str
    context: CardContext

    def full(self, entry: Entry | None, banner: str | None) -> Message:
        """Lay the finding out as it stands now."""
        return self._message(render, entry, banner)

    def said(self, saying: Saying, entry: Entry, *, now: float, banner: str | None) -> Message:
        """Lay out what is said, in the thread of the card or as the card."""
        if saying is Saying.CARD:
            return self.full(entry, banner)

        def layout(finding: Finding, context: CardContext) -> Message:
            ended = ending_of(finding)
            if saying is Saying.END and ended is not None:
                return ended_reply(finding, context, how=ended, after_seconds=_open_for(entry, now))
            if saying is Saying.RISE:
                before = entry.said_before or entry.severity
                # It may have fallen since.
                worst = replace(finding, severity=entry.severity)
                return risen(worst, before, replace(context, why="severity rose"))
            return reopened(
                finding,
                replace(context, why="reopened"),
                times=entry.episode,
                now=now,
                first_said_at=entry.posted_at,
            )

        return self._message(layout, entry, banner)

    def ended(self, entry: Entry, now: float) -> Message:
        """Lay the card out as that of a finding that ended."""
        how = (ending_of(self.finding) if self.finding else None) or Ended.RESOLVED
        after = _open_for(entry, now)

        def layout(finding: Finding, context: CardContext) -> Message:
            return render_ended(finding, context, how=how, after_seconds=after)

        return self._message(layout, entry, None)

    def plain(self, entry: Entry | None, banner: str | None) -> Message:
        """Lay out the least that says it, for when Slack refuses the full card."""
        return self._message(render_plain, entry, banner)

    def _message(self, layout: _Layout, entry: Entry | None, banner: str | None) -> Message:
        standards = {member.standard for member in entry.members.values()} if entry else set()
        context = replace(
            self.context,
            banner=banner,
            standards=tuple(sorted(name for name in standards if name)),
        )
        problem = self.problem
        finding = self.finding
        if finding is not None and entry is not None:
            # Of several standards' findings the card shows the worst that there is.
            finding = replace(finding, severity=entry.shown)
        if finding is not None:
            try:
                return layout(finding, context)
            # A layout that fails on a finding nobody foresaw must not lose that finding, nor its
            # neighbours in the batch.
            except Exception as error:  # noqa: BLE001 -- see above
                logger.exception("finding not laid out", finding_id=finding.id)
                problem = f"{type(error).__name__} while laying it out"
        return render_raw(self.raw, problem, context)


def _open_for(entry: Entry, now: float) -> float | None:
    return None if entry.posted_at is None else now - entry.posted_at
