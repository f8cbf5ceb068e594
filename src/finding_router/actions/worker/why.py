"""Why here?: the route, its match, what else decided, and the commands to change it."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from finding_router.actions.worker.parts import Parts
from finding_router.actions.worker.result import Outcome, Result
from finding_router.actions.worker.words import answer, title_of
from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.identity import REQUESTED
from finding_router.delivery.plan import as_new
from finding_router.findings.finding import Finding
from finding_router.findings.short_id import short_id
from finding_router.routing.items.route import Deliver, Route
from finding_router.routing.table import Decision, Destination, RoutingTable
from finding_router.slack.kit import blocks
from finding_router.slack.kit.message import Block
from finding_router.slack.kit.text import Mrkdwn, code, date, lines, preformatted, words

_NAME_CHARS: Final = 80
_REASON_CHARS: Final = 300
_MATCH_CHARS: Final = 1200
_ROUTES: Final = 4
_OTHERS: Final = 8
_TEXT_CHARS: Final = 2900


def why(parts: Parts, findings: Sequence[Finding], pressed: Alert) -> Result:
    """Explain the decision about *findings*, those of *pressed*, as the routes are now."""
    channel, _, request = pressed.key.channel.partition(REQUESTED)
    if not findings:
        text = Mrkdwn(
            "Security Hub no longer has this finding, so that the routes cannot be tried on it."
        )
        return Result(outcome=Outcome.SHOWN, detail="gone", answer=answer(text))
    finding, table = findings[0], parts.table()
    now = datetime.fromtimestamp(parts.clock(), UTC)
    decision = table.decide(as_new(finding), requested=bool(request), now=now)
    here = next((each for each in decision.channels if each.channel == channel), None)
    routes = [route for name in here.routes if (route := table.route(name))] if here else []
    said = [
        Mrkdwn(f"*Why here?* {title_of(findings)}"),
        *_causes(here, routes, channel, request=bool(request)),
        *_care(table, decision, here, now),
    ]
    return Result(
        outcome=Outcome.SHOWN,
        detail=", ".join(route.name for route in routes)[:_REASON_CHARS] or "no route",
        answer=answer(
            Mrkdwn("\n".join(said)),
            *_matches(routes),
            *_elsewhere(decision, channel),
            _commands(parts, finding, routes),
        ),
        findings=(finding.id,),
    )


def _causes(
    here: Destination | None, routes: Sequence[Route], channel: str, *, request: bool
) -> Iterator[Mrkdwn]:
    """Yield a line for each route that leads here, or why none does."""
    if request:
        yield Mrkdwn("Somebody sent it from Security Hub with a custom action.")
    for route in routes:
        mode = "" if route.deliver is Deliver.AUTO else f", delivered as {route.deliver}"
        stops = ", and stops: later routes are not asked" if route.stop else ""
        about = f": {words(route.description, _REASON_CHARS)}" if route.description else ""
        yield Mrkdwn(
            f"• route {code(route.name, _NAME_CHARS)} (order {route.order}){mode}{stops}{about}"
        )
    if here is None:
        yield Mrkdwn(
            f"No route leads it to {code(channel, _NAME_CHARS)} any more: the routes were edited "
            "since, or it was of another severity or state."
        )
    elif not routes:
        note = f" ({words(here.note, _REASON_CHARS)})" if here.note else ""
        yield Mrkdwn(f"No route matches it: this is the default channel{note}.")


def _care(
    table: RoutingTable, decision: Decision, here: Destination | None, now: datetime
) -> Iterator[Mrkdwn]:
    """Yield what else decides: silences, times of routes, and mentions."""
    silence = table.silence(decision.silenced_by) if decision.silenced_by else None
    if silence is not None and not silence.is_over(now):
        by = f" of {words(silence.by, _NAME_CHARS)}" if silence.by else ""
        reason = f": {words(silence.reason, _REASON_CHARS)}" if silence.reason else ""
        yield Mrkdwn(
            f"🔕 silence {code(silence.name, _NAME_CHARS)}{by} holds news until "
            f"{date(silence.until)}{reason}"
        )
    elif here is not None and here.hold is not None:
        yield Mrkdwn(
            f"🕗 the times of route {code(here.hold.name, _NAME_CHARS)} would hold it until "
            f"{date(here.hold.due_at)}"
        )
    if here is not None and here.mention:
        names = ", ".join(here.mention)
        yield Mrkdwn(f"It mentions {code(names, _REASON_CHARS)} when it is posted.")


def _matches(routes: Sequence[Route]) -> Iterator[Block]:
    """Yield the match of each route, as it is written."""
    for route in routes[:_ROUTES]:
        pattern = json.dumps(route.match.pattern, ensure_ascii=False, default=str)
        yield blocks.section(
            Mrkdwn(
                f"{code(route.name, _NAME_CHARS)} matches "
                f"{preformatted(pattern, _MATCH_CHARS) if route.match.pattern else 'everything'}"
            )
        )


def _elsewhere(decision: Decision, channel: str) -> Iterator[Block]:
    """Yield the other channels, and the routes that did not match, with the reason."""
    others = [each for each in decision.channels if each.channel != channel]
    told = [
        Mrkdwn(
            f"also to {code(each.channel, _NAME_CHARS)}"
            + (f" by {code(', '.join(each.routes), _NAME_CHARS)}" if each.routes else "")
        )
        for each in others
    ]
    told += [
        Mrkdwn(f"{code(each.channel, _NAME_CHARS)} would have it by a shadow route")
        for each in decision.shadowed
    ]
    told += [
        Mrkdwn(f"not {code(step.route, _NAME_CHARS)}: {words(step.reason, _REASON_CHARS)}")
        for step in decision.trace
        if not step.matched
    ]
    if told:
        yield blocks.section(lines(told, _OTHERS, _TEXT_CHARS, ("other", "others")))


def _commands(parts: Parts, finding: Finding, routes: Sequence[Route]) -> Block:
    """Return the commands that change it, to copy."""
    stack = f" --stack {parts.stack}" if parts.stack else ""
    commands = [
        *(f"finding-router routes edit '{_quoted(each.name)}'{stack}" for each in routes),
        f"finding-router silence add --finding {short_id(finding.id)} --for 4h{stack}",
        f"finding-router explain {short_id(finding.id)}{stack}",
    ]
    return blocks.section(preformatted("\n".join(commands), _TEXT_CHARS))


def _quoted(name: str) -> str:
    return name.replace("'", "'\\''")
