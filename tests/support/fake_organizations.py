"""AWS Organizations in memory: accounts, OUs and tags, in pages, with planned errors."""

from collections import Counter
from dataclasses import dataclass, field

from finding_router.delivery.organization_reading import Listed
from finding_router.errors import OrganizationsError

ROOT = "r-root"


@dataclass
class FakeAccount:
    """An account below the OU *ou*, by the names of its path."""

    name: str
    ou: str = ""
    state: str | None = "ACTIVE"
    tags: dict[str, str] = field(default_factory=dict)


class FakeOrganizations:
    """
    The calls of AWS Organizations over *accounts* by id.

    With *with_paths* off it lists no path, as some answers have none. *refused* has the error code
    of each operation that fails, and *page_size* accounts are listed a call, after an empty page.
    """

    def __init__(self, **accounts: FakeAccount) -> None:
        """Take accounts by id, with a letter before it."""
        self.by_id = {name.lstrip("a"): account for name, account in accounts.items()}
        self.with_paths = True
        self.page_size = 20
        self.refused: dict[str, str] = {}
        self.calls: Counter[str] = Counter()

    def accounts(self, token: str | None) -> tuple[list[Listed], str | None]:
        """Return a page; the first one is empty."""
        self._call("ListAccounts")
        if token is None:
            return [], "0"
        start, ids = int(token), list(self.by_id)
        page = [self._listed(each) for each in ids[start : start + self.page_size]]
        following = start + self.page_size
        return page, str(following) if following < len(ids) else None

    def parent(self, child_id: str) -> str:
        """Return the parent of an account or OU."""
        self._call("ListParents")
        if child_id.startswith("ou-"):
            return self._unit(child_id.removeprefix("ou-").rpartition("/")[0])
        return self._unit(self.by_id[child_id].ou)

    def unit_name(self, unit_id: str) -> str:
        """Return the last part of its path."""
        self._call("DescribeOrganizationalUnit")
        return unit_id.removeprefix("ou-").rpartition("/")[2]

    def tags(self, account_id: str) -> dict[str, str]:
        """Return the tags of an account."""
        self._call("ListTagsForResource")
        return dict(self.by_id[account_id].tags)

    def _call(self, operation: str) -> None:
        self.calls[operation] += 1
        if code := self.refused.get(operation):
            raise OrganizationsError(f"{operation} is refused: {code}", code=code)

    def _listed(self, account_id: str) -> Listed:
        account = self.by_id[account_id]
        names = account.ou.split("/") if account.ou else []
        path = tuple("ou-" + "/".join(names[: depth + 1]) for depth in range(len(names)))
        return Listed(account_id, account.name, account.state, path if self.with_paths else None)

    @staticmethod
    def _unit(path: str) -> str:
        return f"ou-{path}" if path else ROOT
