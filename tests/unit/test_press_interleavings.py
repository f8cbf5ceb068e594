"""Whatever comes between what, a person's status is never overwritten by NOTIFIED."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from examples import examples
from fake_slack import Said
from fakes import (
    Killed,
    MakeError,
    killed,
    rate_limited,
    security_hub_down,
    store_down,
    unavailable,
)
from finding_router.actions.press import Press
from finding_router.actions.worker.result import Outcome
from finding_router.delivery.alerts.identity import finding_hash
from finding_router.delivery.outcome import UNDONE
from finding_router.slack.kit.reference import alert_reference
from hub_events import PRODUCT_ARN, imported, raw_finding, record
from office import BOB, JANE, Office
from router import OPS

pytestmark = pytest.mark.usefixtures("in_silence")
VISIBILITY_SECONDS = 540
ROUNDS = 60
KEY = (PRODUCT_ARN, "finding-1")
SUBJECT = finding_hash(*KEY)
FORM = {"reason": "accepted", "scope": "finding", "always": "no"}
# Calls of the router, and of the worker, before or after which the other may come.
ROUTERS = ("read", "channels", "write", "post", "statuses", "mark", "record_notified", "update")
WORKERS = ("read", "channels", "write", "get", "set", "send", "update", "people", "tell")
LOST = unavailable("connection_lost", ambiguous=True)
WAYS: list[tuple[str, MakeError, bool]] = [
    *(
        (operation, error, carried_out)
        for operation in ("write", "post", "update", "mark", "set", "record_notified", "send")
        for error in (killed, store_down)
        for carried_out in (False, True)
        if not (error is store_down and operation in {"post", "update", "mark", "set"})
    ),
    *((operation, LOST, True) for operation in ("post", "update")),
    *((operation, rate_limited(2), False) for operation in ("post", "update")),
    *((each, store_down, False) for each in ("read", "channels", "once", "items")),
    *((each, security_hub_down, False) for each in ("statuses", "get")),
]


@dataclass
class World:
    """A queue with copies of one event, and a queue of presses; each until all is done."""

    office: Office
    events: dict[int, int]
    presses: dict[str, tuple[Press, int]]

    def __post_init__(self) -> None:
        self.at_work: set[str] = set()
        self.sent_at = self.office.router.clock.now
        self.event = imported(raw_finding(), sent_at=self.sent_at)

    def run(self, numbers: Collection[int]) -> None:
        """Hand events to a router of their own."""
        office = self.office
        held = office.router.pipeline
        office.router.restart()
        records = []
        for number in numbers:
            self.events[number] += 1
            tries, age = self.events[number], office.router.clock.now - self.sent_at
            records.append(record(self.event, number=number, tries=tries, age_seconds=age))
        try:
            jobs = office.router.run(*records)
        except Killed:
            office.router.clock.now += VISIBILITY_SECONDS
            return
        finally:
            office.router.pipeline = held
        failed = {job.record.id for job in jobs if job.outcome in UNDONE}
        for number in numbers:
            if f"record-{number}" not in failed:
                self.events.pop(number, None)

    def work(self, id_: str) -> None:
        """Hand a press to a worker of its own."""
        office = self.office
        press, tries = self.presses[id_]
        self.presses[id_] = press, tries + 1
        self.at_work.add(id_)
        held = office.router.pipeline, office.desk
        office.restart()
        try:
            if office.work(press, tries=tries + 1) is None:
                self.presses.pop(id_, None)
        except Killed:
            office.router.clock.now += VISIBILITY_SECONDS
        finally:
            office.router.pipeline, office.desk = held
            self.at_work.discard(id_)

    def drain(self) -> None:
        """Work until nothing waits."""
        for _ in range(ROUNDS):
            if not self.events and not self.presses:
                return
            if self.events:
                self.run(list(self.events))
            for each in list(self.presses):
                if each in self.presses:
                    self.work(each)
            self.office.router.clock.now += 20
        raise AssertionError("events or presses go round and round")


def watched(office: Office) -> None:
    """Fail as soon as a mark comes over the status of a person."""
    workflow = office.router.workflow
    mark = workflow.mark

    def checked(keys: Any, status: Any, **how: Any) -> Any:
        keys = list(keys)
        before = dict(workflow.status)
        answer = mark(keys, status, **how)
        for key in keys:
            assert before.get(key) not in {"RESOLVED", "SUPPRESSED"}, "overwritten"
        return answer

    workflow.mark = checked  # type: ignore[method-assign]  # to look at every call


def pressed(office: Office, action: str, by: str, at: float) -> Press:
    """Return a press on the card in #a."""
    reference = alert_reference(SUBJECT, "#a")
    return office.press(action, ref=reference, by=by, form=FORM, at=int(at))


def cards(office: Office) -> list[Said]:
    """Return the cards, and no notice."""
    posted = office.router.slack.posted
    return [each for each in posted if each.thread_ts is None and each.channel != OPS]


def check(office: Office, ids: list[str]) -> None:
    """Compare: a card once in each channel, and the status of whoever pressed last."""
    entries = [entry for entry in office.entries() if entry.id in ids]
    assert len(ids) == len(entries)
    said = cards(office)
    done = [entry for entry in entries if entry.outcome == Outcome.DONE]
    # Of what a person ended before a channel heard of it that channel is told nothing.
    unsaid = [alert for alert in office.router.alerts if alert.episode == 0]
    assert 2 == len(said) + len(unsaid)
    assert said
    assert done or not unsaid
    if done:
        wished = max(done, key=lambda each: (each.at, each.user))
        expected = {"resolve": "RESOLVED", "suppress": "SUPPRESSED"}[wished.action]
        assert expected == office.router.status()
        assert all(expected.capitalize() in each.all for each in said)
    elif all(entry.outcome == Outcome.REFUSED for entry in entries):
        assert "NOTIFIED" == office.router.status()


ACTS = st.tuples(
    st.sampled_from(["router", "worker"]),
    st.sampled_from([*ROUTERS, *WORKERS]),
    st.integers(0, 6),
    st.booleans(),
)


def arrange(
    world: World,
    acts: list[tuple[str, str, int, bool]],
    mishaps: list[tuple[tuple[str, MakeError, bool], int, int]],
) -> None:
    """Insert *acts* of others between the calls, and failures of calls."""
    office, depth = world.office, 0

    def intrude(who: str) -> Callable[[], None]:
        def act() -> None:
            nonlocal depth
            if depth > 1:
                return
            depth += 1
            try:
                if who == "router" and world.events:
                    world.run([max(world.events)])
                elif who == "worker" and (free := world.presses.keys() - world.at_work):
                    world.work(min(free))
            finally:
                depth -= 1

        return act

    for who, operation, skip, carried_out in acts:
        office.router.faults.plan(
            operation, skip=skip, carried_out=carried_out, meanwhile=intrude(who)
        )
    for (operation, error, carried_out), skip, seconds in mishaps:
        office.router.faults.plan(
            operation, error, skip=skip, carried_out=carried_out, seconds=seconds
        )


# A router changes the card in #b after the worker of the press, and dies as the Ledger refuses it.
DEAD_AFTER_AN_OLDER_CARD = (
    [("worker", "write", 3, True), ("worker", "write", 1, False)],
    [
        (("write", killed, False), 0, 0),
        (("write", killed, False), 3, 0),
        (("write", killed, True), 0, 0),
    ],
)
# A router dies after the card in #a; a press ends the finding before the card in #b.
ENDED_BEFORE_SAID = (
    [("router", "read", 0, False)],
    [
        (("write", killed, True), 1, 0),
        (("write", killed, False), 2, 0),
        (("write", killed, True), 2, 0),
    ],
)
# Slack refuses often enough for a notice; the press ends the finding before the card in #a.
ENDED_BEHIND_A_NOTICE = (
    [("router", "read", 0, False)],
    [(("post", rate_limited(2), False), skip, 0) for skip in (0, 1, 1)],
)
# A router dies after the card in #a. A press dies before it has set its status, a later one sets
# another, and only then comes the card in #b.
OVERTAKEN_BEFORE_SAID = (
    [("router", "read", 0, False)],
    [
        (("write", killed, False), 2, 0),
        (("post", killed, True), 0, 0),
        (("update", killed, False), 1, 0),
    ],
)
# A router dies after the card in #a, and a press ends the finding. The card in #b comes up after
# that, another worker closes it, and a late one draws it again by the event from before.
DRAWN_AGAIN_BY_AN_OLDER_EVENT = (
    [("router", "update", 2, False)],
    [(("write", killed, False), 2, 0), (("update", killed, False), 1, 0)],
)


@examples(150)
@example(*DRAWN_AGAIN_BY_AN_OLDER_EVENT, "suppress", False, False)  # noqa: FBT003
@example(*OVERTAKEN_BEFORE_SAID, "suppress", True, False)  # noqa: FBT003
@example(*ENDED_BEHIND_A_NOTICE, "resolve", False, False)  # noqa: FBT003
@example(*ENDED_BEFORE_SAID, "resolve", False, False)  # noqa: FBT003
@example(*DEAD_AFTER_AN_OLDER_CARD, "resolve", False, True)  # noqa: FBT003
@given(
    st.lists(ACTS, min_size=1, max_size=4),
    st.lists(
        st.tuples(st.sampled_from(WAYS), st.integers(0, 4), st.sampled_from([0, 0, 30])),
        max_size=3,
    ),
    st.sampled_from(["resolve", "suppress"]),
    st.booleans(),
    st.booleans(),
)
def test_a_status_of_a_person_stays(
    acts: list[tuple[str, str, int, bool]],
    mishaps: list[tuple[tuple[str, MakeError, bool], int, int]],
    action: str,
    is_second: bool,  # noqa: FBT001
    is_said: bool,  # noqa: FBT001
) -> None:
    """Routers and workers that come between each other, die, or get no answer."""
    office = Office(*({"kind": "route", "name": each, "channel": each} for each in ("#a", "#b")))
    office.hold(raw_finding())
    world = World(office, dict.fromkeys(range(3), 0), {})
    watched(office)
    if is_said:
        # Its mark is still to come: the first run found no answer.
        office.router.faults.plan("statuses", security_hub_down)
        world.run([0])
        office.router.clock.now += 100
    now = office.router.clock.now
    people = [(JANE, action), *([(BOB, "resolve")] if is_second else [])]
    for number, (who, wish) in enumerate(people):
        press = pressed(office, wish, who, now + number)
        world.presses[press.id] = press, 0
    ids = list(world.presses)
    arrange(world, acts, mishaps)

    world.drain()

    office.router.faults.clear()
    office.run_checks()
    check(office, ids)


# Another worker finishes its press before the first one changes a card, which then dies.
DEAD_OVER_ANOTHER_OWNER = (
    [("worker", "update", 0, False)],
    [(("write", killed, True), 8, 0)],
)
# Two routers have one event; the second is overtaken by a press as it shows the card anew, and the
# first ends the event.
OVERTAKEN_AGAIN = ([("router", "write", 1, True), ("worker", "update", 0, False)], [])


@examples(100)
@example(*DEAD_OVER_ANOTHER_OWNER, [JANE, BOB])
@example(*OVERTAKEN_AGAIN, [JANE])
@given(
    st.lists(ACTS, min_size=1, max_size=4),
    st.lists(
        st.tuples(st.sampled_from(WAYS), st.integers(0, 4), st.sampled_from([0, 0, 30])),
        max_size=2,
    ),
    st.lists(st.sampled_from([JANE, BOB]), min_size=1, max_size=3),
)
def test_the_card_shows_the_owner_that_the_ledger_has(
    acts: list[tuple[str, str, int, bool]],
    mishaps: list[tuple[tuple[str, MakeError, bool], int, int]],
    people: list[str],
) -> None:
    """Whoever presses between whom, and whatever fails: nobody sees another owner."""
    office = Office(*({"kind": "route", "name": each, "channel": each} for each in ("#a", "#b")))
    office.said()
    world = World(office, dict.fromkeys(range(2), 0), {})
    for number, who in enumerate(people):
        at = int(office.router.clock.now) + 10 * number
        press = office.press("acknowledge", ref=alert_reference(SUBJECT, "#a"), by=who, at=at)
        world.presses[press.id] = press, 0
    arrange(world, acts, mishaps)

    world.drain()

    owners = {alert.care.owner for alert in office.router.alerts}
    assert 1 == len(owners)
    [owner] = owners
    decided = [each for each in office.entries() if each.decided]
    last = max(decided, key=lambda each: each.at)
    if last.outcome == Outcome.DONE:
        assert (last.user if last.decided == "take" else None) == (owner and owner.id)
    assert 2 == len(cards(office))
    for card in (each.all for each in cards(office)):
        assert (f"👀 <@{owner.id}>" if owner else "Acknowledge") in card
        assert card.count("👀 <@") == int(owner is not None)
