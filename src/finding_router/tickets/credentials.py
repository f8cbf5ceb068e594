"""The token of a repository: one that is stored, or that of a GitHub App for an hour."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPMethod
from typing import Any, Final

from finding_router.errors import TicketError
from finding_router.routing.items.ticket import API_URL, App, GitHub
from finding_router.tickets.github import UNAVAILABLE_SECONDS, send
from finding_router.tickets.rsa import read_key

# GitHub takes ten minutes at most, and clocks differ.
_JWT_SECONDS: Final = 540
_CLOCK_SECONDS: Final = 60
EARLY_SECONDS: Final = 300.0
_PERMISSIONS: Final = {"issues": "write"}
# The worker may read the token of its Slack app besides those of tickets.
_OF_SLACK: Final = ("xox", "xapp-")


@dataclass(frozen=True, slots=True)
class Keyring:
    """
    What is stored outside the routing table.

    *secret* returns the text under an ARN; True asks for a fresh one. *sign* signs a message with
    the key of KMS that has an ARN, by RSASSA-PKCS1-v1_5 with SHA-256. Both raise
    ConfigurationError.
    """

    secret: Callable[[str, bool], str]
    sign: Callable[[str, bytes], bytes]


def token_of(github: GitHub, keyring: Keyring, clock: Callable[[], float] = time.time) -> "Token":
    """Return a function that returns the token for *github*; True asks for a fresh one."""
    if github.app is not None:
        return _AppToken(github, github.app, keyring, clock)
    arn = github.token or ""
    return lambda fresh: _stored(arn, github.base_url, ("token",), keyring, fresh=fresh)


type Token = Callable[[bool], str]


def _stored(
    arn: str, base_url: str, names: tuple[str, ...], keyring: Keyring, *, fresh: bool
) -> str:
    """
    Return the token or key under *arn*: the text itself, or that by one of *names* in its JSON.

    One for another address than GitHub's own has to name it beside itself, as `base_url`: who may
    edit the routing table must not choose whom it is sent to.
    """
    text = keyring.secret(arn, fresh).strip()
    own_url = API_URL
    if text.startswith("{"):
        try:
            content = json.loads(text)
        except ValueError:
            content = {}
        own_url = str(content.get("base_url") or API_URL).rstrip("/")
        text = next((str(content[name]).strip() for name in names if content.get(name)), "")
    if own_url != base_url:
        raise TicketError(
            f"{arn}: is for {own_url}, and not for {base_url}; store it as JSON with a base_url "
            "beside it, the same as in the routing table"
        )
    if text.startswith(_OF_SLACK):
        raise TicketError(f"{arn}: holds a token of Slack, which is sent nowhere else")
    if not text or (names == ("token",) and not (text.isascii() and text.isprintable())):
        raise TicketError(f"{arn}: holds no {names[0]}; put it there alone or as JSON")
    return text


_tokens: Final[dict[tuple[str, ...], tuple[str, float]]] = {}


class _AppToken:
    """The token of an installation, which GitHub gives for an hour."""

    def __init__(
        self, github: GitHub, app: App, keyring: Keyring, clock: Callable[[], float]
    ) -> None:
        self._github = github
        self._app = app
        self._keyring = keyring
        self._clock = clock

    def __call__(self, fresh: bool) -> str:  # noqa: FBT001 -- called back by position
        """Return the token, until five minutes before its end."""
        app, github = self._app, self._github
        key = (github.base_url, app.app_id, app.installation_id, app.key, github.repository)
        token, until = _tokens.get(key, ("", 0.0))
        if fresh or until - EARLY_SECONDS <= self._clock():
            token, until = self._made(fresh=fresh)
            _tokens[key] = token, until
        return token

    def _made(self, *, fresh: bool) -> tuple[str, float]:
        app, github = self._app, self._github
        url = f"{github.base_url}/app/installations/{app.installation_id}/access_tokens"
        asked = {
            "repositories": [github.repository.partition("/")[2]],
            "permissions": _PERMISSIONS,
        }
        answer = send(HTTPMethod.POST, url, asked, token=self._jwt(fresh=fresh))
        content = answer.content if answer.is_ok else None
        match content:
            case {"token": str(token), "expires_at": str(until)}:
                return token, datetime.fromisoformat(until).timestamp()
        if answer.is_limit:
            raise TicketError(
                f"GitHub App {app.app_id}: asked for a rest ({answer.message})",
                retry_seconds=answer.seconds_to_rest(self._clock()),
            )
        is_passing = answer.is_ok or answer.status >= 500  # noqa: PLR2004 -- what is not our fault
        raise TicketError(
            f"GitHub App {app.app_id}: no token for {github.repository} "
            f"(status {answer.status}, {answer.message}); check its ids, its key, and that it is "
            "installed there with the permission to write issues",
            retry_seconds=UNAVAILABLE_SECONDS if is_passing else None,
        )

    def _jwt(self, *, fresh: bool) -> str:
        now = int(self._clock())
        head = _encoded({"alg": "RS256", "typ": "JWT"})
        claims = _encoded(
            {"iat": now - _CLOCK_SECONDS, "exp": now + _JWT_SECONDS, "iss": self._app.app_id}
        )
        message = f"{head}.{claims}"
        return f"{message}.{_base64(self._sign(message.encode(), fresh=fresh))}"

    def _sign(self, message: bytes, *, fresh: bool) -> bytes:
        arn = self._app.key
        if ":kms:" in arn:
            if self._github.base_url != API_URL:
                raise TicketError(
                    f"{arn}: a key of KMS signs for {API_URL} alone; keep the key for another "
                    "address in a secret, as JSON with its base_url"
                )
            return self._keyring.sign(arn, message)
        pem = _stored(
            arn, self._github.base_url, ("key", "private_key"), self._keyring, fresh=fresh
        )
        return read_key(pem, where=arn).sign(message)


def _encoded(values: Mapping[str, Any]) -> str:
    return _base64(json.dumps(values, separators=(",", ":")).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def forget() -> None:
    """Forget the tokens of all installations."""
    _tokens.clear()
