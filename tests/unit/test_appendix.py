"""The JSON of what could not be read: in the thread of its card, and never said twice or lost."""

import pytest

from fake_slack import Said
from fakes import Killed, MakeError, channel_refused, gone, killed, message_refused, unavailable
from finding_router.delivery.backlog import Source
from finding_router.delivery.outcome import Outcome
from hub_events import imported, record
from router import DEFAULT, Router, outcomes

ODD = {"Title": "No identity", "AwsAccountId": "123456789012"}


def card(router: Router) -> Said:
    """Return the first message."""
    return router.slack.posted[0]


def _has_json(said: Said) -> bool:
    return '"Title": "No identity"' in said.all


def test_a_card_of_three_lines_has_its_json_in_the_thread() -> None:
    """It is not broadcast: who wants to read it opens the thread."""
    router = Router()

    [job] = router.send(ODD)

    assert Outcome.POSTED_RAW == job.outcome
    one, other = router.slack.posted
    assert not _has_json(one)
    assert _has_json(other)
    assert one.ts == other.thread_ts
    assert not other.is_broadcast
    assert [] == one.changed_at
    assert not router.alerts[0].is_card_stale


def test_a_batch_of_the_queue_waits_for_the_second_slot() -> None:
    """It waits for no other slot, and the JSON would be put onto the card by a second batch."""
    router = Router()

    [job] = router.run(record(imported(ODD)), source=Source.FINDINGS)

    assert Outcome.POSTED_RAW == job.outcome
    one, other = router.slack.posted
    assert one.ts == other.thread_ts
    assert router.clock.slept


def test_it_is_said_once() -> None:
    """The same event again is a duplicate."""
    router = Router()
    router.send(ODD)

    [job] = router.send(ODD)

    assert Outcome.DUPLICATE == job.outcome
    assert 2 == len(router.slack.posted)
    assert [] == card(router).changed_at


@pytest.mark.parametrize("error", [unavailable(), unavailable(ambiguous=True)])
def test_json_that_could_not_be_posted_is_put_onto_the_card(error: MakeError) -> None:
    """By the next try, which posts nothing: a change can be repeated."""
    router = Router()
    router.faults.plan("post", error, skip=1)

    [first] = router.send(ODD)
    router.faults.clear()
    router.clock.now += 60
    [second] = router.send(ODD, tries=2)

    assert (Outcome.FAILED, Outcome.UPDATED) == (first.outcome, second.outcome)
    assert 1 == len([each for each in router.slack.posted if each.thread_ts is None])
    assert _has_json(card(router))
    assert not router.alerts[0].is_card_stale


def test_refused_json_is_posted_as_text() -> None:
    """As any message that Slack refuses."""
    router = Router()
    router.faults.plan("post", message_refused(), skip=1)

    [job] = router.send(ODD)

    assert Outcome.POSTED_RAW == job.outcome
    reply = router.slack.posted[1]
    assert _has_json(reply)
    assert not reply.message.blocks


def test_json_finds_its_card_though_the_channel_was_renamed() -> None:
    """By the id that Slack gave with the card."""
    router = Router()
    router.faults.plan("post", channel_refused(), about=DEFAULT, skip=1, times=None)

    router.send(ODD)

    one, other = router.slack.posted
    assert one.ts == other.thread_ts
    assert _has_json(other)


@pytest.mark.parametrize("error", [channel_refused("is_archived"), gone()])
def test_a_card_that_is_gone_needs_none(error: MakeError) -> None:
    """The channel was closed between the two: nothing is posted anywhere else."""
    router = Router()
    router.faults.plan("post", error, skip=1)

    [job] = router.send(ODD)

    assert outcomes([job]) == [Outcome.POSTED_RAW]
    assert 1 == len(router.slack.posted)
    assert not router.alerts[0].is_card_stale


@pytest.mark.parametrize("skip", [0, 1])
def test_a_card_whose_worker_died_takes_the_json_in(skip: int) -> None:
    """Whether it died after the first message or after the second, which nobody knows of."""
    router = Router()
    router.faults.plan("post", killed, skip=skip, carried_out=True)

    with pytest.raises(Killed):
        router.send(ODD)
    router.restart()
    router.clock.now += 900
    router.send(ODD, tries=2)

    assert 1 == len([each for each in router.slack.posted if each.thread_ts is None])
    assert _has_json(card(router))
    assert not router.alerts[0].is_card_stale
