"""The pages for operators say what the code and the template say."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from finding_router.delivery.outcome import Outcome
from finding_router.findings.asff import read_finding
from finding_router.findings.finding import OrganizationAccount
from finding_router.routing.organization import Organization
from finding_router.routing.table import Decision, RoutingTable

PROJECT = Path(__file__).parents[2]
DOCS = PROJECT / "docs"
DAY = datetime(2029, 3, 7, 11, tzinfo=UTC)
NIGHT = datetime(2029, 3, 7, 23, tzinfo=UTC)
GUARDDUTY = "arn:aws:securityhub:eu-west-1::product/aws/guardduty"


class _Loader(yaml.SafeLoader):
    """A reader of templates that leaves out the intrinsic functions."""


def _ignore(_loader: yaml.SafeLoader, _suffix: str, _node: yaml.Node) -> None:
    return None


_Loader.add_multi_constructor("!", _ignore)


def recipes() -> dict[str, dict[str, Any]]:
    """Return the item of each recipe, by the recipe's name."""
    blocks = re.findall(
        r"^```json\n(.*?)^```", (DOCS / "recipes.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    return {item["name"]: item for item in map(json.loads, blocks)}


@pytest.fixture
def decide() -> Callable[..., Decision]:
    """Return a function that decides a finding by one recipe."""

    def by_recipe(name: str, now: datetime = DAY, **fields: Any) -> Decision:
        table = RoutingTable.from_items([recipes()[name]], default_channel="#default")
        raw = json.loads(
            (PROJECT / "events" / "imported-guardduty-port-probe.json").read_text("utf-8")
        )
        finding = read_finding(raw["detail"]["findings"][0] | fields)
        accounts = {finding.account_id: OrganizationAccount(name="a", ou="Workloads/Prod")}
        finding = Organization(accounts).enriched(finding)

        assert not table.problems
        return table.decide(finding, now=now)

    return by_recipe


def severity(label: str) -> dict[str, Any]:
    """Return the severity *label* as a finding has it."""
    return {"Severity": {"Label": label}}


def test_every_outcome_is_explained() -> None:
    """Each has one line, in the order of the code."""
    page = (DOCS / "outcomes.md").read_text("utf-8")

    assert [each.value for each in Outcome] == re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)


def test_every_parameter_is_explained() -> None:
    """Each has one line, with the default and the words of the template."""
    template = yaml.load((PROJECT / "template.yaml").read_text("utf-8"), _Loader)
    expected = {}
    for name, each in template["Parameters"].items():
        default = each.get("Default", "*required*")
        shown = "(empty)" if default == "" else default if "Default" not in each else f"`{default}`"
        expected[name] = (shown, " ".join(each["Description"].split()))
    page = (DOCS / "parameters.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+) \|$", page, re.MULTILINE)

    assert expected == {name: (default, effect) for name, default, effect in rows}
    assert len(rows) == len(expected)


def test_critical_alone_is_posted_at_night(decide: Callable[..., Decision]) -> None:
    """HIGH waits at night, and for nothing by day."""
    [night] = decide("only-critical-at-night", NIGHT, **severity("HIGH")).channels
    [critical] = decide("only-critical-at-night", NIGHT, **severity("CRITICAL")).channels
    [day] = decide("only-critical-at-night", DAY, **severity("HIGH")).channels

    assert night.hold is not None
    assert critical.hold is None
    assert day.hold is None


def test_what_is_low_comes_in_the_morning(decide: Callable[..., Decision]) -> None:
    """A LOW finding waits for the next half past eight in Zurich."""
    [low] = decide("each-morning", DAY, **severity("LOW")).channels
    [high] = decide("each-morning", DAY, **severity("HIGH")).channels

    assert low.hold is not None
    assert datetime(2029, 3, 8, 7, 30, tzinfo=UTC) == low.hold.due_at
    assert "#default" == high.channel


def test_a_tag_names_the_team(decide: Callable[..., Decision]) -> None:
    """The channel is that of the tag, and none without a tag."""
    tagged = [{"Type": "Other", "Id": "i-1", "Tags": {"team": "payments"}}]
    [one] = decide("team-by-tag", Resources=tagged).channels
    [other] = decide("team-by-tag", Resources=[{"Type": "Other", "Id": "i-1"}]).channels

    assert "#team-payments" == one.channel
    assert "#default" == other.channel


def test_the_scanner_alone_is_ignored(decide: Callable[..., Decision]) -> None:
    """A probe from the scanner is dropped, and one from elsewhere is not."""

    def probe(address: str) -> dict[str, Any]:
        details = [{"RemoteIpDetails": {"IpAddressV4": address}}]
        action = {"ActionType": "PORT_PROBE", "PortProbeAction": {"PortProbeDetails": details}}
        return {"ProductArn": GUARDDUTY, "Action": action}

    assert "known-scanner" == decide("known-scanner", **probe("198.51.100.7")).dropped_by
    assert decide("known-scanner", **probe("203.0.113.9")).dropped_by is None


def test_the_account_is_muted_until_then(decide: Callable[..., Decision]) -> None:
    """The silence holds its account until it is over."""
    over = datetime(2030, 1, 10, 6, tzinfo=UTC)

    assert "migration" == decide("migration", AwsAccountId="111122223333").silenced_by
    assert decide("migration", AwsAccountId="999999999999").silenced_by is None
    assert decide("migration", over, AwsAccountId="111122223333").silenced_by is None


def test_an_ou_has_its_channel(decide: Callable[..., Decision]) -> None:
    """An account below the OU sends its findings there."""
    [one] = decide("workloads").channels

    assert "#workloads-alerts" == one.channel
