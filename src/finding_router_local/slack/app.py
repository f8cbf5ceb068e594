"""The app as Slack knows it: its request URL and signing secret, and signed requests to it."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

import urllib3

from finding_router_local.slack.limits import ANSWER_SECONDS

_USER_AGENT: Final = "Slackbot 1.0 (+https://api.slack.com/robots)"
_UNREACHABLE: Final = "The app could not be reached (operation_failed)."
FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """
    How a request reaches the app: so many *times*, byte by byte the same, *late_seconds* after it
    was signed, and with *is_forged* signed by another secret.
    """

    times: int = 1
    late_seconds: float = 0.0
    is_forged: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for a delivery that there cannot be."""
        if self.times < 1 or self.late_seconds < 0:
            problem = "a request is delivered once or more often, and never too early"
            raise ValueError(problem)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """
    The app's answers to an interaction, one for each delivery: HTTP statuses, None where none came.

    *body* is the first answer's, *warning* what Slack shows where that is no 200 within 3 seconds.
    """

    statuses: tuple[int | None, ...]
    seconds: float
    body: str = ""
    warning: str | None = None

    @property
    def status(self) -> int | None:
        """Return the status of the first answer."""
        return self.statuses[0]

    def as_json(self) -> dict[str, Any]:
        """Return all of it for other processes."""
        return {
            "status": self.status,
            "statuses": list(self.statuses),
            "seconds": round(self.seconds, 3),
            "body": self.body,
            "warning": self.warning,
        }


@dataclass(slots=True)
class App:
    """The app's settings; without a *request_url* its buttons do nothing."""

    request_url: str | None = None
    signing_secret: str = ""

    def send(self, payload: Mapping[str, Any], *, now: float, delivery: Delivery) -> Answered:
        """Send *payload*, signed at *now* (Unix seconds), and return the answers."""
        if self.request_url is None:
            return Answered(
                statuses=(None,),
                seconds=0.0,
                warning="This app is not configured to handle interactive responses.",
            )
        body = form_of(payload)
        secret = f"not {self.signing_secret}" if delivery.is_forged else self.signing_secret
        headers = {
            "Content-Type": FORM,
            "User-Agent": _USER_AGENT,
            "Accept": "application/json,*/*",
            **signature(body, secret, at=int(now - delivery.late_seconds)),
        }
        began = time.monotonic()
        status, text, warning = _post(self.request_url, body, headers)
        seconds = time.monotonic() - began
        others = [_post(self.request_url, body, headers)[0] for _ in range(delivery.times - 1)]
        return Answered(statuses=(status, *others), seconds=seconds, body=text, warning=warning)


def form_of(payload: Mapping[str, Any]) -> bytes:
    """Return the body of a request to the app, a `FORM`."""
    return urlencode({"payload": json.dumps(payload, ensure_ascii=False)}).encode()


def signature(body: bytes, secret: str, *, at: int) -> dict[str, str]:
    """Return the headers of https://docs.slack.dev/authentication/verifying-requests-from-slack."""
    signed = hmac.new(secret.encode(), b"v0:%d:%s" % (at, body), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={signed}"}


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int | None, str, str | None]:
    """Return the status and text of one answer, and Slack's warning about it."""
    try:
        answer = urllib3.request(
            "POST", url, body=body, headers=dict(headers), timeout=ANSWER_SECONDS, retries=False
        )
    # urllib3's error for a refused connection is one of its timeouts as well.
    except urllib3.exceptions.NewConnectionError:
        return None, "", _UNREACHABLE
    except urllib3.exceptions.TimeoutError:
        return None, "", "The app did not respond in time (operation_timeout)."
    except urllib3.exceptions.HTTPError:
        return None, "", _UNREACHABLE
    text = answer.data.decode(errors="replace")
    if answer.status != HTTPStatus.OK:
        return answer.status, text, f"This app responded with Status Code {answer.status}."
    return answer.status, text, None
