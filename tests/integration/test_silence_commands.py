"""`finding-router silence`, against a stack."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from click.testing import CliRunner

from cli import Cli, lines
from finding_router_cli import recent
from finding_router_cli.main import main
from finding_router_local.faults import Effect, Fault
from hub_events import raw_finding

ADD = ("silence", "add", "--reason", "pen test", "--name", "s", "--yes")
OVER = {"kind": "silence", "name": "over", "match": {}, "until": "2020-01-01T00:00:00Z"}
LONG = {"kind": "silence", "name": "long", "match": {}, "until": "2999-01-01T00:00:00Z"}
EVERYTHING = {"kind": "route", "name": "everything", "channel": "#all"}
DROPPED = {
    "kind": "route",
    "name": "dropped",
    "order": 1,
    "match": {"Severity": {"Label": ["LOW"]}},
    "action": "drop",
    "stop": True,
}
IN_A_THOUSAND_YEARS = "2999-01-01T00:00:00Z"


class TestAdd:
    """`silence add`."""

    def test_matchers_become_a_silence(self, cli: Cli) -> None:
        """With its end, its reason, and who asked for it."""
        cli.put({"kind": "account", "name": "111122223333", "alias": "payments"})
        before = datetime.now(UTC).replace(microsecond=0)

        cli(
            *(*ADD, "--account", "Payments,444455556666", "--product", "GuardDuty"),
            *("--control", "EC2.19", "--severity", "HIGH", "--for", "1d4h"),
            *("--resource", "arn:aws:s3:::x", "--resource", "*prod*", "--finding", "5A3C10DE"),
        )

        silence = cli.item("s") or {}
        until = datetime.fromisoformat(silence.pop("until")) - before
        assert timedelta(hours=28) <= until < timedelta(hours=28, minutes=1)
        assert {
            "kind": "silence",
            "name": "s",
            "match": {
                "AwsAccountId": ["111122223333", "444455556666"],
                "ProductArn": [{"suffix": "::product/aws/guardduty"}],
                "Compliance": {"SecurityControlId": ["EC2.19"]},
                "Severity": {"Label": ["HIGH"]},
                "Resources": {"Id": ["arn:aws:s3:::x", {"wildcard": "*prod*"}]},
                "Id": [{"wildcard": "*5a3c10de*"}],
            },
            "reason": "pen test",
            "by": "local",
        } == silence

    @pytest.mark.parametrize(
        ("words", "match"),
        [
            (["--account", "web shop"], {"AwsAccountName": [{"equals-ignore-case": "web shop"}]}),
            (
                ["--account", "x,111122223333"],
                {
                    "$or": [
                        {"AwsAccountId": ["111122223333"]},
                        {"AwsAccountName": [{"equals-ignore-case": "x"}]},
                    ]
                },
            ),
            (
                ["--product", "prowler/prowler"],
                {"ProductArn": [{"suffix": ":product/prowler/prowler"}]},
            ),
            (["--match", "{}"], {}),
            (["--match", '{"Region": ["eu-west-1"]}'], {"Region": ["eu-west-1"]}),
        ],
    )
    def test_other_matchers(self, cli: Cli, words: list[str], match: dict[str, Any]) -> None:
        """A name that is no alias, both, a partner's product, and patterns."""
        cli(*ADD, "--until", "2999-01-01T00:00:00+01:00", "--forget", "--by", "anna", *words)

        assert {
            "kind": "silence",
            "name": "s",
            "match": match,
            "until": "2998-12-31T23:00:00+00:00",
            "reason": "pen test",
            "by": "anna",
            "on_expiry": "forget",
        } == cli.item("s")

    def test_a_name_is_made_of_what_it_matches(self, cli: Cli) -> None:
        """And of the time, so that it is new."""
        cli(
            *("silence", "add", "--reason", "x", "--for", "1h", "--yes"),
            *("--control", "EC2.19", "--product", "GuardDuty"),
        )

        [item] = cli.items
        assert item["name"].startswith("guardduty-ec2-19-20")

    def test_it_says_what_it_would_have_kept(self, cli: Cli) -> None:
        """Of those that Security Hub has had in 24 hours; what a route drops is not kept."""
        cli.put(EVERYTHING, DROPPED)
        now = {"UpdatedAt": IN_A_THOUSAND_YEARS}
        cli.import_findings(
            [
                raw_finding("1", **now),
                raw_finding("2", **now),
                raw_finding("3", **now, AwsAccountId="111122223333"),
                raw_finding("4", **now, Severity={"Label": "LOW"}),
                raw_finding("5", UpdatedAt="2020-01-01T00:00:00Z"),
            ]
        )

        said = cli(*ADD, "--for", "1h", "--account", "123456789012", "--dry-run")
        counted = cli.json(*ADD, "--for", "1h", "--account", "123456789012", "--dry-run")

        sentence = "of the 4 findings of the last 24 hours it would have kept 2: 2 of #all"
        assert sentence in lines(said)
        assert {"findings": 4, "kept": 2, "by_channel": {"#all": 2}} == counted["kept"]
        assert None is cli.item("s")

    def test_a_part_is_called_one(self, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where there are more findings than are read."""
        monkeypatch.setattr(recent.recent_findings, "__kwdefaults__", {"most": 1})
        cli.import_findings(raw_finding(f"{n}", UpdatedAt=IN_A_THOUSAND_YEARS) for n in range(3))

        said = cli(*ADD, "--for", "1h", "--match", "{}", "--dry-run")

        assert [line for line in lines(said) if line.startswith("of the newest 1 finding of the")]

    def test_nothing_false_is_said_where_it_is_not_known(self, cli: Cli) -> None:
        """It can be added all the same."""
        refusal = {"code": "InvalidAccessException", "status": 401, "times": None}
        cli.stack.aws.faults.add(Fault(effect=Effect.ERROR, service="securityhub", **refusal))

        said = cli(*ADD, "--for", "1h", "--match", "{}")

        assert [line for line in lines(said) if "it would have kept is not known: Inv" in line]
        assert cli.item("s")

    @pytest.mark.parametrize(
        ("words", "code", "told"),
        [
            (["--for", "1h"], 2, "say which findings, such as --account payments"),
            (["--match", "{}"], 2, "a silence must end: give either --for 4h or --until MOMENT"),
            (["--match", "{}", "--for", "1h", "--until", "x"], 2, "a silence must end"),
            (["--match", "{}", "--for", "4"], 2, "4 is no time; write minutes, hours"),
            (["--match", "{}", "--for", "0h"], 2, "it would be over already"),
            (["--match", "{}", "--for", "9" * 20 + "w"], 2, "is too long"),
            (["--match", "{}", "--until", "tomorrow"], 2, '"2030-03-09T08:00:00+01:00"'),
            (["--match", "{}", "--until", "2020-01-01T00:00:00Z"], 2, "it would be over already"),
            (["--match", '{"Title": [{"x": 1}]}', "--for", "1h"], 1, 'silence "s", match.Title'),
            (["--severity", "high", "--for", "1h", "--name", " "], 1, "name: is empty"),
        ],
    )
    def test_a_mistake_is_told_with_its_remedy(
        self, cli: Cli, words: list[str], code: int, told: str
    ) -> None:
        """And nothing is silenced."""
        assert told in cli(*ADD, *words, code=code).stderr
        assert [] == cli.items

    def test_a_name_that_is_taken_is_refused(self, cli: Cli) -> None:
        """Nobody's silence is replaced."""
        cli.put(LONG)

        result = cli(*ADD, "--name", "long", "--match", "{}", "--for", "1h", code=1)

        assert 'there is a silence "long" already; choose another --name' in result.stderr

    def test_it_is_not_written_unasked(self, cli: Cli) -> None:
        """As everything else."""
        cli("silence", "add", "--reason", "x", "--for", "1h", "--match", "{}", code=2)

        assert [] == cli.items


class TestSeeing:
    """`silence list` and `silence show`."""

    def test_silences_are_listed_by_their_end(self, cli: Cli) -> None:
        """Those that are over on demand."""
        cli.put(
            *(LONG | {"by": "anna", "reason": "why"}, OVER, EVERYTHING),
            {"kind": "silence", "name": "wrong", "match": {}},
        )

        some = [line.split()[:3] for line in lines(cli("silence", "list"))]
        every = cli.json("silence", "list", "--all")["silences"]

        assert [
            ["Name", "State", "Until"],
            ["long", "active", IN_A_THOUSAND_YEARS],
            ["wrong", "invalid", "everything"],
        ] == some
        assert [("over", "over"), ("long", "active"), ("wrong", "invalid")] == [
            (item["name"], item["state"]) for item in every
        ]

    def test_a_silence_is_shown_as_yaml(self, cli: Cli) -> None:
        """Or as JSON."""
        cli.put(LONG)

        shown = cli("silence", "show", "long").stdout

        assert (
            f'kind: silence\nname: long\nmatch: {{}}\nuntil: "{IN_A_THOUSAND_YEARS}"\n'
        ) == shown
        assert {"item": LONG, "problems": []} == cli.json("silence", "show", "long")
        missing = cli("silence", "show", "lng", code=1)
        assert 'has no silence "lng"; did you mean "long"?' in missing.stderr


class TestExpire:
    """`silence expire`."""

    def test_a_silence_ends_now(self, cli: Cli) -> None:
        """Its item stays, with who and why."""
        cli.put(LONG | {"by": "anna"}, OVER)

        said = cli("silence", "expire", "long", "over", "--yes")

        item = cli.item("long") or {}
        assert timedelta(0) <= datetime.now(UTC) - datetime.fromisoformat(item["until"])
        assert "anna" == item["by"]
        assert 'silence "over" is over already\n' == said.stderr
        assert OVER == cli.item("over")

    def test_an_unknown_one_is_told(self, cli: Cli) -> None:
        """And nothing else is ended."""
        cli.put(LONG)

        cli("silence", "expire", "long", "x", "--yes", code=1)

        assert LONG == cli.item("long")


def test_the_author_of_a_deployed_stack_is_who_signed_in(
    aws_environment: Any, make_table: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By GetCallerIdentity: the session of a role, or a user's name."""
    monkeypatch.setattr("finding_router_cli.routes_at_hand.find_running", lambda _: None)
    make_table("Routes", "kind", "name")
    arguments = [*ADD, "--for", "1h", "--match", "{}", "--table", "Routes"]

    result = CliRunner().invoke(
        main, [*arguments, "--region", "us-east-1", "--json"], catch_exceptions=False
    )

    [change] = json.loads(result.stdout)["changes"]
    arn = boto3.client("sts", "us-east-1").get_caller_identity()["Arn"]
    assert arn.rpartition("/")[2] == change["after"]["by"]
