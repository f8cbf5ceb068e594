"""Acknowledge: taken, taken over, given back; and what stands between."""

from copy import replace

import pytest

from fakes import killed, store_down, unavailable
from finding_router.actions.worker.result import Outcome
from finding_router.delivery.audit import Entry
from finding_router.errors import StoreError
from hub_events import control, raw_finding
from office import BOB, JANE, Office
from router import ALERTS

pytestmark = pytest.mark.usefixtures("in_silence")


def test_the_card_shows_who_took_it() -> None:
    """Everybody sees the owner on the card, and nothing else is posted."""
    office = Office()
    office.said()

    entry = office.click("acknowledge")

    assert Outcome.DONE == entry.outcome
    assert "acknowledged" == entry.detail
    assert f"👀 <@{JANE}> since" in office.card
    assert 1 == len(office.router.slack.posted)
    assert [] == office.people.told
    assert "NOTIFIED" == office.router.status()


def test_another_takes_it_over() -> None:
    """The owner is who pressed last."""
    office = Office()
    office.said()
    office.click("acknowledge")

    entry = office.click("acknowledge", by=BOB)

    assert f"taken over from {JANE}" == entry.detail
    assert f"👀 <@{BOB}>" in office.card
    assert JANE not in office.card


def test_the_owner_gives_it_back() -> None:
    """The second press of the owner takes the name off the card."""
    office = Office()
    office.said()
    office.click("acknowledge")

    entry = office.click("acknowledge")

    assert "given back" == entry.detail
    assert "👀 <@" not in office.card


def test_a_double_click_is_one_press() -> None:
    """The second press within seconds does not give it back."""
    office = Office()
    office.said()
    first, second = office.press("acknowledge"), office.press("acknowledge")
    office.do(first)

    office.do(second)

    assert Outcome.UNCHANGED == office.entry(second).outcome
    assert f"👀 <@{JANE}>" in office.card


def test_a_press_that_is_delivered_again_does_nothing_more() -> None:
    """A queue may deliver a message twice, even days later."""
    office = Office()
    office.said()
    press = office.press("acknowledge")
    office.do(press)
    office.router.clock.now += 10
    office.click("acknowledge")

    office.do(press)

    assert "👀 <@" not in office.card
    assert 2 == len(office.entries())


def test_all_channels_show_it() -> None:
    """A finding has one owner, in whichever channel somebody pressed."""
    office = Office(
        *({"kind": "route", "name": each, "channel": each} for each in ("#a", "#b")),
    )
    office.said()

    office.click("acknowledge")

    [one, other] = office.router.slack.posted
    assert f"👀 <@{JANE}>" in one.all
    assert f"👀 <@{JANE}>" in other.all


def test_all_standards_are_one() -> None:
    """The findings of several standards are one alert, and stay so."""
    office = Office()
    office.said(control("a"), control("b"))

    office.click("acknowledge")

    assert f"👀 <@{JANE}>" in office.card
    assert 1 == len(office.router.slack.posted)


def test_it_waits_while_the_router_posts() -> None:
    """A claim that is leased is never written over."""
    office = Office()
    office.hold(raw_finding())
    tried: list[float | None] = []

    def press_now() -> None:
        tried.append(office.work(office.press("acknowledge")))

    office.router.faults.plan("post", carried_out=True, meanwhile=press_now)
    office.router.send(raw_finding())

    assert [3.0] == tried
    assert "NOTIFIED" == office.router.status()


def test_a_message_that_was_not_recorded_is_found_first() -> None:
    """The worker that posted died; its card has buttons all the same."""
    office = Office()
    office.hold(raw_finding())
    office.router.faults.plan("post", killed, carried_out=True)
    with pytest.raises(BaseException):  # noqa: B017, PT011 -- the worker dies
        office.router.send(raw_finding())
    office.restart()
    office.router.clock.now += 200

    office.click("acknowledge")

    assert f"👀 <@{JANE}>" in office.card
    assert 1 == len(office.router.slack.posted)


def test_a_finding_that_is_gone_keeps_its_owner() -> None:
    """Security Hub deletes findings; the card stays, and the person is told."""
    office = Office()
    office.said()
    office.router.workflow.status.clear()

    office.click("acknowledge")

    assert "no longer has this finding" in office.people.told[0].text
    [alert] = office.router.alerts
    assert alert.care.owner is not None


def test_a_new_finding_without_a_route_keeps_its_card() -> None:
    """A route that no longer leads here does not matter to a card that stands."""
    office = Office()
    office.said()
    office.router.workflow.status = dict.fromkeys(office.router.workflow.status, "NEW")
    office.router.items[:] = [{"kind": "route", "name": "x", "channel": "#elsewhere"}]
    office.restart()

    office.click("acknowledge")

    assert f"👀 <@{JANE}>" in office.card
    assert 1 == len(office.router.slack.posted)


@pytest.mark.parametrize("operation", ["read", "write", "update", "get", "tell", "people", "once"])
@pytest.mark.parametrize("carried_out", [False, True])
@pytest.mark.parametrize("error", [killed, store_down, unavailable()])
def test_any_fault_is_made_up_for(operation: str, error: object, carried_out: bool) -> None:  # noqa: FBT001
    """Whatever fails, the press is done once in the end."""
    office = Office()
    office.said()
    office.router.faults.plan(operation, error, carried_out=carried_out)  # type: ignore[arg-type]

    entry = office.click("acknowledge")

    assert Outcome.DONE == entry.outcome
    assert f"👀 <@{JANE}>" in office.card
    assert 1 == len(office.router.slack.posted)


def test_it_is_given_up_with_a_sentence() -> None:
    """A press does not go round for ever."""
    office = Office()
    office.said()
    office.router.faults.plan("channels", store_down, times=None)

    entry = office.click("acknowledge")

    assert Outcome.FAILED == entry.outcome
    assert "follows in a moment" in office.people.told[0].text
    assert "press again" in office.people.told[-1].text
    assert 2 == len(office.people.told)


def test_what_was_given_up_is_not_done_after_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """The person was told to press again, once, and did: a second effect would take it back."""
    office = Office()
    office.said()
    begin, end = office.audit.begin, office.audit.end
    is_down = True

    def begun(entry: Entry) -> Entry:
        if is_down:
            raise StoreError("down")
        return begin(entry)

    def ended(entry: Entry) -> None:
        if is_down:
            raise StoreError("down")
        end(entry)

    monkeypatch.setattr(office.audit, "begin", begun)
    monkeypatch.setattr(office.audit, "end", ended)
    first = office.press("acknowledge")
    tries = 0
    while office.router.clock.now < first.at + 1_800:
        tries += 1
        office.router.clock.now += office.work(first, tries=tries) or 0
    told = [each for each in office.people.told if "could not be done" in each.text]
    assert 1 <= len(told) <= 3

    is_down = False
    second = office.press("acknowledge")
    assert office.work(first, tries=tries + 1) is None
    office.do(second)

    assert Outcome.FAILED == office.entry(first).outcome
    assert Outcome.DONE == office.entry(second).outcome
    assert f"👀 <@{JANE}>" in office.card


def test_an_old_reference_is_refused() -> None:
    """A message of long ago, or of another version, changes nothing."""
    office = Office()
    alert = office.said()
    strange = replace(alert, key=replace(alert.key, channel=ALERTS + "-x"))

    entries = [
        office.click("acknowledge", ref="nonsense"),
        office.click("acknowledge", strange),
    ]

    assert [Outcome.REFUSED] * 2 == [each.outcome for each in entries]
    assert 2 == len(office.people.told)
