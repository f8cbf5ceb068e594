"""Resolve and suppress: the status of a person, the card, and NOTIFIED that never comes over it."""

from collections import Counter
from typing import Any

import pytest

from fakes import killed, security_hub_down, store_down, unavailable
from finding_router.actions.worker.result import Outcome
from finding_router.delivery.alerts.care import AskedStatus
from finding_router.delivery.people import Note
from hub_events import PRODUCT_ARN, control, imported, raw_finding, record
from office import BOB, JANE, Office

pytestmark = pytest.mark.usefixtures("in_silence")
KEY = (PRODUCT_ARN, "finding-1")


def form(**values: Any) -> dict[str, Any]:
    """Return a submitted modal, about the finding alone."""
    return {"reason": "known and accepted", "scope": "finding", "always": "no"} | values


@pytest.mark.parametrize(
    ("action", "status", "word"),
    [("resolve", "RESOLVED", "Resolved"), ("suppress", "SUPPRESSED", "Suppressed")],
)
def test_status_and_note_are_set_and_the_card_is_closed(
    action: str, status: str, word: str
) -> None:
    """Security Hub has who and why, the card at once."""
    office = Office()
    office.said()

    entry = office.click(action, form=form())

    assert Outcome.DONE == entry.outcome
    assert status == office.router.status()
    assert "known and accepted" == office.hub.notes[KEY].text
    assert f"slack:{JANE} (jane)" == office.hub.notes[KEY].author
    assert f"{word} by \N{FULLWIDTH COMMERCIAL AT}jane" in office.card
    assert "known and accepted" in office.card
    assert 1 == len(office.router.slack.posted)
    assert [] == office.people.told
    assert "known and accepted" == entry.reason


def test_the_event_confirms_it_and_says_nothing_more() -> None:
    """The event of the change comes a moment later, and the look after 15 minutes finds it so."""
    office = Office()
    office.said()
    office.click("suppress", form=form())
    office.router.run(
        record(
            imported(
                raw_finding(Workflow={"Status": "SUPPRESSED"}), sent_at=office.router.clock.now
            )
        )
    )

    office.run_checks()

    assert 1 == len(office.router.slack.posted)
    [alert] = office.router.alerts
    assert alert.care.asked is not None
    assert alert.care.asked.is_confirmed


def test_a_status_that_was_lost_is_set_again_once() -> None:
    """Security Hub took the call and did nothing."""
    office = Office()
    office.said()
    office.click("suppress", form=form())
    office.router.workflow.status[KEY] = "NOTIFIED"

    office.run_checks()

    assert "SUPPRESSED" == office.router.status()
    assert 1 == len(office.router.slack.posted)


def test_a_status_that_is_not_kept_is_told_in_the_thread() -> None:
    """The card opens again, and its thread says why."""
    office = Office()
    office.said()
    office.click("suppress", form=form())
    office.router.workflow.status[KEY] = "NOTIFIED"
    office.run_checks()
    office.router.workflow.status[KEY] = "NOTIFIED"

    office.run_checks()

    [told, reopened] = office.router.replies
    assert "did not keep the status SUPPRESSED" in told.text
    assert "Reopened" in reopened.text
    [alert] = office.router.alerts
    assert alert.care.asked is None
    assert alert.is_shown


def test_a_finding_that_is_gone_is_told() -> None:
    """FindingNotFound is a sentence, and nothing stays behind."""
    office = Office()
    office.said()
    office.hub.refusals[KEY] = ["FindingNotFound"]

    entry = office.click("resolve", form=form())

    assert Outcome.REFUSED == entry.outcome
    assert "Security Hub no longer has it" in office.people.told[0].text
    [alert] = office.router.alerts
    assert alert.care.asked is None
    assert alert.is_shown


def test_a_code_of_the_moment_is_tried_again() -> None:
    """ConcurrentUpdateError and the like are for another try."""
    office = Office()
    office.said()
    office.hub.refusals[KEY] = ["ConcurrentUpdateError", "InternalFailure"]

    entry = office.click("resolve", form=form())

    assert Outcome.DONE == entry.outcome
    assert "RESOLVED" == office.router.status()


def test_all_standards_of_the_alert_are_set() -> None:
    """The card stands for several findings: it is closed once all of them are."""
    office = Office()
    office.said(control("a"), control("b"))

    office.click("suppress", form=form())

    assert {"SUPPRESSED"} == set(office.router.workflow.status.values())
    assert "Suppressed by \N{FULLWIDTH COMMERCIAL AT}jane" in office.card


def test_the_control_on_the_resource() -> None:
    """Findings of other subjects on the same resource are set as well, and none elsewhere."""
    office = Office()
    other = raw_finding("other", Compliance={"SecurityControlId": "S3.8"})
    elsewhere = other | {"Id": "elsewhere", "Resources": [{"Type": "x", "Id": "another"}]}
    office.said(control("a"), other, elsewhere)

    entry = office.click("suppress", office.router.alerts[0], form=form(scope="resource"))

    assert Outcome.DONE == entry.outcome
    status = {key[1]: each for key, each in office.router.workflow.status.items()}
    assert {"a/S3.8": "SUPPRESSED", "other": "SUPPRESSED", "elsewhere": "NOTIFIED"} == status
    assert "2 findings like" in office.people.told[0].text


def of_the_control() -> list[dict[str, Any]]:
    """Make three findings of one control, on a resource each."""
    return [
        raw_finding(
            f"f{number}",
            Compliance={"SecurityControlId": "S3.8"},
            Resources=[{"Type": "x", "Id": f"r{number}"}],
        )
        for number in range(3)
    ]


def test_the_control_in_the_account() -> None:
    """All findings of the control in the account are set, and no run marks them any more."""
    office = Office()
    office.said(*of_the_control())

    office.click("suppress", form=form(scope="account"))

    assert {"SUPPRESSED"} == set(office.router.workflow.status.values())
    assert all(
        each.care.asked is not None and each.care.asked.status is AskedStatus.SUPPRESSED
        for each in office.router.alerts
    )


@pytest.mark.parametrize("operation", ["get", "write", "set"])
def test_the_control_in_the_account_but_for_what_another_ends_meanwhile(operation: str) -> None:
    """The later press keeps its finding, and the earlier one gets all others."""
    office = Office()
    office.said(*of_the_control())
    pressed = office.router.alerts[0]
    first = office.press("suppress", pressed, form=form(scope="account"))
    office.router.clock.now += 1
    second = office.press("resolve", pressed, by=BOB, form=form())
    office.router.faults.plan(
        operation, carried_out=operation == "get", meanwhile=lambda: office.do(second)
    )

    office.do(first)
    office.run_checks()

    statuses = sorted(office.router.workflow.status.values())
    assert ["RESOLVED", "SUPPRESSED", "SUPPRESSED"] == statuses
    assert Outcome.DONE == office.entry(first).outcome
    asked = Counter(each.care.asked.status for each in office.router.alerts if each.care.asked)
    assert {AskedStatus.RESOLVED: 1, AskedStatus.SUPPRESSED: 2} == asked


def test_always_silence() -> None:
    """A silence of ours for 90 days, and the rule to paste."""
    office = Office()
    office.said(control("a"))

    entry = office.click("suppress", form=form(scope="resource", always="silence"))

    silence = office.router.items[-1]
    assert Outcome.DONE == entry.outcome
    assert "silence" == silence["kind"]
    assert {"SecurityControlId": ["S3.8"]} == silence["match"]["Compliance"]
    assert ["INFORMATIONAL", "LOW", "MEDIUM", "HIGH"] == silence["match"]["Severity"]["Label"]
    assert f"jane ({JANE}) in Slack" == silence["by"]
    assert "create-automation-rule" in office.people.told[0].text
    assert "AWS::SecurityHub::AutomationRule" in office.people.told[0].text
    assert "ComplianceSecurityControlId" in office.people.told[0].text
    office.restart()
    assert not office.router.routes.table().problems


def test_always_drop() -> None:
    """A route of ours that comes first, and stops."""
    office = Office()
    office.said(raw_finding(Title="An unprotected port of an instance is being probed " * 3))

    office.click("suppress", form=form(always="drop"))

    route = office.router.items[-1]
    assert f"`{route['name']}`" in office.people.told[0].text
    assert ("route", "drop", True, 90) == tuple(
        route[each] for each in ("kind", "action", "stop", "order")
    )
    office.restart()
    office.router.run(record(imported(raw_finding(UpdatedAt="2026-10-01T10:00:00Z"))))
    assert 1 == len(office.router.slack.posted)


def test_it_waits_while_a_run_may_set_notified() -> None:
    """Between the post and the mark a person's status would be overwritten."""
    office = Office()
    office.hold(raw_finding())
    tried: list[float | None] = []

    def press_now() -> None:
        tried.append(office.work(office.press("suppress", form=form())))

    office.router.faults.plan("statuses", carried_out=True, meanwhile=press_now)
    office.router.send(raw_finding())

    assert [3.0] == tried
    assert "NOTIFIED" == office.router.status()
    [alert] = office.router.alerts
    assert alert.care.asked is None


def test_a_later_run_does_not_mark_what_a_person_set() -> None:
    """The mark of the first run failed; a person was first before the second."""
    office = Office()
    office.hold(raw_finding())
    office.router.faults.plan("statuses", security_hub_down)
    event = imported(raw_finding(), sent_at=office.router.clock.now)
    office.router.run(record(event))
    office.router.clock.now += 200
    office.click("suppress", form=form())
    office.router.workflow.status[KEY] = "NEW"

    office.router.run(record(event, tries=2))

    assert "NEW" == office.router.status()


def test_two_people_at_once() -> None:
    """The later one counts, whichever is done first."""
    office = Office()
    office.said()
    first = office.press("resolve", form=form())
    office.router.clock.now += 1
    second = office.press("suppress", by=BOB, form=form(reason="not ours"))
    office.do(second)

    office.do(first)
    office.run_checks()

    assert "SUPPRESSED" == office.router.status()
    assert Outcome.UNCHANGED == office.entry(first).outcome or (
        Outcome.REFUSED == office.entry(first).outcome
    )


@pytest.mark.parametrize("before", ["known and accepted", "known and accepted by finance"])
def test_the_note_of_another_is_not_taken_for_ones_own(before: str) -> None:
    """Who and why are those of the press, though status and first words are there already."""
    office = Office()
    office.said()
    office.hub.notes[KEY] = Note(before, "console")
    office.router.workflow.status[KEY] = "SUPPRESSED"

    office.click("suppress", form=form())

    assert (
        Note(f"known and accepted\nBefore: {before}", f"slack:{JANE} (jane)")
        == (office.hub.notes[KEY])
    )


def test_a_person_between_the_steps_of_another() -> None:
    """The later status is set again, where the earlier one came over it."""
    office = Office()
    office.said()
    first = office.press("resolve", form=form())
    office.router.clock.now += 1
    second = office.press("suppress", by=BOB, form=form(reason="not ours"))
    office.router.faults.plan("set", about="RESOLVED", meanwhile=lambda: office.do(second))

    office.do(first)
    assert "RESOLVED" == office.router.status()
    office.run_checks()

    assert "SUPPRESSED" == office.router.status()


@pytest.mark.parametrize(
    "operation",
    [
        "read",
        "channels",
        "write",
        "update",
        "get",
        "set",
        "send",
        "tell",
        "people",
        "once",
        "items",
    ],
)
@pytest.mark.parametrize("carried_out", [False, True])
@pytest.mark.parametrize("skip", [0, 1])
@pytest.mark.parametrize("error", [killed, store_down, unavailable()])
def test_any_fault_is_made_up_for(
    operation: str,
    error: Any,
    skip: int,
    carried_out: bool,  # noqa: FBT001
) -> None:
    """Whatever fails, the status is set, the card closed, and nothing said twice."""
    office = Office()
    office.said()
    office.router.faults.plan(operation, error, skip=skip, carried_out=carried_out)

    entry = office.click("suppress", form=form())

    assert Outcome.DONE == entry.outcome
    assert "SUPPRESSED" == office.router.status()
    assert "Suppressed by \N{FULLWIDTH COMMERCIAL AT}jane" in office.card
    assert 1 == len(office.router.slack.posted)
    assert "Before:" not in office.hub.notes[KEY].text
