"""Names, OUs and tags of accounts come from AWS Organizations, read once a day by a wake-up."""

import random
from typing import Any

import pytest

from fake_organizations import FakeAccount, FakeOrganizations
from fakes import store_down
from finding_router.aws.organization import MAX_BLOB_BYTES, DynamoOrganization
from finding_router.delivery.organization import CURRENT, Sheet, read_current, write_current
from finding_router.findings.finding import OrganizationAccount
from finding_router.routing.organization import Organization
from hub_events import raw_finding
from memory_dynamo import MemoryDynamo
from router import DEFAULT, OPS, Router, outcomes

PAYMENTS, SANDBOX, STRANGER = "111122223333", "222233334444", "999999999999"
DAY = 86_400.0
BY_ACCOUNT = {"kind": "route", "name": "own", "channel": "#{account}-alerts"}
BY_OU = {"kind": "route", "name": "by-ou", "channel": "#{ou}-alerts"}
BY_TAG = {"kind": "route", "name": "by-tag", "channel": "#team-{account_tag:team}"}


def small() -> FakeOrganizations:
    """Return an organization of two accounts."""
    return FakeOrganizations(
        a111122223333=FakeAccount("Payments Prod", "Workloads/Prod", tags={"team": "Red"}),
        a222233334444=FakeAccount("Sandbox"),
    )


def no_answer(operation: str) -> None:
    """Fail a call of the Ledger."""
    raise store_down(operation)


def of(account_id: str, finding_id: str = "1", **changes: Any) -> dict[str, Any]:
    """Make a finding of an account, which calls itself "stated"."""
    return raw_finding(
        finding_id, AwsAccountId=account_id, **{"AwsAccountName": "stated"} | changes
    )


def read(*items: dict[str, Any], source: FakeOrganizations | None = None) -> Router:
    """Return a router that has read an organization."""
    router = Router(*items, organizations=source or small())
    router.wake()
    return router


class TestNames:
    """Alias, then Organizations, then the finding."""

    def test_name_of_organizations_goes_before_the_findings(self) -> None:
        """In channels and on cards; no claim is noted."""
        router = read(BY_ACCOUNT)

        router.send(of(PAYMENTS))

        [card] = router.slack.opened("#payments-prod-alerts")
        assert "Payments Prod" in str(card.message.arguments())
        assert "stated" not in str(card.message.arguments())
        assert 0 == router.faults.count("claims")

    def test_alias_goes_before_organizations(self) -> None:
        """The operator's word is the last."""
        router = read(BY_ACCOUNT, {"kind": "account", "name": PAYMENTS, "alias": "money"})

        router.send(of(PAYMENTS))

        assert 1 == len(router.slack.opened("#money-alerts"))

    def test_account_outside_goes_by_its_own_name(self) -> None:
        """As long as nobody else has it."""
        router = read(BY_ACCOUNT)

        router.send(of(STRANGER))

        assert 1 == len(router.slack.opened("#stated-alerts"))

    def test_name_of_another_account_is_no_name(self) -> None:
        """However it is spelt, and though that account was never heard."""
        router = read(BY_ACCOUNT)

        router.send(of(STRANGER, AwsAccountName="payments, prod"))

        assert 1 == len(router.slack.opened(f"#{STRANGER}-alerts"))

    def test_alias_of_another_account_is_no_name(self) -> None:
        """An account may rename itself."""
        router = read(BY_ACCOUNT, {"kind": "account", "name": STRANGER, "alias": "sandbox"})

        router.send(of(SANDBOX))

        assert 1 == len(router.slack.opened(f"#{SANDBOX}-alerts"))

    def test_suspended_account_keeps_its_name(self) -> None:
        """Its findings are still routed."""
        source = small()
        source.by_id[SANDBOX].state = "SUSPENDED"
        router = read(BY_ACCOUNT, source=source)

        router.send(of(SANDBOX))

        assert 1 == len(router.slack.opened("#sandbox-alerts"))

    def test_shared_name_gives_the_ids(self) -> None:
        """And the ops channel is told."""
        source = small()
        source.by_id[SANDBOX].name = "payments prod"
        router = read(BY_ACCOUNT, source=source)

        router.send(of(PAYMENTS))

        assert 1 == len(router.slack.opened(f"#{PAYMENTS}-alerts"))
        [notice] = router.slack.opened(OPS)
        assert SANDBOX in str(notice.message.arguments())

    def test_of_accounts_that_share_a_name_the_active_one_has_it(self) -> None:
        """An account that was closed and made again."""
        source = small()
        source.by_id[SANDBOX].name = "payments prod"
        source.by_id[SANDBOX].state = "CLOSED"
        router = read(BY_ACCOUNT, source=source)

        router.send(of(PAYMENTS, "1"), of(SANDBOX, "2"))

        assert 1 == len(router.slack.opened("#payments-prod-alerts"))
        assert 1 == len(router.slack.opened(f"#{SANDBOX}-alerts"))
        assert [] == router.slack.opened(OPS)

    def test_without_the_parameter_nothing_is_read(self) -> None:
        """Neither from Organizations nor from the Ledger."""
        router = Router(BY_ACCOUNT)
        router.wake()

        router.send(of(PAYMENTS, Account={"Name": "forged"}))

        assert 1 == len(router.slack.opened("#stated-alerts"))
        assert {} == router.organization_items.stored


class TestRouting:
    """Placeholders and patterns."""

    def test_ou_fills_its_placeholder(self) -> None:
        """The names from the highest on."""
        router = read(BY_OU)

        router.send(of(PAYMENTS))

        assert 1 == len(router.slack.opened("#workloads-prod-alerts"))

    @pytest.mark.parametrize("account_id", [SANDBOX, STRANGER])
    def test_account_without_an_ou_goes_to_the_default_channel(self, account_id: str) -> None:
        """With a note that says why."""
        router = read(BY_OU)

        router.send(of(account_id))

        [card] = router.slack.opened(DEFAULT)
        assert "{ou} cannot be filled" in str(card.message.arguments())

    def test_tag_of_the_account_fills_its_placeholder(self) -> None:
        """Not a tag of the resource."""
        router = read(BY_TAG)

        router.send(of(PAYMENTS, "1"), of(SANDBOX, "2"))

        assert 1 == len(router.slack.opened("#team-red"))
        [card] = router.slack.opened(DEFAULT)
        assert "{account_tag:team} cannot be filled" in str(card.message.arguments())

    @pytest.mark.parametrize(
        "account",
        [
            {"Ou": ["Workloads/Prod"]},
            {"Ou": [{"prefix": "Workloads/"}]},
            {"Tags": {"team": ["Red"]}},
            {"Name": ["Payments Prod"], "State": ["ACTIVE"]},
        ],
    )
    @pytest.mark.parametrize("is_rule", [False, True])
    def test_route_matches_the_account(self, account: dict[str, Any], is_rule: bool) -> None:  # noqa: FBT001
        """Beside the fields of the finding, also in a whole rule; other accounts do not match."""
        match: dict[str, Any] = {"Account": account, "Severity": {"Label": ["HIGH"]}}
        whole = {"source": ["aws.securityhub"], "detail": {"findings": match}}
        router = read(
            {"kind": "route", "name": "r", "match": whole if is_rule else match, "channel": "#here"}
        )

        router.send(of(PAYMENTS, "1"), of(SANDBOX, "2"))

        assert 1 == len(router.slack.opened("#here"))
        assert 1 == len(router.slack.opened(DEFAULT))

    def test_silence_holds_an_ou(self) -> None:
        """And no other."""
        router = read(
            BY_ACCOUNT,
            {
                "kind": "silence",
                "name": "prod",
                "match": {"Account": {"Ou": [{"prefix": "Workloads/"}]}},
                "until": "2039-01-01T00:00:00Z",
            },
        )

        jobs = router.send(of(PAYMENTS, "1"), of(SANDBOX, "2"))

        assert ["silenced", "posted"] == outcomes(jobs)

    def test_finding_cannot_state_its_account(self) -> None:
        """The field is the router's own."""
        router = read(
            {
                "kind": "route",
                "name": "r",
                "match": {"Account": {"Ou": ["Prod"]}},
                "channel": "#here",
            }
        )

        router.send(of(STRANGER, Account={"Ou": "Prod"}))

        assert [] == router.slack.opened("#here")


class TestReading:
    """The daily calls."""

    def test_one_reading_a_day(self) -> None:
        """Tags are not read where no item asks for them, and each OU once."""
        source = small()
        router = read(BY_ACCOUNT, source=source)
        for _ in range(30):
            router.clock.now += 3600
            router.wake()

        assert {"ListAccounts": 4, "DescribeOrganizationalUnit": 4} == source.calls

    def test_calls_are_paced(self) -> None:
        """Four a second."""
        router = read(BY_TAG)

        assert 0.25 in router.clock.slept

    def test_tags_are_read_once_a_row_asks_for_them(self) -> None:
        """At the next wake-up, though the day is not over."""
        source = small()
        router = read(BY_ACCOUNT, source=source)
        router.items = [*router.items, BY_TAG]
        router.clock.now += 60

        router.wake()
        router.send(of(PAYMENTS))

        assert 2 == source.calls["ListTagsForResource"]
        assert 1 == len(router.slack.opened("#team-red"))

    def test_ous_are_found_where_no_path_is_listed(self) -> None:
        """By their parents, each of which is asked for once."""
        source = small()
        source.by_id["333344445555"] = FakeAccount("Third", "Workloads/Prod")
        source.with_paths = False
        router = read(BY_OU, source=source)

        router.send(of(PAYMENTS))

        assert 1 == len(router.slack.opened("#workloads-prod-alerts"))
        # Three accounts and two OUs.
        assert 5 == source.calls["ListParents"]

    def test_another_worker_has_the_names_by_one_read(self) -> None:
        """Once an hour."""
        router = read(BY_ACCOUNT)
        calls: list[str] = []
        router.organization_items.before = calls.append
        router.restart()

        for minute in range(50):
            router.send(of(PAYMENTS, f"{minute}"))
            router.clock.now += 60

        assert ["BatchGetItem"] == calls

    def test_large_organization_takes_several_wake_ups(self) -> None:
        """Two thousand accounts with tags; the old names stay until all is read."""
        source = small()
        router = read(BY_TAG, source=source)
        for number in range(2_000):
            source.by_id[f"{500_000_000_000 + number}"] = FakeAccount(
                f"Account {number}", f"Unit {number % 7}", tags={"team": f"T {number}"}
            )
        source.by_id[PAYMENTS].tags = {"team": "Blue"}
        router.clock.now += DAY
        router.wake()
        router.send(of(PAYMENTS, "1"))

        wake_ups = 1
        while source.calls["ListTagsForResource"] < 2_004 and wake_ups < 60:
            router.clock.now += 60
            router.wake()
            wake_ups += 1
        router.send(of(PAYMENTS, "2"), of("500000001999", "3"))

        assert 1 == len(router.slack.opened("#team-red"))
        assert 1 == len(router.slack.opened("#team-blue"))
        assert 1 == len(router.slack.opened("#team-t-1999"))
        assert 5 < wake_ups < 60
        assert 2_004 == source.calls["ListTagsForResource"]
        assert {("organization#current", "0")} == set(router.organization_items.stored)

    @pytest.mark.parametrize(
        "operation",
        ["ListAccounts", "ListParents", "DescribeOrganizationalUnit", "ListTagsForResource"],
    )
    def test_failure_keeps_yesterdays_accounts(self, operation: str) -> None:
        """The ops channel is told once a day, and the next try is an hour later."""
        source = small()
        source.with_paths = False
        router = read(BY_TAG, source=source)
        source.by_id[PAYMENTS].tags = {"team": "Blue"}
        source.refused[operation] = "AccessDeniedException"
        router.clock.now += DAY

        for _ in range(5 * 60):
            router.clock.now += 60
            router.wake()
        router.send(of(PAYMENTS))

        assert 1 == len(router.slack.opened("#team-red"))
        [notice] = router.slack.opened(OPS)
        assert f"{operation} is refused" in str(notice.message.arguments())
        assert source.calls[operation] <= 2 + 4 * 2 + 5

    def test_what_failed_is_read_later(self) -> None:
        """By itself."""
        source = small()
        source.refused["ListAccounts"] = "ServiceException"
        router = read(BY_ACCOUNT, source=source)
        source.refused.clear()
        router.clock.now += 3601

        router.wake()
        router.send(of(PAYMENTS))

        assert 1 == len(router.slack.opened("#payments-prod-alerts"))

    def test_throttling_is_not_told(self) -> None:
        """The next wake-up goes on where it stopped."""
        source = small()
        source.refused["DescribeOrganizationalUnit"] = "TooManyRequestsException"
        router = read(BY_OU, source=source)
        source.refused.clear()
        router.clock.now += 60

        router.wake()
        router.send(of(PAYMENTS))

        assert [] == router.slack.opened(OPS)
        assert 1 == len(router.slack.opened("#workloads-prod-alerts"))
        assert 2 == source.calls["ListAccounts"]

    def test_token_that_is_no_longer_valid_starts_anew(self) -> None:
        """From the first page."""
        source = small()
        source.refused["DescribeOrganizationalUnit"] = "TooManyRequestsException"
        router = read(BY_OU, source=source)
        source.refused["DescribeOrganizationalUnit"] = "InvalidInputException"
        router.clock.now += 60
        router.wake()
        assert {} == router.organization_items.stored
        source.refused.clear()
        router.clock.now += 3601

        router.wake()

        assert 4 == source.calls["ListAccounts"]

    def test_empty_list_replaces_nothing(self) -> None:
        """At least the account itself is in its organization."""
        source = small()
        router = read(BY_ACCOUNT, source=source)
        source.by_id.clear()
        router.clock.now += DAY + 1
        router.wake()

        router.send(of(PAYMENTS))

        assert 1 == len(router.slack.opened("#payments-prod-alerts"))
        assert 1 == len(router.slack.opened(OPS))

    def test_two_workers_do_not_read_at_once(self) -> None:
        """The second one leaves it to the first."""
        source = small()
        source.refused["DescribeOrganizationalUnit"] = "TooManyRequestsException"
        router = read(BY_ACCOUNT, source=source)
        router.restart()
        router.clock.now += 10
        router.wake()

        assert 2 == source.calls["ListAccounts"]
        assert 1 == source.calls["DescribeOrganizationalUnit"]

    def test_wake_up_survives_an_error_that_nobody_foresaw(self) -> None:
        """Held findings are released all the same."""
        source = small()
        source.accounts = lambda _: 1 / 0  # type: ignore[assignment, method-assign, return-value]

        assert [] == read(BY_ACCOUNT, source=source).wake()

    def test_ledger_that_does_not_answer_fails_the_batch_of_a_new_worker(self) -> None:
        """It comes again, and nothing goes to a wrong channel meanwhile."""
        router = read(BY_ACCOUNT)
        router.restart()
        router.organization_items.before = no_answer

        assert ["failed"] == outcomes(router.send(of(PAYMENTS)))
        router.organization_items.before = lambda _: None
        assert ["posted"] == outcomes(router.send(of(PAYMENTS)))

    def test_items_of_a_newer_version_stay_as_they_are(self) -> None:
        """After a roll-back accounts go by what they state, and the reading overwrites nothing."""
        router = read(BY_ACCOUNT)
        stored = router.organization_items.stored["organization#current", "0"]
        stored["shape"] = {"N": "2"}
        router.restart()

        assert ["posted"] == outcomes(router.send(of(PAYMENTS)))
        router.clock.now += 60
        router.wake()

        assert 1 == len(router.slack.opened("#stated-alerts"))
        assert {"N": "2"} == router.organization_items.stored["organization#current", "0"]["shape"]


class TestItems:
    """The Ledger's items."""

    def test_ten_thousand_accounts_fit(self) -> None:
        """Each item is far below 400 KB; what was replaced is deleted."""
        numbers = random.Random(1)
        dynamo = MemoryDynamo()
        store = DynamoOrganization(dynamo.items(), days=400)

        def organization(number: int) -> Organization:
            return Organization(
                accounts={
                    f"{100_000_000_000 + each}": OrganizationAccount(
                        name=f"{numbers.getrandbits(400):x}",
                        state="ACTIVE",
                        ou=f"Workloads/{each % 50}",
                        tags={"team": f"{numbers.getrandbits(200):x}"},
                    )
                    for each in range(number)
                },
                read_at=1.0,
                has_tags=True,
            )

        large = organization(10_000)
        assert store.save(CURRENT, write_current(large), at=1.0)
        sizes = [
            sum(len(value.get("B", b"")) for value in item.values())
            for item in dynamo.stored.values()
        ]

        assert len(sizes) > 1
        assert max(sizes) < MAX_BLOB_BYTES + 10_000
        assert large == store.load(CURRENT, read_current)

        small_one = organization(10)
        assert store.save(CURRENT, write_current(small_one), at=2.0)
        assert small_one == store.load(CURRENT, read_current)
        assert 1 == len(dynamo.stored)

    def test_further_accounts_that_are_missing_make_it_unreadable(self) -> None:
        """The accounts count as unknown, and are read anew at the next wake-up."""
        router = read(BY_ACCOUNT)
        router.organization_items.stored["organization#current", "0"]["parts"] = {"N": "2"}
        router.restart()
        router.send(of(PAYMENTS, "1"))
        router.clock.now += 200
        router.wake()

        router.send(of(PAYMENTS, "2"))

        assert 1 == len(router.slack.opened("#stated-alerts"))
        assert 1 == len(router.slack.opened("#payments-prod-alerts"))

    def test_sheet_can_be_removed(self) -> None:
        """Once, and without a trace."""
        dynamo = MemoryDynamo()
        store = DynamoOrganization(dynamo.items(), days=1)
        store.save("draft", Sheet({}, {"1": ["one"]}), at=1.0)
        store.remove("draft")
        store.remove("draft")

        assert {} == dynamo.stored
