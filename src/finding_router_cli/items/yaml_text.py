"""YAML of items: comments, order and quotes survive a change."""

import re
from collections.abc import Iterator, Mapping, MutableMapping, MutableSequence
from difflib import SequenceMatcher
from functools import lru_cache
from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import RoundTripConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarbool import ScalarBoolean
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, SingleQuotedScalarString

from finding_router_cli.documents import UnreadableError
from finding_router_cli.items.item import ordered

# A short file may stand for billions of nodes by its aliases.
_MAX_NODES: Final = 1_000_000
# Lines are not folded: a folded one shows up in every diff.
_WIDTH: Final = 100_000
_MAX_LINE_CHARS: Final = 80
# The same text is read for its items and for their lines; reading takes a millisecond an item.
_MAX_TEXTS: Final = 16
_DASH: Final = "- "
_NESTED_LIST: Final = re.compile(
    r"^(?P<name> *)[^\s#-][^:\n]*:[^\S\n]*(?:#.*)?\n(?P<dash> *)- ", re.MULTILINE
)
_STANDARD: Final = "tag:yaml.org,2002:"
_WANTED: Final = "write a list of items in YAML or JSON"
# Texts that stand without quotes: ruamel.yaml leaves quotes out where it should not, as in {:0: 1}.
_PLAIN: Final = re.compile(r"[^\W\d][\w ,.;+/()=~$^-]*(?<! )")
# Among them those that readers of YAML 1.1, or people, take for truth values and nulls.
_DOUBTFUL: Final = re.compile(r"y|n|yes|no|on|off|true|false|null|[.]?inf|[.]?nan", re.IGNORECASE)


class _Constructor(RoundTripConstructor):
    """Reads moments as the texts that they are in the table."""


_Constructor.add_constructor("tag:yaml.org,2002:timestamp", RoundTripConstructor.construct_yaml_str)


def read_documents(text: str, source: str) -> Iterator[object]:
    """
    Yield the documents of *text* as plain values; *source* is its file name, for errors.

    Raises:
        UnreadableError: It is no YAML, with the line and column.

    """
    for document in load(text, source):
        yield plain(document, source)


@lru_cache(maxsize=_MAX_TEXTS)
def load(text: str, source: str) -> list[Any]:
    """
    Return the documents of *text*, with their comments; they must not be changed.

    Raises:
        UnreadableError: It is no YAML, with the line and column.

    """
    try:
        return list(_yaml().load_all(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{source}, line {mark.line + 1}, column {mark.column + 1}" if mark else source
        problem = " ".join((error.problem or error.context or "cannot be read").split())
        raise UnreadableError(place, f"is no YAML ({problem})", _WANTED) from error
    except (YAMLError, ValueError) as error:
        problem = f"is no YAML ({' '.join(str(error).split())})"
        raise UnreadableError(source, problem, _WANTED) from error
    except RecursionError as error:
        raise UnreadableError(source, "is nested too deeply", _WANTED) from error


def plain(value: Any, source: str) -> object:
    """
    Return *value*, which was loaded, as values of JSON.

    Raises:
        UnreadableError: It has a tag, a key that is no text, or too many values.

    """
    try:
        return _Plain(source).read(value)
    except RecursionError as error:
        raise UnreadableError(source, "is nested too deeply", _WANTED) from error


class _Plain:
    """Turns values of ruamel.yaml into those of JSON, up to `_MAX_NODES`."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._nodes = 0

    def read(self, value: Any) -> object:
        """Return *value* and those inside it."""
        self._nodes += 1
        if self._nodes > _MAX_NODES:
            problem = f"stands for more than {_MAX_NODES:,} values"
            raise self._error(problem, "write items out, without aliases")
        tag = str(getattr(getattr(value, "tag", None), "value", None) or _STANDARD)
        if not tag.startswith(_STANDARD):
            raise self._error(f"has the tag {tag}", "write the value without a tag")
        match value:
            case Mapping():
                return {self._name(name): self.read(inner) for name, inner in value.items()}
            case list() | tuple():
                return list(map(self.read, value))
        return self._scalar(value)

    def _scalar(self, value: Any) -> object:
        # An anchor makes a class of its own of a truth value, which is an int.
        for kind, as_kind in ((ScalarBoolean, bool), (bool, bool), (int, int), (float, float)):
            if isinstance(value, kind):
                return as_kind(value)
        if value is None or isinstance(value, str):
            return None if value is None else str(value)
        problem = f"has a value of the type {type(value).__name__}"
        raise self._error(problem, "write a text, a number, a list or a map")

    def _name(self, name: object) -> str:
        if isinstance(name, str):
            return str(name)
        raise self._error(f"has the key {name}, which is no text", "write it in quotes")

    def _error(self, problem: str, remedy: str) -> UnreadableError:
        return UnreadableError(self._source, problem, remedy)


def dump_item(item: Mapping[str, Any]) -> str:
    """Return one *item* as a map, its attributes in the order of the documentation."""
    return _dumped(_styled(ordered(item)), _yaml())


def dump_block(item: Mapping[str, Any], *, indent: int = 0) -> str:
    """Return *item* as an entry of a list, its dash after *indent* blanks."""
    return _as_entry(dump_item(item), indent)


def merged_block(block: str, item: Mapping[str, Any]) -> str:
    """Return *block*, an entry of a list that holds one item, so that it holds *item* instead."""
    indent = len(block) - len(block.lstrip(" "))
    dash, *rest = block.splitlines(keepends=True)
    inside = indent + len(_DASH)
    body = dash[inside:] + "".join(_moved(line, -inside) for line in rest)
    yaml = _yaml()
    yaml.preserve_quotes = True
    # Lists are indented as the file has them.
    if nested := _NESTED_LIST.search(body):
        offset = len(nested["dash"]) - len(nested["name"])
        yaml.indent(mapping=2, sequence=offset + len(_DASH), offset=offset)
    try:
        document = yaml.load(body)
    except YAMLError:
        # It refers to an anchor outside.
        return dump_block(item, indent=indent)
    merge(document, ordered(item))
    return _as_entry(_dumped(document, yaml), indent)


def merge(node: Any, new: Any) -> None:
    """Make *node*, a map or list that was loaded, equal *new*; equal parts stay as they are."""
    if isinstance(node, MutableMapping):
        for name in [name for name in node if name not in new]:
            del node[name]
        for name, value in new.items():
            if name in node:
                _merge_at(node, name, value)
            else:
                node[_styled(name)] = _styled(value)
        return
    steps = SequenceMatcher(None, list(map(repr, node)), list(map(repr, new)), autojunk=False)
    for tag, old_start, old_end, start, end in reversed(steps.get_opcodes()):
        if tag == "equal":
            continue
        if tag == "replace" and old_end - old_start == end - start:
            for position in range(end - start):
                _merge_at(node, old_start + position, new[start + position])
            continue
        del node[old_start:old_end]
        for position in reversed(range(start, end)):
            node.insert(old_start, _styled(new[position]))


def _merge_at(node: Any, place: Any, value: Any) -> None:
    if _is_alike(node[place], value):
        merge(node[place], value)
    elif node[place] != value:
        before = node[place]
        is_quoted = isinstance(before, SingleQuotedScalarString) and isinstance(value, str)
        node[place] = SingleQuotedScalarString(value) if is_quoted else _styled(value)


def _is_alike(node: Any, new: Any) -> bool:
    is_map = isinstance(node, MutableMapping) and isinstance(new, Mapping)
    return is_map or (isinstance(node, MutableSequence) and isinstance(new, list))


def _styled(value: Any) -> Any:
    """Return *value* with quotes around doubtful texts, and with short lists in one line."""
    match value:
        case str():
            is_plain = _PLAIN.fullmatch(value) and not _DOUBTFUL.fullmatch(value)
            return value if is_plain else DoubleQuotedScalarString(value)
        case Mapping():
            return CommentedMap((_styled(name), _styled(inner)) for name, inner in value.items())
        case list() | tuple():
            styled = CommentedSeq(_styled(inner) for inner in value)
            is_short = len(repr(value)) <= _MAX_LINE_CHARS
            if is_short and not any(isinstance(inner, list | tuple) for inner in value):
                styled.fa.set_flow_style()
            return styled
        case _:
            return value


def _yaml() -> YAML:
    yaml = YAML(typ="rt")
    yaml.Constructor = _Constructor
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.width = _WIDTH
    yaml.allow_unicode = True
    yaml.brace_single_entry_mapping_in_flow_sequence = True
    return yaml


def _dumped(value: Any, yaml: YAML) -> str:
    stream = StringIO()
    yaml.dump(value, stream)
    return stream.getvalue()


def _as_entry(text: str, indent: int) -> str:
    first, *rest = text.splitlines(keepends=True)
    blanks = " " * indent
    moved = (_moved(line, indent + len(_DASH)) for line in rest)
    return f"{blanks}{_DASH}{first}{''.join(moved)}"


def _moved(line: str, by: int) -> str:
    """Return *line* with *by* more blanks before it, or as many fewer as it has."""
    if not line.strip():
        return line
    return " " * by + line if by > 0 else line[min(-by, len(line) - len(line.lstrip(" "))) :]
