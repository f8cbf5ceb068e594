"""Parse the conditions of one field of an event pattern: the list at the end of its path."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from math import isfinite
from typing import Final

from finding_router.routing.patterns.caseless import Part, ignore_case
from finding_router.routing.patterns.leaf import (
    AddressRange,
    AnythingBut,
    Condition,
    Leaf,
    NumberRange,
)
from finding_router.routing.patterns.mistake import MistakeError, closest, did_you_mean, shown
from finding_router.routing.patterns.scalar import address, comparable, literal
from finding_router.routing.patterns.wildcard import Wildcard, split_wildcard

_IGNORE_CASE: Final = "equals-ignore-case"
_ADDRESS_BITS: Final = {4: 32, 6: 128}


@dataclass(slots=True)
class _Draft:
    """A leaf while its list is parsed."""

    literals: set[Hashable] = field(default_factory=set)
    prefixes: list[str] = field(default_factory=list)
    suffixes: list[str] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    present: bool = False
    absent: bool = False

    def finish(self) -> Leaf:
        return Leaf(
            frozenset(self.literals),
            tuple(self.prefixes),
            tuple(self.suffixes),
            tuple(self.conditions),
            self.present,
            self.absent,
        )


def read_leaf(values: list[object]) -> Leaf:
    """
    Return the leaf for the list of a field's values and tests.

    Raises:
        MistakeError: An entry is neither a value nor a valid test, or the list is empty.

    """
    if not values:
        raise MistakeError("is an empty list", 'list what the field may be, such as ["HIGH"]')
    draft = _Draft()
    for value in values:
        if isinstance(value, dict):
            _read_test(value, draft)
        elif isinstance(value, str) and (parsed := address(value)):
            # As in EventBridge, an address equals the same address in any notation.
            version, number = parsed
            draft.conditions.append(AddressRange(version, number, number))
        elif isinstance(value, float) and not isfinite(value):
            raise MistakeError(f"has {shown(value)} in it", "list finite numbers")
        elif value is None or isinstance(value, str | int | float):
            draft.literals.add(literal(value))
        else:
            remedy = 'list strings, numbers, true, false, null, or tests such as {"prefix": "arn:"}'
            problem = f"has {shown(value)} in it"
            raise MistakeError(problem, remedy)
    return draft.finish()


def _read_test(test: dict[str, object], draft: _Draft) -> None:
    if test and all(_is_field(name, inner) for name, inner in test.items()):
        problem = f'has a list around the field "{next(iter(test))}"'
        raise MistakeError(problem, "leave the list out: arrays are no part of a pattern")
    name, operand = _only_item(test, 'one test, such as {"prefix": "arn:"}')
    if name not in _TESTS:
        problem = f'has an unknown test "{name}"'
        raise MistakeError(problem, did_you_mean(name, _TESTS))
    _TESTS[name](operand, draft)


def _is_field(name: str, inner: object) -> bool:
    """Return True if *name* with *inner* reads as a field with its conditions, and as no test."""
    if name in _TESTS or not isinstance(inner, dict | list):
        return False
    looks_so = isinstance(inner, dict) or name[:1].isupper()
    return looks_so and closest(name, _TESTS) is None


def _only_item(item: dict[str, object], example: str) -> tuple[str, object]:
    if len(item) != 1:
        problem = f"has a map of {len(item)} entries in it"
        raise MistakeError(problem, f"write maps of {example}")
    [(name, operand)] = item.items()
    return name, operand


def _read_exactly(operand: object, draft: _Draft) -> None:
    draft.literals.add(_text(operand, "exactly"))


def _read_prefix(operand: object, draft: _Draft) -> None:
    if isinstance(operand, dict):
        draft.conditions.append(ignore_case(_caseless_text(operand, "prefix"), Part.START))
    else:
        draft.prefixes.append(_text(operand, "prefix"))


def _read_suffix(operand: object, draft: _Draft) -> None:
    if isinstance(operand, dict):
        draft.conditions.append(ignore_case(_caseless_text(operand, "suffix"), Part.END))
    else:
        draft.suffixes.append(_text(operand, "suffix"))


def _read_ignore_case(operand: object, draft: _Draft) -> None:
    draft.conditions.append(ignore_case(_text(operand, _IGNORE_CASE), Part.WHOLE))


def _read_wildcard(operand: object, draft: _Draft) -> None:
    parts = split_wildcard(_text(operand, "wildcard"))
    match parts:
        case [whole]:
            draft.literals.add(whole)
        case [head, ""]:
            draft.prefixes.append(head)
        case ["", tail]:
            draft.suffixes.append(tail)
        case _:
            head, *middle, tail = parts
            draft.conditions.append(Wildcard(head, tuple(middle), tail))


def _read_exists(operand: object, draft: _Draft) -> None:
    if not isinstance(operand, bool):
        problem = f'has an "exists" of {shown(operand)}'
        raise MistakeError(problem, 'write {"exists": true} or {"exists": false}')
    if operand:
        draft.present = True
    else:
        draft.absent = True


def _read_anything_but(operand: object, draft: _Draft) -> None:
    refused = _Draft()
    if isinstance(operand, dict):
        example = 'one test, such as {"anything-but": {"prefix": "arn:"}}'
        name, texts = _only_item(operand, example)
        if name not in _REFUSABLE:
            problem = f'has an unknown "anything-but" test "{name}"'
            raise MistakeError(problem, did_you_mean(name, _REFUSABLE))
        for text in _some(texts):
            if text == "" and name in {"prefix", "suffix"}:
                problem = f'refuses every text, with an "anything-but" of an empty {name}'
                raise MistakeError(problem, f"write at least one character in the {name}")
            _TESTS[name](_text(text, name), refused)
    else:
        values = _some(operand)
        texts_only = all(isinstance(value, str) for value in values)
        for value in values:
            # As in EventBridge, addresses are plain text here.
            refused.literals.add(value if texts_only else _number(value, "anything-but"))
    draft.conditions.append(AnythingBut(refused.finish()))


def _some(operand: object) -> list[object]:
    values = operand if isinstance(operand, list) else [operand]
    if not values:
        problem = 'has an empty list after "anything-but"'
        raise MistakeError(problem, "list what the field may not be")
    return values


def _read_numeric(operand: object, draft: _Draft) -> None:
    match operand:
        case ["=", number]:
            draft.literals.add(_number(number, "="))
        case ["<" | "<=" as sign, number]:
            top = _number(number, sign)
            draft.conditions.append(_range(NumberRange(top=top, open_top=sign == "<")))
        case [">" | ">=" as sign, number]:
            bottom = _number(number, sign)
            draft.conditions.append(_range(NumberRange(bottom=bottom, open_bottom=sign == ">")))
        case [">" | ">=" as low, bottom_number, "<" | "<=" as high, top_number]:
            bottom, top = _number(bottom_number, low), _number(top_number, high)
            draft.conditions.append(_range(NumberRange(bottom, top, low == ">", high == "<")))
        case _:
            problem = 'has a "numeric" that is no comparison'
            remedy = 'write ["=", 5], or a bound such as [">=", 70], or both: [">=", 40, "<", 70]'
            raise MistakeError(problem, remedy)


def _range(numbers: NumberRange) -> NumberRange:
    if numbers.bottom >= numbers.top:
        problem = 'has a "numeric" whose lower bound is not below the upper one'
        raise MistakeError(problem, "write the lower bound first, and for one number use =")
    return numbers


def _read_cidr(operand: object, draft: _Draft) -> None:
    text = _text(operand, "cidr")
    start, _, length = text.partition("/")
    parsed = address(start)
    if parsed is None or not (length.isascii() and length.isdecimal()):
        problem = f'has a "cidr" that is no address block, "{text}"'
        raise MistakeError(problem, 'write an address and a length, such as "10.0.0.0/8"')
    version, number = parsed
    fixed_bits, bits = int(length), _ADDRESS_BITS[version]
    if fixed_bits >= bits:
        problem = f'has a "cidr" with a length that is not below {bits}, "{text}"'
        raise MistakeError(problem, "write the address without a length for one address")
    rest = (1 << bits - fixed_bits) - 1
    draft.conditions.append(AddressRange(version, number & ~rest, number | rest))


def _text(operand: object, test: str) -> str:
    if not isinstance(operand, str):
        problem = f'has {shown(operand)} after "{test}"'
        raise MistakeError(problem, "write one string there")
    return operand


def _caseless_text(operand: dict[str, object], test: str) -> str:
    name, text = _only_item(operand, f'one test, such as {{"{test}": {{"{_IGNORE_CASE}": "a"}}}}')
    if name != _IGNORE_CASE:
        problem = f'has an unknown "{test}" test "{name}"'
        raise MistakeError(problem, did_you_mean(name, [_IGNORE_CASE]))
    return _text(text, _IGNORE_CASE)


def _number(operand: object, test: str) -> float:
    number = comparable(operand)
    if number is None:
        problem = f'has {shown(operand)} after "{test}"'
        remedy = "write a number of at most 17 digits there"
        if test == "anything-but":
            remedy = "write a string, a number, or a list of either kind there"
        raise MistakeError(problem, remedy)
    return number


type _Reader = Callable[[object, _Draft], None]

_TESTS: Final[dict[str, _Reader]] = {
    "exactly": _read_exactly,
    "prefix": _read_prefix,
    "suffix": _read_suffix,
    _IGNORE_CASE: _read_ignore_case,
    "wildcard": _read_wildcard,
    "anything-but": _read_anything_but,
    "numeric": _read_numeric,
    "cidr": _read_cidr,
    "exists": _read_exists,
}
_REFUSABLE: Final = ("prefix", "suffix", _IGNORE_CASE, "wildcard")
