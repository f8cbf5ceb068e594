"""Any history of findings, in any order and batches: Slack shows the newest that is known."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples import examples
from fake_slack import Said
from finding_router.findings.finding import Severity
from finding_router.slack.kit.frame import CIRCLES
from histories import STEPS, STEPS_OF_TWO, History, Sent, TwoStandards, newest
from replays import check_reasons, deliver, deliver_in_batches
from router import EVERYTHING, OPS, Router

pytestmark = pytest.mark.usefixtures("in_silence")
MANY = examples(60)
CARDS = {**EVERYTHING, "deliver": "card"}
ENDINGS = ("Resolved", "Archived", "Suppressed")


def hold(router: Router, history: History) -> None:
    """Store the finding in Security Hub as it is at the end of *history*."""
    key = (history.about["ProductArn"], history.about["Id"])
    router.workflow.status[key] = history.status
    router.workflow.archived.discard(key)
    if not history.is_open and history.status in {"NEW", "NOTIFIED"}:
        router.workflow.archived.add(key)


def messages(router: Router) -> list[Said]:
    """Return the messages that notified people: cards, and replies broadcast from their threads."""
    return [said for said in router.slack.posted if said.channel != OPS]


def opened(router: Router) -> list[Said]:
    """Return the messages that open an episode."""
    return [said for said in messages(router) if "Severity rose" not in said.first.text]


def check_rises(router: Router) -> None:
    """Each rise is one, compared with the last message in the same episode."""
    said_last = Severity.INFORMATIONAL
    for said in messages(router):
        text = said.first.text
        words = text.partition("Severity rose from ")[2].split()
        if words:
            before, after = Severity(words[0]), Severity(words[2].removesuffix(":"))
            assert said_last.rank <= before.rank < after.rank
            said_last = after
        else:
            said_last = next(each for each, sign in CIRCLES.items() if sign in str(said.first))


def check_end(router: Router, known: Sequence[Sent]) -> None:
    """Card, Ledger and the newest event of each finding agree; each episode has one message."""
    is_open = any(event.is_open for event in newest(known).values())
    ids = [said.delivery_ids for said in messages(router)]
    assert len(ids) == len(set(ids))
    check_rises(router)
    if not router.alerts or router.alerts[0].episode == 0:
        # An end before any message needs none; an open finding needs one.
        assert [] == messages(router)
        assert not is_open
        return
    [alert] = router.alerts
    [card] = [said for said in messages(router) if said.thread_ts is None]
    assert (is_open, is_open) == (alert.is_there, alert.is_shown)
    assert is_open is not card.text.split(" · ")[1].startswith(ENDINGS)
    assert alert.episode == len(opened(router))
    assert not alert.is_card_stale


def expected_messages(events: Sequence[Sent]) -> int:
    """Count the messages about *events* that come in their order."""
    count, said, is_shown = 0, -1, False
    for event in events:
        rank = Severity(event.finding["Severity"]["Label"]).rank
        if not event.is_open:
            is_shown = False
        elif not is_shown:
            count, said, is_shown = count + 1, rank, True
        elif rank > said:
            count, said = count + 1, rank
    return count


def in_order(router: Router, history: History, steps: Sequence[tuple[str, float]]) -> None:
    """Run the history, and hand over each event and each echo in order."""
    done = 0

    def catch_up() -> None:
        nonlocal done
        while done < len(history.sent):
            event = history.sent[done]
            router.clock.now = max(router.clock.now, event.at)
            hold(router, history)
            check_reasons(deliver(router, event))
            done += 1
            if router.status() == "NOTIFIED":
                history.notified(router.clock.now)

    catch_up()
    for what, after in steps:
        history.now = max(history.now, router.clock.now)
        history.step(what, after)
        catch_up()


@MANY
@given(STEPS, st.data())
def test_in_order_each_episode_and_each_rise_is_one_message(
    steps: list[tuple[str, float]], data: Any
) -> None:
    """However often the events come again afterwards."""
    router, history = Router(), History()

    in_order(router, history, steps)

    assert expected_messages(history.sent) == len(messages(router))
    check_end(router, history.sent)
    again = data.draw(st.lists(st.sampled_from(history.sent), max_size=6))
    for event in again:
        router.clock.now += 1000
        deliver(router, event)
    assert expected_messages(history.sent) == len(messages(router))
    check_end(router, history.sent)


@MANY
@given(STEPS, st.data())
def test_in_any_order_the_card_shows_the_newest_that_is_known(
    steps: list[tuple[str, float]], data: Any
) -> None:
    """Duplicated, late, and in any batches."""
    history = History()
    for what, after in steps:
        if data.draw(st.booleans()):
            history.notified(history.now + 30)
        # An event about a finding that was never posted is not remembered: NOTIFIED set by a person
        # on a finding that ended counts once the channel has a card.
        if what != "notify" or history.is_open:
            history.step(what, after)
    router = Router(CARDS)
    hold(router, history)
    router.clock.now = history.now
    extra = data.draw(st.lists(st.sampled_from(history.sent), max_size=3))
    events = data.draw(st.permutations([*history.sent, *extra]))

    deliver_in_batches(router, events, data)

    check_end(router, history.sent)


def two_standards(steps: Sequence[tuple[int, str, float]]) -> tuple[Router, TwoStandards]:
    """Apply *steps* to a control of which nothing was posted so far."""
    both = TwoStandards()
    for which, what, after in steps:
        both.step(which, what, after)
    router = Router(CARDS)
    router.clock.now = both.now
    for each in both.histories:
        hold(router, each)
    return router, both


@MANY
@given(STEPS_OF_TWO, st.data())
def test_two_standards_are_one_alert_though_their_events_overtake_each_other(
    steps: list[tuple[int, str, float]], data: Any
) -> None:
    """By three places; it is open while one of them is."""
    router, both = two_standards(steps)
    late = [data.draw(st.sampled_from([0.0, 0.0, 3.5])) for _ in both.sent]
    order = sorted(range(len(late)), key=lambda place: place + late[place])

    for place in order:
        deliver(router, both.sent[place])

    check_end(router, both.sent)


@MANY
@given(STEPS_OF_TWO, st.data())
def test_two_standards_in_any_order_are_one_alert(
    steps: list[tuple[int, str, float]], data: Any
) -> None:
    """Doubled, too, and in any batches."""
    router, both = two_standards(steps)
    extra = data.draw(st.lists(st.sampled_from(both.sent), max_size=3))

    deliver_in_batches(router, data.draw(st.permutations([*both.sent, *extra])), data)

    check_end(router, both.sent)
