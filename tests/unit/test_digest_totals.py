"""The totals of a digest: right in the end, after any failure between listing and counting."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from digest_parents import headline_count
from fakes import Killed, channel_refused, killed, store_down, unavailable
from finding_router.delivery.outcome import Outcome
from hub_events import imported, raw_finding, record
from router import ALERTS, DEFAULT, EVERYTHING, Router, outcomes

QUIET_SECONDS = 600


def flood(count: int, name: str = "finding", **changes: Any) -> list[dict[str, Any]]:
    """Make *count* findings."""
    return [raw_finding(f"{name}-{number}", **changes) for number in range(count)]


def test_a_list_that_is_complete_when_time_is_up_is_added_up() -> None:
    """None of the listed findings comes back for it."""
    fast = {
        "kind": "route",
        "name": "fast",
        "channel": "#fast",
        "match": {"Severity": {"Label": ["HIGH"]}},
        "deliver": "card",
        "order": 1,
        "stop": True,
    }
    router = Router(fast, EVERYTHING)
    low = {"Severity": {"Label": "LOW"}}
    router.send(*flood(6, **low))
    router.clock.now += 120
    router.faults.plan("post", about="#fast", seconds=8.9, times=7)
    router.faults.plan("post", about="C0ALERTS", seconds=2)

    jobs = router.send(*flood(7, "urgent"), *flood(3, "more", **low))

    assert Counter({Outcome.POSTED: 7, Outcome.DIGESTED: 3}) == Counter(outcomes(jobs))
    [parent] = router.slack.opened(ALERTS)
    assert parent.text.startswith("🔵")
    assert 9 == headline_count(parent.text)


def test_a_list_is_not_repeated_when_the_ledger_fails_while_it_is_recorded() -> None:
    """Though the app may not read the channel."""
    router = Router()
    router.faults.plan("find", channel_refused("not_in_channel"), times=None)
    router.faults.plan("write", store_down, about="posted", skip=2, times=1)

    jobs = router.send(*flood(6))

    assert {Outcome.DIGESTED} == set(outcomes(jobs))
    [reply] = router.replies
    assert 6 == len(reply.delivery_ids)


def test_a_critical_one_that_joined_has_the_totals_counted_when_the_burst_is_over() -> None:
    """It comes back, as a card that nothing in the Ledger connects with the digest."""
    router = Router()
    critical = raw_finding("critical", Severity={"Label": "CRITICAL"})
    router.send(*flood(6))
    router.clock.now += QUIET_SECONDS / 2
    router.faults.plan("update", unavailable(), times=None)

    tries = []
    for number in range(1, 5):
        tries += router.send(critical, tries=number)
        router.clock.now += QUIET_SECONDS
    router.faults.clear()
    [last] = router.send(critical, tries=5)

    assert [Outcome.FAILED] * 4 == outcomes(tries)
    assert Outcome.DUPLICATE == last.outcome
    [parent, card] = router.slack.opened(ALERTS)
    assert 7 == headline_count(parent.text)
    assert card.text.startswith("🔴 ")


def test_a_worker_that_dies_before_counting_leaves_it_to_a_critical_one() -> None:
    """The burst is over when that comes back."""
    router = Router(burst_quiet_minutes=5)
    critical = raw_finding("critical", Severity={"Label": "CRITICAL"})
    router.send(*flood(6))
    router.clock.now += 200
    router.faults.plan("update", killed)
    with pytest.raises(Killed):
        router.send(critical)
    router.restart()
    router.clock.now += 540

    router.send(critical, tries=2)

    assert 7 == headline_count(router.slack.opened(ALERTS)[0].text)


@pytest.mark.parametrize("severity", ["HIGH", "CRITICAL"])
def test_what_comes_back_from_the_dead_letters_has_the_totals_counted(severity: str) -> None:
    """Its tries are counted from one again, but its event is old."""
    router = Router()
    joined = raw_finding("joined", Severity={"Label": severity})
    router.send(*flood(6))
    router.clock.now += 60
    sent_at = router.clock.now
    router.faults.plan("update", unavailable(), times=None)
    [failed] = router.send(joined)
    router.faults.clear()
    router.clock.now += 5 * 86_400

    [last] = router.run(record(imported(joined, sent_at=sent_at)))

    assert (Outcome.FAILED, Outcome.DUPLICATE) == (failed.outcome, last.outcome)
    assert 7 == headline_count(router.slack.opened(ALERTS)[0].text)


def test_findings_of_many_dead_channels_are_one_digest_in_the_default_channel() -> None:
    """At its pace, and it goes on with the burst."""
    routes = [
        {
            "kind": "route",
            "name": letter,
            "channel": f"#dead-{letter}",
            "match": {"Region": [letter]},
        }
        for letter in "abc"
    ]
    router = Router(*routes, missing=[f"#dead-{letter}" for letter in "abc"])
    router.send(*(each for letter in "abc" for each in flood(8, letter, Region=letter)))
    before = len(router.slack.posted)
    router.clock.now += 60

    router.send(*(each for letter in "abc" for each in flood(8, f"{letter}2", Region=letter)))

    at = [said.at for said in router.slack.posted[before:]]
    assert all(later - earlier >= 1 for earlier, later in pairwise(at))
    [parent] = router.slack.opened(DEFAULT)
    assert 48 == headline_count(parent.text)
    assert "For `#dead-a` (not found), `#dead-b` (not found)" in parent.all


def test_a_critical_one_of_a_digest_that_could_not_be_opened_is_listed_by_the_next_try() -> None:
    """Its card was posted meanwhile."""
    router = Router()
    batch = [*flood(5), raw_finding("critical", Severity={"Label": "CRITICAL"})]
    router.faults.plan("write_digest", store_down)
    router.send(*batch)
    router.clock.now += 60

    router.send(*batch, tries=2)

    parent = next(each for each in router.slack.opened(ALERTS) if headline_count(each.text))
    assert 6 == headline_count(parent.text)
    assert 2 == len(router.slack.opened(ALERTS))


@pytest.mark.parametrize("tries", [1, 2])
def test_a_late_copy_of_what_was_said_long_before_is_not_listed_in_a_burst(tries: int) -> None:
    """It has nothing to do with that."""
    router = Router()
    critical, sent_at = raw_finding("critical", Severity={"Label": "CRITICAL"}), router.clock.now
    router.send(critical)
    router.clock.now += 1800 * tries**2
    router.send(*flood(6))
    if tries > 1:
        router.clock.now += QUIET_SECONDS + 1
    router.clock.now += 30

    router.run(record(imported(critical, sent_at=sent_at), tries=tries))

    card, parent = router.slack.opened(ALERTS)
    assert card.text.startswith("🔴")
    assert parent.text.startswith("🟠")
    assert 6 == headline_count(parent.text)


def test_a_channel_that_works_again_has_its_next_digest() -> None:
    """The digest in the default channel is over, and with it the note about the channel."""
    router = Router(missing=[ALERTS])
    router.send(*flood(7))
    [parent] = router.slack.opened(DEFAULT)
    router.slack._missing = set()
    router.slack.delete(parent)
    router.clock.now += 60

    router.send(*flood(80, "more", Title="x" * 200))

    assert [80] == [headline_count(each.text) for each in router.slack.opened(ALERTS)]
    assert "so it came here" not in router.slack.opened(ALERTS)[0].all
