"""The state of a finding in words, and what to do next."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from finding_router.delivery.alerts.alert import Alert, Form
from finding_router.findings.finding import Finding
from finding_router.findings.short_id import short_id
from finding_router.routing.hold import HoldKind
from finding_router.routing.table import Decision
from finding_router_cli.explanation import Explanation, fact
from finding_router_cli.lookups.standing import InBin, InChannel, Standing, State
from finding_router_cli.stack import Stack

_STATES: Final = {
    State.UNSAID: "nothing was said here",
    State.HELD: "nothing was said here yet: it waits",
    State.POSTING: "a worker posts its {} now",
    State.INTERRUPTED: "a worker that was to post its {} ended half-way",
    State.OPEN: "said",
    State.OVER: "said, and over",
    State.FORGOTTEN: "forgotten by a silence, without a message",
    State.UNREADABLE: "its item of the Ledger cannot be read",
}
_NOTHING: Final = "nothing to do"


def standing_lines(standing: Standing) -> Iterator[str]:
    """Yield a line for each channel, message, claim and hold."""
    for each in standing.channels:
        yield fact("in channel", f"{each.channel}  {'; '.join(_in_channel(each))}")
        if each.place is not None:
            yield fact("", each.place.link)
        if each.listed_in is not None:
            yield fact("", f"also listed in a digest: {each.listed_in.link}")
    for held in standing.held:
        yield fact("held", _held(held))


def next_steps(told: Explanation, standing: Standing | None, stack: Stack) -> list[str]:
    """Return the next steps, a sentence each; a sentence also says so if there is none."""
    finding, decision = told.finding, told.decision
    if finding is None or decision is None:
        return []
    if standing is None:
        return ["name the stack with --stack NAME to see what was said of it"]
    states = {each.state for each in standing.channels if not each.is_requested}
    steps = [
        *_of_routing(told, decision, stack),
        *_of_states(states, stack),
        *_of_holds(standing, stack),
    ]
    if State.UNSAID in states and told.not_posted is None:
        steps.append(
            f"it is said with its next event; what became of the last one: {_log(finding, stack)}"
        )
    elif State.UNSAID in states and not states - {State.UNSAID, State.HELD}:
        steps.append(
            "it is not said as it is; to have it said, set its Workflow status to NEW, "
            "or send it by a Custom Action"
        )
    steps += _of_mark(finding, standing, stack)
    steps += [
        f"no route leads to {each.channel} any more; its card there is still kept up to date"
        for each in standing.channels
        if each.state is State.OPEN and not each.is_routed and not each.is_requested
    ]
    return steps or [_quiet(states)]


def _of_routing(told: Explanation, decision: Decision, stack: Stack) -> Iterator[str]:
    if decision.dropped_by is not None:
        show = f"finding-router routes show {decision.dropped_by}{_option(stack)}"
        yield f"a route keeps it from every channel: {show}"
    elif any(not each.routes for each in told.channels):
        yield "no route matches it: add one, or change one of those above"


def _of_states(states: set[State], stack: Stack) -> Iterator[str]:
    if State.POSTING in states:
        yield "ask again in a minute: a worker is about to post it"
    if State.INTERRUPTED in states:
        yield (
            "the queue brings it again, and the next try looks in the channel first; "
            f"if it does not come: finding-router doctor{_option(stack)}"
        )
    if State.UNREADABLE in states:
        yield "see its item in the Ledger, and docs/operations.md#upgrade-and-roll-back"


def _of_holds(standing: Standing, stack: Stack) -> Iterator[str]:
    for kind, name in dict.fromkeys((each.kind, each.name) for each in standing.held):
        if kind is HoldKind.SILENCE:
            yield f"to have it now: finding-router silence expire {name}{_option(stack)}"
        else:
            edit = f"finding-router routes edit {name}{_option(stack)}"
            yield f"to have it now, change the route: {edit}"


def _of_mark(finding: Finding, standing: Standing, stack: Stack) -> Iterator[str]:
    """Yield the next step for a finding that every channel has, and that is still NEW."""
    said = [each for each in standing.channels if each.state is State.OPEN]
    waits = standing.held or len(said) < len(standing.channels)
    if waits or finding.workflow_status != "NEW" or not any(map(_is_markable, said)):
        return
    if not any(each.is_notified for each in said):
        yield f"every channel has it, and it is not NOTIFIED: {_log(finding, stack)}"


def _is_markable(each: InChannel) -> bool:
    """Return True if the finding came from Security Hub CSPM: the other has no NOTIFIED."""
    known = each.alert.members.get(each.member) if each.alert else None
    return known is not None and Form.ASFF in known.heard


def _quiet(states: set[State]) -> str:
    if State.OPEN in states:
        return f"{_NOTHING}: it was said, and its card changes when the finding does"
    if State.OVER in states:
        return f"{_NOTHING}: it is over, and its card says so"
    return _NOTHING


def _log(finding: Finding, stack: Stack) -> str:
    if stack.is_local:
        return "see the lines that local up prints"
    return (
        f"aws logs filter-log-events --log-group-name /aws/lambda/{stack.name or 'STACK'}-router "
        f"--filter-pattern '{{ $.short_id = \"{short_id(finding.id)}\" }}'"
    )


def _option(stack: Stack) -> str:
    return f" --stack {stack.name}" if stack.name else ""


def _in_channel(each: InChannel) -> Iterator[str]:
    """Yield the state in a channel, in parts."""
    claim = each.alert.claim if each.alert else None
    yield _STATES[each.state].format(claim.saying if claim else "message")
    if each.problem:
        yield each.problem
    if each.is_requested:
        yield "by a Custom Action"
    if claim is not None:
        yield f"claimed at {moment(claim.claimed_at)}, leased until {moment(claim.lease_until)}"
    if each.alert is not None:
        yield from _episode(each, each.alert)
        yield from _mark_and_care(each, each.alert)


def _episode(each: InChannel, alert: Alert) -> Iterator[str]:
    """Yield when and how the alert was said, if it was."""
    if alert.episode:
        several = f" of {len(alert.members)} findings" if len(alert.members) > 1 else ""
        form = "line of a digest" if alert.digest else "card"
        at = moment(alert.posted_at)
        yield f"{form}{several} from {at}" if each.place else f"at {at}"
        yield f"episode {alert.episode}"
        yield f"shown as {alert.severity}"
    if alert.standards:
        yield f"standards: {', '.join(sorted(alert.standards))}"


def _mark_and_care(each: InChannel, alert: Alert) -> Iterator[str]:
    """Yield the mark of the finding, its owner and its ticket."""
    if each.is_notified:
        yield f"NOTIFIED at {moment(each.notified_at)}"
    elif each.state is State.OPEN and _is_markable(each):
        yield "not NOTIFIED"
    if alert.care.owner is not None:
        yield f"owned by {alert.care.owner.name}"
    if alert.care.ticket is not None and alert.care.ticket.url:
        yield f"ticket {alert.care.ticket.url}"
    if alert.is_unlisted:
        yield "the digest of its burst is to list it, too"


def _held(held: InBin) -> str:
    by = "silence" if held.kind is HoldKind.SILENCE else "route"
    due = f"until {moment(held.due_at)}" if held.due_at else "due at the next wake-up"
    since = moment(held.since)
    return f"{held.channel}  {due}, by {by} {held.name} since {since}; then listed in a digest"


def moment(at: float | None) -> str:
    """Return Unix second *at* as people read it."""
    if at is None:
        return "an unknown time"
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S} UTC"
