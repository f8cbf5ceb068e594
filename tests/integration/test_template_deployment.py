"""The local AWS has the resources of template.yaml."""

import json
from pathlib import Path
from typing import Any

import pytest

from finding_router_local import TEMPLATE
from finding_router_local.aws import AwsServer
from finding_router_local.deployment import Deployment, deploy
from finding_router_local.template import TemplateError, read_template

VALUES = {
    "SlackTokenArn": "arn:aws:secretsmanager:us-east-1:123456789012:secret:token-AbCdEf",
    "DefaultChannel": "#security",
}


def read(**values: dict[str, str]) -> Any:
    """Read the project's template."""
    return read_template(TEMPLATE, VALUES | values, region="us-east-1")


class TestParameters:
    """Values are taken as CloudFormation takes them."""

    @pytest.mark.parametrize(
        ("values", "problem"),
        [
            ({"Unknown": "x"}, "Unknown"),
            ({"LogLevel": "LOUD"}, "LogLevel"),
            ({"SlackTokenArn": "xoxb-token"}, "SlackTokenArn"),
        ],
    )
    def test_refuses_what_would_not_deploy(self, values: dict[str, str], problem: str) -> None:
        """The message names the parameter."""
        with pytest.raises(TemplateError, match=problem):
            read(**values)

    def test_asks_for_what_has_no_default(self) -> None:
        """A parameter without a default requires a value."""
        with pytest.raises(TemplateError, match="SlackTokenArn"):
            read_template(TEMPLATE, {"DefaultChannel": "#x"}, region="us-east-1")

    def test_names_a_template_that_is_not_there(self, tmp_path: Path) -> None:
        """The error for a wrong path has the remedy."""
        with pytest.raises(TemplateError, match="--template"):
            read_template(tmp_path / "none.yaml", {}, region="us-east-1")


class TestDeployment:
    """Resources and wiring."""

    @pytest.fixture
    def deployment(self, aws: AwsServer) -> Any:
        """Deploy the project's template."""
        return deploy(read(BatchSize=7, BatchWindowSeconds=2), aws)

    def test_queue_redrives_to_the_dead_letters(
        self, aws: AwsServer, deployment: Deployment
    ) -> None:
        """The queue has the template's redrive policy and visibility timeout."""
        attributes = aws.client("sqs").get_queue_attributes(
            QueueUrl=deployment.queues["FindingsQueue"], AttributeNames=["All"]
        )["Attributes"]
        policy = json.loads(attributes["RedrivePolicy"])

        assert policy["deadLetterTargetArn"].endswith(":finding-router-DeadLetters")
        assert int(attributes["VisibilityTimeout"]) >= 6 * deployment.function.timeout_seconds

    @pytest.mark.parametrize(
        ("table", "keys"),
        [("RoutingTable", ["kind", "name"]), ("Ledger", ["finding", "channel"])],
    )
    def test_tables_have_their_keys(
        self, aws: AwsServer, deployment: Deployment, table: Any, keys: list[str]
    ) -> None:
        """Partition and sort key are the template's."""
        described = aws.client("dynamodb").describe_table(TableName=deployment.tables[table])

        assert keys == [key["AttributeName"] for key in described["Table"]["KeySchema"]]

    def test_ledger_forgets(self, aws: AwsServer, deployment: Deployment) -> None:
        """The Ledger's items have a time to live."""
        described = aws.client("dynamodb").describe_time_to_live(
            TableName=deployment.tables["Ledger"]
        )["TimeToLiveDescription"]

        assert ("ENABLED", "expires_at") == (
            described["TimeToLiveStatus"],
            described["AttributeName"],
        )

    def test_function_gets_the_resolved_environment(self, deployment: Deployment) -> None:
        """Every variable is a string, and names a resource that was made."""
        environment = deployment.function.environment

        assert deployment.tables["RoutingTable"] == environment["ROUTING_TABLE"]
        assert deployment.tables["Ledger"] == environment["LEDGER_TABLE"]
        assert deployment.queues["FindingsQueue"] == environment["FINDINGS_QUEUE_URL"]
        assert VALUES["SlackTokenArn"] == environment["SLACK_TOKEN_ARN"]
        assert all(isinstance(value, str) for value in environment.values())

    def test_event_source_is_the_templates(self, deployment: Deployment) -> None:
        """Batch size and window come from the parameters, the rest from the template."""
        function = deployment.function

        assert "finding_router.handler.lambda_handler" == function.handler
        assert ["FindingsQueue", "BacklogQueue"] == [source.queue for source in function.sources]
        assert {(7, 2.0, True)} == {
            (source.batch_size, source.window_seconds, source.reports_item_failures)
            for source in function.sources
        }

    def test_rule_feeds_the_queue(self, deployment: Deployment) -> None:
        """The one rule sends to the function's queue, and has a queue for failed deliveries."""
        assert deployment.function.sources[0].queue_url == deployment.rule.queue_url
        assert deployment.queues["UndeliveredEvents"] == deployment.rule.undelivered_url
        assert ["aws.securityhub"] == deployment.rule.pattern["source"]

    def test_edits_feed_a_function_of_their_own(self, deployment: Deployment) -> None:
        """The stream of the routing table is all that it takes."""
        edits = deployment.edits

        assert edits is not None
        assert "finding_router.edits.handler.lambda_handler" == edits.handler
        assert () == edits.sources
        assert edits.stream is not None
        assert ("RoutingTable", 1000, 5.0) == (
            edits.stream.table,
            edits.stream.batch_size,
            edits.stream.window_seconds,
        )
        assert deployment.function.stream is None

    def test_nothing_answers_edits_where_nobody_wants_it(self, aws: AwsServer) -> None:
        """Conditions of the template hold here, too."""
        deployment = deploy(read(AnswerEdits="false"), aws)

        assert deployment.edits is None
        assert "false" == deployment.function.environment["ANSWER_EDITS"]

    def test_presses_feed_a_function_of_their_own(self, aws: AwsServer) -> None:
        """Where people may act from messages; else nothing of it is made."""
        secret = VALUES["SlackTokenArn"]
        on = deploy(read(SlackSigningSecretArn=secret), aws)
        aws.reset()
        off = deploy(read(ActionsEndpoint="http-api"), aws)

        assert "ActionsQueue" in on.queues
        assert "true" == on.function.environment["ACTIONS"]
        assert ["FindingsQueue", "BacklogQueue"] == [each.queue for each in on.function.sources]
        assert on.schedule is not None
        assert {"finding-router": "wake"} == on.schedule.event
        assert [] == [name for name in (*off.queues, *off.others) if name.startswith("Actions")]
        assert "ACTIONS" not in off.function.environment
