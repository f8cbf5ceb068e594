"""Marking: NOTIFIED only for posted findings, only from NEW, never over a person's decision."""

from copy import replace
from typing import Any

import pytest

from alerts import make_alert, make_claim, member
from fake_ledger import FakeLedger
from fakes import Clock, FakeWorkflow, Faults, security_hub_down, store_down
from finding_router.delivery.alerts.advance import Step, Verdict, Why
from finding_router.delivery.alerts.alert import Status
from finding_router.delivery.alerts.care import Asked, AskedStatus, Care, Person
from finding_router.delivery.alerts.identity import AlertKey, finding_hash
from finding_router.delivery.deliveries import Delivery, Job, Record
from finding_router.delivery.hubs import Hubs
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.marking import Marker, Over
from finding_router.delivery.outcome import Outcome, Progress
from finding_router.delivery.posting.layout import Card
from finding_router.delivery.workflow import NOT_FOUND_TRIES
from finding_router.findings.asff import read_finding
from finding_router.findings.events import EventKind
from finding_router.findings.ocsf.marks import V2Status
from finding_router.routing.table import Destination
from finding_router.slack.messages.card import CardContext
from hub_events import PRODUCT_ARN, raw_finding

INVOCATION_SECONDS = 90.0


class World:
    """Security Hub, a Ledger, and jobs that were done."""

    def __init__(self) -> None:
        """Start with nothing posted."""
        self.clock = Clock()
        self.faults = Faults(self.clock)
        self.ledger = FakeLedger(self.faults)
        self.workflow = FakeWorkflow(self.faults)
        self.workflow_v2 = FakeWorkflow(self.faults)
        self.hubs = Hubs(self.workflow, self.workflow_v2, v2_status=V2Status.IN_PROGRESS)
        self.over: list[Over] = []

    def said(
        self,
        finding_id: str = "finding-1",
        *channels: str,
        progress: Progress = Progress.POSTED,
        tries: int = 1,
        age: float = 0.0,
        notified_at: float | None = None,
        is_over: bool = False,
        **changes: Any,
    ) -> Job:
        """Make a job whose message stands in *channels* (#alerts), sent *age* seconds ago."""
        finding = read_finding(raw_finding(finding_id, **changes))
        job = Job(record=Record(body=None, tries=tries), finding=finding)
        job.sent_at = self.clock.now - age
        job.end(Outcome.DUPLICATE if progress is Progress.DUPLICATE else Outcome.POSTED)
        for channel in channels or ("#alerts",):
            key = AlertKey(finding_id, channel)
            status = Status.ENDED if is_over else Status.NEW
            held = member(notified_at, status=status)
            alert = make_alert(key=key, members={finding_hash(*finding.key): held})
            self.ledger.note_channel(key)
            self.ledger.alerts[key] = alert
            job.deliveries.append(
                Delivery(
                    key=key,
                    destination=Destination(channel=channel),
                    jobs=[job],
                    job=job,
                    card=Card(raw=None, finding=finding, problem="", context=CardContext()),
                    events=[job.facts],
                    alert=alert,
                    step=Step(Verdict.DUPLICATE, Why.SAME_EVENT, alert),
                    progress=progress,
                )
            )
        self.workflow.status.setdefault(finding.key, "NEW")
        self.faults.calls.clear()
        return job

    def change(self, channel: str, **changes: Any) -> None:
        """Change the entry of the Ledger about the first finding in *channel*."""
        key = AlertKey("finding-1", channel)
        self.ledger.alerts[key] = replace(self.ledger.alerts[key], **changes)

    def mark(
        self,
        *jobs: Job,
        seconds: float = 90.0,
        elsewhere: bool = False,
        has_actions: bool = False,
    ) -> None:
        """Mark the posted findings of *jobs*, when *seconds* of the invocation are left."""
        marker = Marker(hubs=self.hubs, ledger=self.ledger, has_actions=has_actions)
        deadline = Deadline(INVOCATION_SECONDS, clock=self.clock)
        self.clock.now += INVOCATION_SECONDS - seconds
        self.over += marker.run(jobs, deadline, now=self.clock.now, elsewhere=elsewhere)

    def status(self, finding_id: str = "finding-1") -> str:
        """Return the status in Security Hub."""
        return self.workflow.status[PRODUCT_ARN, finding_id]

    def notified_at(self, finding_id: str = "finding-1", channel: str = "#alerts") -> float | None:
        """Return the time in the Ledger."""
        [held] = self.ledger.alerts[AlertKey(finding_id, channel)].members.values()
        return held.notified_at


@pytest.fixture
def world() -> World:
    """Make a world in which nothing was posted."""
    return World()


def test_what_was_said_is_notified_and_remembered_as_such(world: World) -> None:
    """Security Hub and the Ledger agree, in every channel."""
    job = world.said("finding-1", "#a", "#b")

    world.mark(job)

    assert "NOTIFIED" == world.status()
    assert world.clock.now == world.notified_at(channel="#a") == world.notified_at(channel="#b")
    assert Outcome.POSTED == job.outcome


def test_what_other_calls_have_said_is_remembered_as_such(world: World) -> None:
    """Its return would be posted only where it was posted last."""
    job = world.said("finding-1", "#at-once", "#daily")
    job.deliveries = job.deliveries[1:]

    world.mark(job, elsewhere=True)

    assert world.clock.now == world.notified_at(channel="#daily")
    assert world.clock.now == world.notified_at(channel="#at-once")
    assert (1, 1) == (world.faults.count("channels"), world.faults.count("read"))


def test_a_run_that_just_said_it_marks_under_the_lease_of_its_post(world: World) -> None:
    """It costs no write of its own."""
    job = world.said("finding-1")
    job.deliveries[0].alert = replace(job.deliveries[0].alert, marks_until=world.clock.now + 90)

    world.mark(job, has_actions=True)

    assert "NOTIFIED" == world.status()
    assert 0 == world.faults.count("write")


def test_a_later_run_takes_a_lease_before_it_marks(world: World) -> None:
    """A person who presses a button meanwhile finds it, and waits."""
    job = world.said("finding-1")

    world.mark(job, has_actions=True)

    assert "NOTIFIED" == world.status()
    assert ["write", "statuses", "mark", "record_notified"] == [
        name for name, _ in world.faults.calls
    ]


def test_of_a_run_and_a_person_the_ledger_lets_one_be_first(world: World) -> None:
    """The run marks nothing: it comes again, and finds what the person asked for."""
    job = world.said("finding-1")
    asked = Asked(AskedStatus.RESOLVED, Person("U1", "jane", 5.0), "fixed")
    [delivery] = job.deliveries
    world.ledger.alerts[delivery.key] = delivery.alert.cared_for(Care(asked=asked), at=5.0)

    world.mark(job, has_actions=True)

    assert "NEW" == world.status()
    assert Outcome.FAILED == job.outcome

    again = world.said("finding-1")
    again.deliveries[0].alert = replace(again.deliveries[0].alert, care=Care(asked=asked))
    world.mark(again, has_actions=True)

    assert "NEW" == world.status()
    assert Outcome.POSTED == again.outcome


def test_a_batch_that_knows_its_channels_asks_for_no_others(world: World) -> None:
    """It costs only its own writes."""
    world.mark(world.said("finding-1", "#a", "#b"))

    assert ["statuses", "mark", "record_notified"] == [name for name, _ in world.faults.calls]


@pytest.mark.parametrize(
    "changes",
    [
        {"claim": make_claim()},
        {"members": {}},
        {"members": {"other": member()}},
    ],
)
def test_what_another_worker_is_saying_is_left_to_it(world: World, changes: Any) -> None:
    """A write there would take away its claim; it marks and remembers that itself."""
    job = world.said("finding-1", "#at-once", "#daily")
    job.deliveries = job.deliveries[1:]
    world.change("#at-once", **changes)
    before = world.ledger.alerts[AlertKey("finding-1", "#at-once")]

    world.mark(job, elsewhere=True)

    assert before == world.ledger.alerts[AlertKey("finding-1", "#at-once")]
    assert Outcome.POSTED == job.outcome


@pytest.mark.parametrize("operation", ["channels", "read"])
def test_where_else_it_was_said_cannot_be_told_it_comes_back(world: World, operation: str) -> None:
    """An unrecorded mark is retried."""
    job = world.said("finding-1", "#at-once", "#daily")
    job.deliveries = job.deliveries[1:]
    world.faults.plan(operation, store_down)

    world.mark(job, elsewhere=True)

    assert ("NOTIFIED", Outcome.FAILED) == (world.status(), job.outcome)


def test_a_batch_is_marked_together(world: World) -> None:
    """One call of the port, with any number of calls behind it."""
    world.mark(world.said("one"), world.said("two"))

    assert 1 == world.faults.count("mark")


def test_nothing_to_mark_asks_nothing(world: World) -> None:
    """A batch of duplicates costs no call."""
    job = world.said(progress=Progress.DUPLICATE, notified_at=world.clock.now)

    world.mark(job)

    assert [] == world.faults.calls


@pytest.mark.parametrize("missing", [Progress.FAILED, Progress.PENDING])
def test_a_finding_is_not_notified_before_each_channel_has_its_message(
    world: World, missing: Progress
) -> None:
    """One of two is not enough."""
    job = world.said("finding-1", "#a", "#b")
    job.deliveries[1].progress = missing

    world.mark(job)

    assert "NEW" == world.status()


def test_what_failed_is_not_notified(world: World) -> None:
    """It comes again."""
    job = world.said()
    job.fail("why")

    world.mark(job)

    assert "NEW" == world.status()


def test_what_was_said_before_and_not_marked_is_marked_now(world: World) -> None:
    """A redelivery completes the first try."""
    job = world.said(progress=Progress.DUPLICATE, tries=2)

    world.mark(job)

    assert "NOTIFIED" == world.status()
    assert Outcome.DUPLICATE == job.outcome


@pytest.mark.parametrize("status", ["RESOLVED", "SUPPRESSED", "NOTIFIED"])
def test_a_request_of_a_person_leaves_the_status_alone(world: World, status: str) -> None:
    """A custom action posts any finding, and moves only NEW ones."""
    job = world.said(Workflow={"Status": status})
    job.kind = EventKind.CUSTOM_ACTION
    world.workflow.status[PRODUCT_ARN, "finding-1"] = status

    world.mark(job)

    assert status == world.status()


def test_an_unreadable_finding_cannot_be_marked(world: World) -> None:
    """It has no identity."""
    job = world.said()
    job.finding = None

    world.mark(job)

    assert [] == world.workflow.marked


@pytest.mark.parametrize("how", [{}, {"tries": 2}, {"age": 3600}])
@pytest.mark.parametrize("status", ["SUPPRESSED", "RESOLVED", "NOTIFIED", "ASSIGNED"])
def test_what_was_set_since_the_event_is_never_overwritten(
    world: World, how: dict[str, Any], status: str
) -> None:
    """Security Hub has no conditional write, so that it is asked first: rules act in seconds."""
    job = world.said(**how)
    world.workflow.status[PRODUCT_ARN, "finding-1"] = status

    world.mark(job)

    assert [] == world.workflow.marked
    assert status == world.status()
    assert Outcome.POSTED == job.outcome


def test_a_batch_is_asked_about_together(world: World) -> None:
    """GetFindings allows only three calls a second."""
    world.mark(world.said("one"), world.said("two"))

    assert 1 == world.faults.count("statuses")
    assert "NOTIFIED" == world.status("one") == world.status("two")


def test_what_the_ledger_knows_to_be_over_is_not_marked(world: World) -> None:
    """Its end came in a batch before, and this event is older."""
    job = world.said(progress=Progress.DUPLICATE, is_over=True)

    world.mark(job)

    assert [] == world.faults.calls
    assert Outcome.DUPLICATE == job.outcome


@pytest.mark.parametrize("status", ["SUPPRESSED", "RESOLVED"])
def test_what_turns_out_to_be_over_is_closed(world: World, status: str) -> None:
    """Its end came before it was posted: no other event will report it."""
    job = world.said()
    world.workflow.status[PRODUCT_ARN, "finding-1"] = status

    world.mark(job)

    [(closed, finding)] = world.over
    assert (job, status) == (closed, finding.workflow_status)
    assert world.notified_at() is None


def test_what_turns_out_to_be_archived_is_closed(world: World) -> None:
    """Its status says nothing of it."""
    job = world.said()
    world.workflow.archived.add((PRODUCT_ARN, "finding-1"))

    world.mark(job)

    assert "NEW" == world.status()
    assert ["ARCHIVED"] == [finding.record_state for _, finding in world.over]


def test_what_is_not_new_any_more_is_remembered_or_its_reopening_would_be_lost(
    world: World,
) -> None:
    """The worker before may have died between marking and remembering it."""
    job = world.said(progress=Progress.DUPLICATE, tries=2)
    world.workflow.status[PRODUCT_ARN, "finding-1"] = "NOTIFIED"

    world.mark(job)

    assert world.clock.now == world.notified_at()


def test_a_status_that_cannot_be_read_brings_the_records_back(world: World) -> None:
    """Nothing is marked unasked."""
    job = world.said(tries=2)
    world.faults.plan("statuses", security_hub_down)

    world.mark(job)

    assert (Outcome.FAILED, 30) == (job.outcome, job.retry_seconds)
    assert "NEW" == world.status()


@pytest.mark.parametrize(
    "code",
    [
        "ConcurrentUpdateError",
        "InternalFailure",
        "DuplicatedFindingIdentifier",
        "FindingNotFound",
        "LimitExceededException",
        "AccessDeniedException",
        "SomethingNew",
    ],
)
def test_a_refusal_that_may_pass_brings_the_record_back(world: World, code: str) -> None:
    """The other findings of the call are notified."""
    refused, other = world.said("refused"), world.said("other")
    world.workflow.refusals[PRODUCT_ARN, "refused"] = [code]

    world.mark(refused, other)

    assert Outcome.FAILED == refused.outcome
    assert code in refused.detail
    assert refused.retry_seconds > 0
    assert world.notified_at("refused") is None
    assert "NOTIFIED" == world.status("other")
    assert Outcome.POSTED == other.outcome


@pytest.mark.parametrize("code", ["FindingSizeExceeded", "InvalidInput"])
def test_a_refusal_for_good_is_the_end_of_it(world: World, code: str) -> None:
    """The message stands; trying again would not change Security Hub's mind."""
    job = world.said()
    world.workflow.refusals[PRODUCT_ARN, "finding-1"] = [code]

    world.mark(job)

    assert Outcome.POSTED == job.outcome
    assert code in job.detail
    assert world.notified_at() is None


def test_a_finding_not_found_three_times_was_deleted(world: World) -> None:
    """At first it may only be that Security Hub lags behind itself."""
    job = world.said(tries=NOT_FOUND_TRIES)
    del world.workflow.status[PRODUCT_ARN, "finding-1"]

    world.mark(job)

    assert Outcome.POSTED == job.outcome
    assert "FindingNotFound" in job.detail


def test_a_finding_that_is_there_and_not_found_comes_back_whatever_its_tries(world: World) -> None:
    """A held finding counts as tried before, and Security Hub may still lag behind itself."""
    job = world.said(tries=NOT_FOUND_TRIES)
    world.workflow.refusals[PRODUCT_ARN, "finding-1"] = ["FindingNotFound"]

    world.mark(job)

    assert Outcome.FAILED == job.outcome


def test_a_mark_that_is_not_remembered_comes_back_for_it(world: World) -> None:
    """Otherwise the next episode looks like an echo; the other jobs do not try in vain."""
    first, second = world.said("one"), world.said("two")
    world.faults.plan("record_notified", store_down)

    world.mark(first, second)

    assert [Outcome.FAILED, Outcome.FAILED] == [first.outcome, second.outcome]
    assert 1 == world.faults.count("record_notified")


def test_out_of_time_nothing_is_asked_and_everything_comes_back(world: World) -> None:
    """A call that might not end in time does not start."""
    jobs = [world.said("fresh"), world.said("old", tries=2)]

    world.mark(*jobs, seconds=10)

    assert [] == world.faults.calls
    assert [Outcome.FAILED, Outcome.FAILED] == [job.outcome for job in jobs]


def test_out_of_time_after_marking_comes_back_to_remember_it(world: World) -> None:
    """The slowest call to Security Hub may leave no time for the Ledger."""
    job = world.said()
    world.faults.plan("mark", seconds=30)

    world.mark(job, seconds=40)

    assert "NOTIFIED" == world.status()
    assert (Outcome.FAILED, "out of time") == (job.outcome, job.detail)


def test_a_finding_of_which_one_event_failed_is_not_notified_by_another(world: World) -> None:
    """Its two versions may have gone to different channels; both come back together."""
    posted, failed = world.said("finding-1", "#a"), world.said("finding-1", "#b")
    failed.fail("why", retry_seconds=60)

    world.mark(posted, failed)

    assert "NEW" == world.status()
    assert Outcome.FAILED == posted.outcome
    assert posted.retry_seconds == 60


def test_two_events_of_a_finding_are_marked_by_one_identifier(world: World) -> None:
    """Security Hub refuses a call that names a finding twice."""
    first, second = world.said(), world.said(progress=Progress.DUPLICATE)

    world.mark(first, second)

    assert [((PRODUCT_ARN, "finding-1"), "NOTIFIED")] == world.workflow.marked


def test_what_a_route_suppresses_becomes_suppressed(world: World) -> None:
    """It was not posted, so that there is nothing to record."""
    job = suppressed(world)

    world.mark(job)

    assert "SUPPRESSED" == world.status()
    assert Outcome.SUPPRESSED == job.outcome
    assert 0 == world.faults.count("record_notified")


def test_a_suppression_that_fails_comes_back(world: World) -> None:
    """Without a message and left NEW, it would be lost."""
    job = suppressed(world)
    world.workflow.refusals[PRODUCT_ARN, "finding-1"] = ["InternalFailure"]

    world.mark(job)

    assert Outcome.FAILED == job.outcome


def test_a_suppressed_finding_that_a_person_has_moved_is_left_alone(world: World) -> None:
    """The same care as for NOTIFIED."""
    job = suppressed(world, tries=2)
    world.workflow.status[PRODUCT_ARN, "finding-1"] = "RESOLVED"

    world.mark(job)

    assert "RESOLVED" == world.status()


def suppressed(world: World, **how: Any) -> Job:
    """Make the job of a finding that a route suppresses."""
    job = world.said(**how)
    job.deliveries = []
    job.suppress = True
    job.end(Outcome.SUPPRESSED)
    return job


def test_an_alert_that_expired_meanwhile_is_no_failure(world: World) -> None:
    """There is nothing left to remember it in."""
    job = world.said()
    world.ledger.alerts.clear()

    world.mark(job)

    assert Outcome.POSTED == job.outcome


def test_a_finding_marked_in_one_channel_and_not_in_another_is_marked_again(world: World) -> None:
    """The channel that a new route added has its own entry."""
    job = world.said("finding-1", "#a", "#b")
    first = job.deliveries[0]
    assert job.finding is not None
    members = {finding_hash(*job.finding.key): member(notified_at=1.0)}
    first.alert = replace(first.alert, members=members)

    world.mark(job)

    assert world.notified_at(channel="#b") is not None


def test_what_also_waits_for_a_digest_is_marked_with_that(world: World) -> None:
    """Not every channel has its card."""
    job = world.said()
    job.is_held = True

    world.mark(job)

    assert "NEW" == world.status()


@pytest.mark.parametrize("progress", [Progress.DIGESTED, Progress.UPDATED])
def test_what_was_listed_or_joined_a_card_is_said(world: World, progress: Progress) -> None:
    """Another standard's finding has no message of its own, and is on the card."""
    job = world.said(progress=progress)
    job.end(Outcome.DIGESTED if progress is Progress.DIGESTED else Outcome.UPDATED)

    world.mark(job)

    assert "NOTIFIED" == world.status()


def test_each_finding_of_a_card_is_remembered_for_itself(world: World) -> None:
    """Security Hub has NOTIFIED of this one only."""
    job = world.said()
    key = AlertKey("finding-1", "#alerts")
    alert = world.ledger.alerts[key]
    world.ledger.alerts[key] = replace(alert, members={**alert.members, "other": member()})

    world.mark(job)

    assert world.ledger.alerts[key].members["other"].notified_at is None


def test_a_finding_that_nobody_foresaw_fails_alone(world: World, monkeypatch: Any) -> None:
    """Its neighbours are marked: the batch is halved until it is alone."""
    jobs = [world.said(f"finding-{number}") for number in range(7)]
    odd = (PRODUCT_ARN, "finding-3")
    original = world.workflow.statuses

    def statuses(keys: Any, *, deadline: Deadline) -> Any:
        if odd in keys:
            raise KeyError("Workflow")
        return original(keys, deadline=deadline)

    monkeypatch.setattr(world.workflow, "statuses", statuses)

    world.mark(*jobs)

    assert [Outcome.FAILED] == [job.outcome for job in jobs if job.outcome is not Outcome.POSTED]
    assert (Outcome.FAILED, "KeyError while marking it") == (jobs[3].outcome, jobs[3].detail)
    assert {"NOTIFIED"} == {world.status(f"finding-{each}") for each in (0, 1, 2, 4, 5, 6)}
