"""Snooze, Why here?, the buttons of digests, and who may press."""

import json
from typing import Any

import pytest

from finding_router.actions.worker.result import Outcome
from finding_router.delivery.audit import Entry
from finding_router.errors import StoreError
from hub_events import control, imported, raw_finding, record
from office import BOB, JANE, Office
from router import ALERTS, OPS

pytestmark = pytest.mark.usefixtures("in_silence")
GROUP = "SGROUP0001"


def route(**attributes: Any) -> dict[str, Any]:
    """Return a route of everything to #alerts."""
    return {"kind": "route", "name": "everything", "channel": ALERTS} | attributes


def snooze_form(office: Office, **values: Any) -> dict[str, Any]:
    """Return a submitted form of four hours."""
    until = int(office.router.clock.now) + 14_400
    return {"for": "4h", "until": until, "scope": "finding", "reason": "pen test"} | values


def test_a_snooze_is_a_silence_with_who_and_why() -> None:
    """The card says so, and news of the finding wait."""
    office = Office()
    office.said()

    entry = office.click("snooze", form=snooze_form(office))

    silence = office.router.items[-1]
    assert Outcome.DONE == entry.outcome
    assert ("silence", "pen test", f"jane ({JANE}) in Slack") == (
        silence["kind"],
        silence["reason"],
        silence["by"],
    )
    assert "💤 until" in office.card
    office.restart()
    resolved = raw_finding(Workflow={"Status": "RESOLVED"}, UpdatedAt="2026-10-01T00:00:00Z")
    back = raw_finding(UpdatedAt="2026-10-02T00:00:00Z")
    for each in (resolved, back):
        office.router.clock.now += 60
        office.router.run(record(imported(each, sent_at=office.router.clock.now)))
    assert 1 == len(office.router.slack.posted)


def test_the_end_of_a_snooze_is_said() -> None:
    """In the thread of the card and in the channel, if the finding is still open."""
    office = Office()
    office.said()
    office.click("snooze", form=snooze_form(office))
    office.restart()
    office.router.clock.now += 14_000
    office.router.wake()
    assert 1 == len(office.router.slack.posted)

    office.router.clock.now += 500
    office.router.wake()

    card, said = [each for each in office.router.slack.posted if each.channel != OPS]
    assert (card.ts, True) == (said.thread_ts, said.is_broadcast)
    assert "The snooze is over, still open" in said.text
    assert "💤" not in office.card
    assert not [each for each in office.router.slack.posted if each.channel == OPS]


def test_only_the_end_of_a_snooze_is_told_at_the_card_alone() -> None:
    """A silence that somebody wrote is told in the ops channel, whatever its name."""
    office = Office()
    office.said()
    office.click("snooze", form=snooze_form(office))
    office.router.items.append(office.router.items[-1] | {"name": "snooze-mine", "by": "jane"})
    office.restart()
    office.router.clock.now += 14_500

    office.router.wake()

    [notice] = [each for each in office.router.slack.posted if each.channel == OPS]
    assert "“snooze-mine” is over" in notice.text


def test_a_rise_ends_a_snooze() -> None:
    """A finding that got worse is posted all the same."""
    office = Office()
    office.said()
    office.click("snooze", form=snooze_form(office))
    office.restart()
    worse = raw_finding(
        Severity={"Label": "CRITICAL"},
        Workflow={"Status": "NOTIFIED"},
        UpdatedAt="2026-10-01T00:00:00Z",
    )

    office.router.run(record(imported(worse, sent_at=office.router.clock.now)))

    assert "Severity rose" in office.router.replies[0].text


def test_a_snooze_of_the_control_on_the_resource() -> None:
    """It names control, resource and account, which findings of both forms have."""
    office = Office()
    office.said(control("a"))

    office.click("snooze", form=snooze_form(office, scope="resource"))

    match = office.router.items[-1]["match"]
    assert {"SecurityControlId": ["S3.8"]} == match["Compliance"]
    assert {"Id": ["arn:aws:s3:::invoices"]} == match["Resources"]


@pytest.mark.parametrize("until", [0, None, "soon", 10**12])
def test_a_snooze_without_an_end_is_refused(until: Any) -> None:
    """A silence must end."""
    office = Office()
    office.said()

    entry = office.click("snooze", form=snooze_form(office, until=until))

    assert Outcome.REFUSED == entry.outcome
    assert 1 == len(office.router.items)


def test_a_snooze_that_waited_beyond_its_end_is_refused() -> None:
    """One of the dead letters, for example, that somebody sent back a day later."""
    office = Office()
    office.said()
    press = office.press("snooze", form=snooze_form(office))
    office.router.clock.now += 86_400

    office.do(press)

    assert (Outcome.REFUSED, "end") == (office.entry(press).outcome, office.entry(press).detail)
    assert 1 == len(office.router.items)
    assert "💤" not in office.card


def test_why_names_route_match_and_commands() -> None:
    """The person sees what decided, and how to change it."""
    office = Office(
        route(match={"Severity": {"Label": ["HIGH"]}}, description="All that is urgent"),
        route(name="never", match={"Region": ["mars-1"]}),
    )
    office.said()

    entry = office.click("why")

    said = office.people.told[0].text
    assert Outcome.SHOWN == entry.outcome
    assert "`everything`" in said
    assert "All that is urgent" in said
    assert '{"Severity": {"Label": ["HIGH"]}}' in json.loads(json.dumps(said)).replace("\\", "")
    assert "finding-router routes edit" in said
    assert "not `never`" in said


def test_why_tells_of_a_silence() -> None:
    """A snooze is one of the things that decide."""
    office = Office()
    office.said()
    office.click("snooze", form=snooze_form(office))
    office.restart()

    office.click("why")

    assert "holds news until" in office.people.told[-1].text


def test_a_digest_has_an_owner() -> None:
    """The parent shows it, until it is given back."""
    office = Office(route(deliver="digest"))
    office.said(*(raw_finding(f"f{number}") for number in range(7)))
    digest = office.router.alerts[0].digest
    assert digest is not None
    assert "Choose a finding" in office.card

    office.click("acknowledge", digest=digest)

    assert f"👀 <@{JANE}>" in office.card
    entry = office.click("acknowledge", digest=digest, by=BOB)
    assert f"taken over from {JANE}" == entry.detail
    office.click("acknowledge", digest=digest, by=BOB)
    assert "👀 <@" not in office.card
    assert "Choose a finding" in office.card


def test_a_line_that_is_put_later_keeps_the_owner() -> None:
    """Other writers of the count do not lose it."""
    office = Office(route(deliver="digest"))
    office.said(raw_finding("f0"), raw_finding("f1"))
    office.click("acknowledge", digest=office.router.alerts[0].digest)

    office.said(raw_finding("f2"))

    assert f"👀 <@{JANE}>" in office.card
    assert "3" in office.router.card.text


def test_a_finding_of_a_digest_is_picked_and_taken() -> None:
    """The answer has the card's buttons, which work as on a card."""
    office = Office(route(deliver="digest"))
    office.said(raw_finding("f0"), raw_finding("f1"))
    alert = office.router.alerts[0]

    office.click("pick", digest=alert.digest, picked=alert.key.subject)

    [told] = office.people.told
    [buttons] = [each for each in told.message.blocks if each["type"] == "actions"]
    ref = buttons["elements"][0]["value"]
    entry = office.click("acknowledge", ref=ref)
    assert Outcome.DONE == entry.outcome
    assert "You own" in office.people.told[-1].text
    entry = office.click(
        "suppress", ref=ref, form={"reason": "x", "scope": "finding", "always": "no"}
    )
    assert Outcome.DONE == entry.outcome
    assert "1 resolved" in office.card


def test_options_are_the_worst_first_and_open() -> None:
    """Up to a hundred, without those that are over."""
    office = Office(route(deliver="digest"))
    several = [raw_finding(f"f{number}") for number in range(120)]
    worst = raw_finding("worst", Severity={"Label": "CRITICAL"})
    office.said(*several, worst)

    [select] = [
        element
        for block in office.router.card.message.lead
        if block["type"] == "actions"
        for element in block["elements"]
        if element["type"] == "static_select"
    ]

    assert 100 == len(select["options"])
    assert "Title of worst" in select["options"][0]["text"]["text"]
    assert all(len(each["text"]["text"]) <= 75 for each in select["options"])


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ({"guests": {JANE}}, "no full member"),
        ({"teams": {JANE: "T0OUTSIDE"}}, "no full member"),
        ({"absent": {JANE}}, "not in channel"),
        ({"lacking": {"users.info": "users:read"}}, "missing scope"),
        ({"lacking": {"conversations.members": "channels:read"}}, "missing scope"),
    ],
)
def test_who_may_not_by_default(who: dict[str, Any], why: str) -> None:
    """Guests, outsiders, and whoever Slack does not tell about."""
    office = Office()
    office.said()
    for name, value in who.items():
        setattr(office.people, name, value)

    entry = office.click("acknowledge")

    assert (Outcome.REFUSED, why) == (entry.outcome, entry.detail)
    assert "Nothing was changed" in office.people.told[0].text
    assert "👀 <@" not in office.card


@pytest.mark.parametrize(
    ("actions", "groups", "may"),
    [
        ({"allow": [JANE]}, {}, True),
        ({"allow": [BOB]}, {}, False),
        ({"allow": [GROUP]}, {GROUP: {JANE}}, True),
        ({"allow": [GROUP]}, {GROUP: {BOB}}, False),
        ({"only": ["acknowledge"]}, {}, True),
        ({"only": ["resolve", "snooze"]}, {}, False),
        ({"only": []}, {}, False),
    ],
)
def test_rules_of_a_route(
    actions: dict[str, Any],
    groups: dict[str, set[str]],
    may: bool,  # noqa: FBT001
) -> None:
    """A list of people and groups, and the buttons that they may press."""
    office = Office(route(actions=actions))
    office.said()
    office.people.groups = groups

    entry = office.click("acknowledge")

    assert (Outcome.DONE if may else Outcome.REFUSED) == entry.outcome


def test_every_rule_has_to_permit() -> None:
    """Where several routes led here, the strictest counts."""
    office = Office(route(actions={"allow": [JANE]}), route(name="other", actions={"allow": [BOB]}))
    office.said()

    assert Outcome.REFUSED == office.click("acknowledge").outcome


@pytest.mark.parametrize("channel", [ALERTS, "#{account_id}"])
@pytest.mark.parametrize(
    "change",
    [
        {"enabled": False},
        {"match": {"Severity": {"Label": ["LOW"]}}},
        {"mode": "shadow"},
        None,
    ],
)
def test_a_rule_stays_where_its_route_leads_no_more(
    change: dict[str, Any] | None, channel: str
) -> None:
    """A switch, or a route that drops before it, opens the buttons to nobody."""
    office = Office(route(channel=channel, actions={"allow": [BOB]}))
    office.said()
    if change is None:
        office.router.items.append(
            {"kind": "route", "name": "d", "action": "drop", "stop": True, "order": -1}
        )
    else:
        office.router.items[0] |= change
    office.restart()

    assert Outcome.REFUSED == office.click("acknowledge").outcome
    assert Outcome.DONE == office.click("acknowledge", by=BOB).outcome


@pytest.mark.parametrize("actions", [None, {"allow": [BOB]}])
def test_choosing_from_a_digest_is_not_for_everybody(actions: dict[str, Any] | None) -> None:
    """As little as the other answers are."""
    rule = {"actions": actions} if actions else {}
    office = Office(route(deliver="digest", **rule))
    office.said(raw_finding("f0"), raw_finding("f1"))
    alert = office.router.alerts[0]
    office.people.guests = {JANE}

    entry = office.click("pick", digest=alert.digest, picked=alert.key.subject)

    assert Outcome.REFUSED == entry.outcome
    assert 1 == len(office.people.told[0].message.blocks)


def test_a_guest_that_is_on_the_list_may() -> None:
    """A list is the route's own decision."""
    office = Office(route(actions={"allow": [JANE]}))
    office.said()
    office.people.guests = {JANE}

    assert Outcome.DONE == office.click("acknowledge").outcome
    assert [] == office.people.asked


def test_why_is_shown_whatever_only_says() -> None:
    """It changes nothing."""
    office = Office(route(actions={"only": []}))
    office.said()

    assert Outcome.SHOWN == office.click("why").outcome


def test_somebody_who_just_joined_is_looked_up_again() -> None:
    """Slack's answers are kept for minutes; those that refuse only for seconds."""
    office = Office()
    office.said()
    office.people.absent = {JANE}
    office.click("acknowledge")
    office.people.absent = set()
    office.router.clock.now += 60

    assert Outcome.DONE == office.click("acknowledge").outcome


def test_the_audit_trail_has_refusals_too() -> None:
    """Who, what, on what, when, from where, and the outcome."""
    office = Office()
    alert = office.said()
    office.people.guests = {BOB}
    office.click("acknowledge")
    office.click("resolve", by=BOB, form={"reason": "mine", "scope": "finding"})

    [refused, done] = office.entries()

    assert (JANE, "acknowledge", "done", ALERTS, alert.key.subject, "C0ALERTS") == (
        done.user,
        done.action,
        done.outcome,
        done.routed_to,
        done.subject,
        done.channel,
    )
    assert ("finding-1",) == done.findings
    assert (BOB, "resolve", "refused", "mine") == (
        refused.user,
        refused.action,
        refused.outcome,
        refused.reason,
    )


def test_a_press_that_the_endpoint_refused_is_recorded() -> None:
    """Nothing is done, and the person, who was told, hears nothing twice."""
    office = Office()
    alert = office.said()

    entry = office.click("acknowledge", refused="outside the workspace")

    assert (Outcome.REFUSED, "outside the workspace") == (entry.outcome, entry.detail)
    assert (JANE, alert.key.subject) == (entry.user, entry.subject)
    assert not office.people.told
    assert not office.people.asked
    assert "👀 <@" not in office.card


def test_a_refused_press_waits_in_silence_for_the_ledger(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the person asked for does not follow."""
    office = Office()
    office.said()
    press = office.press("acknowledge", refused="outside the workspace")
    begin, downs = office.audit.begin, iter(range(3))

    def down(entry: Entry) -> Entry:
        if next(downs, None) is not None:
            raise StoreError("down")
        return begin(entry)

    monkeypatch.setattr(office.audit, "begin", down)

    assert 4 == office.do(press)
    assert Outcome.REFUSED == office.entry(press).outcome
    assert not office.people.told


@pytest.mark.parametrize(
    ("action", "guests", "outcome"),
    [
        ("acknowledge", {JANE}, Outcome.REFUSED),
        ("why", {JANE}, Outcome.REFUSED),
        ("ticket", set(), Outcome.REFUSED),
        ("acknowledge", set(), Outcome.UNCHANGED),
    ],
)
def test_every_line_of_the_trail_names_the_finding(
    action: str, guests: set[str], outcome: Outcome
) -> None:
    """Of refused presses, and of the second of a double click, too."""
    office = Office()
    alert = office.said()
    if outcome is Outcome.UNCHANGED:
        office.do(office.press(action))
    office.people.guests = guests

    entry = office.click(action)

    assert (outcome, ("finding-1",)) == (entry.outcome, entry.findings)
    assert alert.key.subject == entry.subject


def test_a_press_that_is_not_done_yet_names_the_finding() -> None:
    """It is among the dead letters, for example."""
    office = Office()
    office.said()
    office.router.faults.plan("people", StoreError("down"))
    press = office.press("acknowledge")

    assert office.work(press) is not None
    assert (None, ("finding-1",)) == (office.entry(press).outcome, office.entry(press).findings)


def test_a_finding_of_a_digest_is_named_though_the_choice_is_refused() -> None:
    """As it is when it is shown."""
    office = Office(route(deliver="digest"))
    office.said(raw_finding("f0"), raw_finding("f1"))
    alert = office.router.alerts[1]
    office.people.guests = {JANE}

    entry = office.click("pick", digest=alert.digest, picked=alert.key.subject)
    office.people.guests = set()
    office.router.clock.now += 400
    shown = office.click("pick", digest=alert.digest, picked=alert.key.subject)

    assert (Outcome.REFUSED, Outcome.SHOWN) == (entry.outcome, shown.outcome)
    assert shown.findings == entry.findings
    assert 1 == len(entry.findings)


def test_presses_within_one_second_keep_their_order() -> None:
    """In the trail, and for whom a finding belongs to: Slack signs whole seconds."""
    office = Office()
    office.said()
    at = int(office.router.clock.now)
    jane = office.press("acknowledge", at=at, received_at=at + 0.25)
    bob = office.press("acknowledge", by=BOB, at=at, received_at=at + 0.5)

    office.do(bob)
    office.do(jane)

    assert [bob.id, jane.id] == [each.id for each in office.entries()]
    assert f"👀 <@{BOB}>" in office.card


def test_a_press_of_an_older_endpoint_is_taken() -> None:
    """It waited in the queue while the stack was deployed."""
    office = Office()
    office.said()
    press = office.press("acknowledge")
    body = json.loads(press.to_body())
    del body["received_at"], body["refused"]

    office.do(json.dumps(body))

    assert (Outcome.DONE, float(press.at)) == (office.entry(press).outcome, office.entry(press).at)
