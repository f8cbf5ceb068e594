"""botocore made quicker, for thousands of calls and dozens of sessions in a process."""

from functools import cache
from typing import Any, Final

from botocore import parsers, serialize, session, useragent
from botocore.auth import SIGV4_TIMESTAMP, SigV4Auth
from botocore.compat import get_current_datetime

ATTRIBUTE: Final = "AttributeValue"
_SIMPLE: Final = frozenset({"S", "N", "BOOL", "NULL", "SS", "NS"})
# botocore checks no types in these modules.
_PARSER: Final[Any] = parsers.BaseJSONParser
_SERIALIZER: Final[Any] = serialize.JSONSerializer
_handle_any_map: Final = _PARSER._handle_map  # noqa: SLF001 -- botocore's own
_serialize_any_map: Final = _SERIALIZER._serialize_type_map  # noqa: SLF001 -- same
_sign: Final = SigV4Auth.add_auth


def is_plain(attribute: Any) -> bool:
    """Return True for an attribute of DynamoDB without bytes, which would be converted."""
    if not isinstance(attribute, dict) or len(attribute) != 1:
        return False
    [(kind, value)] = attribute.items()
    if value is None:
        return False
    if kind == "M":
        return isinstance(value, dict) and all(map(is_plain, value.values()))
    if kind == "L":
        return isinstance(value, list) and all(map(is_plain, value))
    return kind in _SIMPLE


def holds_plain(shape: Any, values: Any) -> bool:
    """Return True for a map, such as an item, of plain attributes alone."""
    return shape.value.name == ATTRIBUTE and all(map(is_plain, values.values()))


def _handle_map(self: Any, shape: Any, value: Any) -> Any:
    return value if holds_plain(shape, value) else _handle_any_map(self, shape, value)


def _serialize_map(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    if holds_plain(shape, value):
        serialized[key] = value
    else:
        _serialize_any_map(self, serialized, value, shape, key)


def speed_up() -> None:
    """Replace slow parts of botocore in this process."""
    # It looks at each letter of the same words at each call: a tenth of the call's time.
    harmless = useragent.sanitize_user_agent_string_component
    useragent.sanitize_user_agent_string_component = cache(harmless)
    # Each session reads the models of its services anew: nine tenths of the time of a new client.
    session.create_loader = cache(session.create_loader)
    # It looks for ten members in each attribute of an item.
    _PARSER._handle_map = _handle_map  # noqa: SLF001 -- botocore's own
    _SERIALIZER._serialize_type_map = _serialize_map  # noqa: SLF001 -- same


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
