"""The tables of docs/delivery.md."""

import random
import re
from copy import replace
from pathlib import Path

import finding_router.errors
from alerts import KEY, NOW, event, make_claim
from finding_router.delivery.alerts.advance import SAYINGS, Step, Verdict, Why, advance
from finding_router.delivery.alerts.alert import Alert, Event, Form, Status
from finding_router.errors import DeliveryError, StoreError
from finding_router.findings.finding import Severity

PAGE = (Path(__file__).parents[2] / "docs" / "delivery.md").read_text("utf-8")
SECTIONS = {part.partition("\n")[0]: part for part in re.split(r"^##+ ", PAGE, flags=re.MULTILINE)}
VERDICTS = re.findall(r"^\| `(\w+)` \| [^`]", SECTIONS["The verdicts"], re.MULTILINE)
REASONS: list[tuple[str, str]] = re.findall(
    r"^\| `([^`]+)` \| (`.+`) \| ", SECTIONS["The verdicts"], re.MULTILINE
)
# The reasons that the planner gives, and not the rules of an alert.
OF_THE_PLANNER = {
    (Verdict.UNKNOWN, Why.NO_ROUTE),
    (Verdict.DUPLICATE, Why.SAID_ELSEWHERE),
}
SETTLE_SECONDS = 900.0
WALKS = 4000


def test_every_verdict_is_explained() -> None:
    """Each has one line, in the order of the code."""
    assert [each.value for each in Verdict] == VERDICTS


def test_every_reason_is_explained() -> None:
    """Each has one line, with the words that stand in the log."""
    assert [each.value for each in Why] == [why for why, _ in REASONS]


def test_a_reason_comes_with_the_verdicts_beside_it() -> None:
    """Random events bring about every pair of the table, and no other."""
    documented = {
        (Verdict(verdict), Why(why))
        for why, verdicts in REASONS
        for verdict in re.findall(r"`(\w+)`", verdicts)
    }
    chance = random.Random(1)
    seen = {pair for _ in range(WALKS) for pair in walk(chance)}

    assert documented - OF_THE_PLANNER == seen


def test_every_error_of_slack_and_of_the_ledger_has_its_line() -> None:
    """The policy of errors leaves none out."""
    errors = [
        name
        for name, each in vars(finding_router.errors).items()
        if isinstance(each, type)
        and issubclass(each, DeliveryError | StoreError)
        and each is not DeliveryError
    ]
    listed = re.findall(r"^\| `(\w+Error)`", SECTIONS["Errors"], re.MULTILINE)

    assert set(errors) == set(listed)


def walk(chance: random.Random) -> list[tuple[Verdict, Why]]:
    """Return the verdicts on some batches of events, each carried out or left undone."""
    alert = Alert(key=KEY)
    pairs = []
    for _ in range(6):
        events = [some_event(chance) for _ in range(chance.choice([1, 1, 2]))]
        step = advance(alert, events, settle_seconds=SETTLE_SECONDS)
        pairs.append((step.verdict, step.why))
        alert = carried_out(step, alert)
        if alert.members and chance.random() < 0.5:
            name = chance.choice(list(alert.members))
            marked = replace(alert.members[name], notified_at=NOW, is_notified=True)
            alert = replace(alert, members={**alert.members, name: marked})
    return pairs


def some_event(chance: random.Random) -> Event:
    """Make an event of one of two standards, about the time of the mark."""
    form = chance.choice([Form.ASFF, Form.ASFF, Form.OCSF])
    status = chance.choice(list(Status))
    return event(
        Status.OPEN if status is Status.NEW and form is Form.OCSF else status,
        form=form,
        member=(standard := chance.choice(["CIS", "PCI"])),
        standard=standard,
        severity=chance.choice([Severity.LOW, Severity.HIGH]),
        sent_at=NOW + chance.choice([-60, 60, 2 * SETTLE_SECONDS, 3 * SETTLE_SECONDS]),
    )


def carried_out(step: Step, before: Alert) -> Alert:
    """Return the alert after Slack has carried out the message of *step*."""
    match step.verdict:
        case Verdict.POST | Verdict.REOPEN | Verdict.RISE:
            severity = step.alert.worst_there
            claim = make_claim(SAYINGS[step.verdict], severity=severity)
            return step.alert.claimed(claim).said(channel="C0ALERTS", ts="1.2", at=NOW)
        case Verdict.CLOSE | Verdict.REFRESH:
            return step.alert.shown(at=NOW)
        case Verdict.NOTE:
            return step.alert.noted(at=NOW)
    return before
