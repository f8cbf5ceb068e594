"""What the stack has besides when people may act from messages, and that it has none else."""

import importlib
import json
from itertools import product
from pathlib import Path
from typing import Any

import boto3
import pytest
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from finding_router.handler import read_call
from finding_router.settings import EndpointSettings, Settings
from finding_router_local.template import read_template
from policies import (
    ASFF,
    DECRYPT_STORED,
    DENIED_PATHS,
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
    TOKEN,
    UPDATE,
    WRITE_OWN_LOG,
    Resolve,
    allowed_to,
    updatable_members,
)

SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:slack-signing-AbCdEf"
CONNECTOR = "arn:aws:securityhub:eu-west-1:123456789012:connectorv2/1-2"
STATUSES = ["NEW", "NOTIFIED", "RESOLVED", "SUPPRESSED"]
ON = {"SlackSigningSecretArn": SECRET}
ENDPOINT = {
    "WriteOwnLog": WRITE_OWN_LOG,
    "QueuePresses": {"Action": "sqs:SendMessage", "Resource": "<ActionsQueue.Arn>"},
    "RememberPresses": {
        "Action": ["dynamodb:BatchGetItem", "dynamodb:PutItem"],
        "Resource": "<Ledger.Arn>",
        "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["press#*"]}},
    },
    "ReadSecretsOfSlack": {
        "Action": ["secretsmanager:GetSecretValue", "ssm:GetParameter"],
        "Resource": [SECRET, TOKEN],
    },
}
WORKER = {
    "WriteOwnLog": WRITE_OWN_LOG,
    "TakePresses": {
        "Action": [
            "sqs:ChangeMessageVisibility",
            "sqs:DeleteMessage",
            "sqs:GetQueueAttributes",
            "sqs:ReceiveMessage",
            "sqs:SendMessage",
        ],
        "Resource": "<ActionsQueue.Arn>",
    },
    "ReadRoutes": READ_ROUTES,
    "WriteSilencesAndRoutes": {
        "Action": "dynamodb:PutItem",
        "Resource": "<RoutingTable.Arn>",
        "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["silence", "route"]}},
    },
    "KeepLedger": KEEP_LEDGER,
    "ReadSlackToken": READ_SLACK_TOKEN,
    "ReadFindings": READ_FINDINGS,
    "UpdateFindings": {
        "Action": UPDATE,
        "Resource": HUB,
        "Condition": {"ForAnyValue:StringEquals": {ASFF + "Workflow.Status": STATUSES}},
    },
    "UpdateFindingsV2": {"Action": UPDATE, "Resource": HUB_V2},
}
DECRYPT = {
    "Action": "kms:Decrypt",
    "Resource": KEY,
    "Condition": {
        "StringEquals": {
            "kms:ViaService": [
                "secretsmanager.eu-west-1.amazonaws.com",
                "ssm.eu-west-1.amazonaws.com",
            ]
        }
    },
}
# The statements that a key of the customer's own adds to both roles.
OWN_KEY = {
    "DecryptWhatIsStored": DECRYPT_STORED,
    "EncryptPresses": ENCRYPT_MESSAGES,
    "EncryptTables": ENCRYPT_TABLES,
}


def allowed(role: str, resolve: Resolve, **values: str) -> dict[str, Any]:
    """Return the statements of *role* by their Sid, with buttons."""
    return allowed_to(role, resolve, **ON, **values)


def conditions(template: dict[str, Any], *names: str) -> dict[str, list[str]]:
    """Return the logical ids of the resources that have one of these conditions, by condition."""
    return {
        name: [each for each, of in template["Resources"].items() if of.get("Condition") == name]
        for name in names
    }


class TestSwitch:
    """One parameter switches all of it on."""

    def test_everything_of_it_is_conditional(self, template: dict[str, Any]) -> None:
        """By what its name begins with, so that nothing is left out."""
        assert {
            "WithActions": [
                "ActionsQueue",
                "ActionsQueuePolicy",
                "ActionsFunction",
                "ActionsRole",
                "ActionsWorker",
                "ActionsWorkerPresses",
                "ActionsSchedule",
                "ActionsScheduleRole",
                "ActionsWorkerRole",
                "ActionsDenyPolicy",
            ],
            "ActionsByFunctionUrl": [
                "ActionsFunctionUrl",
                "ActionsUrlPermission",
                "ActionsInvokePermission",
            ],
            "ActionsByHttpApi": [
                "ActionsApi",
                "ActionsApiIntegration",
                "ActionsApiRoute",
                "ActionsApiStage",
                "ActionsApiPermission",
            ],
        } == conditions(template, "WithActions", "ActionsByFunctionUrl", "ActionsByHttpApi")
        assert "WithActions" == template["Outputs"]["ActionsUrl"]["Condition"]

    def test_off_leaves_the_rest_as_it_was(self, resolve: Resolve) -> None:
        """No resource without the condition knows of it, and with it only three differ."""
        off, on = resolve(), resolve(**ON, TicketTokenArns=CONNECTOR)
        others = [name for name in off if not name.startswith("Actions")]
        text = json.dumps([off[name] for name in others])

        for word in ("<Actions", "ACTIONS", "presses"):
            assert word not in text
        assert {"RouterFunction", "EditsFunction", "RouterDeadLettersAlarm"} == {
            name for name in others if off[name] != on[name]
        }

    def test_router_and_edits_know_of_it(self, resolve: Resolve) -> None:
        """Cards have buttons, then."""
        for values, expected in (({}, False), (ON, True)):
            for function in ("RouterFunction", "EditsFunction"):
                variables = resolve(**values)[function]["Environment"]["Variables"]
                settings = Settings.from_environment(
                    {name: str(each) for name, each in variables.items()}
                )
                assert expected == settings.actions

    @pytest.mark.parametrize(
        ("parameter", "good", "bad"),
        [
            ("SlackSigningSecretArn", PARAMETER, "8f742231b10e8888abcd99yyyzzz85a5"),
            ("SlackTeamId", "T0123456789", "example.slack.com"),
            ("SlackTeamId", "E0123456789", "C0123456789"),
            ("SlackAppId", "A0123456789", "T0123456789"),
            ("TicketTokenArns", CONNECTOR, "*"),
            ("TicketTokenArns", KEY, "arn:aws:s3:::bucket"),
            ("TicketTokenArns", f"{SECRET}, {PARAMETER}", f"{SECRET},ghp_token"),
        ],
    )
    def test_value_is_checked(self, parameter: str, good: str, bad: str, resolve: Resolve) -> None:
        """Before anything is deployed."""
        assert resolve(**{parameter: good})
        with pytest.raises(ValueError, match=parameter):
            resolve(**{parameter: bad})


class TestEndpoint:
    """The function that Slack calls."""

    def test_is_the_code_of_the_router(self, resolve: Resolve) -> None:
        """With another entry, more processor, and few at once."""
        router, function = (resolve(**ON)[name] for name in ("RouterFunction", "ActionsFunction"))

        assert "finding_router.actions.handler.lambda_handler" == function["Handler"]
        for part in ("Architectures", "Code", "Layers", "Runtime"):
            assert router[part] == function[part], part
        assert importlib.import_module("finding_router.actions.handler").lambda_handler
        assert (1024, 10, 10) == (
            function["MemorySize"],
            function["Timeout"],
            function["ReservedConcurrentExecutions"],
        )
        # Lambda's own lines would be a log of strangers' requests.
        assert {**router["LoggingConfig"], "SystemLogLevel": "WARN"} == function["LoggingConfig"]

    def test_environment_is_what_its_settings_read(self, resolve: Resolve) -> None:
        """Each variable has a reader, and each setting a variable."""
        variables = resolve(**ON, SlackTeamId="T0123456789")["ActionsFunction"]["Environment"][
            "Variables"
        ]
        settings = EndpointSettings.from_environment(variables)

        assert {name.upper() for name in EndpointSettings._fields} == set(variables) - {
            "AWS_ENDPOINT_URL",
            "LOG_LEVEL",
            "POWERTOOLS_TRACE_DISABLED",
        }
        assert (SECRET, "T0123456789", None) == (
            settings.slack_signing_secret_arn,
            settings.slack_team_id,
            settings.slack_app_id,
        )

    def test_function_url_is_sams(self, resolve: Resolve) -> None:
        """The address and both permissions are those that FunctionUrlConfig makes."""
        function = {
            "CodeUri": "s3://bucket/key",
            "Handler": "handler",
            "Runtime": "python3.13",
            "Role": "arn:aws:iam::123456789012:role/role",
            "FunctionUrlConfig": {"AuthType": "NONE", "InvokeMode": "BUFFERED"},
        }
        serverless = {
            "Transform": "AWS::Serverless-2016-10-31",
            "Resources": {
                "ActionsFunction": {"Type": "AWS::Serverless::Function", "Properties": function}
            },
        }
        session = boto3.Session(region_name="eu-west-1")
        made = Translator({}, Parser(), boto_session=session).translate(
            serverless, {}, get_managed_policy_map=dict
        )["Resources"]
        del made["ActionsFunction"]
        own = [
            resolve(**ON)[name]
            for name in ("ActionsFunctionUrl", "ActionsUrlPermission", "ActionsInvokePermission")
        ]
        reference = json.dumps({"Ref": "ActionsFunction"})

        assert [each["Properties"] for each in made.values()] == [
            json.loads(json.dumps(each).replace('"<ActionsFunction.Ref>"', reference))
            for each in own
        ]

    def test_http_api_has_one_route_that_is_throttled(self, resolve: Resolve) -> None:
        """For organisations that forbid public function URLs; the handler is the same."""
        resources = resolve(**ON, ActionsEndpoint="http-api")

        assert "HTTP" == resources["ActionsApi"]["ProtocolType"]
        assert {
            "ApiId": "<ActionsApi.Ref>",
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": "<ActionsFunction.Arn>",
            "PayloadFormatVersion": "2.0",
        } == resources["ActionsApiIntegration"]
        assert {
            "ApiId": "<ActionsApi.Ref>",
            "RouteKey": "POST /",
            "Target": "integrations/<ActionsApiIntegration.Ref>",
        } == resources["ActionsApiRoute"]
        assert {
            "ApiId": "<ActionsApi.Ref>",
            "StageName": "$default",
            "AutoDeploy": True,
            "DefaultRouteSettings": {"ThrottlingBurstLimit": 20, "ThrottlingRateLimit": 10},
        } == resources["ActionsApiStage"]
        assert {
            "Action": "lambda:InvokeFunction",
            "FunctionName": "<ActionsFunction.Ref>",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": "arn:aws:execute-api:eu-west-1:123456789012:<ActionsApi.Ref>/*/POST/",
        } == resources["ActionsApiPermission"]

    @pytest.mark.parametrize(
        ("values", "made"),
        [
            (ON, "ActionsFunctionUrl"),
            ({**ON, "ActionsEndpoint": "http-api"}, "ActionsApi"),
            ({}, None),
            ({"ActionsEndpoint": "http-api"}, None),
        ],
    )
    def test_address_is_one_or_none(
        self, values: dict[str, str], made: str | None, project: Path
    ) -> None:
        """The other one is not there."""
        given = {"SlackTokenArn": TOKEN, "DefaultChannel": "#security", **values}
        whole = read_template(project / "template.yaml", given, region="eu-west-1")
        pseudo = {"AWS::AccountId": "123456789012", "AWS::Partition": "aws"}
        template = whole.without_unwanted(whole.resolver(lambda *names: ".".join(names), pseudo))

        found = {"ActionsFunctionUrl", "ActionsApi"} & set(template.resources)
        assert ({made} if made else set()) == found
        assert bool(made) == any(name.startswith("Actions") for name in template.resources)

    def test_allows_exactly_this(self, resolve: Resolve) -> None:
        """Nothing of Security Hub, of the routes, or of the findings in the Ledger."""
        assert ENDPOINT == allowed("ActionsRole", resolve)
        [trust] = resolve(**ON)["ActionsRole"]["AssumeRolePolicyDocument"]["Statement"]
        assert {"Service": "lambda.amazonaws.com"} == trust["Principal"]
        assert "ManagedPolicyArns" not in resolve(**ON)["ActionsRole"]


# Options, and what each adds to the endpoint's role and to the worker's.
ADDED: list[tuple[dict[str, str], dict[str, Any], dict[str, Any]]] = [
    (
        {"SlackTokenArn": PARAMETER},
        {
            "ReadSecretsOfSlack": {
                "Action": ["secretsmanager:GetSecretValue", "ssm:GetParameter"],
                "Resource": [SECRET, PARAMETER],
            }
        },
        {"ReadSlackToken": {"Action": "ssm:GetParameter", "Resource": PARAMETER}},
    ),
    (
        {"SlackTokenKeyArn": KEY},
        {"DecryptSecretsOfSlack": DECRYPT},
        {"DecryptTokens": DECRYPT},
    ),
    ({"KmsKeyArn": KEY}, OWN_KEY, OWN_KEY),
    (
        {"TicketTokenArns": f"{SECRET},{CONNECTOR}"},
        {},
        {
            "UseWhatTicketsNeed": {
                "Action": [
                    "kms:Sign",
                    "secretsmanager:GetSecretValue",
                    "securityhub:CreateTicketV2",
                    "ssm:GetParameter",
                ],
                "Resource": [SECRET, CONNECTOR],
            }
        },
    ),
    (
        {"TakeV2": "false"},
        {},
        {"ReadFindings": {"Action": "securityhub:GetFindings", "Resource": [HUB]}},
    ),
    ({"AllowSuppress": "true"}, {}, {}),
    ({"V2Status": "comment"}, {}, {}),
    ({"EnableTracing": "true"}, {}, {}),
    ({"OrganizationNames": "true"}, {}, {}),
    ({"ActionsEndpoint": "http-api"}, {}, {}),
]


@pytest.mark.parametrize("chosen", list(product((False, True), repeat=5)))
def test_options_add_exactly_what_they_need(chosen: tuple[bool, ...], resolve: Resolve) -> None:
    """All combinations of those that add something; one alone changes its own statements."""
    values: dict[str, str] = {}
    endpoint, worker = dict(ENDPOINT), dict(WORKER)
    for is_chosen, (options, of_endpoint, of_worker) in zip(chosen, ADDED, strict=False):
        if is_chosen:
            values |= options
            endpoint |= of_endpoint
            worker |= of_worker
    if values.get("TakeV2") == "false":
        del worker["UpdateFindingsV2"]

    assert endpoint == allowed("ActionsRole", resolve, **values)
    assert worker == allowed("ActionsWorkerRole", resolve, **values)


@pytest.mark.parametrize("options", [each for each, *_ in ADDED[5:]], ids=str)
def test_options_of_the_router_add_nothing(options: dict[str, str], resolve: Resolve) -> None:
    """Neither to the endpoint nor to the worker."""
    assert ENDPOINT == allowed("ActionsRole", resolve, **options)
    assert WORKER == allowed("ActionsWorkerRole", resolve, **options)


class TestWorker:
    """The function that does what presses ask for."""

    def test_is_the_code_of_the_router(self, resolve: Resolve) -> None:
        """With another entry and role, and the router's time."""
        router, worker = (resolve(**ON)[name] for name in ("RouterFunction", "ActionsWorker"))

        assert "finding_router.actions.worker.handler.lambda_handler" == worker["Handler"]
        for part in (
            *("Architectures", "Code", "Layers", "LoggingConfig"),
            *("MemorySize", "Runtime", "Timeout"),
        ):
            assert router[part] == worker[part], part
        assert importlib.import_module("finding_router.actions.worker.handler").lambda_handler
        assert "<ActionsWorkerRole.Arn>" == worker["Role"]

    @pytest.mark.parametrize("values", [{}, {"EnableTracing": "true"}, {"AnswerEdits": "false"}])
    def test_environment_is_the_routers(self, values: dict[str, str], resolve: Resolve) -> None:
        """And its own queue, and the stack's name for commands; it is not traced."""
        router, worker = (
            resolve(**ON, **values)[name]["Environment"]["Variables"]
            for name in ("RouterFunction", "ActionsWorker")
        )

        assert {
            **router,
            "ACTIONS_QUEUE_URL": "<ActionsQueue.Ref>",
            "STACK_NAME": "router",
            "POWERTOOLS_TRACE_DISABLED": "true",
        } == worker

    def test_takes_presses_one_by_one(self, resolve: Resolve) -> None:
        """A press that fails comes again alone, 50 times, and is a dead letter then."""
        resources = resolve(**ON)
        queue, mapping = resources["ActionsQueue"], resources["ActionsWorkerPresses"]

        assert {
            "FunctionName": "<ActionsWorker.Ref>",
            "EventSourceArn": "<ActionsQueue.Arn>",
            "BatchSize": 10,
            "ScalingConfig": {"MaximumConcurrency": 5},
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
        } == mapping
        assert {"deadLetterTargetArn": "<DeadLetters.Arn>", "maxReceiveCount": 50} == queue[
            "RedrivePolicy"
        ]
        assert 6 * resources["ActionsWorker"]["Timeout"] <= queue["VisibilityTimeout"]
        assert "presses" in resources["RouterDeadLettersAlarm"]["AlarmDescription"]

    def test_is_called_every_minute(self, resolve: Resolve) -> None:
        """By a schedule with a role of its own, whose dead letters ring."""
        resources = resolve(**ON)
        schedule, role = resources["ActionsSchedule"], resources["ActionsScheduleRole"]
        target = schedule["Target"]
        wake = resources["WakeRole"]

        assert "rate(1 minute)" == schedule["ScheduleExpression"]
        assert {"source": "finding-router.actions-schedule"} == json.loads(target["Input"])
        assert ("<ActionsWorker.Arn>", "<ActionsScheduleRole.Arn>") == (
            target["Arn"],
            target["RoleArn"],
        )
        assert {"Arn": "<UndeliveredEvents.Arn>"} == target["DeadLetterConfig"]
        assert [] == read_call(target["Input"])
        assert [] == read_call(json.dumps({"requestPayload": json.loads(target["Input"])}))
        [statement] = role["AssumeRolePolicyDocument"]["Statement"]
        [of_wake] = wake["AssumeRolePolicyDocument"]["Statement"]
        assert {**of_wake, "Sid": "TheScheduleCallsTheWorker"} == statement
        [policy] = role["Policies"]
        assert [
            {
                "Sid": "CallTheWorker",
                "Effect": "Allow",
                "Action": "lambda:InvokeFunction",
                "Resource": "<ActionsWorker.Arn>",
            },
            {
                "Sid": "KeepUndeliveredCalls",
                "Effect": "Allow",
                "Action": "sqs:SendMessage",
                "Resource": "<UndeliveredEvents.Arn>",
            },
        ] == policy["PolicyDocument"]["Statement"]
        assert (60, 0) == tuple(
            resources["ActionsWorkerEventInvokeConfig"][name]
            for name in ("MaximumEventAgeInSeconds", "MaximumRetryAttempts")
        )

    def test_schedule_may_use_the_customers_key_for_its_dead_letters(
        self, resolve: Resolve
    ) -> None:
        """As the other schedule."""
        resources = resolve(**ON, KmsKeyArn=KEY)
        ours, wakes = (
            resources[name]["Policies"][0]["PolicyDocument"]["Statement"][-1]
            for name in ("ActionsScheduleRole", "WakeRole")
        )

        assert wakes == ours
        assert KEY == resources["ActionsFunction"]["KmsKeyArn"]
        assert KEY == resources["ActionsWorker"]["KmsKeyArn"]

    @pytest.mark.parametrize("values", [{}, {"AllowSuppress": "true"}, {"V2Status": "comment"}])
    def test_sets_status_and_note_alone(self, values: dict[str, str], resolve: Resolve) -> None:
        """Every other field and status is denied, each by a statement of its own."""
        resources = resolve(**ON, **values)
        denied = resources["ActionsDenyPolicy"]["PolicyDocument"]["Statement"]
        found = [each["Condition"] for each in denied]

        assert ["<ActionsDenyPolicy.Ref>"] == resources["ActionsWorkerRole"]["ManagedPolicyArns"]
        assert {("Deny", UPDATE, "*")} == {
            (each["Effect"], each["Action"], each["Resource"]) for each in denied
        }
        expected = [
            {"ForAnyValue:StringNotEquals": {ASFF + "Workflow.Status": STATUSES}},
            {"ForAnyValue:StringNotEquals": {OCSF + "StatusId": ["1", "2", "3", "4"]}},
            {"Null": {OCSF + "SeverityId": "false"}},
            *({"Null": {ASFF + path: "false"}} for path in DENIED_PATHS),
        ]
        assert sorted(map(str, expected)) == sorted(map(str, found))

    def test_deny_list_knows_every_member_of_the_call(self) -> None:
        """A field that a newer botocore can update must be added to the list by hand."""
        assert {path.partition(".")[0] for path in DENIED_PATHS} == updatable_members() - {
            *("FindingIdentifiers", "Note", "Workflow")
        }
