"""
The calls of AWS Organizations, of which the management account and delegated administrators may.

The service has one endpoint for each partition, which botocore knows: us-east-1, us-gov-west-1 or
cn-northwest-1.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Final

from finding_router.aws.clients import AWS_ERRORS, SECURITY_HUB_CONFIG, error_code, make_client
from finding_router.delivery.organization_reading import Listed
from finding_router.errors import OrganizationsError
from finding_router.findings.reading import text_at, texts_at

# An account that left, or an OU that was deleted, since it was listed.
_GONE: Final = frozenset(
    {
        "ChildNotFoundException",
        "OrganizationalUnitNotFoundException",
        "TargetNotFoundException",
    }
)
_OU: Final = "ou-"


class AwsOrganizations:
    """The client is made at the first call, by a wake-up."""

    @cached_property
    def _client(self) -> Any:
        # 21 seconds at most, as for Security Hub.
        return make_client("organizations", SECURITY_HUB_CONFIG)

    def accounts(self, token: str | None) -> tuple[list[Listed], str | None]:
        """Return a page of ListAccounts."""
        listed: list[Listed] = []
        following: str | None = None
        with _translated("ListAccounts"):
            answer = self._client.list_accounts(**_page(token))
            following = answer.get("NextToken")
            listed += [
                Listed(
                    id=each["Id"],
                    name=each.get("Name", ""),
                    # Status was retired on 2026-09-09.
                    state=each.get("State") or each.get("Status"),
                    path=_path(each),
                )
                for each in answer.get("Accounts", [])
            ]
        return listed, following

    def parent(self, child_id: str) -> str:
        """Return the parent in ListParents; "" if the child is gone."""
        token: str | None = None
        with _translated("ListParents", except_for=_GONE):
            while True:
                answer = self._client.list_parents(ChildId=child_id, **_page(token))
                token = answer.get("NextToken")
                if answer.get("Parents") or token is None:
                    return text_at(answer, "Parents", 0, "Id") or ""
        return ""

    def unit_name(self, unit_id: str) -> str:
        """Return the name in DescribeOrganizationalUnit; its id if the OU is gone."""
        with _translated("DescribeOrganizationalUnit", except_for=_GONE):
            answer = self._client.describe_organizational_unit(OrganizationalUnitId=unit_id)
            return text_at(answer, "OrganizationalUnit", "Name") or unit_id
        return unit_id

    def tags(self, account_id: str) -> dict[str, str]:
        """Return the tags in ListTagsForResource; none if the account is gone."""
        tags: dict[str, str] = {}
        token: str | None = None
        with _translated("ListTagsForResource", except_for=_GONE):
            while True:
                answer = self._client.list_tags_for_resource(ResourceId=account_id, **_page(token))
                tags |= {each["Key"]: each["Value"] for each in answer.get("Tags", [])}
                token = answer.get("NextToken")
                if token is None:
                    return tags
        return {}


def _page(token: str | None) -> dict[str, str]:
    return {} if token is None else {"NextToken": token}


def _path(account: Any) -> tuple[str, ...] | None:
    """Return the ids of the OUs in "o-…/r-…/ou-…/ou-…/111122223333/"; None if it is not listed."""
    paths = texts_at(account, "Paths")
    if not paths:
        return None
    return tuple(each for each in paths[0].split("/") if each.startswith(_OU))


@contextmanager
def _translated(operation: str, *, except_for: frozenset[str] = frozenset()) -> Iterator[None]:
    """Turn the errors of AWS into OrganizationsError; pass over the codes *except_for*."""
    try:
        yield
    except AWS_ERRORS as error:
        code = error_code(error)
        if code not in except_for:
            message = f"{operation} is refused: {code} ({error})"
            raise OrganizationsError(message, code=code) from error
    except (LookupError, TypeError, AttributeError) as error:
        message = f"{operation}: the answer of AWS Organizations cannot be read"
        raise OrganizationsError(message, code="Unreadable") from error
