"""
Every error that the router raises on purpose.

.. code-block:: text

    RouterError                      the message ends with what to do
    ├─ ConfigurationError            environment, secret or table is wrong
    │  └─ RouteError                 one item of the routing table is wrong: it alone is skipped
    ├─ InputError                    what came in is not ours or cannot be read; never retried
    │  ├─ EventError                 a whole event
    │  └─ FindingError               one finding
    ├─ DeliveryError                 Slack said no; carries the channel and Slack's code
    │  ├─ RateLimitedError           too fast; carries how long to wait
    │  ├─ UnavailableError           Slack or the way to it is down; may have posted if .ambiguous
    │  ├─ UnlistedCodeError          a code that nobody knows yet: tried again, for its channel only
    │  ├─ ChannelError               this channel will not take messages
    │  ├─ CredentialError            the token is refused, maybe by this channel alone
    │  ├─ MessageError               this message is refused as it is
    │  └─ GoneError                  the message to change or to answer is not there any more
    ├─ WorkflowUpdateError           Security Hub would not take NOTIFIED
    └─ StoreError                    DynamoDB would not answer
"""


class RouterError(Exception):
    """Base of all."""


class ConfigurationError(RouterError):
    """The environment, a secret or a table is not as the router needs it."""


class RouteError(ConfigurationError):
    """
    One item of the routing table is wrong.

    The message reads ``kind "name", field: what is wrong; what would be right``. *others* are the
    further mistakes of the same item, which may be mended in one go.
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
        """Name the item by *kind* and *name*, the *field* in dots, the *problem* and *remedy*."""
        super().__init__(f'{kind} "{name}", {field}: {problem}; {remedy}')
        self.others = others
        self.kind = kind
        self.name = name
        self.field = field
        self.problem = problem
        self.remedy = remedy


class InputError(RouterError):
    """What came in cannot be used; trying again would not change that."""


class EventError(InputError):
    """An event is not one that the router takes."""


class FindingError(InputError):
    """A finding is too broken to be read."""


class DeliveryError(RouterError):
    """Slack refused a call of *method* for *channel*; *code* is Slack's own word for why."""

    def __init__(
        self, message: str, *, channel: str, code: str, method: str = "chat.postMessage"
    ) -> None:
        """Keep *channel*, *code* and *method* for the policy."""
        super().__init__(message)
        self.channel = channel
        self.code = code
        self.method = method

    @property
    def is_search(self) -> bool:
        """Return True if a search was refused, which does not concern posts."""
        return self.method.startswith("conversations.")


class RateLimitedError(DeliveryError):
    """Slack asks to wait *retry_after_seconds* before the next call of *method*."""

    def __init__(
        self,
        message: str,
        *,
        channel: str,
        code: str,
        retry_after_seconds: float,
        method: str = "chat.postMessage",
    ) -> None:
        """Keep the seconds to wait."""
        super().__init__(message, channel=channel, code=code, method=method)
        self.retry_after_seconds = retry_after_seconds


class UnavailableError(DeliveryError):
    """Slack could not be asked; where *ambiguous*, it may have posted all the same."""

    def __init__(self, message: str, *, channel: str, code: str, ambiguous: bool) -> None:
        """Keep whether the message may be there already."""
        super().__init__(message, channel=channel, code=code)
        self.ambiguous = ambiguous


class UnlistedCodeError(DeliveryError):
    """Slack refused with a code that nobody knows yet; it says nothing of other channels."""


class ChannelError(DeliveryError):
    """The channel is gone, archived, or closed to the app."""


class CredentialError(DeliveryError):
    """The token is wrong, revoked or lacks a scope, or one channel does not accept it."""


class MessageError(DeliveryError):
    """Slack refuses this message as it is built."""


class GoneError(DeliveryError):
    """The message that was to be changed or answered is gone, or may not be changed any more."""


class WorkflowUpdateError(RouterError):
    """Security Hub did not set a finding's Workflow status."""


class StoreError(RouterError):
    """DynamoDB did not read or write."""
