"""README and docs/ name only files and commands that exist."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PAGES = [
    *(
        PROJECT / name
        for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md", "events/README.md")
    ),
    *PROJECT.glob("docs/*.md"),
]
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
TARGET = re.compile(r"\bmake ([a-z]+)")
# Words that follow "make" in a sentence are no targets.
COMMAND = re.compile(r"`(make [^`]*)`|^ *(make .*)$", re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """Pages, pictures and files that are linked to exist."""
    links = LINK.findall(page.read_text("utf-8"))
    inside = [link for link in links if not link.startswith(("https://", "http://"))]

    assert [] == [link for link in inside if not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_make_command_is_a_target(page: Path) -> None:
    """Every make command in the documents is a target of the Makefile."""
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    known = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    commands = [one or other for one, other in COMMAND.findall(page.read_text("utf-8"))]
    named = {match[1] for command in commands if (match := TARGET.match(command))}

    assert set() == named - known


def test_readme_leads_to_every_page() -> None:
    """No page of docs/ is left to be found by chance."""
    readme = (PROJECT / "README.md").read_text("utf-8")
    pages = {f"docs/{page.name}" for page in PROJECT.glob("docs/*.md")}

    assert set() == pages - set(LINK.findall(readme))


def test_make_help_lists_every_target() -> None:
    """Each target that is no file has its line."""
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^\.PHONY: ([a-z]+)$", makefile, re.MULTILINE))

    assert targets == set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))
