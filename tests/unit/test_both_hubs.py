"""One finding in both Security Hubs: one card an episode, whichever of them tells of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from fake_slack import Said
from fakes import START
from faults.twins import in_ocsf
from finding_router.delivery.alerts.advance import Verdict, Why
from finding_router.delivery.outcome import Outcome
from finding_router.findings.finding import Severity
from finding_router.findings.ocsf.marks import V2Status
from finding_router.findings.timestamps import parse_timestamp
from histories import (
    HOUR,
    LAG,
    STEPS_OF_BOTH_HUBS,
    BothHubs,
    LastChange,
    Sent,
)
from hub_events import ACCOUNT, PRODUCT_ARN, PRODUCT_ARN_V2, imported, raw_finding, record
from replays import check_reasons, deliver, deliver_in_batches
from router import EVERYTHING, OPS, Router, outcomes

pytestmark = pytest.mark.usefixtures("in_silence")
CARDS = {**EVERYTHING, "deliver": "card"}
KEY = (PRODUCT_ARN, "finding-1")
KEY_V2 = (PRODUCT_ARN_V2, "finding-1", ACCOUNT)
MODES = st.sampled_from(V2Status)
type Steps = list[tuple[str, str, float]]


class World:
    """A router, and the two Security Hubs whose events it gets in order."""

    def __init__(self, both: BothHubs, mode: V2Status) -> None:
        """Start with the first events of *both*, of which nothing was delivered."""
        self.both = both
        self.router = Router(CARDS, v2_status=mode)
        self.rule = LastChange()
        self._mode = mode
        self._done = 0

    def hold(self) -> None:
        """Store the finding in both as their histories have it."""
        keys = {"asff": KEY, "ocsf": KEY_V2}
        for name, history in self.both.histories.items():
            workflow = self.router.workflow if name == "asff" else self.router.workflow_v2
            key = keys[name]
            workflow.status[key] = history.status
            workflow.archived.discard(key)
            if not history.is_open and history.status in {"NEW", "NOTIFIED"}:
                workflow.archived.add(key)
            if "Note" in history.about:
                self.router.workflow_v2.comments[key] = history.about["Note"]["Text"]

    def catch_up(self) -> None:
        """Deliver what was sent, and the echo of each mark."""
        while self._done < len(self.both.sent):
            event = self.both.sent[self._done]
            self.router.clock.now = max(self.router.clock.now, event.at)
            self.hold()
            before = len(self.router.workflow_v2.marked)
            check_reasons(deliver(self.router, event))
            self._done += 1
            self.rule.hear(event, updated_at=updated_at(event))
            self._echo(before)

    def _echo(self, marks_before: int) -> None:
        """Send the events of the marks that the router has set; fail if it must not set one."""
        now = self.router.clock.now
        if "asff" in self.both.histories and self.router.status() == "NOTIFIED":
            self.both.histories["asff"].notified(now)
        for key, status in self.router.workflow_v2.marked[marks_before:]:
            history = self.both.histories["ocsf"]
            assert (KEY_V2, "NOTIFIED", "NEW") == (key, status, history.status)
            assert history.is_open
            history.now = max(history.now, now)
            if self._mode is V2Status.IN_PROGRESS:
                history.updated_at = history.now
                history.notified(now)
            else:
                assert V2Status.COMMENT is self._mode
                assert "Note" not in history.about
                history.say("Posted to Slack")
        self.both.now = max(self.both.now, now)


def updated_at(event: Sent) -> float:
    """Return when the product changed the finding last, in Unix seconds."""
    if "time" in event.finding:
        return float(event.finding["time"]) / 1000
    moment = parse_timestamp(event.finding["UpdatedAt"])
    return moment.timestamp() if moment else 0.0


def messages(router: Router) -> list[Said]:
    """Return the messages that notified people."""
    return [said for said in router.slack.posted if said.channel != OPS]


def check(world: World) -> None:
    """Slack shows the last change, and each episode and each rise is one message."""
    router, rule = world.router, world.rule
    assert rule.messages == len(messages(router))
    if not rule.messages:
        return
    [alert] = router.alerts
    [card] = [said for said in messages(router) if said.thread_ts is None]
    assert (rule.is_open, rule.is_open) == (alert.is_there, alert.is_shown)
    ended = card.text.split(" · ")[1].startswith(("Resolved", "Archived", "Suppressed"))
    assert rule.is_open is not ended
    assert alert.severity is rule.severity or not rule.is_open


@examples(60)
@given(STEPS_OF_BOTH_HUBS, st.sampled_from(["asff", "ocsf"]), MODES)
def test_in_order_each_episode_and_each_rise_is_one_message(
    steps: Steps, first: str, mode: V2Status
) -> None:
    """Whichever tells of an end, a return or a rise, or both; marks are no news."""
    world = World(BothHubs(first), mode)
    world.catch_up()
    for step in steps:
        world.both.now = max(world.both.now, world.router.clock.now)
        world.both.step(*step)
        world.catch_up()

    check(world)
    check_marks(world, mode)


def check_marks(world: World, mode: V2Status) -> None:
    """Check that what was said is NOTIFIED in CSPM; the other has what its parameter says."""
    cspm, v2 = world.both.histories["asff"], world.both.histories["ocsf"]
    if world.rule.is_open and cspm.is_open and world.rule.messages:
        [known] = world.router.alerts[0].members.values()
        assert (True, "NOTIFIED") == (known.is_notified, cspm.status)
    if mode is V2Status.NONE:
        assert [] == world.router.workflow_v2.marked
    if mode is not V2Status.IN_PROGRESS:
        assert v2.status != "NOTIFIED"


@examples(40)
@given(STEPS_OF_BOTH_HUBS, st.data())
def test_what_comes_again_says_nothing(steps: Steps, data: Any) -> None:
    """In any order, and in both forms."""
    world = World(BothHubs(), V2Status.NONE)
    world.catch_up()
    for step in steps:
        world.both.now = max(world.both.now, world.router.clock.now)
        world.both.step(*step)
        world.catch_up()

    for event in data.draw(st.lists(st.sampled_from(world.both.sent), max_size=6)):
        world.router.clock.now += 1000
        deliver(world.router, event)

    check(world)


@examples(40)
@given(STEPS_OF_BOTH_HUBS, st.data())
def test_in_any_order_the_card_shows_what_both_say(steps: Steps, data: Any) -> None:
    """In any batches, doubled; while the two disagree at the end, either may be shown."""
    both = BothHubs()
    for step in steps:
        both.step(*step)
    router = Router(CARDS)
    world = World(both, V2Status.NONE)
    world.router = router
    world.hold()
    router.clock.now = both.now
    extra = data.draw(st.lists(st.sampled_from(both.sent), max_size=3))

    deliver_in_batches(router, data.draw(st.permutations([*both.sent, *extra])), data)

    states = {each.is_open for each in both.histories.values()}
    if not messages(router):
        assert states != {True}
        return
    [alert] = router.alerts
    [card] = [said for said in messages(router) if said.thread_ts is None]
    ids = [said.delivery_ids for said in messages(router)]
    assert len(ids) == len(set(ids))
    assert alert.is_shown is alert.is_there
    assert len(states) == 2 or states == {alert.is_there}
    ended = card.text.split(" · ")[1].startswith(("Resolved", "Archived", "Suppressed"))
    assert alert.is_there is not ended


def send(router: Router, finding: dict[str, Any], *, after: float = LAG) -> Outcome | None:
    """Send an event of *finding*, *after* seconds later; return its outcome."""
    router.clock.now += after
    [job] = router.run(record(imported(finding, sent_at=router.clock.now)))
    return job.outcome


def at(seconds: float) -> str:
    """Return UpdatedAt of *seconds* after the start."""
    return f"2026-09-21T{14 + int(seconds // 3600):02}:{int(seconds % 3600 // 60):02}:00Z"


def both_said(first: str = "asff") -> tuple[Router, dict[str, Any]]:
    """Return a router that heard a new finding in both forms, and the finding in ASFF."""
    router, finding = Router(CARDS), raw_finding(UpdatedAt=at(0))
    router.workflow.status[KEY] = router.workflow_v2.status[KEY_V2] = "NEW"
    twin = in_ocsf(finding)
    for each in (finding, twin) if first == "asff" else (twin, finding):
        send(router, each)
    return router, finding


@pytest.mark.parametrize("first", ["asff", "ocsf"])
def test_the_twin_is_a_duplicate_and_both_are_marked(first: str) -> None:
    """CSPM's becomes NOTIFIED, though the other was said."""
    router, finding = both_said(first)

    assert 1 == len(router.slack.posted)
    assert "NOTIFIED" == router.status()
    [member] = router.alerts[0].members.values()
    assert member.is_notified
    assert Outcome.DUPLICATE is send(router, finding)
    assert Outcome.DUPLICATE is send(router, in_ocsf(finding))


def test_an_import_does_not_reopen_what_was_resolved_in_the_other() -> None:
    """A person resolves in V2; CSPM imports it every day, open as ever."""
    router, finding = both_said()
    noted = {**finding, "Workflow": {"Status": "NOTIFIED"}}

    send(router, in_ocsf(finding, status_id=4), after=HOUR)
    assert "Resolved" in router.card.text
    for hours in (2, 3, 4):
        send(router, {**noted, "UpdatedAt": at(hours * HOUR)}, after=HOUR)

    assert "Resolved" in router.card.text
    assert 1 == len(router.slack.posted)


def test_an_end_in_cspm_counts_though_the_others_update_is_newer() -> None:
    """People leave UpdatedAt as it is."""
    router, finding = both_said()
    send(router, in_ocsf(finding, time=int((START + HOUR) * 1000)), after=HOUR)

    send(router, {**finding, "Workflow": {"Status": "RESOLVED"}}, after=60)
    assert "Resolved" in router.card.text
    send(router, in_ocsf(finding, time=int((router.clock.now) * 1000)), after=HOUR)

    assert "Resolved" in router.card.text
    assert 1 == len(router.slack.posted)


def test_a_return_in_either_reopens_the_card_once() -> None:
    """The other's return says it again."""
    router, finding = both_said()
    send(router, {**finding, "RecordState": "ARCHIVED", "UpdatedAt": at(HOUR)}, after=HOUR)
    send(router, in_ocsf({**finding, "RecordState": "ARCHIVED", "UpdatedAt": at(HOUR)}))
    router.workflow.status[KEY] = "NEW"
    back = {**finding, "UpdatedAt": at(2 * HOUR)}

    send(router, in_ocsf(back), after=HOUR)
    send(router, back)

    assert 2 == len(router.slack.posted)
    assert 2 == router.alerts[0].episode
    assert "NOTIFIED" == router.status()


def test_a_return_that_only_a_reset_shows_counts_against_an_end_in_the_other() -> None:
    """CSPM sets NOTIFIED back to NEW: its finding ended and returned."""
    router, finding = both_said()
    send(router, {**finding, "Workflow": {"Status": "NOTIFIED"}})
    send(router, in_ocsf(finding, status_id=4), after=HOUR)

    send(router, {**finding, "UpdatedAt": at(3 * HOUR)}, after=2 * HOUR)
    # Late, and older than the return.
    send(router, in_ocsf(finding, status_id=4, time=int((START + HOUR) * 1000)))

    assert 2 == router.alerts[0].episode
    assert router.alerts[0].is_shown


@pytest.mark.parametrize(("hours", "is_open"), [(0, False), (3, True)])
def test_the_first_event_of_a_form_reopens_only_what_was_updated_since(
    hours: int, *, is_open: bool
) -> None:
    """AWS Security Hub may be enabled long after CSPM, or in its place."""
    router, finding = Router(CARDS), raw_finding(UpdatedAt=at(0))
    router.workflow.status[KEY] = router.workflow_v2.status[KEY_V2] = "NEW"
    send(router, finding)
    send(router, {**finding, "Workflow": {"Status": "RESOLVED"}}, after=HOUR)

    send(router, in_ocsf({**finding, "UpdatedAt": at(hours * HOUR)}), after=3 * HOUR)

    assert is_open is router.alerts[0].is_shown


def test_a_severity_that_one_of_them_changes_is_shown_until_it_changes_again() -> None:
    """A person lowers it in one; the other goes on to say the former."""
    router, finding = both_said()
    noted = {**finding, "Workflow": {"Status": "NOTIFIED"}}

    send(router, in_ocsf(finding, severity_id=2), after=HOUR)
    assert Severity.LOW is router.alerts[0].severity
    send(router, {**noted, "UpdatedAt": at(2 * HOUR)}, after=HOUR)
    assert Severity.LOW is router.alerts[0].severity
    worse = {**noted, "UpdatedAt": at(3 * HOUR), "Severity": {"Label": "CRITICAL"}}
    send(router, worse, after=HOUR)
    send(router, in_ocsf(worse))

    assert 2 == len(router.slack.posted)
    assert Severity.CRITICAL is router.alerts[0].severity


def test_why_the_twin_says_nothing_is_told() -> None:
    """In the log, and by `explain`."""
    router, finding = Router(CARDS), raw_finding(UpdatedAt=at(0))
    router.workflow.status[KEY] = "NEW"
    send(router, finding)

    router.clock.now += LAG
    [job] = router.run(record(imported(in_ocsf(finding), sent_at=router.clock.now)))

    [delivery] = job.deliveries
    assert (Verdict.NOTE, Why.OTHER_HUB) == (delivery.step.verdict, delivery.step.why)


def test_both_forms_in_one_batch_are_one_card() -> None:
    """As a flood brings them."""
    router, finding = Router(CARDS), raw_finding(UpdatedAt=at(0))
    router.workflow.status[KEY] = router.workflow_v2.status[KEY_V2] = "NEW"
    now = router.clock.now

    jobs = router.run(
        record(imported(in_ocsf(finding), sent_at=now)),
        record(imported(finding, sent_at=now + 1), number=2),
    )

    assert 1 == len(router.slack.posted)
    assert [Outcome.DUPLICATE, Outcome.POSTED] == sorted(outcomes(jobs), key=str)
    assert "NOTIFIED" == router.status()
