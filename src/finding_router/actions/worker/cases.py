"""The one way in which a press changes alerts, and shows them changed."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import batched
from typing import Final

from finding_router.actions.worker.parts import Parts
from finding_router.delivery.alerts.alert import Alert, Form
from finding_router.delivery.alerts.identity import AlertKey
from finding_router.delivery.alerts.ledger import ALERTS_AT_ONCE
from finding_router.delivery.deliveries import Record
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.outcome import UNDONE
from finding_router.delivery.people import Raw
from finding_router.delivery.workflow import FindingKey
from finding_router.errors import AgainError, FindingError, RefusedError
from finding_router.findings.asff import read_finding
from finding_router.findings.events import event_about
from finding_router.findings.finding import Finding
from finding_router.findings.ocsf import in_asff

SOON_SECONDS: Final = 3.0
# Other workers may write the same alerts between reading and writing.
_TRIES: Final = 5

type Alerts = Mapping[AlertKey, Alert]


@dataclass(frozen=True, slots=True)
class Now:
    """The findings of an alert as the Security Hubs have them now, and the keys not found."""

    findings: Mapping[Form, Mapping[FindingKey, Raw]] = field(default_factory=dict)
    missing: frozenset[FindingKey] = frozenset()

    @property
    def is_gone(self) -> bool:
        """Return True if no hub has any of them."""
        return not any(self.findings.values())

    @property
    def raws(self) -> list[Raw]:
        """Return the findings, those in ASFF first."""
        return [raw for form in Form for raw in self.findings.get(form, {}).values()]

    def readable(self) -> list[Finding]:
        """Return those of the findings that can be read."""
        found = []
        for raw in self.raws:
            try:
                found.append(read_finding(in_asff(raw)))
            except FindingError:
                continue
        return found


def names_of(alerts: Iterable[Alert]) -> dict[Form, set[FindingKey]]:
    """Return the keys of the findings of *alerts*, by the hub that takes them."""
    names: dict[Form, set[FindingKey]] = {form: set() for form in Form}
    for alert in alerts:
        for forms in alert.names.values():
            for form, key in forms.items():
                names[form].add(tuple(key))
    return names


class Cases:
    """The alerts about a subject in all channels, and their cards."""

    def __init__(
        self, parts: Parts, deadline: Deadline, *, tries: int = 1, since: float | None = None
    ) -> None:
        """
        Change alerts by *parts* before *deadline*.

        *tries* counts the receives of the message that asks for it, from the Unix second *since*.
        """
        self._parts = parts
        self._deadline = deadline
        self._tries = tries
        self._since = since

    def read(self, keys: Collection[AlertKey], *, besides: Collection[str] = ()) -> Alerts:
        """
        Return the alerts about the subjects of *keys*, and *besides*, in each channel that has one.

        Raises:
            StoreError: The Ledger does not answer.
            RefusedError: One of them was written by a newer version, or is damaged.

        """
        ledger = self._parts.ledger
        channels = ledger.channels({*(key.subject for key in keys), *besides})
        known = {AlertKey(subject, each) for subject, those in channels.items() for each in those}
        alerts = ledger.read(known | {*keys})
        if alerts.unreadable:
            raise RefusedError(
                "The router cannot read what it remembers of this finding: it may be of a newer "
                "version. Nothing was changed.",
                why="unreadable",
            )
        return alerts

    def change(
        self,
        keys: Collection[AlertKey],
        changed: Callable[[Alert], Alert],
        *,
        besides: Collection[str] = (),
        waits_for_marks: bool = False,
    ) -> Alerts:
        """
        Write the alerts about the subjects of *keys*, and *besides*, as *changed*; return them.

        The writes are conditional, and the alerts are read until nothing is left to change: of two
        presses, or of a press and a run of the router, the Ledger decides which is first.

        Raises:
            AgainError: A run posts about one of them, or with *waits_for_marks* may be marking it.
            StoreError: The Ledger does not answer.

        """
        is_recovered = False
        for _ in range(_TRIES):
            alerts = self.read(keys, besides=besides)
            now = self._parts.clock()
            claims = [alert.claim for alert in alerts.values() if alert.claim is not None]
            if any(now < each.lease_until for each in claims):
                message = "the router is posting about the same finding"
                raise AgainError(message, seconds=SOON_SECONDS)
            if claims and not is_recovered:
                # The worker that posted died before it could record where the message stands.
                self.show(alerts, self.now(alerts.values()))
                is_recovered = True
                continue
            left = [
                (alert, after)
                for alert in alerts.values()
                if alert.claim is None and (after := changed(alert)) != alert
            ]
            if not left:
                if claims:
                    message = "a message about the same finding is not recorded yet"
                    raise AgainError(message, seconds=SOON_SECONDS)
                return alerts
            if waits_for_marks and any(alert.may_be_marked(now) for alert, _ in left):
                message = "the router is setting the status of the same finding"
                raise AgainError(message, seconds=SOON_SECONDS)
            for some in batched((after for _, after in left), ALERTS_AT_ONCE, strict=False):
                self._parts.ledger.write_all(some)
        raise AgainError("others change the same finding all the time", seconds=SOON_SECONDS)

    def now(self, alerts: Iterable[Alert]) -> Now:
        """Return the findings of *alerts* as the hubs have them; raises WorkflowUpdateError."""
        names = names_of(alerts)
        findings: dict[Form, Mapping[FindingKey, Raw]] = {}
        missing: set[FindingKey] = set()
        for hub in self._parts.hubs:
            if keys := names[hub.form]:
                found = hub.read(keys, deadline=self._deadline)
                findings[hub.form] = found
                missing |= keys - found.keys()
        return Now(findings, frozenset(missing))

    def show(self, alerts: Alerts, now: Now) -> None:
        """
        Show *now* on the cards of *alerts*, by the router's own steps.

        Raises:
            AgainError: A card could not be changed yet.
            StoreError: The Ledger does not answer.

        """
        if now.is_gone:
            return
        by_subject: dict[str, set[str]] = {}
        for key in alerts:
            by_subject.setdefault(key.subject, set()).add(key.channel)
        # An earlier try may have died over a card, as one of an event may.
        age = 0.0 if self._since is None else max(self._parts.clock() - self._since, 0.0)
        records = [
            Record(body=each, tries=self._tries, age_seconds=age) for each in self._events(now)
        ]
        for subject, channels in by_subject.items():
            jobs = self._parts.pipeline.show(records, subject, channels, self._deadline)
            undone = [job for job in jobs if job.outcome in UNDONE]
            if undone:
                seconds = max(SOON_SECONDS, *(job.retry_seconds for job in undone))
                raise AgainError(undone[0].detail or "the card waits", seconds=seconds)

    def _events(self, now: Now) -> Iterable[str]:
        """Yield an event of the findings in each form, of this second."""
        at = self._parts.clock()
        for form, findings in now.findings.items():
            if findings:
                yield event_about(list(findings.values()), is_v2=form is Form.OCSF, at=at)


def shown_anew(alert: Alert) -> Alert:
    """Return *alert* so that its card is changed, though it is closed: it may name another end."""
    is_closed = alert.episode > 0 and not alert.is_shown and alert.ts is not None
    return alert.outdated() if is_closed and not alert.is_card_stale else alert
