"""IAM Access Analyzer: access to a resource from outside, and unused access."""

from typing import Final

from finding_router.findings.finding import Finding
from finding_router.findings.reading import number_at, text_at
from finding_router.slack.kit.detail import Detail, exact, facts, joined, pages, said
from finding_router.slack.kit.headlines import called, headline, resources_name, title_words
from finding_router.slack.kit.links import Arn, product_url
from finding_router.slack.kit.resources import kind_of
from finding_router.slack.kit.text import Mrkdwn, listed, one_line, says_nothing

_PUBLIC: Final = "*"
_ACTIONS_SHOWN: Final = 5
_ACTIONS_CHARS: Final = 400
_READS: Final = (
    "get",
    "list",
    "describe",
    "head",
    "batchget",
    "select",
    "query",
    "scan",
    "receive",
)
_ASSUMES: Final = "sts:assumerole"
_NO_RESTRICTION: Final = frozenset({"NOT_APPLICABLE", "NONE"})
_USUAL_PRINCIPAL: Final = "AWS"
# The types of unused access; a permission is counted instead.
_UNUSED: Final = {
    "UnusedIAMRole": "Unused",
    "UnusedIAMUserAccessKey": "Unused access key of",
    "UnusedIAMUserPassword": "Unused password of",
}
_EXTERNAL: Final = "access-analyzer/home?region={region}#/findings/details/{finding_id}"
_UNUSED_PAGE: Final = "access-analyzer/home?region={region}#/unused-access-findings?resource={arn}"


def lay_out(finding: Finding) -> Detail:
    """
    Return the external principal, the actions it may perform, and the condition; or unused counts.

    Access Analyzer writes the first into Details.Other of the resource, under keys with spaces, and
    the counts into ProductFields.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-securityhub-integration.html
    """
    fields = finding.raw.get("ProductFields")
    others = [resource.raw.get("Details") for resource in finding.resources]

    def first(name: str) -> str | None:
        return next(filter(None, (text_at(other, "Other", name) for other in others)), None)

    principal = first("External Principal") or first("Internal Principal")
    principal_type = first("External Principal Type")
    granted = [each.strip() for each in (first("Action Granted") or "").split(",")]
    actions = [action for action in map(exact, granted) if action]
    restriction = first("Resource Control Policy Restriction Type") or ""
    kind = text_at(fields, "findingType")
    unused = _unused(finding)
    is_unused = unused is not None or kind in _UNUSED
    written = _headline(finding, principal, granted, unused)
    # Title and description say the same with the ARN.
    replaced = None if written is None else ""
    return Detail(
        headline=written or headline(title_words(finding), resources_name(finding)),
        sentence=replaced,
        description=replaced,
        title=replaced,
        facts=facts(
            ("Unused", said(unused)),
            ("Principal", _principal(principal, principal_type)),
            ("Actions", listed(actions, _ACTIONS_SHOWN, _ACTIONS_CHARS)),
            ("Condition", exact(first("Condition"))),
            ("Granted by", said(first("Source Type"))),
            ("Organization policy", said(_unless_usual(restriction))),
        ),
        pages=pages(("Access Analyzer", finding.source_url or _page(finding, is_unused=is_unused))),
        small_print=tuple(filter(None, (said(kind or _type(finding)),))),
    )


def _headline(
    finding: Finding, principal: str | None, actions: list[str], unused: str | None
) -> str | None:
    """Return "S3 bucket x can be read by account 555566667777"; None if that is not known."""
    if not finding.resources:
        return None
    resource = finding.resources[0]
    name = called(resource)
    subject = one_line(f"{kind_of(resource) or 'Resource'} {name}")
    if unused:
        return f"{subject}: {unused} unused"
    kind = text_at(finding.raw, "ProductFields", "findingType") or ""
    if kind in _UNUSED:
        return f"{_UNUSED[kind]} {subject}"
    if principal is None or says_nothing(principal):
        return None
    return one_line(f"{subject} can be {_verb(actions)} by {_who(principal)}")


def _verb(actions: list[str]) -> str:
    named = [action.lower() for action in actions if action]
    if named and all(action.startswith(_ASSUMES) for action in named):
        return "assumed"
    calls = [action.rpartition(":")[2] for action in named]
    return "read" if calls and all(call.startswith(_READS) for call in calls) else "used"


def _who(principal: str) -> str:
    """Return "anyone", "account 555566667777", or "user anna of account 555566667777"."""
    text = principal.strip()
    if text == _PUBLIC:
        return "anyone"
    if text.isdigit():
        return f"account {text}"
    arn = Arn.read(text)
    if arn is None or not arn.account:
        return text
    is_root = arn.id == "root" or not arn.kind
    return f"account {arn.account}" if is_root else f"{arn.kind} {arn.id} of account {arn.account}"


def _principal(written: str | None, kind: str | None) -> Mrkdwn | None:
    """Return the principal, unless the headline says all of it, and its type if it is unusual."""
    if written is not None and written.strip() == _PUBLIC:
        return Mrkdwn("*anyone* (public)")
    other = None if kind is None or kind.upper() == _USUAL_PRINCIPAL else kind
    is_said = written is not None and written.strip().isdigit()
    return joined(" · ", None if is_said and other is None else exact(written), said(other))


def _unless_usual(restriction: str) -> str | None:
    return None if restriction.upper() in _NO_RESTRICTION else restriction


def _unused(finding: Finding) -> str | None:
    """Return "256 actions and 15 services"; None if nothing is counted."""
    fields = finding.raw.get("ProductFields")
    counts = []
    for name, noun in (("numberOfUnusedActions", "action"), ("numberOfUnusedServices", "service")):
        count = number_at(fields, name)
        if count:
            counts.append(f"{count:,.0f} {noun}{'' if count == 1 else 's'}")
    return " and ".join(counts) or None


def _page(finding: Finding, *, is_unused: bool) -> str | None:
    if is_unused and finding.resources:
        return product_url(finding, _UNUSED_PAGE, arn=finding.resources[0].id)
    finding_id = text_at(finding.raw, "ProductFields", "findingId")
    return product_url(finding, _EXTERNAL, finding_id=finding_id)


def _type(finding: Finding) -> str | None:
    return finding.types[0].rpartition("/")[2] if finding.types else None
