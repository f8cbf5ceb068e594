"""moto made quicker, for floods and for tables of many thousand items."""

import copy
import secrets
import string
import time
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any, Final, override

from moto import backends
from moto.core import parse, responses, serialize, utils
from moto.core.common_models import BaseModel
from moto.core.utils import method_names_from_class
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.moto_api._internal.moto_random import MotoRandom
from moto.sqs import models as sqs_models
from moto.sqs.models import Message, Queue, SQSBackend

from finding_router_local import moto_dynamodb, moto_expressions
from finding_router_local.boto_speed import ATTRIBUTE, holds_plain, is_plain

_query: Final = Table.query
_delete_any_message: Final = Queue.delete_message
_send_any_message: Final = SQSBackend.send_message
_all_attributes: Final = Queue.attributes.fget  # type: ignore[attr-defined]  # of the property
_HANDLE_CHARS: Final = 184
# SQS gives ten messages a call; those that become dead letters are passed over.
_SHOWN: Final = 100
# Where it stands among the arguments after hash_key.
_INDEX_NAME: Final = 6


class Parser(parse.JSONParser):
    """Leaves plain attributes as they are; moto's own looks for ten members in each of them."""

    @override
    def _parse_structure(self, shape: Any, value: Any) -> Any:
        if shape.name == ATTRIBUTE and is_plain(value):
            return value
        return super()._parse_structure(shape, value)  # type: ignore[no-untyped-call]  # moto's own

    @override
    def _parse_map(self, shape: Any, value: Any) -> Any:
        if holds_plain(shape, value):
            return value
        return super()._parse_map(shape, value)  # type: ignore[no-untyped-call]  # moto's own


class _Serializer(serialize.JSONSerializer):
    """Leaves plain attributes as they are, as `Parser` does."""

    @override
    def get_value(self, value: Any, key: str, shape: Any) -> Any:
        """Take what goes by its own name; moto's own makes all other spellings as well."""
        if isinstance(value, dict) and key in value:
            return value[key]
        return super().get_value(value, key, shape)

    @override
    def _serialize_type_structure(self, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.name == ATTRIBUTE and is_plain(value):
            serialized[key] = value
        else:
            super()._serialize_type_structure(serialized, value, shape, key)

    @override
    def _serialize_type_map(self, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if holds_plain(shape, value):
            self._default_serialize(serialized, value, shape, key)
        else:
            super()._serialize_type_map(serialized, value, shape, key)


def _query_partition(
    self: Table, hash_key: DynamoType | None, *args: Any, **named: Any
) -> tuple[list[Item], int, dict[str, Any] | None]:
    """Look at the items of one partition; moto's own sorts those of the whole table first."""
    table, index_name = self, args[_INDEX_NAME]
    if hash_key is not None and index_name is None:
        table = copy.copy(self)
        table.items = {hash_key: self.items.get(hash_key, {})}  # type: ignore[assignment]  # read only
    return _query(table, hash_key, *args, **named)


def _visible(queue: Queue) -> Iterator[Message]:
    return (each for each in queue._messages if each.visible and not each.delayed)  # noqa: SLF001 -- as moto does


def _first_messages(self: Queue) -> list[Message]:
    """Return more visible messages than a call receives; moto's own lists all of a flood."""
    return list(islice(_visible(self), _SHOWN))


def _count_messages(self: Queue) -> int:
    return sum(1 for _ in _visible(self))


def _delete_message(self: Queue, receipt_handle: str) -> None:
    """Look among the received messages first; moto's own asks all of them, twice."""
    for message in self.pending_messages:
        if message.had_receipt_handle(receipt_handle):
            self.pending_messages.discard(message)
            self.deleted_messages.update(filter(None, message.all_receipt_handles))
            self._messages.remove(message)
            return
    _delete_any_message(self, receipt_handle)


def _send_message(self: SQSBackend, queue_name: str, *args: Any, **named: Any) -> Message:
    """Send without asking for all attributes of the queue, which counts its messages."""
    queue: Any = self.get_queue(queue_name)
    queue.is_sending = not queue.fifo_queue
    try:
        return _send_any_message(self, queue_name, *args, **named)
    finally:
        queue.is_sending = False


def _attributes(self: Any) -> dict[str, Any]:
    """Return nothing while a message is sent: moto asks for attributes of FIFO queues."""
    return {} if getattr(self, "is_sending", False) else _all_attributes(self)


def _receipt_handle() -> str:
    return secrets.token_hex(_HANDLE_CHARS // 2)


def _random_string(
    self: MotoRandom,
    length: int = 20,
    include_digits: bool = True,  # noqa: FBT001, FBT002 -- moto's signature
    lower_case: bool = False,  # noqa: FBT001, FBT002 -- same
) -> str:
    """Choose all letters at once; each answer has an id of 52."""
    pool = string.ascii_letters + (string.digits if include_digits else "")
    chosen = "".join(self.choices(pool, k=length))
    return chosen.lower() if lower_case else chosen


def _copy_message(self: Message, _: object) -> Message:
    """Copy a message for an answer; moto changes the attributes of the copy alone."""
    twin = copy.copy(self)
    twin.message_attributes = dict(self.message_attributes)
    twin.system_attributes = dict(self.system_attributes or {})
    return twin


def _is_valid(self: SQSBackend, queue_name: str, message: Message) -> bool:
    """Read the retention alone; moto's own counts all messages of the queue for each of them."""
    seconds: Any = self.get_queue(queue_name).message_retention_period  # type: ignore[attr-defined]  # set from a name
    return bool(time.time() - int(message.sent_timestamp or 0) / 1000 < int(seconds))


def _milliseconds(dt: datetime | None = None) -> float:  # noqa: ARG001 -- moto's signature
    return time.time() * 1000


def _make(cls: type[BaseModel], *_: object, **__: object) -> BaseModel:
    return object.__new__(cls)


def speed_up() -> None:
    """Replace slow parts of moto in this process."""
    # moto lists every item and message that there ever was, for a page that shows its state.
    BaseModel.__new__ = _make  # type: ignore[method-assign]  # all that it does but the list
    # moto reads its folders and its classes at every request.
    responses.method_names_from_class = cache(method_names_from_class)  # type: ignore[attr-defined]  # moto imports it
    backends.list_of_moto_modules = tuple(backends.list_of_moto_modules()).__iter__
    # moto computes with calendars to find the visible messages of a queue.
    SQSBackend.is_message_valid_based_on_retention_period = _is_valid  # type: ignore[method-assign]  # the same arguments
    Queue.messages = property(_first_messages)  # type: ignore[assignment,method-assign]  # moto's is one, too
    Queue.approximate_number_of_messages = property(_count_messages)  # type: ignore[assignment,method-assign]  # same
    Queue.delete_message = _delete_message  # type: ignore[method-assign]  # the same arguments
    sqs_models.camelcase_to_underscores = cache(utils.camelcase_to_underscores)  # type: ignore[attr-defined]  # same
    responses.camelcase_to_underscores = sqs_models.camelcase_to_underscores  # type: ignore[attr-defined]  # same
    MotoRandom.get_random_string = _random_string  # type: ignore[method-assign]  # the same arguments
    sqs_models.generate_receipt_handle = _receipt_handle  # type: ignore[attr-defined]  # same
    SQSBackend.send_message = _send_message  # type: ignore[method-assign]  # the same arguments, passed on
    Queue.attributes = property(_attributes)  # type: ignore[assignment,method-assign]  # moto's is one, too
    Message.__deepcopy__ = _copy_message  # type: ignore[attr-defined]  # it has none
    sqs_models.unix_time_millis = _milliseconds  # type: ignore[attr-defined]  # moto imports it
    parse.PROTOCOL_PARSERS["json"] = Parser
    serialize.SERVICE_SPECIFIC_SERIALIZERS["dynamodb"] = {"json": _Serializer}
    moto_dynamodb.speed_up()
    moto_expressions.speed_up()
    Table.query = _query_partition  # type: ignore[method-assign]  # the same arguments, passed on
