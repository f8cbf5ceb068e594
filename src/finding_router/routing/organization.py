"""The accounts of AWS Organizations: their names go before those that findings state."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from copy import replace
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from finding_router.findings.events import AROUND_FINDING
from finding_router.findings.finding import Finding, OrganizationAccount
from finding_router.routing.items.channel import channel_safe
from finding_router.routing.items.match import ACCOUNT, Match
from finding_router.routing.table import RoutingTable

_ACTIVE: Final = frozenset({"ACTIVE", None})
_FIELDS: Final = f"{AROUND_FINDING}{ACCOUNT}"


@dataclass(frozen=True)
class Organization:
    """The *accounts* by id, as read at a Unix second; *has_tags* if with their tags."""

    accounts: Mapping[str, OrganizationAccount] = field(default_factory=dict)
    read_at: float = 0.0
    has_tags: bool = False

    def enriched(self, finding: Finding) -> Finding:
        """
        Return *finding* with its account, and by that account's name.

        It has no name if several accounts of the organization share the name, or if it is not of
        the organization and states a name of it. Names are compared as in channels.
        """
        account = self.accounts.get(finding.account_id or "")
        if account is not None:
            is_its_own = self._holders.get(channel_safe(account.name)) == finding.account_id
            name = account.name if is_its_own else None
            return replace(finding, account=account, account_name=name)
        if finding.account_name and channel_safe(finding.account_name) in self._holders:
            return replace(finding, account=None, account_name=None)
        return finding if finding.account is None else replace(finding, account=None)

    @cached_property
    def shared_names(self) -> Mapping[str, tuple[str, ...]]:
        """Return the names that no account has for itself, and the ids of those that share each."""
        return {
            name: tuple(sorted(ids))
            for name, ids in self._ids.items()
            if name and self._holders[name] is None
        }

    @cached_property
    def _ids(self) -> Mapping[str, list[str]]:
        ids: dict[str, list[str]] = defaultdict(list)
        for account_id, account in self.accounts.items():
            ids[channel_safe(account.name)].append(account_id)
        return ids

    @cached_property
    def _holders(self) -> Mapping[str, str | None]:
        """Return the account that has each name; of several, the only one that is active."""
        return {name: self._holder(ids) for name, ids in self._ids.items()}

    def _holder(self, ids: list[str]) -> str | None:
        if len(ids) > 1:
            ids = [each for each in ids if self.accounts[each].state in _ACTIVE]
        return ids[0] if len(ids) == 1 else None


def fields_of_organization(match: Match) -> Iterator[str]:
    """Yield the dotted fields of *match* that AWS Organizations adds to a finding."""
    if match.compiled is None:
        return
    paths = dict.fromkeys(each.path for rule in match.compiled.rules for each in rule)
    for path in paths:
        if path == _FIELDS or path.startswith(f"{_FIELDS}."):
            yield path.removeprefix(AROUND_FINDING)


def needs_tags(table: RoutingTable) -> bool:
    """Return True if a route or silence of *table* asks for the tags of accounts."""
    tags = f"{ACCOUNT}.Tags"
    matches: list[Match] = [route.match for route in table.routes]
    matches += [silence.match for silence in table.silences]
    return any(
        placeholder != "ou"
        for route in table.routes
        if route.posts_to
        for placeholder in route.posts_to.of_organization
    ) or any(
        name == tags or name.startswith(f"{tags}.")
        for match in matches
        for name in fields_of_organization(match)
    )
