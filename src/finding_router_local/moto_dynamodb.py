"""moto's writes of DynamoDB, which check each item and each condition several times."""

import copy
import re
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from moto.dynamodb.comparisons import ConditionExpressionParser, get_filter_expression
from moto.dynamodb.exceptions import (
    ConditionalCheckFailed,
    ItemSizeTooLarge,
    MockValidationException,
    TransactionCanceledException,
)
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import Table
from moto.dynamodb.models.utilities import bytesize

# moto's own limits.
_LARGEST_ITEM: Final = 405_000
_MOST_ACTIONS: Final = 100
_MOST_EXPRESSIONS: Final = 1_000

type Failure = tuple[str | None, str | None, dict[str, Any] | None]
type Action = tuple[str, Mapping[str, Any], Table, dict[str, Any], Item | None]

_NO_FAILURE: Final[Failure] = (None, None, None)
# Nothing but attributes, paths through maps, and values given by name.
_PLAIN: Final = re.compile(
    r"(?:(?:SET|ADD)(?: [\w#.]+ (?:= )?:\w+,?)+ ?)+",
)
_CLAUSE: Final = re.compile(r"(SET|ADD)((?: [\w#.]+ (?:= )?:\w+,?)+)")
_PART: Final = re.compile(r"([\w#.]+) (?:= )?(:\w+)")
_any_size: Final = DynamoType.size
_transact_write_items: Final = DynamoDBBackend.transact_write_items
_lex_anew: Final = ConditionExpressionParser._lex_condition_expression  # noqa: SLF001 -- moto's own


def _make_item(
    self: Item, hash_key: DynamoType, range_key: DynamoType | None, attrs: Mapping[str, Any]
) -> None:
    """Measure an item once; moto's own measures it again with each attribute."""
    self.hash_key, self.range_key = hash_key, range_key
    self.attrs = LimitedSizeDict()
    for key, value in attrs.items():
        dict.__setitem__(self.attrs, key, DynamoType(value))
    if self.size() > _LARGEST_ITEM:
        raise ItemSizeTooLarge


def _typed(attribute: Any) -> DynamoType:
    return attribute if isinstance(attribute, DynamoType) else DynamoType(attribute)


def _size(self: DynamoType) -> int:
    """Measure an attribute; moto's own copies each map in it first."""
    value: Any = self.value
    if self.type == "S" and value.isascii():
        return len(value)
    if self.type == "M":
        return sum(bytesize(key) + _typed(each).size() for key, each in value.items())
    return _any_size(self)


@lru_cache(_MOST_EXPRESSIONS)
def _lexed(expression: str) -> tuple[Any, ...]:
    parser = object.__new__(ConditionExpressionParser)
    parser.condition_expression = expression
    return tuple(_lex_anew(parser))


def _lex(self: ConditionExpressionParser) -> deque[Any]:
    """Return the words of a condition; moto's own looks for them anew each time."""
    return deque(_lexed(self.condition_expression or ""))


def _transact(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    """
    Ask all conditions, then write; moto's own copies the table for each action, and asks twice.

    Anything but puts and updates of different items is left to moto.
    """
    actions = _simple(self, transact_items)
    if actions is None:
        _transact_write_items(self, transact_items)
        return
    errors = [_failure(each) for each in actions]
    if not any(code for code, _, _ in errors):
        errors = _write(self, actions)
    if any(code for code, _, _ in errors):
        raise TransactionCanceledException(errors)


def _simple(
    backend: DynamoDBBackend, transact_items: Sequence[dict[str, Any]]
) -> list[Action] | None:
    """Return the actions with the items that they change; None unless moto's own is not needed."""
    if len(transact_items) > _MOST_ACTIONS:
        return None
    actions: list[Action] = []
    for each in transact_items:
        if len(each) != 1 or not each.keys() <= {"Put", "Update"}:
            return None
        [(kind, asked)] = each.items()
        table = backend.get_table(asked["TableName"])
        whole = asked.get("Key") or asked["Item"]
        key = {
            name: whole.get(name) for name in (table.hash_key_attr, table.range_key_attr) if name
        }
        if None in key.values():
            return None
        actions.append((kind, asked, table, key, backend.get_item(table.name, key)))
    names = {(table.name, str(sorted(key.items()))) for _, _, table, key, _ in actions}
    return actions if len(names) == len(actions) else None


def _failure(action: Action) -> Failure:
    """Return code, message and item where the condition of *action* does not hold."""
    _, asked, _, _, item = action
    condition = get_filter_expression(
        asked.get("ConditionExpression"),
        asked.get("ExpressionAttributeNames"),
        asked.get("ExpressionAttributeValues"),
    )
    if condition.expr(item):
        return _NO_FAILURE
    is_shown = asked.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    shown = item.to_json()["Attributes"] if is_shown and item is not None else None
    return "ConditionalCheckFailed", str(ConditionalCheckFailed().message), shown


def _write(backend: DynamoDBBackend, actions: Sequence[Action]) -> list[Failure]:
    """Write everything, or nothing; return code and message for each action, as moto has them."""
    # A put replaces the item, an update changes it.
    before = [copy.deepcopy(item) if kind == "Update" else item for kind, *_, item in actions]
    failures: list[Failure] = []
    try:
        for kind, asked, table, key, _ in actions:
            failures.append(_attempt(backend, kind, asked, table, key))
    except MockValidationException:
        _restore(backend, actions, before)
        raise
    if any(code for code, _, _ in failures):
        _restore(backend, actions, before)
    return failures


@lru_cache(_MOST_EXPRESSIONS)
def _assignments(expression: str) -> tuple[tuple[str, tuple[str, ...], str], ...] | None:
    """Return verb, path and value of each part of an update that only sets and adds values."""
    if not _PLAIN.fullmatch(expression):
        return None
    return tuple(
        (verb, tuple(path.split(".")), value)
        for verb, parts in _CLAUSE.findall(expression)
        for path, value in _PART.findall(parts)
    )


def _update(
    backend: DynamoDBBackend, asked: Mapping[str, Any], table: Table, key: dict[str, Any]
) -> bool:
    """Change an item; return False, changing nothing, if that is more than plain values."""
    parts = _assignments(asked["UpdateExpression"])
    names = asked.get("ExpressionAttributeNames", {})
    values = asked.get("ExpressionAttributeValues", {})
    if parts is None:
        return False
    item = backend.get_item(table.name, key)
    attributes: dict[str, Any] = {} if item is None else item.attrs
    changes: list[tuple[Any, str, DynamoType]] = []
    for verb, path, value in parts:
        *steps, last = (names.get(each, each) for each in path)
        home: Any = attributes
        for step in steps:
            inner = home.get(step)
            if inner is None or not inner.is_map():
                return False
            home = inner.value
        new = DynamoType(values[value])
        added = _added(home.get(last), new) if verb == "ADD" else new
        if added is None:
            return False
        changes.append((home, last, added))
    if item is None:
        whole = {name: new.to_json() for _, name, new in changes}
        backend.put_item(table.name, key | whole)
        return True
    for home, name, new in changes:
        dict.__setitem__(home, name, new)
    # Measured once; moto's own measures the whole item with each attribute.
    if item.size() > _LARGEST_ITEM:
        raise ItemSizeTooLarge
    return True


def _added(old: DynamoType | None, new: DynamoType) -> DynamoType | None:
    """Return the sum or union of the two; None if only moto knows."""
    if new.type not in {"N", "SS"} or (old is not None and old.type != new.type):
        return None
    if old is None:
        return new
    if new.type == "N":
        return old + new
    return DynamoType({"SS": [*dict.fromkeys((*old.value, *new.value))]})


def _attempt(
    backend: DynamoDBBackend, kind: str, asked: Mapping[str, Any], table: Table, key: dict[str, Any]
) -> Failure:
    try:
        if kind == "Put":
            backend.put_item(table.name, asked["Item"])
        elif not _update(backend, asked, table, key):
            backend.update_item(
                table.name,
                key,
                update_expression=asked["UpdateExpression"],
                expression_attribute_names=asked.get("ExpressionAttributeNames", {}),
                expression_attribute_values=asked.get("ExpressionAttributeValues", {}),
            )
    except MockValidationException:
        raise
    except Exception as error:  # noqa: BLE001 -- as moto does
        return type(error).__name__, str(error), None
    return _NO_FAILURE


def _restore(
    backend: DynamoDBBackend, actions: Iterable[Action], before: Iterable[Item | None]
) -> None:
    for (_, _, table, key, _), item in zip(actions, before, strict=True):
        if item is None:
            backend.delete_item(table.name, key)
        else:
            table.items[item.hash_key][item.range_key] = item


def speed_up() -> None:
    """Replace parts of moto's DynamoDB in this process by the faster ones above."""
    DynamoType.size = _size  # type: ignore[method-assign]  # the same arguments
    Item.__init__ = _make_item  # type: ignore[method-assign]  # the same arguments
    ConditionExpressionParser._lex_condition_expression = _lex  # type: ignore[method-assign]  # noqa: SLF001 -- moto's own
    DynamoDBBackend.transact_write_items = _transact  # type: ignore[method-assign]  # the same arguments
