"""`finding-router replay`: the messages of late, by the routes in force and by others."""

import json
from copy import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from playwright.sync_api import Page

from chromium import needs_chromium, shown
from cli import Cli, lines
from faults.twins import in_ocsf
from finding_router_cli import findings_pages
from finding_router_cli.main import main
from finding_router_cli.replays.source import Hub, hubs_of
from finding_router_cli.stack import find_stack
from finding_router_local.faults import Effect, Fault
from hub_events import imported, raw_finding
from ocsf_findings import detection

NOW = datetime.now(UTC).replace(microsecond=0)
NOON = NOW.replace(hour=0, minute=0, second=0) - timedelta(hours=12)
HOSTILE = "<script>document.title = 'owned'</script>"
GONE = {"Id": "gone", "RecordState": "ARCHIVED"}
ALL = {"kind": "route", "name": "all", "channel": "#all", "deliver": "card"}
EU = {"kind": "route", "name": "eu", "channel": "#eu", "match": {"Region": ["eu-west-1"]}}


def found(name: str, at: datetime = NOON, **changes: Any) -> dict[str, Any]:
    """Make a finding that was created and updated at a time."""
    written = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    return raw_finding(name, **{"CreatedAt": written, "UpdatedAt": written} | changes)


def load(cli: Cli, *findings: dict[str, Any]) -> None:
    """Make the Security Hub of each finding's form know it."""
    for each in findings:
        cli.stack.load(imported(each))


def written(path: Path, *documents: Any) -> str:
    """Write JSON lines."""
    path.write_text("".join(json.dumps(each) + "\n" for each in documents), "utf-8")
    return str(path)


def volume(told: Any, channel: str, side: str = "before") -> Any:
    """Return the numbers of a channel."""
    [one] = [each for each in told["channels"] if each["channel"] == channel]
    return one[side]


@pytest.fixture
def routes(tmp_path: Path) -> str:
    """Return a file with other routes than those in force."""
    path = tmp_path / "routes.yaml"
    path.write_text(yaml.safe_dump([EU]), "utf-8")
    return str(path)


class TestSecurityHub:
    """The findings of Security Hub."""

    def test_both_tables_decide(self, cli: Cli, routes: str) -> None:
        """By day, for each channel; nothing is posted."""
        cli.put(ALL)
        cli.import_findings(
            [
                found("a"),
                found("b", NOON - timedelta(days=1)),
                found("c", Region="us-east-1"),
                found("old", NOON - timedelta(days=30)),
            ]
        )

        told = cli.json("replay", "--since", "7d", "--routes", routes)

        yesterday, before = (f"{NOON - timedelta(days=days):%Y-%m-%d}" for days in (0, 1))
        assert (3, 3) == (told["findings"], told["elsewhere"])
        assert {yesterday: 2, before: 1} == volume(told, "#all")["days"]
        assert {yesterday: 1, before: 1} == volume(told, "#eu", "after")["days"]
        assert 0 == volume(told, "#all", "after")["messages"]
        assert ["all", "eu", "(default channel)"] == [each["name"] for each in told["routes"]]
        assert [] == cli.stack.slack.messages()

    def test_nothing_to_count_is_told(self, cli: Cli, tmp_path: Path) -> None:
        """With where there may be more; one finding makes its messages, several make them."""
        cli.put({"kind": "route", "name": "all", "channel": "#all"})
        file = tmp_path / "one.json"
        file.write_text(json.dumps(raw_finding()), "utf-8")

        nothing = cli("replay").stdout
        one = cli("replay", str(file)).stdout

        assert "none came then: take a longer --since, --updated, or the findings of" in nothing
        assert f"1 finding in {file} makes 1 message\n" in one
        assert "none came then" not in one

    def test_a_finding_that_was_said_counts_as_new(self, cli: Cli) -> None:
        """Else a router that does its work would have had nothing to do."""
        cli.put(ALL)
        cli.import_findings([found("a")])
        cli.stack.aws.client("securityhub").batch_update_findings(
            FindingIdentifiers=[{"Id": "a", "ProductArn": found("a")["ProductArn"]}],
            Workflow={"Status": "NOTIFIED"},
        )

        assert 1 == volume(cli.json("replay"), "#all")["messages"]

    def test_a_run_that_was_killed_goes_on(
        self, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With the next page; a line that was not written whole is read again."""
        monkeypatch.setattr(findings_pages, "FINDINGS_PER_CALL", 2)
        cli.put(ALL)
        cli.import_findings([found(str(number)) for number in range(7)])
        saved = tmp_path / "findings.jsonl"
        whole = cli.json("replay", "--save", str(saved))
        pages = saved.read_text("utf-8").splitlines(keepends=True)
        saved.write_text(pages[0] + pages[1] + pages[2][:50], "utf-8")

        again = cli.json("replay", "--save", str(saved))

        assert (7, 4) == (whole["findings"], len(pages))
        assert whole["channels"] == again["channels"]
        assert 4 == len(saved.read_text("utf-8").splitlines())
        assert whole["channels"] == cli.json("replay", str(saved))["channels"]

    def test_a_file_that_is_too_old_is_told(self, cli: Cli, tmp_path: Path) -> None:
        """Security Hub no longer knows its token."""
        filters = {"RecordState": [{"Value": "ACTIVE", "Comparison": "EQUALS"}]}
        page = {"Findings": [found("a")], "Filters": filters, "NextToken": "gone"}
        saved = written(tmp_path / "findings.jsonl", page)

        assert f"delete {saved} to begin" in cli("replay", "--save", saved, code=1).stderr

    def test_another_file_is_not_overwritten(self, cli: Cli, tmp_path: Path) -> None:
        """It stays as it is."""
        other = tmp_path / "notes.txt"
        other.write_text("mine\n")

        assert "was not written by --save" in cli("replay", "--save", str(other), code=2).stderr
        assert "mine\n" == other.read_text()

    def test_a_finding_in_both_security_hubs_counts_once(self, cli: Cli) -> None:
        """And what AWS Security Hub alone has counts, too."""
        cli.put(ALL)
        told_of, alone = found("both"), found("alone")
        load(cli, told_of, found("cspm"), in_ocsf(told_of), in_ocsf(alone, status_id=2))
        load(cli, in_ocsf(found("old", NOON - timedelta(days=30))), in_ocsf(alone | GONE))

        told = cli.json("replay")

        assert (3, 1, 0) == (told["findings"], told["twice"], told["older"])
        assert 3 == volume(told, "#all")["messages"]

    @pytest.mark.parametrize(
        ("hub", "findings", "calls"),
        [
            ("cspm", 1, ["GetFindings"]),
            ("v2", 2, ["GetFindingsV2"]),
            ("both", 3, ["GetFindings", "GetFindingsV2"]),
        ],
    )
    def test_one_security_hub_or_both(
        self, cli: Cli, hub: str, findings: int, calls: list[str]
    ) -> None:
        """As it is asked for."""
        cli.put(ALL)
        load(cli, found("a"), in_ocsf(found("b")), in_ocsf(found("c")))
        cli.stack.aws.gate.recent.clear()

        told = cli.json("replay", "--hub", hub)

        assert findings == told["findings"]
        made = [each.operation for each in cli.stack.aws.gate.recent]
        assert calls == [each for each in made if each.startswith("GetFindings")]

    @pytest.mark.parametrize(
        ("off", "takes_v2", "hubs"),
        [
            ((), "true", [Hub.CSPM, Hub.V2]),
            ((), "false", [Hub.CSPM]),
            (("DescribeHub",), "true", [Hub.V2]),
            (("DescribeSecurityHubV2",), "true", [Hub.CSPM]),
            (("DescribeHub", "DescribeSecurityHubV2"), "true", [Hub.CSPM]),
        ],
    )
    def test_those_are_read_that_are_on_and_taken(
        self, cli: Cli, off: tuple[str, ...], takes_v2: str, hubs: list[Hub]
    ) -> None:
        """With neither, that of CSPM says that it is off."""
        codes = {"DescribeHub": "InvalidAccessException"}
        for operation in off:
            code = codes.get(operation, "ResourceNotFoundException")
            fault = Fault(
                effect=Effect.ERROR,
                service="securityhub",
                operation=operation,
                code=code,
                status=400,
            )
            cli.stack.aws.faults.add(fault)
        stack = replace(
            find_stack(stack=None, table=None, profile=None, region=None),
            parameters={"TakeV2": takes_v2},
        )

        assert hubs == hubs_of(stack)

    @pytest.mark.parametrize("kept", [1, 3, 5])
    def test_a_run_that_was_killed_goes_on_in_either(
        self, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int
    ) -> None:
        """With the next page of the one, and then with the other, of the same times."""
        monkeypatch.setattr(findings_pages, "FINDINGS_PER_CALL", 2)
        cli.put(ALL)
        several = [found(str(number)) for number in range(5)]
        others = [in_ocsf(found(f"v2-{number}")) for number in range(4)]
        load(cli, *several, *others, in_ocsf(several[0]))
        saved = tmp_path / "findings.jsonl"
        whole = cli.json("replay", "--save", str(saved))
        pages = saved.read_text("utf-8").splitlines(keepends=True)
        saved.write_text("".join(pages[:kept]) + pages[kept][:50], "utf-8")

        again = cli.json("replay", "--save", str(saved), "--since", "1h")

        assert (9, 1, 6) == (whole["findings"], whole["twice"], len(pages))
        assert whole["channels"] == again["channels"] == cli.json("replay", str(saved))["channels"]
        assert 6 == len(saved.read_text("utf-8").splitlines())


class TestFile:
    """The findings of a file."""

    def test_a_burst_is_one_digest(self, cli: Cli, tmp_path: Path) -> None:
        """With what follows, until it is quiet."""
        cli.put({"kind": "route", "name": "all", "channel": "#all"})
        burst = [found(f"a{number}") for number in range(6)]
        later = [found(f"b{number}", NOON + timedelta(minutes=5)) for number in range(3)]
        alone = [found("c", NOON + timedelta(minutes=30))]
        file = written(tmp_path / "findings.jsonl", *burst, *later, *alone)

        told = cli.json("replay", file)

        assert {"findings": 10, "messages": 2, "digests": 1} == {
            name: number for name, number in volume(told, "#all").items() if name != "days"
        }

    @pytest.mark.parametrize("as_event", [False, True])
    def test_both_forms_are_read(self, cli: Cli, tmp_path: Path, *, as_event: bool) -> None:
        """Bare, or in events; what cannot be read is counted."""
        cli.put(ALL)
        findings = [found("a"), detection()]
        several = [imported(each) for each in findings] if as_event else findings
        file = written(tmp_path / "findings.jsonl", *several, found("a"), {"detail-type": "odd"})

        told = cli.json("replay", file)

        assert (2, 1, 1) == (told["findings"], told["twice"], told["unreadable"])
        assert 2 == volume(told, "#all")["messages"]

    def test_people_get_tables_and_bars(self, cli: Cli, tmp_path: Path, routes: str) -> None:
        """And how messages are counted."""
        cli.put(ALL)
        file = written(tmp_path / "findings.jsonl", found("a"), found("b"))

        told = cli("replay", file, "--routes", routes)

        assert lines(told)[0] == (
            f"2 findings in {file}: 2 messages by the routes in force, 2 by the others; "
            "2 would go elsewhere"
        )
        assert any("█" in line and f"{NOON:%Y-%m-%d}" in line for line in lines(told))
        assert any("count as one digest" in line for line in lines(told))

    @pytest.mark.parametrize(("most", "code"), [("2", 0), ("1", 1)])
    def test_too_many_messages_are_a_no(
        self, cli: Cli, tmp_path: Path, most: str, code: int
    ) -> None:
        """Of one channel on one day."""
        cli.put(ALL)
        file = written(tmp_path / "findings.jsonl", found("a"), found("b"))

        told = cli("replay", file, "--max-per-day", most, code=code)

        assert (code == 1) is ("#all would get 2 messages on" in told.stderr)

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["{odd}"], "is no JSON"),
            (["{none}"], "cannot be opened"),
            (["{good}", "--routes", "{wrong}"], "channel"),
            (["{good}", "--save", "x"], "leave out FILE"),
            (["{good}", "--hub", "v2"], "leave out FILE"),
            (["--since", "soon"], "is no time"),
        ],
    )
    def test_bad_input_is_refused(
        self, cli: Cli, tmp_path: Path, words: list[str], said: str
    ) -> None:
        """With 2, as wrong usage."""
        (tmp_path / "odd").write_text("{")
        (tmp_path / "wrong.yaml").write_text("- {kind: route, name: x, channel: 7}\n")
        written(tmp_path / "good", found("a"))
        names = {"odd": "odd", "none": "none", "good": "good", "wrong": "wrong.yaml"}
        paths = {name: str(tmp_path / file) for name, file in names.items()}

        told = cli("replay", *(word.format(**paths) for word in words), code=2)

        assert said in told.stderr


@needs_chromium
def test_the_page_in_a_browser(cli: Cli, tmp_path: Path, routes: str, window: Page) -> None:
    """It runs nothing, asks for nothing, and has both schemes of colours."""
    cli.put(ALL | {"name": HOSTILE})
    several = [
        found(str(number), NOON - timedelta(days=number % 7), Title=f"{HOSTILE} {number % 3}")
        for number in range(40)
    ]
    file, page = written(tmp_path / "findings.jsonl", *several), tmp_path / "replay.html"
    cli("replay", file, "--routes", routes, "--html", str(page))
    asked: list[str] = []
    papers = []

    window.on("request", lambda request: asked.append(request.url))
    for scheme in ("light", "dark"):
        with shown(window, page.as_uri(), scheme=scheme):
            papers.append(window.evaluate("getComputedStyle(document.body).backgroundColor"))
            assert "Replay of findings" == window.title()
            assert HOSTILE in window.inner_text("body")
            assert 14 == window.locator(".chart rect").count()

    assert {page.as_uri()} == set(asked)
    assert ["rgb(255, 255, 255)", "rgb(26, 29, 33)"] == papers


def test_without_a_stack_the_routes_of_a_file_are_enough(
    tmp_path: Path, routes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a volume before anything is deployed."""
    for name in ("ROUTING_TABLE", "DEFAULT_CHANNEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("finding_router_cli.routes_at_hand.find_running", lambda _: None)
    file = written(tmp_path / "findings.jsonl", found("a"))

    told = CliRunner().invoke(main, ["replay", file, "--routes", routes, "--json"])

    assert 0 == told.exit_code, told.output
    assert 1 == volume(json.loads(told.stdout), "#eu", "after")["messages"]
