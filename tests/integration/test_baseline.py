"""`finding-router baseline`: told once, marked once, whatever ends a run."""

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from faults.twins import in_ocsf
from finding_router.aws.items import Items
from finding_router.aws.security_hub import SecurityHub
from finding_router.findings.events import IMPORTED_V2
from finding_router.slack.api.client import SlackClient
from finding_router_cli import findings_pages
from finding_router_cli.baselines import summaries
from finding_router_cli.baselines.summaries import Teller
from finding_router_cli.main import main
from finding_router_local.faults import Fault
from finding_router_local.slack.workspace import DEFAULT_SCOPES
from finding_router_local.stack import Stack
from hub_events import FSBP, control, imported, raw_finding
from router import EVERYTHING
from running_stack import found_stack

ACCOUNTS = ("111122223333", "444455556666", "777788889999")
BY_ACCOUNT = {"kind": "route", "name": "accounts", "order": 5, "channel": "#{account_id}-alerts"}
ALL = "#alerts"
LATER = "2026-10-01T10:00:00Z"
LATEST = "2026-10-02T10:00:00Z"


class KilledError(BaseException):
    """The process was killed: nothing catches it."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Run one stack for all tests here."""
    with found_stack(
        tmp_path_factory.mktemp("baseline"), parameters={"BatchWindowSeconds": 1}
    ) as stack:
        yield stack


@pytest.fixture
def stack(running: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """Return a stack that routes everything to one channel, and to that of its account."""
    monkeypatch.setattr(findings_pages, "CALL_SECONDS", 0.0)
    running.aws.gate.recent.clear()
    running.put_routes([EVERYTHING, BY_ACCOUNT])
    yield running
    running.bus.is_enabled = True
    running.reset()
    running.slack.set_scopes(DEFAULT_SCOPES)
    running.slack.faults.clear()


def put(stack: Stack, count: int, **changes: Any) -> None:
    """Put findings into Security Hub, as if there had been no router: a tenth is CRITICAL."""
    for number in range(count):
        stack.aws.security_hub.load(
            raw_finding(
                f"finding-{number}",
                **{
                    "AwsAccountId": ACCOUNTS[number % len(ACCOUNTS)],
                    "Severity": {"Label": "MEDIUM" if number % 10 else "CRITICAL"},
                    "Resources": [{"Type": "AwsS3Bucket", "Id": f"arn:aws:s3:::bucket-{number}"}],
                }
                | changes,
            )
        )


def imported_v2(*findings: Any) -> dict[str, Any]:
    """Make the event of *findings* in OCSF."""
    return imported(*findings, sent_at=time.time()) | {"detail-type": IMPORTED_V2}


def baseline(*options: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, ["baseline", *options], catch_exceptions=False)


def statuses(stack: Stack) -> Counter[str]:
    """Count the findings by their Workflow status."""
    return Counter(each["Workflow"]["Status"] for each in stack.findings())


def messages(stack: Stack) -> Counter[str]:
    """Count the messages by channel."""
    return Counter(f"#{each.channel_name}" for each in stack.slack.messages())


def marks(stack: Stack) -> Counter[str]:
    """Count how often each finding was sent to be marked."""
    bodies = (
        call.body for call in stack.aws.gate.recent if call.operation == "BatchUpdateFindings"
    )
    return Counter(each["Id"] for body in bodies for each in json.loads(body)["FindingIdentifiers"])


def alerts(stack: Stack) -> list[dict[str, Any]]:
    """Return the alerts of findings in the Ledger, without those of the summaries."""
    items = Items(stack.deployment.tables["Ledger"])
    items._dynamodb.client = stack.aws.client("dynamodb")
    found = items.client.scan(TableName=items.table, ConsistentRead=True)["Items"]
    return [each for each in found if "members" in each and "ts" not in each]


def text_of(stack: Stack, channel: str) -> str:
    """Return the text of the one message in *channel*."""
    [message] = stack.slack.messages(channel)
    return json.dumps([message.blocks, message.attachments], ensure_ascii=False)


class TestCounts:
    """What is there comes first, and nothing happens without a yes."""

    def test_a_dry_run_counts_and_changes_nothing(self, stack: Stack) -> None:
        """By account, product and severity; with the channels, and how long it will take."""
        put(stack, 30)

        result = baseline("--dry-run")

        assert 0 == result.exit_code
        for line in (
            r"Account +Product +Critical +High +Medium",
            r"111122223333 +GuardDuty +1 +0 +9",
            r"30 findings",
            r"#111122223333-alerts: 10 findings, 1 critical",
            r"#alerts: 30 findings, 3 critical",
            r"takes about \d+ seconds at the pace of Security Hub and Slack",
        ):
            assert re.search(line, result.stdout), line
        assert {"NEW": 30} == statuses(stack)
        assert ({}, []) == (messages(stack), alerts(stack))

    def test_nothing_without_a_yes(self, stack: Stack) -> None:
        """There is nobody to ask: that is a mistake in the call."""
        put(stack, 3)

        result = baseline()

        assert 2 == result.exit_code
        assert "add --yes to do it" in result.stderr
        assert {"NEW": 3} == statuses(stack)

    def test_for_programs(self, stack: Stack) -> None:
        """The counts are JSON, too."""
        put(stack, 12)

        said = json.loads(baseline("--json", "--dry-run").stdout)

        assert ("planned", 12, 4) == (said["outcome"], said["findings"], len(said["channels"]))
        assert {
            "account": "111122223333",
            "product": "GuardDuty",
            "severity": "MEDIUM",
            "findings": 3,
        } in said["counts"]

    def test_nothing_is_there(self, stack: Stack) -> None:
        """Then there is nothing to do."""
        result = baseline("--yes")

        assert (0, "nothing to do") == (result.exit_code, result.stdout.splitlines()[-1])
        assert {} == messages(stack)

    def test_an_age_that_is_none(self) -> None:
        """The form is shown."""
        result = baseline("--older-than", "soon")

        assert 2 == result.exit_code
        assert "write it as 12h, 7d or 2w" in result.stderr


class TestOnce:
    """One summary a channel, one mark a finding."""

    def test_each_channel_is_told_and_each_finding_marked(self, stack: Stack) -> None:
        """Nothing is said besides, of the router's echoes neither."""
        put(stack, 30)

        result = baseline("--yes", "--json")

        assert 0 == result.exit_code
        said = json.loads(result.stdout)
        assert ("done", 30, 4) == (said["outcome"], said["marked"], len(said["told"]))
        stack.drain()
        assert {"NOTIFIED": 30} == statuses(stack)
        assert dict.fromkeys([ALL, *(f"#{each}-alerts" for each in ACCOUNTS)], 1) == messages(stack)
        text = text_of(stack, ALL)
        assert "30 findings were here before" in text
        assert "3 critical, 27 medium, in 3 accounts" in text
        assert "Title of finding-10 (444455556666)" in text
        assert {1} == set(marks(stack).values())

    def test_it_is_done_once(self, stack: Stack) -> None:
        """A second call finds nothing; findings that came since are another baseline."""
        put(stack, 3)
        baseline("--yes")

        assert "nothing to do" in baseline("--yes").stdout
        stack.aws.security_hub.load(raw_finding("another", AwsAccountId=ACCOUNTS[0]))
        again = baseline("--yes")

        assert "goes on with" not in again.stdout
        assert "2 channels told, 1 finding marked NOTIFIED" in again.stdout
        assert 2 == messages(stack)[ALL]

    def test_what_comes_again_is_no_news_and_what_returns_or_rises_is(self, stack: Stack) -> None:
        """The router reads the Ledger that the command wrote."""
        put(stack, 3)
        baseline("--yes")
        stack.drain()
        before = messages(stack)
        [again, back, worse] = (each | {"Workflow": {"Status": "NEW"}} for each in stack.findings())

        stack.send([imported(again, sent_at=time.time())])
        assert before == messages(stack)
        worse = worse | {"UpdatedAt": LATER, "Severity": {"Label": "CRITICAL"}}
        stack.send([imported(worse | {"Workflow": {"Status": "NOTIFIED"}}, sent_at=time.time())])
        assert before[ALL] + 1 == messages(stack)[ALL]
        over = back | {"UpdatedAt": LATER, "RecordState": "ARCHIVED"}
        stack.send([imported(over, sent_at=time.time())])
        assert before[ALL] + 1 == messages(stack)[ALL]
        stack.send([imported(back | {"UpdatedAt": LATEST}, sent_at=time.time() + 1)])
        assert before[ALL] + 2 == messages(stack)[ALL]

    def test_both_security_hubs_are_told_once(self, stack: Stack) -> None:
        """Of AWS Security Hub the Ledger alone knows what was there before."""
        put(stack, 3)
        twin, other = raw_finding("finding-0", AwsAccountId=ACCOUNTS[0]), raw_finding("v2-alone")
        event = imported_v2(in_ocsf(twin), in_ocsf(other))
        stack.load(event)

        first, again = baseline("--yes", "--json"), baseline("--yes")

        said = json.loads(first.stdout)
        assert ("done", 4, 3) == (said["outcome"], said["findings"], said["marked"])
        assert "nothing to do" in again.stdout
        assert "4 findings were here before" in text_of(stack, ALL)
        assert {"NOTIFIED": 3} == statuses(stack)
        assert [1, 1] == [each["status_id"] for each in stack.aws.security_hub.v2.find()]
        stack.send([event])
        worse = in_ocsf(other | {"Severity": {"Label": "CRITICAL"}, "UpdatedAt": LATER})
        assert 1 == messages(stack)[ALL]
        stack.send([imported_v2(worse)])
        assert 2 == messages(stack)[ALL]

    def test_a_control_that_both_call_differently_is_told_once(self, stack: Stack) -> None:
        """One alert, so that its return is said once, whichever of them tells of it."""
        finding = control(FSBP, AwsAccountId=ACCOUNTS[0])
        twin = in_ocsf(finding, resources=[{"uid": "thing-1", "type": "AWS::New::Thing"}])
        stack.aws.security_hub.load(finding)
        stack.load(imported_v2(twin))

        assert "nothing to do" not in baseline("--yes").stdout
        assert "nothing to do" in baseline("--yes").stdout

        [members] = [each["members"]["M"] for each in alerts(stack) if each["channel"]["S"] == ALL]
        assert 1 == len(members)

    def test_what_is_kept_and_what_is_young_stays_as_it_is(self, stack: Stack) -> None:
        """Those are said one by one, as usual."""
        put(stack, 10)
        stack.aws.security_hub.load(raw_finding("young", CreatedAt=now_text()))

        result = baseline("--keep", "CRITICAL", "--older-than", "1h", "--yes", "--json")

        said = json.loads(result.stdout)
        assert (9, 1, 9) == (said["findings"], said["kept"], said["marked"])
        new = {each["Id"] for each in stack.findings() if each["Workflow"]["Status"] == "NEW"}
        assert {"finding-0", "young"} == new
        assert "Those of CRITICAL and above are said one by one" in text_of(stack, ALL)

    def test_what_a_route_drops_stays_new(self, stack: Stack) -> None:
        """The router marks no such finding either."""
        put(stack, 3)
        stack.put_routes(
            [
                {**EVERYTHING, "action": "drop"},
                {
                    "kind": "route",
                    "name": "accounts",
                    "order": 5,
                    "channel": "#x",
                    "enabled": False,
                },
            ]
        )

        result = baseline("--yes", "--json")

        assert (0, 3) == (
            json.loads(result.stdout)["findings"],
            json.loads(result.stdout)["dropped"],
        )
        assert {"NEW": 3} == statuses(stack)

    def test_standards_of_one_control_are_one_alert(self, stack: Stack) -> None:
        """The second joins the first, on another page too."""
        standards = ("fsbp", "pci")
        for name in standards:
            stack.aws.security_hub.load(
                raw_finding(
                    f"{name}/S3.8",
                    ProductArn="arn:aws:securityhub:eu-west-1::product/aws/securityhub",
                    Compliance={"Status": "FAILED", "SecurityControlId": "S3.8"},
                    AwsAccountId=ACCOUNTS[0],
                )
            )

        said = json.loads(baseline("--yes", "--json").stdout)

        assert 2 == said["marked"]
        stack.drain()
        found = alerts(stack)
        assert {2} == {len(each["members"]["M"]) for each in found}
        assert {True} == {
            member["M"]["is_notified"]["BOOL"]
            for each in found
            for member in each["members"]["M"].values()
        }


class TestKilled:
    """A run that is killed goes on."""

    def test_300_findings_and_two_kills(
        self, stack: Stack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Once among the summaries, and once after a mark: nothing is told or marked twice."""
        # The router's own part in it, the echoes, is tried with fewer above.
        stack.bus.is_enabled = False
        stack.put_routes([{**EVERYTHING, "enabled": False}])
        put(stack, 300)
        kill_after(monkeypatch, SlackClient, "post", 2)
        killed(baseline, "--yes")
        assert {"NEW": 300} == statuses(stack)
        stack.slack.set_scopes([*DEFAULT_SCOPES, "channels:history"])
        # The lease of the claim that is left is over by then.
        later(monkeypatch)
        kill_after(monkeypatch, SecurityHub, "mark", 2)
        killed(baseline, "--yes")
        assert {"NEW": 100, "NOTIFIED": 200} == statuses(stack)

        result = baseline("--yes", "--json")

        said = json.loads(result.stdout)
        assert ("done", 100, {}) == (said["outcome"], said["marked"], said["untold"])
        assert said["resumes"]
        stack.drain()
        assert {"NOTIFIED": 300} == statuses(stack)
        assert dict.fromkeys([f"#{each}-alerts" for each in ACCOUNTS], 1) == messages(stack)
        assert "100 findings were here before" in text_of(stack, f"#{ACCOUNTS[0]}-alerts")
        assert (300, {1}) == (len(marks(stack)), set(marks(stack).values()))
        found = alerts(stack)
        assert 300 == len(found)
        assert {True} == {
            member["M"]["is_notified"]["BOOL"]
            for each in found
            for member in each["members"]["M"].values()
        }

    def test_other_options_than_it_was_begun_with(
        self, stack: Stack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is finished as it was begun."""
        put(stack, 3)
        kill_after(monkeypatch, SecurityHub, "mark", 1)
        killed(baseline, "--yes", "--keep", "CRITICAL")

        result = baseline("--yes")

        assert 2 == result.exit_code
        assert "finish it as it was begun, with --keep CRITICAL" in result.stderr
        assert 0 == baseline("--yes", "--keep", "CRITICAL").exit_code

    def test_a_kill_after_the_last_mark(
        self, stack: Stack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The Ledger learns of it, though nothing is NEW any more."""
        put(stack, 3)
        kill_after(monkeypatch, SecurityHub, "mark", 1)
        killed(baseline, "--yes")
        assert {"NOTIFIED": 3} == statuses(stack)

        result = baseline("--yes", "--json")

        assert (0, "done") == (result.exit_code, json.loads(result.stdout)["outcome"])
        assert {True} == {
            member["M"]["is_notified"]["BOOL"]
            for each in alerts(stack)
            for member in each["members"]["M"].values()
        }
        assert 1 == messages(stack)[ALL]


class TestRefused:
    """Slack or Security Hub refuses."""

    def test_a_channel_that_takes_no_messages(self, stack: Stack) -> None:
        """Its summary goes to the default channel under a banner, as a card would."""
        put(stack, 1)
        stack.slack.add_channel(ALL, archived=True)

        result = baseline("--yes")

        assert 0 == result.exit_code
        [message] = stack.slack.messages("#security")
        assert "is archived" in json.dumps(message.blocks)
        stack.slack.add_channel(ALL)

    def test_nothing_is_marked_before_each_channel_is_told(
        self, stack: Stack, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The command says why, and can be called again."""
        put(stack, 3)
        monkeypatch.setattr(summaries, "TRIES", 1)
        monkeypatch.setitem(Teller.__init__.__kwdefaults__, "sleep", lambda _: None)
        stack.slack.faults.add(method="chat.postMessage", error="invalid_auth", times=None)
        stack.slack.faults.add(method="auth.test", error="invalid_auth", times=None)

        result = baseline("--yes")

        assert 1 == result.exit_code
        assert "could not be told" in result.stderr
        assert {"NEW": 3} == statuses(stack)
        stack.slack.faults.clear()
        assert 0 == baseline("--yes").exit_code
        assert {"NOTIFIED": 3} == statuses(stack)

    def test_a_finding_that_security_hub_does_not_mark(self, stack: Stack) -> None:
        """It is counted by the code, and the others are marked."""
        put(stack, 3)
        stack.faults.add(
            Fault(effect="unprocessed", containing="finding-1", code="InternalFailure", times=None)
        )

        result = baseline("--yes")

        assert 1 == result.exit_code
        assert "did not mark 1 finding: InternalFailure" in result.stderr
        assert {"NEW": 1, "NOTIFIED": 2} == statuses(stack)
        stack.faults.clear()
        assert 0 == baseline("--yes").exit_code
        assert {"NOTIFIED": 3} == statuses(stack)


def now_text() -> str:
    """Return the time now, as Security Hub writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def kill_after(monkeypatch: pytest.MonkeyPatch, owner: type, method: str, calls: int) -> None:
    """Kill the process when *method* has been done that often, once."""
    done = getattr(owner, method)
    left = [calls]

    def dying(*arguments: Any, **named: Any) -> Any:
        answer = done(*arguments, **named)
        left[0] -= 1
        if left[0] == 0:
            raise KilledError
        return answer

    monkeypatch.setattr(owner, method, dying)


def killed(run: Callable[..., object], *options: str) -> None:
    """Run a command that is killed."""
    with pytest.raises(KilledError):
        run(*options)


def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the clock of the command's posts a minute ahead."""
    monkeypatch.setitem(Teller.__init__.__kwdefaults__, "clock", lambda: time.time() + 60)
