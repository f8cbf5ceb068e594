"""The circuit breaker: what stops a run, and what only closes one channel."""

from finding_router.delivery.limits.circuit import LEDGER, Circuit


def test_one_failure_is_no_outage() -> None:
    """A single failure ends one message, not the channel."""
    circuit = Circuit()

    circuit.failed("#a", "why")

    assert "" == circuit.reason("#a")


def test_two_failures_in_a_row_close_only_their_channel() -> None:
    """A channel that always fails does not keep the others from their messages."""
    circuit = Circuit()

    circuit.failed("#a", "first")
    circuit.failed("#a", "second")

    assert "second" == circuit.reason("#a")
    assert "" == circuit.reason("#b")


def test_two_channels_failing_in_a_row_stop_everything() -> None:
    """Then it is Slack that is down."""
    circuit = Circuit()

    circuit.failed("#a", "first")
    circuit.failed("#b", "second")

    assert "second" == circuit.reason("#c")


def test_success_in_between_starts_the_count_anew() -> None:
    """Only failures in a row mean an circuit."""
    circuit = Circuit()

    circuit.failed("#a", "first")
    circuit.worked("#a")
    circuit.failed("#b", "second")

    assert "" == circuit.reason("#b")


def test_success_in_another_channel_says_nothing_of_this_one() -> None:
    """The channels take turns, each at its own pace."""
    circuit = Circuit()

    circuit.failed("#a", "first")
    circuit.worked("#b")
    circuit.failed("#a", "second")

    assert "second" == circuit.reason("#a")
    assert "" == circuit.reason("#b")


def test_the_ledger_failing_twice_stops_everything() -> None:
    """Without the Ledger nothing can be claimed, whatever the channel."""
    circuit = Circuit()

    circuit.failed(LEDGER, "first")
    circuit.failed(LEDGER, "second")

    assert "second" == circuit.reason("#a")


def test_a_channel_can_be_closed_at_once() -> None:
    """What surely takes no messages is not asked twice."""
    circuit = Circuit()

    circuit.close("#a", "gone")

    assert "gone" == circuit.reason("#a")
    assert "" == circuit.reason("#b")


def test_anything_recorded_shows_that_the_ledger_works() -> None:
    """Whatever channel it was for."""
    circuit = Circuit()

    circuit.failed(LEDGER, "first")
    circuit.worked("#a")
    circuit.failed(LEDGER, "second")

    assert "" == circuit.reason("#a")


def test_a_failure_of_its_channel_alone_says_nothing_of_the_others() -> None:
    """Slack answers, with a code that nobody knows yet."""
    circuit = Circuit()

    circuit.failed("#a", "first", is_everywhere=False)
    circuit.failed("#b", "second", is_everywhere=False)

    assert "" == circuit.reason("#a") == circuit.reason("#b")

    circuit.failed("#a", "third", is_everywhere=False)

    assert ("third", "") == (circuit.reason("#a"), circuit.reason("#b"))


def test_a_second_channel_confirms_that_the_token_is_refused() -> None:
    """Unless a message came through in between."""
    circuit = Circuit()

    assert [False, False, True] == [
        circuit.is_credential_refused_twice(channel) for channel in ("#a", "#a", "#b")
    ]

    circuit.worked("#c")

    assert not circuit.is_credential_refused_twice("#b")
