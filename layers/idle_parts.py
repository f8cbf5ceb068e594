# ruff: noqa: INP001 -- scripts of the build, run by path
"""
Replace the modules that libraries import at their start, and the router never calls.

botocore documents its clients in them, urllib3 looks for HTTP/2, and pydantic looks through all
installed packages for plugins; Lambda has none. In their place stand modules with the same names
that do nothing.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from files import remove, require, rewrite

DOCSTRING: Final = """
class ClientMethodDocstring(str):
    __slots__ = ()

    def __new__(cls, **_):
        return str.__new__(cls)


class PaginatorDocstring(ClientMethodDocstring):
    __slots__ = ()


class WaiterDocstring(ClientMethodDocstring):
    __slots__ = ()
"""
NO_PLUGINS: Final = """
def get_plugins():
    return ()
"""
REPLACED: Final = {
    "botocore/docs/__init__.py": "",
    "botocore/docs/docstring.py": DOCSTRING,
    "pydantic/plugin/_loader.py": NO_PLUGINS,
    "urllib3/http2/__init__.py": "",
}
# Packages of which no other module is imported from outside.
KEPT: Final = {
    "botocore/docs": {"__init__.py", "docstring.py", "utils.py"},
    "urllib3/http2": {"__init__.py", "probe.py"},
}


def replace(layer: Path) -> None:
    """
    Replace the modules in *layer*, and remove those that only they import.

    Raises:
        SystemExit: a module is not there any more, or another one imports a name that it lacks.

    """
    for name, text in REPLACED.items():
        require(layer, name)
        rewrite(layer / name, text)
    for name, kept in KEPT.items():
        for path in (layer / name).iterdir():
            if path.name not in kept:
                remove(path)
    for name in REPLACED:
        package, has = _dotted(name), _defined(layer / name)
        for user, imported in _imports(layer / name.partition("/")[0], package):
            if imported not in has:
                sys.exit(f"idle_parts: {user} imports {imported} of {package}, which it lacks")


def _dotted(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _defined(module: Path) -> set[str]:
    """Return the names that *module* has, with those of its package's modules."""
    body = ast.parse(module.read_text()).body
    names = {each.name for each in body if isinstance(each, ast.ClassDef | ast.FunctionDef)}
    if module.name == "__init__.py":
        names |= {path.stem for path in module.parent.iterdir()}
    return names


def _imports(library: Path, module: str) -> Iterator[tuple[str, str]]:
    """Yield the file and the name of each import of *module* in *library*."""
    for path in sorted(library.rglob("*.py")):
        package = ".".join(path.relative_to(library.parent).parent.parts)
        text = path.read_text()
        if module.rpartition(".")[2] not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.ImportFrom):
                continue
            base = package.rsplit(".", node.level - 1)[0] if node.level else ""
            if ".".join(filter(None, (base, node.module))) == module:
                for each in node.names:
                    yield str(path.relative_to(library.parent)), each.name


if __name__ == "__main__":
    replace(Path(sys.argv[1]))
