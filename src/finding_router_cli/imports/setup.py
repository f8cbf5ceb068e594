"""A set-up of EventBridge rules and a chatbot, and its reading from files and from AWS."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from finding_router_cli.account import Account
from finding_router_cli.documents import UnreadableError, documents, read_text

DEFAULT_BUS: Final = "default"
# The chatbot's settings are global, and kept here.
_CHATBOT_REGION: Final = "us-east-2"
_WANTED: Final = (
    "give what these print: terraform show -json; or aws events list-rules, "
    "aws events list-targets-by-rule (with its Rule added) and "
    "aws chatbot describe-slack-channel-configurations"
)
_SHOW: Final = "give what terraform show -json prints"
_ADD_RULE: Final = """add it: jq '. + {Rule: "NAME"}'"""
_SLACK: Final = frozenset(
    {"aws_chatbot_slack_channel_configuration", "awscc_chatbot_slack_channel_configuration"}
)
_TEAMS: Final = frozenset(
    {
        "aws_chatbot_teams_channel_configuration",
        "awscc_chatbot_microsoft_teams_channel_configuration",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A target of a rule; *transformed* names the field that changes its events, if any."""

    arn: str
    transformed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of EventBridge; *label* is its address in Terraform, or else its name."""

    name: str
    label: str
    pattern: str | None
    enabled: bool = True
    bus: str = DEFAULT_BUS


@dataclass(kw_only=True)
class Setup:
    """Rules, the targets of each by bus and name, and the channels of each topic."""

    rules: list[Rule] = field(default_factory=list)
    targets: dict[tuple[str, str], list[Target]] = field(default_factory=dict)
    slack: dict[str, list[str]] = field(default_factory=dict)
    """Ids of Slack channels by the ARN of their topic."""
    teams: set[str] = field(default_factory=set)
    """ARNs of topics that feed Microsoft Teams."""

    def add_targets(self, bus: str, rule: str, targets: list[Target]) -> None:
        """Add *targets* of a rule."""
        self.targets.setdefault((bus, rule), []).extend(targets)

    def add_channel(self, channel: object, topics: object) -> None:
        """Add a Slack channel that hears of *topics*."""
        for topic in _list(topics):
            channels = self.slack.setdefault(str(topic), [])
            if isinstance(channel, str) and channel not in channels:
                channels.append(channel)


def from_files(files: tuple[str, ...]) -> Setup:
    """
    Return the set-up that *files* hold together.

    Raises:
        UnreadableError: A file cannot be read, has another format, or no file has a rule.

    """
    setup = Setup()
    for file in files:
        for place, document in documents(read_text(file), file):
            _read(setup, document, place)
    if not setup.rules:
        raise UnreadableError(", ".join(files), "holds no rule of EventBridge", _WANTED)
    return setup


def from_aws(account: Account) -> Setup:
    """
    Return the set-up of *account*.

    Raises:
        click.ClickException: AWS refuses.

    """
    setup = Setup()
    with account.in_sentences():
        events = account.client("events")
        for page in events.get_paginator("list_rules").paginate():
            for rule in page["Rules"]:
                _add_rule(setup, rule)
                asked = {"Rule": rule["Name"], "EventBusName": rule.get("EventBusName", "default")}
                for targets in events.get_paginator("list_targets_by_rule").paginate(**asked):
                    _read(setup, {**asked, "Targets": targets["Targets"]}, "AWS")
        chatbot = account.client("chatbot", region_name=_CHATBOT_REGION)
        operation = "describe_slack_channel_configurations"
        for page in chatbot.get_paginator(operation).paginate():
            _read(setup, page, "AWS")
    return setup


def _read(setup: Setup, document: object, place: str) -> None:
    match document:
        case {"Rules": list() as rules}:
            for rule in rules:
                _add_rule(setup, _map(rule, place))
        case {"Rule": str() as rule, "Targets": list() as targets, **others}:
            bus = str(others.get("EventBusName", DEFAULT_BUS))
            setup.add_targets(bus, rule, [_target(_map(one, place)) for one in targets])
        case {"SlackChannelConfigurations": list() as channels}:
            for channel in channels:
                one = _map(channel, place)
                if one.get("State", "ENABLED") == "ENABLED":
                    setup.add_channel(one.get("SlackChannelId"), one.get("SnsTopicArns"))
        case {"values": {"root_module": dict() as module}}:
            for resource in _resources(module):
                _add_resource(setup, resource, place)
        case _:
            raise UnreadableError(place, *_why_not(document))


def _why_not(document: object) -> tuple[str, str]:
    """Return the reason why *document* is not read, and the remedy."""
    match document:
        case {"planned_values": _}:
            return "is a plan, which does not know ARNs yet", _SHOW
        case {"terraform_version": _}:
            return "is a state file, or an empty state", _SHOW
        case {"Targets": _}:
            return "does not say of which rule its targets are", _ADD_RULE
    return "holds no rules, no targets and no channels of a chatbot", _WANTED


def _add_rule(setup: Setup, rule: Mapping[str, Any]) -> None:
    name, bus = str(rule.get("Name")), str(rule.get("EventBusName", DEFAULT_BUS))
    setup.rules.append(
        Rule(
            name=name,
            label=name,
            pattern=rule.get("EventPattern"),
            enabled=rule.get("State") != "DISABLED",
            bus=bus,
        )
    )
    if isinstance(targets := rule.get("Targets"), list):
        setup.add_targets(bus, name, [_target(_map(one, name)) for one in targets])


def _target(target: Mapping[str, Any]) -> Target:
    changes = (name for name in ("Input", "InputPath", "InputTransformer") if target.get(name))
    return Target(arn=str(target.get("Arn")), transformed=next(changes, None))


def _resources(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the resources of *module* and of the modules below it."""
    modules = [module]
    while modules:
        one = modules.pop(0)
        yield from _list(one.get("resources"))
        modules += [below for below in _list(one.get("child_modules")) if isinstance(below, dict)]


def _add_resource(setup: Setup, resource: object, place: str) -> None:
    one = _map(resource, place)
    kind, values = one.get("type"), _map(one.get("values") or {}, place)
    if one.get("mode", "managed") != "managed":
        return
    bus = str(values.get("event_bus_name") or DEFAULT_BUS)
    if kind == "aws_cloudwatch_event_rule":
        # Older versions of the provider have is_enabled; in newer ones it may be null.
        state = values.get("state")
        enabled = state != "DISABLED" if state else values.get("is_enabled") is not False
        name = str(values.get("name"))
        label = str(one.get("address") or name)
        pattern = values.get("event_pattern")
        setup.rules.append(Rule(name=name, label=label, pattern=pattern, enabled=enabled, bus=bus))
    elif kind == "aws_cloudwatch_event_target":
        changes = (
            name for name in ("input", "input_path", "input_transformer") if values.get(name)
        )
        target = Target(arn=str(values.get("arn")), transformed=next(changes, None))
        setup.add_targets(bus, str(values.get("rule")), [target])
    elif kind in _SLACK:
        setup.add_channel(values.get("slack_channel_id"), values.get("sns_topic_arns"))
    elif kind in _TEAMS:
        setup.teams.update(map(str, values.get("sns_topic_arns") or ()))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _map(value: object, place: str) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise UnreadableError(place, "has something else than a map in a list", _WANTED)
