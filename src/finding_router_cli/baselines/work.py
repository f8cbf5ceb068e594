"""The baseline put together from the router's own parts."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import click

from finding_router.aws.account_names import DynamoAccountNames
from finding_router.aws.ledger import DynamoLedger
from finding_router.aws.locks import DynamoLocks
from finding_router.aws.organization import DynamoOrganization
from finding_router.delivery.account_names import AccountNames
from finding_router.delivery.notices import Notices
from finding_router.delivery.organization import OrganizationCache
from finding_router.delivery.plan import Planner
from finding_router.errors import ConfigurationError, WorkflowUpdateError
from finding_router.findings.ocsf.marks import V2Status
from finding_router.slack.api.client import SlackClient
from finding_router_cli.baselines.decided import Desk, UnclaimedNames
from finding_router_cli.baselines.marking import Marker
from finding_router_cli.baselines.record import Baseline, Baselines
from finding_router_cli.baselines.source import CspmFindings, FindingSource, OcsfFindings
from finding_router_cli.baselines.summaries import Teller
from finding_router_cli.baselines.survey import Survey, take_survey
from finding_router_cli.health.hub import CSPM_OFF, V2_OFF, is_on
from finding_router_cli.health.site import Site
from finding_router_cli.health.slack import read_token
from finding_router_cli.output import progress
from finding_router_cli.stack import Stack

# The default of the function's LEDGER_DAYS.
LEDGER_DAYS: Final = 400


class Work:
    """The steps of a baseline of *stack*."""

    def __init__(self, stack: Stack) -> None:
        """Call nothing yet."""
        self._stack = stack
        self._site = Site(stack)
        self._items = stack.ledger()
        self._ledger = DynamoLedger(self._items, days=LEDGER_DAYS)
        self.baselines = Baselines(self._items)
        self._sources: Sequence[FindingSource] = [*self._sources_of(stack)]

    def _sources_of(self, stack: Stack) -> Iterator[FindingSource]:
        """Yield each Security Hub that is on, and whose findings the stack takes."""
        hub = stack.account.client("securityhub")
        if is_on(hub.describe_hub, CSPM_OFF) is not False:
            yield CspmFindings(stack.account)
        if stack.parameters.get("TakeV2") == "true" and is_on(hub.describe_security_hub_v2, V2_OFF):
            yield OcsfFindings(
                stack.account, V2Status(stack.parameters.get("V2Status", V2Status.NONE))
            )

    @contextmanager
    def in_sentences(self) -> Iterator[None]:
        """Translate the errors of AWS and of the router's parts into ClickException."""
        with self._stack.account.in_sentences():
            try:
                yield
            except (ConfigurationError, WorkflowUpdateError) as error:
                raise click.ClickException(str(error)) from error

    def survey(self, baseline: Baseline, count: Callable[[int], object]) -> Survey:
        """Count the findings; nothing is written."""
        return take_survey(
            self._desk(baseline, is_reading=True), self._ledger, self._sources, count
        )

    def do(self, baseline: Baseline, survey: Survey, *, is_resumed: bool) -> dict[str, Any]:
        """Post the summaries, mark the findings, and return the numbers and failures."""
        if not is_resumed:
            baseline = self._begin(baseline)
        teller = Teller(
            self._items,
            self._slack(),
            default_channel=self._site.default_channel,
            ops_channel=self._site.ops_channel,
            days=LEDGER_DAYS,
        )
        with progress("telling channels", len(survey.channels)) as count:
            told = teller.tell(baseline, survey.channels, count)
        done: dict[str, Any] = {"told": sorted(told.channels), "untold": told.failed}
        if survey.channels.keys() - told.channels:
            return done | {"marked": 0, "noted": 0, "left": 0, "refused": {}}
        marker = Marker(
            self._desk(baseline, is_reading=False),
            self._ledger,
            self.baselines,
            told=told.channels,
        )
        with progress("marking findings", survey.total) as count:
            marker.resume(baseline, self._sources)
            baseline, marked = marker.run(baseline, self._sources, count)
        if not marked.refused:
            self.baselines.write(baseline.next(in_hand=(), finished_at=time.time()))
        return done | {
            "marked": marked.marked,
            "noted": marked.noted,
            "left": marked.left,
            "refused": dict(marked.refused),
        }

    def _begin(self, baseline: Baseline) -> Baseline:
        """Write that *baseline* is begun."""
        begun = baseline.next()
        if not self.baselines.write(begun):
            raise click.ClickException("another baseline was begun just now; try again")
        return begun

    def _desk(self, baseline: Baseline, *, is_reading: bool) -> Desk:
        store = DynamoAccountNames(self._items)
        names = UnclaimedNames(store) if is_reading else store
        planner = Planner(
            table=self._site.table,
            portal=None,
            now=datetime.now(UTC),
            settle_seconds=self._stack.settle_seconds(),
        )
        notices = Notices(locks=DynamoLocks(self._items), channel=self._site.ops_channel)
        organization = (
            OrganizationCache(DynamoOrganization(self._items, days=LEDGER_DAYS), clock=time.time)
            if self._stack.names_accounts
            else None
        )
        return Desk(
            planner,
            AccountNames(names, clock=time.time, organization=organization),
            notices,
            before=baseline.cutoff,
            keep=baseline.keep,
        )

    def _slack(self) -> SlackClient:
        """
        Return Slack with the stack's token.

        Raises:
            ConfigurationError: No token is there.

        """
        arn = self._stack.parameters.get("SlackTokenArn")
        if not arn:
            message = f"{self._stack.origin} does not tell where its Slack token is kept"
            raise ConfigurationError(message)
        token = read_token(self._site, arn)
        return SlackClient(token=lambda _: token, base_url=self._site.slack_api_url)
