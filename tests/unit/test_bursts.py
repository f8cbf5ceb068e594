"""Bursts: many findings are one digest that lists them all, adds up, and calls people once."""

import re
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest_parents import headline_count
from examples import examples
from fake_slack import Said
from fakes import (
    Killed,
    channel_refused,
    gone,
    killed,
    message_refused,
    rate_limited,
    store_down,
    token_refused,
    unavailable,
)
from finding_router.delivery.alerts.identity import finding_hash
from finding_router.delivery.outcome import UNDONE, Outcome
from finding_router.slack.kit.refused import refusal_of
from finding_router.telemetry import logger
from hub_events import PRODUCT_ARN, imported, raw_finding, record
from router import ALERTS, DEFAULT, EVERYTHING, Router, outcomes

THRESHOLD = 5
LIMIT = 5
CRITICAL: dict[str, Any] = {"Severity": {"Label": "CRITICAL"}}
DIGEST = {**EVERYTHING, "deliver": "digest"}


def flood(count: int, first: int = 0, **changes: Any) -> list[dict[str, Any]]:
    """Make *count* findings."""
    return [
        raw_finding(f"finding-{number:03}", **changes) for number in range(first, first + count)
    ]


def parents(router: Router) -> list[Said]:
    """Return the digests in #alerts."""
    digest_ids = set(router.digests.kept)
    return [said for said in router.slack.opened(ALERTS) if digest_ids & set(said.delivery_ids)]


def listed(router: Router, parent: Said) -> list[str]:
    """Name the findings that the thread of *parent* lists."""
    names = {finding_hash(PRODUCT_ARN, f"finding-{n:03}"): f"finding-{n:03}" for n in range(200)}
    subjects = {line.subject for line in router.digests.lines(parent.delivery_ids[0])}
    in_thread = " ".join(said.all for said in router.slack.thread(parent))
    assert all(f"Title of {names[subject]}" in in_thread for subject in subjects)
    return sorted(names[subject] for subject in subjects)


def check(router: Router, *, count: int) -> None:
    """Check that all digests together list *count* findings once, and that each adds up."""
    found: list[str] = []
    for parent in parents(router):
        names = listed(router, parent)
        assert len(names) == sum(
            said.all.count("Title of finding-") > 0 and len(said.delivery_ids)
            for said in router.slack.thread(parent)
        )
        assert len(names) == headline_count(parent.text)
        found += names
    assert count == len(found) == len(set(found))


def check_counts(parent: Said, count: int) -> None:
    """Check that the headline of *parent* counts so many findings."""
    assert count == headline_count(parent.text)


def test_as_many_as_the_threshold_are_cards() -> None:
    """Few enough to be read one by one."""
    router = Router()

    router.send(*flood(THRESHOLD))

    assert THRESHOLD == len(router.slack.opened(ALERTS))


def test_more_than_the_threshold_are_one_digest() -> None:
    """Its thread lists each; all are NOTIFIED."""
    router = Router()

    jobs = router.send(*flood(THRESHOLD + 1))

    assert {Outcome.DIGESTED} == set(outcomes(jobs))
    assert 1 == len(router.slack.opened(ALERTS))
    check(router, count=THRESHOLD + 1)
    assert {"NOTIFIED"} == set(router.workflow.status.values())


def test_each_channel_has_a_burst_of_its_own() -> None:
    """Others are not counted."""
    router = Router(
        {"kind": "route", "name": "a", "channel": "#a", "match": {"Title": [{"suffix": "1"}]}},
        EVERYTHING,
    )

    router.send(*flood(3), raw_finding("b"), raw_finding("c"))

    assert 1 == len(router.slack.opened("#a"))
    assert 5 == len(router.slack.opened(ALERTS))


def test_critical_ones_have_a_card_of_their_own_too() -> None:
    """They need not be searched for in a list."""
    router = Router()

    jobs = router.send(
        *flood(THRESHOLD), raw_finding("finding-050", Severity={"Label": "CRITICAL"})
    )

    assert Outcome.POSTED == jobs[-1].outcome
    assert 2 == len(router.slack.opened(ALERTS))
    assert router.slack.texts(ALERTS)[0].startswith("🔴")
    check(router, count=THRESHOLD + 1)


def test_a_burst_goes_on_in_its_thread_until_the_channel_was_quiet() -> None:
    """One is enough to join it; the totals grow in place."""
    router = Router()
    router.send(*flood(6))
    router.clock.now += 300
    router.send(*flood(1, first=6))
    router.clock.now += 599
    router.send(raw_finding("finding-007", Severity={"Label": "CRITICAL"}))

    [parent] = parents(router)
    assert 8 == headline_count(parent.text)
    assert "within 15 min" in parent.text
    assert "1 critical" in parent.text
    check(router, count=8)

    router.clock.now += 700
    router.send(*flood(1, first=8))

    assert "Title of finding-008" in router.slack.texts(ALERTS)[-1]
    check(router, count=8)


def test_a_burst_goes_on_in_its_thread_though_its_channel_was_renamed() -> None:
    """By the id that Slack gave with the parent: the name of the route leads nowhere now."""
    router = Router()
    router.send(*flood(6))
    router.faults.plan("post", channel_refused(), about=ALERTS, times=None)
    router.clock.now += 60
    router.send(*flood(1, first=6))

    [parent] = parents(router)
    assert 7 == headline_count(parent.text)
    assert [] == router.slack.opened(DEFAULT)
    check(router, count=7)


def test_a_second_burst_is_another_digest() -> None:
    """With totals of its own."""
    router = Router()
    router.send(*flood(6))
    router.clock.now += 3600
    router.send(*flood(7, first=6))

    assert [6, 7] == [headline_count(parent.text) for parent in parents(router)]
    check(router, count=13)


def test_a_route_may_ask_for_digests_or_for_cards() -> None:
    """However few or many."""
    digests, cards = Router(DIGEST), Router({**EVERYTHING, "deliver": "card"})

    digests.send(*flood(1))
    cards.send(*flood(8))

    check(digests, count=1)
    assert 8 == len(cards.slack.opened(ALERTS))


def test_many_findings_take_several_answers_at_slacks_pace() -> None:
    """None is left out."""
    router = Router()

    router.send(*flood(120, Title="x" * 200))

    [parent] = parents(router)
    replies = router.slack.thread(parent)
    assert len(replies) > 1
    assert 120 == len({each for said in replies for each in said.delivery_ids})
    times = [said.at for said in router.slack.posted]
    assert all(late - early >= 1 for early, late in pairwise(times))


def test_what_ends_or_is_back_changes_the_totals() -> None:
    """A finding of a digest has no card; its return is posted in the thread."""
    router = Router()
    router.send(*flood(6))
    router.clock.now += 60
    [end] = router.send(
        raw_finding("finding-001", RecordState="ARCHIVED", UpdatedAt="2026-09-02T10:00:00Z")
    )
    [parent] = parents(router)
    assert Outcome.UPDATED == end.outcome
    assert "1 resolved" in parent.text

    router.clock.now += 60
    [back] = router.send(raw_finding("finding-001", UpdatedAt="2026-09-03T10:00:00Z"))

    assert Outcome.POSTED == back.outcome
    assert "resolved" not in parent.text
    assert "Reopened" in router.slack.thread(parent)[-1].text


def test_a_mention_calls_once_in_five_minutes() -> None:
    """A burst is one call, and so are many cards; another channel has its own."""
    at = {"mention": ["@here"]}
    router = Router({**EVERYTHING, **at}, {**EVERYTHING, **at, "name": "b", "channel": "#b"})
    router.send(raw_finding("one"), raw_finding("two"))
    router.send(*flood(6))
    router.clock.now += 700
    router.send(raw_finding("later"))

    calls = [said for said in router.slack.posted if "<!here>" in str(said.first.arguments())]
    assert [2, 2] == [sum(said.channel == channel for said in calls) for channel in (ALERTS, "#b")]


def test_a_refused_digest_is_posted_plain() -> None:
    """And so is a refused list."""
    router = Router()
    router.faults.plan("post", message_refused())
    router.faults.plan("post", message_refused(), skip=1)

    jobs = router.send(*flood(6))

    assert {Outcome.DIGESTED} == set(outcomes(jobs))
    assert all(not said.message.blocks for said in router.slack.posted)


def test_refused_totals_are_changed_plainly() -> None:
    """They add up all the same."""
    router = Router()
    router.send(*flood(6))
    router.clock.now += 60
    router.faults.plan("update", message_refused())
    router.send(*flood(1, first=6))

    [parent] = parents(router)
    assert not parent.message.blocks
    check(router, count=7)


def test_totals_that_cannot_be_changed_bring_their_findings_back_for_it() -> None:
    """They are not posted again."""
    router = Router()
    router.send(*flood(6))
    router.clock.now += 60
    router.faults.plan("update", unavailable())
    [first] = router.send(*flood(1, first=6))
    router.clock.now += 60
    [second] = router.send(*flood(1, first=6), tries=2)

    assert (Outcome.FAILED, Outcome.DUPLICATE) == (first.outcome, second.outcome)
    check(router, count=7)


def test_without_time_for_the_totals_their_findings_come_back() -> None:
    """Slack's pace for changes is full."""
    router = Router()
    router.send(*flood(6))
    router.clock.now += 60
    now = router.clock.now
    router.rates.slow_down("updates", now=now, until=now + 600, row_seconds=0)

    [job] = router.send(*flood(1, first=6))

    assert Outcome.FAILED == job.outcome


def test_one_finding_comes_back_for_totals_that_have_to_wait() -> None:
    """That one adds up the totals of all batches listed meanwhile, without a long sleep."""
    router = Router()
    router.send(*flood(6))
    router.clock.now += 60
    now = router.clock.now
    router.rates.slow_down("updates", now=now, until=now + 60, row_seconds=0)
    router.clock.slept.clear()

    first = router.send(*flood(3, first=6))
    router.clock.now += 5
    second = router.send(*flood(3, first=9))

    [back] = [job for job in (*first, *second) if job.outcome is Outcome.FAILED]
    assert [Outcome.DIGESTED] * 3 == outcomes(second)
    assert 6 == headline_count(parents(router)[0].text)
    assert all(slept < 2 for slept in router.clock.slept)
    router.clock.now += back.retry_seconds
    assert back.finding is not None
    [again] = router.send(back.finding.raw, tries=2)
    assert Outcome.DUPLICATE == again.outcome
    check(router, count=12)


def test_totals_wait_again_for_whoever_was_late() -> None:
    """Who was to count and did not come in time is not relied on."""
    router = Router()
    router.send(*flood(6))
    router.clock.now += 60
    now = router.clock.now
    router.rates.slow_down("updates", now=now, until=now + 500, row_seconds=0)

    [first] = router.send(*flood(1, first=6))
    router.clock.now += first.retry_seconds - 1
    [second] = router.send(*flood(1, first=7))
    router.clock.now += 2
    [third] = router.send(*flood(1, first=8))

    assert [Outcome.FAILED, Outcome.DIGESTED] == outcomes([first, second])
    assert Outcome.DIGESTED == third.outcome
    check(router, count=9)


def test_ends_in_many_digests_hold_nobody_up() -> None:
    """The totals that find no slot are brought up to date by one finding each, later."""
    count = 20
    routes = [
        {
            "kind": "route",
            "name": f"{number:02}",
            "channel": f"#channel-{number:02}",
            "deliver": "digest",
            "match": {"Id": [f"finding-{number:03}"]},
        }
        for number in range(count)
    ]
    router = Router(*routes)
    router.send(*flood(count))
    router.clock.now += 3600
    router.clock.slept.clear()
    ends = flood(count, RecordState="ARCHIVED", UpdatedAt="2026-09-02T10:00:00Z")

    jobs = router.send(*ends)

    assert [] == router.clock.slept
    later = [job for job in jobs if job.outcome is Outcome.FAILED]
    assert 0 < len(later) < count
    assert len(later) == len({job.retry_seconds for job in later})
    began = router.clock.now
    for job in sorted(later, key=lambda job: job.retry_seconds):
        assert job.finding is not None
        router.clock.now = began + job.retry_seconds
        [again] = router.send(job.finding.raw, tries=2)
        assert Outcome.FAILED != again.outcome
    assert count == sum(
        "resolved" in said.all for said in router.slack.posted if said.thread_ts is None
    )


@pytest.mark.parametrize("error", [gone(), channel_refused()])
def test_totals_that_nobody_sees_any_more_are_left_alone(error: Any) -> None:
    """The digest was deleted."""
    router = Router()
    router.send(*flood(6))
    router.clock.now += 60
    router.faults.plan("update", error)

    [job] = router.send(*flood(1, first=6))

    assert Outcome.DIGESTED == job.outcome


def test_a_digest_that_was_deleted_is_not_answered() -> None:
    """New findings get messages in the channel, and the rest a digest of its own."""
    router = Router()
    router.send(*flood(6))
    router.slack.delete(parents(router)[0])
    router.clock.now += 60

    jobs = router.send(*flood(120, first=6, Title="x" * 200))

    assert {Outcome.DIGESTED} == set(outcomes(jobs))
    assert 120 == len(
        {each for said in router.slack.posted[1:] for each in said.delivery_ids}
        - set(router.digests.kept)
    )
    assert parents(router)


def test_a_dead_channels_digest_goes_to_the_default_channel() -> None:
    """Under a banner, with its list and all further ones."""
    router = Router()
    router.faults.plan("post", channel_refused(), about=ALERTS, times=None)

    router.send(*flood(6))
    router.clock.now += 60
    router.send(*flood(1, first=6))

    [parent] = router.slack.opened(DEFAULT)
    assert refusal_of("channel_not_found").clause in parent.all
    assert 7 == headline_count(parent.text)


def test_another_worker_that_posts_the_digest_is_left_to_it() -> None:
    """The records come back, and go on with its thread."""
    router = Router()
    router.faults.plan("post", killed)
    with pytest.raises(Killed):
        router.send(*flood(6))

    jobs = router.send(*flood(6, first=6))

    assert {Outcome.FAILED} == set(outcomes(jobs))
    assert [] == router.slack.posted


@pytest.mark.parametrize("operation", ["post", "put_lines"])
def test_where_nobody_may_look_a_list_is_posted_again_once(operation: str) -> None:
    """The one documented exception, for digests as for cards."""
    router = Router()
    router.faults.plan(operation, killed, skip=int(operation == "post"), carried_out=True)
    with pytest.raises(Killed):
        router.send(*flood(6))
    router.restart()
    router.clock.now += 540
    router.faults.plan("find", token_refused("missing_scope"), times=None)

    router.send(*flood(6), tries=2)
    router.send(*flood(6), tries=3)

    [parent] = parents(router)
    assert 2 == len(router.slack.thread(parent))
    assert 6 == headline_count(parent.text)


def test_all_that_a_dead_worker_may_have_listed_is_looked_for_at_once() -> None:
    """One pass through the thread finds the listed lines; the missing ones are listed."""
    router = Router()
    router.faults.plan("put_lines", killed)
    with pytest.raises(Killed):
        router.send(*flood(60, Title="x" * 200))
    router.restart()
    router.clock.now += 540

    jobs = router.send(*flood(60, Title="x" * 200), tries=2)

    assert {Outcome.DIGESTED} == set(outcomes(jobs))
    replies = router.slack.thread(parents(router)[0])
    assert 60 == len([each for said in replies for each in said.delivery_ids])
    assert 1 == router.faults.count("find")


def test_a_digest_whose_worker_died_is_looked_for() -> None:
    """It stands there, or it does not."""
    for carried_out in (True, False):
        router = Router()
        router.faults.plan("post", killed, carried_out=carried_out)
        with pytest.raises(Killed):
            router.send(*flood(6))
        router.restart()
        router.clock.now += 540

        router.send(*flood(6), tries=2)

        assert 1 == len(router.slack.opened(ALERTS))
        check(router, count=6)


def test_out_of_time_the_rest_of_a_digest_comes_back() -> None:
    """Into the same thread."""
    router = Router()
    router.faults.plan("post", times=None, seconds=20)
    first = router.send(*flood(120, Title="x" * 200))
    router.faults.clear()
    router.clock.now += 60
    router.send(*flood(120, Title="x" * 200), tries=2)

    assert Outcome.FAILED in outcomes(first)
    [parent] = parents(router)
    assert 120 == len(router.digests.lines(parent.delivery_ids[0]))
    assert 120 == headline_count(parent.text)


def test_critical_ones_alone_are_cards() -> None:
    """There is nothing else to group."""
    router = Router(burst_critical_cards=THRESHOLD + 1)

    router.send(*flood(THRESHOLD + 1, **CRITICAL))

    assert THRESHOLD + 1 == len(router.slack.opened(ALERTS))
    assert [] == parents(router)


def test_critical_cards_of_a_burst_stop_at_a_limit() -> None:
    """The others are listed first, and linked in the parent; all are there and NOTIFIED."""
    router = Router()

    jobs = router.send(*flood(40, **CRITICAL), *flood(10, first=40))

    assert Counter({Outcome.POSTED: LIMIT, Outcome.DIGESTED: 45}) == Counter(outcomes(jobs))
    [parent] = parents(router)
    assert LIMIT + 1 == len(router.slack.opened(ALERTS))
    assert "50 findings" in parent.text
    assert "40 critical" in parent.text
    assert 1 <= parent.all.count("|Title of finding-0")
    assert "has a card" not in parent.all
    check(router, count=50)
    assert {"NOTIFIED"} == set(router.workflow.status.values())


def test_the_limit_is_that_of_a_burst_not_of_a_batch() -> None:
    """Its next batches, by other workers too, list theirs; the next burst has cards again."""
    router = Router(burst_critical_cards=2)
    router.send(*flood(6), *flood(1, first=6, **CRITICAL))
    for number in range(7, 12):
        router.restart()
        router.clock.now += 300
        router.send(*flood(1, first=number, **CRITICAL))

    assert 2 + 1 == len(router.slack.opened(ALERTS))
    check(router, count=12)

    router.clock.now += 3600
    router.send(*flood(7, first=12, **CRITICAL))

    assert 2 + 1 + 2 + 1 == len(router.slack.opened(ALERTS))
    check(router, count=19)


def test_each_channel_has_cards_of_its_own() -> None:
    """A burst elsewhere takes none away."""
    router = Router(EVERYTHING, {**EVERYTHING, "name": "b", "channel": "#b"})

    router.send(*flood(8, **CRITICAL))

    assert LIMIT + 1 == len(router.slack.opened(ALERTS)) == len(router.slack.opened("#b"))


def test_no_critical_card_at_all_where_the_limit_says_so() -> None:
    """Everything of a burst is in its digest then; few are cards, as ever."""
    router = Router(burst_critical_cards=0)
    router.send(*flood(2, **CRITICAL))
    router.clock.now += 3600

    router.send(*flood(8, first=2, **CRITICAL))

    assert 2 + 1 == len(router.slack.opened(ALERTS))
    check(router, count=8)


def test_a_critical_one_that_is_listed_is_closed_and_comes_back_as_others_do() -> None:
    """Its redelivery says nothing, its end changes the digest, its return is said in the thread."""
    router = Router(burst_critical_cards=0)
    batch = flood(6, **CRITICAL)
    router.send(*batch)
    router.clock.now += 60

    again = router.send(*batch, tries=2)
    end = {"RecordState": "ARCHIVED", "UpdatedAt": "2026-09-02T10:00:00Z"}
    router.send(*flood(1, **CRITICAL, **end))
    router.clock.now += 60
    router.send(*flood(1, **CRITICAL, UpdatedAt="2026-09-03T10:00:00Z"))

    assert {Outcome.DUPLICATE} == set(outcomes(again))
    [parent] = router.slack.opened(ALERTS)
    assert "Reopened" in router.slack.thread(parent)[-1].text
    check_counts(parent, 6)


def test_a_card_whose_worker_died_keeps_its_place() -> None:
    """It is looked for and posted by the next try, and no other card takes its place."""
    router = Router(burst_critical_cards=2)
    batch = flood(8, **CRITICAL)
    router.faults.plan("post", killed, skip=1)
    with pytest.raises(Killed):
        router.send(*batch)
    router.restart()
    router.clock.now += 540

    router.send(*batch, tries=2)

    assert 2 + 1 == len(router.slack.opened(ALERTS))
    check(router, count=8)


def test_where_the_ledger_does_not_answer_for_the_cards_all_comes_back() -> None:
    """And is said once."""
    router = Router()
    batch = flood(8, **CRITICAL)
    router.faults.plan("seats", store_down)
    first = router.send(*batch)
    router.clock.now += 60
    router.send(*batch, tries=2)

    assert {Outcome.FAILED} == set(outcomes(first))
    assert LIMIT + 1 == len(router.slack.opened(ALERTS))
    check(router, count=8)


def test_several_that_end_together_change_the_totals_once() -> None:
    """Slack's pace for changes is not for every line."""
    router = Router()
    router.send(*flood(6))
    router.clock.now += 60

    router.send(*flood(3, RecordState="ARCHIVED", UpdatedAt="2026-09-02T10:00:00Z"))

    [parent] = parents(router)
    assert "3 resolved" in parent.text
    assert 1 == len(parent.changed_at)


def test_out_of_time_while_claiming_the_rest_comes_back() -> None:
    """Nothing is posted then."""
    router = Router()
    router.faults.plan("note_channel", times=None, seconds=20)

    jobs = router.send(*flood(6))

    assert {Outcome.WAITING} == set(outcomes(jobs))
    assert [] == router.slack.posted


def test_a_digest_that_counts_the_findings_of_another_is_corrected() -> None:
    """If that fails, one of them comes back for it."""
    router = Router()
    router.faults.plan("post", killed, skip=1)
    with pytest.raises(Killed):
        router.send(*flood(6))
    router.restart()
    router.clock.now += 3600
    router.send(*flood(6, first=6))
    router.clock.now += 3600
    router.send(*flood(6, first=12))
    router.clock.now += 60
    router.faults.plan("update", unavailable())

    first = router.send(*flood(6), tries=2)
    router.clock.now += 60
    second = router.send(*flood(6), tries=3)

    assert Counter({Outcome.DIGESTED: 5, Outcome.FAILED: 1}) == Counter(outcomes(first))
    assert Counter({Outcome.DUPLICATE: 5, Outcome.DIGESTED: 1}) == Counter(outcomes(second))
    assert 0 == headline_count(router.slack.opened(ALERTS)[0].text)


def test_totals_are_counted_though_the_ledger_fails_once_all_is_listed() -> None:
    """The listed findings would not come back for the totals."""
    router = Router()
    router.send(*flood(6))
    router.clock.now += 60
    router.faults.plan("open_digests", store_down, skip=1)

    router.send(*flood(6, first=6))

    check(router, count=12)


WAYS = st.sampled_from(
    [
        *(("post", error, False) for error in (killed, rate_limited(2), unavailable())),
        ("post", killed, True),
        *(
            (operation, error, carried_out)
            for operation in ("put_lines", "keep_about", "write_digest", "write", "update", "mark")
            for error in (killed,)
            for carried_out in (False, True)
        ),
        *((each, store_down, False) for each in ("put_lines", "write", "lines", "open_digests")),
    ]
)


@examples(50)
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=3),
    st.lists(st.tuples(WAYS, st.integers(0, 9)), max_size=3),
    st.sets(st.integers(0, 26), max_size=9),
    st.sampled_from([0, 1, 3, 9]),
)
def test_whatever_dies_between_two_steps_every_digest_adds_up(
    sizes: list[int], mishaps: list[tuple[Any, int]], critical: set[int], most: int
) -> None:
    """Totals, list and findings are the same, with critical ones in cards and in the list."""
    level = logger.log_level
    logger.setLevel("CRITICAL")
    router = Router(burst_threshold=2, burst_critical_cards=most)
    for (operation, error, carried_out), skip in mishaps:
        router.faults.plan(operation, error, skip=skip, carried_out=carried_out)
    first = 0
    for size in sizes:
        batch = [
            raw_finding(
                f"finding-{n:03}", Severity={"Label": "CRITICAL" if n in critical else "HIGH"}
            )
            for n in range(first, first + size)
        ]
        first += size
        work_off(router, batch)
        router.clock.now += 30
    logger.setLevel(level)
    router.faults.clear()

    cards = [said for said in router.slack.opened(ALERTS) if said not in parents(router)]
    in_cards = {name for said in cards for name in re.findall(r"finding-[0-9]{3}", said.text)}
    in_digests: list[str] = []
    for parent in parents(router):
        names = listed(router, parent)
        replies = router.slack.thread(parent)
        assert len(names) == sum(len(said.delivery_ids) for said in replies)
        assert sum(int(part.split()[1]) for part in severities(parent)) == len(names)
        in_digests += names
    assert len(in_digests) == len(set(in_digests))
    assert len(cards) == len(in_cards)
    assert first == len(in_cards | set(in_digests))
    if most >= len(critical):
        assert {f"finding-{n:03}" for n in critical if n < first} <= in_cards


def severities(parent: Said) -> list[str]:
    """Return the counts by severity in *parent*."""
    return re.findall(r"\W \d+ (?:CRITICAL|HIGH)\b", parent.all)


def work_off(router: Router, batch: list[dict[str, Any]]) -> None:
    """Deliver *batch* until nothing of it comes back."""
    router.hold(*batch)
    waiting = dict(enumerate(batch))
    for tries in range(1, 12):
        records = [
            record(imported(each, sent_at=router.clock.now), number=number, tries=tries)
            for number, each in waiting.items()
        ]
        try:
            jobs = router.run(*records)
        except Killed:
            router.restart()
            router.clock.now += 540
            continue
        failed = {job.record.id for job in jobs if job.outcome in UNDONE}
        waiting = {n: each for n, each in waiting.items() if f"record-{n}" in failed}
        if not waiting:
            return
        router.clock.now += max(job.retry_seconds for job in jobs) + 1
    raise AssertionError("records go round and round")
