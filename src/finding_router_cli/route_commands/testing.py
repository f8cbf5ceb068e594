"""`routes test`: findings, and the channels where they are expected to go."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from finding_router.counts import counted
from finding_router.routing.items.channel import read_channel
from finding_router.routing.items.clock import read_moment
from finding_router.routing.patterns.mistake import MistakeError
from finding_router.routing.table import RoutingTable
from finding_router_cli.documents import UnreadableError, documents, read_text
from finding_router_cli.explanation import Explanation, explain_event
from finding_router_cli.help_text import example
from finding_router_cli.inputs import envelope_of, read_events
from finding_router_cli.items.yaml_text import read_documents
from finding_router_cli.options import json_option
from finding_router_cli.output import print_json, print_lines, text
from finding_router_cli.routes_at_hand import running_routes
from finding_router_cli.routing_items import is_yaml, load_table, stack_options

NOWHERE: Final = "none"
_WANTED: Final = (
    "write a list of tests, each with a finding (or the path of a file) and its channels"
)
_ATTRIBUTES: Final = frozenset({"name", "finding", "file", "channels", "at"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The *channels* where each finding of *events* is expected to go *at* a moment."""

    name: str
    events: list[dict[str, Any]]
    channels: frozenset[str]
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """An expectation, and where its finding goes."""

    name: str
    title: str
    expected: frozenset[str]
    explanation: Explanation

    @property
    def goes(self) -> frozenset[str]:
        """Return the channels where the finding goes."""
        return self.explanation.goes

    @property
    def is_right(self) -> bool:
        """Return True if the finding goes where it is expected, and nowhere else."""
        return self.goes == self.expected

    def reasons(self) -> Iterator[str]:
        """Yield a line for each channel that is missing or too many, with its reason."""
        for each in self.explanation.channels:
            if each.channel not in self.expected:
                by = f"by route {', '.join(each.routes)}" if each.routes else each.note or "default"
                yield f"+ {each.channel}  {by}"
        for channel in sorted(self.expected - self.goes):
            yield f"- {channel}  {self._why_not()}"

    def _why_not(self) -> str:
        one = self.explanation
        if one.problem:
            return one.problem
        if one.not_posted:
            return f"not posted: {one.not_posted}"
        if one.decision and one.decision.dropped_by:
            return f"dropped by route {one.decision.dropped_by}"
        return "no route posts it there"


@click.command("test", epilog=example("finding-router routes test tests.yaml --routes routes.yaml"))
@click.argument("file", metavar="FILE")
@click.option("--routes", metavar="FILE|FOLDER", help="Routes to test, in place of a stack's.")
@json_option
@stack_options
def test_routes(file: str, *, for_programs: bool, **options: Any) -> None:
    """
    Test that findings go where they should.

    FILE is a list in YAML or JSON. Each entry has a finding, or in file the path of one beside
    FILE; channels, a list that is empty if the finding goes nowhere; and if wanted a name and a
    moment at. The routes are those of --routes, or else of a stack. Exits with 1 if a finding goes
    elsewhere, or an item of the routes is wrong.
    """
    expectations = read_expectations(file)
    table = load_table(**options, at_hand=running_routes)
    now = datetime.now(UTC)
    results = [result for each in expectations for result in _results(each, table, now)]
    if for_programs:
        print_json(
            {"tests": list(map(_as_json, results)), "problems": list(map(str, table.problems))}
        )
    else:
        _print(results, table)
    if table.problems or not all(result.is_right for result in results):
        raise click.exceptions.Exit(1)


def read_expectations(file: str) -> list[Expectation]:
    """
    Return the tests of *file*.

    Raises:
        UnreadableError: It cannot be read, or has an entry that is no test.

    """
    content = read_text(file)
    if is_yaml(content, file):
        found = list(read_documents(content, file))
    else:
        found = [document for _, document in documents(content, file)]
    entries = [
        entry
        for document in found
        if document is not None
        for entry in (document if isinstance(document, list) else [document])
    ]
    if not entries:
        raise UnreadableError(file, "holds no test", _WANTED)
    folder = Path() if file == "-" else Path(file).parent
    return [
        _expectation(entry, f"{file}, test {number}", folder)
        for number, entry in enumerate(entries, 1)
    ]


def _expectation(entry: object, place: str, folder: Path) -> Expectation:
    if not isinstance(entry, Mapping):
        raise UnreadableError(place, "is no map", _WANTED)
    if strangers := sorted(entry.keys() - _ATTRIBUTES):
        remedy = f"known are {', '.join(sorted(_ATTRIBUTES))}"
        raise UnreadableError(place, f"has the attribute {strangers[0]}", remedy)
    if ("finding" in entry) == ("file" in entry):
        raise UnreadableError(place, "has neither or both of finding and file", _WANTED)
    if "file" in entry:
        path = str(folder / str(entry["file"]))
        events = read_events(read_text(path), path)
    else:
        events = [envelope_of(entry["finding"])]
    written = entry.get("channels")
    try:
        names = [] if written == NOWHERE else written
        if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
            raise UnreadableError(place, "has no list of channels", 'write ["#alerts"], or []')
        channels = frozenset(read_channel(one).text for one in names)
        at = read_moment(entry["at"]) if "at" in entry else None
    except MistakeError as error:
        raise UnreadableError(place, error.problem, error.remedy) from error
    return Expectation(name=str(entry.get("name", "")), events=events, channels=channels, at=at)


def _results(one: Expectation, table: RoutingTable, now: datetime) -> Iterator[Result]:
    for event in one.events:
        for explanation in explain_event(event, table, one.at or now):
            yield Result(
                name=one.name or explanation.title,
                title=explanation.title,
                expected=one.channels,
                explanation=explanation,
            )


def _print(results: list[Result], table: RoutingTable) -> None:
    lines = [text(f"wrong: {problem}", "bold red") for problem in table.problems]
    for result in results:
        if result.is_right:
            lines.append(text(f"✓ {result.name}  {_shown(result.goes)}", "green"))
            continue
        lines.append(text(f"✗ {result.name}", "bold red"))
        lines.append(text(f"    expected {_shown(result.expected)}, goes to {_shown(result.goes)}"))
        lines += [
            text(f"    {reason}", "green" if reason.startswith("+") else "red")
            for reason in result.reasons()
        ]
    wrong = sum(not result.is_right for result in results)
    lines.append(text(f"{counted(len(results), 'finding')}, {wrong:,} not as expected", "bold"))
    print_lines(lines)


def _shown(channels: frozenset[str]) -> str:
    return ", ".join(sorted(channels)) or NOWHERE


def _as_json(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "title": result.title,
        "expected": sorted(result.expected),
        "goes": sorted(result.goes),
        "is_right": result.is_right,
        "reasons": list(result.reasons()),
    }
