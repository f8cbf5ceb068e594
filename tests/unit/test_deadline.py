"""The deadline: an invocation never runs past its time."""

from types import SimpleNamespace

import pytest
from botocore.config import Config

from fakes import Clock
from finding_router.aws.clients import CONFIG, SECURITY_HUB_CONFIG
from finding_router.delivery.limits.deadline import (
    AWS_SECONDS,
    MARGIN_SECONDS,
    SECURITY_HUB_SECONDS,
    SLACK_SECONDS,
    Deadline,
)
from finding_router.slack.api.transport import TIMEOUT_SECONDS


def test_time_passes() -> None:
    """The remaining time shrinks with the clock."""
    clock = Clock()
    deadline = Deadline(90, clock=clock)

    clock.now += 30

    assert 60 == deadline.remaining()


def test_new_work_leaves_the_margin_alone() -> None:
    """Work may start, or start after a wait, only before the margin begins."""
    clock = Clock()
    deadline = Deadline(90, margin_seconds=20, clock=clock)

    assert deadline.allows()
    assert deadline.allows(69)
    assert not deadline.allows(70)

    clock.now += 70

    assert not deadline.allows()


def test_a_short_invocation_still_works() -> None:
    """Where the margin would leave nothing, half of the time is for work."""
    clock = Clock()
    deadline = Deadline(20, clock=clock)

    assert deadline.allows(9)
    assert not deadline.allows(10)


def test_a_short_invocation_still_records_and_marks() -> None:
    """It would never come to an end, if each call were to wait for time that there never is."""
    clock = Clock()
    deadline = Deadline(12, clock=clock)
    clock.now += 5.9

    assert deadline.allows()
    assert deadline.for_slack() > 1
    assert deadline.leaves(SECURITY_HUB_SECONDS)

    clock.now += 1

    assert not deadline.leaves(SECURITY_HUB_SECONDS)


def test_what_follows_may_use_the_margin_but_not_the_last_second() -> None:
    """A closing call starts if it ends in time at its slowest, with a second to answer in."""
    clock = Clock()
    deadline = Deadline(90, clock=clock)
    clock.now += 70

    assert deadline.leaves(18.9)
    assert not deadline.leaves(19)


def test_a_short_invocation_reckons_with_quicker_calls() -> None:
    """At their slowest none would fit into it, and it would never mark anything."""
    deadline = Deadline(20, clock=Clock())

    assert deadline.leaves(AWS_SECONDS + SECURITY_HUB_SECONDS)
    assert deadline.for_slack() > 20 - AWS_SECONDS


def test_a_post_leaves_time_to_record_it() -> None:
    """A post that takes all it may take is still followed by the slowest record."""
    clock = Clock()
    deadline = Deadline(90, clock=clock)

    clock.now += deadline.for_slack()

    assert deadline.remaining() >= AWS_SECONDS


def test_the_last_post_that_may_start_has_its_full_time() -> None:
    """The margin holds a whole post and its record."""
    clock = Clock()
    deadline = Deadline(90, clock=clock)
    clock.now += 90 - MARGIN_SECONDS - 0.1

    assert deadline.allows()
    assert deadline.for_slack() >= SLACK_SECONDS


def test_lambda_tells_the_time_in_milliseconds() -> None:
    """The context object of Lambda is taken as it is."""
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: 90_000)

    assert 90 == pytest.approx(Deadline.of(context).remaining(), abs=1)


@pytest.mark.parametrize(
    ("config", "allowance"), [(CONFIG, AWS_SECONDS), (SECURITY_HUB_CONFIG, SECURITY_HUB_SECONDS)]
)
def test_no_call_to_aws_takes_longer_than_reckoned_with(config: Config, allowance: float) -> None:
    """Every attempt at its slowest, and boto3's longest pauses between them, stay below."""
    attempts = config.retries["total_max_attempts"]
    # botocore's standard mode waits up to 1 s, 2 s, 4 s … for a service that throttles.
    pauses = sum(2**number for number in range(attempts - 1))

    assert attempts * (config.connect_timeout + config.read_timeout) + pauses <= allowance


def test_no_call_to_slack_takes_longer_than_reckoned_with() -> None:
    """The transport stops when the deadline leaves no time."""
    assert TIMEOUT_SECONDS <= SLACK_SECONDS
