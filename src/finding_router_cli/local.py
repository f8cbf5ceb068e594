"""`finding-router local`: run the whole router on this machine, with AWS and Slack emulated."""

import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

import click

from finding_router.counts import counted
from finding_router_cli import local_report, terminal
from finding_router_cli.documents import UnreadableError, read_text
from finding_router_cli.help_text import example
from finding_router_cli.inputs import read_events, renewed
from finding_router_cli.local_usage import usage
from finding_router_cli.options import json_option
from finding_router_cli.routing_items import read_items
from finding_router_local import EXAMPLE_ROUTES, TEMPLATE
from finding_router_local.outcomes import FindingOutcome
from finding_router_local.running import (
    AlreadyRunningError,
    announce,
    find_running,
    private_folder,
    refuse_second,
)
from finding_router_local.slack_app import SLACK_API_URL, SlackApp, SlackAppError

if TYPE_CHECKING:
    from finding_router_local.stack import Stack

LOOPBACK: Final = "127.0.0.1"
SEND_SECONDS: Final = 60.0
ECHO_SECONDS: Final = 10.0
# A finding that has failed so often is not retried further while a person waits.
TRIES: Final = 5
CONTAINER_HOST: Final = "host.docker.internal"
# The variables with the tokens of an app of a real workspace.
BOT_TOKEN: Final = "SLACK_BOT_TOKEN"  # noqa: S105 -- the name of a variable
APP_TOKEN: Final = "SLACK_APP_TOKEN"  # noqa: S105 -- the name of a variable
_ENDING: Final = (signal.SIGINT, signal.SIGTERM)
_ENVIRONMENT_FILE: Final = "local-env.json"
# For `sam local invoke`; it holds no finding.
_ALARM_FILE: Final = "alarm.json"
_EVERY_INTERFACE: Final = "0.0.0.0"  # noqa: S104 -- compared with the user's option

template_option = click.option(
    "--template",
    type=click.Path(dir_okay=False, path_type=Path),
    default=TEMPLATE,
    help="SAM template to deploy.  [default: the project's template.yaml]",
)
routes_option = click.option(
    "--routes",
    "routes_file",
    metavar="FILE",
    help="JSON file with the items of the routing table.  [default: the examples]",
)


@click.group()
def local() -> None:
    """Run the whole router on this machine: no AWS account, no Slack, no Docker."""


@local.command(
    epilog=example("finding-router local send --new events/imported-guardduty-port-probe.json")
)
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@json_option
@click.option("--new", "as_new", is_flag=True, help="Give each finding an Id that is new.")
@click.option(
    "--seconds", default=SEND_SECONDS, show_default=True, help="How long to wait for the queue."
)
@routes_option
@template_option
def send(
    files: Sequence[str],
    *,
    for_programs: bool,
    as_new: bool,
    seconds: float,
    routes_file: str | None,
    template: Path,
) -> None:
    """
    Send the findings of FILE... through rule, queue and handler, and show the outcome of each.

    A FILE holds an EventBridge event, an SQS batch, a finding, a list of these, the output of
    get-findings, or JSON lines; "-" reads standard input. They go through the stack that
    `local up` keeps running. If none is running, or with --routes, a new stack is started.
    A finding that was sent before is a duplicate, unless it is sent with --new.

    Exits with 0 if every finding has a final outcome, with 1 if one failed.
    """
    sources: list[str] = []
    events: list[dict[str, Any]] = []
    for file in files:
        found = read_events(read_text(file), file)
        events += map(renewed, found) if as_new else found
        sources += [file] * len(found)
    running = find_running(template.parent) if routes_file is None else None
    if running is not None:
        try:
            outcomes = running.send(events, seconds=seconds)
        except OSError as error:
            raise click.ClickException(str(error)) from error
    else:
        with _started(template, routes_file) as stack:
            outcomes = stack.send(events, seconds=seconds, tries=TRIES)
    if for_programs:
        click.echo(json.dumps(_as_json(outcomes, sources), indent=2))
    else:
        _print(outcomes)
    _exit(outcomes)


@local.command(epilog=example("finding-router local wake"))
@template_option
def wake(template: Path) -> None:
    """
    Post held messages that are due, in the stack that `local up` keeps running.

    The schedule of the template does the same there without this command.
    """
    running = find_running(template.parent)
    if running is None:
        raise click.ClickException("no stack is running; start one with: finding-router local up")
    try:
        outcomes = running.wake(seconds=SEND_SECONDS)
    except OSError as error:
        raise click.ClickException(str(error)) from error
    _print(outcomes)
    _exit(outcomes)


@local.command(epilog=example("finding-router local up --slack-port 8700"))
@click.option("--host", default=LOOPBACK, show_default=True, help="Address to listen at.")
@click.option("--port", default=0, help="Port of AWS.  [default: any]")
@click.option("--slack-port", default=0, help="Port of Slack.  [default: any]")
@click.option(
    "--organization",
    "names_accounts",
    is_flag=True,
    help="Deploy with OrganizationNames, and with a small AWS Organizations.",
)
@click.option(
    "--slack-app",
    "in_workspace",
    is_flag=True,
    help=f"Use a real workspace, by {BOT_TOKEN} and, for its presses, {APP_TOKEN} (Socket Mode).",
)
@click.option(
    "--channel",
    metavar="CHANNEL",
    help="Default and ops channel.  [default: #security, #security-ops]",
)
@routes_option
@template_option
def up(
    *,
    host: str,
    port: int,
    slack_port: int,
    names_accounts: bool,
    in_workspace: bool,
    channel: str | None,
    routes_file: str | None,
    template: Path,
) -> None:
    """
    Run the stack until Ctrl-C, to send findings to it and to edit its routes.

    For `sam local invoke`, listen at 0.0.0.0, since its container does not share the loopback.
    """
    slack_app = _slack_app() if in_workspace else None
    _refuse_second(template)
    parameters = {"OrganizationNames": "true"} if names_accounts else {}
    if channel is not None:
        parameters |= {"DefaultChannel": channel, "OpsChannel": channel}
    ports = {"port": port, "slack_port": slack_port}
    with _started(
        template,
        routes_file,
        host=host,
        **ports,
        parameters=parameters,
        is_kept=True,
        slack_app=slack_app,
    ) as stack:
        _introduce_samples(stack, template)
        _serve(stack, template, host)


@local.command(epilog=example("finding-router local demo --page messages.html"))
@click.option("--serve", is_flag=True, help="Keep the stack and its live page up until Ctrl-C.")
@click.option(
    "--page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the page of the posted messages.  [default: .demo/messages.html]",
)
@routes_option
@template_option
def demo(*, serve: bool, page: Path | None, routes_file: str | None, template: Path) -> None:
    """Send every event of events/ through the stack, and show the outcome of each finding."""
    from finding_router_local.slack import render_page  # noqa: PLC0415 -- as for the stack

    if serve:
        _refuse_second(template)
    files = _samples(template)
    events = [event for path in files for event in read_events(read_text(str(path)), str(path))]
    click.echo("Starting AWS and Slack on this machine, with what template.yaml deploys …")
    began = time.monotonic()
    with _started(template, routes_file, is_kept=serve) as stack:
        outcomes = stack.send(events, tries=TRIES)
        click.echo()
        _print(outcomes)
        page = page or private_folder(template.parent) / "messages.html"
        messages = stack.slack.messages()
        render_page(messages, write_to=page)
        channels = len({message.channel for message in messages})
        click.echo(
            f"{counted(len(files), 'file')}, {counted(len(events), 'event')}, "
            f"{counted(len(messages), 'message')} in {counted(channels, 'channel')}, "
            f"{time.monotonic() - began:.1f} s"
        )
        address = f"The messages, as Slack lays them out: {page.resolve().as_uri()}"
        click.echo(terminal.wrapped(address, terminal.columns() or len(address)))
        if serve:
            # The echoes of the samples are over before the commands stand below them.
            stack.drain(seconds=ECHO_SECONDS)
            _serve(stack, template, LOOPBACK, is_sent=True)
    _exit(outcomes)


def _samples(template: Path) -> list[Path]:
    folder = template.parent / "events"
    others = {_ENVIRONMENT_FILE, _ALARM_FILE}
    return [path for path in sorted(folder.glob("*.json")) if path.name not in others]


def _introduce_samples(stack: "Stack", template: Path) -> None:
    """Load the samples into Security Hub, for direct invocations, which do not load them."""
    for path in _samples(template):
        try:
            for event in read_events(read_text(str(path)), str(path)):
                stack.load(event)
        except UnreadableError as error:
            click.echo(f"left out: {error}", err=True)


@contextmanager
def _started(
    template: Path,
    routes_file: str | None,
    *,
    host: str = LOOPBACK,
    port: int = 0,
    slack_port: int = 0,
    parameters: Mapping[str, object] | None = None,
    is_kept: bool = False,
    slack_app: SlackApp | None = None,
) -> Iterator["Stack"]:
    """
    Run a stack with its routes; SIGTERM and SIGINT stop it cleanly.

    One that *is_kept* for people to try answers edits, and its cards have buttons.
    """
    # Two seconds of imports, not needed if a stack is already running.
    from finding_router_local.stack import Stack  # noqa: PLC0415 -- see above
    from finding_router_local.template import TemplateError  # noqa: PLC0415 -- see above

    source = routes_file or str(EXAMPLE_ROUTES)
    items = read_items(read_text(source), source)
    stack = Stack(
        template=template,
        parameters=parameters,
        host=host,
        port=port,
        slack_port=slack_port,
        answers_edits=is_kept,
        has_actions=is_kept,
        slack_app=slack_app,
        report=lambda problem: click.echo(problem, err=True),
    )
    try:
        with _interruptible(), stack:
            stack.seed_routes(_with_keys(items))
            yield stack
    except (SlackAppError, TemplateError) as error:
        raise click.ClickException(str(error)) from error


def _slack_app() -> SlackApp:
    """Return the app whose tokens the environment has."""
    tokens = {name: os.environ.get(name, "").strip() for name in (BOT_TOKEN, APP_TOKEN)}
    for name, start in ((BOT_TOKEN, "xoxb-"), (APP_TOKEN, "xapp-")):
        if not tokens[name].startswith(start):
            raise click.ClickException(
                f"{name} holds no token that starts with {start}; docs/local.md tells where it is"
            )
    return SlackApp(
        bot_token=tokens[BOT_TOKEN],
        app_token=tokens[APP_TOKEN],
        api_url=os.environ.get("SLACK_API_URL") or SLACK_API_URL,
    )


def _with_keys(items: Iterable[object]) -> Iterator[dict[str, Any]]:
    """Yield the *items* that the table can hold; the router reports those that are wrong."""
    for number, item in enumerate(items, 1):
        keys = [item.get(key) for key in ("kind", "name")] if isinstance(item, dict) else []
        if isinstance(item, dict) and all(isinstance(key, str) and key for key in keys):
            yield item
        else:
            click.echo(f"left out: item {number} of the routes: kind or name is missing", err=True)


def _refuse_second(template: Path) -> None:
    """Raise ClickException if a stack of the project is running."""
    try:
        refuse_second(template.parent)
    except AlreadyRunningError as error:
        raise _second(error) from error


def _second(error: AlreadyRunningError) -> click.ClickException:
    return click.ClickException(
        f"{error}; send to it with `finding-router local send`, or end it first"
    )


@contextmanager
def _interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGTERM and SIGINT, even in a background process."""
    before = {number: signal.signal(number, _interrupt) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt once; a second signal would interrupt the cleanup."""
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _serve(stack: "Stack", template: Path, host: str, *, is_sent: bool = False) -> None:
    """
    Print how to use *stack*, and run it until Ctrl-C, at the pace of the real services.

    *is_sent* is True if it already has the samples.
    """
    try:
        with announce(stack.id, stack.aws.url, template.parent):
            _run(stack, template, host, is_sent=is_sent)
    except AlreadyRunningError as error:
        raise _second(error) from error


def _run(stack: "Stack", template: Path, host: str, *, is_sent: bool) -> None:
    stack.is_hasty = False
    environment_file = template.parent / "events" / _ENVIRONMENT_FILE
    is_open = host == _EVERY_INTERFACE
    container_host = CONTAINER_HOST if is_open else host
    content = {stack.function.logical_id: stack.environment(container_host)}
    try:
        environment_file.write_text(json.dumps(content, indent=2) + "\n")
        # Later outcomes are printed below the commands.
        click.echo(usage(stack, template, environment_file, is_open=is_open, is_sent=is_sent))
        stack.journal.listeners.append(_print_news)
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        click.echo("\nEnded.")
    finally:
        environment_file.unlink(missing_ok=True)


def _print(outcomes: Sequence[FindingOutcome]) -> None:
    for outcome in outcomes:
        click.echo(local_report.line(outcome))
    click.echo(f"\n{local_report.summary(outcomes)}")
    sys.stdout.flush()


def _print_news(outcomes: Sequence[FindingOutcome]) -> None:
    """Print *outcomes*, without the echoes that Security Hub sends of the router's own marks."""
    for outcome in outcomes:
        if not outcome.is_echo:
            # The thread of a worker does not know the context that has the colours.
            click.echo(local_report.line(outcome), color=terminal.colours())
    sys.stdout.flush()


def _as_json(outcomes: Sequence[FindingOutcome], sources: Sequence[str]) -> dict[str, Any]:
    return {
        "findings": [{"source": sources[each.event], **each.as_json()} for each in outcomes],
        "summary": dict(Counter(each.outcome for each in outcomes)),
    }


def _exit(outcomes: Sequence[FindingOutcome]) -> None:
    unsettled = [outcome for outcome in outcomes if not outcome.is_settled]
    if unsettled:
        number = counted(len(unsettled), "finding")
        click.echo(f"{number} without a final outcome: {unsettled[0].detail}", err=True)
        raise click.exceptions.Exit(1)
