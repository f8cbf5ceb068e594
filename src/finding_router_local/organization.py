"""AWS Organizations on this machine: moto's, with accounts whose ids are chosen."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from moto.organizations.models import FakeAccount, OrganizationsBackend, organizations_backends

from finding_router_local.aws import AwsServer

# The accounts of the samples in events/.
EXAMPLE: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "id": "111122223333",
        "name": "payments-prod",
        "ou": "Workloads/Prod",
        "tags": {"team": "payments"},
    },
    {
        "id": "444455556666",
        "name": "web-shop-staging",
        "ou": "Workloads/Staging",
        "tags": {"team": "web-shop"},
    },
    {"id": "777788889999", "name": "data-lake", "ou": "Data", "tags": {"team": "analytics"}},
)
_FIELDS: Final = frozenset({"id", "name", "ou", "tags", "state"})


def put_accounts(aws: AwsServer, accounts: Iterable[Mapping[str, Any]]) -> None:
    """
    Make the organization of *aws* one of its own account and of *accounts*, and no others.

    OUs are made as they are named: "Workloads/Prod" are two.
    """
    with aws.gate.holding("organizations"):
        backend = _backend(aws)
        own = [each for each in backend.accounts if each.id == aws.account_id]
        made = [_account(backend, each) for each in accounts]
        backend.accounts[:] = [*own, *made]


def accounts_of(aws: AwsServer) -> list[dict[str, Any]]:
    """Return the accounts of the organization of *aws*, as `put_accounts` takes them."""
    with aws.gate.holding("organizations"):
        backend = _backend(aws)
        return [
            {
                "id": each.id,
                "name": each.name,
                "ou": _path(backend, each.parent_id),
                "tags": dict(each.tags),
                "state": each.state,
            }
            for each in backend.accounts
        ]


def _backend(aws: AwsServer) -> OrganizationsBackend:
    backend = organizations_backends[aws.account_id]["aws"]
    if backend.org is None:
        backend.create_organization(region=aws.region, FeatureSet="ALL")
    return backend


def _account(backend: OrganizationsBackend, written: Mapping[str, Any]) -> FakeAccount:
    if unknown := sorted(written.keys() - _FIELDS):
        raise ValueError(f"an account has no {unknown[0]}; it has {', '.join(sorted(_FIELDS))}")
    if backend.org is None:
        raise ValueError("there is no organization")
    account_id = str(written["id"])
    tags = [{"Key": key, "Value": value} for key, value in written.get("tags", {}).items()]
    account = FakeAccount(
        backend.org,
        AccountName=written["name"],
        Email=f"{account_id}@example.com",
        Tags=tags,
    )
    account.id = account_id
    account.state = account.status = written.get("state", "ACTIVE")
    account.parent_id = _unit(backend, written.get("ou") or "")
    return account


def _unit(backend: OrganizationsBackend, path: str) -> str:
    """Return the id of the OU at *path*, made if it is not there; "" is the root."""
    parent: str = backend.org.root_id if backend.org else ""
    for name in filter(None, path.split("/")):
        found = [each for each in backend.ou if each.parent_id == parent and each.name == name]
        if found:
            parent = found[0].id
        else:
            made = backend.create_organizational_unit(Name=name, ParentId=parent)
            parent = made["OrganizationalUnit"]["Id"]
    return parent


def _path(backend: OrganizationsBackend, unit_id: str | None) -> str:
    names: list[str] = []
    by_id = {each.id: each for each in backend.ou}
    while unit_id in by_id and by_id[unit_id].parent_id is not None:
        names.insert(0, str(by_id[unit_id].name))
        unit_id = by_id[unit_id].parent_id
    return "/".join(names)
