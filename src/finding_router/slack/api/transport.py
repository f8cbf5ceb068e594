"""One kept-alive connection under slack_sdk, which by itself opens a new one for every call."""

import time
from typing import Any, Final
from urllib.request import Request

import urllib3
from slack_sdk.web.client import WebClient

# A connection that slept longer may have been closed while Lambda was frozen, unseen: a request
# sent into it is lost in a way that looks as if it might have been received.
IDLE_SECONDS: Final = 20.0
TIMEOUT_SECONDS: Final = 10


class KeepAliveWebClient(WebClient):
    """slack_sdk's client on urllib3's pool: no retries, and `seconds` for each call, or fewer."""

    seconds: float = TIMEOUT_SECONDS

    def __init__(self, *, token: str, base_url: str) -> None:
        """Talk to *base_url* (ends in `/api/`) as the owner of *token*."""
        # slack_sdk's default handler posts again after a dropped connection: two messages.
        super().__init__(token=token, base_url=base_url, timeout=TIMEOUT_SECONDS, retry_handlers=[])
        self._pool = urllib3.PoolManager(num_pools=1, maxsize=1, retries=False)
        self._used_at = time.time()

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        """Send what slack_sdk prepared; every status comes back as a response, none raises."""
        # The clock on the wall, since a monotonic one may stand still while Lambda is frozen.
        now = time.time()
        if now - self._used_at > IDLE_SECONDS:
            self._pool.clear()
        self._used_at = now
        response = self._pool.request(
            req.get_method(),
            url,
            body=req.data,  # type: ignore[arg-type]  # slack_sdk hands over bytes
            headers=dict(req.header_items()),
            timeout=urllib3.Timeout(total=min(self.seconds, TIMEOUT_SECONDS)),
            redirect=False,
        )
        return {
            "status": response.status,
            "headers": dict(response.headers.items()),
            "body": response.data.decode("utf-8", errors="replace"),
        }
