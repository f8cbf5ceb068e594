"""A name that two accounts claim is no name."""

import pytest

from dynamo_router import DynamoRouter
from fakes import store_down
from hub_events import raw_finding
from router import OPS, Router, outcomes

ROUTE = {"kind": "route", "name": "own", "channel": "#{account}-alerts"}
PAYMENTS, STRANGER = "111122223333", "999999999999"
DAY = 86_400.0


def named(finding_id: str, account_id: str, name: str = "Payments") -> dict[str, object]:
    """Make a finding of an account that calls itself *name*."""
    return raw_finding(finding_id, AwsAccountId=account_id, AwsAccountName=name)


def test_a_single_account_keeps_its_name() -> None:
    """However often it is heard, also by another worker."""
    router = Router(ROUTE)
    router.send(named("1", PAYMENTS))
    router.restart()
    router.send(named("2", PAYMENTS, "payments!"))

    assert 2 == len(router.slack.opened("#payments-alerts"))
    assert 1 == router.faults.count("claim")


def test_a_name_of_two_accounts_gives_their_ids() -> None:
    """The stranger's finding does not reach the channel of the account that it names."""
    router = Router(ROUTE)
    router.send(named("1", PAYMENTS))

    router.send(named("2", STRANGER, "payments"))

    assert 1 == len(router.slack.opened("#payments-alerts"))
    [card] = router.slack.opened(f"#{STRANGER}-alerts")
    assert "payments" not in card.message.text.lower().replace("title", "")
    [notice] = router.slack.opened(OPS)
    for account in (PAYMENTS, STRANGER):
        assert account in str(notice.message.arguments())


def test_two_accounts_of_one_batch_are_seen() -> None:
    """Neither is first."""
    router = Router(ROUTE)

    router.send(named("1", PAYMENTS), named("2", STRANGER))

    assert 1 == len(router.slack.opened(f"#{PAYMENTS}-alerts"))
    assert 1 == len(router.slack.opened(f"#{STRANGER}-alerts"))


def test_an_alias_makes_the_name_certain() -> None:
    """The account with an alias keeps its channel; the stranger has its id."""
    router = Router(ROUTE, {"kind": "account", "name": PAYMENTS, "alias": "payments"})

    router.send(named("1", PAYMENTS), named("2", STRANGER))

    assert 1 == len(router.slack.opened("#payments-alerts"))
    assert 1 == len(router.slack.opened(f"#{STRANGER}-alerts"))


def test_an_account_that_left_gives_its_name_away() -> None:
    """Thirty days after it was last heard."""
    router = Router(ROUTE)
    router.send(named("1", PAYMENTS))
    router.clock.now += 31 * DAY

    router.send(named("2", STRANGER))

    assert 2 == len(router.slack.opened("#payments-alerts"))


def test_an_account_that_is_heard_keeps_its_claim() -> None:
    """It is noted anew before it runs out, and not with each finding."""
    router = Router(ROUTE)
    for day in range(60):
        router.send(named(f"of day {day}", PAYMENTS))
        router.clock.now += DAY

    router.send(named("late", STRANGER))

    assert 1 == len(router.slack.opened(f"#{STRANGER}-alerts"))
    assert 5 == router.faults.count("claim")


@pytest.mark.parametrize("operation", ["claims", "claim"])
def test_a_ledger_that_does_not_answer_fails_the_batch(operation: str) -> None:
    """It comes again, and nothing goes to a wrong channel meanwhile."""
    router = Router(ROUTE)
    router.faults.plan(operation, store_down)

    assert ["failed"] == outcomes(router.send(named("1", PAYMENTS)))
    assert not router.slack.opened("#payments-alerts")
    assert ["posted"] == outcomes(router.send(named("1", PAYMENTS)))


def test_claims_that_cannot_be_read_give_the_id() -> None:
    """A name of which nobody can tell whose it is."""
    router = DynamoRouter(ROUTE)
    router.send(named("1", PAYMENTS))
    router.dynamo.stored["account-name#payments", "accounts"]["accounts"] = {"S": "odd"}
    router.restart()

    router.send(named("2", PAYMENTS))

    assert 1 == len(router.slack.opened("#payments-alerts"))
    assert 1 == len(router.slack.opened(f"#{PAYMENTS}-alerts"))
