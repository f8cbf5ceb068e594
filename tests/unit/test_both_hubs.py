"""One finding in both Security Hubs: one card an episode, whichever of them tells of it."""

from collections.abc import Mapping
from contextlib import suppress
from copy import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dynamo_router import DynamoRouter
from examples import examples
from fake_slack import Said
from fakes import START, Killed, killed, unavailable
from faults.twins import in_ocsf
from finding_router.aws.keys import CHANNELS
from finding_router.delivery.alerts.advance import Verdict, Why
from finding_router.delivery.alerts.identity import finding_hash
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
from hub_events import (
    ACCOUNT,
    FSBP,
    PCI,
    PRODUCT_ARN,
    PRODUCT_ARN_V2,
    control,
    imported,
    raw_finding,
    record,
)
from replays import check_reasons, deliver, deliver_in_batches
from router import ALERTS, EVERYTHING, INVOCATION_SECONDS, OPS, Router, outcomes

pytestmark = pytest.mark.usefixtures("in_silence")
CARDS = {**EVERYTHING, "deliver": "card"}
KEY = (PRODUCT_ARN, "finding-1")
KEY_V2 = (PRODUCT_ARN_V2, "finding-1", ACCOUNT)
BARE = {"resources": [{"uid": "trail-1", "type": "AWS::New::Thing"}]}
TWO = [{"Id": f"arn:aws:s3:::invoices-{number}", "Type": "AwsS3Bucket"} for number in (1, 2)]
# A control's finding in ASFF, and the fields of its twin in OCSF, which have another subject.
FORMS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a bare id in OCSF": (control(FSBP), BARE),
    "more resources in OCSF": (control(FSBP), {"resources": [*BARE["resources"] * 2]}),
    "more resources in ASFF": (control(FSBP, Resources=TWO), BARE),
}
MODES = st.sampled_from(V2Status)
FORM = st.sampled_from(sorted(FORMS))
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
        about = next(iter(both.histories.values())).about
        self.key = about["ProductArn"], about["Id"]
        product = about["ProductArn"].replace("::product/", "::productv2/")
        self.key_v2 = product, about["Id"], about["AwsAccountId"]

    def hold(self) -> None:
        """Store the finding in both as their histories have it."""
        keys = {"asff": self.key, "ocsf": self.key_v2}
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
        if "asff" in self.both.histories and self._is_notified():
            self.both.histories["asff"].notified(now)
        for key, status in self.router.workflow_v2.marked[marks_before:]:
            history = self.both.histories["ocsf"]
            assert (self.key_v2, "NOTIFIED", "NEW") == (key, status, history.status)
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

    def _is_notified(self) -> bool:
        return self.router.workflow.status[self.key] == "NOTIFIED"


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


MINUTE = 60.0
# An end and a return that only AWS Security Hub tells of.
ALONE = [("resolve", "ocsf", MINUTE), ("renew", "both", MINUTE)]
ALONE_WHILE_IMPORTED = [
    ("archive", "ocsf", MINUTE),
    ("import", "both", MINUTE),
    ("return", "ocsf", MINUTE),
]
# A product's update of what has not changed, and then a person's change.
RENEWED = [
    ("pass", "asff", MINUTE),
    ("resolve", "both", MINUTE),
    ("fail", "both", MINUTE),
    ("archive", "asff", MINUTE),
    ("renew", "both", MINUTE),
]
RESOLVED = [
    ("archive", "ocsf", MINUTE),
    ("return", "both", MINUTE),
    ("resolve", "asff", MINUTE),
]


@examples(60)
@example(ALONE, "asff", V2Status.NONE)
@example(ALONE_WHILE_IMPORTED, "ocsf", V2Status.NONE)
@example(RENEWED, "asff", V2Status.NONE)
@example(RESOLVED, "asff", V2Status.NONE)
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
        assert "NOTIFIED" == cspm.status
        if not is_notified(world):
            check_next_of_cspm(world)
    if mode is V2Status.NONE:
        assert [] == world.router.workflow_v2.marked
    if mode is not V2Status.IN_PROGRESS:
        assert v2.status != "NOTIFIED"


def is_notified(world: World) -> bool:
    """Return True if the Ledger has the finding as NOTIFIED in CSPM."""
    [known] = world.router.alerts[0].members.values()
    return known.is_notified


def check_next_of_cspm(world: World) -> None:
    """
    Check that its next event settles the mark, which is set once: CSPM is asked before.

    CSPM sets NOTIFIED back where its finding returns, and an end in the other may be one of both
    whose event is on its way. So the mark is in doubt until CSPM tells of the finding, once that
    has returned.
    """
    cspm, v2 = world.both.histories["asff"], world.both.histories["ocsf"]
    returned_at = max(
        after.at for before, after in pairwise(v2.sent) if after.is_open and not before.is_open
    )
    assert cspm.sent[-1].at < returned_at
    was = [*world.router.workflow.marked], len(messages(world.router))
    world.both.now = max(world.both.now, world.router.clock.now)

    world.both.step("import", "asff", HOUR)
    world.catch_up()

    assert is_notified(world)
    assert was == (world.router.workflow.marked, len(messages(world.router)))
    assert "NOTIFIED" == cspm.status


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


@examples(30)
@given(STEPS_OF_BOTH_HUBS, st.sampled_from(["asff", "ocsf"]), MODES, FORM)
def test_a_control_is_said_alike_whatever_its_forms_call_the_resource(
    steps: Steps, first: str, mode: V2Status, form: str
) -> None:
    """One card, and as many messages as if both gave it the same name."""
    alike = played(steps, BothHubs(first, about=control(FSBP)), mode)

    assert alike == played(steps, of_form(form, first), mode)


def played(steps: Steps, both: BothHubs, mode: V2Status) -> list[object]:
    """Return what the router made of *steps*, one after the other, and of their events again."""
    world = World(both, mode)
    world.catch_up()
    for step in steps:
        both.now = max(both.now, world.router.clock.now)
        both.step(*step)
        world.catch_up()
    for event in both.sent[-4:]:
        world.router.clock.now += 1000
        deliver(world.router, event)
    cards = [said.thread_ts is None for said in messages(world.router)]
    alerts = [(each.is_there, each.is_shown, each.severity) for each in world.router.alerts]
    statuses = [(each.is_open, each.status) for each in both.histories.values()]
    assert 1 == sum(cards) == len(alerts)
    return [cards, alerts, statuses]


@examples(40)
@given(STEPS_OF_BOTH_HUBS, FORM, st.data())
def test_a_control_is_one_card_in_any_order(steps: Steps, form: str, data: Any) -> None:
    """In any batches, doubled."""
    both = of_form(form)
    for step in steps:
        both.step(*step)
    world = World(both, V2Status.NONE)
    world.hold()
    world.router.clock.now = both.now
    extra = data.draw(st.lists(st.sampled_from(both.sent), max_size=3))

    events = data.draw(st.permutations([*both.sent, *extra]))
    deliver_in_batches(world.router, events, data)

    states = {each.is_open for each in both.histories.values()}
    if messages(world.router):
        [alert] = world.router.alerts
        [_card] = [said for said in messages(world.router) if said.thread_ts is None]
        assert alert.is_shown is alert.is_there
        assert len(states) == 2 or states == {alert.is_there}


def of_form(form: str, first: str = "asff") -> BothHubs:
    """Return a finding in both, one of `FORMS`."""
    about, twin = FORMS[form]
    return BothHubs(first, about=about, twin=twin)


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


def control_in_both(form: str = "a bare id in OCSF", **changes: Any) -> tuple[dict[str, Any], ...]:
    """Return a control's finding in ASFF and in OCSF, one of `FORMS`."""
    about, twin = FORMS[form]
    finding = {**about, "UpdatedAt": at(0)} | changes
    return finding, in_ocsf(finding, **twin)


@pytest.mark.parametrize("first", [0, 1], ids=["asff", "ocsf"])
@pytest.mark.parametrize("form", FORMS)
def test_both_forms_of_a_control_in_one_batch_are_one_card(form: str, first: int) -> None:
    """As a flood brings them, and once more when they come again."""
    router, both = Router(CARDS), control_in_both(form)
    router.hold(both[0])

    for _ in range(2):
        router.run(
            record(imported(both[first], sent_at=router.clock.now)),
            record(imported(both[1 - first], sent_at=router.clock.now + 1), number=2),
        )

    assert 1 == len(router.slack.posted) == len(router.alerts)
    assert "NOTIFIED" == router.workflow.status[both[0]["ProductArn"], both[0]["Id"]]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mine", [0, 1], ids=["asff", "ocsf"])
def test_of_two_workers_with_a_form_each_the_first_names_the_subject(mine: int, form: str) -> None:
    """The other says it meanwhile, in its form."""
    router, both = Router(CARDS), control_in_both(form)
    router.hold(both[0])

    def meanwhile() -> None:
        worker = router.pipeline
        router.restart()
        send(router, both[1 - mine], after=0)
        router.pipeline = worker

    router.faults.plan("claim_subjects", meanwhile=meanwhile)
    send(router, both[mine])

    assert 1 == len(router.slack.posted) == len(router.alerts)


@pytest.mark.parametrize("carried_out", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", ["claim_subjects", "note_subjects", "write"])
@pytest.mark.parametrize("again", [0, 1], ids=["asff", "ocsf"])
def test_a_worker_that_dies_over_the_subject_says_it_once(
    again: int, step: str, *, carried_out: bool
) -> None:
    """Whichever form comes first to the next worker."""
    router, both = Router(CARDS), control_in_both()
    router.hold(both[0])
    router.faults.plan(step, killed, carried_out=carried_out)

    events = [record(imported(each, sent_at=router.clock.now)) for each in both]
    for tries in range(1, 4):
        with suppress(Killed):
            for each in events if again == 0 else events[::-1]:
                router.run(replace(each, tries=tries))
        router.clock.now += 2 * INVOCATION_SECONDS
        router.restart()

    assert 1 == len(router.slack.opened(ALERTS)) == len(router.alerts)


def test_an_end_that_the_other_form_tells_closes_the_card() -> None:
    """Though it is said of a resource by another name: its list of channels tells."""
    router, (finding, twin) = Router(CARDS), control_in_both()
    for each in (finding, twin):
        send(router, each)
    calls = router.faults.count("channels")

    send(router, {**twin, "status_id": 4}, after=HOUR)

    assert "Resolved" in router.card.text
    # A second read is made only for a finding that is known by another name.
    assert 2 == router.faults.count("channels") - calls


def test_standards_of_a_control_are_one_card_in_both_forms() -> None:
    """Also one that only the other form has told of."""
    router = Router(CARDS)
    fsbp, pci, nist = (
        control(each, UpdatedAt=at(0)) for each in (FSBP, PCI, "nist-800-53/v/5.0.0")
    )
    for each in (fsbp, pci):
        send(router, each)

    for each in (fsbp, pci, nist):
        send(router, in_ocsf(each, **BARE), after=HOUR)

    [alert] = router.alerts
    assert 3 == len(alert.members)
    assert 1 == len(router.slack.posted)


@pytest.mark.parametrize("order", [1, -1])
def test_standards_of_a_control_in_one_batch_are_one_card(order: int) -> None:
    """One of which ASFF has told, and one of which only OCSF tells."""
    router = Router(CARDS)
    fsbp, pci = (control(each, UpdatedAt=at(0)) for each in (FSBP, PCI))
    send(router, fsbp)

    router.run(
        *(
            record(imported(in_ocsf(each, **BARE), sent_at=router.clock.now), number=number)
            for number, each in enumerate([fsbp, pci][::order])
        )
    )

    [alert] = router.alerts
    assert 2 == len(alert.members)
    assert 1 == len(router.slack.posted)


def test_cards_of_a_version_that_did_not_compare_forms_go_on() -> None:
    """Each form has its own alert then, and ends it."""
    router, (finding, twin) = Router(CARDS), control_in_both()
    router.ledger.claim_subjects = lambda those: [each.name for each in those]  # type: ignore[method-assign]  # as if nothing were kept
    send(router, finding)
    router.ledger.known.pop(finding_hash(finding["ProductArn"], finding["Id"]), None)
    send(router, twin)
    assert 2 == len(router.alerts)
    del router.ledger.claim_subjects  # type: ignore[method-assign]  # of the instance

    for each in (finding, twin, {**finding, "RecordState": "ARCHIVED"}, {**twin, "status_id": 5}):
        send(router, each, after=HOUR)

    assert [False, False] == [each.is_shown for each in router.alerts]


def test_what_is_over_or_quiet_costs_one_call() -> None:
    """Of controls that nobody heard of, in either form."""
    router = Router(CARDS)
    finding, twin = control_in_both(Workflow={"Status": "NOTIFIED"})

    for each in (finding, twin, {**finding, "RecordState": "ARCHIVED"}, {**twin, "status_id": 5}):
        before = len(router.faults.calls)
        assert Outcome.POSTED is not send(router, each)
        assert [("channels", "")] == router.faults.calls[before:]


def test_what_is_said_costs_a_read_and_a_write_once() -> None:
    """Of a control; other findings are the same subject in both forms."""
    router, (finding, twin) = Router(CARDS), control_in_both()
    counted = ("channels", "claim_subjects", "note_subjects")

    def calls(each: dict[str, Any]) -> list[int]:
        before = [router.faults.count(name) for name in counted]
        send(router, each)
        return [router.faults.count(name) - was for name, was in zip(counted, before, strict=True)]

    assert [1, 1, 0] == calls(finding)
    assert [1, 0, 1] == calls(twin)
    assert [[1, 0, 0]] * 2 == [calls(each) for each in (finding, twin)]
    assert [0, 0, 0] == calls(raw_finding())


def test_a_control_that_no_channel_hears_of_is_not_kept() -> None:
    """A route drops it."""
    router = Router({**EVERYTHING, "channel": None, "action": "drop"})

    send(router, control_in_both()[0])

    assert 0 == router.faults.count("claim_subjects")


def test_earlier_versions_read_what_is_kept_of_a_subject() -> None:
    """They take the channels of each list for granted."""
    router, both = DynamoRouter(CARDS), control_in_both()
    for each in both:
        send(router, each)

    lists = {name: item for (name, sort), item in router.dynamo.stored.items() if sort == CHANNELS}
    assert 3 == len(lists)
    assert {("SS", ("#alerts",))} == {
        (kind, tuple(value)) for item in lists.values() for kind, value in item["channels"].items()
    }
    assert 1 == len(router.slack.posted)


def test_a_damaged_subject_holds_up_its_finding_alone() -> None:
    """It is said by its own, and its batch with it."""
    router, (finding, twin) = DynamoRouter(CARDS), control_in_both()
    router.hold(finding, raw_finding())
    send(router, finding)
    name = finding_hash(finding["ProductArn"], finding["Id"])
    router.dynamo.stored[name, CHANNELS]["channels"] = {"N": "7"}
    router.dynamo.stored[name, CHANNELS]["known_as"] = {"N": "7"}

    jobs = router.run(
        record(imported(twin, sent_at=router.clock.now)),
        record(imported(raw_finding(), sent_at=router.clock.now), number=2),
    )

    assert [Outcome.POSTED] * 2 == outcomes(jobs)


DAY = 24 * HOUR
HELD = {
    **EVERYTHING,
    "name": "daily",
    "channel": "#daily",
    "deliver": "scheduled",
    "schedule": {"time": "06:00", "zone": "UTC"},
}
NEW_ROUTE = {**CARDS, "name": "more", "channel": "#more"}


def open_in_v2(*items: Mapping[str, Any]) -> tuple[Router, dict[str, Any]]:
    """Return a router that has said an open finding of AWS Security Hub, by other routes now."""
    router, finding = Router(CARDS), in_ocsf(raw_finding(UpdatedAt=at(0)))
    send(router, finding)
    router.items = [dict(each) for each in items]
    router.restart()
    return router, finding


def updated(finding: dict[str, Any], router: Router, **changes: Any) -> dict[str, Any]:
    """Return *finding* as its product reports it again now."""
    return finding | {"time": int(router.clock.now * 1000)} | changes


@pytest.mark.parametrize(
    "items",
    [(NEW_ROUTE,), (CARDS, NEW_ROUTE), ({**NEW_ROUTE, "deliver": "digest"},), (HELD,)],
    ids=["renamed", "new", "as a digest", "held"],
)
def test_a_new_channel_is_not_told_of_what_goes_on(items: tuple[Mapping[str, Any], ...]) -> None:
    """AWS Security Hub has no NOTIFIED: its open findings are New each time they are updated."""
    router, finding = open_in_v2(*items)

    for _ in range(3):
        outcome = send(router, updated(finding, router), after=DAY)
        assert Outcome.DUPLICATE is outcome

    assert [ALERTS] == [said.channel for said in messages(router)]
    assert [] == router.held.bins()


def test_a_new_channel_is_told_of_what_is_new_worse_or_back() -> None:
    """As with findings of Security Hub CSPM."""
    router, finding = open_in_v2(CARDS, NEW_ROUTE)
    worse = updated(finding, router, severity_id=5)

    send(router, in_ocsf(raw_finding("finding-2", UpdatedAt=at(0))), after=DAY)
    assert 1 == len(router.slack.opened("#more"))
    send(router, updated(worse, router), after=DAY)
    assert 2 == len(router.slack.opened("#more"))

    router, finding = open_in_v2(CARDS, NEW_ROUTE)
    send(router, updated(finding, router, status_id=4), after=DAY)
    send(router, updated(finding, router), after=DAY)
    assert 1 == len(router.slack.opened("#more"))
    assert 2 == router.alerts[0].episode


def test_a_channel_that_could_not_be_told_is_told_by_the_next_try() -> None:
    """However late: the event is as old as the first message."""
    router = Router(CARDS, NEW_ROUTE)
    finding = in_ocsf(raw_finding(UpdatedAt=at(0)))
    router.faults.plan("post", unavailable(), about="#more", times=3)
    event = imported(finding, sent_at=router.clock.now)

    for tries in range(1, 5):
        router.run(record(event, tries=tries))
        router.clock.now += DAY
        send(router, updated(finding, router))

    assert [ALERTS, "#more"] == sorted(said.channel for said in messages(router))


def test_another_form_of_what_was_said_tells_a_new_channel_nothing() -> None:
    """Of a control whose card has another subject than the form gives, too."""
    router, both = Router(CARDS), control_in_both()
    for each in both:
        send(router, each)
    router.items = [dict(NEW_ROUTE)]
    router.restart()

    send(router, updated(both[1], router), after=DAY)

    assert [ALERTS] == [said.channel for said in messages(router)]
