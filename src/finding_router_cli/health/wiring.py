"""Checks of the stack: rule, event sources, schedule, queues, alarms, topic, version."""

import json
import shlex
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from typing import Any, Final

from finding_router.counts import counted
from finding_router_cli.health.result import Result, bad, good, unsure
from finding_router_cli.health.site import Site

_RULE: Final = "FindingsRule"
_SOURCES: Final = {
    "RouterFunctionFindings": "FindingsQueue",
    "RouterFunctionBacklog": "BacklogQueue",
}
# As the alarm …-backlog has it.
_LONGEST_WAIT_SECONDS: Final = {"FindingsQueue": 900.0, "BacklogQueue": 3600.0}
_LEFT: Final = {
    "DeadLetters": ("dead letters", "given up after 500 tries", ""),
    "UndeliveredEvents": ("undelivered events", "never arrived", " --queue UndeliveredEvents"),
}
_METRIC_MINUTES: Final = 15
_SCHEDULE: Final = "WakeSchedule"
_WAKE_UPS: Final = "wake-ups"
# As the alarm …-wake-ups has it, and the minutes that CloudWatch takes to have a number.
_WAKE_MINUTES: Final = 25
_PAGE: Final = "docs/operations.md"


def check_rule(site: Site) -> Iterator[Result]:
    """Check that the rule is enabled, and has the pattern of the template."""
    name = site.stack.resource(_RULE)
    rule = site.client("events").describe_rule(Name=name)
    if rule.get("State") == "ENABLED":
        yield good("rule", f"{name} is enabled")
    else:
        yield bad(
            "rule",
            f"{name} is disabled: no finding arrives",
            f"aws events enable-rule --name {name}",
        )
    wanted = wanted_pattern(site)
    if wanted is None:
        yield unsure("pattern", "the template of the stack cannot be read")
    elif _plain(json.loads(rule.get("EventPattern") or "{}")) == _plain(wanted):
        yield good("pattern", "as in the template")
    else:
        yield bad(
            "pattern",
            "somebody changed the pattern of the rule",
            f"aws events put-rule --name {name} --event-pattern '{json.dumps(wanted)}'",
        )


def check_sources(site: Site) -> Iterator[Result]:
    """Check that the function is called with the messages of its queues."""
    client = site.client("lambda")
    concurrency = 0
    for logical_id, queue in _SOURCES.items():
        uuid = site.stack.resource(logical_id)
        found = client.get_event_source_mapping(UUID=uuid)
        most = found.get("ScalingConfig", {}).get("MaximumConcurrency") or 0
        concurrency += most
        topic, state = f"source {queue}", found.get("State", "")
        if state in {"Enabled", "Enabling", "Updating", "Creating"}:
            yield good(
                topic,
                f"on, {counted(found['BatchSize'], 'finding')} a batch, "
                f"{counted(most, 'batch', 'batches')} at once",
            )
        else:
            yield bad(
                topic,
                f"{state.lower()}: nothing takes findings from the queue",
                f"aws lambda update-event-source-mapping --uuid {uuid} --enabled",
            )
    name = site.stack.resource("RouterFunction")
    state = client.get_function_configuration(FunctionName=name)
    if state.get("State") == "Failed" or state.get("LastUpdateStatus") == "Failed":
        why = state.get("StateReason") or state.get("LastUpdateStatusReason") or "no reason given"
        yield bad("function", f"{name} cannot run: {why}", "make deploy")
    reserved = client.get_function_concurrency(FunctionName=name).get(
        "ReservedConcurrentExecutions"
    )
    if reserved == 0:
        yield bad(
            "concurrency",
            "the function's concurrency is set to 0: it never runs",
            f"aws lambda delete-function-concurrency --function-name {name}",
        )
    elif reserved is not None and reserved < concurrency:
        yield unsure(
            "concurrency",
            f"{reserved} reserved, and the queues ask for {concurrency}: calls are throttled",
            f"aws lambda delete-function-concurrency --function-name {name}",
        )
    else:
        yield good("concurrency", "none reserved" if reserved is None else f"{reserved} reserved")


def check_schedule(site: Site) -> Iterator[Result]:
    """Check that the schedule is enabled and wakes the function, and when it last did."""
    name, client = site.stack.resource(_SCHEDULE), site.client("scheduler")
    try:
        schedule = client.get_schedule(Name=name)
    except client.exceptions.ResourceNotFoundException:
        yield bad(
            _WAKE_UPS,
            f"{name} is not there: nothing that waits is said",
            f"aws scheduler create-schedule, as {_SCHEDULE} in template.yaml has it",
        )
        return
    target = schedule.get("Target", {})
    wanted = site.stack.resources.get("RouterAlias") or site.stack.resource("RouterFunction")
    # The alias is known by its ARN, the function by its name.
    if not f":{target.get('Arn')}".endswith(f":{wanted}"):
        yield bad(
            _WAKE_UPS,
            f"{name} calls {target.get('Arn')}, and not {wanted}: nothing that waits is said",
            "somebody changed its target: set it back in the console of EventBridge Scheduler",
        )
    elif schedule.get("State") != "ENABLED":
        yield bad(
            _WAKE_UPS,
            f"{name} is disabled: nothing that waits is said",
            f"aws scheduler update-schedule --name {name} --state ENABLED "
            f"--schedule-expression {shlex.quote(schedule['ScheduleExpression'])} "
            f"--flexible-time-window Mode={schedule['FlexibleTimeWindow']['Mode']} "
            f"--target {shlex.quote(json.dumps(target))}",
        )
    else:
        yield _last_wake_up(site, f"{name} is enabled, {schedule['ScheduleExpression']}")


def _last_wake_up(site: Site, found: str) -> Result:
    """Return when the function was last woken: a wake-up alone counts zero failed findings."""
    if site.stack.is_local:
        return good(_WAKE_UPS, found)
    now = datetime.fromtimestamp(time.time(), UTC)
    metric = {
        "Namespace": "FindingRouter",
        "MetricName": "FindingsFailed",
        "Dimensions": [{"Name": "service", "Value": "finding-router"}],
    }
    answer = site.client("cloudwatch").get_metric_data(
        StartTime=now - timedelta(minutes=_WAKE_MINUTES),
        EndTime=now,
        ScanBy="TimestampDescending",
        MetricDataQueries=[
            {"Id": "wakeups", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Minimum"}}
        ],
    )
    [data] = answer["MetricDataResults"]
    both = zip(data["Timestamps"], data["Values"], strict=True)
    at = next((moment for moment, least in both if least == 0), None)
    if at is None:
        return unsure(
            _WAKE_UPS,
            f"{found}, and no wake-up was counted in the last {_WAKE_MINUTES} minutes",
            f"right after a deployment wait; else see …-wake-ups in {_PAGE}",
        )
    return good(
        _WAKE_UPS, f"{found}, the last at {at.astimezone(UTC):%H:%M} UTC", last_at=at.isoformat()
    )


def check_queues(site: Site) -> Iterator[Result]:
    """Check the messages that wait, their age, and those that were given up."""
    sqs = site.client("sqs")
    ages = _ages(site)
    for queue, longest in _LONGEST_WAIT_SECONDS.items():
        waiting = _waiting(sqs, site.stack.resource(queue))
        age = ages.get(queue)
        if waiting and age is not None and age > longest:
            yield bad(
                queue,
                f"{counted(waiting, 'message')} wait, the oldest for {age / 60:.0f} minutes",
                f"see …-backlog in {_PAGE}",
                waiting=waiting,
                age_seconds=age,
            )
        elif waiting and age is None:
            yield unsure(
                queue,
                f"{counted(waiting, 'message')} wait, since when is not known yet",
                waiting=waiting,
            )
        elif waiting:
            yield good(
                queue,
                f"{counted(waiting, 'message')} wait, the oldest for {age:.0f} seconds",
                waiting=waiting,
            )
        else:
            yield good(queue, "nothing waits", waiting=0)
    for queue, (topic, why, option) in _LEFT.items():
        waiting = _waiting(sqs, site.stack.resource(queue))
        if waiting:
            yield bad(
                topic,
                f"{counted(waiting, 'message')} {why}",
                f"remedy the cause, then: finding-router redrive{site.options}{option}",
                waiting=waiting,
            )
        else:
            yield good(topic, "none", waiting=0)


def check_alarms(site: Site) -> Iterator[Result]:
    """Check which alarms ring, and whether somebody hears them."""
    names = [
        site.stack.resources[each]
        for each in site.stack.resources
        if each.endswith("Alarm") and site.knows(each)
    ]
    found = (
        site.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"] if names else []
    )
    known = {each["AlarmName"]: each for each in found}
    gone = [name for name in names if name not in known]
    ringing = [each for each in found if each["StateValue"] == "ALARM"]
    silent = [name for name, each in known.items() if not each.get("ActionsEnabled", True)]
    for each in ringing:
        name = each["AlarmName"]
        yield bad(
            "alarm",
            f"{name} rings: {each.get('StateReason', '')}".rstrip(": "),
            f"see …-{_end_of(name, site)} in {_PAGE}",
        )
    if gone or not names:
        yield bad("alarms", f"not there: {', '.join(gone) or 'all'}", "make deploy")
    if silent:
        yield unsure(
            "alarms",
            f"tell nobody: {', '.join(silent)}",
            f"aws cloudwatch enable-alarm-actions --alarm-names {' '.join(silent)}",
        )
    if names and not (ringing or gone or silent):
        without = sum(each["StateValue"] == "INSUFFICIENT_DATA" for each in found)
        if site.stack.is_local:
            yield unsure(
                "alarms",
                f"{counted(len(found), 'alarm')} declared; nothing is measured on this machine",
            )
        else:
            data = f", {without} of them without data yet" if without else ""
            yield good("alarms", f"{counted(len(found), 'alarm')}, none rings{data}")
    yield _subscription(site)


def check_version(site: Site) -> Iterator[Result]:
    """Check that the stack is whole, and of the version of this command."""
    own = version("security-hub-slack-router")
    if site.stack.is_local:
        yield good("version", f"{own}, as on this machine", version=own)
        return
    if site.stack.name is None:
        return
    [told] = site.client("cloudformation").describe_stacks(StackName=site.stack.name)["Stacks"]
    status = told["StackStatus"]
    if not status.endswith("_COMPLETE") or "ROLLBACK" in status:
        yield unsure(
            "stack",
            f"{site.stack.name} is {status}",
            "see its events in CloudFormation, then: make deploy",
        )
    else:
        yield good("stack", f"{site.stack.name} is {status}")
    outputs = {each["OutputKey"]: each["OutputValue"] for each in told.get("Outputs", [])}
    theirs = outputs.get("Version")
    if theirs == own:
        yield good("version", own, version=theirs)
    elif theirs is None:
        yield unsure(
            "version", f"the stack does not tell its version; this command is {own}", "make deploy"
        )
    else:
        yield unsure(
            "version",
            f"the stack is {theirs}, this command {own}",
            "make deploy, or use the command of the stack's version",
            version=theirs,
        )


def _subscription(site: Site) -> Result:
    """Return whether the alarms' topic is subscribed to."""
    topic = site.stack.resource("AlarmTopic")
    found = site.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    pending = [each["Endpoint"] for each in found if not each["SubscriptionArn"].startswith("arn:")]
    protocols = {each["Protocol"] for each in found}
    if "lambda" not in protocols:
        return bad("alarm topic", "the function does not hear of alarms", "make deploy")
    if pending:
        return bad(
            "alarm topic",
            f"not confirmed: {', '.join(pending)}",
            "follow the link in the e-mail of AWS Notifications; to have it sent again: "
            f"aws sns subscribe --topic-arn {topic} --protocol email "
            f"--notification-endpoint {pending[0]}",
        )
    beside = (
        ""
        if protocols > {"lambda"}
        else "; nobody hears by e-mail (AlarmEmail) that Slack is out of reach"
    )
    return good("alarm topic", f"the ops channel is told{beside}")


def _end_of(name: str, site: Site) -> str:
    return name.removeprefix(f"{site.stack.name or 'finding-router'}-")


def _waiting(sqs: Any, url: str) -> int:
    name = "ApproximateNumberOfMessages"
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"]
    return int(attributes[name])


def _ages(site: Site) -> dict[str, float]:
    """Return the seconds that the oldest message of each queue waits, as far as it is known."""
    now = datetime.fromtimestamp(time.time(), UTC)
    ids = {f"q{number}": queue for number, queue in enumerate(_LONGEST_WAIT_SECONDS)}
    answer = site.client("cloudwatch").get_metric_data(
        StartTime=now - timedelta(minutes=_METRIC_MINUTES),
        EndTime=now,
        ScanBy="TimestampDescending",
        MetricDataQueries=[
            {
                "Id": id_,
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/SQS",
                        "MetricName": "ApproximateAgeOfOldestMessage",
                        "Dimensions": [
                            {
                                "Name": "QueueName",
                                "Value": site.stack.resource(queue).rpartition("/")[2],
                            }
                        ],
                    },
                    "Period": 60,
                    "Stat": "Maximum",
                },
            }
            for id_, queue in ids.items()
        ],
    )
    found = {each["Id"]: each["Values"] for each in answer["MetricDataResults"]}
    return {ids[id_]: float(values[0]) for id_, values in found.items() if values}


def wanted_pattern(site: Site) -> Mapping[str, Any] | None:
    """Return the pattern that the template gives the rule; None if it cannot be read."""
    if site.stack.rule_pattern is not None:
        return site.stack.rule_pattern
    from finding_router_local.intrinsics import Resolver  # noqa: PLC0415 -- of deployed stacks only

    answer = site.client("cloudformation").get_template(
        StackName=site.stack.name, TemplateStage="Processed"
    )
    template = answer["TemplateBody"]
    if not isinstance(template, Mapping):
        return None
    resolver = Resolver(
        parameters={**site.parameters, "AWS::NoValue": None},
        conditions=template.get("Conditions", {}),
        attribute=lambda logical_id, _: site.stack.resources.get(logical_id, ""),
    )
    pattern: Mapping[str, Any] = resolver.resolve(
        template["Resources"][_RULE]["Properties"]["EventPattern"]
    )
    return pattern


def _plain(value: Any) -> Any:
    """Return *value* with each scalar as text: CloudFormation turns true into "true"."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return str(value).lower() if isinstance(value, bool | int | float) else value
