"""Asks Security Hub about open alerts before they are said again, and the table for silences."""

from collections import defaultdict
from collections.abc import Collection, Hashable, Mapping
from copy import replace
from dataclasses import dataclass, field

from finding_router.delivery.alerts.alert import Alert, Form
from finding_router.delivery.deliveries import Job, Record
from finding_router.delivery.hubs import Hub, Hubs
from finding_router.delivery.plan import as_new
from finding_router.delivery.reminders.store import Names
from finding_router.delivery.session import Session
from finding_router.delivery.workflow import Answers, FindingKey
from finding_router.errors import WorkflowUpdateError
from finding_router.findings.ending import ending_of
from finding_router.findings.finding import Finding
from finding_router.isolation import isolated


@dataclass(slots=True)
class Asked[Key: Hashable]:
    """
    The answers about alerts by key: the *findings* of those that are open.

    *over* are those of which nothing is open any more, or that were deleted; *unknown* those of
    which Security Hub does not say. *silent_until* is in Unix seconds.
    """

    findings: dict[Key, Finding] = field(default_factory=dict)
    over: set[Key] = field(default_factory=set)
    unknown: set[Key] = field(default_factory=set)
    silent_until: dict[Key, float] = field(default_factory=dict)


class Asking:
    """Asks about alerts within one call of the function."""

    def __init__(self, session: Session, hubs: Hubs) -> None:
        """Ask *hubs*, and the table of *session*."""
        self._session = session
        self._hubs = hubs

    def ask[Key: Hashable](
        self, alerts: Mapping[Key, Alert], names: Mapping[Key, Names]
    ) -> Asked[Key]:
        """
        Return the state of *alerts*, whose findings have *names*.

        Raises:
            StoreError: the Ledger does not answer.
            WorkflowUpdateError: no Security Hub answers.

        """
        known = {key: _joined(alerts[key].names, names[key]) for key in alerts}
        answers = self._answers(known.values())
        asked: Asked[Key] = Asked()
        jobs: dict[Key, Job] = {}
        for key, alert in alerts.items():
            found = [
                (member, answers[form].get(name))
                for member, forms in known[key].items()
                for form, name in forms.items()
            ]
            if any(
                form not in answers or name in answers[form].unread
                for forms in known[key].values()
                for form, name in forms.items()
            ):
                asked.unknown.add(key)
                continue
            there = [each for _, each in found if each is not None and ending_of(each) is None]
            if there:
                first = next(
                    (each for member, each in found if member == alert.titled_by and each in there),
                    there[0],
                )
                jobs[key] = Job(record=Record(body=None), finding=_shown(first, alert))
            elif found and _open_members(alert) <= known[key].keys():
                asked.over.add(key)
        self._session.settle_names(jobs.values())
        for key, job in jobs.items():
            if job.finding is not None:
                asked.findings[key] = job.finding
                if (until := self._silent_until(job.finding)) is not None:
                    asked.silent_until[key] = until
        return asked

    def _answers(self, several: Collection[Names]) -> dict[Form, Answers[Finding]]:
        """Return the findings of *several* by form; a Security Hub that is silent has no entry."""
        by_form: dict[Form, set[FindingKey]] = defaultdict(set)
        for names in several:
            for forms in names.values():
                for form, name in forms.items():
                    by_form[form].add(name)
        answers: dict[Form, Answers[Finding]] = {}
        silent: list[WorkflowUpdateError] = []
        for form, keys in by_form.items():
            hub: Hub = self._hubs.of_form(form)
            try:
                answers[form] = hub.workflow.findings(keys, deadline=self._session.run.deadline)
            except WorkflowUpdateError as error:
                silent.append(error)
        if silent and not answers:
            raise silent[0]
        return answers

    def _silent_until(self, finding: Finding) -> float | None:
        """Return the Unix second until which a silence keeps *finding*; None if none does."""
        planner = self._session.planner
        with isolated("finding not routed", finding_id=finding.id):
            decision = planner.table.decide(as_new(finding), now=planner.now)
            if decision.silenced_by is not None and (hold := decision.channels[0].hold):
                return hold.due_at.timestamp()
        return None


def _joined(*several: Names) -> dict[str, dict[Form, FindingKey]]:
    joined: dict[str, dict[Form, FindingKey]] = {}
    for names in several:
        for member, forms in names.items():
            joined.setdefault(member, {}).update(forms)
    return joined


def _open_members(alert: Alert) -> set[str]:
    return {name for name, each in alert.members.items() if each.is_there}


def _shown(finding: Finding, alert: Alert) -> Finding:
    """Return *finding* as the card of *alert* has it: with the worst severity and its title."""
    return replace(finding, severity=alert.worst_there, title=alert.title or finding.title)
