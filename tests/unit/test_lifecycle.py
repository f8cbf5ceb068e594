"""Life cycle: changes of a finding show on its card, and notify people only if needed."""

from itertools import batched
from math import ceil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamo_router import DynamoRouter
from fakes import (
    Killed,
    channel_refused,
    gone,
    killed,
    message_refused,
    rate_limited,
    store_down,
    unavailable,
)
from finding_router.delivery.alerts.advance import Why
from finding_router.delivery.limits.rate import UPDATE_SECONDS
from finding_router.delivery.outcome import UNDONE, Outcome
from hub_events import FSBP, PCI, control, imported, raw_finding, record
from router import ALERTS, EVERYTHING, Router, outcomes

LATER = "2026-09-02T10:00:00Z"
CARDS = {**EVERYTHING, "deliver": "card"}
# Of the queue.
BATCH = 50
WINDOW_SECONDS = 5


def ended(finding_id: str = "finding-1", **changes: Any) -> dict[str, Any]:
    """Make a finding that its product has archived."""
    return raw_finding(finding_id, **{"RecordState": "ARCHIVED", "UpdatedAt": LATER} | changes)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"RecordState": "ARCHIVED", "UpdatedAt": LATER}, "Archived after 20 days"),
        ({"Compliance": {"Status": "PASSED"}, "UpdatedAt": LATER}, "Resolved after 20 days"),
        ({"Workflow": {"Status": "RESOLVED"}}, "Resolved after 20 days"),
        ({"Workflow": {"Status": "SUPPRESSED"}}, "Suppressed after 20 days"),
    ],
)
def test_the_card_of_what_ended_says_so(changes: dict[str, Any], word: str) -> None:
    """In place, without a message more."""
    router = Router()
    router.send(raw_finding())
    router.clock.now += 7200

    [job] = router.send(raw_finding(**changes))

    assert Outcome.UPDATED == job.outcome
    assert word in router.card.text
    assert 1 == len(router.slack.posted)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"RecordState": "ARCHIVED"}, "Archived"),
        ({"Workflow": {"Status": "SUPPRESSED"}}, "Suppressed"),
    ],
)
def test_a_late_try_of_an_older_event_changes_no_word_of_an_end(
    changes: dict[str, Any], word: str
) -> None:
    """It draws the card again, in case that the try before it was overtaken."""
    router = Router()
    opening = imported(raw_finding(), sent_at=router.clock.now)
    router.run(record(opening))
    router.clock.now += 600
    router.send(raw_finding(UpdatedAt=LATER, **changes))
    router.clock.now += 60

    router.run(record(opening, tries=2, age_seconds=660))

    [card] = router.slack.posted
    assert 2 == sum(each == "update" for each, _ in router.faults.calls)
    assert word in card.all


@pytest.mark.parametrize("status", ["RESOLVED", "SUPPRESSED"])
def test_what_a_person_has_set_is_never_overwritten(status: str) -> None:
    """It is read, and left as it is."""
    router = Router()
    router.send(raw_finding())
    router.hold(raw_finding(), status=status)

    router.send(raw_finding(Workflow={"Status": status}))

    assert status == router.status()


def test_events_of_what_nobody_was_told_of_cost_one_read_together() -> None:
    """And nothing else: no routes, no entries, no Slack."""
    router = Router()

    jobs = router.send(
        *(ended(f"finding-{number}") for number in range(20)),
        *(raw_finding(f"n-{number}", Workflow={"Status": "NOTIFIED"}) for number in range(20)),
    )

    assert {Outcome.ARCHIVED, Outcome.NOT_NEW} == set(outcomes(jobs))
    assert [("channels", "")] == router.faults.calls


def test_without_tracking_nothing_is_followed() -> None:
    """The stack's parameter."""
    router = Router(track_lifecycle=False)
    router.send(raw_finding())
    calls = len(router.faults.calls)

    [job] = router.send(ended())

    assert Outcome.ARCHIVED == job.outcome
    assert calls == len(router.faults.calls)


@pytest.mark.parametrize("code", ["message_not_found", "cant_update_message", "is_inactive"])
def test_a_card_that_cannot_be_changed_is_answered(code: str) -> None:
    """In its thread, and not broadcast: it is good news."""
    router = Router()
    router.send(raw_finding())
    router.faults.plan("update", gone(code))

    [job] = router.send(ended())

    assert Outcome.UPDATED == job.outcome
    [reply] = router.replies
    assert "Archived" in reply.text
    assert not reply.is_broadcast


def test_the_answer_is_looked_for_by_the_next_try() -> None:
    """A worker that died over it has maybe posted it."""
    router = Router()
    router.send(raw_finding())
    router.faults.plan("update", gone(), times=None)
    router.faults.plan("post", killed, carried_out=True)
    with pytest.raises(Killed):
        router.send(ended())
    router.restart()
    router.clock.now += 600

    [job] = router.send(ended(), tries=2)

    assert Outcome.UPDATED == job.outcome
    assert 1 == len(router.replies)


def test_the_end_of_a_deleted_card_in_a_closed_channel_is_no_news() -> None:
    """It could not be seen."""
    router = Router()
    router.send(raw_finding())
    router.faults.plan("update", gone(), times=None)
    router.faults.plan("post", gone("cannot_reply_to_message"))

    [job] = router.send(ended())

    assert Outcome.UPDATED == job.outcome
    assert 1 == len(router.slack.posted)
    assert not router.alerts[0].is_there


def test_a_card_in_a_channel_that_is_gone_is_left_alone() -> None:
    """It ended all the same."""
    router = Router()
    router.send(raw_finding())
    router.faults.plan("update", channel_refused())

    [job] = router.send(ended())

    assert Outcome.UPDATED == job.outcome
    assert not router.alerts[0].is_there


def test_a_card_that_slack_refuses_is_changed_plainly() -> None:
    """Better plain than wrong."""
    router = Router()
    router.send(raw_finding())
    router.faults.plan("update", message_refused())

    router.send(ended())

    assert not router.card.message.blocks
    assert "Archived" in router.card.text


def test_a_burst_of_ends_goes_at_slacks_pace() -> None:
    """No minute has more than 50 changes, no worker waits for one, few records come back often."""
    router = Router(CARDS)
    names = [f"finding-{number}" for number in range(200)]
    for name in names:
        router.send(raw_finding(name))
    router.clock.now += 3600
    router.clock.slept.clear()
    queue = [(router.clock.now, 1, name) for name in names]

    tries = []
    while queue:
        queue.sort()
        router.clock.now = max(router.clock.now, queue[0][0] + WINDOW_SECONDS)
        batch = [each for each in queue if each[0] <= router.clock.now][:BATCH]
        queue = queue[len(batch) :]
        for _, count, name in batch:
            [job] = router.send(ended(name), tries=count)
            tries.append(count)
            if job.outcome in UNDONE:
                queue.append((router.clock.now + ceil(job.retry_seconds), count + 1, name))

    changed = sorted(at for said in router.slack.posted for at in said.changed_at)
    assert 200 == len(changed)
    assert all(late - early > 60 for early, late in zip(changed, changed[50:], strict=False))
    assert [] == router.clock.slept
    assert changed[-1] - changed[0] < 200 * UPDATE_SECONDS + 60
    assert max(tries) <= 5


def test_ends_never_delay_new_alerts() -> None:
    """New alerts are posted first, with any other work in the batch."""
    router = Router(CARDS)
    router.send(raw_finding("old"))
    router.clock.now += 60

    router.send(ended("old"), raw_finding("low", Severity={"Label": "LOW"}))

    operations = [call for call, _ in router.faults.calls]
    assert operations.index("update") > len(operations) - operations[::-1].index("post") - 1


def test_a_refused_change_slows_the_changes_of_all_workers() -> None:
    """And no message."""
    router = Router(CARDS)
    router.send(raw_finding("old"))
    router.faults.plan("update", rate_limited(60))

    end, new = router.send(ended("old"), raw_finding("new"))
    [again] = router.send(ended("old"), tries=2)

    assert (Outcome.FAILED, 60) == (end.outcome, end.retry_seconds)
    assert Outcome.POSTED == new.outcome
    assert Outcome.WAITING == again.outcome
    assert 1 == router.faults.count("update")


def test_what_is_back_is_said_in_the_thread_and_to_the_channel() -> None:
    """How often, and since when; the card is open again."""
    router = Router()
    router.send(raw_finding())
    router.clock.now += 60
    router.send(ended())
    router.clock.now += 60
    router.hold(raw_finding())

    [job] = router.send(raw_finding(UpdatedAt="2026-09-03T10:00:00Z"))

    assert Outcome.POSTED == job.outcome
    [reply] = router.replies
    assert reply.is_broadcast
    assert "Reopened, 2nd time" in reply.text
    assert router.card.text.startswith("🟠 ")
    assert "NOTIFIED" == router.status()


def test_a_rise_is_said_and_a_fall_is_only_shown() -> None:
    """The thread has the rise; the card always has the current state."""
    router = Router()
    router.send(raw_finding())
    router.clock.now += 60
    worse = {"Workflow": {"Status": "NOTIFIED"}, "Severity": {"Label": "CRITICAL"}}
    [rise] = router.send(raw_finding(**worse, UpdatedAt=LATER))
    router.clock.now += 60
    better = {"Workflow": {"Status": "NOTIFIED"}, "Severity": {"Label": "LOW"}}
    [fall] = router.send(raw_finding(**better, UpdatedAt="2026-09-03T10:00:00Z"))

    assert (Outcome.POSTED, Outcome.UPDATED) == (rise.outcome, fall.outcome)
    [reply] = router.replies
    assert reply.is_broadcast
    assert "rose from HIGH to CRITICAL" in reply.text
    assert "🔵" in router.card.text


def test_a_rise_that_is_tried_again_says_from_where() -> None:
    """The claim has the severity posted before."""
    router = Router()
    router.send(raw_finding())
    router.clock.now += 60
    worse = raw_finding(
        Workflow={"Status": "NOTIFIED"}, Severity={"Label": "CRITICAL"}, UpdatedAt=LATER
    )
    router.faults.plan("post", unavailable())

    router.send(worse)
    router.clock.now += 60
    router.send(worse, tries=2)

    [reply] = router.replies
    assert "rose from HIGH to CRITICAL" in reply.text


def pager(**match: Any) -> dict[str, Any]:
    """Make the route of a channel that only wants findings that match."""
    return {"kind": "route", "name": "pager", "channel": "#pager", "match": match}


WORSE = {"Workflow": {"Status": "NOTIFIED"}, "Severity": {"Label": "CRITICAL"}}
ONLY_CRITICAL = pager(Severity={"Label": ["CRITICAL"]})


def test_a_rise_is_said_where_only_the_worst_is_wanted() -> None:
    """That channel has no message about it so far."""
    router = Router(EVERYTHING, ONLY_CRITICAL)
    router.send(raw_finding())
    router.clock.now += 60
    worse = raw_finding(**WORSE, UpdatedAt=LATER)
    router.faults.plan("post", unavailable(), about="#pager")

    [first] = router.send(worse)
    router.clock.now += 60
    sent_at = router.clock.now - 60
    [second] = router.run(record(imported(worse, sent_at=sent_at), tries=2))
    [third] = router.send(raw_finding(**WORSE, UpdatedAt="2026-09-03T10:00:00Z"))

    assert (Outcome.FAILED, Outcome.POSTED) == (first.outcome, second.outcome)
    assert Outcome.NOT_NEW == third.outcome
    assert 1 == len(router.replies)
    [card] = router.slack.opened("#pager")
    assert card.text.startswith("🔴 ")


@pytest.mark.parametrize(
    "item",
    [
        pager(),
        {**ONLY_CRITICAL, "deliver": "scheduled", "schedule": {"time": "16:00", "zone": "UTC"}},
        {"kind": "silence", "name": "quiet", "match": {}, "until": "2030-01-01T00:00:00Z"},
    ],
)
def test_what_only_goes_on_is_not_brought_to_a_new_route(item: dict[str, Any]) -> None:
    """It was posted elsewhere, and has not become worse; a held one is old by then."""
    router = Router()
    router.send(raw_finding())
    router.items.append(item)
    router.restart()
    router.clock.now += 60
    changes = WORSE if item["match"] else {"Workflow": {"Status": "NOTIFIED"}}

    router.send(raw_finding(**changes, UpdatedAt=LATER))

    assert [] == router.slack.opened("#pager")


def test_a_severity_that_a_person_lowers_is_shown() -> None:
    """It leaves UpdatedAt as it is."""
    router = Router()
    router.send(raw_finding())
    router.clock.now += 60
    lowered = raw_finding(Workflow={"Status": "NOTIFIED"}, Severity={"Label": "LOW"})

    [first], [again] = router.send(lowered), router.send(lowered)

    assert (Outcome.UPDATED, Outcome.NOT_NEW) == (first.outcome, again.outcome)
    assert router.card.text.startswith("🔵 ")


@pytest.mark.parametrize(("label", "totals"), [("CRITICAL", "1 CRITICAL"), ("LOW", "1 LOW")])
def test_a_digest_counts_what_it_lists_by_the_severity_of_now(label: str, totals: str) -> None:
    """Whether it rose, which is posted, or fell."""
    router = Router({**EVERYTHING, "deliver": "digest"})
    router.send(raw_finding("one"), raw_finding("two"))
    router.clock.now += 60
    changed = {"Workflow": {"Status": "NOTIFIED"}, "Severity": {"Label": label}}

    router.send(raw_finding("one", **changed, UpdatedAt=LATER))

    assert totals in router.card.all
    assert "1 HIGH" in router.card.all


def test_the_card_of_several_standards_shows_the_worst_of_them() -> None:
    """In any order of arrival, as long as it exists."""
    router = Router()
    router.send(control(FSBP), control(PCI, Severity={"Label": "LOW"}))
    assert router.card.text.startswith("🟠 ")

    router.clock.now += 60
    router.send(control(FSBP, Workflow={"Status": "SUPPRESSED"}))
    router.clock.now += 60
    still = {"Workflow": {"Status": "NOTIFIED"}, "Severity": {"Label": "LOW"}}
    router.send(control(PCI, **still, UpdatedAt=LATER))

    assert router.card.text.startswith("🔵 ")
    assert "PCI DSS" in router.card.all
    assert "AWS FSBP" not in router.card.all


def test_a_card_that_could_not_be_brought_back_is_brought_back_by_the_next_try() -> None:
    """The new state was posted, and is not posted again."""
    router = Router()
    router.send(raw_finding())
    router.clock.now += 60
    router.send(ended())
    router.clock.now += 60
    router.hold(raw_finding())
    back = raw_finding(UpdatedAt="2026-09-03T10:00:00Z")
    router.faults.plan("update", rate_limited(5))

    [first] = router.send(back)
    router.clock.now += 60
    [second] = router.send(back, tries=2)

    assert (Outcome.FAILED, Outcome.UPDATED) == (first.outcome, second.outcome)
    assert router.card.text.startswith("🟠 ")
    assert 1 == len(router.replies)


@pytest.mark.parametrize("error", [gone(), channel_refused()])
def test_a_card_that_nobody_sees_is_not_brought_back(error: Any) -> None:
    """The new state was posted."""
    router = Router()
    router.send(raw_finding())
    router.clock.now += 60
    router.send(ended())
    router.clock.now += 60
    router.faults.plan("update", error)

    [job] = router.send(raw_finding(UpdatedAt="2026-09-03T10:00:00Z"))

    assert Outcome.POSTED == job.outcome


def test_a_card_that_slack_refuses_is_brought_back_plainly() -> None:
    """Better plain than wrong."""
    router = Router()
    router.send(raw_finding())
    router.clock.now += 60
    router.send(ended())
    router.clock.now += 60
    router.faults.plan("update", message_refused())

    router.send(raw_finding(UpdatedAt="2026-09-03T10:00:00Z"))

    assert not router.card.message.blocks
    assert "🟠" in router.card.text


def test_what_is_back_without_its_card_stands_in_the_channel() -> None:
    """And is the card from then on."""
    router = Router()
    router.send(raw_finding())
    router.clock.now += 60
    router.send(ended())
    router.slack.delete(router.card)
    router.clock.now += 60

    router.send(raw_finding(UpdatedAt="2026-09-03T10:00:00Z"))

    [entry] = router.alerts
    assert entry.ts == router.card.ts


def test_a_thread_that_takes_no_answer_is_left_for_the_channel() -> None:
    """Nothing is lost."""
    router = Router()
    router.send(raw_finding())
    router.clock.now += 60
    router.send(ended())
    router.clock.now += 60
    router.faults.plan("post", gone("cannot_reply_to_message"))

    [job] = router.send(raw_finding(UpdatedAt="2026-09-03T10:00:00Z"))

    assert Outcome.POSTED == job.outcome
    assert 2 == len(router.slack.texts(ALERTS))


def test_standards_of_one_control_and_resource_are_one_card() -> None:
    """It lists them all, and all are NOTIFIED."""
    router = Router()

    first = router.send(control(FSBP))
    router.clock.now += 60
    second = router.send(control(PCI))

    assert [Outcome.POSTED, Outcome.UPDATED] == outcomes([*first, *second])
    assert 1 == len(router.slack.posted)
    assert "AWS FSBP" in router.card.all
    assert "PCI DSS" in router.card.all
    assert {"NOTIFIED"} == set(router.workflow.status.values())


def test_standards_that_come_together_are_one_card_at_once() -> None:
    """Of one batch."""
    router = Router()

    router.send(control(FSBP), control(PCI))

    assert 1 == len(router.slack.posted)
    assert "PCI DSS" in router.card.all
    assert {"NOTIFIED"} == set(router.workflow.status.values())


def test_the_card_of_several_standards_ends_with_the_last_of_them() -> None:
    """Until then something still fails."""
    router = Router()
    router.send(control(FSBP), control(PCI))
    passed = {"Status": "PASSED", "SecurityControlId": "S3.8"}

    router.clock.now += 60
    router.send(control(FSBP, Compliance=passed, UpdatedAt=LATER))
    assert "🟠" in router.card.text.split(" · ")[0]
    router.clock.now += 60
    router.send(control(PCI, Compliance=passed, UpdatedAt=LATER))

    assert "Resolved" in router.card.text


CIS = "cis-aws-foundations-benchmark/v/1.2.0"
TITLES = {
    FSBP: "EC2.13 No ingress from 0.0.0.0/0 to port 22",
    CIS: "4.1 Ensure no security group lets everybody in to port 22",
    PCI: "PCI.EC2.5 Security groups should not open port 22",
}


def titled(standard: str, **changes: Any) -> dict[str, Any]:
    """Make the finding of a standard that gives its control a title of its own."""
    return control(standard, Title=TITLES[standard], **changes)


@given(st.permutations(list(TITLES)), st.lists(st.booleans(), min_size=3, max_size=3))
def test_the_card_of_several_standards_keeps_its_first_headline(
    order: list[str], breaks: list[bool]
) -> None:
    """In whatever batches they come, as it changes, ends and returns."""
    router = DynamoRouter()
    batches: list[list[dict[str, Any]]] = [[]]
    for standard, is_last in zip(order, breaks, strict=True):
        batches[-1].append(titled(standard))
        if is_last:
            batches.append([])
    passed = {"Status": "PASSED", "SecurityControlId": "S3.8"}
    ends = [titled(each, Compliance=passed, UpdatedAt=LATER) for each in order]
    again = [titled(each, UpdatedAt="2026-09-03T10:00:00Z") for each in reversed(order)]

    for batch in (*batches, *([each] for each in (*ends, *again))):
        if batch:
            router.send(*batch)
            router.clock.now += 60
            is_open = router.card.text.startswith("🟠")
            assert is_open == (TITLES[order[0]].partition(" ")[2] in router.card.all)

    assert 1 == len(router.slack.opened(ALERTS))


def test_a_new_title_of_the_first_finding_is_shown() -> None:
    """The headline is kept from the others, not from its own product."""
    router = DynamoRouter()
    router.send(titled(FSBP), titled(CIS))

    worse = {"Severity": {"Label": "CRITICAL"}, "UpdatedAt": LATER}
    router.send(control(FSBP, Title="Now open to the world", **worse))

    assert "Now open to the world" in router.card.all


def in_region(region: str, **changes: Any) -> dict[str, Any]:
    """Make what a Region reports of a control about an IAM user."""
    user = {"Type": "AwsIamUser", "Id": "arn:aws:iam::123456789012:user/ann", "Region": region}
    return control(FSBP) | {
        "Id": f"arn:aws:securityhub:{region}:123456789012:security-control/IAM.5/finding/1",
        "ProductArn": f"arn:aws:securityhub:{region}::product/aws/securityhub",
        "Region": region,
        "Compliance": {"Status": "FAILED", "SecurityControlId": "IAM.5"},
        "Resources": [user],
        **changes,
    }


@given(st.permutations(["us-east-1", "eu-west-1", "ap-south-1"]), st.sampled_from([1, 3]))
def test_a_global_resource_that_several_regions_report_is_one_card(
    regions: list[str], at_once: int
) -> None:
    """It ends with the last of them, and each is NOTIFIED."""
    router = Router()
    findings = [in_region(each) for each in regions]
    for batch in batched(findings, at_once, strict=False):
        router.send(*batch)
        router.clock.now += 60

    [card] = router.slack.opened(ALERTS)
    assert [] == router.slack.thread(card)
    assert {"NOTIFIED"} == set(router.workflow.status.values())
    for each in findings:
        assert card.text.startswith("🟠")
        router.send(each | {"RecordState": "ARCHIVED", "UpdatedAt": LATER})
    assert "Archived" in card.text


@pytest.mark.parametrize("status", ["RESOLVED", "SUPPRESSED"])
@pytest.mark.parametrize("seconds", [1, 60, 14 * 60, 15 * 60, 16 * 60, 86_400])
@pytest.mark.parametrize("before", [1, 10 * 60, 86_400])
def test_a_status_that_is_undone_is_a_return_at_any_distance(
    status: str, before: int, seconds: int
) -> None:
    """People leave UpdatedAt as it is, and no settle time lies between an end and what is later."""
    router = Router()
    router.send(raw_finding())
    for after, workflow in ((before, status), (seconds, "NEW")):
        router.clock.now += after
        router.hold(raw_finding(), status=workflow)
        [job] = router.send(raw_finding(Workflow={"Status": workflow}))

    assert Outcome.POSTED == job.outcome
    [reopened] = router.replies
    assert "Reopened" in reopened.all
    assert router.card.text.startswith("🟠")
    assert "NOTIFIED" == router.status()


def test_another_resource_is_another_card() -> None:
    """The same control fails for another resource."""
    router = Router()
    other = [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::other"}]

    router.send(control(FSBP), control(FSBP, Id="another", Resources=other))

    assert 2 == len(router.slack.posted)


def test_news_of_a_silenced_finding_wait_with_it() -> None:
    """A rise notifies no one while the finding is silenced; an end still shows."""
    router = Router()
    router.send(raw_finding())
    router.items.append(
        {"kind": "silence", "name": "migration", "match": {}, "until": "2030-01-01T00:00:00Z"}
    )
    router.restart()
    router.clock.now += 60
    worse = {"Workflow": {"Status": "NOTIFIED"}, "Severity": {"Label": "CRITICAL"}}

    [rise] = router.send(raw_finding(**worse, UpdatedAt=LATER))
    [end] = router.send(ended(UpdatedAt="2026-09-03T10:00:00Z"))

    assert (Outcome.SILENCED, Outcome.UPDATED) == (rise.outcome, end.outcome)
    assert [] == router.replies


def test_a_ledger_that_fails_brings_only_what_may_matter_back() -> None:
    """The end of a finding that was never posted is done."""
    router = Router()
    router.send(raw_finding())
    router.faults.plan("read", store_down)

    never, known = router.send(ended("never"), ended())

    assert (Outcome.ARCHIVED, Outcome.FAILED) == (never.outcome, known.outcome)


def test_an_end_waits_for_the_worker_that_says_the_beginning() -> None:
    """It comes back when that is done."""
    router = Router()
    router.faults.plan("post", killed)
    with pytest.raises(Killed):
        router.send(raw_finding())

    [job] = router.send(ended())

    assert (Outcome.FAILED, 15) == (job.outcome, job.retry_seconds)


def test_an_end_supersedes_a_card_that_could_not_be_posted() -> None:
    """A finding that is over gets no card."""
    router = Router()
    router.faults.plan("post", channel_refused(), times=None)
    [first] = router.send(raw_finding())
    router.faults.clear()

    jobs = router.send(ended(), raw_finding())

    assert Outcome.FAILED == first.outcome
    assert [Outcome.ARCHIVED, Outcome.DUPLICATE] == outcomes(jobs)
    assert [] == router.slack.texts(ALERTS)


def test_a_fall_on_a_card_that_is_gone_is_remembered() -> None:
    """It is not posted."""
    router = Router()
    router.send(raw_finding())
    router.clock.now += 60
    router.faults.plan("update", gone())
    better = {"Workflow": {"Status": "NOTIFIED"}, "Severity": {"Label": "LOW"}}

    [job] = router.send(raw_finding(**better, UpdatedAt=LATER))

    assert Outcome.UPDATED == job.outcome
    assert [] == router.replies


def test_an_end_of_which_another_worker_was_first_comes_back() -> None:
    """When the card is gone, only one of them answers it."""
    router = Router()
    router.send(raw_finding())
    router.clock.now += 60
    mine = router.pipeline

    def intrude() -> None:
        router.restart()
        router.send(raw_finding(UpdatedAt="2026-09-01T12:00:00Z"))
        router.pipeline = mine

    router.faults.plan("update", gone(), meanwhile=intrude)

    [job] = router.send(ended())

    assert Outcome.FAILED == job.outcome
    assert [] == router.replies


def test_a_return_that_the_last_episodes_mark_overtook_is_said_once() -> None:
    """Security Hub made it NEW, and the router NOTIFIED: the later of both events comes first."""
    router = Router(CARDS)
    router.send(raw_finding())
    router.clock.now += 60
    router.send(ended())
    again = {"UpdatedAt": "2026-09-03T10:00:00Z"}

    [job] = router.send(raw_finding(Workflow={"Status": "NOTIFIED"}, **again))
    [late] = router.send(raw_finding(**again))

    assert (Outcome.POSTED, Outcome.DUPLICATE) == (job.outcome, late.outcome)
    [reopened] = router.slack.thread(router.card)
    assert "Reopened" in reopened.all


def test_an_end_that_its_return_overtook_is_not_said() -> None:
    """No card showed that it was over; it is marked again, as Security Hub made it NEW."""
    router = Router(CARDS)
    router.send(raw_finding())
    router.clock.now += 60
    end = imported(ended(), sent_at=router.clock.now)
    router.clock.now += 60
    router.hold(raw_finding())
    router.send(raw_finding(UpdatedAt="2026-09-03T10:00:00Z"))
    assert "NEW" == router.status()

    [job] = router.run(record(end))

    assert (Outcome.ARCHIVED, Why.OLDER_EVENT) == (job.outcome, job.detail)
    assert [] == router.slack.thread(router.card)
    assert "NOTIFIED" == router.status()
