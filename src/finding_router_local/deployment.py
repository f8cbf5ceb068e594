"""The resources of template.yaml, made in the local AWS."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any, Final

from finding_router_local.aws import AwsServer
from finding_router_local.intrinsics import Resolver
from finding_router_local.template import STACK_NAME, Resource, Template

_QUEUE: Final = "AWS::SQS::Queue"
_TABLE: Final = "AWS::DynamoDB::Table"
_RULE: Final = "AWS::Events::Rule"
_FUNCTION: Final = "AWS::Lambda::Function"
_MAPPING: Final = "AWS::Lambda::EventSourceMapping"
_SCHEDULE: Final = "AWS::Scheduler::Schedule"
# The resources that give a function a public address, with the property that names the function.
_ADDRESSES: Final = {
    "AWS::Lambda::Url": "TargetFunctionArn",
    "AWS::ApiGatewayV2::Integration": "IntegrationUri",
}
_ALARM: Final = "AWS::CloudWatch::Alarm"
_TOPIC: Final = "AWS::SNS::Topic"
_SUBSCRIPTION: Final = "AWS::SNS::Subscription"
_STREAM_ARN: Final = "StreamArn"
_STREAM_LABEL: Final = "2000-01-01T00:00:00.000"
# https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
_RATE: Final = re.compile(r"rate\((?P<count>\d+) (?P<unit>minute|hour|day)s?\)")
_UNIT_SECONDS: Final = {"minute": 60, "hour": 3_600, "day": 86_400}
# Security and billing properties that change nothing on this machine.
_QUEUE_ATTRIBUTES: Final = (
    "DelaySeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "VisibilityTimeout",
)
_TABLE_SETTINGS: Final = (
    "AttributeDefinitions",
    "BillingMode",
    "GlobalSecondaryIndexes",
    "KeySchema",
    "StreamSpecification",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The EventBridge rule: its pattern and its queues."""

    name: str
    physical_name: str
    pattern: Mapping[str, Any]
    queue_url: str
    undelivered_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An event source mapping: the queue that it polls, and how."""

    queue: str
    """Logical id of the queue."""
    queue_url: str
    queue_arn: str
    batch_size: int
    window_seconds: float
    reports_item_failures: bool
    uuid: str = ""
    """Its physical id."""
    concurrency: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSource:
    """An event source mapping of the stream of a table."""

    table: str
    """Logical id of the table."""
    stream_arn: str
    batch_size: int
    window_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A Lambda function and its queues, that of the rule first, as deployed."""

    logical_id: str
    name: str
    arn: str
    handler: str
    timeout_seconds: int
    memory_mb: int
    environment: Mapping[str, str]
    sources: tuple[Source, ...] = ()
    stream: StreamSource | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The schedule that calls the function with *event* every *every_seconds*."""

    event: Any
    every_seconds: float
    name: str
    """Its physical id."""
    expression: str
    target: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """The function that Slack calls, the worker of its queue, and the schedule that calls that."""

    endpoint: Function
    worker: Function
    schedule: Schedule | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic: its ARN, and the protocol and endpoint of each subscription."""

    arn: str
    subscriptions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """
    Everything that was made, by logical id where it is a physical name or URL.

    *others* are the physical ids of resources that are told, and not made; *alarms* are arguments
    of PutMetricAlarm, and *parameters* those of the template.
    """

    rule: Rule
    function: Function
    """The function that the rule's queue feeds."""
    edits: Function | None
    """The function that the stream of a table feeds, if there is one."""
    actions: Actions | None
    """The functions that take the presses of buttons, if the stack has any."""
    schedule: Schedule | None
    queues: Mapping[str, str]
    tables: Mapping[str, str]
    others: Mapping[str, str]
    alarms: tuple[Mapping[str, Any], ...]
    topics: tuple[Topic, ...]
    parameters: Mapping[str, str]


def deploy(template: Template, aws: AwsServer) -> Deployment:
    """Make the queues and tables of *template* in *aws*, and read how they are wired."""
    names = _Names(template, aws)
    resolver = template.resolver(
        names.attribute,
        {
            "AWS::AccountId": aws.account_id,
            "AWS::Partition": "aws",
            "AWS::Region": aws.region,
            "AWS::StackName": STACK_NAME,
            "AWS::URLSuffix": "amazonaws.com",
        },
    )
    template = template.without_unwanted(resolver)
    queues = template.of_type(_QUEUE)
    for queue in _dead_letter_queues_first(names, resolver, queues):
        _create_queue(names, resolver, aws, queue)
    for table in template.of_type(_TABLE):
        _create_table(names, resolver, aws, table)
    rule = _rule(template, resolver, names)
    functions = [
        _function(each, rule, template, resolver, names) for each in template.of_type(_FUNCTION)
    ]
    fed = {each.sources[0].queue_url: each for each in functions if each.sources}
    schedules = _schedules(template, resolver, names)
    actions = _actions(functions, rule, schedules, template, resolver)
    return Deployment(
        rule=rule,
        function=fed[rule.queue_url],
        edits=next((each for each in functions if each.stream), None),
        actions=actions,
        schedule=_schedule(schedules, actions),
        queues={queue.logical_id: names.attribute(queue.logical_id, "Ref") for queue in queues},
        tables={
            table.logical_id: names.attribute(table.logical_id, "Ref")
            for table in template.of_type(_TABLE)
        },
        others={
            each.logical_id: _physical_id(each, resolver, names)
            for kind in (_RULE, _FUNCTION, _MAPPING, _SCHEDULE, _ALARM, _TOPIC)
            for each in template.of_type(kind)
        },
        alarms=tuple(resolver.resolve(each.properties) for each in template.of_type(_ALARM)),
        topics=tuple(_topic(each, template, resolver, names) for each in template.of_type(_TOPIC)),
        parameters={name: _given(value) for name, value in template.parameters.items()},
    )


class _Names:
    """The names of resources, known before any resource is made."""

    def __init__(self, template: Template, aws: AwsServer) -> None:
        self._template = template
        self._aws = aws

    def name(self, logical_id: str) -> str:
        return f"{STACK_NAME}-{logical_id}"

    def attribute(self, logical_id: str, attribute: str) -> str:
        resource = self._template.resources.get(logical_id)
        if resource is None:
            raise ValueError(f"the template has no parameter or resource {logical_id}")
        if attribute == "Ref" and resource.type == _QUEUE:
            return f"{self._aws.url}/{self._aws.account_id}/{self.name(logical_id)}"
        if attribute == _STREAM_ARN:
            return f"{self.arn(resource)}/stream/{_STREAM_LABEL}"
        if attribute == "Arn" or (attribute, resource.type) == ("Ref", _TOPIC):
            return self.arn(resource)
        return self.name(logical_id)

    def arn(self, resource: Resource) -> str:
        """Return an ARN; its service is that of the type."""
        service = resource.type.split("::")[1].lower()
        prefix = {_TABLE: "table/", _FUNCTION: "function:", _RULE: "rule/"}.get(resource.type, "")
        where = f"{self._aws.region}:{self._aws.account_id}"
        return f"arn:aws:{service}:{where}:{prefix}{self.name(resource.logical_id)}"

    def url_of(self, arn: str) -> str:
        """Return the URL of the queue with this ARN."""
        return f"{self._aws.url}/{self._aws.account_id}/{arn.rpartition(':')[2]}"


def _dead_letter_queues_first(
    names: _Names, resolver: Resolver, queues: list[Resource]
) -> list[Resource]:
    """Return *queues* with each behind the one that its redrive policy names."""
    by_arn = {names.arn(queue): queue for queue in queues}
    order: TopologicalSorter[str] = TopologicalSorter()
    for arn, queue in by_arn.items():
        redrive = resolver.resolve(queue.properties).get("RedrivePolicy", {})
        target = redrive.get("deadLetterTargetArn")
        order.add(arn, *[target] if target in by_arn else [])
    return [by_arn[arn] for arn in order.static_order()]


def _create_queue(names: _Names, resolver: Resolver, aws: AwsServer, queue: Resource) -> None:
    properties = resolver.resolve(queue.properties)
    attributes = {name: str(properties[name]) for name in _QUEUE_ATTRIBUTES if name in properties}
    if "RedrivePolicy" in properties:
        attributes["RedrivePolicy"] = json.dumps(properties["RedrivePolicy"])
    aws.client("sqs").create_queue(QueueName=names.name(queue.logical_id), Attributes=attributes)


def _create_table(names: _Names, resolver: Resolver, aws: AwsServer, table: Resource) -> None:
    properties = resolver.resolve(table.properties)
    client = aws.client("dynamodb")
    name = names.name(table.logical_id)
    settings = {each: properties[each] for each in _TABLE_SETTINGS if each in properties}
    if "StreamSpecification" in settings:
        # It is on wherever CloudFormation has one.
        settings["StreamSpecification"] = {"StreamEnabled": True, **settings["StreamSpecification"]}
    client.create_table(TableName=name, **settings)
    if "TimeToLiveSpecification" in properties:
        client.update_time_to_live(
            TableName=name, TimeToLiveSpecification=properties["TimeToLiveSpecification"]
        )


def _rule(template: Template, resolver: Resolver, names: _Names) -> Rule:
    [rule] = template.of_type(_RULE)
    properties = resolver.resolve(rule.properties)
    [target] = properties["Targets"]
    undelivered = target.get("DeadLetterConfig", {}).get("Arn")
    return Rule(
        name=rule.logical_id,
        physical_name=names.name(rule.logical_id),
        pattern=properties["EventPattern"],
        queue_url=names.url_of(target["Arn"]),
        undelivered_url=names.url_of(undelivered) if undelivered else None,
    )


def _function(
    function: Resource, rule: Rule, template: Template, resolver: Resolver, names: _Names
) -> Function:
    properties = resolver.resolve(function.properties)
    variables = dict(properties.get("Environment", {}).get("Variables", {}))
    # Commands find the stack on this machine by themselves.
    variables.pop("STACK_NAME", None)
    logging = properties.get("LoggingConfig", {})
    platform = {}
    if logging.get("LogFormat") == "JSON":
        # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
        platform = {
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "AWS_LAMBDA_LOG_LEVEL": str(logging.get("ApplicationLogLevel", "INFO")),
        }
    return Function(
        logical_id=function.logical_id,
        name=names.name(function.logical_id),
        arn=names.arn(function),
        handler=properties["Handler"],
        timeout_seconds=int(properties.get("Timeout", 3)),
        memory_mb=int(properties.get("MemorySize", 128)),
        environment={name: str(value) for name, value in variables.items()} | platform,
        sources=_sources(function, rule, template, resolver, names),
        stream=_stream(function, template, resolver, names),
    )


def _mappings(function: Resource, template: Template, resolver: Resolver) -> dict[str, Any]:
    """Return the properties of the event source mappings that lead to *function*, by name."""
    found = {
        mapping.logical_id: resolver.resolve(mapping.properties)
        for mapping in template.of_type(_MAPPING)
    }
    name = resolver.resolve({"Ref": function.logical_id})
    return {each: source for each, source in found.items() if source["FunctionName"] == name}


def _sources(
    function: Resource, rule: Rule, template: Template, resolver: Resolver, names: _Names
) -> tuple[Source, ...]:
    """Return the queues of *function*; the first is the one that *rule* sends to."""
    ids = {names.arn(queue): queue.logical_id for queue in template.of_type(_QUEUE)}
    made = []
    for logical_id, source in _mappings(function, template, resolver).items():
        if source["EventSourceArn"] not in ids:
            continue
        responses = source.get("FunctionResponseTypes", [])
        made.append(
            Source(
                uuid=names.name(logical_id),
                queue=ids[source["EventSourceArn"]],
                queue_url=names.url_of(source["EventSourceArn"]),
                queue_arn=source["EventSourceArn"],
                batch_size=int(source.get("BatchSize", 10)),
                window_seconds=float(source.get("MaximumBatchingWindowInSeconds", 0)),
                concurrency=source.get("ScalingConfig", {}).get("MaximumConcurrency"),
                reports_item_failures="ReportBatchItemFailures" in responses,
            )
        )
    return tuple(sorted(made, key=lambda source: source.queue_url != rule.queue_url))


def _stream(
    function: Resource, template: Template, resolver: Resolver, names: _Names
) -> StreamSource | None:
    """Return the stream of a table that feeds *function*."""
    tables = {
        names.attribute(table.logical_id, _STREAM_ARN): table.logical_id
        for table in template.of_type(_TABLE)
    }
    for source in _mappings(function, template, resolver).values():
        if table := tables.get(source["EventSourceArn"]):
            return StreamSource(
                table=table,
                stream_arn=source["EventSourceArn"],
                batch_size=int(source.get("BatchSize", 100)),
                window_seconds=float(source.get("MaximumBatchingWindowInSeconds", 0)),
            )
    return None


def _actions(
    functions: list[Function],
    rule: Rule,
    schedules: Mapping[str, Schedule],
    template: Template,
    resolver: Resolver,
) -> Actions | None:
    """Return the function with a public address, and that of a queue other than the rule's."""
    called = {
        resolver.resolve(each.properties[key])
        for kind, key in _ADDRESSES.items()
        for each in template.of_type(kind)
    }
    endpoint = next((each for each in functions if called & {each.name, each.arn}), None)
    if endpoint is None:
        return None
    [worker] = (e for e in functions if e.sources and e.sources[0].queue_url != rule.queue_url)
    return Actions(endpoint=endpoint, worker=worker, schedule=schedules.get(worker.arn))


def _schedule(schedules: Mapping[str, Schedule], actions: Actions | None) -> Schedule | None:
    """Return the schedule of the router, which is not that of the worker."""
    worker = None if actions is None else actions.worker.arn
    found = [schedule for arn, schedule in schedules.items() if arn != worker]
    if not found:
        return None
    [schedule] = found
    return schedule


def _schedules(template: Template, resolver: Resolver, names: _Names) -> dict[str, Schedule]:
    """Return all schedules by the ARN that they call."""
    found = {}
    for schedule in template.of_type(_SCHEDULE):
        properties = resolver.resolve(schedule.properties)
        expression = properties["ScheduleExpression"]
        rate = _RATE.fullmatch(expression)
        if rate is None:
            raise ValueError(f"{schedule.logical_id}: {expression} is not run here; only rates are")
        target = properties["Target"]
        found[target["Arn"]] = Schedule(
            name=names.attribute(schedule.logical_id, "Ref"),
            expression=expression,
            target=target,
            event=json.loads(target.get("Input", "{}")),
            every_seconds=int(rate["count"]) * _UNIT_SECONDS[rate["unit"]],
        )
    return found


def _given(value: object) -> str:
    """Return the value of a parameter as CloudFormation tells it."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _physical_id(resource: Resource, resolver: Resolver, names: _Names) -> str:
    if resource.type == _ALARM:
        return str(resolver.resolve(resource.properties)["AlarmName"])
    return names.attribute(resource.logical_id, "Ref")


def _topic(topic: Resource, template: Template, resolver: Resolver, names: _Names) -> Topic:
    arn = names.arn(topic)
    subscriptions = (resolver.resolve(each.properties) for each in template.of_type(_SUBSCRIPTION))
    return Topic(
        arn=arn,
        # A condition of the template leaves out the one without an address.
        subscriptions=tuple(
            (each["Protocol"], each["Endpoint"])
            for each in subscriptions
            if each["TopicArn"] == arn and each["Endpoint"]
        ),
    )
