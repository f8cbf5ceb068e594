"""The findings to replay, one after another, however many there are."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from finding_router_cli.findings_pages import FINDINGS_PER_CALL, Pace, findings_pages, iso
from finding_router_cli.inputs import each_event, envelope_of, with_findings
from finding_router_cli.stack import Stack

type Event = Mapping[str, Any]


class SavedPages:
    """
    The pages of GetFindings in a file, by which a run that was ended goes on.

    Each line is one answer as GetFindings gives it, with the filters that it was asked with, so
    that the file is also one of findings. A last line that was not written whole is cut off.
    """

    def __init__(self, path: Path) -> None:
        """Read the lines that are there."""
        self.path = path
        self.filters: Any = None
        self.token: str | None = None
        self.is_complete = False
        self.has_pages = False
        whole = 0
        if not path.exists():
            return
        with path.open("rb") as file:
            for line in file:
                page = _page_in(line)
                if page is None:
                    break
                whole += len(line)
                self.filters, self.token = page["Filters"], page.get("NextToken")
                self.has_pages = True
        if not self.has_pages and path.stat().st_size:
            raise click.UsageError(f"{path} was not written by --save; name another file")
        self.is_complete = self.has_pages and self.token is None
        with path.open("r+b") as file:
            file.truncate(whole)

    def findings(self) -> Iterator[Mapping[str, Any]]:
        """Yield the findings of all pages."""
        if self.has_pages:
            with self.path.open(encoding="utf-8") as file:
                for line in file:
                    yield from json.loads(line)["Findings"]

    def add(self, answer: Mapping[str, Any], filters: object) -> None:
        """Append a page."""
        page = {"Findings": answer["Findings"], "Filters": filters}
        if answer.get("NextToken"):
            page["NextToken"] = answer["NextToken"]
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(page, default=str, separators=(",", ":")) + "\n")


def hub_events(
    stack: Stack,
    since: datetime,
    *,
    by: str,
    saved: SavedPages | None,
    advance: Callable[[int], None],
) -> Iterator[Event]:
    """
    Yield the active findings of Security Hub whose time *by* is later than *since*.

    They come page by page at the pace of GetFindings; *saved* keeps the pages.

    Raises:
        click.ClickException: Security Hub refuses, or is not enabled.

    """
    filters: Any = {
        "RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}],
        by: [{"Start": iso(since), "End": iso(datetime.now(UTC))}],
    }
    request: dict[str, Any] = {"Filters": filters}
    if saved is not None and saved.has_pages:
        # A token is only good for the filters that it was given for.
        filters = request["Filters"] = saved.filters
        for number, finding in enumerate(saved.findings(), 1):
            yield envelope_of(finding)
            if number % FINDINGS_PER_CALL == 0:
                advance(FINDINGS_PER_CALL)
        if saved.is_complete:
            return
        request["NextToken"] = saved.token
    client = stack.account.client("securityhub")
    pace = Pace(is_local=stack.is_local)
    with _in_sentences(stack, saved):
        for answer in findings_pages(client.get_findings, request, pace):
            if saved is not None:
                saved.add(answer, filters)
            yield from map(envelope_of, answer["Findings"])
            advance(len(answer["Findings"]))


@contextmanager
def _in_sentences(stack: Stack, saved: SavedPages | None) -> Iterator[None]:
    """Translate AWS's errors of the block, and name the way to go on with the pages *saved*."""
    try:
        with stack.account.in_sentences():
            yield
    except click.ClickException as error:
        if saved is None:
            raise
        remedy = f"run it again to go on, or delete {saved.path} to begin anew"
        raise click.ClickException(f"{error.message}; {remedy}") from error


def file_events(path: str, advance: Callable[[int], None]) -> Iterator[Event]:
    """
    Yield the events of a file, line by line where each line is a document.

    Raises:
        UnreadableError: The file cannot be read.

    """
    for event in each_event(path):
        yield event
        advance(1)


def as_first_heard(event: Event) -> Event:
    """Return *event* as its findings were when they were new: NOTIFIED is the router's own mark."""
    return with_findings(event, _as_new)


def _as_new(finding: object) -> object:
    match finding:
        case {"Workflow": {"Status": "NOTIFIED"} as workflow, **others}:
            others.pop("WorkflowState", None)
            return {**others, "Workflow": {**workflow, "Status": "NEW"}}
    return finding


def _page_in(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        page = json.loads(line)
    except ValueError:
        return None
    match page:
        case {"Findings": [*_], "Filters": {}}:
            return dict(page)
    return None
