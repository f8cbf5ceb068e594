"""The circuit breaker: failures that stop a run, and those that only close one channel."""

import pytest

from finding_router.delivery.limits.circuit import LEDGER, Circuit

WORKED = ""


@pytest.mark.parametrize(
    ("calls", "reasons"),
    [
        pytest.param([("#a", "first")], {"#a": ""}, id="one failure ends one message"),
        pytest.param(
            [("#a", "first"), ("#a", "second")],
            {"#a": "second", "#b": ""},
            id="two in a row close only their channel",
        ),
        pytest.param(
            [("#a", "first"), ("#b", "second")],
            {"#c": "second"},
            id="two channels in a row stop everything: Slack is down",
        ),
        pytest.param(
            [("#a", "first"), ("#a", WORKED), ("#b", "second")],
            {"#b": ""},
            id="success in between starts the count anew",
        ),
        pytest.param(
            [("#a", "first"), ("#b", WORKED), ("#a", "second")],
            {"#a": "second", "#b": ""},
            id="success in another channel says nothing of this one",
        ),
        pytest.param(
            [(LEDGER, "first"), (LEDGER, "second")],
            {"#a": "second"},
            id="the Ledger failing twice stops everything",
        ),
        pytest.param(
            [(LEDGER, "first"), ("#a", WORKED), (LEDGER, "second")],
            {"#a": ""},
            id="anything recorded shows that the Ledger works",
        ),
    ],
)
def test_failures_in_a_row_close(calls: list[tuple[str, str]], reasons: dict[str, str]) -> None:
    """Each call is a place and why it failed, or WORKED; then each channel has a reason."""
    circuit = Circuit()

    for where, why in calls:
        if why == WORKED:
            circuit.worked(where)
        else:
            circuit.failed(where, why)

    assert reasons == {channel: circuit.reason(channel) for channel in reasons}


def test_a_channel_can_be_closed_at_once() -> None:
    """A channel that certainly takes no messages is not asked twice."""
    circuit = Circuit()

    circuit.close("#a", "gone")

    assert "gone" == circuit.reason("#a")
    assert "" == circuit.reason("#b")


def test_a_failure_of_its_channel_alone_says_nothing_of_the_others() -> None:
    """Slack answers, with an error code that the router does not know."""
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
