"""Files that hold items; comments and blank lines around the items survive a write."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from finding_router_cli.documents import UnreadableError, read_text
from finding_router_cli.items.item import Item, Key, key_of, ordered
from finding_router_cli.items.yaml_text import dump_block, load, merged_block
from finding_router_cli.routing_items import is_yaml, item_files, read_items

# The file of a folder for items that no file has yet.
_NEW_FILES: Final = {
    "route": "routes.yaml",
    "account": "accounts.yaml",
    "silence": "silences.yaml",
    "ticket": "tickets.yaml",
}


def exported(target: Path, items: Mapping[Key, Item], kinds: Collection[str]) -> dict[Path, str]:
    """
    Return the new text of each file at *target*, a file or a folder, so that it holds *items*.

    Items of other kinds than *kinds* stay in the files, others that are not among *items* leave.

    Raises:
        UnreadableError: A file that is there cannot be read.

    """
    if target.suffix or target.is_file():
        files = [target] if target.exists() else []
        new_file = dict.fromkeys(_NEW_FILES, target)
    else:
        files = item_files(target) if target.is_dir() else []
        new_file = {kind: target / name for kind, name in _NEW_FILES.items()}
    texts = {path: read_text(str(path)) for path in files}
    left = dict(items)
    there: dict[Path, dict[Key, Item]] = {}
    for path, text in texts.items():
        there[path] = {}
        for key in _keys(read_items(text, str(path)) if text.strip() else []):
            if key.kind not in kinds:
                there[path][key] = {}
            elif key in left:
                there[path][key] = left.pop(key)
    for key, item in left.items():
        there.setdefault(new_file[key.kind], {})[key] = item
    return {path: rewritten(texts.get(path, ""), str(path), now) for path, now in there.items()}


def extended(text: str, source: str, items: Mapping[Key, Item]) -> str:
    """Return *text*, of the file *source*, with *items*; those of other keys stay as they are."""
    keys = _keys(read_items(text, source)) if text.strip() else []
    there: dict[Key, Item] = {key: {} for key in keys}
    return rewritten(text, source, {**there, **items})


def rewritten(text: str, source: str, items: Mapping[Key, Item]) -> str:
    """
    Return *text*, of the file *source*, with *items* in place of its own.

    An empty item stands for the one that is there, which stays as it is.
    """
    before = read_items(text, source) if text.strip() else []
    old: dict[Key, Any] = dict(zip(_keys(before), before, strict=True))
    now = {key: item or old[key] for key, item in items.items()}
    if text.strip() and list(old.items()) == list(now.items()):
        return text
    new = [item for key, item in now.items() if key not in old]
    kept = [item for key in old if (item := now.get(key)) is not None]
    if not is_yaml(text, source):
        return json.dumps(list(map(ordered, [*kept, *new])), indent=2, ensure_ascii=False) + "\n"
    if old and len((blocks := _Blocks(text, source)).starts) == len(old):
        result = blocks.with_items(list(old.values()), [now.get(key) for key in old], new)
        # An anchor may have gone that another item refers to.
        with suppress(UnreadableError):
            if _all_ordered(read_items(result, source)) == _all_ordered([*kept, *new]):
                return result
    return "\n".join(map(dump_block, [*kept, *new]))


class _Blocks:
    """The lines of a YAML list: those before each entry, and the entry itself."""

    def __init__(self, text: str, source: str) -> None:
        self._lines = text.splitlines(keepends=True)
        if self._lines and not self._lines[-1].endswith("\n"):
            self._lines[-1] += "\n"
        documents = [document for document in load(text, source) if document is not None]
        self.starts: list[int] = []
        match documents:
            case [list() as entries] if not entries.fa.flow_style():  # type: ignore[attr-defined]
                self.starts = [self._dash(entries.lc.item(n)[0]) for n in range(len(entries))]  # type: ignore[attr-defined]

    def with_items(
        self, old: Sequence[Item], items: Sequence[Item | None], new: Sequence[Item]
    ) -> str:
        """Return the text with *items* in place of the *old*, None for none, and *new* ones."""
        parts: list[str] = []
        end_of_last = 0
        for start, end, item, was in zip(self.starts, self._ends(), items, old, strict=True):
            before = self._lines[end_of_last:start]
            block = "".join(self._lines[start:end])
            end_of_last = end
            if item is None:
                parts += _without_own_comment(before)
                continue
            parts += before
            parts.append(block if ordered(item) == ordered(was) else merged_block(block, item))
        parts += self._lines[end_of_last:]
        indent = _indent(self._lines[self.starts[0]])
        for item in new:
            parts += ["\n"] if parts else []
            parts.append(dump_block(item, indent=indent))
        return "".join(parts)

    def _dash(self, line: int) -> int:
        while line and not self._lines[line].lstrip().startswith("-"):
            line -= 1
        return line

    def _ends(self) -> Iterator[int]:
        """Yield the line after each entry; blank lines and comments at its side are not its own."""
        for start, after in zip(self.starts, [*self.starts[1:], len(self._lines)], strict=True):
            end = after
            while end > start + 1 and self._is_between(self._lines[end - 1], self._lines[start]):
                end -= 1
            yield end

    @staticmethod
    def _is_between(line: str, dash: str) -> bool:
        is_comment = line.lstrip().startswith(("#", "---", "..."))
        return not line.strip() or (is_comment and _indent(line) <= _indent(dash))


def _without_own_comment(before: list[str]) -> list[str]:
    """Return the lines *before* an entry without the comment that ends at it."""
    end = len(before)
    while end and before[end - 1].lstrip().startswith("#"):
        end -= 1
    while end and not before[end - 1].strip():
        end -= 1
    return before[:end]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _all_ordered(items: Iterable[Any]) -> list[dict[str, Any]]:
    return list(map(ordered, items))


def _keys(items: Sequence[object]) -> list[Key]:
    return [
        key_of(item)
        if isinstance(item, Mapping) and {"kind", "name"} <= item.keys()
        else Key("item", str(number))
        for number, item in enumerate(items, 1)
    ]
