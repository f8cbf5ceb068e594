"""The journal of the local stack: every batch of the workers, and how each finding ended."""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from copy import replace
from typing import Any

from finding_router.aws.queue import FIRST_ID
from finding_router.delivery.outcome import UNDONE, Outcome
from finding_router.findings.ocsf import in_asff, is_ocsf
from finding_router_local.invocation import Batch, Invocation
from finding_router_local.outcomes import (
    FAILED,
    FILTERED,
    MISSING,
    NOT_TAKEN,
    FindingOutcome,
    describe,
    finding_lines,
    findings_of,
    outcome_of,
)
from finding_router_local.security_hub.schema import wrong_types
from finding_router_local.security_hub.v2.findings import mistake_of

type Listener = Callable[[list[FindingOutcome]], None]
type StatusOf = Callable[[str | None, str | None], str | None]


class Journal:
    """
    The log and batches of all workers, which write to it from their threads.

    *status_of* returns the Workflow status of a finding, given its ProductArn and Id; each of the
    *listeners* is called with the outcomes of each invocation.
    """

    def __init__(self, status_of: StatusOf) -> None:
        """Start empty."""
        self._status_of = status_of
        self._lock = threading.Lock()
        self.listeners: list[Listener] = []
        self.clear()

    def clear(self) -> None:
        """Forget everything but the listeners."""
        with self._lock:
            self._lines: dict[str, list[dict[str, Any]]] = {}
            self._errors: dict[str, str] = {}
            self._tries: Counter[str] = Counter()
            self._receives: Counter[str] = Counter()
            self.log: list[str] = []
            self.batches: list[Batch] = []

    def add(self, batch: Batch) -> None:
        """Record the log lines of each record in *batch*; the last try of a record counts."""
        by_record: defaultdict[object, list[dict[str, Any]]] = defaultdict(list)
        for line in finding_lines(batch.invocation.log):
            by_record[line.get("record_id")].append(line)
        with self._lock:
            self.log += batch.invocation.log
            self.batches.append(batch)
            for record in batch.event["Records"]:
                self._receives[record["messageId"]] += 1
                id_ = first_id(record)
                own = by_record[id_]
                self._tries[id_] += not (own and all(map(_is_waiting, own)))
                if own:
                    self._lines[id_] = _latest(self._lines.get(id_, []), own)
                    self._errors.pop(id_, None)
                elif batch.invocation.error is not None:
                    self._errors[id_] = batch.invocation.error
        if self.listeners:
            self._tell(batch.invocation)

    def add_wake(self, invocation: Invocation) -> list[FindingOutcome]:
        """
        Record an *invocation* by the schedule, and return its outcomes.

        Raises:
            OSError: the function failed.

        """
        with self._lock:
            self.log += invocation.log
        if invocation.error is not None:
            raise OSError(f"the function failed when it was woken: {invocation.error}")
        return self._tell(invocation)

    def add_log(self, invocation: Invocation) -> None:
        """Record the log lines of an *invocation* that is about no finding by itself."""
        with self._lock:
            self.log += invocation.log

    def receives(self, message_id: str) -> int:
        """Return how often work on this message has ended."""
        with self._lock:
            return self._receives[message_id]

    def tries(self, record_id: str) -> int:
        """Return how many invocations with this record have ended."""
        with self._lock:
            return self._tries[record_id]

    def outcomes(
        self, event: Mapping[str, Any], *, number: int, record_id: str | None
    ) -> list[FindingOutcome]:
        """Return the outcomes of *event*, the message *record_id*; None if the rule filtered it."""
        if record_id is None:
            detail = "the rule does not let it through"
            found = describe(event, number=number, outcome=FILTERED, detail=detail)
            return [self._with_status(each) for each in found]
        with self._lock:
            lines = self._lines.get(record_id, [])
            error = self._errors.get(record_id)
            tries = self._tries[record_id]
        if error is not None:
            found = describe(event, number=number, outcome=FAILED, detail=error)
        elif lines:
            found = [outcome_of(line, number) for line in lines]
        else:
            detail = "the function logged nothing about it"
            found = describe(event, number=number, outcome=MISSING, detail=detail)
        told = [self._with_status(replace(each, tries=tries)) for each in found]
        return [_with_mistake(each, event) for each in told]

    def _tell(self, invocation: Invocation) -> list[FindingOutcome]:
        """Call the listeners with the outcomes of one invocation, and return these."""
        found = [outcome_of(line, 0) for line in finding_lines(invocation.log)]
        outcomes = [self._with_status(each) for each in found]
        for listener in self.listeners:
            listener(outcomes)
        return outcomes

    def _with_status(self, outcome: FindingOutcome) -> FindingOutcome:
        status = self._status_of(outcome.product_arn, outcome.finding_id)
        return replace(outcome, workflow_status=status)


def _with_mistake(outcome: FindingOutcome, event: Mapping[str, Any]) -> FindingOutcome:
    """Return the *outcome* of a finding of *event* with why the local Security Hub lacks it."""
    if outcome.workflow_status is not None or outcome.finding_id is None:
        return outcome
    for raw in findings_of(event):
        if isinstance(raw, dict) and in_asff(raw).get("Id") == outcome.finding_id:
            mistake = mistake_of(raw) if is_ocsf(raw) else next(wrong_types(raw), None)
            if mistake is not None:
                reason = f"{NOT_TAKEN}: {mistake}"
                return replace(outcome, detail="; ".join(filter(None, (outcome.detail, reason))))
    return outcome


def first_id(record: Mapping[str, Any]) -> str:
    """Return the id that a *record* of a batch had in FindingsQueue."""
    moved = record.get("messageAttributes", {}).get(FIRST_ID, {}).get("stringValue")
    return str(moved or record["messageId"])


def _is_waiting(line: Mapping[str, Any]) -> bool:
    return line.get("outcome") == Outcome.WAITING


def _latest(
    before: Sequence[dict[str, Any]], now: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """
    Return the lines of *now*, or that of *before* for a finding that is a duplicate since.

    The backlog takes whole records, also if one of several findings was posted at once.
    """
    done = {line.get("finding_id"): line for line in before if line.get("outcome") not in UNDONE}
    return [
        done.get(line.get("finding_id"), line) if line.get("outcome") == Outcome.DUPLICATE else line
        for line in now
    ]
