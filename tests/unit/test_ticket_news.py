"""The router writes the news of tickets into their outbox, and nothing else of them."""

import json
from copy import replace
from typing import Any

import pytest

from fakes import Killed, killed
from finding_router.delivery.alerts.care import Ticket
from finding_router.delivery.tickets import News, Waiting
from hub_events import custom_action, imported, raw_finding, record
from router import ALERTS, EVERYTHING, Router

SECRET = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:x"
PLATFORM: dict[str, Any] = {
    "kind": "ticket",
    "name": "platform",
    "github": {"repository": "acme/infra", "token": SECRET},
}
MADE = Ticket(to="platform", label="#7", url="https://github.com/acme/infra/issues/7", told="1")
LATER = "2026-09-03T10:00:00Z"


def router(*, actions: bool = True, **ticket: Any) -> Router:
    """Return a router whose only route makes tickets always."""
    wanted = {"to": "platform", "when": "always", "from": "HIGH"} | ticket
    return Router(PLATFORM, {**EVERYTHING, "ticket": wanted}, actions=actions)


def news_of(router: Router) -> list[tuple[str, str | None]]:
    """Return the news in the outbox, each with the place of its ticket."""
    return [(each.news.value, each.to) for each in router.outbox.waiting()]


def with_ticket(router: Router, ticket: Ticket = MADE) -> None:
    """Make a ticket for the only alert."""
    [waiting] = router.outbox.waiting()
    router.outbox.remove(waiting)
    [alert] = router.alerts
    assert router.ledger.write(
        replace(alert, version=alert.version + 1, care=replace(alert.care, ticket=ticket))
    )


def ended(**changes: Any) -> dict[str, Any]:
    """Return the finding at its end."""
    return raw_finding(RecordState="ARCHIVED", UpdatedAt=LATER, **changes)


def test_a_card_asks_for_its_ticket() -> None:
    """Where a route makes one always."""
    here = router()

    here.send(raw_finding())

    assert [("create", "platform")] == news_of(here)


@pytest.mark.parametrize(
    "ticket", [{"when": "click"}, {"from": "CRITICAL"}, {"to": "nowhere"}], ids=str
)
def test_no_other_card_does(ticket: dict[str, Any]) -> None:
    """By click, of a severity below the least, or with a ticket that the table does not have."""
    here = router(**ticket)

    here.send(raw_finding())

    assert 1 == len(here.slack.opened(ALERTS))
    assert [] == news_of(here)


def test_without_actions_nothing_is_written() -> None:
    """There is nobody to read it."""
    here = router(actions=False)

    here.send(raw_finding())
    here.send(ended())

    assert {} == here.outbox_items.stored
    assert "ticket" not in json.dumps(here.card.message.arguments())


def test_a_connector_is_asked_by_its_arn() -> None:
    """It needs no item of the table."""
    arn = "arn:aws:securityhub:eu-central-1:111122223333:connectorv2/1"
    here = router(to="connector", arn=arn)

    here.send(raw_finding())

    assert [("create", arn)] == news_of(here)


def test_a_rise_to_the_least_severity_asks_for_a_ticket() -> None:
    """It counts as it is said."""
    here = router(**{"from": "CRITICAL"})
    here.send(raw_finding())

    here.clock.now += 60
    here.send(raw_finding(Severity={"Label": "CRITICAL"}, UpdatedAt=LATER))

    assert [("create", "platform")] == news_of(here)


def test_every_line_of_a_digest_asks_for_one() -> None:
    """They become one ticket later."""
    here = router()

    here.send(*(raw_finding(f"finding-{number}") for number in range(20)))

    assert 20 == len(news_of(here))
    assert {("create", "platform")} == {*news_of(here)}
    assert 20 == len([each for each in here.alerts if each.digest])


def test_what_a_person_sends_makes_no_ticket() -> None:
    """They look at it already, and have a button."""
    here = router()

    here.run(record(custom_action(raw_finding(), sent_at=here.clock.now)))

    assert [] == news_of(here)


def test_a_ticket_hears_of_the_end_and_of_the_return() -> None:
    """Once each; what only goes on is no news."""
    here = router()
    here.send(raw_finding())
    with_ticket(here)

    here.clock.now += 60
    here.send(raw_finding(UpdatedAt="2026-09-02T10:00:00Z", Title="other"))
    assert [] == news_of(here)
    here.send(ended())
    assert [("ended", None)] == news_of(here)
    here.clock.now += 60
    here.send(raw_finding(UpdatedAt="2026-09-04T10:00:00Z"))

    assert [("returned", None)] == news_of(here)
    assert MADE == here.alerts[0].care.ticket


def test_a_ticket_hears_of_a_rise() -> None:
    """Once it is posted; a finding that is worse than the last time but not than ever is none."""
    here = router()
    here.send(raw_finding())
    with_ticket(here)

    for day, severity in enumerate(("CRITICAL", "HIGH", "CRITICAL")):
        here.clock.now += 60
        here.send(
            raw_finding(Severity={"Label": severity}, UpdatedAt=f"2026-09-0{day + 3}T10:00:00Z")
        )
        expected = [("risen", None)] if day == 0 else []
        assert expected == news_of(here)
        for each in list(here.outbox.waiting()):
            here.outbox.remove(each)


def test_an_end_without_a_ticket_is_no_news() -> None:
    """Nobody has to hear of it."""
    here = router(when="click")
    here.send(raw_finding())

    here.clock.now += 60
    here.send(ended())

    assert [] == news_of(here)


@pytest.mark.parametrize("skip", range(3))
def test_a_worker_that_dies_over_it_loses_no_ticket(skip: int) -> None:
    """The entry is written before the Ledger says that the card stands."""
    here = router()
    here.faults.plan("write", killed, skip=skip)
    event = imported(raw_finding(), sent_at=here.clock.now)
    here.hold(raw_finding())
    try:
        here.run(record(event))
    except Killed:
        here.clock.now += 600
        here.restart()
        here.run(record(event, tries=2))

    assert 1 == len(here.slack.opened(ALERTS))
    assert [("create", "platform")] == news_of(here)


def test_the_card_has_a_button_until_there_is_a_ticket() -> None:
    """Then it shows the ticket."""
    here = router(when="click")
    here.send(raw_finding())
    assert "Create ticket" in json.dumps(here.card.message.arguments())
    [alert] = here.alerts
    care = replace(alert.care, ticket=replace(MADE, state="open"))
    assert here.ledger.write(
        replace(alert, version=alert.version + 1, care=care, is_card_stale=True)
    )

    here.clock.now += 60
    here.send(raw_finding(Workflow={"Status": "NOTIFIED"}, UpdatedAt=LATER))

    shown = json.dumps(here.card.message.arguments())
    assert "Create ticket" not in shown
    assert "<https://github.com/acme/infra/issues/7|#7> open" in shown


def test_a_newer_entry_is_neither_removed_nor_put_off() -> None:
    """The router may write one while the old one is worked on."""
    here = router()
    here.send(raw_finding())
    [old] = here.outbox.waiting()
    new = Waiting(key=old.key, news=News.ENDED, at=old.at + 1)
    here.outbox.put([new])

    here.outbox.remove(old)
    here.outbox.put_off(replace(old, tries=1, due_at=old.at + 60))

    assert [new] == list(here.outbox.waiting())
    here.outbox.put_off(replace(new, tries=1, due_at=old.at + 60))
    assert [replace(new, tries=1, due_at=old.at + 60)] == list(here.outbox.waiting())
    here.outbox.remove(new)
    assert [] == list(here.outbox.waiting())


def test_an_entry_of_another_version_is_left_alone() -> None:
    """The others go on."""
    here = router()
    here.send(raw_finding())
    [(key, item)] = here.outbox_items.stored.items()
    here.outbox_items.stored[key[0], "newer"] = {
        **item,
        "channel": {"S": "newer"},
        "shape": {"N": "99"},
    }

    assert [("create", "platform")] == news_of(here)
