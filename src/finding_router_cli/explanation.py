"""Determine the routing of a finding without sending it, and format the result."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from finding_router.errors import EventError, FindingError, UnreadableEventError
from finding_router.findings.asff import read_finding
from finding_router.findings.events import EventKind, read_event
from finding_router.findings.finding import Finding, OrganizationAccount
from finding_router.findings.ocsf import is_ocsf
from finding_router.findings.screening import NotPosted, screen
from finding_router.findings.short_id import short_id
from finding_router.routing.hold import Hold, HoldKind
from finding_router.routing.items.route import Deliver
from finding_router.routing.items.silence import OnExpiry, Silence
from finding_router.routing.organization import Organization
from finding_router.routing.reminder import Reminder, ReminderKind
from finding_router.routing.table import Decision, Destination, RoutingTable
from finding_router.routing.trace import TraceStep
from finding_router_cli import terminal

_NO_ACCOUNTS: Final = Organization()
_MAX_MISSES: Final = 20
_MAX_TITLE_CHARS: Final = 120
_MAX_LINE_CHARS: Final = 500
_WHY_NOT: Final = {
    NotPosted.ARCHIVED: "its RecordState is ARCHIVED",
    NotPosted.PASSED: "its Compliance.Status is PASSED",
    NotPosted.NOT_AVAILABLE: "its Compliance.Status is NOT_AVAILABLE",
    NotPosted.NOT_NEW: "its Workflow.Status is {}, not NEW",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """
    The routing of one finding, or the refusal of an event.

    *channels* are those that would get a message, now or later. *problem* is the reason why the
    event or finding cannot be read; if it is None, *finding* and *decision* are set, even if the
    finding is *not_posted*.
    """

    channels: tuple[Destination, ...] = ()
    problem: str | None = None
    finding: Finding | None = None
    decision: Decision | None = None
    not_posted: NotPosted | None = None

    @property
    def goes(self) -> frozenset[str]:
        """Return the names of *channels*."""
        return frozenset(each.channel for each in self.channels)

    @property
    def title(self) -> str:
        """Return one line that identifies the finding, safe to print."""
        if self.finding is None:
            return printable(self.problem or "")
        return printable(self.finding.title, most=_MAX_TITLE_CHARS)


def explain_event(
    event: Mapping[str, Any],
    table: RoutingTable,
    now: datetime,
    organization: Organization = _NO_ACCOUNTS,
) -> Iterator[Explanation]:
    """Yield the routing of each finding in *event*, as if received at *now*."""
    try:
        intake = read_event(event)
    except UnreadableEventError as error:
        default = Destination(channel=table.default_channel)
        yield Explanation(problem=f"posted raw: {error}", channels=(default,))
        return
    except EventError as error:
        yield Explanation(problem=f"refused: {error}")
        return
    for raw in intake.findings:
        try:
            finding = organization.enriched(read_finding(raw))
        except FindingError as error:
            default = Destination(channel=table.default_channel)
            yield Explanation(problem=f"posted raw: {error}", channels=(default,))
        else:
            yield _explain_finding(finding, event, intake.kind, table, now)


def _explain_finding(
    finding: Finding, event: Mapping[str, Any], kind: EventKind, table: RoutingTable, now: datetime
) -> Explanation:
    requested = kind is EventKind.CUSTOM_ACTION
    decision = table.decide(finding, event=event, requested=requested, now=now)
    not_posted = screen(finding, kind)
    return Explanation(
        channels=() if not_posted else told_channels(decision),
        finding=finding,
        decision=decision,
        not_posted=not_posted,
    )


def told_channels(decision: Decision) -> tuple[Destination, ...]:
    """Return the channels of *decision* that get a message, now or later."""
    return tuple(filter(_is_told, decision.channels))


def _is_told(destination: Destination) -> bool:
    return not (destination.hold and destination.hold.forget)


def as_json(explanation: Explanation) -> dict[str, Any]:
    """Return *explanation* as JSON values, under the keys of the router's log."""
    finding, decision = explanation.finding, explanation.decision
    account = finding and finding.account
    return {
        "finding_id": finding and finding.id,
        "short_id": finding and short_id(finding.id),
        "product_arn": finding and finding.product_arn,
        "severity": finding and finding.severity,
        "title": finding and finding.title,
        "account_id": finding and finding.account_id,
        "account_name": finding and finding.account_name,
        "product": finding and finding.product,
        "form": finding and ("OCSF" if is_ocsf(finding.raw) else "ASFF"),
        "problem": explanation.problem,
        "not_posted": explanation.not_posted,
        "channels": list(map(_as_json, explanation.channels)),
        "dropped_by": decision and decision.dropped_by,
        "suppress": bool(decision and decision.suppress),
        "silenced_by": decision and decision.silenced_by,
        "shadowed": list(map(_as_json, decision.shadowed)) if decision else [],
        "trace": [step._asdict() for step in decision.trace] if decision else [],
    } | ({"account": account.as_matched()} if account else {})


def as_lines(explanation: Explanation, *, table: RoutingTable, show_all: bool) -> Iterator[str]:
    """Yield *explanation* as lines of text; without *show_all*, only the first 20 mismatches."""
    finding, decision = explanation.finding, explanation.decision
    if finding is None or decision is None:
        yield explanation.title
        for destination in explanation.channels:
            yield fact("goes to", _words(destination, table))
        return
    yield f"{terminal.severity(finding.severity)}  {explanation.title}"
    yield from _about(finding, table)
    if explanation.not_posted:
        why = _WHY_NOT[explanation.not_posted].format(finding.workflow_status)
        yield fact("not posted", f"{why}; it would go as follows")
    if decision.dropped_by is not None:
        does = "suppressed" if decision.suppress else "dropped"
        yield fact("nowhere", f"{does} by route {decision.dropped_by}")
    for silence in table.silences:
        if silence.name == decision.silenced_by:
            yield fact("silenced", _silenced(silence))
    for destination in decision.channels:
        label = "goes to" if _is_told(destination) else "not to"
        yield fact(label, _words(destination, table))
    for destination in decision.shadowed:
        yield fact("would post", f"to {_words(destination, table, by='shadow route')}")
    yield from _trace(decision.trace, show_all=show_all)


def _about(finding: Finding, table: RoutingTable) -> Iterator[str]:
    """Yield a line for each fact about *finding* that routes often match."""
    account = [table.alias(finding.account_id) or finding.account_name, finding.account_id]
    yield fact("account", *account, finding.region)
    if finding.account is not None:
        yield fact("OU and tags", *_of_organization(finding.account))
    yield fact("product", finding.product, finding.control_id)
    yield fact("finding", short_id(finding.id), finding.id)
    if is_ocsf(finding.raw):
        yield fact("form", "AWS Security Hub, OCSF")


def alert_lines(alerts: Sequence[Mapping[str, str]]) -> Iterator[str]:
    """Yield a line for each of *alerts*: its channel, verdict and reason."""
    for alert in alerts:
        yield fact("would hear", f"{alert['channel']}  {alert['verdict']}: {alert['why']}")


def printable(text: str, *, most: int = _MAX_LINE_CHARS) -> str:
    """Return *text* as one line of at most *most* characters, without control characters."""
    shown = terminal.printable(text)
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def fact(label: str, *values: str | None) -> str:
    """Return the line of an explanation that has *values* under *label*."""
    return f"  {label:<11} {printable(', '.join(value for value in values if value))}"


def _of_organization(account: OrganizationAccount) -> Iterator[str]:
    """Yield OU, tags, name and state, as AWS Organizations has them."""
    yield account.ou or "no OU"
    for key, value in account.tags.items():
        yield f"{key}={value}"
    yield f"named {account.name}"
    if account.state not in {None, "ACTIVE"}:
        yield f"{account.state}"


def _words(destination: Destination, table: RoutingTable, *, by: str = "by") -> str:
    words = [f"{by} {', '.join(destination.routes)}" if destination.routes else ""]
    words.append(f"mentions {', '.join(destination.mention)}" if destination.mention else "")
    words.append(f"as {destination.deliver}" if destination.deliver is not Deliver.AUTO else "")
    words.append(_held(destination.hold, table) if destination.hold else "")
    words.append(destination.note or "")
    if destination.hold is None:
        words += [_reminded(each, table) for each in destination.reminders]
    return f"{destination.channel}  {'; '.join(filter(None, words))}".rstrip()


def _held(hold: Hold, table: RoutingTable) -> str:
    if hold.forget:
        return f"forgotten: silence {hold.name}"
    until = f"kept until {_moment(hold.due_at, _zone(hold, table))}"
    if hold.kind is HoldKind.SILENCE:
        return until
    what = "schedule" if hold.kind is HoldKind.SCHEDULE else "active hours"
    return f"{until}: {what} of route {hold.name}"


def _reminded(reminder: Reminder, table: RoutingTable) -> str:
    route = table.route(reminder.route)
    weekly = (route.schedule or route.active_hours) if route else None
    at = _moment(reminder.at, weekly.zone if weekly else UTC)
    verb = "listed while open" if reminder.kind is ReminderKind.LIST else "said again while open"
    return f"{verb} from {at} on: route {reminder.route}"


def _zone(hold: Hold, table: RoutingTable) -> tzinfo:
    """Return the time zone of the route behind *hold*; UTC for a silence."""
    for route in table.routes:
        weekly = route.schedule or route.active_hours
        if hold.kind is not HoldKind.SILENCE and route.name == hold.name and weekly:
            return weekly.zone
    return UTC


def _silenced(silence: Silence) -> str:
    by = f" of {silence.by}" if silence.by else ""
    reason = f": {silence.reason}" if silence.reason else ""
    until = _moment(silence.until, UTC)
    then = "and forgotten" if silence.on_expiry is OnExpiry.FORGET else "then listed in one message"
    return f"until {until} by silence {silence.name}{by}{reason}; {then}"


def _moment(moment: datetime, zone: tzinfo) -> str:
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M} {zone}"


def _as_json(destination: Destination) -> dict[str, Any]:
    plain = asdict(destination)
    if destination.hold:
        due = destination.hold.due_at.isoformat()
        plain["hold"] = {**destination.hold._asdict(), "due_at": due}
    if destination.reminders:
        plain["reminders"] = [
            {"kind": each.kind, "route": each.route, "at": each.at.isoformat()}
            for each in destination.reminders
        ]
    else:
        del plain["reminders"]
    return plain


def _trace(steps: Sequence[TraceStep], *, show_all: bool) -> Iterator[str]:
    width = max((len(step.route) for step in steps), default=0)
    misses = 0
    for step in steps:
        misses += not step.matched
        if step.matched or show_all or misses <= _MAX_MISSES:
            verdict = "yes" if step.matched else "no "
            name = f"{step.route:<{min(width, 40)}}"
            yield printable(f"    {step.order:>5}  {name}  {verdict}  {step.reason}")
    if misses > _MAX_MISSES and not show_all:
        yield f"    … and {misses - _MAX_MISSES:,} more that do not match: --all shows them"
