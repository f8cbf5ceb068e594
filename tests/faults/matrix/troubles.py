"""The troubles, by family: every error code of Slack's that the router knows, and others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from faults.matrix.steps import DYNAMODB, SECURITY_HUB, SLACK, SQS
from finding_router_local.faults import Effect

# boto3's attempts of one call: fewer would only show that it tries again.
_ATTEMPTS: Final = 3
NOT_FOUND: Final = "FindingNotFound"
# Security Hub will never take the finding: it is not NOTIFIED in the end.
FINAL_CODES: Final = frozenset({"FindingSizeExceeded", "InvalidInput", "ValidationException"})
# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchUpdateFindingsUnprocessedFinding.html
UNPROCESSED_CODES: Final = (
    "ConcurrentUpdateError",
    "DuplicatedFindingIdentifier",
    NOT_FOUND,
    "FindingSizeExceeded",
    "InternalFailure",
    "InvalidInput",
)
# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_BatchUpdateFindingsV2UnprocessedFinding.html
UNPROCESSED_CODES_V2: Final = (
    "ConflictException",
    "InternalServerException",
    "ResourceNotFoundException",
    "ValidationException",
)
# Slack's error codes and their meanings, written here a second time: otherwise a code that the
# router forgot would be missing in the matrix as well.
# https://docs.slack.dev/reference/methods/chat.postMessage#errors
CHANNEL_CODES: Final = (
    "cannot_post_to_channel",
    "channel_is_limited_access",
    "channel_not_found",
    "is_archived",
    "messages_tab_disabled",
    "no_permission",
    "not_in_channel",
    "restricted_action",
    "restricted_action_non_threadable_channel",
    "restricted_action_read_only_channel",
    "restricted_action_thread_locked",
    "restricted_action_thread_only_channel",
    "team_not_found",
)
CREDENTIAL_CODES: Final = (
    "access_denied",
    "accesslimited",
    "account_inactive",
    "ekm_access_denied",
    "enterprise_is_restricted",
    "invalid_auth",
    "missing_scope",
    "not_allowed_token_type",
    "not_authed",
    "org_login_required",
    "team_access_not_granted",
    "token_expired",
    "token_revoked",
    "two_factor_setup_required",
)
MESSAGE_CODES: Final = (
    "attachment_payload_limit_exceeded",
    "invalid_arguments",
    "invalid_attachments",
    "invalid_blocks",
    "invalid_blocks_format",
    "invalid_charset",
    "invalid_json",
    "invalid_metadata_format",
    "invalid_metadata_schema",
    "metadata_too_large",
    "msg_blocks_too_long",
    "msg_too_long",
    "no_text",
    "too_many_attachments",
)
# https://docs.slack.dev/reference/methods/chat.update#errors
GONE_CODES: Final = (
    "cannot_reply_to_message",
    "cant_update_message",
    "edit_window_closed",
    "is_inactive",
    "message_not_found",
    "thread_not_found",
)
AMBIGUOUS_CODES: Final = ("fatal_error", "internal_error", "request_timeout")
# The app may not search for its messages.
_BLINDING_CODES: Final = frozenset({"missing_scope", *CHANNEL_CODES})
_SLOW_SECONDS: Final = 10.5
# Of these a page comes back: "200" where something in between answers for Slack.
_PAGES: Final = (200, 500, 502, 503, 504)


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
    operation: str = ""
    """The only operation that it can befall, if it is not all of the service."""
    status: int = 500
    times: int = 1
    may_last: bool = True
    is_ambiguous: bool = False
    """For the router, Slack may have carried it out."""
    is_slow: bool = False
    """It takes real time, which no clock can be moved over."""

    @property
    def is_about_channel(self) -> bool:
        """Return True if one channel is concerned, and no other."""
        return self.family == CHANNEL_FAMILY

    @property
    def is_refusal(self) -> bool:
        """Return True if it is one of many codes that mean the same."""
        return self.family in {CHANNEL_FAMILY, TOKEN_FAMILY, MESSAGE_FAMILY}

    @property
    def is_done(self) -> bool:
        """Return True if Slack has carried it out."""
        delays = "delay_seconds" in self.slack
        return delays or bool(self.slack.get("stored")) or self.slack.get("drop") == "after"

    @property
    def kind(self) -> str:
        """Return one name for what the client of AWS meets, and tries again, in the same way."""
        # A call that is carried out, and whose answer is lost, is not like one that failed.
        is_alike = self.times == _ATTEMPTS and self.effect is not Effect.LOSE_ANSWER
        return "tried again" if is_alike else self.name

    @property
    def is_answer(self) -> bool:
        """Return True if it is a possible answer of a method that only reads."""
        code = self.slack.get("error")
        if self.family in {AGAIN_FAMILY, DOUBT_FAMILY}:
            return not self.is_done
        return code in {"invalid_auth", "missing_scope", "not_in_channel"}

    @property
    def blinds(self) -> bool:
        """Return True if the app may not look where a search meets it."""
        return self.slack.get("error") in _BLINDING_CODES

    @property
    def kills(self) -> bool:
        """Return True if the worker dies of it."""
        return self.effect in {Effect.KILL_BEFORE, Effect.KILL_AFTER}


CHANNEL_FAMILY: Final = "Slack refuses the channel"
MESSAGE_FAMILY: Final = "Slack refuses the message"
KILLED_FAMILY: Final = "the worker is killed"
GONE_FAMILY: Final = "the message is gone"
AGAIN_FAMILY: Final = "Slack asks to try again"
DOUBT_FAMILY: Final = "Slack may have done it"
TOKEN_FAMILY: Final = "Slack refuses the token"


def _refusals(family: str, codes: Sequence[str]) -> list[Trouble]:
    return [_slack(family, code, error=code) for code in codes]


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
    again, doubt = AGAIN_FAMILY, DOUBT_FAMILY
    return [
        *_refusals(CHANNEL_FAMILY, CHANNEL_CODES),
        *_refusals(TOKEN_FAMILY, CREDENTIAL_CODES),
        *_refusals(MESSAGE_FAMILY, MESSAGE_CODES),
        *_refusals(GONE_FAMILY, GONE_CODES),
        _slack(again, "ratelimited for 2 s", retry_after=2),
        _slack(again, "ratelimited for 5 min", retry_after=300),
        _slack(again, "service_unavailable", error="service_unavailable"),
        _slack(again, "a code that nobody knows", error="something_new"),
        _slack(again, "HTTP 404 page", http_status=404),
        *(
            _slack(doubt, f"{code}, {'done' if stored else 'not done'}",
                   error=code, stored=stored, ambiguous=True)
            for code in AMBIGUOUS_CODES
            for stored in (False, True)
        ),
        *(
            _slack(doubt, f"HTTP {status}, {'done' if stored else 'not done'}",
                   http_status=status, stored=stored, ambiguous=True)
            for status in _PAGES
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
    troubles.append(_aws("DynamoDB fails", "a part is done", DYNAMODB, Effect.PARTIAL))
    troubles += [
        _aws(
            "Security Hub leaves it",
            code,
            SECURITY_HUB,
            Effect.UNPROCESSED,
            code=code,
            operation=operation,
        )
        for operation, codes in (
            ("BatchUpdateFindings", UNPROCESSED_CODES),
            ("BatchUpdateFindingsV2", UNPROCESSED_CODES_V2),
        )
        for code in codes
    ]
    return troubles


def _deaths() -> list[Trouble]:
    return [
        Trouble(
            family=KILLED_FAMILY,
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

# The troubles after which the router searches for a message, lists channels, or retries later.
FIRST_TROUBLES: Final[Mapping[str, Sequence[str]]] = {
    "connection lost after": ("search channel", "search thread"),
    "after the call": ("list channels",),
    "service_unavailable": ("put off",),
}
