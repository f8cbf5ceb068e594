"""The signing secret of the Slack app, kept in memory."""

import json
import time
from collections.abc import Callable
from typing import Final

from finding_router.actions.signature import Request
from finding_router.errors import ConfigurationError
from finding_router.telemetry import logger

# A request that fails may be signed with a newer secret, and anybody may send one that fails.
AGAIN_SECONDS: Final = 60.0
# A secret that was replaced is not accepted for longer.
MAX_AGE_SECONDS: Final = 900.0
# After an attempt to read it that failed.
FAILED_SECONDS: Final = 5.0


class SigningSecret:
    """The secret at one ARN, read again when it may have been replaced."""

    def __init__(self, read: Callable[[], str], clock: Callable[[], float] = time.time) -> None:
        """Read its text with *read*, which raises a ConfigurationError where it cannot."""
        self._read = read
        self._clock = clock
        self._value = ""
        self._read_at = float("-inf")

    def has_signed(self, request: Request) -> bool:
        """Return True if the secret signed *request*; read it again at most once a minute."""
        if self._is_older_than(self._good_seconds(request)):
            self.refresh()
        return request.is_signed_with(self._value)

    def refresh(self) -> None:
        """Read the secret; keep the one that was read before if that fails."""
        self._read_at = self._clock()
        try:
            self._value = secret_in(self._read())
        except ConfigurationError as error:
            logger.error("signing secret not read", reason=str(error))

    def _good_seconds(self, request: Request) -> float:
        """Return the age up to which the secret is not read again for *request*."""
        if not self._value:
            return FAILED_SECONDS
        return MAX_AGE_SECONDS if request.is_signed_with(self._value) else AGAIN_SECONDS

    def _is_older_than(self, seconds: float) -> bool:
        return self._clock() - self._read_at > seconds


def secret_in(text: str) -> str:
    """
    Return the signing secret in *text*: the secret alone, or an object with `signing_secret`.

    Raises:
        ConfigurationError: It is none. The message omits the text.

    """
    value: object = text.strip()
    if text.lstrip().startswith("{"):
        try:
            value = json.loads(text).get("signing_secret", "")
        except (ValueError, RecursionError):
            value = ""
    if not isinstance(value, str) or not value or not value.isascii() or value.startswith("xox"):
        message = (
            "SlackSigningSecretArn holds no signing secret; put the app's Signing Secret "
            '(Basic Information) there, alone or as {"signing_secret": "…"}'
        )
        raise ConfigurationError(message)
    return value
