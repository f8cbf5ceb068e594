"""How each finding that was sent ended, according to the function's log."""

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import replace
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from finding_router.errors import FindingError
from finding_router.findings.asff import read_finding

FILTERED: Final = "filtered"
MISSING: Final = "missing"
FAILED: Final = "failed"
# Begins the reason why the local Security Hub does not have a finding that was sent.
NOT_TAKEN: Final = "Security Hub does not take it"
_UNSETTLED: Final = frozenset({FAILED, MISSING})
_NOT_NEW: Final = "not_new"
# In the words of CSPM and of V2.
_MARKED: Final = frozenset({"NOTIFIED", "In Progress"})
# The handler's line for a finding, and the fields that an outcome copies from it.
_LINE: Final = "finding"
_COPIED: Final = (
    "outcome",
    "detail",
    "finding_id",
    "product_arn",
    "severity",
    "title",
    "account_id",
    "account_name",
    "product",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One channel of a finding; without *routes* it is the default channel."""

    channel: str
    routes: tuple[str, ...] = ()
    posted_to: str | None = None
    ts: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingOutcome:
    """
    The outcome of one finding: the handler's word, or one of the local stack.

    The stack's own are "filtered" (the rule does not match the event), "missing" (the handler
    logged nothing), and "failed" if the function itself failed. *event* counts the events sent,
    from 0.
    """

    outcome: str
    event: int
    detail: str = ""
    finding_id: str | None = None
    product_arn: str | None = None
    severity: str | None = None
    title: str | None = None
    account_id: str | None = None
    account_name: str | None = None
    product: str | None = None
    channels: tuple[Delivered, ...] = field(default=())
    workflow_status: str | None = None
    """The status in Security Hub afterwards, as `Stack.workflow_status` returns it."""
    tries: int = 0

    @property
    def is_settled(self) -> bool:
        """Return True if the finding reached an end that is named."""
        return self.outcome not in _UNSETTLED

    @property
    def is_echo(self) -> bool:
        """Return True if the event says only that the finding was marked."""
        return self.outcome == _NOT_NEW and self.workflow_status in _MARKED

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON for other programs."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "FindingOutcome":
        """Read the JSON of `as_json`."""
        channels = tuple(
            Delivered(**{**each, "routes": tuple(each["routes"])}) for each in value["channels"]
        )
        return cls(**{**value, "channels": channels})


def describe(
    event: Mapping[str, Any], *, number: int, outcome: str, detail: str
) -> list[FindingOutcome]:
    """Return one outcome for each finding of *event*, or one for an event without findings."""
    same = FindingOutcome(outcome=outcome, event=number, detail=detail)
    findings = findings_of(event)
    if not findings:
        return [replace(same, title=str(event.get("detail-type", "event without detail-type")))]
    return [_describe(raw, same) for raw in findings]


def findings_of(event: Mapping[str, Any]) -> Sequence[object]:
    """Return the raw findings of an event, however odd it is."""
    match event:
        case {"detail": {"findings": [*findings]}}:
            return findings
    return []


def _describe(raw: object, same: FindingOutcome) -> FindingOutcome:
    try:
        finding = read_finding(raw)
    except FindingError as error:
        return replace(same, title=f"unreadable: {error}")
    return replace(
        same,
        finding_id=finding.id,
        product_arn=finding.product_arn,
        severity=finding.severity.value,
        title=finding.title,
        account_id=finding.account_id,
        account_name=finding.account_name,
        product=finding.product,
    )


def finding_lines(log: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the lines of *log* that the handler wrote about a finding."""
    for text in log:
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and line.get("message") == _LINE and "outcome" in line:
            yield line


def outcome_of(line: Mapping[str, Any], number: int) -> FindingOutcome:
    """Return the outcome in a *line* of the handler about a finding of event *number*."""
    channels = tuple(
        Delivered(
            channel=each["channel"],
            routes=tuple(each.get("routes") or ()),
            posted_to=each.get("posted_to"),
            ts=each.get("ts"),
            note=each.get("note"),
        )
        for each in line.get("channels") or ()
    )
    copied = {name: line[name] for name in _COPIED if line.get(name) is not None}
    return FindingOutcome(event=number, channels=channels, **copied)
