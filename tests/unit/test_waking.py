"""Held findings that are due: decided again, posted where routes lead now, and marked."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from fakes import Killed, killed, security_hub_down, store_down, unavailable
from finding_router.delivery.held import take
from finding_router.delivery.held.store import MAX_EVENT_BYTES, Bin, HeldEvents, HeldFinding
from finding_router.delivery.outcome import Outcome
from finding_router.routing.hold import HoldKind
from finding_router.telemetry import FINDINGS_SILENCED
from hub_events import PRODUCT_ARN, raw_finding
from router import ALERTS, EVERYTHING, INVOCATION_SECONDS, OPS, Router, counted, outcomes
from waiting_items import DAILY, DAY, HOUR, HOURS, SILENCE

FORGET = {**SILENCE, "on_expiry": "forget"}
HUB_ARN = "arn:aws:securityhub:eu-west-1::product/aws/securityhub"


def standard(name: str, **changes: Any) -> dict[str, Any]:
    """Make the finding that one standard has of a control."""
    return raw_finding(
        name,
        ProductArn=HUB_ARN,
        ProductName="Security Hub",
        Compliance={"Status": "FAILED", "SecurityControlId": "S3.8"},
        **changes,
    )


def moment(router: Router) -> str:
    """Return the router's time as findings have it."""
    return datetime.fromtimestamp(router.clock.now, UTC).isoformat()


def at(text: str) -> float:
    """Return the moment at which it is *text* in UTC, as clocks have it."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def edit(router: Router, *items: dict[str, Any]) -> None:
    """Put *items* in the place of the routing table."""
    router.items = list(items)
    router.restart()


def said_again(router: Router) -> list[str]:
    """Return the replies that were broadcast to the channel."""
    return [said.text for said in router.slack.posted if said.is_broadcast]


@pytest.mark.parametrize("items", [[DAILY], [EVERYTHING, SILENCE]])
def test_what_is_back_is_said_once_it_is_due(items: list[dict[str, Any]]) -> None:
    """In its thread, and marked; it is no news for a digest."""
    router = Router()
    router.send(raw_finding())
    router.clock.now += 60
    router.send(raw_finding(RecordState="ARCHIVED", UpdatedAt=moment(router)))
    edit(router, *items)
    router.clock.now += 60
    router.hold(raw_finding())
    [back] = router.send(raw_finding(UpdatedAt=moment(router)))
    assert back.outcome in {Outcome.HELD, Outcome.SILENCED}

    router.clock.now += 2 * HOUR
    [job] = router.wake()

    assert (Outcome.POSTED, "NOTIFIED") == (job.outcome, router.status())
    [text] = said_again(router)
    assert "Reopened" in text
    assert [] == router.wake()
    assert 1 == len(router.slack.opened(ALERTS))


@pytest.mark.parametrize("status", ["NEW", "NOTIFIED"])
@pytest.mark.parametrize(
    ("items", "outcome", "hours"),
    [
        ([DAILY], Outcome.HELD, 2),
        ([HOURS], Outcome.HELD, 19),
        ([EVERYTHING, SILENCE], Outcome.SILENCED, 2),
    ],
)
def test_what_got_worse_waits_like_anything_else(
    items: list[dict[str, Any]], outcome: Outcome, hours: int, status: str
) -> None:
    """Whether or not its card was posted before."""
    router = Router()
    router.send(raw_finding(Severity={"Label": "LOW"}))
    edit(router, *items)
    router.clock.now += 60
    worse = {"UpdatedAt": moment(router), "Workflow": {"Status": status}}

    [rise] = router.send(raw_finding(Severity={"Label": "HIGH"}, **worse))

    assert outcome is rise.outcome
    assert int(outcome is Outcome.SILENCED) == counted(FINDINGS_SILENCED)
    assert [] == said_again(router)

    router.clock.now += hours * HOUR
    assert [Outcome.POSTED] == outcomes(router.wake())
    [text] = said_again(router)
    assert "rose from LOW to HIGH" in text


@pytest.mark.parametrize("status", ["NEW", "NOTIFIED"])
def test_what_got_worse_and_better_again_while_it_waited_is_no_news(status: str) -> None:
    """A message is true when it is posted."""
    router = Router()
    router.send(raw_finding(Severity={"Label": "LOW"}))
    edit(router, EVERYTHING, SILENCE)
    for label in ("HIGH", "LOW"):
        router.clock.now += 60
        change = {"UpdatedAt": moment(router), "Workflow": {"Status": status}}
        router.send(raw_finding(Severity={"Label": label}, **change))
    router.clock.now += 2 * HOUR

    assert [Outcome.DUPLICATE] == outcomes(router.wake())
    assert [] == said_again(router)


def test_what_says_nothing_new_does_not_wait() -> None:
    """Duplicates are duplicates at any time."""
    router = Router()
    router.send(raw_finding())
    edit(router, EVERYTHING, SILENCE)

    assert [Outcome.DUPLICATE] == outcomes(router.send(raw_finding(), tries=2))
    assert {} == router.held.held_in


def test_what_was_begun_is_finished_in_a_silence() -> None:
    """Until then it is unknown which messages are in the channel."""
    router = Router()
    router.faults.plan("post", killed, carried_out=True)
    with pytest.raises(Killed):
        router.send(raw_finding())
    edit(router, EVERYTHING, SILENCE)
    router.clock.now += 600

    assert [Outcome.POSTED] == outcomes(router.send(raw_finding(), tries=2))
    assert 1 == len(router.slack.opened(ALERTS))


def test_the_standards_of_a_control_wait_beside_each_other() -> None:
    """They are one line, and all of them are marked."""
    router = Router(DAILY)
    router.send(standard("fsbp"), standard("pci"))
    router.clock.now += 2 * HOUR

    router.wake()

    assert {"NOTIFIED"} == set(router.workflow.status.values())
    assert "1 HIGH" in router.card.all
    assert {"fsbp", "pci"} == {
        key[1] for key, status in router.workflow.status.items() if status == "NOTIFIED"
    }


def test_a_control_is_over_with_its_last_standard() -> None:
    """The open part of it is posted, and the ended one is left as it is."""
    router = Router(DAILY)
    router.send(standard("fsbp"), standard("pci"))
    router.hold(standard("pci"), status="SUPPRESSED")
    router.clock.now += 2 * HOUR

    router.wake()

    assert "resolved" not in router.card.text
    assert "NOTIFIED" == router.workflow.status[HUB_ARN, "fsbp"]
    assert "SUPPRESSED" == router.workflow.status[HUB_ARN, "pci"]
    [entry] = router.alerts
    assert 1 == len(entry.members)


def test_another_standard_that_waited_is_remembered() -> None:
    """The card lists it, and it is marked."""
    router = Router({**EVERYTHING, "deliver": "card"})
    edit(router, DAILY)
    router.send(standard("pci"))
    edit(router, {**EVERYTHING, "deliver": "card"}, {**DAILY, "enabled": False})
    router.send(standard("fsbp"))
    router.clock.now += 2 * HOUR

    router.wake()

    [entry] = router.alerts
    assert 2 == len(entry.members)
    assert {"NOTIFIED"} == set(router.workflow.status.values())
    assert 1 == len(router.slack.opened(ALERTS))


def test_what_is_over_while_another_worker_says_it_is_left_to_it() -> None:
    """The other worker knows the messages there; the next call looks again."""
    router = Router(DAILY)
    router.send(raw_finding())
    router.clock.now += 2 * HOUR
    router.faults.plan("post", killed)
    with pytest.raises(Killed):
        router.wake()
    router.restart()
    router.hold(raw_finding(), status="RESOLVED")

    assert [Outcome.FAILED] == outcomes(router.wake())
    router.clock.now += 400
    assert [Outcome.DIGESTED] == outcomes(router.wake())


def test_what_another_worker_let_go_meanwhile_is_left_out() -> None:
    """It was posted."""
    router = Router(DAILY)
    router.send(raw_finding("one"), raw_finding("two"))
    router.clock.now += 2 * HOUR
    [there] = router.held.held_in.values()
    router.faults.plan("events", meanwhile=there.popitem)

    assert [Outcome.DIGESTED] == outcomes(router.wake())
    assert [] == router.held.bins()


def test_what_was_said_before_is_over_without_a_word() -> None:
    """Its card shows its end."""
    router = Router()
    router.send(raw_finding(Severity={"Label": "LOW"}))
    edit(router, DAILY)
    router.send(raw_finding(UpdatedAt="2026-09-02T10:00:00Z"))
    router.hold(raw_finding(), status="RESOLVED")
    router.clock.now += 2 * HOUR

    assert [Outcome.DUPLICATE] == outcomes(router.wake())
    assert 1 == len(router.slack.posted)
    assert [] == router.held.bins()


@pytest.mark.parametrize("died", [False, True])
def test_a_finding_that_ended_after_a_worker_died_over_it_is_listed_as_open(died: bool) -> None:  # noqa: FBT001 -- a parameter of the test
    """The Ledger hears of its end later; one that was surely not listed is listed as over."""
    router = Router(DAILY)
    router.send(raw_finding("one"), raw_finding("two"))
    router.clock.now += 2 * HOUR
    router.faults.plan("post", killed if died else unavailable())
    try:
        router.wake()
    except Killed:
        router.restart()
    router.hold(raw_finding("one"), status="RESOLVED")
    router.clock.now += 400

    router.wake()

    assert [(int(died), None), (1, None)] == [(each.episode, each.claim) for each in router.alerts]
    assert ("RESOLVED", "NOTIFIED") == (router.status("one"), router.status("two"))
    assert "2 HIGH" in router.card.all


def test_however_many_wait_they_come_in_one_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    """In several parts, so that a digest once begun is finished."""
    monkeypatch.setattr(take, "TAKEN_AT_ONCE", 2)
    router = Router(DAILY)
    router.send(*(raw_finding(f"finding-{number}") for number in range(5)))
    router.clock.now += 2 * HOUR
    router.faults.plan("severities", skip=1, seconds=INVOCATION_SECONDS - 20)

    first = router.wake()
    router.clock.now += 60
    second = router.wake()

    assert {Outcome.DIGESTED} == set(outcomes([*first[:2], *second]))
    assert 5 == len({*first[:2], *second})
    [parent] = router.slack.opened(ALERTS)
    assert "5 HIGH" in parent.all
    assert [] == router.held.bins()


def test_a_large_digest_lets_the_others_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others do not wait for the last of it."""
    monkeypatch.setattr(take, "TAKEN_AT_ONCE", 1)
    router = Router(DAILY, {**DAILY, "name": "small", "channel": "#small"})
    router.send(raw_finding("one"), raw_finding("two"), raw_finding("three"))
    router.clock.now += 2 * HOUR

    router.wake()

    channels = [said.channel for said in router.slack.posted if said.thread_ts is None]
    assert [ALERTS, "#small"] == channels


def test_what_comes_after_its_time_waits_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow digest does not go on for ever."""
    monkeypatch.setattr(take, "TAKEN_AT_ONCE", 1)
    router = Router(DAILY)
    router.send(raw_finding("one"))
    router.clock.now += 2 * HOUR
    router.send(raw_finding("two"))

    assert [Outcome.DIGESTED] == outcomes(router.wake())
    assert [] == router.wake()

    router.clock.now += DAY
    assert [Outcome.DIGESTED] == outcomes(router.wake())
    assert 2 == len(router.slack.opened(ALERTS))


def test_what_was_put_aside_late_has_a_digest_of_its_own() -> None:
    """Its batch was slow, and its digest was posted before: no worker looks there again."""
    fast = {**EVERYTHING, "name": "fast", "channel": "#fast", "deliver": "card", "stop": True}
    router = Router({**fast, "order": 1, "match": {"Severity": {"Label": ["CRITICAL"]}}}, DAILY)
    router.send(raw_finding("one"))
    router.clock.now = at("2026-09-21T15:59:50")
    mine = router.pipeline

    def wake() -> None:
        router.restart()
        assert [Outcome.DIGESTED] == outcomes(router.wake())
        router.pipeline = mine

    router.faults.plan("post", about="#fast", seconds=20, meanwhile=wake)
    router.send(raw_finding("card", Severity={"Label": "CRITICAL"}), raw_finding("two"))

    assert [Outcome.DIGESTED] == outcomes(router.wake())
    assert 2 == len(router.slack.opened(ALERTS))


@pytest.mark.parametrize("before", [[DAILY], [EVERYTHING, SILENCE]])
def test_what_waits_again_until_the_same_time_has_a_digest_of_its_own(
    before: list[dict[str, Any]],
) -> None:
    """People write a route or a silence, take it away, and write it again."""
    router = Router(*before)
    for name in ("one", "two", "three"):
        edit(router, *before)
        router.send(raw_finding(name))
        edit(router, EVERYTHING)
        router.clock.now += 60
        router.wake()
    edit(router, *before)
    router.send(raw_finding("four"))
    router.clock.now += 2 * HOUR
    router.wake()

    assert [1] * 4 == [len(router.slack.thread(said)) for said in router.slack.opened(ALERTS)]


def test_one_that_is_stuck_keeps_no_other_in_its_digest() -> None:
    """The next day has a digest of its own, with the last one in any state."""
    router = Router(DAILY)
    router.send(raw_finding("stuck"), raw_finding("one"))
    router.workflow.refusals[PRODUCT_ARN, "stuck"] = ["InternalFailure"] * 9
    router.clock.now += 2 * HOUR
    router.wake()
    router.send(raw_finding("two"))
    router.clock.now += DAY

    router.wake()

    first, second = router.slack.opened(ALERTS)
    assert ("Mon 21 Sep" in first.text, "Tue 22 Sep" in second.text) == (True, True)
    assert "Title of two" in router.slack.thread(second)[0].all


def test_what_is_imported_again_waits_no_longer_for_it() -> None:
    """Imports are repeated: a finding imported just before each call would never be posted."""
    router = Router(DAILY)
    router.send(raw_finding())
    router.clock.now = at("2026-09-21T16:00:20")
    router.send(raw_finding(UpdatedAt=moment(router)))

    assert [Outcome.DIGESTED] == outcomes(router.wake())
    assert [] == router.held.bins()


@pytest.mark.parametrize(
    ("zone", "time", "now", "day"),
    [
        ("Asia/Tokyo", "08:30", "2026-09-21T23:30:20", "Tue 22 Sep"),
        ("America/New_York", "21:00", "2026-09-22T01:00:10", "Mon 21 Sep"),
        ("UTC", "16:00", "2026-09-21T16:00:10", "Mon 21 Sep"),
    ],
)
def test_a_digest_has_the_day_of_its_schedule(zone: str, time: str, now: str, day: str) -> None:
    """That of the clock on the wall where it is read."""
    router = Router({**DAILY, "schedule": {"time": time, "zone": zone}})
    router.send(raw_finding())
    router.clock.now = at(now)

    router.wake()

    assert f"Digest of “daily”, {day}" in router.card.text


@pytest.mark.parametrize(
    "after", [EVERYTHING, {**DAILY, "schedule": {"time": "16:00", "zone": "UTC"}}]
)
def test_a_digest_has_the_day_on_which_it_became_due(after: dict[str, Any]) -> None:
    """Though it was held for another day."""
    weekly = {"time": "16:00", "zone": "Asia/Tokyo", "weekdays": "SUN"}
    router = Router({**DAILY, "schedule": weekly})
    router.send(raw_finding())
    router.clock.now += DAY
    edit(router, {**after, "name": "other"} if after is EVERYTHING else after)

    router.wake()

    expected = "Tue 22 Sep" if after is EVERYTHING else "Mon 21 Sep"
    assert f"Digest of “daily”, {expected}" in router.card.text


def test_what_comes_anew_while_it_is_said_is_not_lost() -> None:
    """The posted digest was about the earlier version."""
    router = Router(DAILY)
    router.send(raw_finding(Severity={"Label": "LOW"}))
    router.clock.now += 2 * HOUR
    mine = router.pipeline

    def worse() -> None:
        router.restart()
        router.send(raw_finding(UpdatedAt="2026-09-21T16:00:00Z", Severity={"Label": "HIGH"}))
        router.pipeline = mine

    router.faults.plan("severities", seconds=1, meanwhile=worse, carried_out=True)
    router.wake()
    router.clock.now += DAY
    router.wake()

    assert ["rose from LOW to HIGH" in text for text in said_again(router)] == [True]


LATER = "2026-09-21T20:00:00Z"


@pytest.mark.parametrize(
    ("before", "after", "hours", "is_said"),
    [
        # Moved to another time.
        ([EVERYTHING, SILENCE], [EVERYTHING, {**SILENCE, "until": LATER}], 2, False),
        ([EVERYTHING, SILENCE], [EVERYTHING, {**SILENCE, "until": LATER}], 6, True),
        ([EVERYTHING, {**SILENCE, "until": LATER}], [EVERYTHING, SILENCE], 2, True),
        ([DAILY], [{**DAILY, "schedule": {"time": "20:00", "zone": "UTC"}}], 2, False),
        ([DAILY], [{**DAILY, "schedule": {"time": "15:00", "zone": "UTC"}}], 1, True),
        (
            [HOURS],
            [{**HOURS, "active_hours": {"from": "15:00", "to": "17:00", "zone": "UTC"}}],
            1,
            True,
        ),
        # Makes nothing wait any more.
        ([DAILY], [EVERYTHING], 0, True),
        ([DAILY], [{**EVERYTHING, "name": "daily"}], 0, True),
        ([HOURS], [{**EVERYTHING, "name": "office"}], 0, True),
        ([EVERYTHING, SILENCE], [EVERYTHING], 0, True),
        # Something else makes it wait.
        ([EVERYTHING, SILENCE], [EVERYTHING, {**SILENCE, "name": "other"}], 0, False),
        ([EVERYTHING, SILENCE], [EVERYTHING, {**SILENCE, "name": "other"}], 2, True),
        (
            [EVERYTHING, SILENCE],
            [EVERYTHING, SILENCE, {**SILENCE, "name": "longer", "until": LATER}],
            2,
            False,
        ),
        ([DAILY], [DAILY, {**SILENCE, "until": LATER}], 2, False),
        ([DAILY], [DAILY, {**SILENCE, "until": LATER}], 6, False),
        ([DAILY], [DAILY, {**SILENCE, "until": LATER}], 26, True),
        ([HOURS, SILENCE], [HOURS, SILENCE], 2, False),
        ([HOURS, SILENCE], [HOURS, SILENCE], 18, True),
        ([DAILY, {**SILENCE, "until": LATER}], [DAILY, {**SILENCE, "until": LATER}], 6, False),
        ([DAILY, {**SILENCE, "until": LATER}], [DAILY, {**SILENCE, "until": LATER}], 26, True),
        # Cannot be read: the version before counts.
        ([EVERYTHING, SILENCE], [EVERYTHING, {**SILENCE, "until": "2026-09-21T20:00"}], 1, False),
        ([EVERYTHING, SILENCE], [EVERYTHING, {**SILENCE, "until": "2026-09-21T20:00"}], 2, True),
        ([DAILY], [{**DAILY, "schedule": {"time": "25:00", "zone": "UTC"}}, EVERYTHING], 1, False),
        ([DAILY], [{**DAILY, "schedule": {"time": "25:00", "zone": "UTC"}}, EVERYTHING], 2, True),
        # A silence that forgets the finding.
        ([EVERYTHING, SILENCE], [EVERYTHING, FORGET], 2, False),
        ([EVERYTHING, SILENCE], [EVERYTHING, FORGET], DAY / HOUR, False),
        # A route that is gone sends it to no other channel.
        ([EVERYTHING, SILENCE], [{**EVERYTHING, "channel": "#elsewhere"}, SILENCE], 2, True),
    ],
)
def test_the_table_as_it_is_now_says_how_long_it_waits(
    before: list[dict[str, Any]],
    after: list[dict[str, Any]],
    hours: float,
    is_said: bool,  # noqa: FBT001 -- a parameter of the test
) -> None:
    """People edit their items."""
    router = Router(*before)
    router.send(raw_finding())
    edit(router, *after)
    for _ in range(int(hours * 4)):
        router.clock.now += HOUR / 4
        router.wake()
    router.wake()

    assert int(is_said) == len(router.slack.opened(ALERTS))
    assert ("NOTIFIED" if is_said else "NEW") == router.status()


@pytest.mark.parametrize(
    "items",
    [
        [EVERYTHING, {**DAILY, "channel": "#daily"}],
        [EVERYTHING, {**EVERYTHING, "name": "second", "channel": "#daily"}, SILENCE],
    ],
)
def test_what_is_back_is_said_in_every_channel_that_was_told(items: list[dict[str, Any]]) -> None:
    """Also if only the status shows it, and the digest in the one came after the other."""
    router = Router(*items, track_lifecycle=False)
    router.send(raw_finding())
    router.clock.now += 2 * HOUR
    router.wake()
    router.clock.now += DAY
    router.hold(raw_finding())
    router.send(raw_finding(UpdatedAt=moment(router)))
    router.clock.now += DAY
    router.wake()

    assert ["C0ALERTS", "C0DAILY"] == [
        said.channel for said in router.slack.posted if said.is_broadcast
    ]
    assert "NOTIFIED" == router.status()


def test_routes_make_nothing_wait_twice() -> None:
    """Two schedules of a channel would put it off for ever."""
    router = Router(DAILY, {**DAILY, "name": "late", "schedule": {"time": "20:00", "zone": "UTC"}})
    router.send(raw_finding())
    router.clock.now += 2 * HOUR

    assert [Outcome.DIGESTED] == outcomes(router.wake())


def test_what_cannot_be_moved_waits_where_it_is() -> None:
    """It is in the new place before it leaves the old one."""
    router = Router(EVERYTHING, SILENCE)
    router.send(raw_finding())
    edit(router, EVERYTHING, {**SILENCE, "name": "other"})
    router.faults.plan("hold", store_down)

    assert [Outcome.FAILED] == outcomes(router.wake())
    assert [] == router.wake()
    router.clock.now += 2 * HOUR
    assert [Outcome.DIGESTED] == outcomes(router.wake())


@pytest.mark.parametrize("end", [None, "2026-09-21T14:30:00Z"])
def test_what_was_forgotten_is_never_said(end: str | None) -> None:
    """Not even when it is imported again; a return after its end is posted."""
    router = Router(EVERYTHING, FORGET)
    router.send(raw_finding())
    router.clock.now += DAY
    if end is not None:
        assert [Outcome.ARCHIVED] == outcomes(
            router.send(raw_finding(RecordState="ARCHIVED", UpdatedAt=end))
        )

    [again] = router.send(raw_finding(UpdatedAt=moment(router)))

    assert (Outcome.DUPLICATE if end is None else Outcome.POSTED) is again.outcome
    assert ("NEW" if end is None else "NOTIFIED") == router.status()
    assert int(end is not None) == len(router.slack.opened(ALERTS))


def test_what_was_forgotten_is_said_when_it_gets_worse() -> None:
    """That is news."""
    router = Router(EVERYTHING, FORGET)
    router.send(raw_finding(Severity={"Label": "LOW"}))
    router.clock.now += DAY

    [worse] = router.send(raw_finding(UpdatedAt=moment(router)))

    assert Outcome.POSTED is worse.outcome
    assert 1 == len(router.slack.opened(ALERTS))


def test_a_rise_that_was_forgotten_is_not_said_later() -> None:
    """It rose during a silence that forgets it."""
    router = Router()
    router.send(raw_finding(Severity={"Label": "LOW"}))
    edit(router, EVERYTHING, FORGET)
    router.send(raw_finding(UpdatedAt="2026-09-21T14:00:00Z"))
    router.clock.now += DAY
    router.send(raw_finding(UpdatedAt="2026-09-22T14:00:00Z", Workflow={"Status": "NOTIFIED"}))

    assert [] == said_again(router)
    assert 1 == len(router.slack.opened(ALERTS))


def test_what_another_worker_says_is_not_forgotten() -> None:
    """It comes back, and is a duplicate then."""
    router = Router(EVERYTHING, FORGET)
    mine = router.pipeline

    def other() -> None:
        edit(router, EVERYTHING)
        router.send(raw_finding())
        router.pipeline = mine

    router.faults.plan("note_channel", meanwhile=other)
    [job] = router.send(raw_finding())

    assert Outcome.FAILED is job.outcome
    assert [Outcome.DUPLICATE] == outcomes(router.send(raw_finding(), tries=2))


def test_what_is_over_when_it_is_to_be_forgotten_is_let_go() -> None:
    """There is nothing left to forget; if it is back, that is news."""
    router = Router(EVERYTHING, SILENCE)
    router.send(raw_finding())
    router.hold(raw_finding(), status="RESOLVED")
    edit(router, EVERYTHING, FORGET)
    router.clock.now += 2 * HOUR

    assert [Outcome.DUPLICATE] == outcomes(router.wake())
    assert [] == router.alerts


def test_a_digest_mentions_for_the_worst_that_it_lists() -> None:
    """In any order of arrival."""
    router = Router({**EVERYTHING, "mention": ["@here"], "mention_from": "HIGH"}, SILENCE)
    router.send(raw_finding("bad"))
    router.send(raw_finding("harmless", Severity={"Label": "LOW"}))
    router.clock.now += 2 * HOUR

    router.wake()

    assert "<!here>" in router.card.all


def test_a_digest_of_the_harmless_mentions_nobody() -> None:
    """None of it is worth it."""
    router = Router({**EVERYTHING, "mention": ["@here"], "mention_from": "CRITICAL"}, SILENCE)
    router.send(raw_finding())
    router.clock.now += 2 * HOUR

    router.wake()

    assert "<!here>" not in router.card.all


def test_one_that_cannot_be_put_aside_takes_no_other_along() -> None:
    """It comes back, alone."""
    router = Router(DAILY, {**EVERYTHING, "channel": "#cards"})
    router.faults.plan("hold", store_down)

    jobs = router.send(raw_finding("one"), raw_finding("two"))

    assert [Outcome.FAILED, Outcome.POSTED] == outcomes(jobs)
    assert 2 == len(router.slack.opened("#cards"))


def test_what_there_is_no_time_to_put_aside_comes_back() -> None:
    """Nothing is lost."""
    router = Router(DAILY)
    router.faults.plan("read", seconds=INVOCATION_SECONDS - 10)

    assert [Outcome.WAITING] == outcomes(router.send(raw_finding()))


def test_the_largest_finding_fits_into_an_item() -> None:
    """With any characters, half a surrogate pair included."""
    router = Router(DAILY)
    text = "".join(chr(0x4E00 + (number * 7919) % 20_000) for number in range(79_000))
    large = raw_finding(ProductFields={"text": text, "half": "\ud83d"})

    router.send(large)

    [packed] = router.held.packed.values()
    assert len(packed) < 380_000
    router.clock.now += 2 * HOUR
    [job] = router.wake()
    assert (Outcome.DIGESTED, large) == (job.outcome, job.raw)


def test_what_security_hub_refuses_to_mark_is_marked_by_the_next_call() -> None:
    """It is posted once."""
    router = Router(DAILY)
    router.send(raw_finding("one"), raw_finding("two"))
    router.workflow.refusals[PRODUCT_ARN, "one"] = ["InternalFailure"]
    router.clock.now += 2 * HOUR

    assert [Outcome.FAILED, Outcome.DIGESTED] == outcomes(router.wake())
    assert ("NEW", "NOTIFIED") == (router.status("one"), router.status("two"))

    assert [Outcome.DUPLICATE] == outcomes(router.wake())
    assert "NOTIFIED" == router.status("one")
    assert 1 == len(router.slack.opened(ALERTS))
    assert [] == router.held.bins()


def test_what_security_hub_does_not_find_any_more_is_let_go() -> None:
    """It was deleted, which does not change any more."""
    router = Router(DAILY)
    router.send(raw_finding())
    router.workflow.status.clear()
    router.clock.now += 2 * HOUR

    assert [Outcome.DIGESTED] == outcomes(router.wake())
    assert [] == router.held.bins()


def test_operators_hear_of_what_is_overdue() -> None:
    """Otherwise its absence would go unnoticed."""
    router = Router(DAILY)
    router.send(raw_finding())
    router.faults.plan("severities", security_hub_down, times=None)
    router.clock.now += 2 * HOUR - 800
    assert [] == router.wake()
    assert [] == router.slack.texts(OPS)

    for _ in range(30):
        router.clock.now += 60
        assert [] == router.wake()

    [text] = router.slack.texts(OPS)
    assert f"Held findings for {ALERTS} cannot be said" in text
    router.faults.clear()
    assert [Outcome.DIGESTED] == outcomes(router.wake())


def test_a_bin_that_fails_leaves_the_others_alone() -> None:
    """They are posted by the same call."""
    router = Router(DAILY, {**DAILY, "name": "other", "channel": "#other"})
    router.send(raw_finding())
    router.clock.now += 2 * HOUR
    router.faults.plan("events", store_down)

    router.wake()

    assert 1 == len(router.slack.opened("#other")) + len(router.slack.opened(ALERTS))


@pytest.mark.parametrize(
    "edit", [{"schedule": {"time": "15:00", "zone": "UTC"}}, {"deliver": "auto"}]
)
@pytest.mark.parametrize("is_killed", [True, False], ids=["killed", "lost answer"])
def test_what_a_call_has_begun_is_gone_on_with_though_the_schedule_was_edited(
    *, edit: dict[str, Any], is_killed: bool
) -> None:
    """It stands in the thread of the digest that was due then."""
    router = Router(DAILY)
    router.send(raw_finding("one"), raw_finding("two"))
    router.clock.now += 20 * HOUR
    if is_killed:
        router.faults.plan("put_lines", killed)
        with pytest.raises(Killed):
            router.wake()
    else:
        lost = unavailable("timeout", ambiguous=True)
        router.faults.plan("post", lost, about="C0ALERTS", carried_out=True)
        router.wake()
    router.faults.clear()
    router.items = [{**DAILY, **edit}]
    router.restart()
    router.clock.now += 400

    router.wake()

    assert 1 == len(router.slack.opened(ALERTS))
    [reply] = router.replies
    assert 2 == len(reply.delivery_ids)


def test_a_digest_is_compared_with_the_last_one_though_something_is_stuck_since() -> None:
    """The posted digest counts, whether or not the bin is empty."""
    router = Router(DAILY)
    router.send(raw_finding("zero"))
    router.clock.now += DAY
    router.wake()
    router.workflow.refusals[PRODUCT_ARN, "stuck"] = ["InternalFailure"] * 99
    router.send(raw_finding("stuck"), raw_finding("one"), raw_finding("two"))
    router.clock.now += DAY
    router.wake()
    router.send(raw_finding("three"))
    router.clock.now += DAY

    router.wake()

    first, second, third = router.slack.opened(ALERTS)
    assert "last time" not in first.all
    assert "2 more than last time (1)" in second.all
    assert "last time (3)" in third.all


def test_large_findings_are_taken_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is in memory at once is bounded by its bytes, and nothing is lost over it."""
    monkeypatch.setattr(take, "BYTES_AT_ONCE", 50_000)
    router = Router(DAILY)
    large = {"Description": "x" * 1_000, "ProductFields": {"blob": "y" * 20_000}}
    router.send(*(raw_finding(f"large-{number}", **large) for number in range(7)))
    router.clock.now += 2 * HOUR
    taken: list[int] = []
    plain = router.held.events

    def events(bin_name: str, names: Sequence[str]) -> HeldEvents:
        taken.append(len(names))
        return plain(bin_name, names)

    monkeypatch.setattr(router.held, "events", events)

    jobs = router.wake()

    assert [3, 3, 1] == taken
    assert [Outcome.DIGESTED] * 7 == outcomes(jobs)
    assert [{}] * 6 == [job.finding and job.finding.raw for job in jobs[:6]]
    [parent] = router.slack.opened(ALERTS)
    assert "7 findings" in parent.text


def test_events_of_unknown_size_count_as_the_largest() -> None:
    """The version before did not write their bytes down."""
    held = [
        HeldFinding(
            name=f"{number}",
            subject=f"{number}",
            routes=(),
            mention=(),
            since=0.0,
            due_at=0.0,
            held_at=0.0,
        )
        for number in range(200)
    ]
    bin_ = Bin(
        name="b",
        kind=HoldKind.SCHEDULE,
        reason="daily",
        channel=ALERTS,
        due_at=0.0,
        since=0.0,
        touched_at=0.0,
    )
    due = take.DueBin(
        bin=bin_,
        since=0.0,
        occasion="b",
        day=datetime(2026, 9, 1, tzinfo=UTC),
        held=held,
        left=None,
    )

    parts = [len(part) for part in due.parts()]

    assert 200 == sum(parts)
    assert max(parts) * MAX_EVENT_BYTES < take.BYTES_AT_ONCE + MAX_EVENT_BYTES
