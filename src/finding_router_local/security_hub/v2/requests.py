"""The validation of requests to Security Hub V2, of what botocore lets through."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from moto.securityhub.exceptions import SecurityHubClientError

from finding_router_local.security_hub.v2.findings import SEVERITIES, STATUSES, Identifier

# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchUpdateFindingsV2.html
MAX_FINDINGS_PER_CALL: Final = 100
MAX_RESULTS: Final = 100
MAX_COMMENT_CHARS: Final = 512
_CHANGES: Final = ("Comment", "SeverityId", "StatusId")


class ValidationError(SecurityHubClientError):
    """The request is not valid."""

    def __init__(self, message: str) -> None:
        """Name the mistake."""
        super().__init__("ValidationException", message)


class NotFoundError(SecurityHubClientError):
    """The finding or resource that the request names is not there."""

    def __init__(self, message: str) -> None:
        """Name it."""
        super().__init__("ResourceNotFoundException", message)


def read_update(request: Mapping[str, Any]) -> tuple[list[str | Identifier], dict[str, Any]]:
    """
    Read a request of BatchUpdateFindingsV2: the findings, and the changes to each.

    Raises:
        ValidationError: names the mistake.

    """
    given = [name for name in ("MetadataUids", "FindingIdentifiers") if request.get(name)]
    if len(given) != 1:
        raise ValidationError("either MetadataUids or FindingIdentifiers are needed")
    named = request[given[0]]
    if len(named) > MAX_FINDINGS_PER_CALL:
        message = f"{given[0]} has {len(named)} members; at most {MAX_FINDINGS_PER_CALL} may be"
        raise ValidationError(message)
    changes = {name: request[name] for name in _CHANGES if request.get(name) is not None}
    if not changes:
        raise ValidationError(f"at least one of {', '.join(_CHANGES)} is needed")
    comment = changes.get("Comment", "any")
    if not comment.strip() or len(comment) > MAX_COMMENT_CHARS:
        raise ValidationError(f"Comment must have 1 to {MAX_COMMENT_CHARS} characters")
    _check_known("SeverityId", changes, SEVERITIES)
    _check_known("StatusId", changes, STATUSES)
    keys = [each if isinstance(each, str) else Identifier.from_request(each) for each in named]
    return keys, changes


def _check_known(name: str, changes: Mapping[str, Any], known: Collection[int]) -> None:
    if name in changes and changes[name] not in known:
        raise ValidationError(f"{name} must be one of {', '.join(map(str, known))}")
