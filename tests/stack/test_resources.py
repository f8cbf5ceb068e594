"""Queues, tables, logs, the function and its alarms are as safe and as cheap as promised."""

import importlib
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import boto3
import pytest

from finding_router import telemetry
from finding_router.delivery.alarms import TOLD_SECONDS
from finding_router.delivery.limits.backoff import (
    FIRST_SECONDS,
    JITTER,
    LONGEST_SECONDS,
    backoff_seconds,
)
from finding_router.edits.words import TOLD_SECONDS as EDITS_TOLD_SECONDS
from finding_router.handler import is_wake
from finding_router.settings import Settings
from policies import Resolve

KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd"
DAY_SECONDS = 24 * 60 * 60
FOURTEEN_DAYS = 14 * DAY_SECONDS
QUEUES = ["FindingsQueue", "BacklogQueue", "ActionsQueue", "DeadLetters", "UndeliveredEvents"]
TABLES = ["RoutingTable", "Ledger"]
# A message that comes back after so long is taken, and fails, so much later at most.
LATE_SECONDS = 90
METRICS = {
    value
    for name, value in vars(telemetry).items()
    if name.isupper() and isinstance(value, str) and name not in {"NAMESPACE", "SERVICE"}
}


def of_type(template: dict[str, Any], type_: str) -> dict[str, Any]:
    """Return the resources of a type by logical id."""
    return {name: each for name, each in template["Resources"].items() if each["Type"] == type_}


class TestQueues:
    """All queues."""

    def test_there_are_no_others(self, template: dict[str, Any]) -> None:
        """The tests of queues here cover all queues."""
        assert set(QUEUES) == set(of_type(template, "AWS::SQS::Queue"))

    @pytest.mark.parametrize("queue", QUEUES)
    def test_is_encrypted_free_of_charge(self, queue: str, resolve: Resolve) -> None:
        """SQS encrypts with its own key."""
        assert True is resolve()[queue]["SqsManagedSseEnabled"]
        assert "KmsMasterKeyId" not in resolve()[queue]

    @pytest.mark.parametrize("queue", QUEUES)
    def test_is_encrypted_with_the_customers_key(self, queue: str, resolve: Resolve) -> None:
        """The key replaces SQS's own: SQS does not take both."""
        properties = resolve(KmsKeyArn=KEY)[queue]

        assert KEY == properties["KmsMasterKeyId"]
        assert "SqsManagedSseEnabled" not in properties

    @pytest.mark.parametrize("queue", QUEUES)
    def test_keeps_messages_for_fourteen_days(self, queue: str, resolve: Resolve) -> None:
        """As long as SQS can."""
        assert FOURTEEN_DAYS == resolve()[queue]["MessageRetentionPeriod"]

    def test_message_stays_hidden_for_six_timeouts(self, resolve: Resolve) -> None:
        """Lambda may try a batch again while the function is throttled, before SQS shows it."""
        resources = resolve()

        assert (
            6 * resources["RouterFunction"]["Timeout"]
            <= resources["FindingsQueue"]["VisibilityTimeout"]
        )

    def test_findings_are_tried_for_days(self, resolve: Resolve) -> None:
        """An outage over a long weekend mends itself, and a week is left to look at the rest."""
        assert {
            "deadLetterTargetArn": "<DeadLetters.Arn>",
            "maxReceiveCount": 500,
        } == resolve()["FindingsQueue"]["RedrivePolicy"]

    def test_documents_say_for_how_long(self, resolve: Resolve, project: Path) -> None:
        """Each receipt is followed by a back-off, or by the visibility timeout if none is set."""
        queue = resolve()["FindingsQueue"]
        tries = queue["RedrivePolicy"]["maxReceiveCount"]
        longest = sum(min(FIRST_SECONDS * 2.0**number, LONGEST_SECONDS) for number in range(tries))
        days = f"{longest * (1 - JITTER) / DAY_SECONDS:.1f} and {longest / DAY_SECONDS:.1f} days"
        hours = f"{tries * queue['VisibilityTimeout'] / 3600:.0f} hours"

        assert ("3.9 and 5.2 days", "75 hours") == (days, hours)
        for page in ("README.md", "docs/operations.md", "template.yaml"):
            text = " ".join((project / page).read_text("utf-8").replace("# ", "").split())
            assert days in text, page
            assert hours in text, page
            assert "about five days" not in text, page


class TestTables:
    """The two tables."""

    def test_there_are_no_others(self, template: dict[str, Any]) -> None:
        """The tests of tables here cover all tables."""
        assert set(TABLES) == set(of_type(template, "AWS::DynamoDB::Table"))

    @pytest.mark.parametrize("table", TABLES)
    def test_costs_nothing_at_rest(self, table: str, resolve: Resolve) -> None:
        """Requests are paid for, and the key is DynamoDB's own (no specification means that)."""
        assert "PAY_PER_REQUEST" == resolve()[table]["BillingMode"]
        assert "SSESpecification" not in resolve()[table]

    @pytest.mark.parametrize("table", TABLES)
    def test_is_encrypted_with_the_customers_key(self, table: str, resolve: Resolve) -> None:
        """The option covers the tables."""
        assert {
            "SSEEnabled": True,
            "SSEType": "KMS",
            "KMSMasterKeyId": KEY,
        } == resolve(KmsKeyArn=KEY)[table]["SSESpecification"]

    def test_routes_survive_everything(self, template: dict[str, Any]) -> None:
        """People wrote them: no update, deletion or slip of the hand takes them away."""
        table = template["Resources"]["RoutingTable"]

        assert "Retain" == table["DeletionPolicy"]
        assert "Retain" == table["UpdateReplacePolicy"]
        assert True is table["Properties"]["DeletionProtectionEnabled"]
        assert {"PointInTimeRecoveryEnabled": True} == table["Properties"][
            "PointInTimeRecoverySpecification"
        ]

    def test_what_waits_survives_the_stack(self, template: dict[str, Any]) -> None:
        """The Ledger is its only home."""
        table = template["Resources"]["Ledger"]

        assert ("Retain", "Retain") == (table["DeletionPolicy"], table["UpdateReplacePolicy"])

    @pytest.mark.parametrize(
        ("values", "enabled"), [({}, True), ({"LedgerRecovery": "false"}, False)]
    )
    def test_ledger_can_be_restored_unless_unwanted(
        self, *, values: dict[str, str], enabled: bool, resolve: Resolve
    ) -> None:
        """It costs cents."""
        assert {"PointInTimeRecoveryEnabled": enabled} == resolve(**values)["Ledger"][
            "PointInTimeRecoverySpecification"
        ]

    def test_ledger_forgets(self, resolve: Resolve) -> None:
        """Items go when their time is over."""
        assert {"AttributeName": "expires_at", "Enabled": True} == resolve()["Ledger"][
            "TimeToLiveSpecification"
        ]


class TestFunction:
    """The function and its log."""

    @pytest.mark.parametrize("source", ["RouterFunctionFindings", "RouterFunctionBacklog"])
    def test_takes_batches_and_returns_single_records(self, source: str, resolve: Resolve) -> None:
        """A bad record does not take its batch along; each queue has workers of its own."""
        mapping = resolve()[source]

        assert ["ReportBatchItemFailures"] == mapping["FunctionResponseTypes"]
        assert 500 == mapping["BatchSize"]
        assert 5 == mapping["MaximumBatchingWindowInSeconds"]
        assert {"MaximumConcurrency": 2} == mapping["ScalingConfig"]

    @pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
    def test_runs_on_the_processor_of_its_layer(self, architecture: str, resolve: Resolve) -> None:
        """Function and layer follow one parameter."""
        resources = resolve(Architecture=architecture)
        [layer] = [name for name in resources if name.startswith("DependenciesLayer")]

        assert [architecture] == resources["RouterFunction"]["Architectures"]
        assert [architecture] == resources[layer]["CompatibleArchitectures"]

    def test_runs_on_arm_by_default(self, resolve: Resolve) -> None:
        """A fifth cheaper."""
        assert ["arm64"] == resolve()["RouterFunction"]["Architectures"]
        assert "python3.13" == resolve()["RouterFunction"]["Runtime"]

    def test_environment_is_what_settings_read(self, resolve: Resolve) -> None:
        """Each variable has a reader, and settings without a variable have a default."""
        names = set(resolve()["RouterFunction"]["Environment"]["Variables"])
        fields = {name.upper() for name in Settings._fields}
        required = fields - {name.upper() for name in Settings._field_defaults}

        assert required <= names
        assert {"AWS_ENDPOINT_URL", "LOG_LEVEL", "POWERTOOLS_TRACE_DISABLED"} == names - fields
        # Lambda itself sets the Region, buttons have to be wanted, and two are their worker's.
        of_buttons = {"ACTIONS", "ACTIONS_QUEUE_URL", "STACK_NAME"}
        assert {*of_buttons, "AWS_REGION", "LEDGER_DAYS", "SETTLE_MINUTES"} == fields - names

    def test_aws_is_aws_unless_told_otherwise(
        self, resolve: Resolve, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The variable that `sam local invoke` may set changes nothing in a deployed function."""
        value = resolve()["RouterFunction"]["Environment"]["Variables"]["AWS_ENDPOINT_URL"]
        monkeypatch.setenv("AWS_ENDPOINT_URL", value)

        client = boto3.client("sqs", "eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")

        assert "https://sqs.eu-west-1.amazonaws.com" == client.meta.endpoint_url

    def test_environment_is_valid(self, resolve: Resolve) -> None:
        """The router reads the variables that the template writes."""
        variables = resolve()["RouterFunction"]["Environment"]["Variables"]

        settings = Settings.from_environment({name: str(each) for name, each in variables.items()})

        assert "#security" == settings.default_channel
        assert settings.ops_channel is None
        assert not settings.allow_suppress

    @pytest.mark.parametrize(
        ("parameter", "value", "setting", "expected"),
        [
            ("TrackLifecycle", "false", "track_lifecycle", False),
            ("BurstThreshold", "12", "burst_threshold", 12),
            ("BurstQuietMinutes", "30", "burst_quiet_minutes", 30.0),
            ("BurstCriticalCards", "0", "burst_critical_cards", 0),
            ("ShowTags", "squad, Cost Center,", "show_tags", ("squad", "Cost Center")),
            ("ShowTags", "", "show_tags", ()),
            ("OrganizationNames", "true", "organization_names", True),
        ],
    )
    def test_parameter_reaches_its_setting(
        self, parameter: str, value: str, setting: str, expected: object, resolve: Resolve
    ) -> None:
        """By default the setting has its own default, else the value of the parameter."""
        for values, wanted in (
            ({}, Settings._field_defaults[setting]),
            ({parameter: value}, expected),
        ):
            variables = resolve(**values)["RouterFunction"]["Environment"]["Variables"]
            settings = Settings.from_environment(
                {name: str(each) for name, each in variables.items()}
            )

            assert wanted == getattr(settings, setting)

    def test_every_log_group_is_deleted_in_time(
        self, template: dict[str, Any], resolve: Resolve
    ) -> None:
        """The function writes to the one group of the stack, which keeps lines for 90 days."""
        assert ["RouterLogGroup"] == list(of_type(template, "AWS::Logs::LogGroup"))
        assert 90 == resolve()["RouterLogGroup"]["RetentionInDays"]
        assert {
            "LogGroup": "<RouterLogGroup.Ref>",
            "LogFormat": "JSON",
            "ApplicationLogLevel": "INFO",
            "SystemLogLevel": "INFO",
        } == resolve()["RouterFunction"]["LoggingConfig"]

    def test_customers_key_covers_log_environment_and_topic(self, resolve: Resolve) -> None:
        """The option leaves nothing out."""
        resources = resolve(KmsKeyArn=KEY)

        assert KEY == resources["RouterLogGroup"]["KmsKeyId"]
        assert KEY == resources["RouterFunction"]["KmsKeyArn"]
        assert KEY == resources["AlarmTopic"]["KmsMasterKeyId"]

    def test_template_makes_no_key(self, template: dict[str, Any]) -> None:
        """A key costs $1 a month: it is the customer's own or none."""
        assert {} == of_type(template, "AWS::KMS::Key")

    @pytest.mark.parametrize(
        ("tracing", "mode", "disabled"),
        [("false", "PassThrough", "true"), ("true", "Active", "false")],
    )
    def test_tracing_is_off_unless_wanted(
        self, tracing: str, mode: str, disabled: str, resolve: Resolve
    ) -> None:
        """Lambda and Powertools agree about it."""
        function = resolve(EnableTracing=tracing)["RouterFunction"]
        variables = function["Environment"]["Variables"]

        assert {"Mode": mode} == function["TracingConfig"]
        assert disabled == variables["POWERTOOLS_TRACE_DISABLED"]


class TestEdits:
    """The function that answers edits, for who wants it."""

    PARTS = ("EditsFunction", "EditsFunctionStream", "EditsRole")

    def test_can_be_left_out(self, template: dict[str, Any], resolve: Resolve) -> None:
        """With its stream, and with what the router would note for it."""
        off = resolve(AnswerEdits="false")

        assert {"AnswersEdits"} == {
            template["Resources"][name].get("Condition") for name in self.PARTS
        }
        assert {"StreamViewType": "NEW_AND_OLD_IMAGES"} == resolve()["RoutingTable"][
            "StreamSpecification"
        ]
        assert "StreamSpecification" not in off["RoutingTable"]
        for values, answers in (({}, True), ({"AnswerEdits": "false"}, False)):
            variables = resolve(**values)["RouterFunction"]["Environment"]["Variables"]
            settings = Settings.from_environment({name: str(of) for name, of in variables.items()})
            assert answers == settings.answer_edits

    def test_is_the_code_of_the_router(self, resolve: Resolve) -> None:
        """With another entry, and the same layer, processor and log."""
        router, edits = (resolve()[name] for name in ("RouterFunction", "EditsFunction"))

        assert "finding_router.edits.handler.lambda_handler" == edits["Handler"]
        for part in ("Architectures", "Code", "Layers", "LoggingConfig", "Runtime"):
            assert router[part] == edits[part], part
        assert importlib.import_module("finding_router.edits.handler").lambda_handler

    def test_environment_is_the_routers(self, resolve: Resolve) -> None:
        """As far as it reads it; it is not traced."""
        router, edits = (
            resolve()[name]["Environment"]["Variables"]
            for name in ("RouterFunction", "EditsFunction")
        )
        required = {name.upper() for name in Settings._fields} - {
            name.upper() for name in Settings._field_defaults
        }

        assert required <= set(edits)
        assert edits == {name: router[name] for name in edits}
        assert Settings.from_environment({name: str(of) for name, of in edits.items()})

    def test_customers_key_covers_its_environment(self, resolve: Resolve) -> None:
        """The option leaves nothing out."""
        assert KEY == resolve(KmsKeyArn=KEY)["EditsFunction"]["KmsKeyArn"]

    def test_failing_blocks_no_finding_and_rings_at_last(
        self, template: dict[str, Any], resolve: Resolve
    ) -> None:
        """Its stream is its own; what is given up is a message in a queue with an alarm."""
        mapping = resolve()["EditsFunctionStream"]
        sources = {
            each["EventSourceArn"]
            for name, each in resolve().items()
            if name in of_type(template, "AWS::Lambda::EventSourceMapping")
            and each["FunctionName"] != "<EditsFunction.Ref>"
        }

        assert "<RoutingTable.StreamArn>" == mapping["EventSourceArn"]
        assert mapping["EventSourceArn"] not in sources
        assert ["ReportBatchItemFailures"] == mapping["FunctionResponseTypes"]
        assert mapping["BisectBatchOnFunctionError"]
        assert (-1, 6 * 60 * 60) == (
            mapping["MaximumRetryAttempts"],
            mapping["MaximumRecordAgeInSeconds"],
        )
        assert {"OnFailure": {"Destination": "<UndeliveredEvents.Arn>"}} == mapping[
            "DestinationConfig"
        ]

    def test_a_burst_of_edits_is_one_batch(self, resolve: Resolve) -> None:
        """None is missed from the first on."""
        mapping = resolve()["EditsFunctionStream"]

        assert (1000, 5) == (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"])
        assert "TRIM_HORIZON" == mapping["StartingPosition"]

    def test_batch_that_comes_again_is_told_once(self, resolve: Resolve) -> None:
        """For as long as it may come."""
        assert resolve()["EditsFunctionStream"]["MaximumRecordAgeInSeconds"] < EDITS_TOLD_SECONDS


class TestSnapStart:
    """Starts from a snapshot, for who pays for them."""

    PARTS = ("RouterVersion", "RouterAlias", "RouterAliasEventInvokeConfig")
    SOURCES = ("RouterFunctionFindings", "RouterFunctionBacklog")

    def test_is_off_unless_wanted(self, template: dict[str, Any], resolve: Resolve) -> None:
        """Nothing is published, and all calls go to the function itself."""
        resources = resolve()
        conditions = {template["Resources"][name].get("Condition") for name in self.PARTS}

        assert {"WithSnapStart"} == conditions
        assert "SnapStart" not in resources["RouterFunction"]
        assert {"<RouterFunction.Ref>"} == {
            resources[name]["FunctionName"] for name in self.SOURCES
        }

    def test_all_calls_go_to_the_version_of_the_name(self, resolve: Resolve) -> None:
        """The queues, the schedule and its role lead to the alias of what was published."""
        resources = resolve(SnapStart="2026-03-01")
        statement, *_ = resources["WakeRole"]["Policies"][0]["PolicyDocument"]["Statement"]
        invoking = resources["RouterAliasEventInvokeConfig"]

        assert {"ApplyOn": "PublishedVersions"} == resources["RouterFunction"]["SnapStart"]
        assert "2026-03-01" == resources["RouterVersion"]["Description"]
        assert "<RouterVersion.Version>" == resources["RouterAlias"]["FunctionVersion"]
        assert {"<RouterAlias.Ref>"} == {
            *(resources[name]["FunctionName"] for name in self.SOURCES),
            resources["WakeSchedule"]["Target"]["Arn"],
            statement["Resource"],
        }
        assert (resources["RouterAlias"]["Name"], 60, 0) == (
            invoking["Qualifier"],
            invoking["MaximumEventAgeInSeconds"],
            invoking["MaximumRetryAttempts"],
        )

    def test_description_names_the_price(self, template: dict[str, Any]) -> None:
        """Who switches it on knows what it costs, and what to do at the next deployment."""
        description = template["Parameters"]["SnapStart"]["Description"]

        assert "$2 a month" in description
        assert "another name with each deployment" in description


class TestWaking:
    """The schedule that releases held findings."""

    def test_calls_the_function_every_minute(
        self, template: dict[str, Any], resolve: Resolve
    ) -> None:
        """It is the router's only schedule, and its event is one that the handler takes."""
        schedule = resolve()["WakeSchedule"]
        target = schedule["Target"]

        schedules = of_type(template, "AWS::Scheduler::Schedule")
        assert ["WakeSchedule"] == [
            name for name, each in schedules.items() if "Condition" not in each
        ]
        assert "rate(1 minute)" == schedule["ScheduleExpression"]
        assert {"Mode": "OFF"} == schedule["FlexibleTimeWindow"]
        assert ("<RouterFunction.Arn>", "<WakeRole.Arn>") == (target["Arn"], target["RoleArn"])
        assert is_wake(json.loads(target["Input"]))

    def test_calls_as_seldom_as_wanted(self, resolve: Resolve) -> None:
        """More than one minute are minutes, as Scheduler requires."""
        assert "rate(5 minutes)" == resolve(WakeMinutes="5")["WakeSchedule"]["ScheduleExpression"]

    def test_call_that_fails_is_not_repeated_behind_the_next(self, resolve: Resolve) -> None:
        """Neither by Scheduler nor by Lambda: held findings stay in the Ledger until posted."""
        resources = resolve()
        invoking = resources["RouterFunctionEventInvokeConfig"]

        assert {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 1} == resources[
            "WakeSchedule"
        ]["Target"]["RetryPolicy"]
        assert (60, 0) == (invoking["MaximumEventAgeInSeconds"], invoking["MaximumRetryAttempts"])


def _metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the metrics that an alarm watches: its own, or those of its expression."""
    if "Metrics" not in alarm:
        return [alarm]
    return [each["MetricStat"]["Metric"] for each in alarm["Metrics"] if "MetricStat" in each]


class TestAlarms:
    """Alarms, metrics and the dashboard."""

    @pytest.fixture
    def alarms(self, template: dict[str, Any], resolve: Resolve) -> dict[str, Any]:
        """Return the alarms' properties by logical id."""
        return {name: resolve()[name] for name in of_type(template, "AWS::CloudWatch::Alarm")}

    def test_say_what_to_look_at(self, alarms: dict[str, Any]) -> None:
        """Each kind of trouble has its alarm, and its measure."""
        watched = {
            name: tuple(
                part
                for metric in _metrics(alarm)
                for part in (
                    metric["MetricName"],
                    *(each["Value"] for each in metric["Dimensions"]),
                )
            )
            for name, alarm in alarms.items()
        }

        assert {
            "RouterDeadLettersAlarm": (
                "ApproximateNumberOfMessagesVisible",
                "<DeadLetters.QueueName>",
            ),
            "RouterUndeliveredEventsAlarm": (
                "ApproximateNumberOfMessagesVisible",
                "<UndeliveredEvents.QueueName>",
            ),
            "RouterLostEventsAlarm": ("InvocationsFailedToBeSentToDlq", "<FindingsRule.Ref>"),
            "RouterBacklogAlarm": (
                "ApproximateAgeOfOldestMessage",
                "<FindingsQueue.QueueName>",
                "ApproximateAgeOfOldestMessage",
                "<BacklogQueue.QueueName>",
            ),
            "RouterFailingAlarm": (telemetry.FINDINGS_FAILED, telemetry.SERVICE),
            "RouterErrorsAlarm": ("Errors", "<RouterFunction.Ref>"),
            "RouterCredentialAlarm": (telemetry.CREDENTIAL_FAILURES, telemetry.SERVICE),
            "RouterInvalidRoutesAlarm": (telemetry.INVALID_ROUTES, telemetry.SERVICE),
            "RouterWakeUpsAlarm": (telemetry.FINDINGS_FAILED, telemetry.SERVICE),
            "RouterRefusedEventsAlarm": (telemetry.EVENTS_REFUSED, telemetry.SERVICE),
        } == watched

    def test_backlog_rings_for_either_queue(self, alarms: dict[str, Any]) -> None:
        """The backlog may take four times as long; a queue without a metric counts as empty."""
        alarm = alarms["RouterBacklogAlarm"]
        ages = [each for each in alarm["Metrics"] if "MetricStat" in each]
        [shown] = [each for each in alarm["Metrics"] if "Expression" in each]

        assert "MAX([FILL(findings, 0), FILL(backlog, 0) / 4])" == shown["Expression"]
        assert {"findings", "backlog"} == {each["Id"] for each in ages}
        assert {("Maximum", 300)} == {
            (each["MetricStat"]["Stat"], each["MetricStat"]["Period"]) for each in ages
        }
        assert [False, False] == [each["ReturnData"] for each in ages]
        assert "ReturnData" not in shown

    def test_stay_within_the_free_ten(self, alarms: dict[str, Any]) -> None:
        """CloudWatch's free tier has ten alarms."""
        assert len(alarms) <= 10

    def test_tell_the_topic_and_say_what_to_do(self, alarms: dict[str, Any]) -> None:
        """Both that trouble begins and that it ends."""
        for name, alarm in alarms.items():
            missing = "breaching" if name == "RouterWakeUpsAlarm" else "notBreaching"
            assert ["<AlarmTopic.Ref>"] == alarm["AlarmActions"] == alarm["OKActions"]
            assert alarm["AlarmName"].startswith("router-")
            assert alarm["AlarmDescription"].endswith(".")
            assert missing == alarm["TreatMissingData"]

    def test_what_fails_has_an_alarm_beside_the_backlog(self, alarms: dict[str, Any]) -> None:
        """SQS leaves messages received three times out of the oldest age, long before it rings."""
        third_try = backoff_seconds(1) + backoff_seconds(2)

        assert third_try < alarms["RouterBacklogAlarm"]["Threshold"]
        assert "RouterFailingAlarm" in alarms

    def test_one_finding_that_fails_rings(self, alarms: dict[str, Any]) -> None:
        """However its tries lie to the periods: each is in another, and enough are in sight."""
        alarm = alarms["RouterFailingAlarm"]
        seen_seconds = alarm["Period"] * alarm["EvaluationPeriods"]

        assert alarm["Period"] < LONGEST_SECONDS
        assert alarm["DatapointsToAlarm"] <= seen_seconds // (LONGEST_SECONDS + LATE_SECONDS)

    @pytest.mark.parametrize(
        ("batches", "wakes", "rings"),
        [
            ([], [], True),
            ([1.0, 1.0], [], True),
            ([], [0.0], False),
            ([1.0], [0.0], False),
            ([1.0], [0.0, 1.0], False),
        ],
        ids=["nothing", "failures", "wake-up", "both", "wake-up that fails to say something"],
    )
    def test_wake_ups_that_stop_ring(
        self, *, batches: list[float], wakes: list[float], rings: bool, alarms: dict[str, Any]
    ) -> None:
        """Whatever the batches of the period count."""
        alarm = alarms["RouterWakeUpsAlarm"]
        assert ("Minimum", "GreaterThanThreshold", 0) == (
            alarm["Statistic"],
            alarm["ComparisonOperator"],
            alarm["Threshold"],
        )
        counts = [*batches, *wakes]

        assert rings == (min(counts) > alarm["Threshold"] if counts else True)

    def test_the_rarest_wake_ups_do_not_ring(
        self, alarms: dict[str, Any], template: dict[str, Any]
    ) -> None:
        """One of the periods in sight has one, and one is enough."""
        alarm = alarms["RouterWakeUpsAlarm"]
        rarest_seconds = template["Parameters"]["WakeMinutes"]["MaxValue"] * 60

        assert alarm["DatapointsToAlarm"] == alarm["EvaluationPeriods"]
        assert rarest_seconds < alarm["Period"] * alarm["EvaluationPeriods"]

    def test_the_schedule_has_dead_letters_that_ring(
        self, alarms: dict[str, Any], resolve: Resolve
    ) -> None:
        """They are in the queue of everything that did not arrive."""
        target = resolve()["WakeSchedule"]["Target"]

        assert {"Arn": "<UndeliveredEvents.Arn>"} == target["DeadLetterConfig"]
        assert "schedule" in alarms["RouterUndeliveredEventsAlarm"]["AlarmDescription"]

    def test_a_short_flood_does_not_ring(self, alarms: dict[str, Any]) -> None:
        """One that went at Slack's pace for ten minutes is in two periods at most."""
        alarm = alarms["RouterFailingAlarm"]

        assert alarm["Period"] * (alarm["DatapointsToAlarm"] - 2) >= 600

    def test_custom_metrics_stay_within_the_free_ten(self) -> None:
        """Each further one costs $0.30 a month."""
        assert len(METRICS) <= 10

    def test_template_names_only_metrics_that_the_router_writes(
        self, alarms: dict[str, Any], resolve: Resolve
    ) -> None:
        """A misspelt metric would be an alarm that never rings; none is left out of sight."""
        own = {
            metric["MetricName"]
            for alarm in alarms.values()
            for metric in _metrics(alarm)
            if metric["Namespace"] == telemetry.NAMESPACE
        }
        dashboard = json.loads(resolve()["Dashboard"]["DashboardBody"])
        namespace = ""
        for widget in dashboard["widgets"]:
            for metric in widget["properties"].get("metrics", []):
                namespace = namespace if metric[0] in {".", "..."} else metric[0]
                if namespace == telemetry.NAMESPACE:
                    own.add(metric[1])

        assert METRICS == own

    def test_dashboard_shows_every_alarm(self, alarms: dict[str, Any], resolve: Resolve) -> None:
        """Its first row is their state."""
        dashboard = json.loads(resolve()["Dashboard"]["DashboardBody"])

        assert [f"<{name}.Arn>" for name in alarms] == dashboard["widgets"][0]["properties"][
            "alarms"
        ]

    def test_ops_channel_is_subscribed_whatever_the_parameters(
        self, template: dict[str, Any], resolve: Resolve
    ) -> None:
        """The topic calls the function, by a name with retries of its own, and not the queue."""
        resources = resolve()

        assert "Condition" not in template["Resources"]["AlarmSubscription"]
        assert {
            "TopicArn": "<AlarmTopic.Ref>",
            "Protocol": "lambda",
            "Endpoint": "<AlarmsAlias.Ref>",
        } == resources["AlarmSubscription"]
        assert ("<RouterFunction.Ref>", "$LATEST") == (
            resources["AlarmsAlias"]["FunctionName"],
            resources["AlarmsAlias"]["FunctionVersion"],
        )

    def test_alarm_that_cannot_be_told_is_tried_again_and_kept(
        self, template: dict[str, Any], resolve: Resolve
    ) -> None:
        """At last as a dead letter, which rings."""
        invoking = resolve()["AlarmsInvokeConfig"]

        assert "AlarmsAlias" == template["Resources"]["AlarmsInvokeConfig"]["DependsOn"]
        assert (resolve()["AlarmsAlias"]["Name"], 2, 21600) == (
            invoking["Qualifier"],
            invoking["MaximumRetryAttempts"],
            invoking["MaximumEventAgeInSeconds"],
        )
        assert {"OnFailure": {"Destination": "<UndeliveredEvents.Arn>"}} == invoking[
            "DestinationConfig"
        ]

    def test_told_alarm_is_remembered_for_longer_than_a_dead_letter(self, resolve: Resolve) -> None:
        """One that is moved back late is told once all the same."""
        assert TOLD_SECONDS > resolve()["UndeliveredEvents"]["MessageRetentionPeriod"]

    def test_email_is_subscribed_where_one_is_given(self, template: dict[str, Any]) -> None:
        """Without an address nothing is subscribed."""
        subscription = template["Resources"]["AlarmEmailSubscription"]

        assert "WithAlarmEmail" == subscription["Condition"]
        assert {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmEmail"}, ""]}]} == template["Conditions"][
            "WithAlarmEmail"
        ]


def test_the_stack_tells_the_version_of_the_project(template: dict[str, Any]) -> None:
    """It is raised in both places, or doctor would find another version."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))

    assert project["project"]["version"] == template["Outputs"]["Version"]["Value"]


def test_commands_of_the_outputs_name_what_exists(template: dict[str, Any]) -> None:
    """Every resource that an output names exists, and every output has a description."""
    for output in template["Outputs"].values():
        names = re.findall(r"\$\{(\w+)(?:\.\w+)?\}", json.dumps(output["Value"]))
        known = {*template["Resources"], *template["Parameters"], "Domain"}

        assert set(names) <= known
        assert output["Description"].endswith(".")
