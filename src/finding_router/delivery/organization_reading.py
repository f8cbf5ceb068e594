"""
The daily reading of AWS Organizations, in the time that wake-ups have left.

Ten thousand accounts take more calls than one wake-up has time for. What was read so far is a draft
in the Ledger, with which the next wake-up goes on; only a whole reading replaces the last one.
"""

import uuid
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, NamedTuple, Protocol

from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.limits.lock import Locks
from finding_router.delivery.notices import Notices
from finding_router.delivery.organization import OrganizationCache, Sheet
from finding_router.delivery.troubles import organization_unread
from finding_router.errors import OrganizationsError, StoreError, UnreadableError
from finding_router.findings.finding import OrganizationAccount
from finding_router.routing.organization import Organization
from finding_router.telemetry import logger

DRAFT: Final = "draft"
EVERY_SECONDS: Final = 86_400.0
RETRY_SECONDS: Final = 3600.0
# Longer than an invocation.
LEASE_SECONDS: Final = 100.0
# AWS names no rate of these calls: four a second leave room for others.
PACE_SECONDS: Final = 0.25
# The longest that one call takes, as set in aws/organizations.py.
CALL_SECONDS: Final = 21.0
# A reading that is throttled for longer is worth a notice.
_OVERDUE_SECONDS: Final = 2 * EVERY_SECONDS
_TURN: Final = "turn to read the organization"
_TROUBLE: Final = "organization not read"
_THROTTLED: Final = frozenset(
    {"TooManyRequestsException", "ThrottlingException", "Throttling", "RequestLimitExceeded"}
)
# The token of the next page is no longer valid.
_INVALID: Final = "InvalidInputException"
_OU: Final = "ou-"


class Listed(NamedTuple):
    """An account in ListAccounts; *path* has the ids of its OUs from the root's on, if listed."""

    id: str
    name: str
    state: str | None
    path: tuple[str, ...] | None


class Organizations(Protocol):
    """The calls of AWS Organizations; each raises OrganizationsError."""

    def accounts(self, token: str | None) -> tuple[list[Listed], str | None]:
        """Return a page of the accounts, and the token of the next one."""

    def parent(self, child_id: str) -> str:
        """Return the id of the OU or root directly above an account or OU."""

    def unit_name(self, unit_id: str) -> str:
        """Return the name of an OU."""

    def tags(self, account_id: str) -> dict[str, str]:
        """Return the tags of an account."""


@dataclass(slots=True)
class _Entry:
    name: str
    state: str | None
    path: list[str] | None
    tags: dict[str, str] | None = None


@dataclass(slots=True, kw_only=True)
class Draft:
    """A reading on its way; *units* are the names of OUs, *parents* what is above each OU."""

    started_at: float
    wants_tags: bool
    token: str | None = None
    is_listed: bool = False
    units: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    accounts: dict[str, _Entry] = field(default_factory=dict)

    @classmethod
    def of(cls, sheet: Sheet) -> "Draft":
        """Return the draft of a sheet."""
        entries = {account_id: _Entry(*each) for account_id, each in sheet.accounts.items()}
        return cls(**sheet.about, accounts=entries)

    def as_sheet(self) -> Sheet:
        """Return the draft as a sheet."""
        about: dict[str, Any] = asdict(self)
        entries: Mapping[str, Mapping[str, Any]] = about.pop("accounts")
        return Sheet(about, {each: list(entry.values()) for each, entry in entries.items()})

    def calls(self, source: Organizations) -> Iterator[None]:
        """Read what is missing from *source*; yield before each call."""
        while not self.is_listed:
            yield
            page, self.token = source.accounts(self.token)
            for each in page:
                path = None if each.path is None else list(each.path)
                self.accounts[each.id] = _Entry(each.name, each.state, path)
            # A page may be empty before the last one.
            self.is_listed = self.token is None
        if not self.accounts:
            message = "ListAccounts has no account, not even this one"
            raise OrganizationsError(message, code="NoAccounts")
        for account_id, entry in self.accounts.items():
            if entry.path is None:
                entry.path = yield from self._path(account_id, source)
        for unit in dict.fromkeys(
            unit for entry in self.accounts.values() for unit in entry.path or ()
        ):
            if unit not in self.units:
                yield
                self.units[unit] = source.unit_name(unit)
        for account_id, entry in self.accounts.items():
            if self.wants_tags and entry.tags is None:
                yield
                entry.tags = source.tags(account_id)

    def _path(self, child: str, source: Organizations) -> Generator[None, None, list[str]]:
        """Yield before each call, and return the ids of the OUs above *child*, the root's first."""
        path: list[str] = []
        while True:
            above = self.parents.get(child)
            if above is None:
                yield
                above = source.parent(child)
                if child.startswith(_OU):
                    self.parents[child] = above
            if not above.startswith(_OU):
                return path
            path.insert(0, above)
            child = above

    def organization(self, *, now: float) -> Organization:
        """Return the whole reading."""
        return Organization(
            accounts={
                account_id: OrganizationAccount(
                    name=each.name,
                    state=each.state,
                    ou="/".join(self.units[unit] for unit in each.path or ()) or None,
                    tags=each.tags or {},
                )
                for account_id, each in self.accounts.items()
            },
            read_at=now,
            has_tags=self.wants_tags,
        )


class OrganizationReading:
    """Reads the accounts once a day, at four calls a second."""

    def __init__(
        self,
        source: Organizations,
        cache: OrganizationCache,
        *,
        locks: Locks,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        """*clock* gives Unix seconds."""
        self._source = source
        self._store = cache.store
        self._cache = cache
        self._locks = locks
        self._clock = clock
        self._sleep = sleep
        self._worker = uuid.uuid4().hex
        self._started_at = clock()
        self._try_at = 0.0

    def run(self, deadline: Deadline, notices: Notices, *, wants_tags: bool) -> None:
        """
        Read on while *deadline* allows, if a reading is due; keep a notice if it fails.

        Tags that are wanted for the first time are read at once.
        """
        now = self._clock()
        if now < self._try_at or not deadline.allows(CALL_SECONDS):
            return
        try:
            current = self._cache.current()
            is_missing_tags = wants_tags and not current.has_tags
            if now - current.read_at < EVERY_SECONDS and not is_missing_tags:
                return
            if not self._take_turn(LEASE_SECONDS):
                self._try_at = now + LEASE_SECONDS
                return
            self._read_on(self._draft(now, wants_tags=wants_tags), deadline)
        except OrganizationsError as error:
            is_throttled = error.code in _THROTTLED
            logger.warning("AWS Organizations not read", code=error.code, detail=str(error))
            if not is_throttled or now - (current.read_at or self._started_at) > _OVERDUE_SECONDS:
                notices.say(_TROUBLE, organization_unread(str(error), current.read_at))
            if not is_throttled:
                self._rest(now)
        except StoreError as error:
            logger.warning("AWS Organizations not read", detail=str(error))

    def _take_turn(self, seconds: float) -> bool:
        return self._locks.once(_TURN, by=self._worker, every_seconds=seconds, now=self._clock())

    def _rest(self, now: float) -> None:
        """Keep every worker from another try for an hour."""
        self._try_at = now + RETRY_SECONDS
        self._take_turn(RETRY_SECONDS)

    def _draft(self, now: float, *, wants_tags: bool) -> Draft:
        try:
            draft = self._store.load(DRAFT, Draft.of)
        except UnreadableError:
            draft = None
        if draft is None or now - draft.started_at > EVERY_SECONDS:
            return Draft(started_at=now, wants_tags=wants_tags)
        draft.wants_tags = draft.wants_tags or wants_tags
        return draft

    def _read_on(self, draft: Draft, deadline: Deadline) -> None:
        """Read until *draft* is whole and in force, or save it for the next wake-up."""
        try:
            for number, _ in enumerate(draft.calls(self._source)):
                if not deadline.allows(CALL_SECONDS):
                    self._store.save(DRAFT, draft.as_sheet(), at=self._clock())
                    return
                if number:
                    self._sleep(PACE_SECONDS)
        except OrganizationsError as error:
            if error.code == _INVALID:
                self._store.remove(DRAFT)
            elif draft.accounts:
                self._store.save(DRAFT, draft.as_sheet(), at=self._clock())
            raise
        self._cache.replace(draft.organization(now=self._clock()))
        self._store.remove(DRAFT)
