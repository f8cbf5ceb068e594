"""Create ticket: from the press to the issue, and from the end of the finding to its close."""

from collections.abc import Iterator
from copy import replace
from typing import Any

import pytest

from fakes import killed
from finding_router.actions.worker.desk import Desk
from finding_router.actions.worker.ticket import work_on_tickets
from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.limits.deadline import Deadline
from finding_router.tickets.claims import LEASE_SECONDS, Claims, Refresh
from finding_router.tickets.credentials import Keyring
from finding_router.tickets.desk import TicketDesk
from finding_router.tickets.making import Look
from finding_router.tickets.making import Office as TicketParts
from finding_router.tickets.places import Places
from finding_router_local.github import GitHubServer
from hub_events import raw_finding
from office import BOB, Office
from router import EVERYTHING, OPS
from ticket_office import SECRET, FakeConnectors

LATER = "2026-09-03T10:00:00Z"


class TicketPress(Office):
    """The worker of presses, with a GitHub."""

    def __init__(self, github: GitHubServer, **ticket: Any) -> None:
        """Route everything with tickets in *github*."""
        self.github = github
        place = {"repository": "acme/infra", "base_url": github.base_url, "token": SECRET}
        item = {"kind": "ticket", "name": "platform", "github": place}
        super().__init__(item, {**EVERYTHING, "ticket": {"to": "platform"} | ticket})
        github.api.clock = github.store.clock = self.router.clock

    def restart(self) -> None:
        """Start another worker."""
        super().restart()
        self.desk = Desk(replace(self.desk._parts, tickets=self._tickets))

    def _tickets(self, look: Look, refresh: Refresh) -> TicketDesk:
        router = self.router
        office = TicketParts(
            claims=Claims(
                router.ledger,
                router.outbox,
                locks=router.locks,
                refresh=refresh,
                clock=router.clock,
            ),
            tracker=Places(
                router.routes.table,
                rates=router.rates,
                keyring=Keyring(
                    secret=lambda _arn, _fresh: self.github.secret, sign=lambda _a, _m: b""
                ),
                connectors=FakeConnectors(),
                clock=router.clock,
            ),
            look=look,
            alias=lambda _: None,
            card_url=lambda alert: f"https://acme.slack.com/archives/{alert.posted_to}",
        )
        return TicketDesk(office, table=router.routes.table, burst_threshold=5)

    def minute(self, times: int = 1) -> None:
        """Do what the schedule does each minute."""
        for _ in range(times):
            deadline = Deadline(90, clock=self.router.clock)
            work_on_tickets(self.desk._parts, deadline)
            self.router.clock.now += 60

    def now(self, **changes: Any) -> None:
        """Change the finding in Security Hub, and route its event."""
        finding = raw_finding(**changes)
        self.hold(finding)
        self.router.send(finding)
        self.router.clock.now += 10

    @property
    def alert(self) -> Alert:
        """Return the only alert."""
        [alert] = self.router.alerts
        return alert


@pytest.fixture
def github() -> Iterator[GitHubServer]:
    """Start a GitHub."""
    with GitHubServer() as started:
        yield started


def test_a_press_makes_a_ticket_which_the_card_shows(github: GitHubServer) -> None:
    """The button is gone; who pressed hears of it, and whoever presses later gets the same."""
    office = TicketPress(github)
    alert = office.said()
    assert "Create ticket" in office.card

    entry = office.click("ticket", alert)

    [issue] = github.issues()
    assert "Title of finding-1" in issue.title
    assert "https://acme.slack.com/archives/" in issue.body
    assert ("done", "made: #1") == (entry.outcome, entry.detail)
    assert f"<{github.page_url}acme/infra/issues/1|#1> open" in office.card.replace("\\", "")
    assert "Create ticket" not in office.card
    assert "issues/1|#1>" in office.people.told[-1].text
    office.click("ticket", alert, by=BOB)
    assert 1 == len(github.issues())
    assert "issues/1|#1>" in office.people.told[-1].text


def test_the_end_of_the_finding_closes_the_issue_and_the_card_shows_it(
    github: GitHubServer,
) -> None:
    """Within a minute; its return opens both."""
    office = TicketPress(github, when="always")
    office.said()
    office.minute()
    [issue] = github.issues()
    assert "#1> open" in office.card

    office.now(RecordState="ARCHIVED", UpdatedAt=LATER)
    office.minute(2)
    assert "closed" == issue.state
    office.now(UpdatedAt="2026-09-04T10:00:00Z")
    office.minute(2)

    assert "open" == issue.state
    assert "#1> open" in office.card
    assert 1 == len(github.issues())
    assert [] == list(office.router.outbox.waiting())


def test_a_press_that_is_killed_makes_no_second_issue(github: GitHubServer) -> None:
    """The queue brings it again, or the next minute finds the marker."""
    for skip in range(6):
        github.clear()
        office = TicketPress(github)
        alert = office.said()
        office.router.faults.plan("write", killed, skip=skip, about="posted")

        office.click("ticket", alert)
        office.router.faults.clear()
        office.router.clock.now += LEASE_SECONDS
        office.minute(3)

        assert 1 == len(github.issues())
        ticket = office.alert.care.ticket
        assert ticket is not None
        assert ticket.label is not None
        assert f"|{ticket.label}> open" in office.card
        assert [] == list(office.router.outbox.waiting())


def test_a_mistake_is_told_to_who_pressed(github: GitHubServer) -> None:
    """With what is to be corrected; the button stays."""
    github.faults.add(method="create", http_status=404, error="Not Found")
    office = TicketPress(github)

    entry = office.click("ticket", office.said())

    assert "refused" == entry.outcome
    assert "not found, or the token may not see it" in office.people.told[-1].text
    assert "Create ticket" in office.card


def test_github_that_is_down_is_waited_for(github: GitHubServer) -> None:
    """Who pressed hears so."""
    github.faults.add(method="create", http_status=503)
    office = TicketPress(github)

    office.click("ticket", office.said())
    assert "follows within a few minutes" in office.people.told[-1].text
    office.minute(3)

    assert 1 == len(github.issues())
    assert "#1> open" in office.card


def test_without_tickets_a_press_says_so(github: GitHubServer) -> None:
    """A card of before the stack was deployed anew, say."""
    office = TicketPress(github)
    alert = office.said()
    office.desk = Desk(replace(office.desk._parts, tickets=None))

    entry = office.click("ticket", alert)
    work_on_tickets(office.desk._parts, Deadline(90, clock=office.router.clock))

    assert "refused" == entry.outcome
    assert "cannot be made here" in office.people.told[-1].text


def test_operators_are_told_of_what_has_to_be_corrected(github: GitHubServer) -> None:
    """Once an hour, however many tickets wait."""
    github.faults.add(method="create", http_status=404, error="Not Found", times=None)
    office = TicketPress(github, when="always")
    office.said()

    office.minute(5)

    [notice] = office.router.slack.opened(OPS)
    assert "1 ticket waits for a correction" in notice.text
    assert "not found, or the token may not see it" in notice.all
