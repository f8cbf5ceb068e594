"""
Calls of Slack within the three seconds that it waits for an answer.

slack_sdk would do it, too, but importing it takes as long as everything else that a form needs.
"""

import json
import ssl
import time
from collections.abc import Callable, Mapping
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import urllib3

from finding_router.errors import RouterError
from finding_router.slack.kit.answer_address import takes_answers
from finding_router.telemetry import logger

CALL_SECONDS: Final = 2.0
# A connection idle for longer may have been closed while Lambda was frozen.
IDLE_SECONDS: Final = 20.0
_TOKEN_CODES: Final = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"}
)


class SlackCallError(RouterError):
    """A call of Slack's *method* failed; *code* is Slack's, or "unreachable"."""

    def __init__(self, method: str, code: str) -> None:
        """Keep *code*, which decides what the person is told."""
        super().__init__(f"{method}: {code}")
        self.code = code


class Web:
    """The methods of Slack that the endpoint calls, and ephemeral answers."""

    def __init__(self, *, token: Callable[[bool], str], base_url: str) -> None:
        """Fetch the token with *token(fresh)*, at the first call and again if Slack refuses it."""
        self._token = token
        self._base_url = base_url
        self._used_at = time.time()

    def call(self, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """
        Call *method* with *arguments*; fetch a refused token again once.

        Raises:
            SlackCallError: It failed.
            ConfigurationError: There is no token.

        """
        try:
            return self._call(method, arguments, is_fresh=False)
        except SlackCallError as error:
            if error.code not in _TOKEN_CODES:
                raise
            return self._call(method, arguments, is_fresh=True)

    def tell(self, response_url: str, text: str) -> None:
        """Show *text* to the person who pressed alone; it is lost where Slack does not take it."""
        if not self.takes_answers(response_url):
            return
        answer = {"response_type": "ephemeral", "replace_original": False, "text": text}
        try:
            status = self._send(response_url, _as_json(answer), {}).status
        except (urllib3.exceptions.HTTPError, OSError) as error:
            logger.warning("answer not shown", problem=type(error).__name__)
            return
        if status != HTTPStatus.OK:
            logger.warning("answer not shown", status=status)

    def takes_answers(self, response_url: str) -> bool:
        """Return True if *response_url* is an address of Slack's, or of the Slack of tests."""
        return takes_answers(response_url, self._base_url)

    def _call(self, method: str, arguments: Mapping[str, Any], *, is_fresh: bool) -> dict[str, Any]:
        headers = {"authorization": f"Bearer {self._token(is_fresh)}"}
        # Of the methods used here, only views.* take JSON; the others take form fields.
        encode = _as_json if method.startswith("views.") else _as_form
        try:
            response = self._send(self._base_url + method, encode(arguments), headers)
            answer = json.loads(response.data)
        except (urllib3.exceptions.HTTPError, OSError, ValueError, RecursionError) as error:
            raise SlackCallError(method, "unreachable") from error
        match answer:
            case {"ok": True}:
                return dict(answer)
            case {"error": str(code)}:
                raise SlackCallError(method, code)
        raise SlackCallError(method, f"http_{response.status}")

    def _send(
        self, url: str, content: tuple[str, bytes], headers: Mapping[str, str]
    ) -> urllib3.BaseHTTPResponse:
        now = time.time()
        if now - self._used_at > IDLE_SECONDS:
            self._pool.clear()
        self._used_at = now
        return self._pool.request(
            "POST",
            url,
            body=content[1],
            headers={"content-type": content[0], **headers},
            timeout=urllib3.Timeout(total=CALL_SECONDS),
            redirect=False,
        )

    @cached_property
    def _pool(self) -> urllib3.PoolManager:
        # urllib3 otherwise reads the file of certificates again for each connection.
        context = ssl.create_default_context() if self._base_url.startswith("https:") else None
        return urllib3.PoolManager(num_pools=2, maxsize=1, retries=False, ssl_context=context)


def _as_json(content: Mapping[str, Any]) -> tuple[str, bytes]:
    return "application/json; charset=utf-8", json.dumps(content).encode()


def _as_form(content: Mapping[str, Any]) -> tuple[str, bytes]:
    return "application/x-www-form-urlencoded", urlencode(content).encode()
