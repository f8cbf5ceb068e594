"""Presses about findings in OCSF, in both hubs, and of cards that a person asked for."""

import json
from typing import Any

import pytest

from faults.twins import in_ocsf
from finding_router.actions.worker.notes import author_of, note_of
from finding_router.actions.worker.result import Outcome
from finding_router.delivery.alerts.alert import Form
from finding_router.delivery.alerts.care import Asked, AskedStatus, Person
from hub_events import (
    ACCOUNT,
    PRODUCT_ARN,
    PRODUCT_ARN_V2,
    custom_action,
    imported,
    raw_finding,
    record,
)
from office import JANE, Office

pytestmark = pytest.mark.usefixtures("in_silence")
KEY = (PRODUCT_ARN, "finding-1")
KEY_V2 = (PRODUCT_ARN_V2, "finding-1", ACCOUNT)
FORM = {"reason": "a pen test", "scope": "finding", "always": "no"}
HOSTILE = "<!channel> *x* `y` @here <https://evil.example|z>"


def hold_v2(office: Office, raw: dict[str, Any]) -> None:
    """Store a finding in AWS Security Hub."""
    office.hub_v2.raws[KEY_V2] = raw
    office.router.workflow_v2.status[KEY_V2] = "NEW"


def said_in_both(office: Office) -> None:
    """Post a finding that both hubs have."""
    office.said()
    twin = in_ocsf(raw_finding())
    hold_v2(office, twin)
    office.router.run(record(imported(twin, sent_at=office.router.clock.now)))
    office.router.clock.now += 200


def test_a_finding_in_both_hubs_is_set_in_both() -> None:
    """By the name that each of them has for it."""
    office = Office()
    said_in_both(office)

    entry = office.click("suppress", form=FORM)

    assert Outcome.DONE == entry.outcome
    assert "SUPPRESSED" == office.router.status()
    assert "SUPPRESSED" == office.router.workflow_v2.status[KEY_V2]
    assert f"a pen test (slack:{JANE} (jane))" == office.hub_v2.notes[KEY_V2].text
    assert "Suppressed by" in office.card


def test_a_finding_in_ocsf_alone() -> None:
    """Acknowledged, explained, snoozed and resolved as any other."""
    office = Office()
    twin = in_ocsf(raw_finding())
    hold_v2(office, twin)
    office.router.run(record(imported(twin, sent_at=office.router.clock.now)))
    office.router.clock.now += 200

    assert Outcome.DONE == office.click("acknowledge").outcome
    assert f"👀 <@{JANE}>" in office.card
    assert Outcome.SHOWN == office.click("why").outcome
    until = int(office.router.clock.now) + 3600
    snooze = {"for": "1h", "until": until, "scope": "resource", "reason": "x"}
    assert Outcome.DONE == office.click("snooze", form=snooze).outcome
    always = FORM | {"always": "silence", "scope": "resource"}
    assert Outcome.DONE == office.click("suppress", form=always).outcome
    assert "create-automation-rule-v2" in office.people.told[-1].text
    assert "AutomationRuleV2" in office.people.told[-1].text
    assert "\N{FULLWIDTH COMMERCIAL AT}jane" in office.card
    assert 1 == len(office.router.slack.posted)


def test_a_snooze_of_one_form_keeps_the_other() -> None:
    """The names of ASFF match both."""
    office = Office()
    said_in_both(office)
    until = int(office.router.clock.now) + 14_400
    office.click("snooze", form={"for": "4h", "until": until, "scope": "finding", "reason": "x"})

    match = office.router.items[-1]["match"]

    assert [PRODUCT_ARN] == match["ProductArn"]
    assert ["finding-1"] == match["Id"]


def test_a_card_that_a_person_asked_for_has_working_buttons() -> None:
    """Its alert is of a request, not of a channel."""
    office = Office()
    raw = raw_finding(Workflow={"Status": "NOTIFIED"})
    office.hub.raws[KEY] = raw
    office.router.hold(raw, status="NOTIFIED")
    office.router.run(record(custom_action(raw, sent_at=office.router.clock.now)))
    office.router.clock.now += 200
    [alert] = office.router.alerts

    entry = office.click("acknowledge", alert)

    assert Outcome.DONE == entry.outcome
    assert f"👀 <@{JANE}>" in office.card
    assert "no route" not in office.card
    assert Outcome.SHOWN == office.click("why", alert).outcome
    assert "custom action" in office.people.told[-1].text
    assert Outcome.DONE == office.click("suppress", alert, form=FORM).outcome
    assert "Suppressed by" in office.card
    assert 1 == len(office.router.slack.posted)


def test_hostile_text_stays_text() -> None:
    """Of a finding, of a person's name, and of a reason."""
    office = Office({"kind": "route", "name": HOSTILE, "channel": "#alerts"})
    office.said(raw_finding(Title=HOSTILE))
    office.click("why")
    form = FORM | {"reason": HOSTILE, "always": "silence"}
    press = office.press("suppress", form=form)
    office.do(
        press.__class__.of_body(
            json.dumps(
                json.loads(press.to_body())
                | {"user": {"id": JANE, "name": HOSTILE, "team": press.user.team}}
            )
        )
    )  # type: ignore[arg-type]

    assert "SUPPRESSED" == office.router.status()
    for said in (office.card, *(each.text for each in office.people.told)):
        assert "<!channel>" not in said
        assert "<https://evil" not in said


def asked(**changes: Any) -> Asked:
    """Return what Jane asked for."""
    values: dict[str, Any] = {
        "status": AskedStatus.SUPPRESSED,
        "by": Person(JANE, "jane", 1.0),
        "reason": "new",
    }
    return Asked(**values | changes)


def test_the_note_before_is_kept_if_it_fits() -> None:
    """A note is one text of 512 characters."""
    short = {"Note": {"Text": "old"}}
    long = {"Note": {"Text": "o" * 510}}

    assert "new\nBefore: old" == note_of(short, Form.ASFF, asked()).text
    assert "new" == note_of(long, Form.ASFF, asked()).text
    assert "new" == note_of({}, Form.ASFF, asked()).text


def test_an_author_has_128_characters() -> None:
    """Also where the name is long, or would end the parentheses."""
    author = author_of(Person("U" * 60, "a)b(" * 100, 1.0))

    assert len(author) <= 128
    assert 1 == author.count("(")


def test_the_event_of_a_press_names_the_person() -> None:
    """A card that only hears of it by the event shows the person by name, too."""
    office = Office()
    office.said()
    note = {"Text": "x", "UpdatedBy": f"slack:{JANE} (jane)", "UpdatedAt": "2026-09-21T13:00:00Z"}
    resolved = raw_finding(Workflow={"Status": "RESOLVED"}, Note=note)

    office.router.run(record(imported(resolved, sent_at=office.router.clock.now)))

    assert "Resolved by \N{FULLWIDTH COMMERCIAL AT}jane" in office.card
    assert "slack:" not in office.card
