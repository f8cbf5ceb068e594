"""The one policy for errors of Slack and of the Ledger."""

from enum import StrEnum
from typing import NamedTuple

from finding_router.delivery.limits.circuit import LEDGER
from finding_router.delivery.limits.rate import UPDATES
from finding_router.delivery.posting.task import Task
from finding_router.errors import (
    ChannelError,
    CredentialError,
    DeliveryError,
    GoneError,
    MessageError,
    RateLimitedError,
    RouterError,
    StoreError,
    UnavailableError,
    UnlistedCodeError,
    UnreadableError,
)
from finding_router.slack.api.refusals import MAYBE_CHANNEL_CODES


class Next(StrEnum):
    """What becomes of the task."""

    WAIT = "wait"
    """Its turn comes again in this run."""
    PLAIN = "plain"
    """A plain message takes the place of the refused one."""
    ALONE = "alone"
    """It goes on without the message that is gone."""
    REDIRECT = "redirect"
    """The default channel takes it."""
    GIVE_UP = "give up"
    """Nobody sees the message that was to be changed."""
    FAIL = "fail"
    """Its records come back."""


class Response(NamedTuple):
    """The effects of an error on the task, on a channel, and on the run."""

    task: Next
    retry_seconds: float = 0.0
    """The least time until the records come back."""
    slows: str = ""
    """Name of the slots that Slack wants to be given out later."""
    fails_at: str = ""
    """The channel, or the Ledger, whose failures in a row are counted."""
    is_everywhere: bool = True
    """The failure may concern other channels, too."""
    closes: str = ""
    """The channel that takes nothing more in this run."""
    stops: bool = False
    """No channel takes anything in this run."""


def respond(
    error: RouterError, task: Task, *, default_channel: str, is_believed: bool = True
) -> Response:
    """
    Return the response to *error*, met by *task*.

    A credential error *is_believed* once Slack confirmed it, or a second channel. Before that it
    counts for its channel only: an app may be kept out of a single one.
    """
    match error:
        case StoreError():
            # A message that stands in Slack is recorded once the others have been posted.
            is_to_record = task.posted is not None and not task.is_doubtful
            # An item that cannot be read says nothing about the others.
            fails_at = "" if isinstance(error, UnreadableError) else LEDGER
            return Response(Next.WAIT if is_to_record else Next.FAIL, fails_at=fails_at)
        case RateLimitedError() if error.is_search or task.is_change:
            slows = "" if error.is_search else UPDATES
            return Response(Next.FAIL, retry_seconds=error.retry_after_seconds, slows=slows)
        case RateLimitedError():
            return Response(Next.WAIT, error.retry_after_seconds, slows=task.channel)
        case MessageError() if not task.is_plain:
            return Response(Next.PLAIN)
        case GoneError() if task.is_alone and task.is_dispensable:
            return Response(Next.GIVE_UP)
        case GoneError() if not task.is_alone:
            return Response(Next.ALONE)
        case CredentialError() if is_believed:
            return Response(Next.FAIL, stops=True)
        case CredentialError() if error.is_search:
            return Response(Next.FAIL)
        case CredentialError() if error.code not in MAYBE_CHANNEL_CODES:
            return Response(Next.FAIL, fails_at=task.channel, is_everywhere=False)
        case ChannelError() | CredentialError() if task.is_change or task.is_dispensable:
            return Response(Next.GIVE_UP)
        case ChannelError() | CredentialError() if task.channel == default_channel:
            return Response(Next.FAIL, closes=default_channel)
        case ChannelError() | CredentialError():
            return Response(Next.REDIRECT)
        case UnlistedCodeError():
            return Response(Next.FAIL, fails_at=task.channel, is_everywhere=False)
        case UnavailableError():
            return Response(Next.FAIL, fails_at=task.channel)
        case _:
            return Response(Next.FAIL)


def is_ambiguous(error: DeliveryError) -> bool:
    """Return True if Slack may have carried out the request all the same."""
    return isinstance(error, UnavailableError) and error.ambiguous
