"""The claims to names of accounts in the Ledger's table, one item for each name."""

from collections.abc import Iterable, Mapping
from itertools import batched
from typing import Any, Final

from finding_router.aws import keys
from finding_router.aws.items import Items
from finding_router.delivery.account_claims import CLAIM_SECONDS, Claims
from finding_router.errors import UnreadableError
from finding_router.stored import Stored

# A transaction may have a hundred.
NAMES_AT_ONCE: Final = 50
_REST: Final = ", expires_at = :expires_at, shape = :shape"


class DynamoAccountNames:
    """Notes claims by updates that leave those of other accounts alone."""

    def __init__(self, items: Items) -> None:
        """Keep them among *items*."""
        self._items = items

    def claims(self, names: Iterable[str]) -> dict[str, Claims | None]:
        """Return the claims to each of *names* that has any, a hundred names a call."""
        found: dict[str, Claims | None] = {}
        for values in self._items.read(map(keys.account_name, names)):
            name = str(values["finding"]).removeprefix(keys.ACCOUNT_NAME)
            try:
                found[name] = self._items.parsed(values, _to_claims)
            except UnreadableError:
                found[name] = None
        return found

    def claim_first(self, accounts: Mapping[str, str], *, at: float) -> set[str]:
        """Note the claims of *accounts* to names that have none, in transactions."""
        done: set[str] = set()
        for some in batched(accounts.items(), NAMES_AT_ONCE, strict=False):
            changes = {name: self._items.change(*_first(name, id_, at)) for name, id_ in some}
            noted = {id(each) for each in self._items.change_all(list(changes.values()))}
            done |= {name for name, each in changes.items() if id(each) in noted}
        return done

    def claim(self, name: str, account_id: str, *, at: float) -> None:
        """Note the claim of *account_id* at the Unix second *at*."""
        _, is_noted = self._items.update(
            keys.account_name(name),
            f"SET accounts.#account = :at{_REST}",
            {**_given(at), ":at": at},
            "attribute_exists(accounts)",
            {"#account": account_id},
        )
        if is_noted:
            return
        _, is_first = self._items.update(*_first(name, account_id, at))
        if not is_first:
            # Another worker was faster with the first claim.
            self.claim(name, account_id, at=at)


def _first(name: str, account_id: str, at: float) -> tuple[keys.Key, str, dict[str, Any], str]:
    """Return the update that notes the claim to a name without one."""
    return (
        keys.account_name(name),
        f"SET accounts = :accounts{_REST}",
        {**_given(at), ":accounts": {account_id: at}},
        "attribute_not_exists(accounts)",
    )


def _given(at: float) -> dict[str, Any]:
    return {":expires_at": int(at + CLAIM_SECONDS), ":shape": keys.SHAPE}


def _to_claims(stored: Stored) -> Claims:
    accounts = stored.inner("accounts")
    return {each: accounts.number(each) for each in accounts.values}
