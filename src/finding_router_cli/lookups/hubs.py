"""The findings of both Security Hubs: by id, by time, or one after another."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import batched
from typing import Any, Final

from finding_router.aws.clients import AWS_ERRORS, error_code
from finding_router.findings.timestamps import parse_timestamp
from finding_router_cli.findings_pages import Pace, findings_pages, iso
from finding_router_cli.health.hub import CSPM_OFF, V2_OFF
from finding_router_cli.output import remark
from finding_router_cli.stack import Stack

type Raw = Mapping[str, Any]

MOST_LOOKED_AT: Final = 10_000
"""Findings of each Security Hub that are looked through: reading them takes half a minute."""
# https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_GetFindings.html
_VALUES_PER_FILTER: Final = 20
_OF_V2: Final = "finding_info.uid"
_ABOUT: Final = timedelta(seconds=1)


class Hubs:
    """
    Security Hub CSPM, and AWS Security Hub where the *stack* takes it.

    One that is off has no findings. No call of either finds the end of an id: CONTAINS is for
    automation rules only.
    """

    def __init__(self, stack: Stack) -> None:
        """Call nothing yet."""
        client = stack.account.client("securityhub")
        self._account = stack.account
        self._get, self._get_v2 = client.get_findings, client.get_findings_v2
        self._takes_v2 = stack.takes_v2
        self._pace = Pace(is_local=stack.is_local)

    def with_ids(self, ids: Sequence[str]) -> list[Raw]:
        """Return the findings with these whole Ids. ClickException."""
        return self._with_ids(ids, "EQUALS")

    def beginning_with(self, start: str) -> list[Raw]:
        """Return the findings whose Id begins so, 100 of each Security Hub. ClickException."""
        return self._with_ids([start], "PREFIX")

    def updated_at(self, moments: Sequence[str]) -> list[Raw]:
        """Return the findings of CSPM whose UpdatedAt is one of *moments*. ClickException."""
        times = [time for time in map(parse_timestamp, moments) if time is not None]
        some = times[:_VALUES_PER_FILTER]
        ranges = [{"Start": iso(time - _ABOUT), "End": iso(time + _ABOUT)} for time in some]
        if not ranges:
            return []
        pages = self._pages(self._get, {"Filters": {"UpdatedAt": ranges}}, CSPM_OFF)
        return [raw for page in pages for raw in page]

    def newest(self) -> Iterator[Sequence[Raw]]:
        """Yield the findings page by page, those that were updated last first. ClickException."""
        order = [{"Field": "UpdatedAt", "SortOrder": "desc"}]
        yield from self._first_pages(self._get, {"SortCriteria": order}, CSPM_OFF)
        if self._takes_v2:
            order = [{"Field": "finding_info.modified_time_dt", "SortOrder": "desc"}]
            yield from self._first_pages(self._get_v2, {"SortCriteria": order}, V2_OFF)

    def _with_ids(self, ids: Sequence[str], comparison: str) -> list[Raw]:
        found: list[Raw] = []
        for some in batched(ids, _VALUES_PER_FILTER, strict=False):
            conditions = [{"Value": each, "Comparison": comparison} for each in some]
            asked: dict[str, Any] = {"Filters": {"Id": conditions}}
            found += next(self._pages(self._get, asked, CSPM_OFF), [])
            if not self._takes_v2:
                continue
            strings = [{"FieldName": _OF_V2, "Filter": each} for each in conditions]
            composite = {"StringFilters": strings, "Operator": "OR"}
            asked = {"Filters": {"CompositeFilters": [composite]}}
            found += next(self._pages(self._get_v2, asked, V2_OFF), [])
        return found

    def _first_pages(
        self, get: Callable[..., Raw], request: Raw, off: frozenset[str]
    ) -> Iterator[Sequence[Raw]]:
        looked_at = 0
        for page in self._pages(get, request, off):
            yield page
            looked_at += len(page)
            if looked_at >= MOST_LOOKED_AT:
                return

    def _pages(
        self, get: Callable[..., Raw], request: Raw, off: frozenset[str]
    ) -> Iterator[Sequence[Raw]]:
        """Yield the pages of one Security Hub; none if it is off, or is V2 and may not be asked."""
        with self._account.in_sentences():
            try:
                for answer in findings_pages(get, request, self._pace):
                    yield answer["Findings"]
            except AWS_ERRORS as error:
                code = error_code(error)
                if get == self._get_v2 and code.startswith("AccessDenied"):
                    remark(f"AWS Security Hub (OCSF) was not asked: {code} for GetFindingsV2")
                elif code not in off:
                    raise
