"""botocore made quicker, for thousands of calls and dozens of sessions in a process."""

from functools import cache
from typing import Any, Final

from botocore import session, useragent
from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.compat import get_current_datetime

_sign: Final = SigV4Auth.add_auth


def speed_up() -> None:
    """Replace slow parts of botocore in this process."""
    # It looks at each letter of the same words at each call: a tenth of the call's time.
    harmless = useragent.sanitize_user_agent_string_component
    useragent.sanitize_user_agent_string_component = cache(harmless)
    # Each session reads the models of its services anew: nine tenths of the time of a new client.
    session.create_loader = cache(session.create_loader)


def sign_nothing() -> None:
    """
    Send requests of this process with a signature that nobody checks: a sixth of a call's time.

    It is for processes that reach the local AWS alone.
    """
    SigV4Auth.add_auth = _name_scope  # type: ignore[method-assign]  # the same arguments


def _name_scope(self: Any, request: Any) -> None:
    """Write who calls which service, by which the local AWS goes, and no signature."""
    if self.credentials is None:
        _sign(self, request)
        return
    request.context["timestamp"] = get_current_datetime().strftime(SIGV4_TIMESTAMP)
    self._modify_request_before_signing(request)
    scope = f"AWS4-HMAC-SHA256 Credential={self.scope(request)}"
    request.headers["Authorization"] = f"{scope}, SignedHeaders=host, Signature=unchecked"
