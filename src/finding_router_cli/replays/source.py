"""The findings to replay, one after another, however many there are."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from finding_router.findings.ocsf import is_ocsf
from finding_router.findings.ocsf.statuses import IN_PROGRESS, status_word
from finding_router_cli.findings_pages import FINDINGS_PER_CALL, Pace, findings_pages, iso
from finding_router_cli.health.hub import CSPM_OFF, V2_OFF, is_on
from finding_router_cli.inputs import each_event, envelope_of, with_findings
from finding_router_cli.stack import Stack

type Event = Mapping[str, Any]


class Hub(StrEnum):
    """A Security Hub whose findings are replayed."""

    CSPM = "cspm"
    V2 = "v2"


# Of the times in ASFF: those that GetFindingsV2 filters by.
_TIMES_OF_V2: Final = {
    "CreatedAt": "finding_info.created_time_dt",
    "UpdatedAt": "finding_info.modified_time_dt",
}
# Of activity_id, in OCSF.
_CLOSE: Final = 3


def active_filters(hub: Hub, dates: Mapping[str, Any] | None, *, by: str) -> dict[str, Any]:
    """Return the filters of the active findings of *hub* whose time *by* passes *dates*."""
    if hub is Hub.CSPM:
        active = {"RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}]}
        return active | ({by: [dates]} if dates else {})
    number = {"FieldName": "activity_id", "Filter": {"Lt": _CLOSE}}
    date = {"FieldName": _TIMES_OF_V2[by], "Filter": dates}
    both = {"DateFilters": [date]} if dates else {}
    return {"CompositeFilters": [both | {"NumberFilters": [number], "Operator": "AND"}]}


def newest_first(hub: Hub, *, by: str) -> list[dict[str, str]]:
    """Return the order by the time *by* for the call that reads the findings of *hub*."""
    return [{"Field": by if hub is Hub.CSPM else _TIMES_OF_V2[by], "SortOrder": "desc"}]


def reader(stack: Stack, hub: Hub) -> Callable[..., Mapping[str, Any]]:
    """Return the call that reads the findings of *hub*."""
    client = stack.account.client("securityhub")
    read: Callable[..., Mapping[str, Any]] = (
        client.get_findings if hub is Hub.CSPM else client.get_findings_v2
    )
    return read


class Times(NamedTuple):
    """The times of findings that are read: *by* CreatedAt or UpdatedAt, as Security Hub writes."""

    by: str
    start: str
    end: str

    def filters(self, hub: Hub) -> dict[str, Any]:
        """Return the filters of the active findings of *hub* in these times."""
        return active_filters(hub, {"Start": self.start, "End": self.end}, by=self.by)

    @classmethod
    def of(cls, filters: object) -> "Times | None":
        """Return the times in *filters*; None if there are none."""
        found: object = None
        match filters:
            case {"CompositeFilters": [{"DateFilters": [{"FieldName": name, "Filter": found}]}]}:
                by = next((each for each, other in _TIMES_OF_V2.items() if other == name), "")
            case {"UpdatedAt": [found]}:
                by = "UpdatedAt"
            case {"CreatedAt": [found]}:
                by = "CreatedAt"
        match found:
            case {"Start": str(start), "End": str(end)} if by:
                return cls(by, start, end)
        return None


class SavedPages:
    """
    The pages of GetFindings and GetFindingsV2 in a file, by which a run that was ended goes on.

    Each line is one answer as they give it, with the filters that it was asked with, so that the
    file is also one of findings. A last line that was not written whole is cut off.
    """

    def __init__(self, path: Path) -> None:
        """Read the lines that are there."""
        self.path = path
        self.filters: dict[Hub, Any] = {}
        self.tokens: dict[Hub, str | None] = {}
        whole = 0
        if not path.exists():
            return
        with path.open("rb") as file:
            for line in file:
                page = _page_in(line)
                if page is None:
                    break
                whole += len(line)
                hub = Hub.V2 if "CompositeFilters" in page["Filters"] else Hub.CSPM
                self.filters[hub], self.tokens[hub] = page["Filters"], page.get("NextToken")
        if not self.has_pages and path.stat().st_size:
            raise click.UsageError(f"{path} was not written by --save; name another file")
        with path.open("r+b") as file:
            file.truncate(whole)

    @property
    def has_pages(self) -> bool:
        """Return True if any page is there."""
        return bool(self.filters)

    @property
    def times(self) -> Times | None:
        """Return the times of the findings in the pages."""
        return next(filter(None, map(Times.of, self.filters.values())), None)

    def is_complete(self, hub: Hub) -> bool:
        """Return True if the last page of *hub* is there."""
        return hub in self.filters and self.tokens[hub] is None

    def findings(self) -> Iterator[Mapping[str, Any]]:
        """Yield the findings of all pages."""
        if self.has_pages:
            with self.path.open(encoding="utf-8") as file:
                for line in file:
                    yield from json.loads(line)["Findings"]

    def add(self, hub: Hub, answer: Mapping[str, Any], filters: object) -> None:
        """Append a page; of a Security Hub without findings it is none, beside another's."""
        if not answer["Findings"] and self.has_pages and hub not in self.filters:
            return
        self.filters[hub], self.tokens[hub] = filters, answer.get("NextToken")
        page = {"Findings": answer["Findings"], "Filters": filters}
        if answer.get("NextToken"):
            page["NextToken"] = answer["NextToken"]
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(page, default=str, separators=(",", ":")) + "\n")


def hubs_of(stack: Stack) -> list[Hub]:
    """Return each Security Hub that is on, and whose findings *stack* takes."""
    client = stack.account.client("securityhub")
    found = [Hub.CSPM] if is_on(client.describe_hub, CSPM_OFF) is not False else []
    if stack.takes_v2 and is_on(client.describe_security_hub_v2, V2_OFF):
        found.append(Hub.V2)
    # The answer of one that is off says how to enable it.
    return found or [Hub.CSPM]


def hub_events(
    stack: Stack,
    since: datetime,
    *,
    hubs: Sequence[Hub],
    by: str,
    saved: SavedPages | None,
    advance: Callable[[int], None],
) -> Iterator[Event]:
    """
    Yield the active findings of *hubs*, one after the other, whose time *by* is later than *since*.

    They come page by page at the pace of GetFindings; *saved* keeps the pages, and what it has
    comes first.

    Raises:
        click.ClickException: Security Hub refuses, or is not enabled.

    """
    times = Times(by, iso(since), iso(datetime.now(UTC)))
    if saved is not None and saved.has_pages:
        times = saved.times or times
        for number, finding in enumerate(saved.findings(), 1):
            yield envelope_of(finding)
            if number % FINDINGS_PER_CALL == 0:
                advance(FINDINGS_PER_CALL)
    for hub in hubs:
        filters = times.filters(hub)
        request: dict[str, Any] = {"Filters": filters}
        if saved is not None and hub in saved.filters:
            if saved.is_complete(hub):
                continue
            # A token is only good for the filters that it was given for.
            filters = saved.filters[hub]
            request = {"Filters": filters, "NextToken": saved.tokens[hub]}
        with _in_sentences(stack, saved):
            for answer in findings_pages(
                reader(stack, hub), request, Pace(is_local=stack.is_local)
            ):
                if saved is not None:
                    saved.add(hub, answer, filters)
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
    """Return *event* as its findings were when they were new: the router's marks are taken off."""
    return with_findings(event, _as_new)


def _as_new(finding: object) -> object:
    match finding:
        case {"class_uid": _} | {"finding_info": {}} if is_ocsf(finding):
            is_told = status_word(finding) == IN_PROGRESS
            return {**finding, "status_id": 1, "status": "New"} if is_told else finding
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
