"""The second pass: the Ledger learns of each finding, and Security Hub marks it NOTIFIED."""

import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from copy import replace
from dataclasses import dataclass, field
from itertools import batched
from typing import Any, Final

import click

from finding_router.delivery.alerts.advance import Verdict
from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.identity import AlertKey, finding_hash
from finding_router.delivery.alerts.ledger import ALERTS_AT_ONCE, Ledger, Mark
from finding_router.delivery.deliveries import Delivery, Job
from finding_router.delivery.subjects import Subjects
from finding_router_cli.baselines.decided import Desk, keys_by_job
from finding_router_cli.baselines.record import Baseline, Baselines, InHand
from finding_router_cli.baselines.source import FindingSource

# Verdicts about an alert that the router has said, by which there is nothing more to say.
_SAID: Final = frozenset({Verdict.NOTE, Verdict.DUPLICATE, Verdict.REFRESH})


@dataclass(slots=True)
class Marked:
    """The findings *marked*, *refused* by code, *left* to the router, and *noted* without mark."""

    marked: int = 0
    noted: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    left: int = 0


class Marker:
    """Marks the findings whose every channel is among *told*."""

    def __init__(
        self,
        desk: Desk,
        ledger: Ledger,
        baselines: Baselines,
        *,
        told: Collection[str],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Remember findings in *ledger*, and those being marked in *baselines*."""
        self._desk = desk
        self._ledger = ledger
        self._baselines = baselines
        self._told = told
        self._clock = clock

    def resume(self, baseline: Baseline, sources: Sequence[FindingSource]) -> None:
        """Remember the marks that a run set before it was killed. StoreError."""
        for source in (each for each in sources if each.knows_notified):
            mine = {each.key: each for each in baseline.in_hand if each.source == source.name}
            if not mine:
                continue
            marked = source.marked(mine)
            self._ledger.record_notified(
                [mark for key in marked for mark in _marks(mine[key])], at=self._clock()
            )

    def run(
        self,
        baseline: Baseline,
        sources: Sequence[FindingSource],
        progress: Callable[[int], object],
    ) -> tuple[Baseline, Marked]:
        """
        Mark all findings of *baseline*; return its next version, and what was done. StoreError.

        Findings leave the list while its pages are read, so that it is read again until there is
        nothing more to mark.
        """
        done = Marked()
        is_over = False
        while not is_over:
            before, done.left = done.marked, 0
            done.refused.clear()
            for source in sources:
                for page in source.pages(before=baseline.cutoff):
                    baseline = self._page(baseline, source, page, done, progress)
            is_over = done.marked == before
        return baseline, done

    def _page(
        self,
        baseline: Baseline,
        source: FindingSource,
        page: Sequence[Mapping[str, Any]],
        done: Marked,
        progress: Callable[[int], object],
    ) -> Baseline:
        jobs, _ = self._desk.read(source, page)
        settled = self._remember(jobs, done, knows_notified=source.knows_notified)
        if not settled:
            return baseline
        in_hand = tuple(
            InHand(
                source=source.name,
                member=finding_hash(*job.finding.key),
                key=source.key(job.finding),
                alerts=tuple((each.subject, each.channel) for each in keys),
            )
            for job, keys in settled
            if job.finding is not None
        )
        baseline = self._hold(baseline, in_hand)
        refused = source.mark([each.key for each in in_hand])
        marked = [each for each in in_hand if each.key not in refused]
        if source.knows_notified:
            self._ledger.record_notified(
                [mark for each in marked for mark in _marks(each)], at=self._clock()
            )
        if source.leaves_new:
            done.noted += len(marked)
        else:
            done.marked += len(marked)
        done.refused.update(refused.values())
        progress(len(marked))
        return baseline

    def _hold(self, baseline: Baseline, in_hand: tuple[InHand, ...]) -> Baseline:
        after = baseline.next(in_hand=in_hand)
        if not self._baselines.write(after):
            raise click.ClickException("another baseline is running; this one ends here")
        return after

    def _remember(
        self, jobs: Sequence[Job], done: Marked, *, knows_notified: bool
    ) -> list[tuple[Job, list[AlertKey]]]:
        """
        Write the alerts of *jobs* as if they had been said, and return the jobs to be marked.

        Findings that the router is about to post, or has to post again, are left to it.
        """
        subjects = Subjects(self._ledger)
        subjects.find(jobs, ())
        addressed = subjects.settled(lambda: self._desk.address(jobs))
        alerts = self._ledger.read(addressed.keys)
        deliveries, _ = self._desk.planner.deliveries(addressed, alerts, alerts.unreadable)
        now = self._clock()
        ready: dict[AlertKey, bool] = {}
        writes: dict[AlertKey, Alert] = {}
        for each in deliveries:
            after = _after(each, now)
            ready[each.key] = after is not None and each.destination.channel in self._told
            if after is not None and ready[each.key] and after is not each.alert:
                writes[each.key] = after
        for some in batched(writes.values(), ALERTS_AT_ONCE, strict=False):
            written = self._ledger.write_all(some, note_channels=True)
            ready |= {each.key: False for each in some if each.key not in written}
        keys_of = keys_by_job(addressed)
        settled: list[tuple[Job, list[AlertKey]]] = []
        for job in jobs:
            keys = keys_of.get(job, [])
            if not keys:
                # A route keeps it from every channel: the router marks none of these.
                continue
            if knows_notified and _is_marked(job, keys, alerts):
                # Security Hub still shows it as NEW for a while after it was marked.
                continue
            if all(ready.get(key, False) for key in keys):
                settled.append((job, keys))
            else:
                done.left += 1
        return settled


def _after(delivery: Delivery, now: float) -> Alert | None:
    """
    Return the alert as the baseline leaves it, itself if nothing changes; None to leave it alone.

    An alert without a message counts as said, like one that a silence forgets.
    """
    alert, step = delivery.alert, delivery.step
    if alert.claim is not None:
        return None
    if alert.episode == 0:
        return step.alert.forgotten(at=now)
    if not alert.is_forgotten:
        return alert if step.verdict in _SAID else None
    if not alert.is_shown:
        # An alert that ended and returned is posted again.
        return None
    if step.alert.members.keys() == alert.members.keys() and step.verdict in _SAID:
        return alert
    shown = step.alert.shown(at=now)
    worst = max(shown.severity, alert.worst, key=lambda each: each.rank)
    return replace(shown, worst=worst)


def _is_marked(job: Job, keys: Sequence[AlertKey], alerts: Mapping[AlertKey, Alert]) -> bool:
    if job.finding is None:
        return False
    member = finding_hash(*job.finding.key)
    found = [alerts[key].members.get(member) for key in keys if key in alerts]
    return len(found) == len(keys) and all(each and each.is_notified for each in found)


def _marks(in_hand: InHand) -> list[Mark]:
    return [Mark(in_hand.member, AlertKey(*each)) for each in in_hand.alerts]
