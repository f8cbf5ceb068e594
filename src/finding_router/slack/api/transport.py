"""A kept-alive connection for slack_sdk, which otherwise opens a new one for each call."""

import ssl
import time
from typing import Any, Final
from urllib.request import Request

import urllib3
from slack_sdk.web.base_client import BaseClient

# A connection idle for longer may have been closed, unnoticed, while Lambda was frozen. A request
# sent over it fails ambiguously: the server might have received it.
IDLE_SECONDS: Final = 20.0
TIMEOUT_SECONDS: Final = 10


class KeepAliveWebClient(BaseClient):
    """slack_sdk's client on a urllib3 pool, without retries; a call takes at most `seconds`."""

    seconds: float = TIMEOUT_SECONDS

    def __init__(self, *, token: str, base_url: str) -> None:
        """Call *base_url*, which ends in `/api/`, with *token*."""
        # slack_sdk's default handler retries after a dropped connection, which can post twice.
        super().__init__(token=token, base_url=base_url, timeout=TIMEOUT_SECONDS, retry_handlers=[])
        # urllib3 otherwise reads the file of certificates again for each connection.
        context = ssl.create_default_context() if base_url.startswith("https:") else None
        self._pool = urllib3.PoolManager(num_pools=1, maxsize=1, retries=False, ssl_context=context)
        self._used_at = time.time()

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        """Send slack_sdk's request and return the response; no HTTP status raises an error."""
        # Wall time, since a monotonic clock may stop while Lambda is frozen.
        now = time.time()
        if now - self._used_at > IDLE_SECONDS:
            self._pool.clear()
        self._used_at = now
        response = self._pool.request(
            req.get_method(),
            url,
            body=req.data,  # type: ignore[arg-type]  # slack_sdk passes bytes
            headers=dict(req.header_items()),
            timeout=urllib3.Timeout(total=min(self.seconds, TIMEOUT_SECONDS)),
            redirect=False,
        )
        return {
            "status": response.status,
            "headers": dict(response.headers.items()),
            "body": response.data.decode("utf-8", errors="replace"),
        }
