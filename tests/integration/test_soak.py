"""A flood of findings with random faults: nothing is lost, nothing is posted twice."""

from collections import Counter
from typing import Any

import pytest

from faults.flood import Flood
from faults.soak import Report, reachable, soak, unstruck
from finding_router_local.faults import Effect, Fault
from finding_router_local.stack import Stack

FINDINGS = 300


@pytest.mark.timeout(600)
def test_small_soak() -> None:
    """Two workers process a small flood to its end, though calls fail."""
    report = soak(FINDINGS)

    assert ([], [], 0) == (report.lost, report.twice, report.dead_letters)
    assert report.faults > 0
    assert [] == report.unstruck
    assert 0 == report.rate_limited
    # Small batches post less together than those of a great flood.
    assert report.per_message > 5


@pytest.mark.timeout(600)
def test_small_soak_in_both_forms() -> None:
    """Each finding is said once, whichever Security Hub tells of it first."""
    report = soak(60, channels=2, is_in_both=True)

    assert ([], [], 0) == (report.lost, report.twice, report.dead_letters)
    assert report.faults > 0


@pytest.mark.timeout(600)
def test_soak_over_many_channels() -> None:
    """Slack never answers two workers with a rate limit."""
    report = soak(300, channels=50, with_faults=False)

    assert ([], [], 0, 0) == (
        report.lost,
        report.twice,
        report.dead_letters,
        report.rate_limited,
    )
    assert report.messages >= 50


def test_flood_is_the_same_each_time() -> None:
    """The same seed makes the same findings, some of them repeated, ended and reopened."""
    floods = [Flood(10_000, channels=4) for _ in range(2)]
    waves: list[list[dict[str, Any]]] = [[], []]
    for flood, wave in zip(floods, waves, strict=True):
        for some in flood.waves(500):
            wave.extend(some)
            flood.settle({name: told.times for name, told in flood.told.items()})

    assert waves[0] == waves[1]
    assert 10_000 == len(waves[0])
    ids = Counter(finding["Id"] for finding in waves[0])
    assert len(floods[0].told) == len(ids)
    assert any(count > 1 for count in ids.values())
    assert floods[0].reopened
    assert any(told.is_over for told in floods[0].told.values())
    assert 10 == len({finding["ProductName"] for finding in waves[0]})
    assert 100 == len({finding["AwsAccountId"] for finding in waves[0]})


def test_what_ended_untold_is_told_for_the_first_time_when_it_is_back() -> None:
    """A finding that ended before its turn needs no message, until it returns."""
    told, untold = (Flood(5_000, channels=4) for _ in range(2))
    for flood, count in ((told, 2), (untold, 0)):
        for wave in flood.waves(500):
            assert wave
            flood.settle(dict.fromkeys(flood.told, count))

    assert told.reopened == untold.reopened > 0
    assert {1, 2} == {each.times for each in told.told.values()}
    back = {name for name, each in told.told.items() if each.times == 2}
    assert {1} == {untold.told[name].times for name in back if not untold.told[name].is_over}


def test_fault_that_never_struck_is_told() -> None:
    """A large soak reports a fault that never struck; a small one may be too small for it."""
    with Stack() as stack:
        stack.aws.faults.add(Fault(effect=Effect.OUTAGE, service="dinamodb", times=None))

        assert ["outage of dinamodb"] == unstruck(stack, 10_000)
        assert [] == unstruck(stack, 500)


def test_report_tells_what_is_wrong() -> None:
    """Each condition that does not hold is a problem in the report."""
    report = Report(
        findings=100,
        unique=90,
        reopened=1,
        outcomes=Counter(posted=90),
        faults=3,
        messages=50,
        updates=2,
        lost=["one"],
        twice=["two"],
        unstruck=["outage of dynamodb"],
        dead_letters=1,
    )

    problems = report.problems(per_message=50)

    assert [
        "1 lost",
        "1 said twice",
        "1 dead letters",
        "1 planned faults never struck",
        "one message for 2 findings only",
    ] == problems
    assert "lost             1 one" in list(report.lines())
    assert "faults           3; 1 kinds never came outage of dynamodb" in list(report.lines())


@pytest.mark.parametrize(
    ("findings", "channels", "least"),
    [(10_000, 4, 50.0), (100_000, 4, 50.0), (10_000, 8, 25.0), (2_000, 4, 33.8), (500, 4, 15.2)],
)
def test_soak_asks_for_what_its_size_can_reach(findings: int, channels: int, least: float) -> None:
    """The first messages of a channel have links, and so few findings each."""
    assert least == pytest.approx(reachable(findings, channels), abs=0.1)
