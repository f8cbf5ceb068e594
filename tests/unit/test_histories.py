"""Any history of a finding, in any order and batches: said as often as it happened, no more."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fake_slack import Said
from finding_router.delivery.outcome import Outcome
from finding_router.findings.finding import Severity
from finding_router.telemetry import logger
from histories import STEPS, STEPS_OF_TWO, History, Sent, TwoStandards, over_since
from hub_events import PRODUCT_ARN, imported, record
from router import ALERTS, EVERYTHING, OPS, Router

MANY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ROUNDS = 10
CARDS = {**EVERYTHING, "deliver": "card"}
ENDINGS = ("Resolved", "Archived", "Suppressed")


@pytest.fixture(autouse=True, scope="module")
def _in_silence() -> Iterator[None]:
    """Thousands of batches would log for longer than they take."""
    level = logger.log_level
    logger.setLevel("CRITICAL")
    yield
    logger.setLevel(level)


def deliver(router: Router, *events: Sent) -> None:
    """Deliver *events* in one batch, and again as long as some of them have to come back."""
    waiting = list(enumerate(events))
    for tries in range(1, ROUNDS):
        records = {
            f"record-{number}": record(
                imported(event.finding, sent_at=event.at), number=number, tries=tries
            )
            for number, event in waiting
        }
        jobs = router.run(*records.values())
        failed = {job.record.id for job in jobs if job.outcome is Outcome.FAILED}
        waiting = [each for each in waiting if f"record-{each[0]}" in failed]
        if not waiting:
            return
        router.clock.now += max(job.retry_seconds for job in jobs) + 1
    raise AssertionError("events go round and round")


def messages(router: Router) -> list[Said]:
    """Give what people were called by: cards, and what was broadcast from their threads."""
    return [said for said in router.slack.posted if said.channel != OPS]


def opened(router: Router) -> list[Said]:
    """Give those that say that it is there, or back."""
    return [said for said in messages(router) if "Severity rose" not in said.first.text]


def check_rises(router: Router) -> None:
    """Each rise is one, from what was said before it in the same episode."""
    said_last = Severity.INFORMATIONAL
    for said in messages(router):
        text = said.first.text
        words = text.partition("Severity rose from ")[2].split()
        if words:
            before, after = Severity(words[0]), Severity(words[2].removesuffix(":"))
            assert said_last.rank <= before.rank < after.rank
            said_last = after
        else:
            said_last = next(each for each in Severity if f" {each.value} · " in text)


def check_state(router: Router, *, is_open: bool) -> None:
    """See whether the Ledger and the card both know that it is still there, or not."""
    [entry] = router.alerts
    [card] = [said for said in messages(router) if said.thread_ts is None]
    assert is_open is entry.is_there
    assert is_open is not card.text.split()[1].startswith(ENDINGS)


def expected_messages(events: Sequence[Sent]) -> int:
    """Count what is to be said of *events* in their order."""
    count, said, is_told = 0, -1, False
    for event in events:
        rank = Severity(event.finding["Severity"]["Label"]).rank
        is_new = event.finding["Workflow"]["Status"] == "NEW"
        if not event.is_open:
            is_told = False
        elif is_new and not is_told:
            count, said, is_told = count + 1, rank, True
        elif count:
            count, said, is_told = count + (rank > said), max(rank, said), True
    return count


def in_order(router: Router, history: History, steps: Sequence[tuple[str, float]]) -> None:
    """Let it happen, and hand over each event and each echo as they come."""
    done = 0

    def catch_up() -> None:
        nonlocal done
        while done < len(history.sent):
            event = history.sent[done]
            router.clock.now = max(router.clock.now, event.at)
            router.workflow.status[PRODUCT_ARN, "finding-1"] = history.status
            deliver(router, event)
            done += 1
            if router.status() == "NOTIFIED":
                history.notified(router.clock.now)

    catch_up()
    for what, after in steps:
        history.now = max(history.now, router.clock.now)
        history.step(what, after)
        catch_up()


def test_an_end_that_comes_again_after_a_quiet_return_shows_no_other() -> None:
    """A person had let it be NOTIFIED."""
    router, history = Router(), History()
    in_order(router, history, [("resolve", 60.0), ("import", 60.0), ("notify", 60.0)])

    for event in history.sent:
        if not event.is_open:
            router.clock.now += 1000
            deliver(router, event)

    assert 1 == len(messages(router))


@MANY
@given(STEPS, st.data())
def test_in_order_each_episode_and_each_rise_is_one_message(
    steps: list[tuple[str, float]], data: Any
) -> None:
    """However often the events come again afterwards."""
    router, history = Router(), History()

    in_order(router, history, steps)

    assert expected_messages(history.sent) == len(messages(router))
    assert history.episodes == len(opened(router))
    check_rises(router)
    check_state(router, is_open=history.is_open)
    before = router.alerts
    again = data.draw(st.lists(st.sampled_from(history.sent), max_size=6))
    for event in again:
        router.clock.now += 1000
        deliver(router, event)
    assert expected_messages(history.sent) == len(messages(router))
    assert [entry.is_there for entry in before] == [entry.is_there for entry in router.alerts]


@MANY
@given(STEPS, st.data())
def test_in_any_order_nothing_is_said_twice_and_the_card_is_right_in_the_end(
    steps: list[tuple[str, float]], data: Any
) -> None:
    """Duplicated, late, and in any batches, in a channel with cards."""
    history = History()
    for what, after in steps:
        if data.draw(st.booleans()):
            history.notified(history.now + 30)
        # Who takes an end back silently is not waited for: nothing is written for what goes on.
        if what != "notify" or history.is_open:
            history.step(what, after)
    router = Router(CARDS)
    router.workflow.status[PRODUCT_ARN, "finding-1"] = history.status
    router.clock.now = history.now
    extra = data.draw(st.lists(st.sampled_from(history.sent), max_size=3))
    events = data.draw(st.permutations([*history.sent, *extra]))
    last_seen = False

    while events:
        size = data.draw(st.integers(1, len(events)))
        batch, events = events[:size], events[size:]
        deliver(router, *batch)
        router.clock.now += data.draw(st.sampled_from([1.0, 2000.0]))
        last_seen = last_seen or (bool(router.alerts) and history.sent[-1] in batch)

    assert len(opened(router)) <= history.episodes
    ids = [said.delivery_ids for said in messages(router)]
    assert len(ids) == len(set(ids))
    check_rises(router)
    if router.alerts and (last_seen or history.is_open):
        check_state(router, is_open=history.is_open)
    # An end that came before anything was said is an end of nothing; what is open, is said.
    assert router.slack.opened(ALERTS) or not history.is_open


def two_standards(steps: Sequence[tuple[int, str, float]]) -> tuple[Router, TwoStandards]:
    """Let *steps* happen to a control, of which nobody was told so far."""
    both = TwoStandards()
    for which, what, after in steps:
        both.step(which, what, after)
    router = Router(CARDS)
    router.clock.now = both.now
    router.hold(*(each.about for each in both.histories))
    return router, both


def told(router: Router, events: Iterable[Sent]) -> Iterator[tuple[int, int]]:
    """
    Deliver *events* one after the other, and count after each what was said and should be.

    That is a message for each return that shows in what was delivered so far, put in its order.
    """
    expected, said_at, known = 0, 0.0, list[Sent]()
    for event in events:
        deliver(router, event)
        told_of = {each.finding["Id"] for each in known}
        if event.is_open or event.finding["Id"] in told_of:
            known.append(event)
        newest = max((each.at for each in known if each.is_open), default=0.0)
        if newest and (not expected or said_at < over_since(known) < newest):
            expected, said_at = expected + 1, newest
        yield len(opened(router)), expected


@MANY
@given(STEPS_OF_TWO, st.data())
def test_two_standards_are_one_alert_though_their_events_overtake_each_other(
    steps: list[tuple[int, str, float]], data: Any
) -> None:
    """By three places: exactly when it shows that both were over, the return is said."""
    router, both = two_standards(steps)
    late = [data.draw(st.sampled_from([0.0, 0.0, 3.5])) for _ in both.sent]
    order = sorted(range(len(late)), key=lambda place: place + late[place])

    for said, expected in told(router, [both.sent[place] for place in order]):
        assert expected == said


@MANY
@given(STEPS_OF_TWO, st.data())
def test_two_standards_in_any_order_are_never_said_to_be_back_without_need(
    steps: list[tuple[int, str, float]], data: Any
) -> None:
    """Nor does the card of what is there look as if it were over."""
    router, both = two_standards(steps)
    extra = data.draw(st.lists(st.sampled_from(both.sent), max_size=3))

    for said, expected in told(router, data.draw(st.permutations([*both.sent, *extra]))):
        assert said <= expected

    assert router.alerts[0].is_open or not both.is_open
