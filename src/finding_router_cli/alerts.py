"""Determine the verdict for each alert of a finding from its state in the Ledger."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from finding_router.delivery.deliveries import Job, Record
from finding_router.delivery.intake import read_jobs
from finding_router.delivery.outcome import FOLLOWED
from finding_router.delivery.plan import Planner
from finding_router.delivery.subjects import Subjects
from finding_router.routing.organization import Organization
from finding_router.routing.table import RoutingTable
from finding_router_cli.account import Account
from finding_router_cli.stack import SETTLE_SECONDS


def alerts_of(
    event: Mapping[str, Any],
    table: RoutingTable,
    ledger_table: str,
    now: datetime,
    account: Account,
    organization: Organization | None = None,
    settle_seconds: float = SETTLE_SECONDS,
) -> list[list[dict[str, str]]]:
    """
    Return channel, verdict and reason of each alert, one list for each finding in *event*.

    The Ledger of *account* is only read: nothing is claimed or posted.

    Raises:
        click.ClickException: The Ledger cannot be read.

    """
    # Imported late, since they import boto3.
    from finding_router.aws.items import Items  # noqa: PLC0415 -- see above
    from finding_router.aws.ledger import DynamoLedger  # noqa: PLC0415 -- see above

    with account.in_sentences():
        dynamodb = account.dynamodb()
    ledger = DynamoLedger(Items(ledger_table, dynamodb), days=1)
    jobs = read_jobs(Record(body=event))
    for job in jobs:
        if organization is not None and job.finding is not None:
            job.finding = organization.enriched(job.finding)
    followed = [job for job in jobs if job.outcome in FOLLOWED]
    planner = Planner(table=table, portal=None, now=now, settle_seconds=settle_seconds)
    with account.in_sentences(table=ledger_table):
        new = [job for job in jobs if not job.outcome]
        addressed = planner.address(new, followed, Subjects(ledger).find(new, followed))
        deliveries, _ = planner.deliveries(addressed, ledger.read(addressed.keys))
    by_job: dict[Job, list[dict[str, str]]] = {job: [] for job in jobs}
    for delivery in deliveries:
        told = {
            "channel": delivery.destination.channel,
            "verdict": delivery.step.verdict.value,
            "why": delivery.step.why.value,
        }
        for job in delivery.jobs:
            by_job[job].append(told)
    return list(by_job.values())
