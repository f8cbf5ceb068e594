"""The fake claims and those in DynamoDB keep the same promises."""

from typing import Any

import pytest

from fake_ledger import FakeAccountNames
from fakes import Clock, Faults
from finding_router.aws.account_names import DynamoAccountNames
from finding_router.aws.items import Items
from finding_router.delivery.account_claims import NameStore
from memory_dynamo import MemoryDynamo

NOW = 1_790_000_000.0


class AccountNamesContract:
    """The contract of every store of claims."""

    def test_a_name_has_no_claims_at_first(self, names: NameStore) -> None:
        """It is left out of the answer."""
        assert {} == names.claims(["payments"])

    def test_each_account_has_a_claim_of_its_own(self, names: NameStore) -> None:
        """The newest of each account counts, whoever came first."""
        names.claim("payments", "1", at=NOW)
        names.claim("payments", "2", at=NOW + 5)
        names.claim("payments", "1", at=NOW + 9.5)
        names.claim("sandbox", "1", at=NOW)

        assert {
            "payments": {"1": NOW + 9.5, "2": NOW + 5},
            "sandbox": {"1": NOW},
        } == names.claims(["payments", "sandbox", "unknown"])

    def test_first_claims_are_noted_together(self, names: NameStore) -> None:
        """But of a name that an account claims already: that claim stays as it is."""
        names.claim("payments", "1", at=NOW)

        first = names.claim_first({"sandbox": "2", "payments": "2", "lab": "3"}, at=NOW + 5)

        assert {"sandbox", "lab"} == first
        assert {
            "payments": {"1": NOW},
            "sandbox": {"2": NOW + 5},
            "lab": {"3": NOW + 5},
        } == names.claims(["payments", "sandbox", "lab"])

    def test_many_first_claims_are_noted(self, names: NameStore) -> None:
        """They are more than one transaction takes."""
        many = {f"team-{number}": f"{number}" for number in range(120)}

        assert set(many) == names.claim_first(many, at=NOW)
        assert {name: {id_: NOW} for name, id_ in many.items()} == names.claims(many)


class TestFakeAccountNames(AccountNamesContract):
    """The fake."""

    @pytest.fixture
    def names(self) -> NameStore:
        """Make one without faults."""
        return FakeAccountNames(Faults(Clock()))


class TestDynamoAccountNames(AccountNamesContract):
    """The real one."""

    @pytest.fixture
    def names(self, make_table: Any) -> NameStore:
        """Make one on a table of its own."""
        return DynamoAccountNames(Items(make_table("ledger", "finding", "channel")))


class TestMemoryDynamoAccountNames(AccountNamesContract):
    """The real one over the DynamoDB in memory that other tests use."""

    @pytest.fixture
    def names(self) -> NameStore:
        """Make one on a table of its own."""
        return DynamoAccountNames(MemoryDynamo().items())
