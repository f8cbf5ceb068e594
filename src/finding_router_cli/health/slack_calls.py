"""Calls of Slack's Web API that only look."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import urllib3

_SECONDS: Final = 5.0
_PAGE: Final = 999
_MAX_PAGES: Final = 10


class SlackRefusalError(Exception):
    """Slack refused a call; *code* is its error code, or why there was no answer."""

    def __init__(self, method: str, code: str, answer: Mapping[str, Any] | None = None) -> None:
        """Name the *method* and the *code*; *answer* is the whole answer, None without one."""
        super().__init__(f"{method}: {code}")
        self.code = code
        self.is_answered = answer is not None
        self.answer = answer or {}


class SlackCalls:
    """Slack at *base_url*; a call without an answer raises SlackRefusalError, too."""

    def __init__(self, token: str, base_url: str) -> None:
        """Call with *token*."""
        self._token = token
        self._base_url = base_url
        self._pool = urllib3.PoolManager(maxsize=4, retries=False)
        self.scopes: frozenset[str] | None = None
        """Scopes of the token in Slack's last answer; None if it did not name them."""

    def call(self, method: str, **arguments: str) -> dict[str, Any]:
        """
        Return the answer of *method*.

        Raises:
            SlackRefusalError: Slack refuses the call, or does not answer.

        """
        try:
            answer = self._pool.request(
                "POST",
                f"{self._base_url}{method}",
                body=urlencode(arguments),
                headers={
                    "Authorization": f"Bearer {self._token}",
                    "Content-Type": "application/x-www-form-urlencoded",
                },
                timeout=_SECONDS,
                redirect=False,
            )
            body = answer.json()
        except urllib3.exceptions.HTTPError as error:
            raise SlackRefusalError(method, type(error).__name__) from error
        except ValueError as error:
            raise SlackRefusalError(method, f"HTTP {answer.status}") from error
        named = answer.headers.get("x-oauth-scopes")
        if named is not None:
            self.scopes = frozenset(map(str.strip, named.split(",")))
        if not isinstance(body, dict) or not body.get("ok"):
            said = body if isinstance(body, dict) else {}
            raise SlackRefusalError(method, str(said.get("error", "no answer")), said)
        return body

    def channels(self, types: str) -> Iterator[dict[str, Any]]:
        """Yield the channels of *types*, archived ones too; raises SlackRefusalError."""
        cursor = ""
        for _ in range(_MAX_PAGES):
            answer = self.call("conversations.list", types=types, limit=str(_PAGE), cursor=cursor)
            yield from answer["channels"]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return
        raise SlackRefusalError("conversations.list", "more channels than can be read")
