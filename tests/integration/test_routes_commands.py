"""`finding-router routes`: list, show, add, edit, enable, disable and rm, against a stack."""

from typing import Any

import pytest

from cli import Cli, lines
from faults.twins import in_ocsf
from finding_router_local.faults import Effect, Fault
from hub_events import imported, raw_finding

THREATS = {
    "kind": "route",
    "name": "threats",
    "order": 50,
    "match": {"ProductArn": [{"suffix": "::product/aws/guardduty"}]},
    "channel": "#threats",
}
EVERYTHING = {"kind": "route", "name": "everything", "order": 900, "channel": "#all"}
PAYMENTS = {"kind": "account", "name": "111122223333", "alias": "payments"}


@pytest.fixture(autouse=True)
def _routes(cli: Cli) -> None:
    """Write two routes and the name of an account."""
    cli.put(THREATS, EVERYTHING, PAYMENTS)


def edit_with(monkeypatch: pytest.MonkeyPatch, *changes: tuple[str, str]) -> list[str]:
    """Make an editor that replaces texts, another pair each time, and return what it is shown."""
    shown: list[str] = []

    def edit(text: str, **_: Any) -> str | None:
        old, new = changes[len(shown)]
        shown.append(text)
        assert old in text
        return text.replace(old, new)

    monkeypatch.setattr("click.edit", edit)
    return shown


class TestListing:
    """`routes list` and `routes show`."""

    def test_routes_are_listed_in_their_order(self, cli: Cli) -> None:
        """With their state, channel, and match in words."""
        cli.put(
            {"kind": "route", "name": "wrong", "order": 1, "channel": "#A"},
            {"kind": "route", "name": "off", "channel": "#a", "enabled": False},
            {"kind": "route", "name": "tried", "channel": "#a", "mode": "shadow", "stop": True},
            {"kind": "route", "name": "text", "channel": "#a", "match": '{"Title": ["x"]}'},
        )

        table = [line.split(maxsplit=4) for line in lines(cli("routes", "list"))]

        assert [
            ["Order", "Name", "State", "Channel", "Matches"],
            ["1", "wrong", "invalid", "#A", "everything"],
            ["50", "threats", "live", "#threats", "ProductArn=*::product/aws/guardduty"],
            ["100", "off", "off", "#a", "everything"],
            ["100", "text", "live", "#a", "Title=x"],
            ["100", "tried", "shadow", "#a", "(stop)  everything"],
            ["900", "everything", "live", "#all", "everything"],
        ] == table

    def test_programs_read_the_items(self, cli: Cli) -> None:
        """As they are, with their state."""
        said = cli.json("routes", "list")

        assert [THREATS | {"state": "live"}, EVERYTHING | {"state": "live"}] == said["routes"]

    def test_a_route_is_shown_as_yaml(self, cli: Cli) -> None:
        """In the order of the documentation."""
        shown = cli("routes", "show", "threats")

        assert shown.stdout == (
            "kind: route\nname: threats\norder: 50\nmatch:\n"
            '  ProductArn: [{suffix: "::product/aws/guardduty"}]\nchannel: "#threats"\n'
        )
        assert {"item": THREATS, "problems": []} == cli.json("routes", "show", "threats")

    def test_mistakes_of_a_route_are_shown(self, cli: Cli) -> None:
        """Beside it, on standard error."""
        cli.put({"kind": "route", "name": "wrong", "channel": "#A"})

        assert (
            'wrong: route "wrong", channel: is the text "#A"'
            in cli("routes", "show", "wrong").stderr
        )
        [problem] = cli.json("routes", "show", "wrong")["problems"]
        assert "did you mean" in problem

    def test_the_closest_name_is_told(self, cli: Cli) -> None:
        """Where there is none of that name."""
        result = cli("routes", "show", "threat", code=1)

        assert 'has no route "threat"; did you mean "threats"?' in result.stderr


class TestAdding:
    """`routes add`."""

    def test_options_become_a_route(self, cli: Cli) -> None:
        """The name of an account becomes its id."""
        cli(
            *("routes", "add", "new", "--channel", "#new", "--order", "7", "--stop"),
            *("--account", "payments", "--product", "Access Analyzer", "--severity", "high,low"),
            *("--control", "EC2.*", "--resource", "i-1", "--mention", "@here"),
            *("--description", "Why", "--set", "deliver=digest", "--yes"),
        )

        assert {
            "kind": "route",
            "name": "new",
            "description": "Why",
            "order": 7,
            "match": {
                "AwsAccountId": ["111122223333"],
                "ProductArn": [{"suffix": "::product/aws/access-analyzer"}],
                "Severity": {"Label": ["HIGH", "LOW"]},
                "Compliance": {"SecurityControlId": [{"wildcard": "EC2.*"}]},
                "Resources": {"Id": ["i-1", {"suffix": "/i-1"}, {"suffix": ":i-1"}]},
            },
            "channel": "#new",
            "mention": ["@here"],
            "deliver": "digest",
            "stop": True,
        } == cli.item("new")

    def test_a_dry_run_writes_nothing(self, cli: Cli) -> None:
        """It shows the same plan."""
        result = cli("routes", "add", "new", "--channel", "#new", "--dry-run")

        assert None is cli.item("new")
        assert "1 to add, 0 to change, 0 to delete" in lines(result)

    def test_it_is_not_written_unasked(self, cli: Cli) -> None:
        """Where there is nobody to ask."""
        result = cli("routes", "add", "new", "--channel", "#new", code=2)

        assert None is cli.item("new")
        assert "add --yes to do it, or --dry-run" in result.stderr

    @pytest.mark.usefixtures("person")
    @pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1)])
    def test_a_person_decides(self, cli: Cli, answer: str, code: int) -> None:
        """By y or n."""
        cli("routes", "add", "new", "--channel", "#new", answer=answer, code=code)

        assert (code == 0) == (cli.item("new") is not None)

    @pytest.mark.parametrize(
        ("words", "code", "told"),
        [
            (["--channel", "#A"], 1, 'route "new", channel: is the text "#A"'),
            ([], 1, 'route "new", channel: is missing; write a name'),
            (["--channel", "#a", "--set", "x=1"], 1, "x: is no attribute of a route"),
            (["--channel", "#a", "--set", "x"], 2, "x has no value; write it as deliver=digest"),
            (["--channel", "#a", "--set", "x=["], 2, "is no YAML"),
            (
                ["--channel", "#a", "--severity", "hgih"],
                2,
                'hgih is no severity; did you mean "HIGH"',
            ),
            (["--channel", "#a", "--product", "guarduty"], 2, 'did you mean "GuardDuty"?'),
            (["--channel", "#a", "--match", "{"], 2, "--match: is no JSON"),
            (["--channel", "#a", "--match", "[]"], 2, "--match: is no map"),
            (["--channel", "#a", "--match", "{}", "--severity", "LOW"], 2, "--match stands alone"),
            (
                ["--channel", "#a", "--match", '{"title": ["x"]}'],
                1,
                'match: has "title", a field that no finding has; did you mean "Title"?',
            ),
            (["--channel", "#a", "--set", "action=suppress"], 1, "AllowSuppress set to"),
        ],
    )
    def test_a_mistake_is_told_with_its_remedy(
        self, cli: Cli, words: list[str], code: int, told: str
    ) -> None:
        """And nothing is written."""
        result = cli("routes", "add", "new", *words, "--yes", code=code)

        assert told in result.stderr
        assert None is cli.item("new")

    def test_a_name_that_is_taken_is_refused(self, cli: Cli) -> None:
        """Nobody's route is overwritten."""
        result = cli("routes", "add", "threats", "--channel", "#x", "--yes", code=1)

        assert 'there is a route "threats" already; change it with' in result.stderr
        assert THREATS == cli.item("threats")


class TestChanging:
    """`routes enable`, `disable` and `rm`."""

    def test_routes_are_switched_off_and_on(self, cli: Cli) -> None:
        """Those that are already as wanted do not change."""
        off = cli("routes", "disable", "threats", "everything", "--yes")
        on = cli("routes", "enable", "threats", "--yes")
        again = cli("routes", "enable", "threats", "--yes")

        assert "0 to add, 2 to change, 0 to delete" in lines(off)
        assert "    + enabled: true" in lines(on)
        assert ["no changes"] == lines(again)
        assert THREATS | {"enabled": True} == cli.item("threats")
        assert EVERYTHING | {"enabled": False} == cli.item("everything")

    def test_a_route_is_deleted(self, cli: Cli) -> None:
        """And what it was is shown."""
        said = cli.json("routes", "rm", "threats", "--yes")

        assert None is cli.item("threats")
        assert ("delete", THREATS, None, 1) == (
            *(said["changes"][0][name] for name in ("verb", "before", "after")),
            said["written"],
        )

    def test_a_rule_of_who_may_press_goes_with_its_route(self, cli: Cli) -> None:
        """It is said, since messages that were posted keep their buttons."""
        cli.stack.put_routes([THREATS | {"actions": {"allow": ["U0123456789"]}}])

        result = cli("routes", "rm", "threats", "--yes")

        assert "routes disable 'threats' keeps the rule" in result.stderr

    @pytest.mark.parametrize("command", ["enable", "disable", "rm"])
    def test_one_unknown_name_stops_all(self, cli: Cli, command: str) -> None:
        """Nothing is done by half."""
        result = cli("routes", command, "threats", "nothing", "--yes", code=1)

        assert 'has no route "nothing"; see: finding-router routes list' in result.stderr
        assert THREATS == cli.item("threats")

    def test_attributes_keep_their_type(self, cli: Cli) -> None:
        """A set of DynamoDB stays one, and a number its digits."""
        table = cli.stack.deployment.tables["RoutingTable"]
        client = cli.stack.aws.client("dynamodb")
        key = {"kind": {"S": "route"}, "name": {"S": "set"}}
        more = {"channel": {"S": "#a"}, "mention": {"SS": ["@here"]}, "order": {"N": "1.0"}}
        client.put_item(TableName=table, Item=key | more)

        cli("routes", "disable", "set", "--yes")

        item = client.get_item(TableName=table, Key=key)["Item"]
        assert key | more | {"enabled": {"BOOL": False}} == item


class TestEditing:
    """`routes edit`."""

    def test_an_edit_is_shown_and_written(self, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        """The editor has YAML, below two lines that say whose it is."""
        shown = edit_with(monkeypatch, ("order: 50", "order: 60"))

        result = cli("routes", "edit", "threats", "--yes")

        assert THREATS | {"order": 60} == cli.item("threats")
        assert shown[0].startswith('# The route "threats" of the stack that runs at http://')
        assert {"    - order: 50", "    + order: 60"} <= set(lines(result))

    @pytest.mark.parametrize("change", [("order", "order"), ("order: 50\n", "order: 50\n# mine\n")])
    def test_an_edit_of_nothing_changes_nothing(
        self, cli: Cli, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str]
    ) -> None:
        """Without a question."""
        edit_with(monkeypatch, change)

        result = cli("routes", "edit", "threats")

        assert ["no changes"] == lines(result)

    def test_an_editor_that_is_left_changes_nothing(
        self, cli: Cli, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Click says None where the file was not saved."""
        monkeypatch.setattr("click.edit", lambda *_, **__: None)

        result = cli("routes", "edit", "threats")

        assert "nothing was changed\n" == result.stderr

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            (("#threats", "#Threats"), 'route "threats", channel: is the text "#Threats"'),
            (("order: 50", "order: ["), 'the route "threats", line'),
            (("name: threats", "name: other"), 'has the name "other", not "threats"; kind and'),
            (("kind: route", "kind: silence"), 'has the kind "silence", not "route"'),
            (("kind: route", "- kind: route"), "is no YAML"),
        ],
    )
    def test_a_mistake_is_told_and_not_written(
        self, cli: Cli, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str], told: str
    ) -> None:
        """Where nobody is there to correct it, it ends."""
        edit_with(monkeypatch, change)

        result = cli("routes", "edit", "threats", "--yes", code=1)

        assert told in result.stderr
        assert THREATS == cli.item("threats")

    @pytest.mark.usefixtures("person")
    def test_a_mistake_can_be_corrected(self, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        """The editor comes again, with what is wrong above."""
        shown = edit_with(monkeypatch, ("#threats", "#THREATS"), ("#THREATS", "#good"))

        cli("routes", "edit", "threats", answer="y\ny\n")

        assert '# Wrong:   route "threats", channel: is the text "#THREATS"' in shown[1]
        assert THREATS | {"channel": "#good"} == cli.item("threats")

    def test_a_wrong_item_can_be_mended(self, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        """Which is what one most often edits it for."""
        cli.put({"kind": "route", "name": "wrong", "chanel": "#a"})
        edit_with(monkeypatch, ("chanel", "channel"))

        cli("routes", "edit", "wrong", "--yes")

        assert {"kind": "route", "name": "wrong", "channel": "#a"} == cli.item("wrong")

    def test_a_real_editor_is_started(self, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        """That of $EDITOR."""
        monkeypatch.delenv("VISUAL", raising=False)
        monkeypatch.setenv("EDITOR", "sed -i s/50/51/")

        cli("routes", "edit", "threats", "--yes")

        assert THREATS | {"order": 51} == cli.item("threats")


class TestImpact:
    """What a change does to the findings of last week."""

    def test_findings_that_would_go_elsewhere_are_counted(self, cli: Cli) -> None:
        """By Security Hub's of last week, the older ones left out."""
        now = "2999-01-01T00:00:00Z"
        cli.import_findings(raw_finding(f"f{number}", UpdatedAt=now) for number in range(3))
        cli.import_findings([raw_finding("old", UpdatedAt="2020-01-01T00:00:00Z")])

        said = cli("routes", "disable", "threats", "--dry-run")
        counted = cli.json("routes", "disable", "threats", "--dry-run")["impact"]
        kept = cli("routes", "enable", "threats", "--dry-run")

        sentence = "of 3 findings of last week 3 would go elsewhere: -3 to #threats"
        assert sentence in lines(said)
        assert {
            "origin": "of last week",
            "findings": 3,
            "elsewhere": 3,
            "by_channel": {"#threats": -3},
        } == counted
        assert ["no changes"] == lines(kept)

    def test_findings_of_both_security_hubs_are_counted_once(self, cli: Cli) -> None:
        """Those that only AWS Security Hub has, too; an archived one goes nowhere."""
        now = {"UpdatedAt": "2999-01-01T00:00:00Z"}
        findings = {name: raw_finding(name, **now) for name in ("both", "alone", "gone")}
        cli.import_findings([findings["both"], raw_finding("cspm", **now)])
        gone = in_ocsf(findings["gone"] | {"RecordState": "ARCHIVED"})
        for each in (in_ocsf(findings["both"]), in_ocsf(findings["alone"]), gone):
            cli.stack.load(imported(each))

        counted = cli.json("routes", "disable", "threats", "--dry-run")["impact"]

        assert (3, {"#threats": -3}) == (counted["findings"], counted["by_channel"])

    def test_nothing_false_is_said_where_it_is_not_known(self, cli: Cli) -> None:
        """Security Hub may refuse; the change is possible all the same."""
        refusal = {"code": "AccessDeniedException", "status": 403, "times": None}
        cli.stack.aws.faults.add(Fault(effect=Effect.ERROR, service="securityhub", **refusal))

        result = cli("routes", "disable", "threats", "--yes")

        told = [line for line in lines(result) if "where findings would go is not known" in line]
        assert 1 == len(told)
        assert "AccessDenied" in told[0]
        assert THREATS | {"enabled": False} == cli.item("threats")


def test_colours_are_for_terminals(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or where FORCE_COLOR asks for them."""
    plain = cli("routes", "disable", "threats", "--dry-run")
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured = cli("routes", "disable", "threats", "--dry-run")

    assert "\x1b[" not in plain.stdout
    assert '\x1b[1;33m~ route "threats"\x1b[0m' in coloured.stdout


def test_lint_is_another_name_of_check(cli: Cli) -> None:
    """It finds the same."""
    assert cli("routes", "check").stdout == cli("routes", "lint").stdout
