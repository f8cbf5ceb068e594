"""What waits for nobody, what goes to the backlog, and how the backlog goes on with it."""

from collections.abc import Sequence
from copy import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from digest_parents import headline_count
from examples import examples
from fakes import START, unavailable
from finding_router.delivery.backlog import BEHIND_SECONDS, FLOOD_RECORDS, Source, returns
from finding_router.delivery.deliveries import Job, Record
from finding_router.delivery.outcome import Outcome
from finding_router.findings.finding import Severity
from hub_events import imported, raw_finding
from router import ALERTS, Router, outcomes

THRESHOLD = 5
LIMIT = 5
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
        again, over, digests = returns(jobs, Source.FINDINGS)
        self.again |= again
        self.backlog += [
            Record(body=each.body, id=f"{each.id}-b", digests=frozenset(digests[each]))
            for each in over
        ]
        return jobs

    def drain(self) -> list[Job]:
        """Run the backlog as one batch."""
        records, self.backlog = self.backlog, []
        jobs = self.router.run(*records, source=Source.BACKLOG)
        again, _, _ = returns(jobs, Source.BACKLOG)
        self.backlog += [replace(each, tries=each.tries + 1) for each in again]
        return jobs

    def come_again(self) -> list[Job]:
        """Run what comes again from FindingsQueue next, when it does."""
        seconds = min(self.again.values())
        self.router.clock.now += seconds
        due = [each for each, wait in self.again.items() if wait <= seconds + 0.2]
        self.again = {each: wait - seconds for each, wait in self.again.items() if each not in due}
        return self.findings([replace(each, tries=each.tries + 1) for each in due])


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


def test_a_critical_finding_of_a_burst_without_a_slot_does_not_wait_behind_it() -> None:
    """Its card comes again from its own queue; the backlog has the rest."""
    queues = Queues()

    queues.findings(queues.records(*several(3, **CRITICAL), *several(THRESHOLD, 10)))

    assert ["record-2", "record-3"] == [record.id for record in queues.again]
    # The first one's card is posted, and is to be listed besides.
    assert "record-1-b" in {each.id for each in queues.backlog}
    assert 1 + THRESHOLD == len(queues.backlog)


def test_critical_findings_without_a_card_are_listed_before_the_backlog() -> None:
    """Cards first, then a digest of the others at once; the backlog joins it later."""
    queues = Queues()
    critical = several(LIMIT + 15, **CRITICAL)

    queues.findings(queues.records(*critical, *several(FLOOD_RECORDS - 1, 50)))
    while queues.again:
        queues.come_again()

    router = queues.router
    *cards, parent = sorted(
        router.slack.opened(ALERTS), key=lambda said: len(router.slack.thread(said))
    )
    assert LIMIT == len(cards)
    assert 15 == headline_count(parent.text)
    assert 15 == sum(len(said.delivery_ids) for said in router.slack.thread(parent))
    assert {"NOTIFIED"} == {router.status(each["Id"]) for each in critical}
    assert [] == router.clock.slept
    assert max(said.at for said in router.slack.posted) - START <= 20

    queues.drain()

    assert LIMIT + 1 == len(router.slack.opened(ALERTS))
    total = LIMIT + 15 + FLOOD_RECORDS - 1
    assert total == headline_count(parent.text)
    listed = [each for said in router.slack.thread(parent) for each in said.delivery_ids]
    assert total == len(listed) == len(set(listed))


@examples(30)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=4),
    st.sampled_from([0, 1, 5]),
    st.sampled_from(["early", "late"]),
)
def test_every_critical_finding_is_a_card_or_listed_once(
    batches: list[tuple[int, int]], most: int, backlog: str
) -> None:
    """However its burst is given apart between the two queues, and whoever is first."""
    queues = Queues(burst_critical_cards=most)
    router, first = queues.router, 0
    for critical, others in batches:
        some = several(critical, first, **CRITICAL) + several(others, first + critical)
        first += critical + others
        queues.findings(queues.records(*some))
        if backlog == "early":
            queues.drain()
        router.clock.now += 5
    for _ in range(60):
        if queues.again:
            queues.come_again()
        elif queues.backlog:
            queues.drain()
    assert ([], {}) == (queues.backlog, queues.again)

    is_card = {
        alert.key.subject: alert.digest is None for alert in router.alerts if alert.episode == 1
    }
    assert first == len(is_card)
    lines = [
        line.subject for digest in router.digests.kept for line in router.digests.lines(digest)
    ]
    assert len(lines) == len(set(lines))
    assert {subject for subject, has_card in is_card.items() if not has_card} <= set(lines)
    cards = [said for said in router.slack.opened(ALERTS) if headline_count(said.text) is None]
    assert len(cards) == sum(is_card.values())
    names = [each for said in router.slack.posted for each in said.delivery_ids]
    assert len(names) == len(set(names))


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
