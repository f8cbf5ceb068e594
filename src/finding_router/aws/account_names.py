"""The claims to names of accounts in the Ledger's table, one item for each name."""

from collections.abc import Iterable

from finding_router.aws import keys
from finding_router.aws.items import Items
from finding_router.delivery.account_claims import CLAIM_SECONDS, Claims
from finding_router.errors import UnreadableError
from finding_router.stored import Stored


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

    def claim(self, name: str, account_id: str, *, at: float) -> None:
        """Note the claim of *account_id* at the Unix second *at*."""
        given = {":expires_at": int(at + CLAIM_SECONDS), ":shape": keys.SHAPE}
        rest = ", expires_at = :expires_at, shape = :shape"
        _, is_noted = self._items.update(
            keys.account_name(name),
            f"SET accounts.#account = :at{rest}",
            {**given, ":at": at},
            "attribute_exists(accounts)",
            {"#account": account_id},
        )
        if is_noted:
            return
        _, is_first = self._items.update(
            keys.account_name(name),
            f"SET accounts = :accounts{rest}",
            {**given, ":accounts": {account_id: at}},
            "attribute_not_exists(accounts)",
        )
        if not is_first:
            # Another worker was faster with the first claim.
            self.claim(name, account_id, at=at)


def _to_claims(stored: Stored) -> Claims:
    accounts = stored.inner("accounts")
    return {each: accounts.number(each) for each in accounts.values}
