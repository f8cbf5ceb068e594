"""`finding-router routes check`."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from finding_router.findings.ocsf.view import as_asff
from finding_router.lint.asff import NOT_OF_OCSF
from finding_router.routing.items.match import FINDING_FIELDS
from finding_router_cli.main import main
from ocsf_findings import KINDS, detection


def check(folder: Path, *items: object, options: Sequence[str] = ()) -> Result:
    """Check a file that holds *items*."""
    path = folder / "routes.json"
    path.write_text(json.dumps(items), "utf-8")
    arguments = ["routes", "check", str(path), *options]
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


def odd_in(folder: Path, match: object, *, kind: str = "route") -> list[str]:
    """Return what is odd about a route or silence with this *match*, without its name."""
    item: dict[str, object] = {"kind": kind, "name": "x", "match": match}
    item |= {"channel": "#a"} if kind == "route" else {"until": "9999-01-01T00:00Z"}
    lines = check(folder, item).output.splitlines()
    start = f'odd: {kind} "x", match.'
    assert not [line for line in lines if line.startswith("wrong")], lines
    return [line.removeprefix(start) for line in lines if line.startswith("odd: ")]


def test_a_right_table_is_counted(tmp_path: Path) -> None:
    """Without problems, only the counts are printed."""
    result = check(
        tmp_path,
        {"kind": "route", "name": "a", "channel": "#a", "match": {"Title": ["x"]}},
        {"kind": "route", "name": "b", "channel": "#a", "enabled": False},
        {"kind": "route", "name": "c", "channel": "#a", "mode": "shadow"},
        {"kind": "account", "name": "111122223333", "alias": "payments"},
        {"kind": "silence", "name": "s", "match": {}, "until": "9999-01-01T00:00Z"},
    )

    assert result.output == (
        "3 routes (1 not enabled, 1 shadow), 1 account, 1 silence (0 over), 0 wrong items\n"
    )
    assert result.exit_code == 0


def test_every_mistake_is_told(tmp_path: Path) -> None:
    """Each with its remedy, and the exit code for scripts."""
    result = check(
        tmp_path,
        {"kind": "route", "name": "a", "channels": "#a", "channel": "#A"},
        {"kind": "rout", "name": "b"},
    )

    lines = result.output.splitlines()
    assert lines[0].startswith('wrong: route "a", channel: is the text "#A"')
    assert lines[1].endswith('channels: is no attribute of a route; did you mean "channel"?')
    assert lines[2].startswith('wrong: rout "b", kind: is the text "rout"')
    assert lines[3] == (
        "0 routes (0 not enabled, 0 shadows), 0 accounts, 0 silences (0 over), 2 wrong items"
    )
    assert result.exit_code == 1


def test_a_silence_that_is_over_is_told(tmp_path: Path) -> None:
    """It silences nothing, which is right in the end: no script fails over it."""
    silence = {"kind": "silence", "name": "s", "match": {}, "until": "2026-03-09T08:00Z"}
    result = check(tmp_path, silence)
    strict = check(tmp_path, silence, options=["--strict"])

    assert result.output.splitlines() == [
        (
            'over: silence "s", until: is past since 2026-03-09 08:00 UTC; '
            "write a later moment, or delete the item"
        ),
        "0 routes (0 not enabled, 0 shadows), 0 accounts, 1 silence (1 over), 0 wrong items",
    ]
    assert (result.exit_code, strict.exit_code) == (0, 0)


def test_fields_that_no_finding_has_are_odd(tmp_path: Path) -> None:
    """They may be right one day, so that they are pointed out and not refused."""
    result = check(
        tmp_path,
        {
            "kind": "route",
            "name": "a",
            "channel": "#a",
            "match": {"AccountId": ["1"], "Zzz": ["x"], "Title": ["y"]},
        },
        {"kind": "route", "name": "b", "channel": "#a", "match": {"detail": {"actionName": ["x"]}}},
        {
            "kind": "silence",
            "name": "s",
            "match": {"AccountId": ["x"]},
            "until": "9999-01-01T00:00Z",
        },
    )

    assert result.output.splitlines() == [
        'odd: route "a", match.AccountId: unknown to ASFF; did you mean "AwsAccountId"?',
        'odd: route "a", match.Zzz: unknown to ASFF; is it spelt right?',
        'odd: silence "s", match.AccountId: unknown to ASFF; did you mean "AwsAccountId"?',
        "2 routes (0 not enabled, 0 shadows), 0 accounts, 1 silence (0 over), 0 wrong items",
    ]
    assert result.exit_code == 0


IMPORTED = "Security Hub Findings - Imported"
CUSTOM_ACTION = "Security Hub Findings - Custom Action"
V2 = "Findings Imported V2"
RESOLVED = {"Workflow": {"Status": ["RESOLVED"]}}
# A field that nothing restricts, for patterns that match with and without another one.
FREE = {"Title": ["x"]}


@pytest.mark.parametrize(
    ("match", "told"),
    [
        ({"Severity": {"label": ["HIGH"]}}, 'unknown to ASFF; did you mean "Label"?'),
        ({"SeverityLabel": ["HIGH"]}, 'unknown to ASFF; did you mean "Severity.Label"?'),
        ({"ResourceType": ["x"]}, 'unknown to ASFF; did you mean "Resources.Type"?'),
        ({"Severity.Labels": ["HIGH"]}, 'Severity.Labels: unknown to ASFF; did you mean "Label"?'),
        ({"Resources": {"0": {"Type": ["x"]}}}, 'arrays are no part of a path: leave "0" out'),
        ({"Resources": {"Details": {"AwsS3bucket": {"Name": ["x"]}}}}, 'mean "AwsS3Bucket"?'),
        ({"$or": [FREE, {"Titles": ["x"]}]}, "$or.1.Titles: unknown to ASFF; did you mean"),
        ({"Title": {"Text": ["x"]}}, 'is below "Title", which has no fields; end the path there'),
        ({"Severity": ["HIGH"]}, "is about a map, which has no value of its own; name a field"),
        ({"Resources": {"Tags": [{"exists": True}]}}, "is about a map, which has no value"),
        ({"EventPattern": {"source": ["x"]}}, 'paste the value of "EventPattern" alone'),
        ({"findings": {"Title": ["x"]}}, "leave it out: a match begins with the fields of a"),
        ({"detail.findings.Title": ["x"]}, 'without dots: {"detail": {"findings": …}}'),
        ({"detail": {"finding": FREE}}, "detail.finding: unknown to the events of Security Hub"),
        ({"detail": {"findings": {"Titles": ["x"]}}}, "detail.findings.Titles: unknown to ASFF"),
    ],
)  # fmt: skip
def test_fields_are_known_at_any_depth(tmp_path: Path, match: object, told: str) -> None:
    """Also below the findings of a whole rule, in alternatives, and in dotted paths."""
    [line] = odd_in(tmp_path, match)

    assert told in line


@pytest.mark.parametrize(
    ("match", "told"),
    [
        ({"Severity": {"Label": ["Critical"]}}, 'the text "Critical", which is no value that ASFF'),
        ({"Severity": {"Label": ["HIGH", "Medium"]}}, 'did you mean "MEDIUM"?'),
        ({"Severity": {"Label": [{"prefix": "crit"}]}}, 'has {"prefix": "crit"}, which is no'),
        ({"Severity": {"Label": [4]}}, "has the number 4, which is no value"),
        ({"Workflow": {"Status": ["OPEN"]}}, "write one of NEW, NOTIFIED, RESOLVED, SUPPRESSED"),
        ({"RecordState": ["Active"]}, 'did you mean "ACTIVE"?'),
        ({"Compliance": {"Status": ["FAIL"]}}, 'did you mean "FAILED"?'),
        ({"VerificationState": [{"wildcard": "*true*"}]}, "which is no value that ASFF has"),
        ({"AwsAccountId": [111122223333]}, 'write its 12 digits in quotes, "111122223333"'),
        ({"AwsAccountId": [11122223333]}, 'write its 12 digits in quotes, "011122223333"'),
        ({"AwsAccountId": ["1111-2222-3333"]}, 'in quotes, "111122223333"'),
        ({"AwsAccountId": ["11112222333"]}, 'has the text "11112222333", which is no account id'),
        ({"AwsAccountId": [{"prefix": "payments"}]}, "which is no account id"),
        ({"AwsAccountId": [{"wildcard": "111122223333*4"}]}, "which is no account id"),
        ({"account": ["payments"], "source": ["aws.securityhub"]}, "which is no account id"),
        ({"Region": ["eu-wets-1"]}, 'no Region of AWS; did you mean "eu-west-1"?'),
        ({"Region": ["EU-WEST-1"]}, 'did you mean "eu-west-1"?'),
        ({"Region": [{"prefix": "europe"}]}, "which is no Region of AWS; check its spelling"),
        ({"Resources": {"Region": ["eu-west-11"]}}, 'did you mean "eu-west-1"?'),
        ({"region": ["eu-west"], "source": ["aws.securityhub"]}, "did you mean"),
        ({"ProductName": ["Guard Duty"]}, 'did you mean "GuardDuty"?'),
        ({"ProductName": ["Amazon GuardDuty"]}, 'did you mean "GuardDuty"?'),
        ({"ProductName": ["IAM Access Analyser"]}, 'did you mean "IAM Access Analyzer"?'),
        ({"ProductArn": [{"suffix": "/aws/guard-duty"}]}, 'mean {"suffix": "/aws/guardduty"}?'),
        ({"ProductArn": [{"suffix": "product/aws/inspector2"}]}, '{"suffix": "/aws/inspector"}'),
        ({"ProductArn": [{"wildcard": "*/aws/Macie"}]}, '{"suffix": "/aws/macie"}'),
        ({"ProductArn": ["guardduty"]}, 'write {"suffix": "/aws/guardduty"}'),
        ({"ProductArn": ["arn:aws:securityhub:eu-wets-1::product/aws/macie"]}, "no product's ARN"),
        ({"ProductArn": [{"prefix": "arn:aws:guardduty:"}]}, "which no product's ARN agrees"),
        ({"ProductArn": [{"prefix": "arn:aws:securityhub:eu-west-1::product/aws/guardx"}]}, "ARN"),
        ({"ProductArn": [{"equals-ignore-case": "guardduty"}]}, "which no product's ARN agrees"),
        ({"ProductArn": [{"prefix": {"equals-ignore-case": "arn:aws:iam"}}]}, "ARN agrees with"),
        ({"ProductArn": [{"suffix": {"equals-ignore-case": "/AWS/IAM"}}]}, "ARN agrees with"),
        ({"ProductArn": [{"cidr": "10.0.0.0/8"}]}, 'match on its end, such as {"suffix": "/aws/'),
        ({"ProductName": [5]}, "but the field is a text"),
        ({"AwsAccountId": [{"cidr": "10.0.0.0/8"}]}, "which is no account id"),
        ({"AwsAccountId": [{"equals-ignore-case": "1111"}]}, "which is no account id"),
        ({"Resources": {"Region": [{"numeric": ["=", 1]}]}}, "which is no Region of AWS"),
        ({"Severity": {"Product": [True]}}, "has the Boolean true, but the field is a number"),
        ({"Title": [5]}, 'has the number 5, but the field is a text; write it in quotes, "5"'),
        ({"Title": [True]}, "has the Boolean true, but the field is a text; write it in quotes"),
        ({"Severity": {"Original": [{"numeric": [">", 5]}]}}, "but the field is a text; compare"),
        ({"Severity": {"Normalized": [{"numeric": [">", 100]}]}}, "number from 0 to 100"),
        ({"Severity": {"Product": ["7.5"]}}, "is a number; write 7.5, without quotes"),
        ({"Severity": {"Product": [{"prefix": "7"}]}}, "but the field is a number"),
        ({"Sample": ["false"]}, "which is no truth value; write true or false, without quotes"),
        ({"source": ["aws.guardduty"]}, '[{"suffix": "/aws/guardduty"}]'),
        ({"source": ["aws.securityhub", "aws.config"]}, '[{"suffix": "/aws/config"}]'),
        ({"source": ["security-hub"]}, "which is no source of events that reach the router"),
        ({"detail-type": ["Security Hub Insight Results"]}, "no detail-type that reaches"),
        ({"detail-type": ["Findings imported V2"]}, 'did you mean "Findings Imported V2"?'),
        (
            {"detail-type": ["Security Hub Findings Imported V2"]},
            'did you mean "Findings Imported V2"?',
        ),
        (
            {"severity_id": [7]},
            "7, which is no number that OCSF has for it; write 0, 1, 2, 3, 4, 5, 6 or 99, without",
        ),
        ({"severity_id": [{"numeric": [">", 99]}]}, "write 0, 1, 2, 3, 4, 5, 6 or 99"),
        ({"status_id": ["1"]}, "write 0, 1, 2, 3, 4, 5 or 99, without quotes"),
        ({"activity_id": [0]}, "write 1, 2 or 3, without quotes"),
        ({"class_uid": [200401]}, "write 2001, 2002, 2003, 2004, 2005, 2006 or 2007"),
        ({"type_uid": ["200401"]}, "write 200401, without quotes"),
        ({"severityid": [4]}, 'did you mean "severity_id"?'),
        ({"cloud_account": {"uid": ["1"]}}, "unknown to ASFF"),
    ],
)
def test_values_that_nothing_has_are_odd(tmp_path: Path, match: object, told: str) -> None:
    """Each is named, with what would be right."""
    [line] = odd_in(tmp_path, match)

    assert told in line


@pytest.mark.parametrize(
    "match",
    [
        {"Severity": {"Label": [{"equals-ignore-case": "critical"}]}},
        {"Severity": {"Label": [{"anything-but": ["INFORMATIONAL", "low"]}]}},
        {"Severity": {"Label": [{"prefix": "H"}, {"suffix": "UM"}, {"wildcard": "*I*"}]}},
        {"Severity": {"Label": [None, {"exists": False}, "odd"]}},
        {"Severity": [{"exists": False}]},
        {"Nonsense": [{"exists": False}]},
        {"Nonsense": {"$or": [{"a": ["x"]}, {"b": [{"exists": False}]}]}},
        {"FindingProviderFields": {"Severity": {"Normalized": [70]}}},
        {"Resources": {"Tags": {"any key": ["x"], "a.b": ["x"]}}},
        {"Resources": {"Details": {"Other": {"severity": [{"prefix": "x"}]}}}},
        {"ProductFields": {"aws/securityhub/ProductName": ["x"], "Resources:0/Id": ["x"]}},
        {"UserDefinedFields": {"owner": {"team": ["x"]}}},
        {"AwsAccountId": ["111122223333", {"prefix": "1"}, {"suffix": "3"}, {"wildcard": "1*3"}]},
        {"AwsAccountId": [{"anything-but": "x"}, {"equals-ignore-case": "111122223333"}]},
        {"Region": ["us-iso-west-1", "eusc-de-east-1", {"prefix": "eu-"}, {"wildcard": "*-1"}]},
        {"Resources": {"Region": ["westeurope", "global"], "Partition": ["aws-iso"]}},
        {"ProductName": ["Macie", "Security Hub CSPM", "Prowler", "Inspect", {"prefix": ""}]},
        {"ProductArn": [{"suffix": "/aws/guardduty"}, {"suffix": "duty"}, {"wildcard": "*macie*"}]},
        {"ProductArn": ["arn:aws-cn:securityhub:cn-north-1::product/aws/config"]},
        {"ProductArn": ["arn:aws:securityhub:us-east-1:123456789012:product/123456789012/default"]},
        {"ProductArn": [{"prefix": "arn:aws:securityhub:"}, {"suffix": "/prowler/prowler"}]},
        {"ProductArn": [{"equals-ignore-case": "ARN:aws:securityhub:us-west-1::product/x/y"}]},
        {"ProductArn": [{"prefix": "arn:aws:securityhub:us-east-1::product/aws/guard"}]},
        {"ProductArn": [{"prefix": {"equals-ignore-case": "ARN:AWS:"}}]},
        {"ProductArn": [{"suffix": {"equals-ignore-case": "/AWS/macie"}}, {"suffix": "/aws/iot-"}]},
        {"ProductArn": [{"equals-ignore-case": "ß"}, {"exists": True}, None]},
        {"Severity": {"Product": [7.5, 10**20, None, {"numeric": [">", 5]}, {"exists": True}]}},
        {"ProductArn": [{"anything-but": {"suffix": "/aws/nonsense"}}]},
        {"Confidence": [0, 100, {"numeric": [">=", 90]}, {"anything-but": 5}, {"exists": True}]},
        {"source": [{"prefix": "aws."}], "resources": ["x"], "account": ["111122223333"]},
        {"source": ["aws.securityhub"], "detail-type": [IMPORTED, CUSTOM_ACTION]},
        {"detail": {"actionName": ["page"], "findings": RESOLVED}},
        {"$or": [RESOLVED, FREE]},
        {"Workflow": {"Status": ["NEW", "RESOLVED"]}},
        {"Workflow": {"Status": [{"anything-but": "NOTIFIED"}]}},
        {"Workflow": {"Status": [{"exists": False}, "RESOLVED"]}},
        {"Severity": {"Label": ["Critical"]}, "Severity.Label": ["CRITICAL"]},
        {"severity_id": [{"numeric": [">=", 4]}], "class_uid": [2004], "status_id": [1, 99]},
        {"cloud": {"account": {"uid": ["1"]}}, "metadata.product.uid": [{"suffix": "/macie"}]},
        {"resources": {"tags": {"name": ["team"]}}, "Severity": {"Label": ["HIGH"]}},
        {"detail-type": ["Findings Imported V2"], "detail": {"findings": {"class_uid": [2004]}}},
        {"detail-type": [V2], "detail": {"findings": {"Title": ["x"], "severity_id": [5]}}},
        {"detail-type": [V2, IMPORTED], "detail": {"findings": {"Confidence": [5]}}},
        {"detail-type": [{"suffix": "V2"}, IMPORTED], "detail": {"findings": {"time": [5]}}},
        {"detail-type": [IMPORTED], "detail": {"findings": {"class_uid": [{"exists": False}]}}},
        {"$or": [{"severity": ["High"]}, {"severity_id": [4]}]},
    ],
)  # fmt: skip
def test_whatever_can_match_is_not_odd(tmp_path: Path, match: object) -> None:
    """However it is written; of free maps nobody knows the keys."""
    assert [] == odd_in(tmp_path, match)


@pytest.mark.parametrize(
    ("match", "told"),
    [
        (RESOLVED, 'Workflow.Status: has only "RESOLVED": a finding in that state is never routed'),
        ({"RecordState": [{"prefix": "AR"}]}, 'leave the field out, or write "ACTIVE"'),
        ({"Compliance": {"Status": ["PASSED"]}}, 'or write "WARNING" or "FAILED"'),
        ({"$or": [RESOLVED, {"RecordState": ["ARCHIVED"]}]}, 'has only "RESOLVED"'),
        ({"detail-type": [IMPORTED], "detail": {"findings": RESOLVED}}, "detail.findings.Workflow"),
        ({"detail-type": [IMPORTED], "detail": {"actionName": ["page"]}}, "about custom actions"),
        (
            {"detail-type": [IMPORTED], "detail": {"findings": {"severity_id": [4]}}},
            'OCSF, the only ones with "severity_id"; write "Findings Imported V2", or name a field',
        ),
        (
            {
                "detail-type": [{"prefix": "Security Hub"}],
                "detail": {"findings": {"cloud": {"region": ["x"]}, "Title": ["x"]}},
            },
            'the only ones with "cloud"',
        ),
        (
            {"detail-type": [V2], "detail": {"findings": {"Confidence": [90]}}},
            'is about findings in OCSF alone, which have no "Confidence"',
        ),
        ({"severity": ["High"]}, "severity: is a caption, which its importer may write in another"),
        (
            {"detail-type": [V2], "detail": {"findings": {"status": ["New"]}}},
            'its importer may write in another way; match the number in "status_id" instead',
        ),
    ],
)
def test_states_that_are_never_routed_are_odd(tmp_path: Path, match: object, told: str) -> None:
    """Unless the pattern is for what a person sends, which is posted in any state."""
    [line] = odd_in(tmp_path, match)

    assert told in line


def test_fields_that_no_finding_in_ocsf_has_are_known() -> None:
    """No view of one has them, and the others of ASFF are not among them by mistake."""
    seen = {name for make in KINDS.values() for name in as_asff(make()) if name[:1].isupper()}
    seen |= set(as_asff(detection(comment="x", malware=[{"name": "x"}])))

    assert set() == seen & NOT_OF_OCSF
    assert {"GeneratorId", "SourceUrl", *NOT_OF_OCSF} == set(FINDING_FIELDS) - seen


def test_a_silence_holds_nothing_that_a_person_sends(tmp_path: Path) -> None:
    """So that neither a custom action nor a state besides NEW is of use in it."""
    action: dict[str, Any] = {"detail-type": [CUSTOM_ACTION]}

    assert [] == odd_in(tmp_path, action)
    [for_action] = odd_in(tmp_path, action, kind="silence")
    assert "is about what a person sends, which no silence holds" in for_action
    [for_state] = odd_in(
        tmp_path,
        {"detail-type": [IMPORTED, CUSTOM_ACTION], "detail": {"findings": RESOLVED}},
        kind="silence",
    )
    assert 'has only "RESOLVED"' in for_state


def test_many_odd_values_of_a_field_are_counted(tmp_path: Path) -> None:
    """Nobody reads a hundred lines about one list."""
    *_, last = lines = odd_in(tmp_path, {"AwsAccountId": list(range(100))})

    assert 6 == len(lines)
    assert last == (
        "AwsAccountId: has 95 more such entries, the last the number 99; correct those above first"
    )


def test_with_strict_what_is_odd_fails(tmp_path: Path) -> None:
    """For scripts that keep a table in order."""
    odd = {"kind": "route", "name": "a", "channel": "#a", "match": {"Titles": ["x"]}}

    assert 0 == check(tmp_path, odd).exit_code
    assert 1 == check(tmp_path, odd, options=["--strict"]).exit_code
    assert 0 == check(tmp_path, odd | {"match": FREE}, options=["--strict"]).exit_code


@pytest.mark.parametrize(
    ("match", "told"),
    [
        (
            {"Name": "r", "EventPattern": json.dumps(FREE), "State": "ENABLED"},
            "match: is a whole rule, of which the pattern is only a part; paste the value",
        ),
        (
            json.dumps({"Name": "r", "EventPattern": json.dumps(FREE)}),
            'paste the value of "EventPattern" alone',
        ),
        (
            {"Rules": [{"Name": "r", "EventPattern": json.dumps(FREE)}]},
            'paste the value of "EventPattern" alone',
        ),
        (
            {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": FREE}},
            'paste the value of "EventPattern" alone',
        ),
        (
            {"detail": {"findings": [{"Severity": {"Label": ["HIGH"]}, "Title": ["x"]}]}},
            'match.detail.findings: has a list around the field "Severity"; leave the list out',
        ),
        ({"Severity": [{"Label": ["HIGH"]}]}, 'has a list around the field "Label"; leave the'),
    ],
)  # fmt: skip
def test_what_is_pasted_around_a_pattern_is_wrong(tmp_path: Path, match: object, told: str) -> None:
    """It is said which part is the pattern."""
    result = check(tmp_path, {"kind": "route", "name": "a", "channel": "#a", "match": match})

    assert told in result.output.splitlines()[0]
    assert 1 == result.exit_code


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty; write a list of items"),
        (" \n\ufeff", "is empty; write a list of items"),
        (json.dumps({"Name": "r", "EventPattern": "{}"}), "is a rule of EventBridge, and no route"),
        (json.dumps({"Rules": [{"EventPattern": "{}"}]}), "is a rule of EventBridge"),
        (json.dumps({"source": ["aws.securityhub"]}), "paste its pattern"),
    ],
)
def test_a_file_without_items_is_an_error(tmp_path: Path, text: str, told: str) -> None:
    """It must not look like a table in order."""
    path = tmp_path / "routes.json"
    path.write_text(text, "utf-8")

    result = CliRunner().invoke(main, ["routes", "check", str(path)], catch_exceptions=False)

    assert 2 == result.exit_code
    assert told in result.stderr


FIELD = Path(__file__).parents[2].parent / "shared/field/routes-check-pasted-never-match.json"


@pytest.mark.skipif(not FIELD.exists(), reason="the collected routes are not on this machine")
def test_none_of_the_collected_routes_passes_in_silence() -> None:
    """Each of them looks right, and matches nothing."""
    result = CliRunner().invoke(main, ["routes", "check", str(FIELD)], catch_exceptions=False)

    lines = [line for line in result.output.splitlines() if line.startswith(("odd: ", "wrong: "))]
    for item in json.loads(FIELD.read_text("utf-8")):
        assert [line for line in lines if f'"{item["name"]}"' in line], item


def test_without_a_file_the_stack_that_runs_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """As `explain` goes by it; without one, nothing is checked."""

    class Running:
        url = "http://127.0.0.1:9"

        def routes(self) -> dict[str, Any]:
            route = {"kind": "route", "name": "a", "action": "suppress", "match": {"Titles": ["x"]}}
            return {"items": [route], "default_channel": "#x", "allow_suppress": True}

    monkeypatch.delenv("ROUTING_TABLE", raising=False)
    name = "finding_router_cli.routes_at_hand.find_running"
    monkeypatch.setattr(name, lambda _: Running())
    found = CliRunner().invoke(main, ["routes", "check"])
    monkeypatch.setattr(name, lambda _: None)
    nothing = CliRunner().invoke(main, ["routes", "check"])

    assert 'odd: route "a", match.Titles' in found.stdout
    assert "routes: those of the stack that runs at http://127.0.0.1:9; give" in found.stderr
    assert 2 == nothing.exit_code
    assert "no routes: give a file of them, or --table" in nothing.stderr
