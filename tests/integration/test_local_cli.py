"""`finding-router local`: its commands and output."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from click import unstyle
from click.testing import CliRunner

from finding_router_cli import local
from finding_router_cli.local_report import line, summary
from finding_router_cli.main import main
from finding_router_local import TEMPLATE
from finding_router_local.outcomes import Delivered, FindingOutcome
from finding_router_local.running import AlreadyRunningError, announce

ROOT = TEMPLATE.parent
EVENTS = ROOT / "events"


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run commands in this process, with no stack that happens to run on this machine."""
    monkeypatch.setattr("finding_router_cli.local.find_running", lambda _: None)
    return CliRunner()


@pytest.fixture
def project(tmp_path: Path) -> Any:
    """Return a folder with the files that the commands need."""
    return copy_project(tmp_path)


def copy_project(folder: Path) -> Path:
    """Copy the files that the commands need into *folder*."""
    (folder / "template.yaml").write_text(TEMPLATE.read_text())
    (folder / "events").mkdir()
    for path in EVENTS.glob("imported-guardduty-*.json"):
        (folder / "events" / path.name).write_text(path.read_text())
    return folder


@contextmanager
def kept_running(project: Path, *words: str) -> Iterator[tuple[Any, str]]:
    """Start a command of `local`, wait until it is there, and end it as a person does."""
    command = [sys.executable, "-c", "from finding_router_cli.main import main; main()"]
    template = str(project / "template.yaml")
    process = subprocess.Popen(
        [*command, "local", *words, "--template", template],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    seen = ""
    while "--host 0.0.0.0" not in seen:
        text = process.stdout.readline()
        assert text, seen
        seen += text
    try:
        yield process, seen
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Start `local up` for the tests that leave no trace which another one would see."""
    folder = copy_project(tmp_path_factory.mktemp("lasting"))
    with kept_running(folder, "up") as (_, seen):
        yield folder, seen


def plain(outcome: FindingOutcome) -> str:
    """Return the line without colours."""
    return unstyle(line(outcome))


def endpoint_in(seen: str) -> str:
    """Return the address of AWS that `local up` prints."""
    return re.search(r"AWS +(http://127\.0\.0\.1:\d+)", seen)[1]


def printed(*words: str, **environment: str) -> str:
    """Run a command in a process of its own, without a terminal, and return its output."""
    command = [sys.executable, "-c", "from finding_router_cli.main import main; main()"]
    cleared = {name: value for name, value in os.environ.items() if not name.endswith("_COLOR")}
    done = subprocess.run(
        [*command, *words], env=cleared | environment, capture_output=True, timeout=60, check=True
    )
    return done.stdout.decode(environment.get("PYTHONIOENCODING", "utf-8"))


class TestSend:
    """Findings go through the stack and their outcomes are printed."""

    def test_prints_a_line_per_finding(self, runner: CliRunner) -> None:
        """Severity, title, account, product, channels with their routes, and the status."""
        result = runner.invoke(main, ["local", "send", str(EVENTS / "imported-two-findings.json")])

        assert 0 == result.exit_code
        first = result.output.splitlines()[0]
        for part in (
            "HIGH",
            "CloudTrail should be enabled",
            "444455556666",
            "Security Hub",
            "→ #",
            "(every-account-and-service)",
            "posted, NOTIFIED",
        ):
            assert part in first
        assert "2 findings: 2 posted" in result.output

    def test_prints_json_for_programs(self, runner: CliRunner) -> None:
        """The same as JSON, with the file that each finding is from."""
        file = str(EVENTS / "imported-guardduty-port-probe.json")

        result = runner.invoke(main, ["local", "send", "--json", file])

        said = json.loads(result.output)
        [finding] = said["findings"]
        assert 0 == result.exit_code
        assert (file, "posted", "NOTIFIED") == (
            finding["source"],
            finding["outcome"],
            finding["workflow_status"],
        )
        assert {"posted": 1} == said["summary"]

    def test_sends_a_bare_finding_by_the_routes_of_a_file(
        self, runner: CliRunner, tmp_path: Path
    ) -> None:
        """A finding from standard input is sent as an import, and goes where --routes lead."""
        routes = tmp_path / "routes.json"
        routes.write_text(json.dumps([{"kind": "route", "name": "all", "channel": "#mine"}]))
        event = json.loads((EVENTS / "imported-guardduty-port-probe.json").read_text())
        finding = json.dumps(event["detail"]["findings"][0])

        result = runner.invoke(main, ["local", "send", "-", "--routes", str(routes)], input=finding)

        assert 0 == result.exit_code
        assert "→ #mine (all)" in result.output
        assert "1 finding: 1 posted" in result.output

    def test_an_item_without_a_name_is_left_out(self, runner: CliRunner, tmp_path: Path) -> None:
        """The table cannot hold it; the others lead the finding on."""
        routes = tmp_path / "routes.json"
        named = {"kind": "route", "name": "all", "channel": "#mine"}
        routes.write_text(json.dumps([{"kind": "account", "alias": "x"}, named]))
        file = str(EVENTS / "imported-guardduty-port-probe.json")

        result = runner.invoke(main, ["local", "send", file, "--routes", str(routes)])

        assert 0 == result.exit_code
        assert "left out: item 1 of the routes: kind or name is missing" in result.output
        assert "→ #mine (all)" in result.output

    def test_refuses_what_it_cannot_read(self, runner: CliRunner, tmp_path: Path) -> None:
        """A file that is no JSON is named, before anything is started."""
        file = tmp_path / "broken.json"
        file.write_text("{")

        result = runner.invoke(main, ["local", "send", str(file)])

        assert 2 == result.exit_code
        assert "broken.json" in result.output

    def test_names_a_template_that_is_not_there(self, runner: CliRunner, tmp_path: Path) -> None:
        """A wrong --template is an error with a way out, no traceback."""
        file = str(EVENTS / "imported-guardduty-port-probe.json")
        template = str(tmp_path / "none.yaml")

        result = runner.invoke(main, ["local", "send", file, "--template", template])

        assert 1 == result.exit_code
        assert "none.yaml: cannot be read" in result.output

    def test_failed_finding_is_an_exit_of_one(
        self, runner: CliRunner, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A finding without a final outcome fails the command, with the reason."""
        outcome = FindingOutcome(outcome="failed", event=0, detail="Slack is down", title="T")
        monkeypatch.setattr("finding_router_local.stack.Stack.send", lambda *_, **__: [outcome])
        file = str(EVENTS / "imported-guardduty-port-probe.json")

        result = runner.invoke(main, ["local", "send", file])

        assert 1 == result.exit_code
        assert "Slack is down" in result.output


class TestDemo:
    """`local demo`, which `make demo` calls."""

    def test_sends_every_event_and_writes_the_page(self, runner: CliRunner, project: Any) -> None:
        """It ends with 0, prints each finding, and leaves a page of the messages."""
        result = runner.invoke(
            main, ["local", "demo", "--template", str(project / "template.yaml")]
        )

        page = project / ".demo" / "messages.html"
        assert 0 == result.exit_code
        assert "3 findings: 3 posted" in result.output
        assert page.as_uri() in result.output
        assert "checkout-api" in page.read_text()

    def test_what_is_served_can_be_tried_at_once(self, project: Any) -> None:
        """The commands stand last, and the first one sends what was not yet sent."""
        with kept_running(project, "demo", "--serve") as (process, seen):
            command = re.search(r"local send (--new events/.*)", seen)[1]
            option, file = command.split()
            template = str(project / "template.yaml")
            result = CliRunner().invoke(
                main, ["local", "send", option, str(project / file), "--template", template]
            )
            second = CliRunner().invoke(main, ["local", "demo", "--serve", "--template", template])
            process.send_signal(signal.SIGINT)
            log, _ = process.communicate(timeout=30)

        assert seen.index("3 findings: 3 posted") < seen.index("The router runs on this machine")
        assert "1 finding: 1 posted" in result.output
        ends = re.findall(r"\) +(\w.*)$", log, re.MULTILINE)
        assert "posted, NOTIFIED" == ends[-1]
        # Where its channel has no slot at once, it waits in between.
        assert {"waiting, NEW"} >= set(ends[:-1])
        assert 1 == second.exit_code
        assert f"already runs at {endpoint_in(seen)}, in process {process.pid};" in second.output
        assert 0 == process.returncode


class TestUp:
    """`local up`, in a process of its own."""

    @pytest.fixture
    def running(self, project: Any) -> Iterator[Any]:
        """Keep it running, and yield its process and what it printed."""
        with kept_running(project, "up") as found:
            yield found

    def test_takes_findings_until_it_is_ended(self, project: Any, running: Any) -> None:
        """Sent from another process they go through it, and it leaves nothing behind."""
        process, seen = running
        template = str(project / "template.yaml")
        file = str(project / "events" / "imported-guardduty-port-probe.json")
        environment = json.loads((project / "events" / "local-env.json").read_text())

        results = [
            CliRunner().invoke(main, ["local", "send", file, "--template", template])
            for _ in range(2)
        ]
        process.send_signal(signal.SIGINT)
        log, _ = process.communicate(timeout=30)

        assert ["1 finding: 1 posted", "1 finding: 1 duplicate"] == [
            result.output.splitlines()[-1] for result in results
        ]
        assert endpoint_in(seen) == environment["RouterFunction"]["AWS_ENDPOINT_URL"]
        assert "posted, NOTIFIED" in log
        assert 0 == process.returncode
        assert not (project / "events" / "local-env.json").exists()
        assert not (project / ".demo" / "stack.json").exists()

    def test_a_second_one_leaves_the_first_alone(self, project: Any, running: Any) -> None:
        """The second names the first by address and process, and findings still go there."""
        process, seen = running
        template = str(project / "template.yaml")
        file = str(project / "events" / "imported-guardduty-port-probe.json")

        second = CliRunner().invoke(main, ["local", "up", "--template", template])
        sent = CliRunner().invoke(main, ["local", "send", file, "--template", template])

        assert 1 == second.exit_code
        assert f"already runs at {endpoint_in(seen)}, in process {process.pid};" in second.output
        assert "1 finding: 1 posted" in sent.output
        assert process.pid == json.loads((project / ".demo" / "stack.json").read_text())["pid"]
        assert (project / "events" / "local-env.json").exists()

    def test_of_two_that_start_at_once_one_is_refused(self, lasting: Any) -> None:
        """A stack that was announced in the meantime is not replaced."""
        project, seen = lasting

        with (
            pytest.raises(AlreadyRunningError, match=re.escape(endpoint_in(seen))),
            announce("another", "http://127.0.0.1:9", project),
        ):
            pass

    def test_knows_the_samples_in_every_region(self, lasting: Any) -> None:
        """A direct invocation finds the samples there in any configured AWS Region."""
        project, seen = lasting
        hub = boto3.client(
            "securityhub",
            "eu-central-1",
            endpoint_url=endpoint_in(seen),
            aws_access_key_id="any",
            aws_secret_access_key="any",
        )

        findings = hub.get_findings()["Findings"]

        assert {"NEW"} == {finding["Workflow"]["Status"] for finding in findings}
        assert len(list((project / "events").glob("imported-*.json"))) == len(findings)

    def test_findings_are_explained_by_its_routes(
        self, lasting: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The command explain uses the routes edited in the table of the stack."""
        project, seen = lasting
        monkeypatch.setattr("finding_router_cli.routes_at_hand.TEMPLATE", project / "template.yaml")
        endpoint = endpoint_in(seen)
        item = json.loads(re.search(r"--item '(.*)'", seen)[1])
        client = boto3.client(
            "dynamodb",
            "us-east-1",
            endpoint_url=endpoint,
            aws_access_key_id="local",
            aws_secret_access_key="local",
        )
        client.put_item(TableName="finding-router-RoutingTable", Item=item)
        file = str(project / "events" / "imported-guardduty-port-probe.json")

        result = CliRunner().invoke(main, ["explain", file])

        assert f"routes: those of the stack that runs at {endpoint}" in result.stderr
        assert "#my-channel  by mine" in result.stdout

    def test_what_was_said_is_read_from_its_ledger(
        self, lasting: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The command finds its AWS as it finds its routes."""
        project, seen = lasting
        monkeypatch.setattr("finding_router_cli.routes_at_hand.TEMPLATE", project / "template.yaml")
        file = str(project / "events" / "imported-guardduty-port-probe.json")

        known = CliRunner().invoke(main, ["explain", file, "--ledger", "finding-router-Ledger"])
        missing = CliRunner().invoke(main, ["explain", file, "--ledger", "Leger"])

        assert 0 == known.exit_code, known.stderr
        assert endpoint_in(seen) in known.stderr
        assert "  would hear  #" in known.stdout
        assert "there are finding-router-Ledger, finding-router-RoutingTable" in missing.stderr

    def test_a_busy_stack_is_not_replaced(
        self, project: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A stack that takes its time to answer keeps its place."""
        monkeypatch.setattr("finding_router_local.running._HELLO_SECONDS", 0.2)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}"
            said = {"id": "busy", "pid": 4711, "url": url}
            (project / ".demo").mkdir()
            (project / ".demo" / "stack.json").write_text(json.dumps(said))
            with (
                pytest.raises(AlreadyRunningError, match=f"{url}, in process 4711"),
                announce("another", "http://127.0.0.1:9", project),
            ):
                pass

        assert said == json.loads((project / ".demo" / "stack.json").read_text())

    def test_dead_stack_is_forgotten(self, project: Any) -> None:
        """The file that a killed stack left behind stops no command."""
        folder = project / ".demo"
        folder.mkdir()
        said = {"id": "gone", "pid": os.getpid(), "url": "http://127.0.0.1:9"}
        (folder / "stack.json").write_text(json.dumps(said))
        file = str(project / "events" / "imported-guardduty-port-probe.json")
        template = str(project / "template.yaml")

        result = CliRunner().invoke(main, ["local", "send", file, "--template", template])

        assert 0 == result.exit_code
        assert not (folder / "stack.json").exists()


class TestReport:
    """Lines for people."""

    @pytest.mark.parametrize(
        ("environment", "is_coloured"),
        [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False)],
    )
    def test_severities_have_colours_where_they_are_wanted(
        self, *, environment: dict[str, str], is_coloured: bool
    ) -> None:
        """Without a terminal there are none, unless FORCE_COLOR asks for them."""
        seen = printed("explain", str(EVENTS / "imported-guardduty-api-call.json"), **environment)
        severity = re.search(r"^.*HIGH.*$", seen, re.MULTILINE)[0]

        assert is_coloured == severity.startswith("\x1b[31m\x1b[1mHIGH\x1b[0m  Credentials")
        assert is_coloured == ("\x1b" in seen)

    @pytest.mark.parametrize(
        ("encoding", "shown"), [("utf-8", "支付-नीम"), ("latin-1", r"\u652f\u4ed8-")]
    )
    def test_a_name_in_any_script_is_printed(
        self, tmp_path: Path, encoding: str, shown: str
    ) -> None:
        """What the terminal cannot encode is escaped, and no traceback."""
        event = json.loads((EVENTS / "imported-guardduty-port-probe.json").read_text())
        event["detail"]["findings"][0] |= {
            "AwsAccountId": "999988887777",
            "AwsAccountName": "支付-नीम",
        }
        file = tmp_path / "event.json"
        file.write_text(json.dumps(event))

        assert shown in printed("explain", str(file), PYTHONIOENCODING=encoding)

    def test_echoes_are_not_printed(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Security Hub's news of the router's own mark is no news; a resolved finding is."""
        titles = {"NOTIFIED": "marked", "RESOLVED": "resolved"}
        local._print_news(
            [
                FindingOutcome(outcome="not_new", event=0, title=title, workflow_status=status)
                for status, title in titles.items()
            ]
        )
        seen = capsys.readouterr().out

        assert "resolved" in seen
        assert "marked" not in seen

    def test_no_finding_can_write_to_the_terminal(self) -> None:
        """Control characters of a finding come out as blanks."""
        said = plain(FindingOutcome(outcome="posted", event=0, title="a\x1b[2Jb\nc\u202ed"))

        assert "a [2Jb c d" in said

    def test_default_channel_and_note_are_named(self) -> None:
        """Without a route the line has the reason of the channel."""
        delivered = Delivered(channel="#security", note="meant for #gone: channel_not_found")

        said = plain(FindingOutcome(outcome="posted", event=0, channels=(delivered,)))

        assert "→ #security (default channel; meant for #gone: channel_not_found)" in said

    def test_dropped_finding_names_its_route(self) -> None:
        """The line of a finding that goes nowhere has the reason."""
        outcome = FindingOutcome(
            outcome="dropped", event=0, title="T", detail="route quiet", workflow_status="NEW"
        )

        assert plain(outcome).endswith("→ nowhere  dropped, NEW: route quiet")

    def test_summary_counts_by_outcome(self) -> None:
        """The most frequent comes first."""
        outcomes = [
            FindingOutcome(outcome=outcome, event=0) for outcome in ("filtered", "posted", "posted")
        ]

        assert "3 findings: 2 posted, 1 filtered by the rule" == summary(outcomes)
