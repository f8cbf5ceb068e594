"""The desk of tickets over the local GitHub and the Ledger in memory, with one clock for all."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import replace
from typing import Any

from alerts import make_alert
from factories import make_finding
from fakes import Clock
from finding_router.aws.ledger import DynamoLedger
from finding_router.aws.locks import DynamoLocks
from finding_router.aws.rates import DynamoRates
from finding_router.aws.ticket_outbox import DynamoTicketOutbox
from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.care import Person, Ticket
from finding_router.delivery.alerts.identity import AlertKey
from finding_router.delivery.limits.deadline import Deadline
from finding_router.delivery.tickets import Waiting, news_of
from finding_router.errors import ConfigurationError
from finding_router.findings.finding import Finding, Severity
from finding_router.routing.table import RoutingTable
from finding_router.tickets.claims import Claims
from finding_router.tickets.credentials import Keyring
from finding_router.tickets.desk import TicketDesk
from finding_router.tickets.making import Office, Result
from finding_router.tickets.places import Places
from finding_router_local.github import GitHubServer, Issue
from memory_dynamo import MemoryDynamo

REPOSITORY = "acme/infra"
SECRET = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:github"
CHANNEL = "#alerts"
OTHER = "#other"
JANE = Person("U0JANE0001", "jane", 1_790_000_000.0)
CONNECTOR = "arn:aws:securityhub:eu-central-1:111122223333:connectorv2/1234"


class FakeConnectors:
    """Connectors that make a ticket for each new token."""

    def __init__(self) -> None:
        """Start without a ticket."""
        self.made: dict[str, tuple[str, str]] = {}

    def create(self, connector: str, finding_uid: str, token: str) -> tuple[str, str]:
        """Return the same ticket for the same *token*."""
        number = len(self.made) + 1
        url = f"https://example.atlassian.net/browse/SEC-{number}"
        assert connector == CONNECTOR
        assert finding_uid
        return self.made.setdefault(token, (f"SEC-{number}", url))


class TicketOffice:
    """A desk, and everything around it."""

    def __init__(self, github: GitHubServer, clock: Clock) -> None:
        """Make tickets in *github*."""
        self.github = github
        self.clock = clock
        self.dynamo = MemoryDynamo()
        items = self.dynamo.items()
        self.ledger = DynamoLedger(items, days=400)
        self.outbox = DynamoTicketOutbox(items)
        self.connectors = FakeConnectors()
        self.findings: dict[str, Finding] = {}
        self.refreshed: list[AlertKey] = []
        self.item: dict[str, Any] = {
            "kind": "ticket",
            "name": "platform",
            "github": {
                "repository": REPOSITORY,
                "base_url": github.base_url,
                "token": SECRET,
                "labels": ["security"],
            },
        }
        self.route: dict[str, Any] = {
            "kind": "route",
            "name": "r",
            "channel": CHANNEL,
            "ticket": {"to": "platform", "when": "always"},
        }
        self.secret = github.secret
        """The text of the secret; "" where it cannot be read."""
        self.refusals: list[float] = []
        self.desk = self.another_desk()

    def another_desk(self) -> TicketDesk:
        """Return the desk of another worker."""
        items = self.dynamo.items()
        claims = Claims(
            self.ledger,
            self.outbox,
            locks=DynamoLocks(items),
            refresh=self._refresh,
            clock=self.clock,
        )
        office = Office(
            claims=claims,
            tracker=Places(
                self.table,
                rates=DynamoRates(items),
                keyring=Keyring(secret=self._read_secret, sign=lambda _a, _m: b""),
                connectors=self.connectors,
                clock=self.clock,
            ),
            look=self._look,
            alias=lambda _: None,
            card_url=lambda alert: f"https://slack.example/archives/{alert.posted_to}",
        )
        return TicketDesk(office, table=self.table, burst_threshold=5)

    def _refresh(self, key: AlertKey) -> float | None:
        self.refreshed.append(key)
        return self.refusals.pop() if self.refusals else None

    def _read_secret(self, arn: str, _fresh: bool) -> str:  # noqa: FBT001 -- called by position
        if not self.secret:
            raise ConfigurationError(f"{arn}: cannot be read")
        return self.secret

    def _look(self, alert: Alert) -> list[Finding]:
        found = self.findings.get(alert.key.subject)
        return [found] if found else []

    def table(self) -> RoutingTable:
        """Return the routing table."""
        items = [self.item, self.route, self.route | {"name": "other", "channel": OTHER}]
        return RoutingTable.from_items(items, default_channel="#default")

    def say(self, number: int = 1, *, changes: Mapping[str, Any] | None = None, **of: Any) -> Alert:
        """Store an alert about a finding, as the router does after its card was posted."""
        key = AlertKey(f"{number:040x}", CHANNEL)
        self.findings.setdefault(key.subject, make_finding(id=f"finding-{number}", **of))
        return self.write(make_alert(key=key, version=0, **changes or {}), is_said=True)

    def say_elsewhere(self, alert: Alert, channel: str = OTHER) -> Alert:
        """Store an alert about the finding of *alert* in another channel."""
        key = AlertKey(alert.key.subject, channel)
        return self.write(make_alert(key=key, version=0), is_said=True)

    def write(self, alert: Alert, *, is_said: bool = False) -> Alert:
        """Store the next version of *alert*, and put its news into the outbox before."""
        stored = self.alert(alert.key)
        before = stored or replace(alert, sequence=0, is_shown=False, episode=0)
        after = replace(
            alert,
            version=before.version + 1,
            sequence=before.sequence + 1 if is_said else alert.sequence,
        )
        wanted = self.table().ticket_of(["r"])
        to = wanted.target if wanted and wanted.is_due(alert.severity) else None
        self.outbox.put(list(news_of(before, after, to, self.clock())))
        self.ledger.note_channel(after.key)
        assert self.ledger.write(after)
        return after

    def end(self, alert: Alert) -> Alert:
        """Store the end of a finding."""
        stored = self.stored(alert)
        return self.write(replace(stored, is_shown=False), is_said=True)

    def come_back(self, alert: Alert) -> Alert:
        """Store the return of a finding."""
        stored = self.stored(alert)
        return self.write(replace(stored, is_shown=True, episode=stored.episode + 1), is_said=True)

    def rise(self, alert: Alert, severity: Severity = Severity.CRITICAL) -> Alert:
        """Store a rise in severity, which was posted."""
        stored = self.stored(alert)
        moment = ("2026-09-05T10:00:00Z", self.clock())
        risen = replace(stored, severity=severity, worst=severity, risen_at=moment)
        return self.write(risen, is_said=True)

    def alert(self, key: AlertKey) -> Alert | None:
        """Return the stored alert."""
        return self.ledger.read([key]).get(key)

    def stored(self, alert: Alert) -> Alert:
        """Return *alert* as it is stored."""
        return self.ledger.read([alert.key])[alert.key]

    def ticket(self, alert: Alert) -> Ticket:
        """Return the ticket of *alert* as it is stored."""
        ticket = self.stored(alert).care.ticket
        assert ticket is not None
        return ticket

    def create(self, alert: Alert) -> Result:
        """Press the button as Jane."""
        return self.desk.create(alert.key, JANE)

    def drain(self, minutes: int = 1) -> None:
        """Work through the outbox each minute."""
        for _ in range(minutes):
            self.desk.drain(Deadline(120))
            self.clock.now += 60

    @property
    def waiting(self) -> list[Waiting]:
        """Return the entries of the outbox."""
        return list(self.outbox.waiting())

    @property
    def issues(self) -> list[Issue]:
        """Return the issues of the repository."""
        return self.github.issues(REPOSITORY)


@contextmanager
def ticket_office(**options: Any) -> Iterator[TicketOffice]:
    """Start a local GitHub with *options*, and a desk for it."""
    clock = Clock()
    with GitHubServer(clock=clock, **options) as github:
        yield TicketOffice(github, clock)
