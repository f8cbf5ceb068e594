"""The numbers of a run: what each finding and message came to, for each account and route."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from fakes import channel_refused, security_hub_down, store_down, unavailable
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.outcome import Outcome
from finding_router.delivery.tally import End
from hub_events import custom_action, imported, raw_finding, record
from router import ALERTS, DEFAULT, EVERYTHING, Router, outcomes

PAYMENTS = {"kind": "account", "name": "123456789012", "alias": "payments"}
OTHER = {"kind": "route", "name": "other", "channel": "#other"}
LATER = "2026-09-02T10:00:00Z"
SILENCE = {
    "kind": "silence",
    "name": "patch",
    "match": {},
    "until": "2040-01-01T00:00:00Z",
    "by": "anna",
    "reason": "kernel",
}
DAILY = {
    **EVERYTHING,
    "deliver": "scheduled",
    "schedule": {"time": "06:00", "zone": "UTC"},
}


def numbers(router: Router) -> Counter[tuple[str | None, str | None, str, End]]:
    """Return the numbers of all runs: account, channel and routes, and what came to which end."""
    found: Counter[Any] = Counter()
    names: dict[Any, set[str]] = {}
    for tally in router.tallies.tallies:
        for key, number in tally.messages.items():
            found[key.account, key.channel, "+".join(key.routes), key.end] += number
        for key, some in tally.findings.items():
            several = names.setdefault(
                (key.account, key.channel, "+".join(key.routes), key.end), set()
            )
            several |= some
    return found + Counter({key: len(some) for key, some in names.items()})


def ends(router: Router) -> Mapping[End, int]:
    """Return the numbers by end alone."""
    found: Counter[End] = Counter()
    for (*_, end), number in numbers(router).items():
        found[end] += number
    return found


def test_a_card_counts_for_its_account_route_and_channel() -> None:
    """With the time that it took; the echo of its mark makes no line."""
    router = Router(PAYMENTS, EVERYTHING, OTHER)
    router.clock.now += 7
    router.send(raw_finding(UpdatedAt=None))
    router.send(raw_finding(UpdatedAt=LATER, Workflow={"Status": "NOTIFIED"}))

    account = "payments"
    assert {
        (account, None, "everything+other", End.FOUND): 1,
        (account, ALERTS, "everything", End.POSTED): 1,
        (account, "#other", "other", End.POSTED): 1,
    } == numbers(router)
    [tally] = router.tallies.tallies
    assert 2 == len(tally.to_message)
    assert all(0 <= each < 60 for each in tally.to_message)


def test_events_that_say_nothing_have_no_numbers() -> None:
    """Most are like that."""
    router = Router()
    router.send(raw_finding(RecordState="ARCHIVED"), raw_finding(Compliance={"Status": "PASSED"}))

    assert [] == router.tallies.tallies


def test_a_finding_that_comes_again_is_a_duplicate_and_an_end_an_update() -> None:
    """A return after it is a message, and the same finding."""
    router = Router()
    router.send(raw_finding())
    router.send(raw_finding(UpdatedAt="2026-09-01T10:00:01Z"))
    router.clock.now += 3600
    router.send(raw_finding(UpdatedAt=LATER, RecordState="ARCHIVED"))
    router.clock.now += 3600
    router.send(raw_finding(UpdatedAt="2026-09-03T10:00:00Z"))

    account = "123456789012"
    assert {
        (account, None, "everything", End.FOUND): 1,
        (account, ALERTS, "everything", End.POSTED): 2,
        (account, ALERTS, "everything", End.UPDATED): 1,
        (account, ALERTS, "everything", End.DUPLICATE): 1,
    } == numbers(router)
    assert 2 == sum(len(each.to_message) for each in router.tallies.tallies)


def test_a_digest_counts_its_lines_and_its_messages() -> None:
    """The latter belong to no account."""
    router = Router({**EVERYTHING, "deliver": "digest"})
    router.send(*(raw_finding(f"finding-{number}") for number in range(30)))

    [parent] = router.slack.opened(ALERTS)
    posted = 1 + len(router.slack.thread(parent))
    assert posted > 1
    assert {
        ("123456789012", None, "everything", End.FOUND): 30,
        ("123456789012", ALERTS, "everything", End.DIGESTED): 30,
        (None, ALERTS, "everything", End.DIGEST): posted,
    } == numbers(router)


@pytest.mark.parametrize(("item", "end"), [(SILENCE, End.SILENCED), (DAILY, End.HELD)])
def test_what_waits_is_one_finding_until_it_is_said(item: dict[str, Any], end: End) -> None:
    """However often it comes, and in the run that says it."""
    router = Router(*([EVERYTHING, item] if item is SILENCE else [item]))
    router.send(raw_finding())
    router.send(raw_finding(UpdatedAt=LATER))
    assert {end: 1, End.FOUND: 1} == ends(router)

    router.items = [EVERYTHING if each["kind"] == "route" else each for each in router.items]
    router.items = [each for each in router.items if each["kind"] == "route"]
    router.clock.now += 2 * 86_400
    router.wake()

    assert {end: 1, End.FOUND: 1, End.DIGESTED: 1, End.DIGEST: 2} == ends(router)


@pytest.mark.parametrize(("action", "end"), [("drop", End.DROPPED), ("suppress", End.SUPPRESSED)])
def test_what_a_route_drops_counts_for_the_route(action: str, end: End) -> None:
    """In no channel, and once however often it comes."""
    router = Router(
        {"kind": "route", "name": "quiet", "action": action, "order": 1}, allow_suppress=True
    )
    router.send(raw_finding())
    router.send(raw_finding(UpdatedAt=LATER))

    account = "123456789012"
    assert {(account, None, "quiet", End.FOUND): 1, (account, None, "quiet", end): 1} == numbers(
        router
    )


def test_a_message_counts_once_however_often_its_record_comes() -> None:
    """Of two channels one has it, and the other gets it later."""
    router = Router(EVERYTHING, OTHER)
    router.faults.plan("post", unavailable(), about="#other", times=1)
    assert ["failed"] == outcomes(router.send(raw_finding()))
    assert {End.POSTED: 1, End.FOUND: 1} == ends(router)
    router.clock.now += 60
    assert ["posted"] == outcomes(router.send(raw_finding(), tries=2))

    assert {End.POSTED: 2, End.FOUND: 2} == ends(router)
    assert 1 == len(set.union(*(n for t in router.tallies.tallies for n in t.findings.values())))


def test_a_finding_that_nobody_was_told_of_has_no_number_yet() -> None:
    """Its record comes again."""
    router = Router()
    router.faults.plan("post", unavailable(), times=1)
    router.send(raw_finding())

    assert [] == router.tallies.tallies


def test_a_mark_that_failed_loses_no_message() -> None:
    """Which stands; the retry is a duplicate."""
    router = Router()
    router.faults.plan("mark", security_hub_down, times=1)
    assert ["failed"] == outcomes(router.send(raw_finding()))

    assert {End.POSTED: 1, End.FOUND: 1} == ends(router)


def test_a_finding_without_a_route_counts_for_none() -> None:
    """Also where a channel refused it: it was meant for that."""
    router = Router({"kind": "route", "name": "no", "channel": "#no", "match": {"Id": ["two"]}})
    router.faults.plan("post", channel_refused(), about="#no")
    router.send(raw_finding("one"), raw_finding("two"), {"Id": "not readable"})

    found = numbers(router)
    assert 1 == found["123456789012", DEFAULT, "", End.POSTED]
    assert 1 == found["123456789012", "#no", "no", End.POSTED]
    assert 1 == found["?", DEFAULT, "", End.POSTED]


def test_a_request_counts_in_its_channel_without_a_time() -> None:
    """Its finding changed long ago."""
    router = Router()
    router.run(record(custom_action(raw_finding())))

    [tally] = router.tallies.tallies
    assert {ALERTS, None} == {key.channel for key in (*tally.messages, *tally.findings)}
    assert [] == tally.to_message


def test_a_press_counts_only_where_it_posts() -> None:
    """A card that it changes is no end of a finding; a severity that rose is told."""
    router = Router()
    router.send(raw_finding())
    [alert] = router.alerts

    def show(**changes: Any) -> list[Outcome | None]:
        event = imported(raw_finding(Workflow={"Status": "NOTIFIED"}, **changes))
        deadline = Deadline(60, clock=router.clock)
        return outcomes(
            router.pipeline.show([record(event)], alert.key.subject, [ALERTS], deadline)
        )

    assert ["not_new"] == show()
    assert 1 == len(router.tallies.tallies)
    assert ["posted"] == show(UpdatedAt=LATER, Severity={"Label": "CRITICAL"})

    assert {End.POSTED: 2, End.FOUND: 1} == ends(router)
    assert 2 == numbers(router)["123456789012", ALERTS, "everything", End.POSTED]


def test_numbers_that_cannot_be_stored_change_nothing_else() -> None:
    """Neither the message nor the mark, in a batch and at a wake-up."""
    router = Router(DAILY, OTHER)
    router.faults.plan("add_tally", store_down, times=None)

    assert ["posted"] == outcomes(router.send(raw_finding()))
    router.clock.now += 2 * 86_400
    router.wake()

    assert 1 == len(router.slack.opened("#other"))
    assert 1 == len(router.slack.opened(ALERTS))
    assert "NOTIFIED" == router.status()
    assert [] == router.tallies.tallies


def test_a_mistake_in_counting_changes_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a line of the log."""
    router = Router()
    monkeypatch.setattr("finding_router.delivery.tally._end_of", lambda *_: 1 / 0)

    assert ["posted"] == outcomes(router.send(raw_finding()))
