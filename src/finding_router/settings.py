"""The router's settings from environment variables, which no other module reads."""

import math
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, Self

from finding_router.errors import ConfigurationError
from finding_router.findings.finding import Severity
from finding_router.findings.ocsf.marks import V2Status

# The token goes there, hence https; http only to this machine and to containers beside it. The
# parameter SlackApiUrl in template.yaml has the same pattern.
SLACK_API_URL: Final = (
    r"^(https://[^\s/@]+"
    r"|http://([a-z][a-z0-9-]*|127\.0\.0\.1|\[::1\]|host\.docker\.internal)(:[0-9]{1,5})?)/(\S*/)?$"
)


class Settings(NamedTuple):
    """Settings of the router; each field is the lower-case name of its environment variable."""

    routing_table: str
    ledger_table: str
    default_channel: str
    slack_token_arn: str
    aws_region: str | None = None
    """Set by Lambda; for links."""
    findings_queue_url: str | None = None
    backlog_queue_url: str | None = None
    urgent_severity: Severity = Severity.CRITICAL
    ops_channel: str | None = None
    slack_api_url: str = "https://slack.com/api/"
    route_cache_seconds: float = 30
    settle_minutes: float = 15
    ledger_days: int = 400
    access_portal_url: str | None = None
    access_portal_role: str | None = None
    allow_suppress: bool = False
    answer_edits: bool = False
    track_lifecycle: bool = True
    v2_status: V2Status = V2Status.NONE
    burst_threshold: int = 5
    burst_quiet_minutes: float = 10
    burst_critical_cards: int = 5
    show_tags: tuple[str, ...] = ("team", "owner", "env")
    organization_names: bool = False
    actions: bool = False
    """People may act from messages: cards have buttons."""
    actions_queue_url: str | None = None
    stack_name: str | None = None
    """For the commands that answers show; a stack on this machine needs none."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """
        Read the settings from *environment*.

        Raises:
            ConfigurationError: Variables are missing or wrong; the message names each of them.

        """
        return cls(**_read(_READERS, cls._field_defaults, environment))

    @property
    def trouble_channel(self) -> str:
        """The channel for the router's own problems."""
        return self.ops_channel or self.default_channel


class EndpointSettings(NamedTuple):
    """Settings of the endpoint that Slack calls; each field is named like its variable."""

    slack_signing_secret_arn: str
    slack_token_arn: str
    actions_queue_url: str
    ledger_table: str
    slack_api_url: str = "https://slack.com/api/"
    slack_app_id: str | None = None
    slack_team_id: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """
        Read the settings from *environment*.

        Raises:
            ConfigurationError: Variables are missing or wrong; the message names each of them.

        """
        return cls(**_read(_ENDPOINT_READERS, cls._field_defaults, environment))


def is_in_lambda(environment: Mapping[str, str] = os.environ) -> bool:
    """Return True in Lambda and in its emulators."""
    return "LAMBDA_TASK_ROOT" in environment


def tracing_is_on(environment: Mapping[str, str] = os.environ) -> bool:
    """Return True if the stack enables tracing; False locally, where nothing collects traces."""
    return (
        environment.get("POWERTOOLS_TRACE_DISABLED", "true").lower() == "false"
        and is_in_lambda(environment)
        and "AWS_SAM_LOCAL" not in environment
    )


def _read(
    readers: Mapping[str, Callable[[str], Any]],
    defaults: Mapping[str, object],
    environment: Mapping[str, str],
) -> dict[str, Any]:
    """Return the fields that *environment* has, read by *readers*."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, read in readers.items():
        text = environment.get(name.upper())
        try:
            if text is not None:
                values[name] = read(text)
            elif name not in defaults:
                problems.append(f"{name.upper()}: is missing")
        except ValueError as error:
            problems.append(f"{name.upper()}: {error}")
    if problems:
        message = (
            f"environment variables: {'; '.join(problems)}; deploy the template again to set them"
        )
        raise ConfigurationError(message)
    return values


def _text(text: str) -> str:
    if not text:
        message = "is empty"
        raise ValueError(message)
    return text


def _optional(text: str) -> str | None:
    """Return None for "": CloudFormation cannot omit a variable, so an empty one means unset."""
    return text or None


def _names(text: str) -> tuple[str, ...]:
    """Return the names in *text*, between commas, without the blanks around them."""
    return tuple(filter(None, map(str.strip, text.split(","))))


def _matching(pattern: str, wanted: str) -> Callable[[str], str]:
    """Return a reader of texts that *pattern* matches; its error does not repeat the text."""

    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            message = f"is not {wanted}"
            raise ValueError(message)
        return text

    return read


def _number(kind: Callable[[str], float], wanted: str, least: int) -> Callable[[str], float]:
    """Return a reader of numbers of *kind*, *least* or more."""

    def read(text: str) -> float:
        try:
            number = kind(text)
        except ValueError:
            number = math.nan
        if not number >= least:
            message = f"is no {wanted} of at least {least}"
            raise ValueError(message)
        return number

    return read


def _severity(text: str) -> Severity:
    if text not in Severity.__members__:
        message = f"is none of {', '.join(Severity)}"
        raise ValueError(message)
    return Severity(text)


def _v2_status(text: str) -> V2Status:
    try:
        return V2Status(text)
    except ValueError:
        message = f"is none of {', '.join(V2Status)}"
        raise ValueError(message) from None


def _flag(text: str) -> bool:
    if text.lower() not in _FLAGS:
        message = 'is neither "true" nor "false"'
        raise ValueError(message)
    return _FLAGS[text.lower()]


_FLAGS: Final = dict.fromkeys(("true", "1", "yes", "on"), True) | dict.fromkeys(
    ("false", "0", "no", "off"), False
)
_SECRET_ARN: Final = _matching(
    r"arn:[a-z-]+:(secretsmanager|ssm):.*", "the ARN of a secret or of a parameter"
)
_API_URL: Final = _matching(
    SLACK_API_URL, "an https address that ends with a slash, or an http one of this machine"
)
# pydantic would do it, too, but it takes a third of a cold start, and most events need no more.
_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "routing_table": _text,
    "ledger_table": _text,
    "default_channel": _text,
    "slack_token_arn": _SECRET_ARN,
    "aws_region": _optional,
    "findings_queue_url": _optional,
    "backlog_queue_url": _optional,
    "urgent_severity": _severity,
    "ops_channel": _optional,
    "slack_api_url": _API_URL,
    "route_cache_seconds": _number(float, "number", 0),
    "settle_minutes": _number(float, "number", 0),
    "ledger_days": _number(int, "whole number", 1),
    "access_portal_url": _optional,
    "access_portal_role": _optional,
    "allow_suppress": _flag,
    "answer_edits": _flag,
    "track_lifecycle": _flag,
    "v2_status": _v2_status,
    "burst_threshold": _number(int, "whole number", 1),
    "burst_quiet_minutes": _number(float, "number", 0),
    "burst_critical_cards": _number(int, "whole number", 0),
    "show_tags": _names,
    "organization_names": _flag,
    "actions": _flag,
    "actions_queue_url": _optional,
    "stack_name": _optional,
}
_ENDPOINT_READERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "slack_signing_secret_arn": _SECRET_ARN,
    "slack_token_arn": _SECRET_ARN,
    "actions_queue_url": _text,
    "ledger_table": _text,
    "slack_api_url": _API_URL,
    "slack_app_id": _optional,
    "slack_team_id": _optional,
}
