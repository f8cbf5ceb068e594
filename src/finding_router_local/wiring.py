"""AWS's answers about the local stack: rule, event sources, function, schedule, alarms."""

import json
from functools import partial
from typing import Any, Final

from finding_router_local.aws import AwsServer
from finding_router_local.bus import EventBus
from finding_router_local.deployment import Deployment, Schedule, Source
from finding_router_local.serving import Reply

_ENABLED: Final = "ENABLED"
_DISABLED: Final = "DISABLED"
# https://docs.aws.amazon.com/lambda/latest/api/API_GetEventSourceMapping.html
_MAPPINGS: Final = "/2015-03-31/event-source-mappings/"
_FUNCTION: Final = "/2015-03-31/functions/{}/configuration"
# https://docs.aws.amazon.com/scheduler/latest/APIReference/API_GetSchedule.html
_SCHEDULES: Final = "/schedules/{}"
_CONCURRENCY: Final = "/2019-09-30/functions/{}/concurrency"


def show_wiring(deployment: Deployment, aws: AwsServer, bus: EventBus) -> None:
    """
    Make *aws* answer the calls about what *deployment* declares beside queues and tables.

    A rule that is disabled, or whose pattern is changed, counts for *bus*. Event sources and the
    schedule are told as they are declared. Alarms and their topic are made when they are first
    asked for; nothing here measures, so that the alarms have no data.
    """
    gate = aws.gate
    gate.own |= {
        ("events", "DescribeRule"): partial(_describe_rule, deployment, bus),
        ("events", "EnableRule"): partial(_switch, bus, is_enabled=True),
        ("events", "DisableRule"): partial(_switch, bus, is_enabled=False),
        ("events", "PutRule"): partial(_put_rule, deployment, bus),
    }
    function = deployment.function
    states: dict[str, bool] = {}
    for source in function.sources:
        answer = partial(_mapping, deployment, source, states)
        gate.own["lambda", f"{_MAPPINGS}{source.uuid}"] = answer
    gate.own["lambda", _FUNCTION.format(function.name)] = partial(_configuration, deployment)
    if (schedule := deployment.schedule) is not None:
        changed: dict[str, Any] = {}
        path = _SCHEDULES.format(schedule.name)
        gate.own["scheduler", path] = partial(_schedule, schedule, changed)
    # No concurrency is reserved, as in the template.
    gate.own["lambda", _CONCURRENCY.format(function.name)] = lambda _: Reply({})
    # moto's parts of these take a while to import, and most stacks are never asked.
    gate.prepare |= {
        "monitoring": partial(_make_alarms, deployment, aws),
        "sns": partial(_make_topic, deployment, aws),
        "securityhub": aws.security_hub.enable_security_hub,
    }


def _describe_rule(deployment: Deployment, bus: EventBus, _: bytes) -> Reply:
    """Answer DescribeRule."""
    rule = deployment.rule
    return Reply(
        {
            "Name": rule.physical_name,
            "EventPattern": json.dumps(bus.pattern),
            "State": _ENABLED if bus.is_enabled else _DISABLED,
            "EventBusName": "default",
        }
    )


def _switch(bus: EventBus, _: bytes, *, is_enabled: bool) -> Reply:
    bus.is_enabled = is_enabled
    return Reply({})


def _put_rule(deployment: Deployment, bus: EventBus, body: bytes) -> Reply:
    """Answer PutRule, which changes the one rule that there is."""
    asked = json.loads(body)
    if asked.get("Name") != deployment.rule.physical_name:
        message = f"the only rule here is {deployment.rule.physical_name}"
        return Reply({"__type": "ResourceNotFoundException", "message": message}, 400)
    if "EventPattern" in asked:
        bus.use(json.loads(asked["EventPattern"]))
    bus.is_enabled = asked.get("State", _ENABLED) == _ENABLED
    return Reply({})


def _mapping(deployment: Deployment, source: Source, states: dict[str, bool], body: bytes) -> Reply:
    """Answer GetEventSourceMapping, and UpdateEventSourceMapping, which alone has a body."""
    asked: dict[str, Any] = json.loads(body or b"{}")
    if "Enabled" in asked:
        states[source.uuid] = bool(asked["Enabled"])
    is_enabled = states.get(source.uuid, True)
    return Reply(
        {
            "UUID": source.uuid,
            "EventSourceArn": source.queue_arn,
            "FunctionArn": deployment.function.arn,
            "State": "Enabled" if is_enabled else "Disabled",
            "BatchSize": source.batch_size,
            "ScalingConfig": {"MaximumConcurrency": source.concurrency},
        }
    )


def _schedule(schedule: Schedule, changed: dict[str, Any], body: bytes) -> Reply:
    """Answer GetSchedule, and UpdateSchedule, which alone has a body."""
    changed |= json.loads(body or b"{}")
    declared = {
        "Name": schedule.name,
        "State": _ENABLED,
        "ScheduleExpression": schedule.expression,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": schedule.target,
    }
    return Reply(declared | changed)


def _configuration(deployment: Deployment, _: bytes) -> Reply:
    """Answer GetFunctionConfiguration."""
    function = deployment.function
    return Reply(
        {
            "FunctionName": function.name,
            "FunctionArn": function.arn,
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "Timeout": function.timeout_seconds,
            "MemorySize": function.memory_mb,
        }
    )


def _make_alarms(deployment: Deployment, aws: AwsServer) -> None:
    client = aws.client("cloudwatch")
    for alarm in deployment.alarms:
        client.put_metric_alarm(**alarm)
        client.set_alarm_state(
            AlarmName=alarm["AlarmName"],
            StateValue="INSUFFICIENT_DATA",
            StateReason="nothing is measured on this machine",
        )


def _make_topic(deployment: Deployment, aws: AwsServer) -> None:
    client = aws.client("sns")
    for topic in deployment.topics:
        arn = client.create_topic(Name=topic.arn.rpartition(":")[2])["TopicArn"]
        for protocol, endpoint in topic.subscriptions:
            client.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint)
