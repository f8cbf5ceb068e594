"""The port of the names that accounts claim in their findings."""

from collections.abc import Iterable, Mapping
from typing import Final, Protocol

# An account that was renamed, or closed, leaves its name to others after that.
CLAIM_SECONDS: Final = 30 * 86_400.0

type Claims = Mapping[str, float]
"""When each account, by its id, was last seen to claim a name, in Unix seconds."""


class NameStore(Protocol):
    """The store of claims; its methods raise StoreError if it does not answer."""

    def claims(self, names: Iterable[str]) -> dict[str, Claims | None]:
        """Return the claims to each of *names*, None for one whose claims cannot be read."""

    def claim(self, name: str, account_id: str, *, at: float) -> None:
        """Note that an account claims *name*, *at* a Unix second."""

    def claim_first(self, accounts: Mapping[str, str], *, at: float) -> set[str]:
        """
        Note the claims of *accounts*, by names that had none, *at* a Unix second, in few calls.

        Return the names that had none indeed: the claims of others are left to `claim`.
        """
