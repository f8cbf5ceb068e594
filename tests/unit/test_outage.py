"""Outages: what makes a batch stop early, and what only ends one channel."""

from finding_router.delivery.limits.circuit import LEDGER, Outage


def test_one_failure_is_no_outage() -> None:
    """A single failure ends one message, not the channel."""
    outage = Outage()

    outage.failed("#a", "why")

    assert "" == outage.reason("#a")


def test_two_failures_in_a_row_close_only_their_channel() -> None:
    """A channel that always fails does not keep the others from their messages."""
    outage = Outage()

    outage.failed("#a", "first")
    outage.failed("#a", "second")

    assert "second" == outage.reason("#a")
    assert "" == outage.reason("#b")


def test_two_channels_failing_in_a_row_stop_everything() -> None:
    """Then it is Slack that is down."""
    outage = Outage()

    outage.failed("#a", "first")
    outage.failed("#b", "second")

    assert "second" == outage.reason("#c")


def test_success_in_between_starts_the_count_anew() -> None:
    """Only failures in a row mean an outage."""
    outage = Outage()

    outage.failed("#a", "first")
    outage.over("#a")
    outage.failed("#b", "second")

    assert "" == outage.reason("#b")


def test_success_in_another_channel_says_nothing_of_this_one() -> None:
    """The channels take turns, each at its own pace."""
    outage = Outage()

    outage.failed("#a", "first")
    outage.over("#b")
    outage.failed("#a", "second")

    assert "second" == outage.reason("#a")
    assert "" == outage.reason("#b")


def test_the_ledger_failing_twice_stops_everything() -> None:
    """Without the Ledger nothing can be claimed, whatever the channel."""
    outage = Outage()

    outage.failed(LEDGER, "first")
    outage.failed(LEDGER, "second")

    assert "second" == outage.reason("#a")


def test_a_channel_can_be_closed_at_once() -> None:
    """What surely takes no messages is not asked twice."""
    outage = Outage()

    outage.close("#a", "gone")

    assert "gone" == outage.reason("#a")
    assert "" == outage.reason("#b")


def test_anything_recorded_shows_that_the_ledger_works() -> None:
    """Whatever channel it was for."""
    outage = Outage()

    outage.failed(LEDGER, "first")
    outage.over("#a")
    outage.failed(LEDGER, "second")

    assert "" == outage.reason("#a")
