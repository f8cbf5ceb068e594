"""The message of one delivery, laid out only when it is about to be posted."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from finding_router.findings.finding import Finding
from finding_router.slack.card import CardContext, render, render_plain, render_raw
from finding_router.slack.message import Message
from finding_router.telemetry import logger


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A finding (None where it could not be read: *problem* says why) and what to say with it."""

    raw: object
    finding: Finding | None
    problem: str
    context: CardContext

    def full(self, banner: str | None) -> Message:
        """Lay the finding out; what cannot be laid out is shown raw rather than dropped."""
        return self._message(render, banner)

    def plain(self, banner: str | None) -> Message:
        """Lay out the least that says it, for when Slack refuses the full card."""
        return self._message(render_plain, banner)

    def _message(
        self, layout: Callable[[Finding, CardContext], Message], banner: str | None
    ) -> Message:
        context = replace(self.context, banner=banner)
        problem = self.problem
        if self.finding is not None:
            try:
                return layout(self.finding, context)
            # A layout that fails on a finding nobody foresaw must not lose that finding, nor its
            # neighbours in the batch.
            except Exception as error:  # noqa: BLE001 -- see above
                logger.exception("finding not laid out", finding_id=self.finding.id)
                problem = f"{type(error).__name__} while laying it out"
        return render_raw(self.raw, problem, context)
