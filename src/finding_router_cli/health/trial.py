"""One synthetic finding on its whole way: Security Hub, rule, queue, function, Slack, and back."""

import time
import uuid
from collections.abc import Mapping, Sequence
from copy import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from finding_router.aws.clients import AWS_ERRORS, error_code
from finding_router.aws.ledger import DynamoLedger
from finding_router.delivery.alerts.alert import Alert
from finding_router.delivery.alerts.identity import AlertKey, finding_hash, subject_of
from finding_router.delivery.intake import read_finding
from finding_router.errors import StoreError
from finding_router.findings.finding import Severity
from finding_router.routing.table import Decision
from finding_router_cli.findings_pages import iso
from finding_router_cli.health.checks import cause_of
from finding_router_cli.health.result import Result, bad, good, unsure
from finding_router_cli.health.site import Site
from finding_router_cli.health.slack_calls import SlackRefusalError

_SENT: Final = "finding sent"
_TAKEN_AWAY: Final = "taken away"
_TITLE: Final = "Test of the Slack router: nothing is wrong, and this message goes away by itself"
_POLL_SECONDS: Final = 0.5
# Security Hub is asked and marked right after the post.
_MARK_SECONDS: Final = 20.0
_WRITES: Final = 5
# The entry of the Ledger is left for late copies of the event.
_LEDGER_DAYS: Final = 1
# People are not called for a test.
_SEVERITIES: Final = (Severity.INFORMATIONAL, Severity.LOW, Severity.MEDIUM, Severity.HIGH)


def send_trial(site: Site, *, seconds: float) -> list[Result]:
    """
    Send a finding, wait for *seconds* for its messages, and take both away again.

    The messages are deleted, the alert stays in the Ledger for a day without them, so that a late
    copy of the event says nothing, and the finding is archived: Security Hub deletes none.
    """
    try:
        return _send_trial(site, seconds)
    except (StoreError, *AWS_ERRORS) as error:
        code = error_code(cause_of(error))
        return [
            unsure(
                _SENT, f"not finished: {code}: {error}", "see the permissions in docs/operations.md"
            )
        ]


def _send_trial(site: Site, seconds: float) -> list[Result]:
    slack, hub = site.slack, site.client("securityhub")
    if slack is None:
        return [unsure(_SENT, "not sent: without a token that Slack takes nothing could be posted")]
    identity = site.client("sts").get_caller_identity()
    finding = _finding(identity["Account"], site.region, identity["Arn"].split(":")[1])
    chosen = _chosen(site, finding)
    if chosen is None:
        return [
            unsure(
                _SENT,
                "not sent: by the routes such a finding is dropped or waits, whatever its severity",
                "a route for GeneratorId finding-router-doctor lets it pass",
            )
        ]
    finding, decision = chosen
    keys = _keys(finding, decision)
    ledger = DynamoLedger(site.stack.ledger(), days=_LEDGER_DAYS)
    began = time.monotonic()
    try:
        failed = hub.batch_import_findings(Findings=[finding]).get("FailedFindings", [])
        if failed:
            why = failed[0].get("ErrorMessage", "no reason given")
            return [
                bad(
                    _SENT,
                    f"Security Hub does not take it: {why}",
                    "see securityhub:BatchImportFindings",
                )
            ]
        alerts = _await(ledger, keys, until=began + seconds)
        took = time.monotonic() - began
        if len(alerts) < len(keys):
            return [_lost(site, ledger, keys, alerts, seconds)]
        channels = ", ".join(key.channel for key in keys)
        is_marked = _is_marked(ledger, finding, keys)
        results = [
            good(
                _SENT,
                f"in {channels} after {took:.1f} seconds"
                + (", and NOTIFIED" if is_marked else ", but not yet marked NOTIFIED"),
                seconds=round(took, 1),
                channels=[key.channel for key in keys],
                is_notified=is_marked,
            )
        ]
        return [*results, _taken_away(site, ledger, keys)]
    finally:
        archived = finding | {"RecordState": "ARCHIVED", "UpdatedAt": _now(seconds=1)}
        hub.batch_import_findings(Findings=[archived])


def _chosen(site: Site, finding: Mapping[str, Any]) -> tuple[dict[str, Any], Decision] | None:
    """Return the finding with the least severity that is posted at once, if possible to nobody."""
    fitting = []
    for severity in _SEVERITIES:
        with_severity = {**finding, "Severity": {"Label": severity.value}}
        decision = site.table.decide(read_finding(with_severity))
        now = [each for each in decision.channels if each.hold is None]
        if now:
            fitting.append((any(each.mention for each in now), with_severity, decision))
    if not fitting:
        return None
    _, chosen, decision = min(fitting, key=lambda each: each[0])
    return chosen, decision


def _keys(finding: Mapping[str, Any], decision: Decision) -> list[AlertKey]:
    subject = subject_of(read_finding(finding))
    return [AlertKey(subject, each.channel) for each in decision.channels if each.hold is None]


def _await(
    ledger: DynamoLedger, keys: Sequence[AlertKey], *, until: float
) -> dict[AlertKey, Alert]:
    """Return the alerts of *keys* that stand in Slack, once all do or the time is up."""
    while True:
        found = {key: each for key, each in ledger.read(keys).items() if each.ts is not None}
        if len(found) == len(keys) or time.monotonic() > until:
            return found
        time.sleep(_POLL_SECONDS)


def _is_marked(ledger: DynamoLedger, finding: Mapping[str, Any], keys: Sequence[AlertKey]) -> bool:
    """Return True once the router remembers that it marked the finding."""
    member = finding_hash(finding["ProductArn"], finding["Id"])
    until = time.monotonic() + _MARK_SECONDS
    while time.monotonic() < until:
        alerts = ledger.read(keys).values()
        if all(member in each.members and each.members[member].is_notified for each in alerts):
            return True
        time.sleep(_POLL_SECONDS)
    return False


def _lost(
    site: Site,
    ledger: DynamoLedger,
    keys: Sequence[AlertKey],
    alerts: Mapping[AlertKey, Alert],
    seconds: float,
) -> Result:
    """Return how far the finding came."""
    begun = ledger.read(keys)
    late = [key.channel for key in keys if key not in alerts]
    group = site.stack.name or "STACK"
    log = f"aws logs tail /aws/lambda/{group}-router --since 10m"
    if not begun:
        return bad(
            _SENT,
            f"no message after {seconds:.0f} seconds, and nothing in the Ledger: "
            "its event did not reach the function, or that fails",
            f"see rule, sources and queues above, then: {log}",
        )
    return bad(
        _SENT,
        f"claimed, but after {seconds:.0f} seconds no message in {', '.join(late)}: "
        "Slack refuses it or is slow",
        log,
    )


def _taken_away(site: Site, ledger: DynamoLedger, keys: Sequence[AlertKey]) -> Result:
    """Forget the messages in the Ledger, then delete them: a run between finds none to change."""
    left: list[str] = []
    for key in keys:
        alert = _forgotten(ledger, key)
        if alert is None or alert.ts is None or alert.digest is not None:
            left.append(f"{key.channel} (in a digest)" if alert and alert.digest else key.channel)
            continue
        try:
            assert site.slack is not None  # noqa: S101 -- it was there to send
            site.slack.call("chat.delete", channel=alert.posted_to or "", ts=alert.ts)
        except SlackRefusalError as error:
            left.append(f"{key.channel} ({error.code})")
    if left:
        return unsure(_TAKEN_AWAY, f"a message is left in {', '.join(left)}", "delete it in Slack")
    return good(_TAKEN_AWAY, "the message is deleted, the finding archived")


def _forgotten(ledger: DynamoLedger, key: AlertKey) -> Alert | None:
    """Make *key* an alert without a message, and return it as it was; None if others write it."""
    for _ in range(_WRITES):
        alert = ledger.read([key]).get(key)
        if alert is None:
            return None
        if alert.digest is not None:
            return alert
        if ledger.write(replace(alert.detached(), version=alert.version + 1, claim=None)):
            return alert
    return None


def _finding(account: str, region: str, partition: str) -> dict[str, Any]:
    """Return a finding of the account's own product."""
    product = f"arn:{partition}:securityhub:{region}:{account}:product/{account}/default"
    now = _now()
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"finding-router-doctor/{uuid.uuid4()}",
        "ProductArn": product,
        "GeneratorId": "finding-router-doctor",
        "AwsAccountId": account,
        "Types": ["Software and Configuration Checks"],
        "CreatedAt": now,
        "UpdatedAt": now,
        "Severity": {"Label": Severity.INFORMATIONAL.value},
        "Title": _TITLE,
        "Description": "Sent by: finding-router doctor --send",
        "Resources": [
            {
                "Type": "AwsAccount",
                "Id": f"AWS::::Account:{account}",
                "Partition": partition,
                "Region": region,
            }
        ],
    }


def _now(*, seconds: float = 0.0) -> str:
    return iso(datetime.now(UTC) + timedelta(seconds=seconds))
