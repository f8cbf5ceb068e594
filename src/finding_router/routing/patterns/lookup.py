"""Find the conditions at one path that a value meets, without testing each of them."""

from collections.abc import Hashable, Iterable, Iterator
from typing import Final

from finding_router.routing.patterns.caseless import AsciiCaseless, Caseless, Part
from finding_router.routing.patterns.leaf import AddressRange, Condition, Leaf
from finding_router.routing.patterns.scalar import Address, address, literal
from finding_router.routing.patterns.sight import Place
from finding_router.routing.patterns.wildcard import Wildcard

# Lengths of the texts by which wildcards are found. A longer one is rarer, but each length in use
# costs a slice for each character of a value.
_GRAM_LENGTHS: Final = (8, 4, 2, 1)
_LOWER_ASCII: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


class Key:
    """
    A condition that fields at one path share; compared by identity, which makes it a cheap key.

    *test* is the rest of the condition, for a value that was found by a text of it.
    """

    __slots__ = ("test",)

    def __init__(self, test: Condition | None = None) -> None:
        self.test = test


class Seen:
    """
    The values of an event at one path.

    *each* has the keys of each distinct value, *keys* those of all of them: the `literal` of the
    value, its address, and each `Key` whose condition it meets. *numbers* and *addresses* are
    filled if the path has ranges of them. *inside* is True if a value is in an array element.
    """

    __slots__ = ("addresses", "each", "inside", "keys", "numbers")

    def __init__(
        self,
        each: list[list[Hashable]],
        *,
        inside: bool,
        numbers: list[float],
        addresses: Iterable[Address] = (),
    ) -> None:
        self.each = each
        self.keys = each[0] if len(each) == 1 else list(dict.fromkeys(_chained(each)))
        self.inside = inside
        self.numbers = numbers
        self.addresses = addresses


class Lookup:
    """The conditions of all fields at one path."""

    def __init__(self) -> None:
        # True while all fields have only literals, as is the case at most paths.
        self._only_literals = True
        self._has_addresses = False
        self._texts = _Texts()
        self._lower = _Texts()
        self._folded = _Texts()
        self._wildcards = _Wildcards()

    def keys_of(self, leaf: Leaf) -> list[Hashable]:
        """
        Add the conditions of *leaf*, and return their keys: a value with one of them is accepted.

        Without a key are ranges, `AnythingBut` and *present*.
        """
        keys: list[Hashable] = list(leaf.literals)
        keys += [self._texts.key(Part.START, prefix) for prefix in leaf.prefixes]
        keys += [self._texts.key(Part.END, suffix) for suffix in leaf.suffixes]
        for condition in leaf.conditions:
            match condition:
                case AsciiCaseless(lower=lower, part=part):
                    keys.append(self._lower.key(part, lower))
                case Caseless(characters=characters, part=part):
                    text = folded("".join(upper for _, upper in characters))
                    keys.append(self._folded.key(part, text, condition))
                case Wildcard():
                    keys.append(self._wildcards.key(condition))
                case AddressRange(version=version, first=first, last=last):
                    self._has_addresses = True
                    if first == last:
                        keys.append((version, first))
        if leaf.prefixes or leaf.suffixes or leaf.conditions:
            self._only_literals = False
        return keys

    def see(self, values: Iterable[tuple[object, Place]]) -> Seen:
        """Return the keys of *values*, each a value of the event at this path with its place."""
        inside = False
        distinct: dict[Hashable, object] = {}
        for value, place in values:
            inside = inside or place is not None
            distinct[literal(value)] = value
        numbers = [key for key in distinct if isinstance(key, float)]
        if self._only_literals:
            return Seen([[key] for key in distinct], inside=inside, numbers=numbers)
        addresses: list[Address] = []
        if self._has_addresses:
            texts = [value for value in distinct.values() if isinstance(value, str)]
            addresses = [parsed for text in texts if (parsed := address(text))]
        each = [[key, *self._met(value)] for key, value in distinct.items()]
        return Seen(each, inside=inside, numbers=numbers, addresses=addresses)

    def _met(self, value: object) -> list[Hashable]:
        """Return the keys of *value* beside its literal."""
        if not isinstance(value, str):
            return []
        found: list[Hashable] = []
        if self._has_addresses and (parsed := address(value)):
            found.append(parsed)
        if self._texts:
            found += self._texts.find(value)
        if self._lower:
            lower = value.lower() if value.isascii() else value.translate(_LOWER_ASCII)
            found += self._lower.find(lower)
        to_test: list[Key] = []
        if self._folded:
            to_test += self._folded.find(folded(value))
        if self._wildcards:
            to_test += self._wildcards.find(value)
        found += [key for key in to_test if key.test and key.test.allows(value)]
        return found


def folded(text: str) -> str:
    """Return a text that is equal for all that `Caseless` treats as equal, and for few others."""
    return text.upper().casefold()


type _ByLength = dict[int, dict[str, list[Key]]]


class _Texts:
    """Keys by a whole value, its start or its end: a value has one start of each length."""

    __slots__ = ("_ends", "_starts", "_whole")

    def __init__(self) -> None:
        self._whole: dict[str, list[Key]] = {}
        self._starts: _ByLength = {}
        self._ends: _ByLength = {}

    def __bool__(self) -> bool:
        return bool(self._whole or self._starts or self._ends)

    def key(self, part: Part, text: str, test: Condition | None = None) -> Key:
        """Return the key of values of which *part* is *text* and that meet *test*."""
        by_text = self._whole
        if part is not Part.WHOLE:
            by_length = self._starts if part is Part.START else self._ends
            by_text = by_length.setdefault(len(text), {})
        return _same_key(by_text.setdefault(text, []), test)

    def find(self, value: str) -> list[Key]:
        """Return the keys that have a text of *value*."""
        found = list(self._whole.get(value, ()))
        for length, by_text in self._starts.items():
            found += by_text.get(value[:length], ())
        for length, by_text in self._ends.items():
            found += by_text.get(value[len(value) - length :], ())
        return found


class _Wildcards:
    """Wildcards, each by one text that a matching value must contain."""

    __slots__ = ("_by_length", "_keys")

    def __init__(self) -> None:
        self._keys: dict[Wildcard, Key] = {}
        self._by_length: _ByLength = {}

    def __bool__(self) -> bool:
        return bool(self._keys)

    def key(self, wildcard: Wildcard) -> Key:
        """Return the key of *wildcard*."""
        if wildcard not in self._keys:
            self._keys[wildcard] = key = Key(wildcard)
            # The rarest text so far selects the fewest wildcards to test.
            gram = min(_grams(wildcard), key=self._uses)
            self._by_length.setdefault(len(gram), {}).setdefault(gram, []).append(key)
        return self._keys[wildcard]

    def find(self, value: str) -> list[Key]:
        """Return the keys of the wildcards to test *value* with."""
        found: list[Key] = []
        for length, by_gram in self._by_length.items():
            grams = {value[at : at + length] for at in range(len(value) - length + 1)}
            for gram in by_gram.keys() & grams:
                found += by_gram[gram]
        return found

    def _uses(self, gram: str) -> int:
        return len(self._by_length.get(len(gram), {}).get(gram, ()))


def _grams(wildcard: Wildcard) -> Iterator[str]:
    """Yield the texts of the greatest length of `_GRAM_LENGTHS` that a part of *wildcard* has."""
    parts = (wildcard.head, *wildcard.middle, wildcard.tail)
    longest = max(map(len, parts))
    length = next(length for length in _GRAM_LENGTHS if length <= longest)
    for part in parts:
        for at in range(len(part) - length + 1):
            yield part[at : at + length]


def _same_key(keys: list[Key], test: Condition | None) -> Key:
    for key in keys:
        if key.test == test:
            return key
    keys.append(Key(test))
    return keys[-1]


def _chained(each: Iterable[Iterable[Hashable]]) -> Iterator[Hashable]:
    for keys in each:
        yield from keys
