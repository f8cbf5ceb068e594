"""Suppress always: an item of our own, and the automation rule to paste; never created here."""

import json
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from finding_router.actions.press import Press
from finding_router.actions.worker.asking import signed
from finding_router.actions.worker.items import NAME_CHARS, checked, named
from finding_router.actions.worker.matches import Scope, about, match_of
from finding_router.actions.worker.parts import Parts
from finding_router.findings.finding import Finding
from finding_router.findings.ocsf import is_ocsf
from finding_router.findings.reading import items_at, text_at
from finding_router.routing.items.channel import channel_safe
from finding_router.slack.kit import blocks
from finding_router.slack.kit.message import Block
from finding_router.slack.kit.text import Mrkdwn, code, preformatted

SILENCE_DAYS: Final = 90
_CODE_CHARS: Final = 2900
# Before every route that a table has.
_BEFORE: Final = 10
_RULE_ORDER: Final = 100


class Always(StrEnum):
    """The treatment of findings like this one from now on."""

    NO = "no"
    SILENCE = "silence"
    """They are held for 90 days, and then listed in one message."""
    DROP = "drop"
    """No message is posted about them."""


def always(
    parts: Parts,
    press: Press,
    findings: Sequence[Finding],
    scope: Scope,
    wish: Always,
    reason: str,
) -> tuple[Mrkdwn, list[Block]]:
    """
    Put the item that *wish* names; return what to say of it, and the rule for Security Hub.

    A press that comes again makes the same item.
    """
    item = item_of(parts, press, findings, scope, wish, reason)
    parts.edits.add(item)
    # In full, to be copied: whoever wants it back looks for it in the routing table.
    name = code(str(item["name"]), len(str(item["name"])) + len("``"))
    if wish is Always.SILENCE:
        said = f"From now on the silence {name} holds findings like this for {SILENCE_DAYS} days."
    else:
        said = f"From now on the route {name} drops findings like this."
    said += (
        " A finding that is more severe is posted all the same. To suppress them in Security Hub "
        "itself, of whatever severity, somebody who may can create this rule; it also frees the "
        "router of them."
    )
    return Mrkdwn(said), rule_blocks(findings, scope, reason)


def item_of(
    parts: Parts,
    press: Press,
    findings: Sequence[Finding],
    scope: Scope,
    wish: Always,
    reason: str,
) -> dict[str, Any]:
    """
    Return the silence, or the route that drops, for findings like *findings*.

    Raises:
        RefusedError: It would not be valid.

    """
    person = signed(press)
    match = match_of(findings, scope)
    item: dict[str, Any] = {"name": named("always", findings[0], press), "match": match}
    if wish is Always.SILENCE:
        until = datetime.fromtimestamp(press.at, UTC) + timedelta(days=SILENCE_DAYS)
        item |= {"kind": "silence", "until": until.isoformat(), "reason": reason, "by": person}
    else:
        first = min((route.order for route in parts.table().routes), default=_BEFORE)
        item |= {
            "kind": "route",
            "order": first - _BEFORE,
            "action": "drop",
            "stop": True,
            "description": f"{reason} — by {person}",
        }
    checked(item)
    return item


def rule_blocks(findings: Sequence[Finding], scope: Scope, reason: str) -> list[Block]:
    """Return the automation rules, as a command and as CloudFormation, to copy."""
    rules = [(False, next((each for each in findings if not is_ocsf(each.raw)), None))]
    rules.append((True, next((each for each in findings if is_ocsf(each.raw)), None)))
    shown: list[Block] = []
    for is_v2, finding in rules:
        if finding is None:
            continue
        same = [each for each in findings if is_ocsf(each.raw) is is_v2]
        rule = (rule_v2 if is_v2 else rule_cspm)(finding, same, scope, reason)
        verb = "create-automation-rule-v2" if is_v2 else "create-automation-rule"
        kind = "AutomationRuleV2" if is_v2 else "AutomationRule"
        command = f"aws securityhub {verb} --cli-input-json {shlex.quote(json.dumps(rule))}"
        resource = {
            "SuppressionRule": {"Type": f"AWS::SecurityHub::{kind}", "Properties": rule},
        }
        shown += [
            blocks.section(preformatted(command, _CODE_CHARS)),
            blocks.section(preformatted(json.dumps(resource, indent=1), _CODE_CHARS)),
        ]
    return shown


def rule_cspm(
    finding: Finding, findings: Sequence[Finding], scope: Scope, reason: str
) -> dict[str, Any]:
    """Return the rule of Security Hub CSPM that suppresses findings like *finding*."""
    meant = about(finding, scope) if scope is not Scope.FINDING else None
    if meant is None:
        criteria = {
            "ProductArn": [_equals(finding.product_arn)],
            "Id": [_equals(each.id) for each in findings],
        }
    else:
        criteria = {"AwsAccountId": [_equals(meant.account)]}
        if meant.control is not None:
            criteria["ComplianceSecurityControlId"] = [_equals(meant.control)]
        else:
            criteria["Type"] = [_equals(meant.kind or "")]
            criteria["ProductArn"] = [_equals(meant.product)]
        if meant.resource is not None:
            criteria["ResourceId"] = [_equals(meant.resource)]
    note = {"Text": reason, "UpdatedBy": "automation-rule"}
    fields = {"Workflow": {"Status": "SUPPRESSED"}, "Note": note}
    return {
        "RuleName": _rule_name(finding),
        "Description": reason,
        "RuleOrder": _RULE_ORDER,
        "RuleStatus": "ENABLED",
        "IsTerminal": False,
        "Criteria": criteria,
        "Actions": [{"Type": "FINDING_FIELDS_UPDATE", "FindingFieldsUpdate": fields}],
    }


def rule_v2(
    finding: Finding, findings: Sequence[Finding], scope: Scope, reason: str
) -> dict[str, Any]:
    """Return the rule of AWS Security Hub that suppresses findings like *finding*."""
    meant = about(finding, scope) if scope is not Scope.FINDING else None
    fields: list[tuple[str, list[str]]]
    if meant is None:
        ids = [text_at(each.raw, "finding_info", "uid") or each.id for each in findings]
        fields = [("finding_info.uid", ids)]
    else:
        fields = [("cloud.account.uid", [meant.account])]
        if meant.control is not None:
            fields.append(("compliance.control", [meant.control]))
        else:
            fields.append(("finding_info.types", [meant.kind or ""]))
        if meant.resource is not None:
            own = (text_at(each, "uid") for each in items_at(finding.raw, "resources"))
            fields.append(("resources.uid", [next(filter(None, own), meant.resource)]))
    filters = [
        {
            "StringFilters": [
                {"FieldName": name, "Filter": {"Value": each, "Comparison": "EQUALS"}}
                for each in values
            ],
            "Operator": "OR",
        }
        for name, values in fields
    ]
    return {
        "RuleName": _rule_name(finding),
        "Description": reason,
        "RuleOrder": _RULE_ORDER,
        "RuleStatus": "ENABLED",
        "Criteria": {
            "OcsfFindingCriteria": {"CompositeFilters": filters, "CompositeOperator": "AND"}
        },
        "Actions": [
            {
                "Type": "FINDING_FIELDS_UPDATE",
                "FindingFieldsUpdate": {"StatusId": 3, "Comment": reason},
            }
        ],
    }


def _rule_name(finding: Finding) -> str:
    return f"suppress-{channel_safe(finding.control_id or finding.title)[:NAME_CHARS]}"


def _equals(value: str) -> dict[str, str]:
    return {"Value": value, "Comparison": "EQUALS"}
