"""IAM Access Analyzer: external access to a resource."""

from typing import Final

from finding_router.findings.finding import Finding
from finding_router.findings.reading import text_at
from finding_router.slack.kit.detail import Detail, exact, facts, said
from finding_router.slack.kit.text import Mrkdwn, listed

_PUBLIC: Final = "*"
_ACTIONS_SHOWN: Final = 5
_ACTIONS_CHARS: Final = 400


def lay_out(finding: Finding) -> Detail:
    """
    Return the external principal, the actions it may perform, and the condition.

    Access Analyzer writes these into Details.Other of the resource, under keys with spaces.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-securityhub-integration.html
    """
    others = [resource.raw.get("Details") for resource in finding.resources]

    def first(name: str) -> str | None:
        return next(filter(None, (text_at(other, "Other", name) for other in others)), None)

    actions = [exact(action) for action in (first("Action Granted") or "").split(",")]
    return Detail(
        facts=facts(
            ("External principal", _principal(first("External Principal"))),
            ("Actions", listed([each for each in actions if each], _ACTIONS_SHOWN, _ACTIONS_CHARS)),
            ("Principal type", said(first("External Principal Type"))),
            ("Condition", exact(first("Condition"))),
            ("Organization policy", said(first("Resource Control Policy Restriction Type"))),
        )
    )


def _principal(written: str | None) -> Mrkdwn | None:
    if written is not None and written.strip() == _PUBLIC:
        return Mrkdwn("*anyone* (public)")
    return exact(written)
