"""The router's settings from environment variables, which no other module reads."""

import os
from collections.abc import Mapping
from typing import Annotated, Final, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from finding_router.errors import ConfigurationError
from finding_router.findings.finding import Severity


def _none_if_empty(value: object) -> object:
    """Return None for "": CloudFormation cannot omit a variable, so an empty one means unset."""
    return None if value == "" else value


type _Optional = Annotated[str | None, BeforeValidator(_none_if_empty)]


# The token goes there, hence https; http only to this machine and to containers beside it. The
# parameter SlackApiUrl in template.yaml has the same pattern.
SLACK_API_URL: Final = (
    r"^(https://[^\s/@]+"
    r"|http://([a-z][a-z0-9-]*|127\.0\.0\.1|\[::1\]|host\.docker\.internal)(:[0-9]{1,5})?)/(\S*/)?$"
)


class Settings(BaseModel):
    """Settings of the router; each field is the lower-case name of its environment variable."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    routing_table: str = Field(min_length=1)
    ledger_table: str = Field(min_length=1)
    findings_queue_url: _Optional = None
    backlog_queue_url: _Optional = None
    urgent_severity: Severity = Severity.CRITICAL
    default_channel: str = Field(min_length=1)
    ops_channel: _Optional = None
    slack_token_arn: str = Field(pattern=r"^arn:[a-z-]+:(secretsmanager|ssm):")
    slack_api_url: str = Field("https://slack.com/api/", pattern=SLACK_API_URL)
    route_cache_seconds: float = Field(30, ge=0)
    settle_minutes: float = Field(15, ge=0)
    ledger_days: int = Field(400, ge=1)
    access_portal_url: _Optional = None
    access_portal_role: _Optional = None
    allow_suppress: bool = False
    track_lifecycle: bool = True
    burst_threshold: int = Field(5, ge=1)
    burst_quiet_minutes: float = Field(10, ge=0)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """
        Read the settings from *environment*.

        Raises:
            ConfigurationError: Variables are missing or wrong; the message names each of them.

        """
        present = {
            name: environment[name.upper()]
            for name in cls.model_fields
            if name.upper() in environment
        }
        try:
            return cls.model_validate(present)
        except ValidationError as error:
            problems = "; ".join(
                f"{str(problem['loc'][0]).upper()}: {problem['msg']}" for problem in error.errors()
            )
            message = f"environment variables: {problems}; deploy the template again to set them"
            raise ConfigurationError(message) from error

    @property
    def trouble_channel(self) -> str:
        """The channel for the router's own problems."""
        return self.ops_channel or self.default_channel


def tracing_is_on(environment: Mapping[str, str] = os.environ) -> bool:
    """Return True if the stack enables tracing; False locally, where nothing collects traces."""
    return (
        environment.get("POWERTOOLS_TRACE_DISABLED", "true").lower() == "false"
        and "LAMBDA_TASK_ROOT" in environment
        and "AWS_SAM_LOCAL" not in environment
    )
