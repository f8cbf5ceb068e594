"""The usage text that `local up` prints about its stack."""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from finding_router_cli import terminal
from finding_router_local.build import native_architecture

if TYPE_CHECKING:
    from finding_router_local.stack import Stack

_SAMPLE: Final = "events/imported-guardduty-port-probe.json"
_CONTAINER: Final = """\
To run the built function in Lambda's container against it, start it where containers reach it:"""
_ROUTE: Final = {
    "kind": {"S": "route"},
    "name": {"S": "mine"},
    "order": {"N": "1"},
    "match": {"M": {"Severity": {"M": {"Label": {"L": [{"S": "LOW"}]}}}}},
    "channel": {"S": "#my-channel"},
}


def usage(
    stack: "Stack", template: Path, environment_file: Path, *, is_open: bool, is_sent: bool = False
) -> str:
    """
    Return commands to paste, in lines that fit the terminal.

    *is_open* is True if containers can reach *stack*, *is_sent* if it already has the samples.
    """
    width = terminal.columns()
    router = _command("finding-router", Path(sys.argv[0]))
    table = stack.deployment.tables["RoutingTable"]
    as_new = "--new " if is_sent else ""

    def shown(words: str) -> str:
        return terminal.command(words, width)

    container = (
        _invocation(stack.function.logical_id, template, environment_file, width)
        if is_open
        else f"""\
{_said(_CONTAINER, width)}

{shown(f"{router} local up --host 0.0.0.0")}
"""
    )
    credentials = "AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local"
    return f"""
The router runs on this machine until Ctrl-C.

  Messages   {stack.slack.page_url if stack.slack_app is None else "in the workspace of the app"}
  AWS        {stack.aws.url}

Send findings, in another terminal:

{shown(f"{router} local send {as_new}{_SAMPLE}")}

Edit a route; the next finding goes by it:

{shown(f"export {credentials} AWS_DEFAULT_REGION={stack.aws.region}")}
  aws dynamodb put-item --endpoint-url {stack.aws.url} \\
    --table-name {table} \\
    --item '{_item(width)}'
{shown(f"aws dynamodb scan --endpoint-url {stack.aws.url} --table-name {table}")}

{container}"""


def _invocation(function: str, template: Path, environment_file: Path, width: int | None) -> str:
    path = template.parent / ".tools" / "sam" / "bin" / "sam"
    architecture = native_architecture()
    processor = f"Architecture={architecture}"
    is_there = shutil.which("sam") or path.is_file()
    sam = _command("sam", path) if is_there else _short(path)
    # make installs the SAM CLI before it builds with it.
    build = (
        f"{sam} build --parameter-overrides {processor}"
        if is_there
        else f"make build ARCHITECTURE={architecture}"
    )
    invoke = (
        f"{sam} local invoke {function} --parameter-overrides {processor} "
        f"-e {_SAMPLE} --env-vars {_short(environment_file)}"
    )
    return f"""\
Build the function, and run it in Lambda's container against it:

{terminal.command(build, width)}
{terminal.command(invoke, width)}
"""


def _item(width: int | None) -> str:
    """Return the route as DynamoDB's JSON, with a line for each attribute on a terminal."""
    if width is None:
        return json.dumps(_ROUTE)
    attributes = (f'      "{name}": {json.dumps(value)}' for name, value in _ROUTE.items())
    return "{\n" + ",\n".join(attributes) + "}"


def _said(text: str, width: int | None) -> str:
    return text if width is None else terminal.wrapped(text, width)


def _command(name: str, path: Path) -> str:
    """Return the command *name* as typed: *name* if it is on PATH, else its *path*."""
    return name if shutil.which(name) or not path.is_file() else _short(path)


def _short(path: Path) -> str:
    """Return *path* relative to the current folder if it is inside, else unchanged."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith(os.pardir) else relative
