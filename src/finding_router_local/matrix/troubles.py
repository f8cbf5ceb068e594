"""What can go wrong, by family: every code of Slack's that the router knows, and the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from finding_router.slack.refusals import (
    AMBIGUOUS_CODES,
    CHANNEL_CODES,
    CREDENTIAL_CODES,
    GONE_CODES,
    MESSAGE_CODES,
)
from finding_router_local.faults import Effect
from finding_router_local.matrix.steps import DYNAMODB, SECURITY_HUB, SLACK, SQS

# boto3's attempts of one call: fewer would only show that it tries again.
_ATTEMPTS: Final = 3
# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchUpdateFindingsUnprocessedFinding.html
UNPROCESSED_CODES: Final = (
    "ConcurrentUpdateError",
    "DuplicatedFindingIdentifier",
    "FindingNotFound",
    "FindingSizeExceeded",
    "InternalFailure",
    "InvalidInput",
)
_SLOW_SECONDS: Final = 10.5
_SERVER_ERRORS: Final = (500, 502, 503, 504)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trouble:
    """
    One thing that goes wrong with calls of *services*, *times* times where it does not last.

    *slack* are the keywords of the local Slack's fault, *effect* is the one of the local AWS.
    """

    family: str
    name: str
    services: frozenset[str]
    slack: Mapping[str, Any] = field(default_factory=dict)
    effect: Effect | None = None
    code: str = ""
    status: int = 500
    times: int = 1
    may_last: bool = True
    is_ambiguous: bool = False
    """Slack may have carried it out."""
    is_final: bool = False
    """Security Hub will never take the finding: it is not NOTIFIED in the end."""
    is_slow: bool = False
    """It takes real time, which no clock can be moved over."""

    @property
    def is_about_channel(self) -> bool:
        """Tell whether one channel is concerned, and no other."""
        return self.family == CHANNEL_FAMILY

    @property
    def kills(self) -> bool:
        """Tell whether the worker dies of it."""
        return self.effect in {Effect.KILL_BEFORE, Effect.KILL_AFTER}


CHANNEL_FAMILY: Final = "Slack refuses the channel"
TOKEN_FAMILY: Final = "Slack refuses the token"  # noqa: S105 -- a family, no token


def _refusals(family: str, codes: frozenset[str]) -> list[Trouble]:
    return [_slack(family, code, error=code) for code in sorted(codes)]


def _slack(family: str, name: str, *, ambiguous: bool = False, **fault: Any) -> Trouble:
    return Trouble(
        family=family,
        name=name,
        services=frozenset({SLACK}),
        slack=fault,
        is_ambiguous=ambiguous,
        is_slow="delay_seconds" in fault,
    )


def _aws(family: str, name: str, service: str, effect: Effect, **more: Any) -> Trouble:
    return Trouble(family=family, name=name, services=frozenset({service}), effect=effect, **more)


def _slack_troubles() -> list[Trouble]:
    again = "Slack asks to try again"
    doubt = "Slack may have done it"
    return [
        *_refusals(CHANNEL_FAMILY, CHANNEL_CODES),
        *_refusals(TOKEN_FAMILY, CREDENTIAL_CODES),
        *_refusals("Slack refuses the message", MESSAGE_CODES),
        *_refusals("the message is gone", GONE_CODES),
        _slack(again, "ratelimited for 2 s", retry_after=2),
        _slack(again, "ratelimited for 5 min", retry_after=300),
        _slack(again, "service_unavailable", error="service_unavailable"),
        _slack(again, "a code that nobody knows", error="something_new"),
        _slack(again, "HTTP 404 page", http_status=404),
        *(
            _slack(doubt, f"{code}, {'done' if stored else 'not done'}",
                   error=code, stored=stored, ambiguous=True)
            for code in sorted(AMBIGUOUS_CODES)
            for stored in (False, True)
        ),
        *(
            _slack(doubt, f"HTTP {status}, {'done' if stored else 'not done'}",
                   http_status=status, stored=stored, ambiguous=True)
            for status in _SERVER_ERRORS
            for stored in (False, True)
        ),
        _slack(doubt, "connection lost before", drop="before", ambiguous=True),
        _slack(doubt, "connection lost after", drop="after", ambiguous=True),
        _slack(doubt, "no answer in time", delay_seconds=_SLOW_SECONDS, ambiguous=True),
    ]  # fmt: skip


def _aws_troubles() -> list[Trouble]:
    troubles = []
    for service, name in ((DYNAMODB, "DynamoDB"), (SECURITY_HUB, "Security Hub"), (SQS, "SQS")):
        family = f"{name} fails"
        troubles += [
            _aws(family, "throttled", service, Effect.THROTTLE, times=_ATTEMPTS),
            _aws(family, "HTTP 500", service, Effect.ERROR, times=_ATTEMPTS),
            _aws(family, "out of reach", service, Effect.OUTAGE, times=_ATTEMPTS),
            _aws(family, "answer lost once", service, Effect.LOSE_ANSWER, may_last=False),
            _aws(family, "answers lost", service, Effect.LOSE_ANSWER, times=_ATTEMPTS),
            _aws(family, "denied", service, Effect.ERROR, code="AccessDeniedException", status=400),
        ]
    troubles += [
        _aws(
            "Security Hub leaves it",
            code,
            SECURITY_HUB,
            Effect.UNPROCESSED,
            code=code,
            is_final=code in {"FindingNotFound", "FindingSizeExceeded", "InvalidInput"},
        )
        for code in UNPROCESSED_CODES
    ]
    return troubles


def _deaths() -> list[Trouble]:
    return [
        Trouble(
            family="the worker is killed",
            name=name,
            services=frozenset({SLACK, DYNAMODB, SECURITY_HUB}),
            effect=effect,
            slack={"drop": drop},
            may_last=False,
            is_ambiguous=True,
        )
        for name, effect, drop in (
            ("before the call", Effect.KILL_BEFORE, "before"),
            ("after the call", Effect.KILL_AFTER, "after"),
        )
    ]


TROUBLES: Final[Sequence[Trouble]] = (*_slack_troubles(), *_aws_troubles(), *_deaths())
