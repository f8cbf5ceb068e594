"""Where tickets are made: a repository of GitHub, or a connector of Security Hub."""

from collections.abc import Sequence
from copy import replace
from dataclasses import dataclass
from typing import Final, Protocol

from finding_router.delivery.alerts.care import Ticket
from finding_router.errors import TicketError
from finding_router.findings.finding import Severity
from finding_router.routing.items import ticket as item
from finding_router.tickets.facts import Facts
from finding_router.tickets.github import GitHub, Issue
from finding_router.tickets.issue import (
    MAX_LINES,
    commented,
    draft,
    ended,
    is_all_done,
    is_listed,
    line_of,
    returned,
    risen,
    ticked,
)

OPEN: Final = "open"
CLOSED: Final = "closed"
DELETED: Final = "deleted"
_DAY_SECONDS: Final = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """
    The end, the return or the rise of a finding, of which its ticket is to hear.

    *name* is the subject of the alert. *news* is "ended", "there", or "risen" and the severity.
    *is_in_doubt* if an earlier try may have got halfway.
    """

    name: str
    episode: int
    news: str
    severity: Severity
    at: float
    is_in_doubt: bool = False

    def comment_marker(self, ticket: Ticket) -> str:
        """Return the name of the comment on this turn."""
        return f"{ticket.marker}-{self.name[:8]}-{self.episode}-{self.news}"


class Tracker(Protocol):
    """
    A place of tickets; every method returns the ticket as it is then.

    Each raises TicketError, and StoreError if the Ledger does not answer.
    """

    most: int
    """Findings that one ticket may be about."""

    def make(self, several: Sequence[Facts], ticket: Ticket, *, is_in_doubt: bool) -> Ticket:
        """Make *ticket*, which has a marker; look for it first if it *is_in_doubt*."""

    def end(self, ticket: Ticket, turn: Turn) -> Ticket:
        """Tell *ticket* of the end of its finding."""

    def come_back(self, ticket: Ticket, turn: Turn) -> Ticket | None:
        """Tell *ticket* of the return of its finding; None if another is to be made."""

    def rise(self, ticket: Ticket, turn: Turn) -> Ticket:
        """Tell *ticket* of a rise in the severity of its finding."""


class GitHubTracker:
    """A repository of GitHub."""

    most = MAX_LINES

    def __init__(self, wanted: item.Ticket, github: item.GitHub, issues: GitHub) -> None:
        """Make the tickets that *wanted* describes by *issues*."""
        self._wanted = wanted
        self._github = github
        self._issues = issues

    def make(self, several: Sequence[Facts], ticket: Ticket, *, is_in_doubt: bool) -> Ticket:
        """Make an issue, unless its marker is found."""
        marker = ticket.marker or ""
        issue: Issue | None = None
        if is_in_doubt:
            issue = self._issues.find(marker, since=ticket.begun_at or 0.0)
        if issue is None:
            issue = self._issues.create(draft(several, marker, self._github, ticket.former))
        return replace(
            ticket,
            label=f"#{issue.number}",
            url=issue.url,
            state=OPEN if issue.is_open else CLOSED,
            place=self._issues.place,
            labels=issue.labels or None,
        )

    def end(self, ticket: Ticket, turn: Turn) -> Ticket:
        """Comment on the issue and close it, unless a person has taken it over."""
        number = _number(ticket)
        issue = self._issues.issue(number)
        if not issue.is_open:
            # A try before this one may have closed it.
            is_ours = turn.is_in_doubt and not ticket.is_left
            return replace(
                ticket,
                state=CLOSED,
                is_left=not is_ours,
                ended_at=turn.at if is_ours else ticket.ended_at,
            )
        is_left = self._is_left(ticket, turn, issue)
        if is_listed(issue.body, turn.name):
            body = ticked(issue.body, turn.name, is_done=True)
            if body != issue.body:
                self._issues.set_body(number, body)
            if not is_all_done(body):
                return replace(ticket, state=OPEN, is_left=is_left)
        self._comment(number, ticket, turn, ended())
        if is_left or not self._wanted.close_on_end:
            return replace(ticket, state=OPEN, is_left=is_left)
        self._set_state(number, is_open=False)
        return replace(ticket, state=CLOSED, ended_at=turn.at)

    def come_back(self, ticket: Ticket, turn: Turn) -> Ticket | None:
        """Comment on the issue and open it; None if it was closed too long ago."""
        number = _number(ticket)
        issue = self._issues.issue(number)
        is_shared = is_listed(issue.body, turn.name)
        # The last of a list closed it, and the tickets of the others do not know.
        is_ours = ticket.state == CLOSED or (is_shared and is_all_done(issue.body))
        if not issue.is_open and (ticket.is_left or not is_ours):
            return replace(ticket, state=CLOSED, is_left=True)
        if not issue.is_open:
            ended_at = ticket.ended_at or issue.closed_at or turn.at
            ticket = replace(ticket, state=CLOSED, ended_at=ended_at)
            if turn.at - ended_at > self._wanted.reopen_days * _DAY_SECONDS:
                return None
        if is_shared:
            body = ticked(issue.body, turn.name, is_done=False)
            if body != issue.body:
                self._issues.set_body(number, body)
        self._comment(number, ticket, turn, returned(turn.severity))
        is_left = self._is_left(ticket, turn, issue)
        if not issue.is_open and not is_left:
            self._set_state(number, is_open=True)
        state = CLOSED if is_left and not issue.is_open else OPEN
        return replace(ticket, state=state, is_left=is_left, ended_at=None)

    def rise(self, ticket: Ticket, turn: Turn) -> Ticket:
        """Comment on the issue, unless a person has closed it."""
        number = _number(ticket)
        issue = self._issues.issue(number)
        if not issue.is_open:
            return replace(ticket, state=CLOSED, is_left=True)
        text = risen(turn.severity, line_of(issue.body, turn.name))
        self._comment(number, ticket, turn, text)
        return replace(ticket, state=OPEN, is_left=self._is_left(ticket, turn, issue))

    def _is_left(self, ticket: Ticket, turn: Turn, issue: Issue) -> bool:
        """Return True if a person takes care of the issue: its state or its labels changed."""
        # An earlier try may have set the state.
        is_other = not turn.is_in_doubt and (OPEN if issue.is_open else CLOSED) != ticket.state
        return ticket.is_left or is_other or {*issue.labels} != {*(ticket.labels or ())}

    def _set_state(self, number: int, *, is_open: bool) -> None:
        """Close or open an issue that has its comment: even a clear refusal ends it halfway."""
        try:
            self._issues.set_state(number, is_open=is_open)
        except TicketError as error:
            error.ambiguous = True
            raise

    def _comment(self, number: int, ticket: Ticket, turn: Turn, text: str) -> None:
        """Comment, unless an earlier try did."""
        marker = turn.comment_marker(ticket)
        since = ticket.begun_at or turn.at
        if turn.is_in_doubt and self._issues.has_comment(number, marker, since=since):
            return
        self._issues.comment(number, commented(text, marker))


class Connectors(Protocol):
    """The calls of Security Hub's connectors; each raises TicketError."""

    def create(self, connector: str, finding_uid: str, token: str) -> tuple[str, str]:
        """Return id and URL of the ticket about a finding; the same for the same *token*."""


class ConnectorTracker:
    """A connector of Security Hub, which keeps its tickets up to date itself."""

    most = 1

    def __init__(self, arn: str, connectors: Connectors) -> None:
        """Make tickets by the connector with *arn*."""
        self._arn = arn
        self._connectors = connectors

    def make(self, several: Sequence[Facts], ticket: Ticket, *, is_in_doubt: bool) -> Ticket:  # noqa: ARG002 -- its token makes each try the same
        """Make a ticket by Security Hub; the marker is the token of the call."""
        [facts] = several
        if facts.uid is None:
            raise TicketError(
                "a connector makes tickets about findings of AWS Security Hub (OCSF) alone, "
                "and this one came from Security Hub CSPM"
            )
        name, url = self._connectors.create(self._arn, facts.uid, ticket.marker or "")
        return replace(ticket, label=name, url=url, place=self._arn)

    def end(self, ticket: Ticket, turn: Turn) -> Ticket:  # noqa: ARG002 -- it knows
        """Leave the ticket to the connector."""
        return ticket

    def come_back(self, ticket: Ticket, turn: Turn) -> Ticket | None:  # noqa: ARG002 -- it knows
        """Leave the ticket to the connector."""
        return ticket

    def rise(self, ticket: Ticket, turn: Turn) -> Ticket:  # noqa: ARG002 -- it knows
        """Leave the ticket to the connector."""
        return ticket


def _number(ticket: Ticket) -> int:
    return int((ticket.label or "").removeprefix("#"))
