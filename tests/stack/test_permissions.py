"""The router has exactly these permissions."""

from typing import Any

import pytest

import policies
from policies import (
    ASFF,
    DECRYPT_STORED,
    ENCRYPT_MESSAGES,
    ENCRYPT_TABLES,
    HUB,
    HUB_V2,
    KEEP_LEDGER,
    KEY,
    OCSF,
    PARAMETER,
    READ_FINDINGS,
    READ_ROUTES,
    READ_SLACK_TOKEN,
    UPDATE,
    WRITE_OWN_LOG,
    Resolve,
    Statements,
    allowed_to,
    updatable_members,
)

# The router may not write notes either.
DENIED_PATHS = policies.DENIED_PATHS | {"Note.Text", "Note.UpdatedBy"}


def statements(resolve: Resolve, **values: str) -> Statements:
    """Return the statements of the router's role and of its deny policy by Sid, without it."""
    resources = resolve(**values)
    documents = [policy["PolicyDocument"] for policy in resources["RouterRole"]["Policies"]]
    documents.append(resources["RouterDenyPolicy"]["PolicyDocument"])
    found = [dict(statement) for document in documents for statement in document["Statement"]]
    by_sid = {statement.pop("Sid"): statement for statement in found}
    assert len(found) == len(by_sid)
    return by_sid


def allowed(resolve: Resolve, **values: str) -> Statements:
    """Return the statements that allow something, by their Sid."""
    return {
        sid: {name: part for name, part in statement.items() if name != "Effect"}
        for sid, statement in statements(resolve, **values).items()
        if statement["Effect"] == "Allow"
    }


MARK = {
    "Action": UPDATE,
    "Resource": HUB,
    "Condition": {"ForAnyValue:StringEquals": {ASFF + "Workflow.Status": ["NOTIFIED"]}},
}
ALLOWED = {
    "WriteOwnLog": WRITE_OWN_LOG,
    "TakeFindings": {
        "Action": [
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
        ],
        "Resource": ["<FindingsQueue.Arn>", "<BacklogQueue.Arn>"],
    },
    "HandOverToTheBacklog": {"Action": "sqs:SendMessage", "Resource": "<BacklogQueue.Arn>"},
    "KeepUntoldAlarms": {"Action": "sqs:SendMessage", "Resource": "<UndeliveredEvents.Arn>"},
    "ReadRoutes": READ_ROUTES,
    "KeepLedger": KEEP_LEDGER,
    "ReadSlackToken": READ_SLACK_TOKEN,
    "ReadFindings": READ_FINDINGS,
    "MarkFindings": MARK,
}
MARK_V2 = {"MarkFindingsV2": {"Action": UPDATE, "Resource": HUB_V2}}
# Options about the Slack token, and the statements that each adds for whoever reads it.
FOR_THE_TOKEN = [
    (
        {"SlackTokenArn": PARAMETER},
        {"ReadSlackToken": {"Action": "ssm:GetParameter", "Resource": PARAMETER}},
    ),
    (
        {"SlackTokenKeyArn": KEY},
        {
            "DecryptSlackToken": {
                "Action": "kms:Decrypt",
                "Resource": KEY,
                "Condition": {
                    "StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}
                },
            }
        },
    ),
]


def test_role_allows_exactly_this(resolve: Resolve) -> None:
    """Without an option the router may do this, each on one resource."""
    assert ALLOWED == allowed(resolve)


def test_only_lambda_assumes_the_role_and_only_denials_are_attached(resolve: Resolve) -> None:
    """The one managed policy is the stack's own, which only denies."""
    role = resolve()["RouterRole"]
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]

    assert {"Service": "lambda.amazonaws.com"} == trust["Principal"]
    assert ["<RouterDenyPolicy.Ref>"] == role["ManagedPolicyArns"]


def test_attached_policy_only_denies_and_only_the_role_has_it(resolve: Resolve) -> None:
    """It allows nothing, and is attached by RouterRole alone."""
    policy = resolve()["RouterDenyPolicy"]

    assert {"Description", "PolicyDocument"} == set(policy)
    assert {"Deny"} == {each["Effect"] for each in policy["PolicyDocument"]["Statement"]}


def test_schedule_may_call_the_router_and_nothing_else(resolve: Resolve) -> None:
    """EventBridge Scheduler assumes a role of its own, for this account's schedules alone."""
    role = resolve()["WakeRole"]
    [policy] = role["Policies"]

    assert [
        {
            "Sid": "TheScheduleWakesTheRouter",
            "Effect": "Allow",
            "Principal": {"Service": "scheduler.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "StringEquals": {
                    "aws:SourceAccount": "123456789012",
                    "aws:SourceArn": (
                        "arn:aws:scheduler:eu-west-1:123456789012:schedule-group/default"
                    ),
                }
            },
        }
    ] == role["AssumeRolePolicyDocument"]["Statement"]
    assert [
        {
            "Sid": "CallTheRouter",
            "Effect": "Allow",
            "Action": "lambda:InvokeFunction",
            "Resource": "<RouterFunction.Arn>",
        },
        {
            "Sid": "KeepUndeliveredCalls",
            "Effect": "Allow",
            "Action": "sqs:SendMessage",
            "Resource": "<UndeliveredEvents.Arn>",
        },
    ] == policy["PolicyDocument"]["Statement"]
    assert "ManagedPolicyArns" not in role


def test_schedule_may_use_the_customers_key_for_its_dead_letters(resolve: Resolve) -> None:
    """And for nothing else."""
    [policy] = resolve(KmsKeyArn=KEY)["WakeRole"]["Policies"]
    *_, statement = policy["PolicyDocument"]["Statement"]

    assert {
        "Sid": "EncryptUndeliveredCalls",
        "Effect": "Allow",
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": KEY,
        "Condition": {"StringEquals": {"kms:ViaService": "sqs.eu-west-1.amazonaws.com"}},
    } == statement


def test_template_has_no_other_role_or_policy(template: dict[str, Any]) -> None:
    """SAM generates no role, because the function names its own."""
    iam = [
        (name, each["Type"])
        for name, each in template["Resources"].items()
        if each["Type"].startswith("AWS::IAM::")
    ]
    function = template["Resources"]["RouterFunction"]["Properties"]

    assert [
        ("WakeRole", "AWS::IAM::Role"),
        ("RouterRole", "AWS::IAM::Role"),
        ("RouterDenyPolicy", "AWS::IAM::ManagedPolicy"),
        ("EditsRole", "AWS::IAM::Role"),
        ("ActionsRole", "AWS::IAM::Role"),
        ("ActionsScheduleRole", "AWS::IAM::Role"),
        ("ActionsWorkerRole", "AWS::IAM::Role"),
        ("ActionsDenyPolicy", "AWS::IAM::ManagedPolicy"),
    ] == iam
    assert {"Fn::GetAtt": ["RouterRole", "Arn"]} == function["Role"]
    assert "Policies" not in function
    for other, role in (
        ("EditsFunction", "EditsRole"),
        ("ActionsFunction", "ActionsRole"),
        ("ActionsWorker", "ActionsWorkerRole"),
    ):
        properties = template["Resources"][other]["Properties"]
        assert {"Fn::GetAtt": [role, "Arn"]} == properties["Role"]
        assert "Policies" not in properties


LEDGER_OF_EDITS = {
    "KeepItsPartOfTheLedger": {
        "Action": ["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"],
        "Resource": "<Ledger.Arn>",
        "Condition": {
            "ForAllValues:StringLike": {
                "dynamodb:LeadingKeys": ["routing-table", "pace#*", "notice#*"]
            }
        },
    },
    "ReadDecidedFindings": {
        "Action": "dynamodb:Query",
        "Resource": "<Ledger.Arn>",
        "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["decided#*"]}},
    },
}
ALLOWED_FOR_EDITS = {
    "WriteOwnLog": ALLOWED["WriteOwnLog"],
    "FollowEdits": {
        "Action": ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
        "Resource": "<RoutingTable.StreamArn>",
    },
    "FindTheStream": {"Action": "dynamodb:ListStreams", "Resource": "<RoutingTable.Arn>/stream/*"},
    "ReadRoutes": ALLOWED["ReadRoutes"],
    **LEDGER_OF_EDITS,
    "ReadSlackToken": ALLOWED["ReadSlackToken"],
    "KeepUnansweredEdits": ALLOWED["KeepUntoldAlarms"],
}


def allowed_for_edits(resolve: Resolve, **values: str) -> Statements:
    """Return the statements of the role of the function that answers edits, by their Sid."""
    return allowed_to("EditsRole", resolve, **values)


def test_role_of_edits_allows_exactly_this(resolve: Resolve) -> None:
    """It neither takes findings nor marks any, and sees its own part of the ledger alone."""
    assert ALLOWED_FOR_EDITS == allowed_for_edits(resolve)


@pytest.mark.parametrize(
    ("values", "added"),
    [
        *FOR_THE_TOKEN,
        ({"AllowSuppress": "true"}, {}),
        ({"EnableTracing": "true"}, {}),
    ],
    ids=["parameter", "token key", "suppress", "tracing"],
)
def test_option_adds_exactly_what_the_answers_need(
    values: dict[str, str], added: dict[str, Any], resolve: Resolve
) -> None:
    """Options of the router alone change nothing."""
    assert ALLOWED_FOR_EDITS | added == allowed_for_edits(resolve, **values)


def test_customers_key_is_for_tables_function_and_dead_letters_of_edits(resolve: Resolve) -> None:
    """With the statements that the router has for them."""
    added = allowed_for_edits(resolve, KmsKeyArn=KEY)
    routers = allowed(resolve, KmsKeyArn=KEY)
    unanswered = added.pop("EncryptUnansweredEdits")

    assert routers["EncryptTheBacklog"] == unanswered
    assert (
        ALLOWED_FOR_EDITS
        | {name: routers[name] for name in ("DecryptWhatIsStored", "EncryptTables")}
        == added
    )


def test_only_lambda_assumes_the_role_of_edits(resolve: Resolve) -> None:
    """Nothing is attached to it."""
    role = resolve()["EditsRole"]
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]

    assert {"Service": "lambda.amazonaws.com"} == trust["Principal"]
    assert "ManagedPolicyArns" not in role


@pytest.mark.parametrize(
    ("values", "added"),
    [
        *FOR_THE_TOKEN,
        (
            {"AllowSuppress": "true"},
            {
                "MarkFindings": MARK
                | {
                    "Condition": {
                        "ForAnyValue:StringEquals": {
                            ASFF + "Workflow.Status": ["NOTIFIED", "SUPPRESSED"]
                        }
                    }
                }
            }
            | MARK_V2,
        ),
        ({"V2Status": "in-progress"}, MARK_V2),
        ({"V2Status": "comment"}, MARK_V2),
        (
            {"TakeV2": "false", "V2Status": "comment"},
            {"ReadFindings": ALLOWED["ReadFindings"] | {"Resource": [HUB]}},
        ),
        (
            {"OrganizationNames": "true"},
            {
                "ListAccounts": {"Action": "organizations:ListAccounts", "Resource": "*"},
                "ReadTagsOfAccounts": {
                    "Action": "organizations:ListTagsForResource",
                    "Resource": "arn:aws:organizations::*:account/o-*/*",
                },
                "ReadUnits": {
                    "Action": [
                        "organizations:DescribeOrganizationalUnit",
                        "organizations:ListParents",
                    ],
                    "Resource": [
                        "arn:aws:organizations::*:account/o-*/*",
                        "arn:aws:organizations::*:ou/o-*/ou-*",
                    ],
                },
            },
        ),
        (
            {"EnableTracing": "true"},
            {
                "SendTraces": {
                    "Action": ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
                    "Resource": "*",
                }
            },
        ),
        (
            {"KmsKeyArn": KEY},
            {
                "DecryptWhatIsStored": DECRYPT_STORED,
                "EncryptTheBacklog": ENCRYPT_MESSAGES,
                "EncryptTables": ENCRYPT_TABLES,
            },
        ),
    ],
    ids=[
        "parameter",
        "token key",
        "suppress",
        "in progress",
        "comment",
        "without v2",
        "organization",
        "tracing",
        "own key",
    ],
)
def test_option_adds_exactly_what_it_needs(
    values: dict[str, str], added: dict[str, Any], resolve: Resolve
) -> None:
    """Each option changes its own statements, and no other."""
    assert ALLOWED | added == allowed(resolve, **values)


@pytest.mark.parametrize(
    ("values", "statuses", "numbers", "may_comment"),
    [
        ({}, ["NOTIFIED"], [], False),
        ({"AllowSuppress": "true"}, ["NOTIFIED", "SUPPRESSED"], ["3"], False),
        ({"V2Status": "in-progress"}, ["NOTIFIED"], ["2"], False),
        ({"V2Status": "comment"}, ["NOTIFIED"], [], True),
        (
            {"V2Status": "in-progress", "AllowSuppress": "true"},
            ["NOTIFIED", "SUPPRESSED"],
            ["2", "3"],
            False,
        ),
    ],
    ids=["default", "suppress", "in progress", "comment", "in progress and suppress"],
)
def test_nothing_but_the_workflow_status_can_be_changed(
    values: dict[str, str],
    statuses: list[str],
    numbers: list[str],
    *,
    may_comment: bool,
    resolve: Resolve,
) -> None:
    """Every other field and status is denied, each by a statement of its own."""
    denied = [
        statement
        for statement in statements(resolve, **values).values()
        if statement["Effect"] == "Deny"
    ]
    conditions = [statement["Condition"] for statement in denied]

    assert {(UPDATE, "*")} == {(each["Action"], each["Resource"]) for each in denied}
    assert {"ForAnyValue:StringNotEquals": {ASFF + "Workflow.Status": statuses}} in conditions
    denied_v2 = {"SeverityId", "Comment", "StatusId"}
    if may_comment:
        denied_v2.remove("Comment")
    if numbers:
        denied_v2.remove("StatusId")
        assert {"ForAnyValue:StringNotEquals": {OCSF + "StatusId": numbers}} in conditions
    assert len(DENIED_PATHS) + 3 + (not may_comment) == len(conditions)
    for path in DENIED_PATHS:
        assert {"Null": {ASFF + path: "false"}} in conditions
    for path in denied_v2:
        assert {"Null": {OCSF + path: "false"}} in conditions


def test_deny_list_knows_every_member_of_the_call() -> None:
    """A field that a newer botocore can update must be added to the list by hand."""
    assert {path.partition(".")[0] for path in DENIED_PATHS} == updatable_members() - {
        "FindingIdentifiers",
        "Workflow",
    }


@pytest.mark.parametrize("queue", ["FindingsQueue", "UndeliveredEvents"])
def test_only_the_rule_sends_to_its_queues(queue: str, resolve: Resolve) -> None:
    """EventBridge may send for this rule alone, and only with TLS."""
    [document] = _documents(resolve(), queue)
    sends, secure = document["Statement"]

    assert {
        "Sid": "TheRuleSends",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": f"<{queue}.Arn>",
        "Condition": {"ArnEquals": {"aws:SourceArn": "<FindingsRule.Arn>"}},
    } == sends
    assert "Deny" == secure["Effect"]


@pytest.mark.parametrize("queue", ["FindingsQueue", "DeadLetters", "UndeliveredEvents"])
def test_queue_refuses_unencrypted_connections(queue: str, resolve: Resolve) -> None:
    """All use of a queue requires TLS."""
    [document] = _documents(resolve(), queue)

    assert {
        "Sid": "OnlyEncryptedConnections",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": f"<{queue}.Arn>",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    } == document["Statement"][-1]


def test_only_this_stacks_alarms_publish(resolve: Resolve) -> None:
    """CloudWatch may publish to the topic for the alarms of this stack, in this account."""
    publish, secure = resolve()["AlarmTopicPolicy"]["PolicyDocument"]["Statement"]

    assert {"Service": "cloudwatch.amazonaws.com"} == publish["Principal"]
    assert {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:router-*"},
    } == publish["Condition"]
    assert {"Bool": {"aws:SecureTransport": "false"}} == secure["Condition"]


def test_only_the_alarm_topic_calls_the_function_by_its_other_name(
    template: dict[str, Any], resolve: Resolve
) -> None:
    """SNS may call the alias for this topic alone, and nobody else may call the function."""
    permissions = [
        name
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::Lambda::Permission"
    ]

    # Those of the address that Slack calls are of another function, and only there if wanted.
    others = {"ActionsUrlPermission", "ActionsInvokePermission", "ActionsApiPermission"}
    assert {"AlarmsPermission", *others} == set(permissions)
    assert {"<ActionsFunction.Ref>"} == {resolve()[name]["FunctionName"] for name in others}
    assert {
        "Action": "lambda:InvokeFunction",
        "FunctionName": "<AlarmsAlias.Ref>",
        "Principal": "sns.amazonaws.com",
        "SourceArn": "<AlarmTopic.Ref>",
    } == resolve()["AlarmsPermission"]


def _documents(resources: dict[str, Any], queue: str) -> list[dict[str, Any]]:
    """Return the policies of *queue*."""
    return [
        properties["PolicyDocument"]
        for properties in resources.values()
        if properties.get("Queues") == [f"<{queue}.Ref>"]
    ]
