"""What nobody touches is said again: in the thread of its card, or as a list of the channel."""

from collections.abc import Callable
from copy import replace
from typing import Any

import pytest

from fake_slack import Said
from fakes import (
    START,
    Killed,
    channel_refused,
    gone,
    killed,
    message_refused,
    rate_limited,
    security_hub_down,
    store_down,
    unavailable,
)
from faults.twins import in_ocsf
from finding_router.delivery.alerts.care import Person, Snooze
from finding_router.delivery.reminders import remind
from finding_router.delivery.reminders.register import remind_after_snooze
from finding_router.slack.kit.reference import alert_reference
from hub_events import ACCOUNT, PRODUCT_ARN, PRODUCT_ARN_V2, control, raw_finding
from router import ALERTS, DEFAULT, OPS, Router

HOUR = 3600.0
DAY = 24 * HOUR
REMINDING: dict[str, Any] = {
    "kind": "route",
    "name": "everything",
    "channel": ALERTS,
    "deliver": "card",
    "remind": {"after": "24h", "every": "3d"},
}
JANE = Person("U0123456789", "jane", START)


def reminding(**changes: Any) -> dict[str, Any]:
    """Make the route with other reminders."""
    return REMINDING | {"remind": REMINDING["remind"] | changes}


def router_of(*items: dict[str, Any], findings: int = 1, **changes: Any) -> Router:
    """Make a router that has posted the cards of some findings."""
    router = Router(*(items or [REMINDING]), **changes)
    router.send(*(raw_finding(f"finding-{number}") for number in range(1, findings + 1)))
    assert findings == len(router.slack.posted)
    return router


def after(router: Router, seconds: float) -> list[Said]:
    """Return what is said *seconds* after the last call."""
    before = len(router.slack.posted)
    router.clock.now += seconds
    router.wake()
    return [each for each in router.slack.posted[before:] if each.channel != OPS]


def edit(router: Router, *items: dict[str, Any]) -> None:
    """Put *items* in the place of the routing table."""
    router.items = list(items)
    router.restart()


def own(router: Router, owner: Person | None) -> None:
    """Set who acknowledged the only alert."""
    [alert] = router.alerts
    assert router.ledger.write(alert.cared_for(alert.care.with_owner(owner), at=router.clock.now))


def test_an_open_alert_is_said_again() -> None:
    """In the thread of its card and shown in the channel; then at each further time."""
    router = router_of()
    assert [] == after(router, DAY - 120)

    [said] = after(router, 180)

    assert (router.card.ts, True) == (said.thread_ts, True)
    assert said.is_broadcast
    assert "⏰ Open for 24 h · 🟠 Title of finding-1" in said.all
    assert "everything" in said.all
    assert [] == after(router, 60)
    assert [] == after(router, 3 * DAY - 300)
    [again] = after(router, 300)
    assert "Open for 4 d" in again.all


def test_nobody_is_named_where_nobody_can_take_it() -> None:
    """That nobody has taken it is said only where people act from messages."""
    router = router_of(actions=True)

    [said] = after(router, DAY + 60)

    assert "⏰ Open for 24 h, nobody has taken it" in said.all
    [alert] = router.alerts
    assert alert_reference(alert.key.subject, ALERTS) in said.all.replace("\\\\", "")


def test_without_every_it_is_said_once() -> None:
    """The first reminder is the last one."""
    router = router_of(REMINDING | {"remind": {"after": "30m"}})

    assert 1 == len(after(router, 31 * 60))
    assert {} == router.reminders.stored
    assert [] == after(router, 30 * DAY)


def test_routes_without_reminders_cost_nothing() -> None:
    """Nothing is written and nothing is looked for."""
    router = Router()
    router.send(raw_finding())
    router.wake()

    assert 0 == router.faults.count("put_due") + router.faults.count("due")
    assert router.alerts[0].remind_at is None


def test_an_end_ends_it() -> None:
    """An event of the end is enough."""
    router = router_of()
    router.clock.now += HOUR
    router.send(raw_finding(RecordState="ARCHIVED", UpdatedAt="2026-10-01T10:00:00Z"))

    assert [] == after(router, 2 * DAY)
    assert {} == router.reminders.stored


@pytest.mark.parametrize("status", ["RESOLVED", "SUPPRESSED"])
def test_security_hub_is_asked(status: str) -> None:
    """An end of which no event told is no nag."""
    router = router_of()
    router.hold(raw_finding(), status=status)

    assert [] == after(router, DAY + 60)
    assert {} == router.reminders.stored


def test_a_deleted_finding_is_over() -> None:
    """Security Hub does not have it any more."""
    router = router_of()
    router.workflow.status.clear()

    assert [] == after(router, DAY + 60)
    assert {} == router.reminders.stored


def test_a_finding_that_cannot_be_read_waits() -> None:
    """It is asked for again within a quarter of an hour."""
    router = router_of()
    router.workflow.unread[PRODUCT_ARN, "finding-1"] = "odd"
    assert [] == after(router, DAY + 60)
    router.workflow.unread.clear()

    assert 1 == len(after(router, 900))


def test_security_hub_that_is_silent_puts_it_off() -> None:
    """It is said at the next call."""
    router = router_of()
    router.faults.plan("findings", security_hub_down)
    assert [] == after(router, DAY + 60)

    assert 1 == len(after(router, 60))


def test_operators_hear_of_reminders_that_are_overdue() -> None:
    """After a quarter of an hour, once an hour."""
    router = router_of()
    router.faults.plan("findings", security_hub_down, times=None)
    for seconds in (DAY + 60, 600, 600, 600):
        assert [] == after(router, seconds)

    [notice] = router.slack.opened(OPS)
    assert "Reminders cannot be said" in notice.text


def test_a_finding_of_aws_security_hub_is_asked_for_there() -> None:
    """By its name in the calls of that one."""
    router = Router(REMINDING)
    key = (PRODUCT_ARN_V2, "finding-1", ACCOUNT)
    router.workflow_v2.status[key] = "NEW"
    router.send(in_ocsf(raw_finding()))
    [said] = after(router, DAY + 60)
    assert "Open for 24 h" in said.all
    router.workflow_v2.status[key] = "RESOLVED"

    assert [] == after(router, 3 * DAY)
    assert {} == router.reminders.stored


def test_one_standard_that_is_over_leaves_the_others() -> None:
    """The alert is open while any of its findings is."""
    router = Router(REMINDING)
    router.send(control("fsbp"), control("pci"))
    router.hold(control("fsbp"), status="RESOLVED")
    assert 1 == len(after(router, DAY + 60))
    router.hold(control("pci"), status="RESOLVED")

    assert [] == after(router, 4 * DAY)


def test_who_took_it_is_not_reminded() -> None:
    """Until it is given back."""
    router = router_of(actions=True)
    own(router, JANE)
    assert [] == after(router, DAY + 60)
    assert [] == after(router, 3 * DAY)
    own(router, None)

    [said] = after(router, 3 * DAY)

    assert "nobody has taken it" in said.all


def test_until_ended_reminds_the_owner() -> None:
    """The owner stands in the reminder."""
    router = router_of(reminding(until="ended"), actions=True)
    own(router, JANE)

    [said] = after(router, DAY + 60)

    assert "nobody" not in said.all
    assert "👀 <@U0123456789>" in said.all


@pytest.mark.parametrize(
    "changes",
    [
        {"enabled": False},
        {"mode": "shadow"},
        {"remind": None},
        {"name": "another"},
        {"action": "drop", "channel": None, "remind": None},
    ],
)
def test_a_route_that_is_edited_reminds_no_more(changes: dict[str, Any]) -> None:
    """It is gone, off, in shadow mode, or has no reminders."""
    router = router_of()
    item = {name: value for name, value in (REMINDING | changes).items() if value is not None}
    edit(router, item, {**reminding(), "name": "other", "channel": "#other"})

    assert [] == after(router, DAY + 60)
    assert {} == router.reminders.stored


def test_a_route_that_is_invalid_waits() -> None:
    """Its author is about to put it right."""
    router = router_of()
    edit(router, REMINDING | {"order": "x"}, {**reminding(), "name": "o", "channel": "#other"})
    router.last_valid.stored = type(router.last_valid.stored)()
    assert [] == after(router, DAY + 60)
    edit(router, REMINDING)

    assert 1 == len(after(router, 900))


def test_from_counts_the_severity_that_it_has() -> None:
    """Only findings from a severity on are said again."""
    route = reminding(**{"from": "CRITICAL"})
    assert [] == after(router_of(route), DAY + 60)
    router = router_of(route)
    router.clock.now += HOUR
    worse = raw_finding(Severity={"Label": "CRITICAL"}, UpdatedAt="2026-10-01T10:00:00Z")
    router.send(worse)

    [said] = after(router, DAY + 60)

    assert "🔴" in said.all


def test_news_restarts_the_clock() -> None:
    """A day after the rise, not after the card."""
    router = router_of()
    router.clock.now += DAY - HOUR
    worse = raw_finding(Severity={"Label": "CRITICAL"}, UpdatedAt="2026-10-01T10:00:00Z")
    router.send(worse)
    assert [] == after(router, 2 * HOUR)

    assert 1 == len(after(router, DAY))


def test_outside_of_active_hours_it_waits() -> None:
    """A reminder is no news: it comes at the next opening."""
    hours = {"from": "08:00", "to": "18:00", "zone": "UTC"}
    router = Router(REMINDING | {"active_hours": hours, "remind": {"after": "6h"}})
    # At 14:13 in UTC.
    router.send(raw_finding())
    assert [] == after(router, 6 * HOUR)
    assert [] == after(router, 11 * HOUR)

    assert 1 == len(after(router, HOUR))


def test_a_silence_holds_it() -> None:
    """Until the silence is over."""
    router = router_of()
    silence = {
        "kind": "silence",
        "name": "quiet",
        "match": {"Id": ["finding-1"]},
        "until": "2026-09-30T00:00:00Z",
    }
    edit(router, REMINDING, silence)
    assert [] == after(router, DAY + 60)
    assert [] == after(router, DAY)

    assert 1 == len(after(router, 14 * DAY))


def test_people_are_called_once() -> None:
    """The mentions of the reminder are its own, and only one message in five minutes has any."""
    router = router_of(reminding(mention=["@here"]))

    [said] = after(router, DAY + 60)

    assert "<!here>" in said.all
    assert "<!here>" not in router.card.all


def test_several_are_one_message() -> None:
    """It lists them, the worst first, and is no reply."""
    router = Router(REMINDING)
    router.send(
        raw_finding("finding-1"),
        raw_finding("finding-2", Severity={"Label": "CRITICAL"}),
        raw_finding("finding-3"),
    )
    router.hold(raw_finding("finding-3"), status="RESOLVED")

    [said] = after(router, DAY + 60)

    assert (None, "🔴 2 findings are still open") == (said.thread_ts, said.text)
    assert said.all.index("finding-2") < said.all.index("finding-1")
    assert "finding-3" not in said.all
    assert [] == after(router, 60)
    assert 1 == len(after(router, 3 * DAY))


def test_a_flood_is_one_message() -> None:
    """The worst are named, all others are counted, and each is due later."""
    route = REMINDING | {"deliver": "digest"}
    router = Router(route)
    router.send(*(raw_finding(f"finding-{number}") for number in range(300)))

    [said] = after(router, DAY + 600)

    assert "300 findings are still open" in said.text
    assert "… and 270 more" in said.all
    assert [] == after(router, HOUR)
    assert 300 == len(router.reminders.stored)


def test_what_is_not_taken_in_one_call_is_due_at_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message speaks of nothing that was not looked at."""
    router = Router(REMINDING)
    router.send(raw_finding("finding-1"))
    router.clock.now += 60
    router.send(raw_finding("finding-2"))
    router.clock.now += 60
    router.send(raw_finding("finding-3"))
    monkeypatch.setattr(remind, "TAKEN_AT_ONCE", 2)

    said = [after(router, seconds) for seconds in (DAY, 60, 60, 60)]

    texts = [each.text for several in said for each in several]
    assert [f"finding-{number}" in text for number, text in enumerate(texts, 1)] == 3 * [True]


def test_a_card_that_is_gone_is_said_in_the_channel() -> None:
    """Slack misses the thread."""
    router = router_of()
    router.faults.plan("post", gone("thread_not_found"))

    [said] = after(router, DAY + 60)

    assert (ALERTS, None) == (said.channel, said.thread_ts)


def test_a_channel_that_refuses_is_said_in_the_default_channel() -> None:
    """Under a banner that names it."""
    router = router_of()
    router.faults.plan("post", channel_refused("is_archived"), times=1)

    said = after(router, DAY + 60)[0]

    assert DEFAULT == said.channel
    assert "is archived" in said.all
    assert [] == [each for each in after(router, 60) if each.channel == DEFAULT]


def test_a_message_that_slack_refuses_is_plain() -> None:
    """The essentials are said."""
    router = router_of()
    router.faults.plan("post", message_refused())

    [said] = after(router, DAY + 60)

    assert not said.message.blocks
    assert "Title of finding-1" in said.text


STEPS: list[tuple[str, Callable[[str], BaseException], dict[str, Any]]] = [
    ("due", killed, {}),
    ("read", killed, {}),
    ("findings", killed, {}),
    ("open_digests", killed, {}),
    ("write_digest", killed, {"about": "claimed"}),
    ("write_digest", killed, {"about": "claimed", "carried_out": True}),
    ("slot", killed, {}),
    ("post", killed, {}),
    ("post", killed, {"carried_out": True}),
    ("write_digest", killed, {"about": "posted"}),
    ("write_digest", killed, {"about": "posted", "carried_out": True}),
    ("put_due", killed, {"skip": 1}),
    ("put_due", killed, {"skip": 1, "carried_out": True}),
    ("delete_due", killed, {"skip": 1}),
    ("delete_due", killed, {"skip": 1, "carried_out": True}),
    ("due", store_down, {}),
    ("read", store_down, {}),
    ("open_digests", store_down, {}),
    ("write_digest", store_down, {"about": "claimed"}),
    ("write_digest", store_down, {"about": "claimed", "carried_out": True}),
    ("write_digest", store_down, {"about": "posted", "times": 3}),
    ("put_due", store_down, {"skip": 1}),
    ("delete_due", store_down, {"skip": 1}),
    ("post", rate_limited(5.0), {}),
    ("post", rate_limited(120.0), {}),
    ("post", unavailable(), {}),
    ("post", unavailable(ambiguous=True), {}),
    ("post", unavailable(ambiguous=True), {"carried_out": True}),
]


@pytest.mark.parametrize("findings", [1, 3])
@pytest.mark.parametrize(("operation", "error", "how"), STEPS)
def test_nothing_is_lost_and_nothing_is_said_twice(
    operation: str, error: Callable[[str], BaseException], how: dict[str, Any], findings: int
) -> None:
    """Whatever happens in a call, the next ones say it once, and again at the same time."""
    router = router_of(findings=findings)
    router.clock.now += DAY + 60
    before = len(router.slack.posted)
    router.faults.plan(operation, error, **how)
    router.wake_through_faults()

    said = [each for each in router.slack.posted[before:] if each.channel != OPS]
    assert 1 == len(said)
    assert findings == len(router.reminders.stored)
    assert 1 == len(after(router, 3 * DAY))
    assert findings == len(router.reminders.stored)


def test_another_call_is_at_it() -> None:
    """Two calls at once say it once."""
    router = router_of()
    router.clock.now += DAY + 60
    router.faults.plan("post", meanwhile=router.wake, times=1)

    router.wake()

    assert 2 == len(router.slack.posted)


def test_a_card_that_a_dying_worker_posted_is_reminded_of() -> None:
    """Its reminder was there before the card."""
    router = Router(REMINDING)
    router.faults.plan("write", killed, about="posted")
    with pytest.raises(Killed):
        router.send(raw_finding())
    router.clock.now += 120
    router.restart()
    router.send(raw_finding(), tries=2)
    assert 1 == len(router.slack.posted)

    assert 1 == len(after(router, DAY))


def test_a_card_that_was_not_posted_is_not() -> None:
    """A reminder without an alert is void."""
    router = Router(REMINDING)
    router.faults.plan("write", store_down, times=None)
    router.send(raw_finding())
    router.faults.clear()
    assert 1 == len(router.reminders.stored)

    assert [] == after(router, DAY + 60)
    assert {} == router.reminders.stored


def test_a_claim_that_stands_is_waited_for() -> None:
    """A message about the alert is on its way."""
    router = Router(REMINDING | {"remind": {"after": "5m"}})
    router.faults.plan("post", killed, times=1)
    with pytest.raises(Killed):
        router.send(raw_finding())
    assert [] == after(router, 600)
    router.send(raw_finding(), tries=2)
    assert 1 == len(router.slack.posted)

    assert 1 == len(after(router, 1200))


def test_held_findings_are_reminded_of_once_they_are_said() -> None:
    """A day after the digest, at a time of the schedule."""
    daily = {"time": "15:00", "zone": "UTC"}
    route = REMINDING | {"deliver": "scheduled", "schedule": daily, "remind": {"after": "20h"}}
    router = Router(route)
    router.send(raw_finding())
    assert [] != after(router, 2 * HOUR)

    assert [] == after(router, 20 * HOUR)
    assert 1 == len(after(router, 4 * HOUR))


def snooze(router: Router, seconds: float) -> None:
    """Have the only alert snoozed, as a press of the button does."""
    [alert] = router.alerts
    until = router.clock.now + seconds
    remind_after_snooze(router.reminders, alert, until)
    cared = replace(alert.care, snooze=Snooze(until, JANE, "snooze-1"))
    assert router.ledger.write(alert.cared_for(cared, at=router.clock.now))


def test_the_end_of_a_snooze_is_said() -> None:
    """In the thread, once; a reminder waits for it."""
    router = router_of(actions=True)
    snooze(router, 2 * DAY)
    assert [] == after(router, DAY + 60)

    [said] = after(router, DAY)

    assert (router.card.ts, True) == (said.thread_ts, said.is_broadcast)
    assert "💤 The snooze is over, still open" in said.all
    assert router.alerts[0].care.snooze is None
    assert [] == after(router, HOUR)
    assert 1 == len(after(router, 3 * DAY))


def test_a_snooze_needs_no_route_with_reminders() -> None:
    """People may snooze whatever is said."""
    router = Router(actions=True)
    router.send(raw_finding())
    snooze(router, HOUR)
    assert [] == after(router, HOUR - 60)

    [said] = after(router, 120)

    assert "The snooze is over" in said.text
    assert {} == router.reminders.stored


def test_a_snooze_that_a_rise_ended_says_nothing() -> None:
    """A reminder of the rise comes after its own time."""
    router = router_of(actions=True)
    snooze(router, 3 * DAY)
    router.clock.now += HOUR
    worse = raw_finding(Severity={"Label": "CRITICAL"}, UpdatedAt="2026-10-01T10:00:00Z")
    router.send(worse)
    [said] = after(router, DAY + 60)
    assert "Open for" in said.all

    assert [] == after(router, 2 * DAY)


def test_a_snooze_that_was_taken_back_says_nothing() -> None:
    """Nor does one that goes on for longer, before its end."""
    router = Router(actions=True)
    router.send(raw_finding())
    snooze(router, HOUR)
    snooze(router, 2 * HOUR)
    assert [] == after(router, HOUR + 60)
    [alert] = router.alerts
    router.ledger.write(alert.cared_for(replace(alert.care, snooze=None), at=0.0))

    assert [] == after(router, HOUR)
