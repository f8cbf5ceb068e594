"""What an edit would have done to the findings of the last days."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from faults.twins import in_ocsf
from finding_router.delivery.decided import Decided
from finding_router.edits import impact
from finding_router.edits.impact import Impact, impact_of
from finding_router.findings.asff import read_finding
from finding_router.findings.summary import summarise
from finding_router.routing.table import RoutingTable
from hub_events import raw_finding

AT = datetime(2026, 3, 3, 12, tzinfo=UTC).timestamp()
HIGH = {"match": {"Severity": {"Label": ["HIGH"]}}}


def route(name: str = "one", **changes: Any) -> dict[str, Any]:
    """Make a route to #one."""
    return {"kind": "route", "name": name, "channel": f"#{name}", **changes}


def table(*items: dict[str, Any]) -> RoutingTable:
    """Make a table whose items are valid."""
    made = RoutingTable.from_items(items, default_channel="#default")
    assert () == made.problems
    return made


def decided(*raws: dict[str, Any], at: float = AT) -> list[Decided]:
    """Return what the store has of findings."""
    return [Decided(at, summarise(read_finding(raw))) for raw in raws]


def effect(
    before: Iterable[dict[str, Any]],
    after: Iterable[dict[str, Any]],
    *findings: Decided,
) -> Impact:
    """Return the impact on *findings*."""
    return impact_of(table(*before), table(*after), findings)


def test_a_route_to_another_channel_moves_its_messages() -> None:
    """Those that match."""
    findings = decided(
        raw_finding("a"), raw_finding("b"), raw_finding("c", Severity={"Label": "LOW"})
    )
    found = effect([route(**HIGH)], [route(**HIGH, channel="#two")], *findings)

    assert (3, 3) == (found.findings, found.decided)
    assert ({"#two": 2}, {"#one": 2}) == (found.more, found.fewer)


def test_a_finding_counts_once() -> None:
    """However often it came."""
    findings = [*decided(raw_finding("a")), *decided(raw_finding("a"), at=AT - 60)]

    assert 1 == effect([route()], [], *findings).findings


def test_a_route_that_drops_takes_messages_away() -> None:
    """From the default channel, too."""
    drop = {"kind": "route", "name": "drop", "action": "drop"}

    assert {"#default": 1} == effect([], [drop], *decided(raw_finding())).fewer
    assert {"#default": 1} == effect([drop], [], *decided(raw_finding())).more


def test_a_silence_makes_messages_wait_and_forgetting_takes_them_away() -> None:
    """As if it had been there."""
    silence = {"kind": "silence", "name": "s", "match": {}, "until": "2030-01-01T00:00:00Z"}
    held = effect([route()], [route(), silence], *decided(raw_finding()))
    forgotten = effect(
        [route()], [route(), {**silence, "on_expiry": "forget"}], *decided(raw_finding())
    )

    assert (1, 0, {}, {}) == (held.held, held.at_once, held.more, held.fewer)
    assert (0, {"#one": 1}) == (forgotten.held, forgotten.fewer)
    assert 1 == effect([route(), silence], [route()], *decided(raw_finding())).at_once


def test_the_time_of_a_finding_decides() -> None:
    """Not that of the edit."""
    hours = {"from": "08:00", "to": "18:00", "zone": "UTC", "always": "CRITICAL"}
    night = datetime(2026, 3, 3, 23, tzinfo=UTC).timestamp()
    findings = [*decided(raw_finding("day")), *decided(raw_finding("night"), at=night)]

    assert 1 == effect([route()], [route(active_hours=hours)], *findings).held


def test_a_finding_that_may_match_by_a_field_that_is_not_kept_is_not_decided() -> None:
    """One that cannot match by the other fields is."""
    by_name = {"match": {"Severity": {"Label": ["HIGH"]}, "Description": [{"prefix": "Some"}]}}
    findings = decided(raw_finding("may"), raw_finding("cannot", Severity={"Label": "LOW"}))
    found = effect([route()], [route(**by_name)], *findings)

    assert (2, 1) == (found.findings, found.decided)
    assert {"#default": 1} == found.more


def test_a_whole_rule_is_compared_with_the_event_that_a_finding_comes_in() -> None:
    """A finding in OCSF comes in Findings Imported V2: such a rule may match it, and no other."""
    detail = {"findings": {"Description": [{"prefix": "Some"}]}}
    of_v2 = {"match": {"detail-type": ["Findings Imported V2"], "detail": detail}}
    asff, ocsf = decided(raw_finding()), decided(in_ocsf(raw_finding()))

    assert 1 == effect([route()], [route(**of_v2)], *asff).decided
    assert 0 == effect([route()], [route(**of_v2)], *ocsf).decided


def test_a_route_by_such_a_field_alone_leaves_nothing_decided() -> None:
    """Unless it is switched off."""
    unknown = {"match": {"Description": ["x"]}}

    assert (
        0 == effect([route()], [route(), route("two", **unknown)], *decided(raw_finding())).decided
    )
    off = route("two", **unknown, enabled=False)
    assert 1 == effect([route()], [route(), off], *decided(raw_finding())).decided


def test_what_a_finding_had_no_room_for_is_not_decided_by() -> None:
    """Other findings are."""
    long = raw_finding("long", Resources=[{"Type": "AwsS3Bucket", "Id": "x" * 3_000}])
    by_type = {"match": {"Resources": {"Type": ["AwsS3Bucket"]}}}
    found = effect([route()], [route(**by_type)], *decided(long, raw_finding("short")))

    assert (2, 1) == (found.findings, found.decided)


def test_what_cannot_be_read_counts_as_not_decided() -> None:
    """A newer version wrote it."""
    found = effect([route()], [], Decided(AT, {"v": 2}), *decided(raw_finding()))

    assert (2, 1) == (found.findings, found.decided)


def test_more_findings_than_are_looked_at_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest ones count."""
    monkeypatch.setattr(impact, "MAX_FINDINGS", 2)
    found = effect([route()], [], *decided(*(raw_finding(str(number)) for number in range(5))))

    assert (2, True) == (found.findings, found.is_cut)


def test_a_run_that_is_late_ends_early() -> None:
    """So that there is time to post."""
    found = impact_of(table(), table(), decided(raw_finding()), is_late=lambda: True)

    assert (0, True) == (found.findings, found.is_cut)


def test_an_alias_renames_channels() -> None:
    """An edit of an account is an edit of channels."""
    by_account = route(channel="#{account}")
    account = {"kind": "account", "name": "123456789012", "alias": "payments"}
    found = effect([by_account], [by_account, account], *decided(raw_finding()))

    assert ({"#payments": 1}, {"#123456789012": 1}) == (found.more, found.fewer)
