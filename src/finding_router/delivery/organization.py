"""The accounts of AWS Organizations in the Ledger, and a cache of them for the batches."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from finding_router.errors import StoreError, UnreadableError
from finding_router.findings.finding import OrganizationAccount
from finding_router.routing.organization import Organization
from finding_router.telemetry import logger

CURRENT: Final = "current"
CACHE_SECONDS: Final = 3600.0
# A first reading has its accounts within minutes after the deployment.
_NONE_SECONDS: Final = 60.0


class Sheet(NamedTuple):
    """Accounts by id, and facts *about* all of them; both as JSON has them."""

    about: Mapping[str, Any]
    accounts: Mapping[str, Sequence[Any]]


class OrganizationStore(Protocol):
    """The store of sheets by name; its methods raise StoreError if it does not answer."""

    def load[Value](self, name: str, parse: Callable[[Sheet], Value]) -> Value | None:
        """
        Return a sheet as *parse* reads it; None if there is none.

        Raises:
            UnreadableError: a newer version wrote it, or it is damaged.

        """

    def save(self, name: str, sheet: Sheet, *, at: float) -> bool:
        """Replace a sheet as a whole, *at* a Unix second; return False if another worker did."""

    def remove(self, name: str) -> None:
        """Delete a sheet."""


class OrganizationCache:
    """The accounts in force, read once an hour."""

    def __init__(self, store: OrganizationStore, *, clock: Callable[[], float]) -> None:
        """*clock* gives Unix seconds."""
        self.store = store
        self._clock = clock
        self._known: Organization | None = None
        self._looked_at: float | None = None

    def current(self) -> Organization:
        """
        Return the accounts; none before they were first read from AWS Organizations.

        Raises:
            StoreError: the Ledger does not answer, and they were never read from it.

        """
        now = self._clock()
        seconds = _NONE_SECONDS if not (self._known and self._known.accounts) else CACHE_SECONDS
        if self._looked_at is not None and now - self._looked_at < seconds:
            return self._known or Organization()
        try:
            self._known = self.store.load(CURRENT, read_current) or Organization()
        except UnreadableError:
            # A notice names the item; the next reading may replace it.
            self._known = self._known or Organization()
        except StoreError as error:
            if self._known is None:
                raise
            logger.warning("accounts of the organization not read again", detail=str(error))
        self._looked_at = now
        return self._known

    def replace(self, organization: Organization) -> None:
        """Save *organization* as the accounts in force; raises StoreError."""
        now = self._clock()
        if self.store.save(CURRENT, write_current(organization), at=now):
            self._known, self._looked_at = organization, now
        else:
            self._looked_at = None


def write_current(organization: Organization) -> Sheet:
    """Return *organization* as a sheet."""
    return Sheet(
        {"read_at": organization.read_at, "has_tags": organization.has_tags},
        {
            account_id: [each.name, each.state, each.ou, dict(each.tags)]
            for account_id, each in organization.accounts.items()
        },
    )


def read_current(sheet: Sheet) -> Organization:
    """Return the organization of a sheet."""
    return Organization(
        accounts={
            account_id: OrganizationAccount(name=name, state=state, ou=ou, tags=tags)
            for account_id, (name, state, ou, tags, *_) in sheet.accounts.items()
        },
        read_at=float(sheet.about["read_at"]),
        has_tags=bool(sheet.about["has_tags"]),
    )
