"""Tickets over the local GitHub: never twice, closed and opened with their findings."""

from collections.abc import Iterator
from copy import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from alerts import make_claim
from fakes import START, Killed
from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.limits.deadline import Deadline
from finding_router.errors import StoreError
from finding_router.findings.finding import Severity
from finding_router.tickets.claims import LEASE_SECONDS
from finding_router.tickets.desk import TicketDesk
from finding_router.tickets.making import Done, Result
from ticket_office import CONNECTOR, JANE, TicketOffice, ticket_office

DAY = 86_400.0


@pytest.fixture
def office() -> Iterator[TicketOffice]:
    """Start a desk with a GitHub of its own."""
    with ticket_office() as started:
        yield started


def test_a_route_that_always_makes_tickets_gets_one(office: TicketOffice) -> None:
    """The issue has the facts and the label; the card shows its number, and changes once."""
    alert = office.say()

    office.drain()

    [issue] = office.issues
    assert "[HIGH] Bucket is public" == issue.title
    assert ["security"] == issue.labels
    assert "arn:aws:s3:::invoices" in issue.body
    assert "https://slack.example/archives/C0ALERTS" in issue.body
    ticket = office.ticket(alert)
    assert ("#1", "open", None) == (ticket.label, ticket.state, ticket.claimed_at)
    assert f"{office.github.page_url}acme/infra/issues/1" == ticket.url
    assert office.stored(alert).is_card_stale
    assert [alert.key] == office.refreshed
    assert [] == office.waiting


def test_a_person_gets_a_ticket_at_once_and_nobody_a_second(office: TicketOffice) -> None:
    """Whoever presses later gets the same."""
    office.route["ticket"] = {"to": "platform"}
    alert = office.say()
    assert [] == office.waiting

    first, second = office.create(alert), office.create(alert)
    office.drain(3)

    assert (Done.MADE, Done.THERE_BEFORE) == (first.done, second.done)
    assert first.ticket is not None
    assert "#1" == first.ticket.label
    assert "`jane`" in office.issues[0].body
    assert 1 == len(office.issues)


def test_severities_below_the_least_get_no_ticket(office: TicketOffice) -> None:
    """A route may make tickets of some severities without being asked."""
    office.route["ticket"] |= {"from": "CRITICAL"}
    office.say()

    office.drain()

    assert [] == office.issues


@pytest.mark.parametrize(
    "fault",
    [
        {"drop": "after"},
        {"http_status": 502, "stored": True},
        {"http_status": 500},
        {"drop": "before"},
    ],
)
def test_a_lost_answer_makes_no_second_issue(office: TicketOffice, fault: dict[str, Any]) -> None:
    """The next try looks for the marker, also where GitHub has no issue of it."""
    office.github.faults.add(method="create", **fault)
    alert = office.say()

    office.drain(5)

    assert 1 == len(office.issues)
    assert "#1" == office.ticket(alert).label
    assert [] == office.waiting


def test_as_long_as_github_cannot_be_asked_nothing_is_posted_again(office: TicketOffice) -> None:
    """An issue that may be there is looked for, hours later, too."""
    office.github.faults.add(method="create", drop="after")
    office.github.faults.add(method="list", http_status=500, times=100)
    alert = office.say()

    office.drain(50)
    assert 1 == office.github.api.calls["create"]
    office.clock.now += 7_200
    office.github.faults.clear()
    office.drain(2)

    assert 1 == len(office.issues)
    assert "#1" == office.ticket(alert).label


def drain_though_it_dies(
    office: TicketOffice, operations: set[str], skip: int, *, is_after: bool = False, times: int
) -> None:
    """Work so many *times*, as a worker that dies once, at the write after *skip* others."""
    left = [skip]

    def die(called: str, answer: Any = None) -> Any:
        if called in operations:
            left[0] -= 1
            if left[0] == -1:
                raise Killed
        return answer

    dynamo = office.dynamo
    undisturbed = dynamo.before, dynamo.after
    if is_after:
        dynamo.after = die
    else:
        dynamo.before = die
    for _ in range(3):
        try:
            office.drain(times)
        except Killed:
            office.clock.now += LEASE_SECONDS
    dynamo.before, dynamo.after = undisturbed


@pytest.mark.parametrize("operation", ["PutItem", "DeleteItem"])
@pytest.mark.parametrize("skip", range(4))
@pytest.mark.parametrize("is_after", [False, True])
def test_a_worker_may_die_at_every_write(
    office: TicketOffice, operation: str, skip: int, *, is_after: bool
) -> None:
    """Between claim, post, record and the end of its entry: one issue, and it is recorded."""
    alert = office.say()

    drain_though_it_dies(office, {operation}, skip, is_after=is_after, times=5)

    assert 1 == len(office.issues)
    assert "#1" == office.ticket(alert).label
    assert [] == office.waiting


def test_a_worker_may_die_while_github_makes_the_issue(office: TicketOffice) -> None:
    """The claim stands for its lease; then the marker is found."""

    def die(called: str) -> None:
        if called == "PutItem" and office.issues:
            raise Killed

    alert = office.say()
    office.dynamo.before = die
    with pytest.raises(Killed):
        office.drain()
    office.dynamo.before = lambda _: None

    office.drain()
    assert office.ticket(alert).label is None
    office.clock.now += LEASE_SECONDS
    office.drain()

    assert 1 == len(office.issues)
    assert "#1" == office.ticket(alert).label


def test_an_alert_that_is_being_said_is_left_alone(office: TicketOffice) -> None:
    """The router's write would fail otherwise."""
    alert = office.say(changes={"claim": make_claim(lease_until=START + 90)})

    office.drain()
    before = len(office.issues)
    pressed = office.create(alert)
    office.drain(2)

    assert 0 == before
    assert Done.WAITING == pressed.done
    assert 1 == len(office.issues)


def test_what_the_router_writes_meanwhile_stays(office: TicketOffice) -> None:
    """The record of the ticket is added to whatever the alert is by then."""
    alert = office.say()

    def change() -> None:
        stored = office.stored(alert)
        office.write(replace(stored, title="changed"))

    office.github.faults.add(method="create", delay_seconds=0.01, meanwhile=change)
    office.drain(2)

    assert "changed" == office.stored(alert).title
    assert "#1" == office.ticket(alert).label
    assert 1 == len(office.issues)


def test_the_end_of_a_finding_closes_its_issue(office: TicketOffice) -> None:
    """With a comment, once."""
    alert = office.say()
    office.drain()

    office.end(alert)
    office.drain(3)

    [issue] = office.issues
    assert ("closed", "completed", 1) == (issue.state, issue.state_reason, len(issue.comments))
    assert "over" in issue.comments[0].body
    assert "closed" == office.ticket(alert).state
    assert [] == office.waiting


def test_an_issue_may_stay_open_after_the_end(office: TicketOffice) -> None:
    """With close_on_end false it only hears of it."""
    office.item["close_on_end"] = False
    alert = office.say()
    office.drain()

    office.end(alert)
    office.drain(3)

    [issue] = office.issues
    assert ("open", 1) == (issue.state, len(issue.comments))


@pytest.mark.parametrize("method", ["get", "comment", "update"])
@pytest.mark.parametrize("fault", [{"drop": "after"}, {"drop": "before"}, {"http_status": 503}])
def test_a_lost_answer_tells_nothing_twice(
    office: TicketOffice, method: str, fault: dict[str, Any]
) -> None:
    """One comment on the end and one on the return, whichever call was lost."""
    alert = office.say()
    office.drain()
    office.github.faults.add(method=method, **fault)
    office.end(alert)
    office.drain(5)
    [issue] = office.issues
    assert ("closed", 1) == (issue.state, len(issue.comments))

    office.github.faults.add(method=method, **fault)
    office.come_back(alert)
    office.drain(5)

    assert ("open", 2) == (issue.state, len(issue.comments))
    assert ("open", False) == (office.ticket(alert).state, office.ticket(alert).is_left)
    assert [] == office.waiting


def test_a_return_long_after_gets_a_new_issue_that_links_the_old(office: TicketOffice) -> None:
    """The old one stays closed."""
    office.item["reopen_days"] = 10
    alert = office.say()
    office.drain()
    office.end(alert)
    office.drain()
    office.clock.now += 11 * DAY

    office.come_back(alert)
    office.drain(3)

    old, new = office.issues
    assert ("closed", "open") == (old.state, new.state)
    assert f"Before: {office.github.page_url}acme/infra/issues/1" in new.body
    assert "#2" == office.ticket(alert).label


def test_what_a_person_closed_is_left(office: TicketOffice) -> None:
    """Neither the end nor a return touches it, and no other is made."""
    alert = office.say()
    office.drain()
    [issue] = office.issues
    office.github.store.change(issue, state="closed", reason="not_planned")

    office.end(alert)
    office.drain(2)
    office.come_back(alert)
    office.drain(2)

    assert ("closed", "not_planned", 0) == (issue.state, issue.state_reason, len(issue.comments))
    assert ("closed", True) == (office.ticket(alert).state, office.ticket(alert).is_left)
    assert 1 == len(office.issues)


def test_what_a_person_relabelled_hears_of_the_end_and_stays_open(office: TicketOffice) -> None:
    """Whoever relabels it has taken it over."""
    alert = office.say()
    office.drain()
    [issue] = office.issues
    office.github.store.change(issue, labels=["security", "in progress"])

    office.end(alert)
    office.drain(2)

    assert ("open", 1) == (issue.state, len(issue.comments))
    assert office.ticket(alert).is_left


def test_labels_that_github_drops_are_no_work_of_a_person(office: TicketOffice) -> None:
    """A token without triage sets none: the issue is closed all the same."""
    office.github.store.drops_labels = True
    alert = office.say()
    office.drain()

    office.end(alert)
    office.drain()

    assert "closed" == office.issues[0].state


def test_a_deleted_issue_is_left(office: TicketOffice) -> None:
    """Nothing is tried for ever."""
    alert = office.say()
    office.drain()
    office.github.store.delete(office.issues[0])

    office.end(alert)
    office.drain(2)

    assert "deleted" == office.ticket(alert).state
    assert [] == office.waiting


def test_a_burst_is_one_issue_with_a_list(office: TicketOffice) -> None:
    """Each end ticks its line, the last one closes it, and a return opens it again."""
    alerts = [office.say(number, title=f"Finding {number}") for number in range(1, 8)]

    office.drain()

    [issue] = office.issues
    assert "[HIGH] 7 findings: Finding 1" == issue.title
    assert 7 == issue.body.count("- [ ] ")
    assert {"#1"} == {office.ticket(each).label for each in alerts}
    for each in alerts[:6]:
        office.end(each)
    office.drain(2)
    assert ("open", 6) == (issue.state, issue.body.count("- [x] "))
    office.end(alerts[6])
    office.drain(2)
    assert ("closed", 7, 1) == (issue.state, issue.body.count("- [x] "), len(issue.comments))
    office.come_back(alerts[0])
    office.drain(2)
    assert ("open", 6) == (issue.state, issue.body.count("- [x] "))
    assert [] == office.waiting


def test_a_few_at_once_have_an_issue_each(office: TicketOffice) -> None:
    """Up to the burst threshold."""
    for number in range(5):
        office.say(number)

    office.drain()

    assert 5 == len(office.issues)


def test_what_one_digest_lists_is_one_issue(office: TicketOffice) -> None:
    """Even if they are few."""
    for number in range(2):
        office.say(number, changes={"digest": "d1"})

    office.drain()

    [issue] = office.issues
    assert 2 == issue.body.count("- [ ] ")


def test_a_burst_of_which_the_answer_was_lost_is_one_issue(office: TicketOffice) -> None:
    """Those that were begun together stay together."""
    office.github.faults.add(method="create", drop="after")
    alerts = [office.say(number) for number in range(7)]

    office.drain(3)

    assert 1 == len(office.issues)
    assert {"#1"} == {office.ticket(each).label for each in alerts}


def test_a_burst_may_lose_its_worker_between_the_claims(office: TicketOffice) -> None:
    """Each finding is in one issue, and all are recorded."""
    alerts = [office.say(number) for number in range(7)]
    left = [3]

    def die(called: str) -> None:
        left[0] -= called == "PutItem"
        if left[0] == 0 and called == "PutItem":
            raise Killed

    office.dynamo.before = die
    with pytest.raises(Killed):
        office.drain()
    office.drain(3)
    office.clock.now += LEASE_SECONDS
    office.drain(3)

    assert all(office.ticket(each).label for each in alerts)
    bodies = "".join(each.body for each in office.issues)
    for each in alerts:
        line = f"<!-- {each.key.subject} -->"
        number = int((office.ticket(each).label or "").removeprefix("#"))
        assert bodies.count(line) <= 1
        issue = office.github.store.issue("acme/infra", number)
        assert issue is not None
        assert line in issue.body or f"finding-{int(each.key.subject, 16)}" in issue.body
    assert [] == office.waiting


def test_a_finding_that_ended_before_its_ticket_gets_none(office: TicketOffice) -> None:
    """Nobody has anything to do."""
    alert = office.say()
    office.end(alert)

    office.drain()

    assert [] == office.issues
    assert [] == office.waiting


def test_an_end_while_its_issue_is_made_is_told_next(office: TicketOffice) -> None:
    """It is not lost between the claim and the record."""
    alert = office.say()
    office.github.faults.add(
        method="create", delay_seconds=0.01, meanwhile=lambda: office.end(alert)
    )

    office.drain(4)

    [issue] = office.issues
    assert ("closed", 1) == (issue.state, len(issue.comments))


def test_a_mistake_is_told_to_the_person(office: TicketOffice) -> None:
    """And the button is there again."""
    office.route["ticket"] = {"to": "platform"}
    office.secret = f'{{"token": "wrong", "base_url": "{office.github.base_url}"}}'
    alert = office.say()

    result = office.create(alert)

    assert Done.REFUSED == result.done
    assert "the token is not valid" in result.why
    assert office.stored(alert).care.ticket is None
    assert [] == office.waiting
    office.secret = office.github.secret
    assert Done.MADE == office.create(alert).done


def test_a_mistake_of_the_table_waits_to_be_corrected(office: TicketOffice) -> None:
    """An entry is tried each hour."""
    office.secret = f'{{"token": "wrong", "base_url": "{office.github.base_url}"}}'
    alert = office.say()
    office.drain(3)
    calls = office.github.api.statuses[401]
    office.secret = office.github.secret

    office.drain(60)

    assert 2 == calls
    assert "#1" == office.ticket(alert).label


def test_a_secret_that_cannot_be_read_waits_to_be_corrected(office: TicketOffice) -> None:
    """After a few minutes, in which AWS may not answer, it is a mistake: tried each hour."""
    office.secret = ""
    alert = office.say()
    office.drain(3)
    assert not office.desk.mistakes

    office.drain(60)
    assert 1 == office.desk.mistakes.total()
    office.secret = office.github.secret
    office.drain(60)

    assert "#1" == office.ticket(alert).label


@pytest.mark.parametrize(("days", "is_made"), [(2.9, True), (3.1, False)])
def test_a_mistake_is_waited_for_three_days(
    office: TicketOffice,
    days: float,
    is_made: bool,  # noqa: FBT001 -- of the cases
) -> None:
    """However often it was tried before."""
    office.github.faults.add(method="create", http_status=503, times=None)
    alert = office.say()
    office.drain(80)
    office.github.faults.clear()
    office.secret = ""
    office.drain(60)
    waiting = office.waiting[0]
    office.clock.now = waiting.at + days * 86_400
    office.drain()
    office.secret = office.github.secret
    office.clock.now += 4_000
    office.drain()

    ticket = office.stored(alert).care.ticket
    assert is_made == (ticket is not None and ticket.label is not None)
    assert [] == office.waiting


def test_a_token_goes_to_no_other_address(office: TicketOffice) -> None:
    """Who may edit the table does not choose who gets the token."""
    office.route["ticket"] = {"to": "platform"}
    office.secret = office.github.token
    alert = office.say()

    result = office.create(alert)

    assert Done.REFUSED == result.done
    assert "https://api.github.com, and not for http://127.0.0.1" in result.why
    assert 0 == office.github.api.calls.total()


def test_a_ticket_stays_where_it_is(office: TicketOffice) -> None:
    """The item names another repository by now: the old issue is closed there."""
    alert = office.say()
    office.drain()
    office.item["github"] |= {"repository": "acme/other"}

    office.end(alert)
    office.drain()

    assert "closed" == office.issues[0].state


def test_a_button_without_a_route_says_so(office: TicketOffice) -> None:
    """Its route was edited since the card was posted."""
    alert = office.say(changes={})
    office.drain()
    del office.route["ticket"]
    other = office.say(2)

    assert Done.THERE_BEFORE == office.create(alert).done
    result = office.create(other)

    assert Done.REFUSED == result.done
    assert "no route to this channel" in result.why


def test_limits_of_github_are_kept(office: TicketOffice) -> None:
    """No more than 80 a minute: GitHub refuses none of them, and all are made."""
    alerts = [office.say(number, changes={"digest": f"d{number}"}) for number in range(100)]
    office.desk._burst_threshold = 1_000

    office.drain(10)

    assert 100 == len(office.issues)
    assert all(office.ticket(each).label for each in alerts)
    assert {201} == set(office.github.api.statuses)


@pytest.mark.parametrize("status", [403, 429])
def test_github_is_left_alone_for_as_long_as_it_asks(office: TicketOffice, status: int) -> None:
    """All workers and all tickets of the token wait."""
    office.github.faults.add(
        method="create", http_status=status, retry_after=150, error="secondary rate limit"
    )
    alerts = [office.say(number) for number in range(2)]

    office.drain(2)
    early = office.github.api.calls.total()
    office.drain(4)

    assert 1 == early
    assert 2 == len(office.issues)
    assert all(office.ticket(each).label for each in alerts)


def test_a_connector_makes_a_ticket_of_a_finding_in_ocsf(office: TicketOffice) -> None:
    """Once, by its token; the rest is the connector's."""
    office.route["ticket"] = {"to": "connector", "arn": CONNECTOR, "when": "always"}
    raw = {"metadata": {"uid": "uid-1"}, "finding_info": {"uid": "f"}, "class_uid": 2002}
    alert = office.say(raw=raw)

    office.drain(2)
    office.end(alert)
    office.drain(2)

    ticket = office.ticket(alert)
    assert ("SEC-1", "https://example.atlassian.net/browse/SEC-1") == (ticket.label, ticket.url)
    assert 1 == len(office.connectors.made)
    assert [] == office.waiting


def test_a_connector_makes_none_of_a_finding_in_asff(office: TicketOffice) -> None:
    """It knows those of AWS Security Hub alone."""
    office.route["ticket"] = {"to": "connector", "arn": CONNECTOR}

    result = office.create(office.say())

    assert Done.REFUSED == result.done
    assert "OCSF" in result.why


def test_one_finding_in_two_channels_is_one_issue(office: TicketOffice) -> None:
    """It hears of the end and of the return once, and both cards show it."""
    one = office.say()
    other = office.say_elsewhere(one)
    office.drain(3)
    [issue] = office.issues
    assert "#1" == office.ticket(one).label == office.ticket(other).label

    office.end(one)
    office.end(other)
    office.drain(2)
    assert ("closed", 1) == (issue.state, len(issue.comments))
    assert "closed" == office.ticket(one).state == office.ticket(other).state
    office.come_back(one)
    office.come_back(other)
    office.drain(2)

    assert ("open", 2) == (issue.state, len(issue.comments))
    assert not office.ticket(one).is_left
    assert not office.ticket(other).is_left
    assert "open" == office.ticket(one).state == office.ticket(other).state
    assert [] == office.waiting


def test_a_return_long_after_is_one_new_issue_for_two_channels(office: TicketOffice) -> None:
    """The one that is made first counts."""
    one = office.say()
    other = office.say_elsewhere(one)
    office.drain(3)
    office.end(one)
    office.end(other)
    office.drain(2)
    office.clock.now += 60 * DAY

    office.come_back(one)
    office.come_back(other)
    office.drain(4)

    assert 2 == len(office.issues)
    assert "#2" == office.ticket(one).label == office.ticket(other).label


def test_a_burst_in_two_channels_is_one_list(office: TicketOffice) -> None:
    """Each finding has one line."""
    alerts = [office.say(number) for number in range(7)]
    others = [office.say_elsewhere(each) for each in alerts]

    office.drain(3)

    [issue] = office.issues
    assert 7 == issue.body.count("- [ ] ")
    assert {"#1"} == {office.ticket(each).label for each in (*alerts, *others)}


def test_a_press_in_another_channel_shows_the_same_issue(office: TicketOffice) -> None:
    """Whatever the route there says."""
    one = office.say()
    office.drain()
    other = office.say_elsewhere(one, "#third")
    office.route["channel"] = "#third"

    result = office.create(other)

    assert Done.MADE == result.done
    assert 1 == len(office.issues)
    assert "#1" == office.ticket(other).label


@pytest.mark.parametrize("skip", range(6))
def test_a_worker_may_die_while_one_channel_takes_over(office: TicketOffice, skip: int) -> None:
    """There is one issue all the same, however old it is."""
    one = office.say()
    office.drain()
    office.clock.now += DAY
    other = office.say_elsewhere(one)

    drain_though_it_dies(office, {"PutItem", "DeleteItem"}, skip, times=2)
    office.end(one)
    office.end(other)
    office.drain(3)

    [issue] = office.issues
    assert ("closed", 1) == (issue.state, len(issue.comments))
    assert "#1" == office.ticket(other).label
    assert [] == office.waiting


def test_a_card_that_cannot_be_changed_yet_is_tried_again(office: TicketOffice) -> None:
    """Its entry stays for as long; the ticket is not touched."""
    alert = office.say()
    office.refusals = [3.0, 3.0]

    office.drain(4)

    assert [alert.key] * 3 == office.refreshed
    assert [] == office.waiting
    assert {"create": 1} == dict(office.github.api.calls)


def test_a_finding_that_security_hub_does_not_find_is_told(office: TicketOffice) -> None:
    """By a press; a route that always makes a ticket makes one of what is known."""
    alert = office.say()
    office.findings.clear()

    result = office.create(alert)
    office.drain()

    assert Done.REFUSED == result.done
    assert "[HIGH] Finding of Security Hub" == office.issues[0].title


@pytest.mark.parametrize("skip", range(14))
@pytest.mark.parametrize("is_after", [False, True])
def test_the_ledger_may_fail_at_every_call(
    office: TicketOffice, skip: int, *, is_after: bool
) -> None:
    """Before or after it was carried out: one issue, closed once, and nothing is left."""
    alert = office.say()
    left = [skip]
    error = {"Error": {"Code": "ProvisionedThroughputExceededException", "Message": "slow"}}

    def fail(called: str, answer: Any = None) -> Any:
        left[0] -= 1
        if left[0] == -1:
            raise ClientError(error, called)  # type: ignore[arg-type]  # the least that it needs
        return answer

    def drain() -> None:
        for _ in range(2):
            try:
                office.drain(3)
            except StoreError:
                office.clock.now += LEASE_SECONDS

    office.dynamo.before, office.dynamo.after = (
        (office.dynamo.before, fail) if is_after else (fail, office.dynamo.after)
    )
    drain()
    left[0] = skip + 1_000
    assert "#1" == office.ticket(alert).label
    office.end(alert)
    left[0] = skip
    drain()
    left[0] = 1_000

    [issue] = office.issues
    assert ("closed", 1) == (issue.state, len(issue.comments))
    assert "closed" == office.ticket(alert).state
    assert [] == office.waiting


def test_a_press_while_others_write_the_alert_makes_its_ticket(office: TicketOffice) -> None:
    """The router marks a finding right after it was said."""
    office.route["ticket"] = {"to": "platform"}
    alert = office.say()
    left = [1]

    def change(called: str) -> None:
        left[0] -= called == "PutItem"
        if called == "PutItem" and left[0] == 0:
            stored = office.stored(alert)
            office.write(replace(stored, title="marked"))

    office.dynamo.before = change

    assert Done.MADE == office.create(alert).done
    assert "marked" == office.stored(alert).title
    assert 1 == len(office.issues)


@pytest.mark.parametrize(
    "fault", [{"http_status": 403, "retry_after": 2, "error": "rate limit"}, {"drop": "after"}]
)
def test_an_end_that_gets_halfway_is_commented_once(
    office: TicketOffice, fault: dict[str, Any]
) -> None:
    """GitHub took the comment and refused to close the issue; and so for a return."""
    office.github.faults.add(method="update", **fault)
    office.github.faults.add(method="update", skip=1, **fault)
    alert = office.say()
    office.drain()

    office.end(alert)
    office.drain(4)
    [issue] = office.issues
    assert ("closed", 1) == (issue.state, len(issue.comments))
    office.come_back(alert)
    office.drain(4)

    assert ("open", 2) == (issue.state, len(issue.comments))
    assert [] == office.waiting


def test_a_rise_is_commented(office: TicketOffice) -> None:
    """Once for each severity, for those who follow the issue and not the channel."""
    alert = office.say()
    office.drain()

    office.rise(alert)
    office.drain(3)

    [issue] = office.issues
    [comment] = issue.comments
    assert "The severity rose to CRITICAL." in comment.body
    assert "open" == issue.state
    assert Severity.CRITICAL is office.ticket(alert).severity
    assert [] == office.waiting


def test_a_return_that_is_worse_is_one_comment(office: TicketOffice) -> None:
    """It names the severity."""
    alert = office.say()
    office.drain()
    office.end(alert)
    office.drain()

    office.come_back(alert)
    office.rise(alert)
    office.drain(2)

    [_, comment] = office.issues[0].comments
    assert "there again, CRITICAL" in comment.body


def test_an_end_after_a_rise_is_told_alone(office: TicketOffice) -> None:
    """The rise was over before its ticket heard of it."""
    alert = office.say()
    office.drain()

    office.rise(alert)
    office.end(alert)
    office.drain(2)

    [comment] = office.issues[0].comments
    assert "The finding is over" in comment.body


def test_a_ticket_made_at_the_higher_severity_hears_of_no_rise(office: TicketOffice) -> None:
    """Its facts say it."""
    alert = office.say()
    office.rise(alert)

    office.drain(3)

    [issue] = office.issues
    assert [] == issue.comments
    assert [] == office.waiting


def test_a_rise_in_two_channels_is_one_comment(office: TicketOffice) -> None:
    """And a third that comes later comments on nothing."""
    one = office.say()
    other = office.say_elsewhere(one)
    office.drain(2)

    office.rise(one)
    office.rise(other)
    office.drain(2)
    office.rise(office.say_elsewhere(one, "#third"))
    office.drain(2)

    [issue] = office.issues
    assert 1 == len(issue.comments)
    assert [] == office.waiting


def test_a_rise_in_a_list_names_the_finding(office: TicketOffice) -> None:
    """The issue is about several."""
    alerts = [office.say(number) for number in range(1, 8)]
    office.drain()

    office.rise(alerts[3])
    office.drain()

    [issue] = office.issues
    [comment] = issue.comments
    assert "rose to CRITICAL. It was: HIGH · `Bucket is public`" in comment.body
    assert "[ ]" not in comment.body
    assert alerts[3].key.subject not in comment.body


def test_a_rise_does_not_disturb_an_issue_that_a_person_closed(office: TicketOffice) -> None:
    """What a person closed is left."""
    alert = office.say()
    office.drain()
    office.github.store.change(office.issues[0], state="closed")

    office.rise(alert)
    office.drain(2)

    [issue] = office.issues
    assert ("closed", []) == (issue.state, issue.comments)
    assert office.ticket(alert).is_left


def test_a_deleted_issue_hears_of_no_rise(office: TicketOffice) -> None:
    """The card says so."""
    alert = office.say()
    office.drain()
    office.github.store.clear()

    office.rise(alert)
    office.drain(2)

    assert "deleted" == office.ticket(alert).state
    assert [] == office.waiting


def test_a_ticket_of_an_older_version_hears_of_a_rise(office: TicketOffice) -> None:
    """Which severity it says is not known."""
    alert = office.say()
    office.drain()
    ticket = replace(office.ticket(alert), severity=None)
    stored = office.stored(alert)
    office.write(replace(stored, care=replace(stored.care, ticket=ticket)))

    office.rise(alert)
    office.drain(2)

    assert 1 == len(office.issues[0].comments)


@pytest.mark.parametrize("skip", range(5))
@pytest.mark.parametrize("is_after", [False, True])
def test_a_worker_may_die_while_it_tells_a_rise(
    office: TicketOffice, skip: int, *, is_after: bool
) -> None:
    """There is one comment."""
    alert = office.say()
    office.drain()
    office.rise(alert)

    writes = {"PutItem", "DeleteItem", "UpdateItem"}
    drain_though_it_dies(office, writes, skip, is_after=is_after, times=3)

    [issue] = office.issues
    assert 1 == len(issue.comments)
    assert [] == office.waiting


@pytest.mark.parametrize(
    "fault",
    [
        {"drop": "after"},
        {"http_status": 502, "stored": True},
        {"http_status": 500},
        {"http_status": 429, "retry_after": 2},
    ],
)
def test_a_lost_answer_to_a_rise_makes_no_second_comment(
    office: TicketOffice, fault: dict[str, Any]
) -> None:
    """The next try looks for it."""
    alert = office.say()
    office.drain()
    office.github.faults.add(method="comment", **fault)

    office.rise(alert)
    office.drain(5)

    assert 1 == len(office.issues[0].comments)
    assert [] == office.waiting


@pytest.mark.parametrize("is_press", [True, False])
@pytest.mark.parametrize("call", range(12))
def test_two_workers_in_two_channels_make_one_issue(
    office: TicketOffice, call: int, *, is_press: bool
) -> None:
    """Whichever call of the one the other comes in between."""
    one = office.say()
    other = office.say_elsewhere(one)
    another = office.another_desk()
    left = [call]

    def meanwhile(_: str) -> None:
        left[0] -= 1
        if left[0] == -1:
            _work(another, other, is_press=is_press)

    office.dynamo.before = meanwhile
    _work(office.desk, one, is_press=is_press)
    office.dynamo.before = lambda _: None
    for _ in range(4):
        office.clock.now += 60
        office.desk.drain(Deadline(120))
        another.drain(Deadline(120))

    assert 1 == len(office.issues)
    assert {"#1"} == {office.ticket(each).label for each in (one, other)}
    assert [] == office.waiting


def _work(desk: TicketDesk, alert: Alert, *, is_press: bool) -> None:
    """Do what a press asks for, or the minute's work."""
    if is_press:
        desk.create(alert.key, JANE)
    else:
        desk.drain(Deadline(120))


@pytest.mark.parametrize("step", ["end", "rise", "come_back"])
@pytest.mark.parametrize("call", range(12))
def test_two_workers_in_two_channels_tell_an_issue_once(
    office: TicketOffice, call: int, step: str
) -> None:
    """Of the end, the rise and the return."""
    one = office.say()
    alerts = [one, office.say_elsewhere(one)]
    office.drain(2)
    if step == "come_back":
        for each in alerts:
            office.end(each)
        office.drain(2)
    comments = len(office.issues[0].comments)
    another = office.another_desk()
    left = [call]

    def meanwhile(_: str) -> None:
        left[0] -= 1
        if left[0] == -1:
            another.drain(Deadline(120))

    for each in alerts:
        getattr(office, step)(each)
    office.dynamo.before = meanwhile
    office.desk.drain(Deadline(120))
    office.dynamo.before = lambda _: None
    office.clock.now += 60
    office.drain(3)

    assert comments + 1 == len(office.issues[0].comments)
    assert [] == office.waiting


def test_a_worker_that_posts_holds_others_off(office: TicketOffice) -> None:
    """A press in another channel waits for it, and shows the same issue."""
    one = office.say()
    other = office.say_elsewhere(one)
    another = office.another_desk()
    results: list[Result] = []
    office.github.faults.add(
        method="create",
        delay_seconds=0.001,
        meanwhile=lambda: results.append(another.create(other.key, JANE)),
    )

    office.create(one)
    assert [Done.WAITING] == [each.done for each in results]
    office.drain(2)

    assert 1 == len(office.issues)
    assert "#1" == office.ticket(other).label
