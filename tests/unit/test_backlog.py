"""What waits for nobody, what goes to the backlog, and how the backlog goes on with it."""

from collections.abc import Sequence
from typing import Any

from digest_parents import headline_count
from fakes import unavailable
from finding_router.delivery.backlog import BEHIND_SECONDS, FLOOD_RECORDS, Source, returns
from finding_router.delivery.deliveries import Job, Record
from finding_router.delivery.outcome import Outcome
from finding_router.findings.finding import Severity
from hub_events import imported, raw_finding
from router import ALERTS, Router, outcomes

THRESHOLD = 5
CRITICAL = {"Severity": {"Label": "CRITICAL"}}


class Queues:
    """FindingsQueue and BacklogQueue around a router: what is not done moves as it would there."""

    def __init__(self, **changes: Any) -> None:
        """Start with empty queues and Security Hub."""
        self.router = Router(burst_threshold=THRESHOLD, **changes)
        self.backlog: list[Record] = []
        self.again: dict[Record, float] = {}
        self._number = 0

    def records(self, *findings: Any, age_seconds: float = 1.0, tries: int = 1) -> list[Record]:
        """Make a record of each of *findings*, which Security Hub gets to know."""
        self.router.hold(*findings)
        made = []
        for finding in findings:
            self._number += 1
            body = imported(finding, sent_at=self.router.clock.now)
            made.append(
                Record(
                    body=body,
                    id=f"record-{self._number}",
                    tries=tries,
                    age_seconds=age_seconds,
                )
            )
        return made

    def findings(self, records: Sequence[Record]) -> list[Job]:
        """Run a batch of FindingsQueue; what goes over is in *backlog* then."""
        jobs = self.router.run(*records, source=Source.FINDINGS)
        self.again, over, digests = returns(jobs, Source.FINDINGS)
        self.backlog += [
            Record(body=each.body, id=f"{each.id}-b", digests=frozenset(digests[each]))
            for each in over
        ]
        return jobs

    def drain(self) -> list[Job]:
        """Run the backlog as one batch."""
        records, self.backlog = self.backlog, []
        return self.router.run(*records, source=Source.BACKLOG)


def several(count: int, start: int = 0, **changes: Any) -> list[dict[str, Any]]:
    """Return so many findings."""
    return [raw_finding(f"finding-{start + each:03}", **changes) for each in range(count)]


def test_a_batch_of_findings_never_sleeps_for_a_slot() -> None:
    """One card has the slot of now; the others go over, and nothing is counted as failed."""
    queues = Queues()

    jobs = queues.findings(queues.records(*several(3)))

    assert [Outcome.POSTED, Outcome.WAITING, Outcome.WAITING] == sorted(outcomes(jobs))
    assert [] == queues.router.clock.slept
    assert 2 == len(queues.backlog)

    queues.drain()

    assert 3 == len(queues.router.slack.opened(ALERTS))


def test_an_urgent_finding_without_a_slot_stays_in_its_queue() -> None:
    """It comes again when the channel has one, and not behind the backlog."""
    queues = Queues()

    jobs = queues.findings(queues.records(*several(2, **CRITICAL)))

    assert [Outcome.POSTED, Outcome.WAITING] == sorted(outcomes(jobs))
    assert [] == queues.backlog
    [seconds] = queues.again.values()
    assert 1 <= seconds <= 2


def test_a_digest_is_made_by_the_backlog() -> None:
    """However the queue gives its findings apart: they are listed together."""
    queues = Queues()

    jobs = queues.findings(queues.records(*several(THRESHOLD + 1)))

    assert {Outcome.WAITING} == set(outcomes(jobs))
    assert [] == queues.router.slack.posted

    first, *rest = queues.backlog
    one = queues.router.run(first, source=Source.BACKLOG)
    others = queues.router.run(*rest, source=Source.BACKLOG)

    assert {Outcome.DIGESTED} == set(outcomes([*one, *others]))
    [parent] = queues.router.slack.opened(ALERTS)
    assert 6 == headline_count(parent.message.text)


def test_a_critical_finding_of_a_burst_has_its_card_at_once_and_is_listed_later() -> None:
    """Nobody waits for the digest to be told, nor Security Hub to be marked."""
    queues = Queues()
    critical = raw_finding("worst", **CRITICAL)

    jobs = queues.findings(queues.records(critical, *several(THRESHOLD)))

    assert Outcome.POSTED == jobs[0].outcome
    assert "NOTIFIED" == queues.router.status("worst")
    assert THRESHOLD + 1 == len(queues.backlog)

    queues.drain()

    card, parent = queues.router.slack.opened(ALERTS)
    assert "worst" in card.message.text
    assert 6 == headline_count(parent.message.text)


def test_a_critical_finding_whose_card_failed_does_not_wait_behind_its_burst() -> None:
    """It comes again from its own queue; the next run lists it besides."""
    queues = Queues()
    queues.router.faults.plan("post", unavailable())
    critical = raw_finding("worst", **CRITICAL)

    jobs = queues.findings(queues.records(critical, *several(THRESHOLD)))

    assert Outcome.FAILED == jobs[0].outcome
    assert ["record-1"] == [record.id for record in queues.again]
    assert THRESHOLD == len(queues.backlog)


def test_a_flood_goes_over_and_what_is_urgent_does_not_wait() -> None:
    """It is planned once, by the backlog."""
    queues = Queues()
    critical = raw_finding("worst", **CRITICAL)

    jobs = queues.findings(queues.records(*several(FLOOD_RECORDS), critical))

    assert [Outcome.WAITING] * FLOOD_RECORDS + [Outcome.POSTED] == outcomes(jobs)
    [card] = queues.router.slack.posted
    assert "worst" in card.message.text
    assert FLOOD_RECORDS == len(queues.backlog)
    assert {Outcome.DIGESTED} == set(outcomes(queues.drain()))


def test_high_is_urgent_where_the_operator_says_so() -> None:
    """The severity from which findings are urgent is a setting."""
    high = raw_finding("high", Severity={"Label": "HIGH"})
    medium = several(FLOOD_RECORDS, Severity={"Label": "MEDIUM"})

    for least, expected in (
        (Severity.HIGH, Outcome.POSTED),
        (Severity.CRITICAL, Outcome.WAITING),
    ):
        queues = Queues(urgent_severity=least)

        jobs = queues.findings(queues.records(*medium, high))

        assert expected == jobs[-1].outcome


def test_few_findings_go_over_only_if_the_queue_is_behind() -> None:
    """An old record that nobody tried shows that the workers do not keep up."""
    for age, tries, expected in (
        (BEHIND_SECONDS - 1, 1, Outcome.POSTED),
        (BEHIND_SECONDS + 1, 1, Outcome.WAITING),
        (BEHIND_SECONDS + 1, 2, Outcome.POSTED),
    ):
        queues = Queues()

        [job] = queues.findings(queues.records(*several(1), age_seconds=age, tries=tries))

        assert expected == job.outcome


def test_all_that_a_batch_has_about_an_urgent_finding_stays_together() -> None:
    """What is over within the batch is not said, though it was critical."""
    queues = Queues()
    begun = raw_finding("worst", **CRITICAL, UpdatedAt="2026-09-01T10:00:00Z")
    over = raw_finding(
        "worst", **CRITICAL, RecordState="ARCHIVED", UpdatedAt="2026-09-01T10:00:05Z"
    )

    jobs = queues.findings(queues.records(begun, *several(FLOOD_RECORDS), over))

    assert [] == queues.router.slack.posted
    assert Outcome.WAITING not in {jobs[0].outcome, jobs[-1].outcome}


def test_the_backlog_waits_for_slots_within_its_patience() -> None:
    """Cards beyond that come again when there is a slot, and other channels have their turn."""
    queues = Queues(
        track_lifecycle=True,
    )
    queues.router.items[0] |= {"deliver": "card"}
    records = queues.records(*several(40))

    jobs = queues.router.run(*records, source=Source.BACKLOG)

    posted = [job for job in jobs if job.outcome is Outcome.POSTED]
    assert 15 <= len(posted) <= 20
    assert sum(queues.router.clock.slept) <= 20
    again, over, _ = returns(jobs, Source.BACKLOG)
    assert {} == over
    # Each at a slot of its own.
    assert 40 - len(posted) == len({round(seconds) for seconds in again.values()})
