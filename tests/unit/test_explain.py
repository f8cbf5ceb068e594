"""`finding-router explain`, as a person uses it."""

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from finding_router_cli.main import main
from ocsf_findings import DETECTION_ID, detection

FINDING = {
    "Id": "arn:aws:guardduty:eu-west-1:111122223333:detector/d/finding/1",
    "ProductArn": "arn:aws:securityhub:eu-west-1::product/aws/guardduty",
    "ProductName": "GuardDuty",
    "AwsAccountId": "111122223333",
    "AwsAccountName": "payments-prod",
    "Region": "eu-west-1",
    "Severity": {"Label": "HIGH"},
    "Title": "Port \x1b[31mprobe\nseen",
    "RecordState": "ACTIVE",
    "Workflow": {"Status": "NEW"},
    "Resources": [{"Type": "AwsEc2Instance", "Id": "i-1"}],
}
ROUTES = [
    {"kind": "account", "name": "111122223333", "alias": "payments"},
    {"kind": "route", "name": "quiet", "order": 1, "action": "drop", "stop": True,
     "match": {"Severity": {"Label": ["INFORMATIONAL"]}}},
    {"kind": "route", "name": "urgent", "order": 50, "channel": "#urgent", "deliver": "card",
     "mention": ["@here"], "match": {"Severity": {"Label": ["CRITICAL"]}}},
    {"kind": "route", "name": "all", "channel": "#{account}-alert-{product}"},
]  # fmt: skip


class Explain:
    """Runs the command on the given input."""

    def __init__(self, folder: Path) -> None:
        self.routes = folder / "routes.json"
        self.file = folder / "finding.json"
        self.routes.write_text(json.dumps(ROUTES), "utf-8")

    def __call__(self, given: object, *options: str, routes: object = None) -> Result:
        """Explain the finding *given* by *routes*, which stay for the next call."""
        if routes is not None:
            self.routes.write_text(json.dumps(routes), "utf-8")
        self.file.write_text(json.dumps(given), "utf-8")
        arguments = ["explain", str(self.file), "--routes", str(self.routes), *options]
        return CliRunner().invoke(main, arguments, catch_exceptions=False)


@pytest.fixture
def explain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Explain:
    """Return the command, in an environment without a stack."""
    for name in ("ROUTING_TABLE", "DEFAULT_CHANNEL", "ALLOW_SUPPRESS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("finding_router_cli.routes_at_hand.find_running", lambda _: None)
    return Explain(tmp_path)


def test_a_finding_is_explained_in_full(explain: Explain) -> None:
    """The account, the channels, and the verdict of each route; no text controls the terminal."""
    result = explain(FINDING)

    assert (
        """\
HIGH  Port  [31mprobe seen
  account     payments, 111122223333, eu-west-1
  product     GuardDuty
  finding     bd48ab56, arn:aws:guardduty:eu-west-1:111122223333:detector/d/finding/1
  goes to     #payments-alert-guardduty  by all
        1  quiet   no   Severity.Label is "HIGH", wanted ["INFORMATIONAL"]
       50  urgent  no   Severity.Label is "HIGH", wanted ["CRITICAL"]
      100  all     yes  posts to #{account}-alert-{product}; matches every finding

"""
        == result.output
    )
    assert result.exit_code == 0


def test_mentions_and_delivery_are_told(explain: Explain) -> None:
    """Everything that makes one message different from another stands beside the channel."""
    result = explain(FINDING | {"Severity": {"Label": "CRITICAL"}})

    assert "  goes to     #urgent  by urgent; mentions @here; as card\n" in result.output


def test_a_dropped_finding_names_its_route(explain: Explain) -> None:
    """It goes nowhere, and routes after the one that stopped are not reached."""
    result = explain(FINDING | {"Severity": {"Label": "INFORMATIONAL"}})

    assert "  nowhere     dropped by route quiet\n" in result.output
    assert 'is not reached: "quiet" stops before it' in result.output


def test_a_suppressed_finding_names_its_route(explain: Explain) -> None:
    """With the opt-in of the stack it is suppressed; without it the route is left out."""
    routes = [{"kind": "route", "name": "s", "action": "suppress"}]

    allowed = explain(FINDING, "--allow-suppress", routes=routes)
    refused = explain(FINDING)

    assert "  nowhere     suppressed by route s\n" in allowed.output
    assert 'left out: route "s", action: is suppress, which this stack may not do' in refused.stderr
    assert "#default-channel  no route matches, and 1 invalid item was left out" in refused.stdout


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"RecordState": "ARCHIVED"}, "its RecordState is ARCHIVED"),
        ({"Compliance": {"Status": "PASSED"}}, "its Compliance.Status is PASSED"),
        ({"Compliance": {"Status": "NOT_AVAILABLE"}}, "its Compliance.Status is NOT_AVAILABLE"),
        ({"Workflow": {"Status": "NOTIFIED"}}, "its Workflow.Status is NOTIFIED, not NEW"),
    ],
)
def test_what_is_not_posted_says_why(explain: Explain, changes: dict[str, Any], why: str) -> None:
    """Routes do not matter to it, but their verdicts are shown all the same."""
    result = explain(FINDING | changes, "--expect", "none")

    assert f"  not posted  {why}; it would go as follows\n" in result.output
    assert "  goes to     #payments-alert-guardduty  by all\n" in result.output
    assert result.exit_code == 0


def test_the_default_channel_is_an_option(explain: Explain) -> None:
    """Unmatched findings go there, with any spelling of the channel."""
    result = explain(FINDING, "--default-channel", "rest", "--expect", "#rest", routes=[])

    assert "  goes to     #rest  no route matches\n" in result.output
    assert result.exit_code == 0


def test_a_refused_event_says_why(explain: Explain) -> None:
    """An event that the router does not take is named, and goes nowhere."""
    event = {
        "source": "aws.securityhub",
        "detail-type": "Security Hub Insight Results",
        "detail": {},
    }

    result = explain([event, FINDING])

    assert 'refused: detail-type "Security Hub Insight Results" holds' in result.output
    assert "#payments-alert-guardduty" in result.output


def test_a_broken_finding_is_posted_raw(explain: Explain) -> None:
    """An unreadable finding goes to the default channel as it is."""
    result = explain({"Title": "no id"}, "--expect", "default-channel")

    assert "posted raw: Id is missing" in result.output
    assert "  goes to     #default-channel\n" in result.output
    assert result.exit_code == 0


def test_a_custom_action_is_always_posted(explain: Explain) -> None:
    """A person asked for it, so its status and suppressing routes do not matter."""
    finding = FINDING | {"Workflow": {"Status": "NOTIFIED"}, "Severity": {"Label": "INFORMATIONAL"}}
    event = {
        "source": "aws.securityhub",
        "detail-type": "Security Hub Findings - Custom Action",
        "detail": {"actionName": "page", "findings": [finding]},
    }

    result = explain(event)

    assert '#default-channel  requested, though route "quiet" says nothing' in result.output
    assert "not posted" not in result.output


def test_many_misses_are_counted(explain: Explain) -> None:
    """A long table stays readable, and can be seen in full."""
    routes = [
        {"kind": "route", "name": f"r{number:02}", "channel": "#x", "match": {"Title": ["x"]}}
        for number in range(23)
    ]

    short = explain(FINDING, routes=[*routes, {"kind": "route", "name": "z", "channel": "#z"}])
    full = explain(FINDING, "--all")

    assert "… and 3 more that do not match: --all shows them" in short.output
    assert "r19" in short.output
    assert "r20" not in short.output
    assert "  z    yes  posts to #z" in short.output
    assert "r22" in full.output


def test_programs_get_json(explain: Explain) -> None:
    """Everything that is printed, with the keys of the router's log."""
    result = explain([FINDING, {"Title": "broken"}], "--json")

    first, second = json.loads(result.stdout)["findings"]
    assert FINDING["Id"] == first["finding_id"]
    assert ("HIGH", "GuardDuty", None) == (
        first["severity"],
        first["product"],
        first["not_posted"],
    )
    assert [
        {
            "channel": "#payments-alert-guardduty",
            "routes": ["all"],
            "mention": [],
            "deliver": "auto",
            "note": None,
            "hold": None,
        }
    ] == first["channels"]
    assert (None, []) == (first["silenced_by"], first["shadowed"])
    assert ["quiet", "urgent", "all"] == [step["route"] for step in first["trace"]]
    assert {"route": "all", "order": 100, "matched": True} == {
        key: first["trace"][-1][key] for key in ("route", "order", "matched")
    }
    assert second["problem"].startswith("posted raw: Id is missing")
    assert second["finding_id"] is None
    assert (None, [], []) == (second["silenced_by"], second["shadowed"], second["trace"])


SATURDAY = "2026-03-07T12:00+01:00"
WORK: dict[str, Any] = {
    "weekdays": "MON-FRI",
    "from": "08:00",
    "to": "18:00",
    "zone": "Europe/Zurich",
}
WAITING = [
    {"kind": "route", "name": "hours", "channel": "#hours", "active_hours": WORK},
    {"kind": "route", "name": "daily", "channel": "#daily", "deliver": "scheduled",
     "schedule": {"time": "08:30", "weekdays": ["MON"], "zone": "Europe/Zurich"}},
    {"kind": "route", "name": "new", "channel": "#new", "mode": "shadow", "deliver": "card"},
]  # fmt: skip
MAINTENANCE = {"kind": "silence", "name": "maintenance", "match": {}, "until": "2026-03-09T07:00Z"}


def test_what_waits_says_until_when_and_why(explain: Explain) -> None:
    """In the zone of the route; for a shadow route, as “would post”."""
    result = explain(FINDING, "--at", SATURDAY, "--expect", "hours", "--expect", "daily",
                     routes=WAITING)  # fmt: skip

    assert (
        "  goes to     #daily  by daily; as scheduled; "
        "kept until Mon 2026-03-09 08:30 Europe/Zurich: schedule of route daily\n"
        "  goes to     #hours  by hours; "
        "kept until Mon 2026-03-09 08:00 Europe/Zurich: active hours of route hours\n"
        "  would post  to #new  shadow route new; as card\n"
    ) in result.output
    assert result.exit_code == 0


def test_what_is_said_again_says_from_when_on(explain: Explain) -> None:
    """In the zone of the route; for programs as a list."""
    routes = [
        WAITING[0] | {"remind": {"after": "8h"}},
        {"kind": "route", "name": "cards", "channel": "#daily"},
        WAITING[1] | {"list": "open"},
    ]

    result = explain(FINDING, "--at", "2026-03-09T12:00+01:00", routes=routes)
    plain = explain(FINDING, "--at", "2026-03-09T12:00+01:00", "--json", routes=routes)

    # Eight hours later the active hours are over.
    assert (
        "#hours  by hours; said again while open from Tue 2026-03-10 08:00 Europe/Zurich on: "
        "route hours\n"
    ) in result.output
    assert (
        "#daily  by cards, daily; listed while open from Mon 2026-03-16 08:30 Europe/Zurich on: "
        "route daily\n"
    ) in result.output
    [found] = json.loads(plain.stdout)["findings"]
    reminders = [each.get("reminders") for each in found["channels"]]
    assert [
        [{"kind": "list", "route": "daily", "at": "2026-03-16T07:30:00+00:00"}],
        [{"kind": "alert", "route": "hours", "at": "2026-03-10T07:00:00+00:00"}],
    ] == reminders


def test_at_another_moment_it_goes_at_once(explain: Explain) -> None:
    """The option for another moment explains the decision at that time."""
    result = explain(FINDING, "--at", "2026-03-09T12:00+01:00", routes=WAITING)

    assert "  goes to     #hours  by hours\n" in result.output


def test_a_silence_says_until_when_of_whom_and_why(explain: Explain) -> None:
    """The channels are those in which it will be listed."""
    routes = [*WAITING, MAINTENANCE | {"by": "anna", "reason": "patching"}]

    result = explain(FINDING, "--at", SATURDAY, "--expect", "hours", "--expect", "daily",
                     routes=routes)  # fmt: skip

    assert (
        "  silenced    until Mon 2026-03-09 07:00 UTC by silence maintenance of anna: patching; "
        "then listed in one message\n"
        "  goes to     #daily  by daily; as scheduled; kept until Mon 2026-03-09 07:00 UTC\n"
        "  goes to     #hours  by hours; kept until Mon 2026-03-09 07:00 UTC\n"
        "  would post  to #new  shadow route new; as card; kept until Mon 2026-03-09 07:00 UTC\n"
    ) in result.output
    assert result.exit_code == 0


def test_what_is_forgotten_goes_nowhere(explain: Explain) -> None:
    """It is posted nowhere, and an expectation counts it so."""
    routes = [*ROUTES, MAINTENANCE | {"on_expiry": "forget"}]

    result = explain(FINDING, "--at", SATURDAY, "--expect", "none", routes=routes)

    assert (
        "  silenced    until Mon 2026-03-09 07:00 UTC by silence maintenance; and forgotten\n"
        "  not to      #payments-alert-guardduty  by all; forgotten: silence maintenance\n"
    ) in result.output
    assert result.exit_code == 0


def test_a_silence_that_is_over_is_named(explain: Explain) -> None:
    """It does nothing any more."""
    result = explain(FINDING, "--at", "2026-03-09T07:00Z", routes=[*ROUTES, MAINTENANCE])

    assert (
        'left out: silence "maintenance", until: is past since 2026-03-09 07:00 UTC'
        in result.stderr
    )
    assert "silenced" not in result.stdout


def test_programs_get_what_waits(explain: Explain) -> None:
    """Silence, shadows, and the moment in ISO 8601."""
    result = explain(FINDING, "--json", "--at", SATURDAY, routes=[*WAITING, MAINTENANCE])

    [told] = json.loads(result.stdout)["findings"]
    hold = {
        "kind": "silence",
        "name": "maintenance",
        "due_at": "2026-03-09T07:00:00+00:00",
        "forget": False,
    }
    assert told["silenced_by"] == "maintenance"
    assert [("#daily", hold), ("#hours", hold)] == [
        (one["channel"], one["hold"]) for one in told["channels"]
    ]
    assert [("#new", hold)] == [(one["channel"], one["hold"]) for one in told["shadowed"]]


def test_a_moment_that_is_none_is_refused(explain: Explain) -> None:
    """It is a mistake of usage."""
    result = explain(FINDING, "--at", "noon")

    assert result.exit_code == 2
    assert "Invalid value for --at" in result.stderr


def test_another_channel_than_expected_fails(explain: Explain) -> None:
    """That makes it a test of the routing table."""
    right = explain(FINDING, "--expect", "payments-alert-guardduty")
    wrong = explain(FINDING, "--expect", "#urgent", "--expect", "#other")
    none = explain(FINDING, "--expect", "none")

    assert right.exit_code == 0
    assert wrong.exit_code == 1
    assert (
        'expected #other, #urgent, but "Port  [31mprobe seen" goes to #payments-alert-guardduty\n'
        == wrong.stderr
    )
    assert none.exit_code == 1


def test_an_expectation_that_is_no_channel_is_refused(explain: Explain) -> None:
    """A typing mistake must not look like a wrong route."""
    result = explain(FINDING, "--expect", "#No Channel")

    assert result.exit_code == 2
    assert "Invalid value for --expect" in result.stderr


def test_a_file_that_cannot_be_read_is_named(explain: Explain) -> None:
    """Exit 2 distinguishes it from a finding that goes elsewhere."""
    result = explain(5)

    assert result.exit_code == 2
    assert "finding.json is no event and no finding" in result.stderr


def test_without_routes_it_goes_by_the_examples(explain: Explain) -> None:
    """A first try needs only a finding, and the output names the option for other routes."""
    explain.file.write_text(json.dumps(FINDING), "utf-8")

    result = CliRunner().invoke(main, ["explain", str(explain.file)])

    assert result.exit_code == 0
    assert "goes to     #payments-threats  by guardduty-payments" in result.stdout
    assert (
        "routes: the examples that come with the project; "
        "give yours with --routes FILE, or with --table NAME of the RoutingTable\n" == result.stderr
    )


def test_without_routes_it_goes_by_the_stack_that_runs(
    explain: Explain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its routes, default channel and settings, unless an option replaces them."""

    class Running:
        url = "http://127.0.0.1:9"

        def routes(self) -> dict[str, Any]:
            route = {"kind": "route", "name": "low", "action": "suppress"}
            match = {"Severity": {"Label": ["LOW"]}}
            return {
                "items": [route | {"match": match}],
                "default_channel": "#security",
                "allow_suppress": True,
            }

    monkeypatch.setattr("finding_router_cli.routes_at_hand.find_running", lambda _: Running())
    explain.file.write_text(json.dumps(FINDING), "utf-8")

    by_stack = CliRunner().invoke(main, ["explain", str(explain.file)])
    by_option = CliRunner().invoke(main, ["explain", str(explain.file), "--default-channel", "#x"])

    assert "routes: those of the stack that runs at http://127.0.0.1:9; give" in by_stack.stderr
    assert "left out" not in by_stack.stderr
    assert "  goes to     #security  no route matches\n" in by_stack.stdout
    assert "  goes to     #x  no route matches\n" in by_option.stdout


def test_an_expectation_is_of_routes_of_ones_own(explain: Explain) -> None:
    """What the examples do tests nothing."""
    explain.file.write_text(json.dumps(FINDING), "utf-8")

    result = CliRunner().invoke(main, ["explain", str(explain.file), "--expect", "#x"])

    assert result.exit_code == 2
    assert "--expect tests routes of your own; give them with --routes, --stack" in result.stderr


def test_an_expectation_may_be_of_the_stack_that_runs(
    explain: Explain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its routes were edited by the person who asks."""

    class Running:
        url = "http://127.0.0.1:9"

        def routes(self) -> dict[str, Any]:
            return {"items": [], "default_channel": "#x", "allow_suppress": False}

    monkeypatch.setattr("finding_router_cli.routes_at_hand.find_running", lambda _: Running())
    explain.file.write_text(json.dumps(FINDING), "utf-8")

    result = CliRunner().invoke(main, ["explain", str(explain.file), "--expect", "#x"])

    assert result.exit_code == 0


def test_a_stack_that_ends_meanwhile_is_told(
    explain: Explain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an error in a sentence, and never silently other routes."""

    class Ending:
        url = "http://127.0.0.1:9"

        def routes(self) -> dict[str, Any]:
            raise OSError("the stack at http://127.0.0.1:9 does not answer")

    monkeypatch.setattr("finding_router_cli.routes_at_hand.find_running", lambda _: Ending())
    explain.file.write_text(json.dumps(FINDING), "utf-8")

    result = CliRunner().invoke(main, ["explain", str(explain.file)])

    assert result.exit_code == 1
    assert "Error: the stack at http://127.0.0.1:9 does not answer" in result.stderr


def test_the_commands_are_listed_without_being_imported() -> None:
    """Help is quick, and names every command; others are unknown."""
    listed = CliRunner().invoke(main, ["--help"])
    unknown = CliRunner().invoke(main, ["nonsense"])

    assert "explain   Tell where findings would go, and why." in listed.output
    assert isinstance(main, click.Group)
    names = (
        "audit baseline doctor explain local manifest preview redrive replay routes silence stats"
    )
    assert names.split() == main.list_commands(click.Context(main))
    assert "No such command 'nonsense'" in unknown.stderr


@pytest.mark.parametrize("wanted", ["bd48ab56", FINDING["Id"]])
def test_one_of_many_is_explained_by_its_id(explain: Explain, wanted: str) -> None:
    """The whole one, or that of the small print of its card."""
    result = explain([{**FINDING, "Id": "other"}, FINDING], "--finding", wanted, "--json")

    [found] = json.loads(result.stdout)["findings"]
    assert ("bd48ab56", FINDING["Id"]) == (found["short_id"], found["finding_id"])


def test_an_id_that_no_finding_has_is_an_error(explain: Explain) -> None:
    """Nothing would look like an answer."""
    result = explain(FINDING, "--finding", "00000000")

    assert 1 == result.exit_code
    assert "has the id 00000000" in result.output


def test_a_finding_in_ocsf_is_explained_in_that_form(explain: Explain) -> None:
    """Bare or in an event; routes see it as in ASFF, and whole rules by the type of its event."""
    rule = {
        "kind": "route",
        "name": "v2",
        "channel": "#v2",
        "match": {
            "detail-type": ["Findings Imported V2"],
            "detail": {"findings": {"severity_id": [{"numeric": [">=", 4]}]}},
        },
    }

    shown = explain(detection(), routes=[*ROUTES, rule]).output
    told = json.loads(explain(detection(), "--json", routes=[*ROUTES, rule]).output)

    assert "form        AWS Security Hub, OCSF" in shown
    assert "#payments-alert-guardduty" in shown
    [one] = told["findings"]
    assert "OCSF" == one["form"]
    assert {"#v2", "#payments-alert-guardduty"} == {each["channel"] for each in one["channels"]}
    assert DETECTION_ID == one["finding_id"]


def test_a_finding_in_asff_has_no_line_for_its_form(explain: Explain) -> None:
    """It is the usual one; programs are told."""
    assert "OCSF" not in explain(FINDING).output
    [one] = json.loads(explain(FINDING, "--json").output)["findings"]
    assert "ASFF" == one["form"]
