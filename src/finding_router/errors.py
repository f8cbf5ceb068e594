"""
All errors that the router defines.

.. code-block:: text

    RouterError                      the message ends with what to do
    ├─ ConfigurationError            environment, secret or table is wrong
    │  └─ RouteError                 one item of the routing table is wrong; only it is skipped
    ├─ InputError                    the input is foreign or unreadable; never retried
    │  ├─ EventError                 a whole event
    │  │  └─ UnreadableEventError    it came from Security Hub all the same; posted raw
    │  └─ FindingError               one finding
    ├─ DeliveryError                 a Slack call failed; carries the channel and Slack's code
    │  ├─ RateLimitedError           rate limit; carries the seconds to wait
    │  ├─ UnavailableError           Slack or the network is down; may have posted if .ambiguous
    │  ├─ UnlistedCodeError          a code unknown to the router; retried, for its channel only
    │  ├─ ChannelError               the channel takes no messages
    │  ├─ CredentialError            the token is refused, possibly by one channel only
   │  │  └─ ScopeError              the app may not ask it; carries the scope that it needs
    │  ├─ MessageError               the message itself is refused
    │  └─ GoneError                  the message to change or reply to no longer exists
    ├─ WorkflowUpdateError           Security Hub did not set NOTIFIED
    │  └─ HubDeniedError             the role may not ask it
    ├─ PressError                    a press of a button has no effect now
    │  ├─ AgainError                 not yet: it comes again after some seconds
    │  └─ RefusedError               not at all; the message is for the person
    ├─ AlarmUntoldError              the ops channel was not told of an alarm
    ├─ OrganizationsError            a call of AWS Organizations failed
    ├─ TicketError                   a ticket was not made or changed; may be so if .ambiguous
    │  └─ TicketGoneError            the ticket to change does not exist any more
    └─ StoreError                    a DynamoDB call failed
       └─ UnreadableError            one item of the Ledger cannot be read; only its own work fails
"""


def legible(text: str) -> str:
    r"""
    Return *text* on one line, with characters that are not printable as escapes such as ``\u200b``.

    Among them are half surrogate pairs, which no output can encode.
    """
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


class RouterError(Exception):
    """Base class of all errors below."""


class ConfigurationError(RouterError):
    """The environment, a secret or a table is missing or wrong."""


class RouteError(ConfigurationError):
    """
    One item of the routing table is invalid.

    The message reads ``kind "name", field: problem; remedy``. *others* holds the further mistakes
    of the same item, so that all can be corrected at once.
    """

    def __init__(
        self,
        kind: str,
        name: str,
        field: str,
        problem: str,
        remedy: str,
        *,
        others: "tuple[RouteError, ...]" = (),
    ) -> None:
        """Keep the item's *kind* and *name*, the dotted *field*, the *problem* and the *remedy*."""
        kind, name, field, problem, remedy = map(legible, (kind, name, field, problem, remedy))
        # A file may have an attribute without a name.
        field = field or '""'
        super().__init__(f'{kind} "{name}", {field}: {problem}; {remedy}')
        self.others = others
        self.kind = kind
        self.name = name
        self.field = field
        self.problem = problem
        self.remedy = remedy


class InputError(RouterError):
    """An event or finding cannot be used, and a retry would not help."""


class EventError(InputError):
    """An event is of a source or type that the router does not take, or has no findings."""


class UnreadableEventError(EventError):
    """An event came from Security Hub, in a form that the router cannot read; it is posted raw."""


class FindingError(InputError):
    """A finding lacks the fields that identify it."""


class DeliveryError(RouterError):
    """A call of Slack's *method* for *channel* failed; *code* is Slack's error code."""

    def __init__(
        self, message: str, *, channel: str, code: str, method: str = "chat.postMessage"
    ) -> None:
        """Keep *channel*, *code* and *method*, which decide how to continue."""
        super().__init__(message)
        self.channel = channel
        self.code = code
        self.method = method

    @property
    def is_search(self) -> bool:
        """Return True if a search failed, which does not affect posts."""
        return self.method.startswith("conversations.")


class RateLimitedError(DeliveryError):
    """Slack's rate limit: wait *retry_after_seconds* before the next call of *method*."""

    def __init__(
        self,
        message: str,
        *,
        channel: str,
        code: str,
        retry_after_seconds: float,
        method: str = "chat.postMessage",
    ) -> None:
        """Keep *retry_after_seconds*."""
        super().__init__(message, channel=channel, code=code, method=method)
        self.retry_after_seconds = retry_after_seconds


class UnavailableError(DeliveryError):
    """Slack is unavailable or its response was lost; if *ambiguous*, it may still have posted."""

    def __init__(self, message: str, *, channel: str, code: str, ambiguous: bool) -> None:
        """Keep *ambiguous*."""
        super().__init__(message, channel=channel, code=code)
        self.ambiguous = ambiguous


class UnlistedCodeError(DeliveryError):
    """Slack returned a code unknown to the router, which implies nothing for other channels."""


class ChannelError(DeliveryError):
    """The channel does not exist, is archived, or is closed to the app."""


class CredentialError(DeliveryError):
    """The token is invalid, revoked or lacks a scope, or one channel does not accept it."""


class ScopeError(CredentialError):
    """The app lacks *scope*, without which Slack does not answer."""

    def __init__(self, scope: str, error: CredentialError) -> None:
        """Keep *scope* and what *error* says."""
        super().__init__(str(error), channel=error.channel, code=error.code, method=error.method)
        self.scope = scope


class MessageError(DeliveryError):
    """Slack refuses the content of this message."""


class GoneError(DeliveryError):
    """The message to change or reply to is deleted or can no longer be changed."""


class WorkflowUpdateError(RouterError):
    """Security Hub did not set a finding's Workflow status."""


class HubDeniedError(WorkflowUpdateError):
    """Security Hub denies the role its question, until somebody changes a policy."""


class PressError(RouterError):
    """A press of a button has no effect now."""


class AgainError(PressError):
    """Another worker is at the same finding: the press comes again after *seconds*."""

    def __init__(self, message: str, *, seconds: float) -> None:
        """Keep *seconds*."""
        super().__init__(message)
        self.seconds = seconds


class RefusedError(PressError):
    """The press is refused; the message is a sentence for the person, *why* a word for the log."""

    def __init__(self, message: str, *, why: str) -> None:
        """Keep *why*."""
        super().__init__(message)
        self.why = why


class AlarmUntoldError(RouterError):
    """No channel took the notice of an alarm: raised so that the function is called again."""


class OrganizationsError(RouterError):
    """A call of AWS Organizations failed; *code* is the error code of AWS."""

    def __init__(self, message: str, *, code: str) -> None:
        """Keep *code*."""
        super().__init__(message)
        self.code = code


class TicketError(RouterError):
    """
    A ticket was not made or changed; the message is for people, and says what to do.

    Try again in *retry_seconds*, or do not if that is None: somebody has to correct something
    first. If *ambiguous*, it may be made or changed all the same, or halfway.
    """

    def __init__(
        self, message: str, *, retry_seconds: float | None = None, ambiguous: bool = False
    ) -> None:
        """Keep *retry_seconds* and *ambiguous*."""
        super().__init__(message)
        self.retry_seconds = retry_seconds
        self.ambiguous = ambiguous


class TicketGoneError(TicketError):
    """The ticket to change does not exist any more."""


class StoreError(RouterError):
    """A DynamoDB read or write failed."""


class UnreadableError(StoreError):
    """One item of the Ledger cannot be read, as a newer version wrote it or it is damaged."""
